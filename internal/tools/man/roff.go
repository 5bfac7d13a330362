package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"rolecall/internal/tools/reference"
)

// A page is a manual page in the man macros.
type page struct {
	strings.Builder
	begun bool // a section has begun, and nothing is in it yet
}

// newPage begins a page: its name, section, version and date.
func newPage(name, section, version string, date time.Time) *page {
	p := &page{}
	fmt.Fprintf(p, ".TH \"%s\" \"%s\" \"%s\" \"rolecall %s\" \"rolecall manual\"\n",
		escape(strings.ToUpper(name)), section, date.UTC().Format("2006-01-02"), escape(version))
	p.WriteString(".nh\n.ad l\n") // what people copy is not hyphenated, nor stretched
	return p
}

func (p *page) head(title string) { p.begin("SH", title) }
func (p *page) sub(title string)  { p.begin("SS", title) }

func (p *page) begin(macro, title string) {
	fmt.Fprintf(p, ".%s \"%s\"\n", macro, escape(title))
	p.begun = true
}

// paragraph begins one; the first of a section has begun already.
func (p *page) paragraph() {
	if !p.begun {
		p.WriteString(".PP\n")
	}
	p.begun = false
}

// name writes the section from which apropos reads.
func (p *page) name(name, short string) {
	p.head("NAME")
	p.fill(name + " - " + lowerFirst(short))
}

// lowerFirst makes a heading part of a sentence; a word in capitals stays.
func lowerFirst(text string) string {
	if len(text) > 1 && strings.ToUpper(text[1:2]) != text[1:2] {
		return strings.ToLower(text[:1]) + text[1:]
	}
	return text
}

// text writes a paragraph, wrapped.
func (p *page) text(text string) {
	p.paragraph()
	p.fill(text)
}

// fill writes filled text; options are bold.
func (p *page) fill(text string) {
	var line []string
	width := 0
	flush := func() {
		if len(line) > 0 {
			p.line(strings.Join(line, " "))
		}
		line, width = line[:0], 0
	}
	for _, word := range strings.Fields(text) {
		word = emphasized(word)
		if width+len(word) > 76 {
			flush()
		}
		line, width = append(line, word), width+len(word)+1
	}
	flush()
}

// option matches an option in running text.
var option = regexp.MustCompile(`^([("]?)(--[a-z][a-z-]*)(.*)$`)

func emphasized(word string) string {
	found := option.FindStringSubmatch(word)
	if found == nil {
		return escape(word)
	}
	return escape(found[1]) + `\fB` + escape(found[2]) + `\fR` + escape(found[3])
}

// line writes a line that roff must not take for a request.
func (p *page) line(line string) {
	p.begun = false
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		p.WriteString(`\&`)
	}
	p.WriteString(line + "\n")
}

// literal writes lines as they are, indented.
func (p *page) literal(text string) {
	p.paragraph()
	p.WriteString(".RS 4\n.nf\n")
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		p.line(escape(strings.TrimRight(strings.ReplaceAll(line, "\t", "    "), " ")))
	}
	p.WriteString(".fi\n.RE\n")
}

func (p *page) blocks(blocks []reference.Block) {
	for _, b := range blocks {
		if b.Literal {
			p.literal(b.Text)
		} else {
			p.text(b.Text)
		}
	}
}

// term writes a word or option and what it means. The tag is escaped already.
func (p *page) term(tag, text string) {
	fmt.Fprintf(p, ".TP\n%s\n", tag)
	p.fill(text)
}

func bold(text string) string   { return `\fB` + escape(text) + `\fR` }
func italic(text string) string { return `\fI` + escape(text) + `\fR` }

func (p *page) flags(flags []reference.Flag) {
	for _, f := range flags {
		tag := bold("--" + f.Name)
		if f.Short != "" {
			tag = bold("-"+f.Short) + ", " + tag
		}
		if f.Value != "" {
			tag += " " + italic(f.Value)
		}
		text := upperFirst(f.Usage)
		if f.Default != "" {
			text += " (default " + f.Default + ")"
		}
		p.term(tag, strings.TrimSuffix(text, ".")+".")
	}
}

// upperFirst makes the text of a flag a sentence.
func upperFirst(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// escapes are what roff would read in another way than it is meant: a quotation mark would end an argument, a hyphen
// could become a dash.
var escapes = strings.NewReplacer(
	`\`, `\e`, `-`, `\-`, `"`, `\(dq`, `'`, `\(aq`, "`", `\(ga`, `~`, `\(ti`, `^`, `\(ha`,
)

// escape returns text for roff, with what is not ASCII named by number.
func escape(text string) string {
	var b strings.Builder
	for _, r := range escapes.Replace(text) {
		switch {
		case r > '~':
			fmt.Fprintf(&b, `\[u%04X]`, r)
		case r < ' ':
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
