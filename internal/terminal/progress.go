package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

// Width returns how many characters a line of file holds: 80 unless it is a terminal.
func Width(file *os.File) int {
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
		return width
	}
	return 80
}

// Wrap breaks text between words, so that lines fit a terminal of that width. Lines after the first begin with indent.
func Wrap(text string, width int, indent string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
			lead := text[:len(text)-len(strings.TrimLeft(text, " "))]
			b.WriteString(lead)
			column = len(lead)
		case column+1+n > width-1: // terminals differ in what the last column does
			b.WriteString("\n" + indent)
			column = len(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}

// A Progress is a line at the bottom of a terminal that is redrawn in place.
type Progress struct {
	Out   io.Writer
	Width func() int
	drawn time.Time // zero: there is no line
}

// redraw is the time between two drawings: nobody reads faster, and it costs on a slow connection.
const redraw = 100 * time.Millisecond

// Show draws a line of trusted text, unless one was drawn a moment ago.
func (p *Progress) Show(text string) {
	now := time.Now()
	if now.Sub(p.drawn) < redraw {
		return
	}
	p.drawn = now
	if line, width := []rune(text), p.Width()-1; len(line) > width {
		text = string(line[:max(0, width)])
	}
	fmt.Fprintf(p.Out, "\r%s\x1b[K", text)
}

// Clear removes the line.
func (p *Progress) Clear() {
	if !p.drawn.IsZero() {
		fmt.Fprint(p.Out, "\r\x1b[K")
		p.drawn = time.Time{}
	}
}
