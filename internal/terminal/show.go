// Package terminal is the person's terminal: what may be written to it, how a
// long line is read from it, a QR code drawn on it. It keeps to itself which
// bytes make a terminal do things.
package terminal

import (
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// shownWidth is how many characters of foreign text a line shows.
const shownWidth = 128

// Show makes foreign text harmless: whatever moves, hides, colours or reorders is
// written as an escape. Long text is cut.
func Show(text string) string { return show(text, shownWidth) }

// ShowLine is Show for a whole line of a message, which may be longer.
func ShowLine(text string) string { return show(text, 8*shownWidth) }

func show(text string, width int) string {
	var b strings.Builder
	for n := 0; len(text) > 0; n++ {
		if n == width {
			b.WriteString("…")
			break
		}
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case !unicode.IsPrint(r) || isInvisible(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		text = text[size:]
	}
	return b.String()
}

// isInvisible: printable for Unicode, but not to be seen, or changing what is
// seen: fillers, variation selectors, combining marks of other kinds stay.
func isInvisible(r rune) bool {
	switch {
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef, r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0, r == 0x034f, r == 0x2800:
		return true
	}
	return false
}

// IsTerminal reports whether file is one.
func IsTerminal(file *os.File) bool { return term.IsTerminal(int(file.Fd())) }
