package terminal

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// Width returns how many characters a line of file holds: 80 unless it is a terminal.
func Width(file *os.File) int {
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
		return width
	}
	return 80
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
