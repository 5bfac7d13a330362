package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"charm.land/lipgloss/v2"

	"rolecall/internal/terminal"
)

// A table is rows of texts, which may be foreign. The last column may be long: on a
// terminal it is cut at the edge.
type table struct {
	header []string
	rows   [][]string
}

const gap = "  "

// print writes the table in columns that are aligned as a terminal shows them.
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
			if n > 0 && cell != "" { // a column without a value is left out, header and all
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

// cutAt keeps what fits into width cells, and says that there is more.
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

// printTSV writes tab-separated values with a header. Whatever would break a line
// stands as an escape; and what a spreadsheet takes for a formula, behind a quote.
func (t *table) printTSV(w io.Writer) error {
	var b strings.Builder
	b.WriteString(strings.Join(t.header, "\t") + "\n")
	for _, row := range t.rows {
		for i, cell := range row {
			if i > 0 {
				b.WriteByte('\t')
			}
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
				b.WriteByte('\'')
			}
			fmt.Fprint(&b, terminal.ShowLine(cell))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
