package awsconfig

import (
	"fmt"
	"strings"
	"unicode"

	"rolecall/internal/near"
)

// A lookalike is a section whose header some tool, or every tool, does not read as its writer meant it.
type lookalike struct {
	Problem
	sure bool // its kind is in the header; else it may be a section of another program
}

// lookalike looks at one header; ok is false if all tools read it as it is meant.
func (d *Document) lookalike(s Section, credentials bool) (l lookalike, ok bool) {
	if kind, name, _ := strings.Cut(s.Header, " "); !credentials && isKind(kind) && isIdentifier(name) && s.bare(d) {
		return l, false // as nearly all are
	}
	readers := d.readers(s, credentials)
	l.Problem = Problem{Origin: Origin{d.path, s.Line}, Section: "[" + s.Header + "]"}
	l.whole = strings.TrimFunc(s.Header, isBlank) // [profile-x] may be profile x, or profile profile-x
	l.meant, l.sure = meantBy(s.Header, credentials)
	alike, ours := disagreement(readers), readers[0].reading
	switch {
	case l.meant.kind == "":
		return l, false
	case alike == "" && ours.kind == "":
		l.ID, l.Text = "config.unread-section", "no tool reads this section"
	case alike == "" && (ours == l.meant || !strings.EqualFold(ours.name, "default")):
		return l, false
	case alike == "":
		l.ID = "config.other-section"
		l.Text = fmt.Sprintf("all tools read %s %q, which is not %q", ours.kind, ours.name, l.meant.name)
	default:
		l.ID, l.Text = "config.section-differs", alike
	}
	if name := strange(s.Header); name != "" {
		l.Text += "; the header has " + name
	}
	l.Remedy = headerRemedy(l.meant, credentials)
	if ours == l.meant { // its quotes are right for botocore
		l.Remedy, _, _ = strings.Cut(l.Remedy, ", or ")
	}
	line := d.text[s.Head:s.Body]
	if strings.TrimSpace(line[strings.LastIndexByte(line, ']')+1:]) != "" {
		l.Remedy += ", with the rest on a line of its own"
	}
	return l, true
}

// bare reports whether nothing but a header is on its line.
func (s Section) bare(d *Document) bool {
	line := strings.TrimRight(d.text[s.Head:s.Body], "\r\n")
	return len(line) == len(s.Header)+2
}

// meantBy guesses what a header is meant to be; sure is false if it has no word for a kind of section.
func meantBy(header string, credentials bool) (r reading, sure bool) {
	words := wordsOf(header)
	switch {
	case len(words) == 0:
		return reading{}, false
	case len(words) == 1 && credentials:
		return meantName(words[0]), true
	case len(words) == 1:
		return meantByWord(words[0])
	}
	last := len(words) - 1
	switch kind := kindNear(words[0]); {
	case fold(words[0]+words[1]) == "ssosession":
		return reading{kindSession, strings.Join(words[2:], " ")}, true
	case kind != "":
		return reading{kind, strings.Join(words[1:], " ")}, true
	case isKind(strings.ToLower(words[last])):
		r := meantName(strings.Join(words[:last], " "))
		r.kind = strings.ToLower(words[last])
		return r, true
	case fold(words[0]) == "sso":
		return reading{kindSession, strings.Join(words[1:], " ")}, true
	}
	return reading{kindProfile, strings.Join(words, " ")}, credentials
}

// headless returns what a line without brackets is meant to be, if it begins with a kind of section.
func (d *Document) headless(text string) reading {
	words := wordsOf(text)
	if len(words) != 2 || strings.ContainsAny(text, "=") || !isKind(strings.ToLower(words[0])) {
		return reading{}
	}
	meant, _ := meantBy(text, d.credentials)
	return meant
}

// meantByWord guesses what a header of one word is meant to be: its blank, name or kind is missing.
func meantByWord(word string) (r reading, sure bool) {
	if kind := kindNear(word); kind != "" && strings.TrimSuffix(fold(word), "s") == strings.TrimSuffix(fold(kind), "s") {
		return reading{kind, ""}, true
	}
	for _, prefix := range []string{kindProfile, kindSession, "sso_session", kindServices} {
		if len(word) <= len(prefix) || !strings.EqualFold(word[:len(prefix)], prefix) {
			continue
		}
		rest := strings.TrimLeft(word[len(prefix):], `:-_./=\`)
		if rest != "" && (len(rest) < len(word)-len(prefix) || !unicode.IsDigit(rune(rest[0]))) {
			return reading{strings.Replace(prefix, "_", "-", 1), rest}, true
		}
	}
	r = meantName(word)
	return r, r.name == "default"
}

// meantName is a profile's name, in any spelling of default.
func meantName(name string) reading {
	if strings.EqualFold(name, "default") {
		name = "default"
	}
	return reading{kindProfile, name}
}

// wordsOf splits a header at blanks of any kind, without quotes and what cannot be seen.
func wordsOf(header string) []string {
	text := strings.Trim(plain(header), "[](){}［］ ")
	if words, ok := splitWords(text); ok {
		return words
	}
	return strings.Fields(strings.NewReplacer(`"`, "", "'", "").Replace(text))
}

// kindNear returns the kind of section that a word means, in any spelling, or "".
func kindNear(word string) string {
	switch near.Within(2, fold(word), []string{"profile", "ssosession", "session", "services"}) {
	case "profile":
		return kindProfile
	case "ssosession", "session":
		return kindSession
	case "services":
		return kindServices
	}
	return ""
}

// fold drops what a typing mistake may add or change: case, and all but letters and digits.
func fold(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// headerRemedy says which header to write.
func headerRemedy(r reading, credentials bool) string {
	named := func(name string) string {
		if credentials || name == "default" && r.kind == kindProfile {
			return "[" + name + "]"
		}
		return "[" + r.kind + " " + name + "]"
	}
	joined := strings.Join(strings.Fields(r.name), "-")
	switch {
	case credentials && r.kind != kindProfile:
		return "move the section to the config file"
	case r.name == "":
		return "write " + named("NAME")
	case !isIdentifier(joined):
		return "use only letters, digits and _-/.%@:+ in the name"
	case joined == r.name:
		return "write " + named(r.name)
	case credentials:
		return "write " + named(joined)
	}
	return "write " + named(joined) + ", or " + named(`"`+r.name+`"`) + " if only botocore and rolecall need it"
}

// invisible reports characters that nobody sees in an editor.
func invisible(r rune) bool {
	return r >= 0x200b && r <= 0x200f || r >= 0x2060 && r <= 0x2064 || r == 0xfeff || r == 0xad
}

// unusualBlank reports blanks other than those of the keyboard.
func unusualBlank(r rune) bool { return isBlank(r) && r > 0x7e }

func curlyQuote(r rune) bool {
	return r >= 0x2018 && r <= 0x201f || r == 0xab || r == 0xbb
}

// strange names the first character that looks like another one, or like nothing.
func strange(text string) string {
	for _, r := range text {
		switch {
		case invisible(r):
			return fmt.Sprintf("an invisible character, U+%04X", r)
		case unusualBlank(r):
			return fmt.Sprintf("an unusual space, U+%04X", r)
		case curlyQuote(r):
			return fmt.Sprintf("a typographic quote, U+%04X", r)
		}
	}
	return ""
}

// plain replaces strange characters by those that were meant.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case invisible(r):
			return -1
		case unusualBlank(r):
			return ' '
		case curlyQuote(r):
			return '"'
		}
		return r
	}, text)
}
