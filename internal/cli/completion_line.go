package cli

import "strings"

// A typedLine is a command line up to the cursor, as a person has typed it.
type typedLine struct {
	words []string // after the command and before word, without their quotes
	word  string   // the last one, which may be empty
	kept  string   // the beginning of word that bash leaves as it is
	quote byte     // the quote in which word ends; 0 outside
}

// A quoting says which characters a backslash escapes, by the quote around it.
type quoting struct{ single, double string }

// bashQuoting and fishQuoting are from the shells' manuals. Outside quotes a backslash escapes every character.
func bashQuoting() quoting { return quoting{"", "\\\"$`"} }
func fishQuoting() quoting { return quoting{`\'`, `\"$`} }

// nushellQuoting escapes within "…" only.
func nushellQuoting() quoting { return quoting{"", `\"'/nrt`} }

// nushellWord writes text as a word of nushell: bare, or in quotes, which have escapes only as "…".
func nushellWord(text string) (string, bool) {
	switch {
	case inert(text) && !strings.ContainsAny(text[:1], "0123456789.+"), onlyLettersAnd("-:_/", text) && text[0] > '9':
		return text, true
	case !strings.Contains(text, "'"):
		return "'" + text + "'", true
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`, true
}

func (q quoting) escapes(quote, c byte) bool {
	switch quote {
	case '\'':
		return strings.IndexByte(q.single, c) >= 0
	case '"':
		return strings.IndexByte(q.double, c) >= 0
	}
	return true
}

// typed reads a command line. breaks are the characters at which bash begins a new word to complete (COMP_WORDBREAKS):
// it keeps what is before the last one that is neither quoted nor escaped, and what is before a quote that is open.
func typed(line, breaks string, q quoting) typedLine {
	var t typedLine
	var all []string
	kept, begun := 0, false
	for i := 0; i < len(line); i++ {
		c := line[i]
		if t.quote == 0 && (c == ' ' || c == '\t' || c == '\n') {
			if begun {
				all = append(all, t.word)
			}
			t.word, kept, begun = "", 0, false
			continue
		}
		begun = true
		switch {
		case t.quote == 0 && (c == '\'' || c == '"'):
			t.quote, t.kept = c, t.word
		case c == t.quote:
			t.quote = 0
		case c == '\\' && (i+1 == len(line) || q.escapes(t.quote, line[i+1])):
			if i++; i < len(line) {
				t.word += line[i : i+1]
			}
		default:
			t.word += line[i : i+1]
			if t.quote == 0 && strings.IndexByte(breaks, c) >= 0 {
				kept = len(t.word)
			}
		}
	}
	if t.quote == 0 {
		t.kept = t.word[:kept]
	}
	t.words = withoutCommand(all)
	return t
}

// withoutCommand takes the command off the words of a line, and the variables that are set for it.
func withoutCommand(words []string) []string {
	for i, word := range words {
		if name, _, set := strings.Cut(word, "="); !set || strings.ContainsAny(name, "/.-") {
			return words[i+1:]
		}
	}
	return nil
}

// quoted returns what bash is to insert for an offer, after what it keeps; false if its open quote cannot hold that.
func (t typedLine) quoted(offer string) (string, bool) {
	if len(offer) < len(t.kept) || !strings.EqualFold(offer[:len(t.kept)], t.kept) {
		return "", false
	}
	offer = offer[len(t.kept):]
	switch t.quote {
	case '\'':
		return offer, !strings.Contains(offer, "'")
	case '"':
		return escaped(offer, func(c byte) bool { return strings.IndexByte("\\\"$`", c) >= 0 }), !strings.Contains(offer, "!")
	}
	const plain = "_./+@-,:=%"
	return escaped(offer, func(c byte) bool {
		return c < 0x80 && !onlyLettersAnd(plain, string(rune(c)))
	}), true
}

func escaped(text string, special func(byte) bool) string {
	var b strings.Builder
	for i := range len(text) {
		if special(text[i]) {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
