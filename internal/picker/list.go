package picker

import "rolecall/internal/terminal"

// list returns the rows on the screen.
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

// nothing returns why there is no row.
func (m *model) nothing() string {
	switch {
	case len(m.rows) > 0:
		return "nothing matches"
	case m.status != "":
		return "nothing to choose from: " + terminal.ShowLine(m.status)
	}
	return "nothing to choose from"
}

// gutter is for the mark of the selected row, and of a guarded one.
const gutter = 3

// narrow is the width below which ids are left out.
const narrow = 44

// layout assigns each column its cells on this screen; a column of zero is left out.
func (m *model) layout() columns {
	left := max(0, m.width-gutter)
	var c columns
	if m.width < narrow {
		if m.widths.session > 0 {
			c.session = min(m.widths.session, left/4)
			left = max(0, left-c.session-1)
		}
		c.role = min(m.widths.role, left*2/5)
		c.name = max(0, left-c.role-1)
		return c
	}
	if m.widths.session > 0 {
		c.session = min(m.widths.session, max(8, left/6))
		left -= c.session + columnGap
	}
	c.id = min(m.widths.id, 12)
	c.role = min(m.widths.role, max(12, left/3))
	left -= c.id + c.role + 2*columnGap
	c.name = min(max(m.widths.name, 1), left)
	left -= c.name
	room := left - columnGap
	if room >= 6 {
		c.tags = min(m.widths.tags, room)
	}
	least := min(m.widths.tags, max(6, room/3)) // of the tags, when the e-mail has room, too
	if least > 0 {
		room -= least + columnGap
	}
	if room >= 12 && m.widths.email > 0 {
		c.tags, c.email = least, min(m.widths.email, room)
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
		{r.account.session, c.session, r.sessionHits(hits), faint},
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
