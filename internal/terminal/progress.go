package terminal

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// Width is how many characters a line of file holds: 80 when it is no terminal.
func Width(file *os.File) int {
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
		return width
	}
	return 80
}

// A Progress is one line at the bottom of a terminal that is drawn over itself.
type Progress struct {
	Out   io.Writer
	Width func() int
	drawn time.Time // zero: nothing is there
}

// redraw is the time between two drawings: faster is not read, and costs a slow
// line.
const redraw = 100 * time.Millisecond

// Show draws a line of our own text, unless one was drawn a moment ago.
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

// Clear takes the line away.
func (p *Progress) Clear() {
	if !p.drawn.IsZero() {
		fmt.Fprint(p.Out, "\r\x1b[K")
		p.drawn = time.Time{}
	}
}
