package picker

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"rolecall/internal/terminal"
)

const (
	detailLines = 5  // below the list, when there is room
	roomForAll  = 12 // lines of a screen that has room for them
	idWidth     = 12
	widestRole  = 32
)

// listHeight is how many rows are shown.
func (m *model) listHeight() int {
	if m.height < roomForAll {
		return max(1, m.height-1)
	}
	return m.height - 2 - detailLines
}

// View draws all that fits: the query, the rows, and what can be said and done about
// the selected one.
func (m *model) View() tea.View {
	lines := []string{m.prompt()}
	tall := m.height >= roomForAll
	if tall {
		lines = append(lines, faint().Render(cut(m.status, m.width)))
	}
	rows := m.listHeight()
	for i := m.top; i < m.top+rows; i++ {
		switch {
		case i < len(m.list.matches):
			lines = append(lines, m.row(&m.list.rows[m.list.matches[i]], i == m.at))
		case i == 0 && len(m.list.rows) > 0:
			lines = append(lines, faint().Render(cut("  nothing matches", m.width)))
		default:
			lines = append(lines, "")
		}
	}
	if tall {
		lines = append(lines, m.details()...)
	} else if m.asks != nil {
		lines[len(lines)-1] = m.question()
	}
	v := tea.NewView(strings.Join(lines[:min(len(lines), max(1, m.height))], "\n"))
	v.AltScreen = true
	v.Cursor = tea.NewCursor(min(width("> "+m.query), max(0, m.width-1)), 0)
	return v
}

func faint() lipgloss.Style { return lipgloss.NewStyle().Faint(true) }

// prompt is the query with the number of rows that match it.
func (m *model) prompt() string {
	count := fmt.Sprintf("%d/%d", len(m.list.matches), len(m.list.rows))
	line := cut("> "+m.query, m.width)
	if room := m.width - width(line) - len(count); room >= 2 {
		line += strings.Repeat(" ", room) + faint().Render(count)
	}
	return line
}

// row draws a row in columns: the account, its id, the role; on a narrow screen
// without the id.
func (m *model) row(r *row, selected bool) string {
	marks := m.list.marks(r, m.query)
	style := lipgloss.NewStyle()
	marker := "  "
	if r.Guarded {
		marker = "! "
	}
	if selected {
		style = style.Reverse(true)
		marker = ">" + strings.TrimPrefix(marker, " ")
		marker = marker[:2]
	}
	role := min(m.roles, widestRole)
	name := m.width - len(marker) - role - 2
	id := m.width >= 60
	if id {
		name -= idWidth + 2
	}
	if name < 8 { // a very narrow screen
		role, name = max(0, m.width-len(marker)-10), 8
	}
	var b strings.Builder
	b.WriteString(style.Render(marker))
	label := r.texts[fieldName]
	if label == "" && !id {
		label, marks[fieldName] = r.texts[fieldID], marks[fieldID]
	}
	b.WriteString(cell(label, name, marks[fieldName], style))
	if id {
		b.WriteString(style.Render("  ") + cell(r.texts[fieldID], idWidth, marks[fieldID], style))
	}
	b.WriteString(style.Render("  ") + cell(r.texts[fieldRole], role, marks[fieldRole], style))
	return b.String()
}

// cell is a text of exactly so many terminal cells, with its marked characters set off.
func cell(text string, cells int, marks map[int]bool, style lipgloss.Style) string {
	marked := style.Bold(true).Underline(true)
	shown := []rune(cut(text, cells))
	var b, run strings.Builder
	on := false
	flush := func() {
		if on {
			b.WriteString(marked.Render(run.String()))
		} else if run.Len() > 0 {
			b.WriteString(style.Render(run.String()))
		}
		run.Reset()
	}
	for i, r := range shown {
		if marks[i] != on {
			flush()
			on = marks[i]
		}
		run.WriteRune(r)
	}
	flush()
	if pad := cells - width(string(shown)); pad > 0 {
		b.WriteString(style.Render(strings.Repeat(" ", pad)))
	}
	return b.String()
}

// details say what is known of the selected account, and what keys do.
func (m *model) details() []string {
	lines := []string{faint().Render(strings.Repeat("─", max(0, m.width)))}
	r := m.selected()
	if r == nil {
		return append(lines, "", "", "", m.keys())
	}
	about := []string{r.texts[fieldID], r.texts[fieldName], r.texts[fieldEmail]}
	if r.texts[fieldTags] != "" {
		about = append(about, "["+r.texts[fieldTags]+"]")
	}
	if r.Guarded {
		about = append(about, "! guarded")
	}
	lines = append(lines,
		cut(strings.Join(strings.Fields(strings.Join(about, " ")), " "), m.width),
		cut("roles: "+terminal.ShowLine(strings.Join(r.Roles, ", ")), m.width))
	if m.asks != nil {
		return append(lines, m.question(), "")
	}
	enter := cut("Enter: "+m.actions[0].Does+" "+r.texts[fieldID]+"/"+r.texts[fieldRole], m.width)
	return append(lines, lipgloss.NewStyle().Bold(true).Render(enter), m.keys())
}

func (m *model) question() string {
	return lipgloss.NewStyle().Bold(true).Render(cut("this account is guarded: go on? y/N", m.width))
}

// keys are those beside Enter.
func (m *model) keys() string {
	var all []string
	for _, a := range m.actions[1:] {
		all = append(all, strings.Replace(a.Key, "ctrl+", "^", 1)+" "+a.Does)
	}
	return faint().Render(cut(strings.Join(append(all, "esc leave"), " · "), m.width))
}

// width is how many terminal cells a text takes.
func width(text string) int {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return lipgloss.Width(text)
		}
	}
	return len(text)
}

// cut gives what fits into so many cells, with … where something is left out.
func cut(text string, cells int) string {
	if width(text) <= cells {
		return text
	}
	if cells < 1 {
		return ""
	}
	room := cells - 1
	for i, r := range text {
		if room -= width(string(r)); room < 0 {
			return text[:i] + "…"
		}
	}
	return text
}
