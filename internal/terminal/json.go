package terminal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// WriteJSON writes value as JSON and a newline, with indent for each level; an empty indent makes it one line. What
// Show would escape is escaped, as \u…., so that no terminal obeys or hides any of it, while a program reads the text
// as it was (RFC 8259 section 7). < and & stay as they are. All JSON that commands print goes through here.
func WriteJSON(w io.Writer, value any, indent string) error {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	var b bytes.Buffer
	for _, r := range plain.String() { // anything but ASCII is within a string
		switch high, low := utf16.EncodeRune(r); {
		case r == '\n' || isHarmless(r): // the newlines are between values: those within are escaped already
			b.WriteRune(r)
		case high != utf8.RuneError:
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Field returns text as a field of tab-separated values, which a terminal, and a program that reads lines, can take as
// it is. Nothing is cut or lost: a backslash is \\, what Show escapes is \uXXXX or \UXXXXXXXX, and a byte that is not
// UTF-8 is \xXX. A ' goes in front of texts that a spreadsheet would take for a formula (those that begin with =, +, -
// or @), and of those that begin with ' themselves.
func Field(text string) string {
	var b strings.Builder
	if text != "" && strings.IndexByte("=+-@'", text[0]) >= 0 {
		b.WriteByte('\'')
	}
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case r == '\\':
			b.WriteString(`\\`)
		case isHarmless(r):
			b.WriteString(text[:size])
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		text = text[size:]
	}
	return b.String()
}
