package cli

import (
	"io"
	"os"
	"strings"

	"charm.land/lipgloss/v2"

	"rolecall/internal/terminal"
)

// A table is rows of text, which need not be trusted. On a terminal, lines are cut at its edge.
type table struct {
	header []string
	rows   [][]string
}

const gap = "  "

// print writes the table in columns, aligned by the width that a terminal shows. It omits
// columns without values.
func (t *table) print(w io.Writer) error {
	shown := [][]string{t.header}
	for _, row := range t.rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = terminal.ShowLine(cell)
		}
		shown = append(shown, cells)
	}
	widths := make([]int, len(t.header))
	for n, row := range shown {
		for i, cell := range row {
			if n > 0 && cell != "" {
				widths[i] = max(widths[i], lipgloss.Width(cell), lipgloss.Width(t.header[i]))
			}
		}
	}
	edge := 0
	if file, ok := w.(*os.File); ok && terminal.IsTerminal(file) {
		edge = terminal.Width(file)
	}
	var b strings.Builder
	for _, row := range shown {
		line := aligned(row, widths)
		if edge > 0 && lipgloss.Width(line) > edge {
			line = cutAt(line, edge)
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func aligned(row []string, widths []int) string {
	var b strings.Builder
	for i, cell := range row {
		if widths[i] > 0 {
			b.WriteString(cell + strings.Repeat(" ", widths[i]-lipgloss.Width(cell)) + gap)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// cutAt keeps what fits into width cells, with an ellipsis.
func cutAt(line string, width int) string {
	var b strings.Builder
	room := width - 1
	for _, r := range line {
		if room -= lipgloss.Width(string(r)); room < 0 {
			break
		}
		b.WriteRune(r)
	}
	return b.String() + "…"
}

// printTSV writes tab-separated values with a header; see terminal.Field.
func (t *table) printTSV(w io.Writer) error {
	var b strings.Builder
	b.WriteString(strings.Join(t.header, "\t") + "\n")
	for _, row := range t.rows {
		for i, cell := range row {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(terminal.Field(cell))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// under returns t with one more column in front, with the same text in each row.
func (t *table) under(title, text string) *table {
	u := &table{header: append([]string{title}, t.header...)}
	for _, row := range t.rows {
		u.rows = append(u.rows, append([]string{text}, row...))
	}
	return u
}
