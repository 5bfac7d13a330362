// Package terminal is the person's terminal: what may be written to it, how a long line is read from it, a QR code
// drawn on it. It keeps to itself which bytes control a terminal.
package terminal

import (
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// shownWidth is how many characters of foreign text a line shows, including those of escapes.
const shownWidth = 128

// Show makes foreign text harmless: anything that moves, hides, colours or reorders is written as an escape. Long
// text is cut.
func Show(text string) string { return show(text, shownWidth) }

// ShowLine is Show for a whole line of a message, which may be longer.
func ShowLine(text string) string { return show(text, 8*shownWidth) }

func show(text string, width int) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		shown := text[:size]
		switch {
		case r == utf8.RuneError && size == 1:
			shown = fmt.Sprintf(`\x%02x`, text[0])
		case !isHarmless(r):
			shown = fmt.Sprintf(`\u%04x`, r)
		}
		if width -= utf8.RuneCountInString(shown); width < 0 {
			b.WriteString("…")
			break
		}
		b.WriteString(shown)
		text = text[size:]
	}
	return b.String()
}

// isHarmless reports whether a terminal shows r, and does nothing else.
func isHarmless(r rune) bool { return unicode.IsPrint(r) && !isInvisible(r) }

// isInvisible reports whether r is printable by Unicode, but invisible, or changes other characters: fillers,
// variation selectors, the empty Braille cell. Other combining marks stay: names are written with them.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) || r == 0x2800
}

// IsTerminal reports whether file is a terminal.
func IsTerminal(file *os.File) bool { return term.IsTerminal(int(file.Fd())) }
