package picker

import (
	"slices"
	"strings"
)

// Styles. bubbletea drops the colours that a terminal lacks, and all of them with NO_COLOR.
const (
	plain    = "\x1b[m"
	bold     = "\x1b[1m"
	faint    = "\x1b[2m"
	reversed = "\x1b[7m"
	marked   = "\x1b[1;4;36m" // characters that match
	warning  = "\x1b[1;33m"
)

// A line is one line of the screen; text beyond its width is dropped.
type line struct {
	strings.Builder
	width, used int
}

// put writes text in a style, cut at the line's end.
func (l *line) put(style, text string) { l.cell(text, l.width, style, nil) }

// pad writes blanks up to a column.
func (l *line) pad(column int) { l.fill("", column) }

// fill writes blanks in a style up to a column.
func (l *line) fill(style string, column int) {
	if n := min(column, l.width) - l.used; n > 0 {
		l.put(style, strings.Repeat(" ", n))
	}
}

// cell writes a text up to a column, where it is cut with …; the characters at hits are marked.
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
