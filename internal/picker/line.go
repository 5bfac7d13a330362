package picker

import (
	"slices"
	"strings"
)

// What is drawn; bubbletea leaves out the colours that a terminal has not, and all of
// them with NO_COLOR.
const (
	plain    = "\x1b[m"
	bold     = "\x1b[1m"
	faint    = "\x1b[2m"
	reversed = "\x1b[7m"
	marked   = "\x1b[1;4;36m" // characters that match
	warning  = "\x1b[1;33m"
)

// A line is one line of the screen; what is put beyond its width is left out.
type line struct {
	strings.Builder
	width, used int
}

// put writes text of a style, cut at the line's end.
func (l *line) put(style, text string) { l.cell(text, l.width, style, nil) }

// pad writes blanks up to a column.
func (l *line) pad(column int) { l.fill("", column) }

// fill writes blanks of a style up to a column.
func (l *line) fill(style string, column int) {
	if n := min(column, l.width) - l.used; n > 0 {
		l.put(style, strings.Repeat(" ", n))
	}
}

// cell writes a shown text up to a column, cut there with …; the characters at hits
// are marked.
func (l *line) cell(text string, column int, style string, hits []int) {
	room := min(column, l.width) - l.used
	cut := width(text) > room
	if cut {
		room--
	}
	if room < 0 || text == "" {
		return
	}
	l.WriteString(style)
	marking, place := false, 0
	for _, r := range text {
		w := runeWidth(r)
		if w > room {
			break
		}
		if hit := slices.Contains(hits, place); hit != marking {
			l.WriteString(plain + style)
			if hit {
				l.WriteString(marked)
			}
			marking = hit
		}
		l.WriteRune(r)
		room -= w
		l.used += w
		place++
	}
	if marking {
		l.WriteString(plain + style)
	}
	if cut {
		l.WriteRune('…')
		l.used++
	}
	if style != "" || len(hits) > 0 {
		l.WriteString(plain)
	}
}
