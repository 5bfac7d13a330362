package terminal

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ShowOutput makes one line of a program's output harmless to the lines around it. Its text and colours (SGR) stay,
// and the colours end with it; what moves, erases or overwrites is written as an escape. A carriage return at the end
// is dropped as part of the line break.
func ShowOutput(line string) string {
	line = strings.TrimRight(line, "\r")
	var b strings.Builder
	coloured := false
	for len(line) > 0 {
		if n := colourLength(line); n > 0 {
			b.WriteString(line[:n])
			line, coloured = line[n:], true
			continue
		}
		r, size := utf8.DecodeRuneInString(line)
		switch {
		case r == utf8.RuneError && size == 1: // some terminals take 0x9b for ESC [
			fmt.Fprintf(&b, `\x%02x`, line[0])
		case unicode.IsControl(r) && r != '\t':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(line[:size])
		}
		line = line[size:]
	}
	if coloured {
		b.WriteString("\x1b[0m")
	}
	return b.String()
}

// colourLength returns the length of the SGR sequence that text begins with, or 0.
func colourLength(text string) int {
	rest, is := strings.CutPrefix(text, "\x1b[")
	if !is {
		return 0
	}
	rest = strings.TrimLeft(rest, "0123456789;:")
	if !strings.HasPrefix(rest, "m") {
		return 0
	}
	return len(text) - len(rest) + 1
}
