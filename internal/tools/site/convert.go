package main

import (
	"bytes"
	"fmt"
	"html"
	"image"
	_ "image/png" // the pictures of pages
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	rendered "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// A heading begins a part of a page that search finds by itself.
type heading struct {
	level      int
	id, title  string
	paragraphs string // what is below it, without code
}

// anchors are the ids of one page.
type anchors map[string]bool

// Generate returns the anchor of a heading that no other heading of the page has.
func (a anchors) Generate(value []byte, _ ast.NodeKind) []byte {
	id := slug(string(value))
	for n := 1; a[id] || id == ""; n++ {
		id = fmt.Sprintf("%s-%d", slug(string(value)), n)
	}
	a[id] = true
	return []byte(id)
}

// Put takes an anchor.
func (a anchors) Put(value []byte) { a[string(value)] = true }

// convert makes the HTML of a page.
func (s *site) convert(p *page) error {
	ids := anchors{"menu": true, "content": true}
	p.headings = []heading{{level: 1, title: p.title}}
	var all bytes.Buffer
	for _, c := range p.chunks {
		r := &rewriter{site: s, page: p, source: c.source}
		options := []renderer.Option{renderer.WithNodeRenderers(util.Prioritized(r, 100))}
		if c.generated {
			options = append(options, rendered.WithUnsafe())
		}
		markdown := goldmark.New(
			goldmark.WithExtensions(extension.Table),
			goldmark.WithParserOptions(parser.WithAutoHeadingID()),
			goldmark.WithRendererOptions(options...),
		)
		r.render = markdown.Renderer().Render
		inPage := parser.NewContext(parser.WithIDs(ids))
		document := markdown.Parser().Parse(text.NewReader(c.text), parser.WithContext(inPage))
		r.collect(document, c.text)
		if err := markdown.Renderer().Render(&all, c.text, document); err != nil {
			return err
		}
		if r.problem != nil {
			return r.problem
		}
	}
	p.html = headings.Replace(all.String())
	return nil
}

// headings are those of tables; one that says nothing is none.
var headings = strings.NewReplacer("<th></th>", "<td></td>", "<th>", `<th scope="col">`)

// A rewriter renders what the site shows in another way than goldmark.
type rewriter struct {
	site    *site
	page    *page
	source  string
	problem error
	render  func(w io.Writer, source []byte, n ast.Node) error
}

// RegisterFuncs names the kinds of nodes.
func (r *rewriter) RegisterFuncs(to renderer.NodeRendererFuncRegisterer) {
	to.Register(ast.KindFencedCodeBlock, r.code)
	to.Register(ast.KindCodeBlock, r.code)
	to.Register(ast.KindCodeSpan, r.codeSpan)
	to.Register(ast.KindLink, r.link)
	to.Register(ast.KindImage, r.picture)
	to.Register(tables.KindTable, r.table)
	to.Register(ast.KindHeading, r.heading)
}

// collect notes the headings, and the words below each.
func (r *rewriter) collect(document ast.Node, source []byte) {
	for n := document.FirstChild(); n != nil; n = n.NextSibling() {
		if h, ok := n.(*ast.Heading); ok {
			id, _ := h.AttributeString("id")
			r.page.headings = append(r.page.headings, heading{h.Level, string(id.([]byte)), words(h, source), ""})
			continue
		}
		last := &r.page.headings[len(r.page.headings)-1]
		last.paragraphs += words(n, source) + " "
	}
}

// tag matches one of HTML.
var tag = regexp.MustCompile(`<[^>]*>`)

// words returns the text of a node, as a reader sees it.
func words(n ast.Node, source []byte) string {
	switch n.Kind() {
	case ast.KindFencedCodeBlock, ast.KindCodeBlock:
		return string(n.Lines().Value(source))
	case ast.KindHTMLBlock:
		return html.UnescapeString(tag.ReplaceAllString(string(n.Lines().Value(source)), " "))
	}
	var b strings.Builder
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if leaf, ok := child.(*ast.Text); ok {
			value := leaf.Value(source)
			if !leaf.IsRaw() { // code has no escapes
				value = util.UnescapePunctuations(value)
			}
			b.Write(value)
			if leaf.SoftLineBreak() {
				b.WriteByte(' ')
			}
			continue
		}
		b.WriteString(words(child, source))
		if child.Type() == ast.TypeBlock {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func (r *rewriter) heading(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	h := n.(*ast.Heading)
	id, _ := h.AttributeString("id")
	var err error
	if entering {
		_, err = fmt.Fprintf(w, "<h%d id=\"%s\">", h.Level, html.EscapeString(string(id.([]byte))))
	} else {
		_, err = fmt.Fprintf(w, "</h%d>\n", h.Level)
	}
	return ast.WalkContinue, err
}

// wide is how many characters a small screen shows in a line of code.
const wide = 38

// code writes a block of code: what is typed is told from what is printed.
func (r *rewriter) code(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	language, mark := "text", ""
	if fenced, ok := n.(*ast.FencedCodeBlock); ok && fenced.Info != nil {
		language, mark, _ = strings.Cut(string(fenced.Info.Value(source)), " ")
	}
	body := strings.TrimRight(string(n.Lines().Value(source)), "\n")
	focus := "" // what scrolls must be reachable by keyboard
	for line := range strings.SplitSeq(body, "\n") {
		if utf8.RuneCountInString(line) > wide {
			focus = ` tabindex="0"`
		}
	}
	note, err := noteOf(mark)
	if err != nil {
		return ast.WalkStop, err
	}
	_, err = fmt.Fprintf(w, "<div class=\"code\"><pre%s><code class=\"language-%s\">%s</code></pre>%s</div>\n",
		focus, html.EscapeString(language), coloured(language, body), note)
	return ast.WalkContinue, err
}

// option matches one of a command line, unless it is too long for a small screen.
var option = regexp.MustCompile(`(^|[\s\[|(])(--[a-z][a-z-]{0,24})`)

// codeSpan writes code in a line of text, whose options are never broken behind a dash.
func (r *rewriter) codeSpan(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	text := html.EscapeString(strings.ReplaceAll(words(n, source), "\n", " "))
	_, err := w.WriteString("<code>" + option.ReplaceAllString(text, "$1<b>$2</b>") + "</code>")
	return ast.WalkSkipChildren, err
}

// notes are shown below blocks that the test of the pages does not run as they are.
func notes() map[string]string {
	return map[string]string{
		"aws":    "Tested against a local Identity Center under AWS's host names.",
		"docker": "Not tested automatically: needs a container engine.",
		"system": "", // run by the test of releases
		"other":  "", // run by a test of its own
		"part":   "", // of a file, not a command
	}
}

func noteOf(mark string) (string, error) {
	if mark == "" || strings.HasPrefix(mark, "story:") {
		return "", nil
	}
	note, known := notes()[mark]
	if !known {
		return "", fmt.Errorf("unknown mark %q of a block of code", mark)
	}
	if note == "" {
		return "", nil
	}
	return "<p class=\"note\">" + note + "</p>", nil
}

// remark matches a comment behind a command.
var remark = regexp.MustCompile(`(^|\s)#( .*)?$`)

// coloured marks comments and prompts.
func coloured(language, body string) string {
	var b strings.Builder
	for n, line := range strings.Split(body, "\n") {
		if n > 0 {
			b.WriteByte('\n')
		}
		typed, isCommand := strings.CutPrefix(line, "$ ")
		switch at := remark.FindStringIndex(line); {
		case language == "console" && isCommand:
			b.WriteString("<span class=\"prompt\">$ </span><b>" + html.EscapeString(typed) + "</b>")
		case language == "console", language == "text", language == "json", at == nil:
			b.WriteString(html.EscapeString(line))
		default:
			b.WriteString(html.EscapeString(line[:at[0]]) + "<i>" + html.EscapeString(line[at[0]:]) + "</i>")
		}
	}
	return b.String()
}

// fileName matches the name of a file of docs.
var fileName = regexp.MustCompile(`^(docs/)?[\w-]+\.md$`)

// link writes a link, or its text if the site has no page for it.
func (r *rewriter) link(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	target, found := r.site.resolve(r.source, string(n.(*ast.Link).Destination))
	if !found {
		return ast.WalkContinue, nil
	}
	if title := r.site.titles[target]; entering && title != "" && fileName.MatchString(words(n, source)) {
		_, err := fmt.Fprintf(w, `<a href="%s">%s`, html.EscapeString(target), html.EscapeString(title))
		return ast.WalkSkipChildren, err
	}
	text := "</a>"
	if entering {
		text = `<a href="` + html.EscapeString(target) + `">`
	}
	_, err := w.WriteString(text)
	return ast.WalkContinue, err
}

// picture writes a picture with its size, so that the page keeps still while it loads.
func (r *rewriter) picture(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	file := path.Join(path.Dir(r.source), string(n.(*ast.Image).Destination))
	width, height, err := size(filepath.Join(r.site.root, filepath.FromSlash(file)))
	if err != nil {
		return ast.WalkStop, err
	}
	name := "pictures/" + path.Base(file)
	r.site.pictures[file] = name
	_, err = fmt.Fprintf(w,
		`<a class="picture" href="%[1]s"><img src="%[1]s" alt="%[2]s" width="%[3]d" height="%[4]d"></a>`,
		name, html.EscapeString(words(n, source)), width, height)
	return ast.WalkSkipChildren, err
}

// svgSize matches the size of a drawing.
var svgSize = regexp.MustCompile(`<svg[^>]* width="(\d+)" height="(\d+)"`)

func size(file string) (width, height int, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, 0, err
	}
	if found := svgSize.FindSubmatch(data); found != nil {
		_, err = fmt.Sscan(string(found[1])+" "+string(found[2]), &width, &height)
		return width, height, err
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	return config.Width, config.Height, err
}

// table writes a table that scrolls by itself on a narrow screen, or, if its first column has messages, a list.
func (r *rewriter) table(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if words(n.FirstChild().FirstChild(), source) == "Message" {
		return ast.WalkSkipChildren, r.messages(w, source, n, entering)
	}
	text := "</table></div>\n"
	if entering {
		spoken(source, n)
		text = "<div class=\"table\"><table>\n"
	}
	_, err := w.WriteString(text)
	return ast.WalkContinue, err
}

// languages are those of a table's rows, by the name in the first cell.
var languages = map[string]string{"Deutsch": "de", "Français": "fr", "日本語": "ja"}

// spoken marks the cells that are not in English, which are those of a language's row but the last (WCAG 3.1.2).
func spoken(source []byte, table ast.Node) {
	for row := table.FirstChild(); row != nil; row = row.NextSibling() {
		language, ok := languages[words(row.FirstChild(), source)]
		for cell := row.FirstChild(); ok && cell != row.LastChild(); cell = cell.NextSibling() {
			cell.SetAttributeString("lang", []byte(language))
		}
	}
}

// messages writes a list: the code in each first cell, and what is said about it.
func (r *rewriter) messages(w util.BufWriter, source []byte, table ast.Node, entering bool) error {
	if !entering {
		return nil
	}
	var b bytes.Buffer
	b.WriteString("<dl>\n")
	for row := table.FirstChild().NextSibling(); row != nil; row = row.NextSibling() {
		for n := row.FirstChild().FirstChild(); n != nil; n = n.NextSibling() {
			if n.Kind() == ast.KindCodeSpan {
				fmt.Fprintf(&b, "<dt><code>%s</code></dt>\n", html.EscapeString(words(n, source)))
			}
		}
		b.WriteString("<dd>")
		for n := row.LastChild().FirstChild(); n != nil; n = n.NextSibling() {
			if err := r.render(&b, source, n); err != nil {
				return err
			}
		}
		b.WriteString("</dd>\n")
	}
	b.WriteString("</dl>\n")
	_, err := w.Write(b.Bytes())
	return err
}
