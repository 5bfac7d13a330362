package picker

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rolecall/internal/terminal"
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

// Heights from which there is room for more than the query and the rows.
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
		// A shape before the first one is DECSCUSR 0, the terminal's own: others would stay
		// behind.
		v.Cursor = &tea.Cursor{Position: tea.Position{X: cursor}, Shape: tea.CursorBlock - 1}
	}
	return v
}

// fill makes it n lines.
func fill(lines []string, n int) []string {
	n = max(0, n)
	if len(lines) > n {
		return lines[:n]
	}
	return append(lines, make([]string, n-len(lines))...)
}

// queryLine is the query, or the question of a guarded account, with the number of
// rows at its right; cursor is the column of the cursor, -1 for none.
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
	for len(query) > 0 && cells > room { // its end is what is typed now
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

// list are the rows on the screen.
func (m *model) list() []string {
	height := m.listHeight()
	if height == 0 {
		return nil
	}
	if m.selected() == nil {
		l := line{width: m.width}
		l.put(faint, "  "+m.nothing())
		return []string{l.String()}
	}
	m.top = max(0, min(m.top, m.at, len(m.hits)-height))
	m.top = max(m.top, m.at-height+1)
	var lines []string
	layout := m.layout()
	for i := m.top; i < min(m.top+height, len(m.hits)); i++ {
		lines = append(lines, m.row(&m.rows[m.hits[i]], layout, i == m.at))
	}
	return lines
}

// nothing says why there is no row.
func (m *model) nothing() string {
	switch {
	case len(m.rows) > 0:
		return "nothing matches"
	case m.status != "":
		return terminal.ShowLine(m.status)
	}
	return "there is no account"
}

// gutter is for the mark of the selected row, and of a guarded one.
const gutter = 3

// narrow is the width below which ids are left out.
const narrow = 44

// layout gives each column its cells on this screen; a column of zero is left out.
func (m *model) layout() columns {
	left := max(0, m.width-gutter)
	var c columns
	if m.width < narrow {
		c.role = min(m.widths.role, left*2/5)
		c.name = max(0, left-c.role-1)
		return c
	}
	c.id = min(m.widths.id, 12)
	c.role = min(m.widths.role, max(12, left/3))
	left -= c.id + c.role + 2*columnGap
	c.name = min(max(m.widths.name, 1), left)
	left -= c.name
	if room := left - columnGap; room >= 6 && m.widths.tags > 0 {
		c.tags = min(m.widths.tags, max(6, room/3))
		left -= c.tags + columnGap
	}
	if room := left - columnGap; room >= 12 && m.widths.email > 0 {
		c.email = min(m.widths.email, room)
	}
	return c
}

const columnGap = 2

// row draws one row.
func (m *model) row(r *row, c columns, selected bool) string {
	l := line{width: m.width}
	base, mark := "", " "
	if selected {
		base, mark = reversed, ">"
	}
	l.put(base+bold, mark)
	if r.Guarded {
		l.put(base+warning, "!")
	}
	l.fill(base, gutter)
	hits := m.where(r)
	gap := columnGap
	if m.width < narrow {
		gap = 1
	}
	edge := gutter
	for _, cell := range []struct {
		text  string
		width int
		hits  []int
		style string
	}{
		{r.account.name, c.name, r.nameHits(hits), ""},
		{r.account.id, c.id, r.idHits(hits), faint},
		{r.role, c.role, r.roleHits(hits), ""},
		{r.account.tags, c.tags, r.tagHits(hits), faint},
		{r.account.email, c.email, r.emailHits(hits), faint},
	} {
		if cell.width == 0 {
			continue
		}
		style := cell.style
		if selected {
			style = reversed
		}
		l.cell(cell.text, edge+cell.width, style, cell.hits)
		edge += cell.width + gap
		l.fill(base, edge)
	}
	l.fill(base, m.width)
	return l.String()
}

// rule is the line between rows and details, with how old the rows are.
func (m *model) rule() string {
	l := line{width: m.width}
	l.put(faint, "── ")
	if m.status != "" {
		l.put("", terminal.ShowLine(m.status)+" ")
	}
	l.put(faint, strings.Repeat("─", max(0, m.width-l.used)))
	return l.String()
}

// details are what is known of the selected account.
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
	if r.Guarded {
		first.put("", "  ")
		first.put(warning, "! guarded: asks once more")
	}
	email := m.detail("e-mail", r.account.email, r.emailHits(hits))
	tags := m.detail("tags", r.account.tags, r.tagHits(hits))
	roles := line{width: m.width}
	roles.put(faint, "   roles   ")
	// The selected one comes first: there may be more than the line holds.
	roles.cell(r.role, m.width, bold, r.roleHits(hits))
	for _, role := range r.Roles {
		if role != r.Role {
			roles.put("", ", "+terminal.Show(role))
		}
	}
	return []string{first.String(), roles.String(), email, tags}
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

func (m *model) question() string {
	return fmt.Sprintf("%s is guarded. Go on? y/N ", m.pending.label())
}

// label names an account: as the person does, else as AWS does.
func (a *Account) label() string {
	for _, name := range []string{a.Alias, a.Name} {
		if name != "" {
			return terminal.Show(name)
		}
	}
	return terminal.Show(a.ID)
}

// keys is the line that says what Enter does, and the other keys.
func (m *model) keys() string {
	l := line{width: m.width}
	if m.pending != nil {
		l.put(warning, " "+m.question())
		return l.String()
	}
	l.put(bold, " Enter")
	l.put("", " "+m.actions[0].Does)
	const help = "  F1 help"
	for _, a := range m.actions[1:] {
		if other := "  " + keyLabel(a.Key) + " " + a.Short; l.used+width(other)+width(help) <= m.width {
			l.put("", other)
		}
	}
	l.put("", help)
	return l.String()
}

// keyLabel writes ctrl+e as ^E.
func keyLabel(key string) string {
	if letter, ctrl := strings.CutPrefix(key, "ctrl+"); ctrl {
		return "^" + strings.ToUpper(letter)
	}
	return key
}

// helpLines explain all keys.
func (m *model) helpLines() []string {
	texts := [][2]string{{"Enter", m.actions[0].Does}}
	for _, a := range m.actions {
		texts = append(texts, [2]string{keyLabel(a.Key), a.Does})
	}
	texts = append(texts, [][2]string{
		{"", ""},
		{"type", "parts of name, id, role, e-mail, tags; a capital letter counts"},
		{"↑ ↓ ^P ^N", "one row; ^K ^J, too"},
		{"PgUp PgDn", "one page; Home and End"},
		{"^U ^W", "clear the query; its last word"},
		{"Esc ^C", "leave without a choice"},
		{"", ""},
		{"", "any key goes back"},
	}...)
	lines := []string{""}
	for _, text := range texts {
		l := line{width: m.width}
		l.put(bold, "  "+text[0])
		l.pad(14)
		l.put("", text[1])
		lines = append(lines, l.String())
	}
	return lines
}

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
