package picker

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rolecall/internal/terminal"
)

// Heights from which there is room for more than query and rows.
const (
	heightOfKeys    = 8
	heightOfDetails = 14
	detailLines     = 4
)

// listHeight is the number of lines for rows.
func (m *model) listHeight() int {
	switch {
	case m.height >= heightOfDetails:
		return m.height - 3 - detailLines // query, rule, keys
	case m.height >= heightOfKeys:
		return m.height - 3
	}
	return max(0, m.height-1)
}

// View draws the screen.
func (m *model) View() tea.View {
	var lines []string
	query, cursor := m.queryLine()
	lines = append(lines, query)
	if m.help {
		lines = append(lines, fill(m.helpLines(), m.height-1)...)
	} else {
		lines = append(lines, fill(m.list(), m.listHeight())...)
		if m.height >= heightOfKeys {
			lines = append(lines, m.rule())
		}
		if m.height >= heightOfDetails {
			lines = append(lines, fill(m.details(), detailLines)...)
		}
		if m.height >= heightOfKeys {
			lines = append(lines, m.keys())
		}
	}
	v := tea.NewView(strings.Join(lines, "\n"))
	v.AltScreen = true
	if cursor >= 0 {
		// The shape before the first is DECSCUSR 0, the terminal's own: any other would remain afterwards.
		v.Cursor = &tea.Cursor{Position: tea.Position{X: cursor}, Shape: tea.CursorBlock - 1}
	}
	return v
}

// fill cuts or pads to n lines.
func fill(lines []string, n int) []string {
	n = max(0, n)
	if len(lines) > n {
		return lines[:n]
	}
	return append(lines, make([]string, n-len(lines))...)
}

// queryLine returns the line with the query, or the question about a guarded account, and the number of rows at its
// right; cursor is the column of the cursor, -1 for none.
func (m *model) queryLine() (text string, cursor int) {
	if m.pending != nil && m.height < heightOfKeys {
		l := line{width: m.width}
		l.put(warning, m.question())
		return l.String(), -1
	}
	l := line{width: m.width}
	l.put(bold, "> ")
	count := fmt.Sprintf("%d/%d", len(m.hits), len(m.rows))
	room := m.width - 3 - len(count) - 1
	if room < 8 {
		count, room = "", m.width-3
	}
	query := []rune(m.query)
	cells := width(m.query)
	for len(query) > 0 && cells > room { // its end is where the person types
		cells -= runeWidth(query[0])
		query = query[1:]
	}
	l.put("", string(query))
	cursor = min(l.used, max(0, m.width-1))
	if m.query == "" {
		l.cell("type to search", m.width-len(count)-1, faint, nil)
	}
	l.pad(m.width - len(count))
	l.put(faint, count)
	return l.String(), cursor
}

// rule returns the line between rows and details, with the age of the rows.
func (m *model) rule() string {
	l := line{width: m.width}
	l.put(faint, "── ")
	if m.status != "" {
		l.put("", terminal.ShowLine(m.status)+" ")
	}
	l.put(faint, strings.Repeat("─", max(0, m.width-l.used)))
	return l.String()
}

// details returns what is known about the selected account.
func (m *model) details() []string {
	r := m.selected()
	if r == nil {
		return nil
	}
	hits := m.where(r)
	first := line{width: m.width}
	first.put("", "   ")
	first.cell(r.account.name, m.width, bold, r.nameHits(hits))
	first.put("", "  ")
	first.cell(r.account.id, m.width, "", r.idHits(hits))
	if r.account.session != "" {
		first.put("", "  ")
		first.cell(r.account.session, m.width, "", r.sessionHits(hits))
	}
	if r.Guarded {
		first.put("", "  ")
		first.put(warning, "! guarded: asks for confirmation")
	}
	if facts := m.factsOf(r); facts != "" {
		first.put("", "  ")
		first.put("", facts)
	}
	email := m.detail("e-mail", r.account.email, r.emailHits(hits))
	tags := m.detail("tags", r.account.tags, r.tagHits(hits))
	roles := line{width: m.width}
	roles.put(faint, "   roles   ")
	// The selected one comes first, since the line may not hold all of them.
	roles.cell(r.role, m.width, bold, r.roleHits(hits))
	for _, role := range r.Roles {
		if role != r.Role {
			roles.put("", ", "+terminal.Show(role))
		}
	}
	return []string{first.String(), roles.String(), email, tags}
}

// factsOf returns what else is known of a row; each is asked about once.
func (m *model) factsOf(r *row) string {
	if m.facts == nil {
		return ""
	}
	key := r.Session + ":" + r.ID + "/" + r.Role
	facts, known := m.known[key]
	if !known {
		facts = terminal.Show(m.facts(r.Item))
		m.known[key] = facts
	}
	return facts
}

func (m *model) detail(label, text string, hits []int) string {
	l := line{width: m.width}
	l.put(faint, fmt.Sprintf("   %-8s", label))
	if text == "" {
		text = "-"
	}
	l.cell(text, m.width, "", hits)
	return l.String()
}
