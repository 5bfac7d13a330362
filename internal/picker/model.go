package picker

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"rolecall/internal/terminal"
)

// maxQuery bounds what is typed or pasted, in bytes.
const maxQuery = 200

// A model is the picker as bubbletea drives it.
type model struct {
	list    *list
	actions []Action
	status  string
	query   string
	at, top int // places in list.matches: the selected row, and the first one shown
	width   int
	height  int
	roles   int     // the width of the widest role
	asks    *Choice // a guarded row that was chosen, to be confirmed
	chosen  *Choice
}

func newModel(o Options) *model {
	m := &model{actions: o.Actions, status: terminal.ShowLine(o.Status), query: clean(o.Query), width: 80, height: 24}
	m.replace(o.Items)
	return m
}

// Init does nothing: all is there.
func (m *model) Init() tea.Cmd { return nil }

// Update takes a key, a new size, or new rows.
func (m *model) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch message := message.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = message.Width, message.Height
	case Update:
		m.status = terminal.ShowLine(message.Status)
		if message.Items != nil {
			m.replace(message.Items)
		}
	case tea.PasteMsg:
		if m.asks == nil {
			m.search(m.query + clean(message.Content))
		}
	case tea.KeyPressMsg:
		return m, m.press(message)
	}
	m.scroll()
	return m, nil
}

// replace shows other rows. The selected one stays selected, if it is among them.
func (m *model) replace(items []Item) {
	selected := ""
	if r := m.selected(); r != nil {
		selected = r.Key
	}
	m.list = newList(items)
	m.list.search(m.query)
	m.at, m.roles = 0, 0
	for i, n := range m.list.matches {
		if selected != "" && m.list.rows[n].Key == selected {
			m.at = i
		}
	}
	for i := range m.list.rows {
		m.roles = max(m.roles, width(m.list.rows[i].texts[fieldRole]))
	}
	m.scroll()
}

// clean makes one line of printable characters of what was pasted.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r) || terminal.Show(string(r)) != string(r):
			return -1
		}
		return r
	}, text)
}

func (m *model) search(query string) {
	for len(query) > maxQuery {
		_, size := utf8.DecodeLastRuneInString(query)
		query = query[:len(query)-size]
	}
	m.query = query
	m.list.search(query)
	m.at, m.top = 0, 0
}

func (m *model) selected() *row {
	if m.list == nil || m.at >= len(m.list.matches) {
		return nil
	}
	return &m.list.rows[m.list.matches[m.at]]
}

// press is what keys do.
func (m *model) press(key tea.KeyPressMsg) tea.Cmd {
	name := key.String()
	if m.asks != nil {
		return m.answer(name)
	}
	if i := slices.IndexFunc(m.actions, func(a Action) bool { return a.Key == name }); i >= 0 {
		return m.choose(m.actions[i].Name)
	}
	page := max(1, m.listHeight()-1)
	switch name {
	case "esc", "ctrl+c", "ctrl+d":
		return tea.Quit
	case "up", "ctrl+p", "ctrl+k":
		m.at--
	case "down", "ctrl+n", "ctrl+j":
		m.at++
	case "pgup":
		m.at -= page
	case "pgdown":
		m.at += page
	case "home":
		m.at = 0
	case "end":
		m.at = len(m.list.matches) - 1
	case "backspace", "ctrl+h":
		_, size := utf8.DecodeLastRuneInString(m.query)
		m.search(m.query[:len(m.query)-size])
	case "ctrl+u":
		m.search("")
	case "ctrl+w":
		words := strings.TrimRight(m.query, " ")
		m.search(words[:strings.LastIndexByte(words, ' ')+1])
	default:
		if text := clean(key.Text); text != "" {
			m.search(m.query + text)
		}
	}
	m.scroll()
	return nil
}

// choose ends the picker with the selected row; a guarded one is asked about first.
func (m *model) choose(action string) tea.Cmd {
	r := m.selected()
	if r == nil {
		return nil
	}
	choice := &Choice{r.Item, action}
	if r.Guarded {
		m.asks = choice
		return nil
	}
	m.chosen = choice
	return tea.Quit
}

// answer is a key press while a guarded row is asked about.
func (m *model) answer(key string) tea.Cmd {
	choice := m.asks
	switch key {
	case "y", "Y":
		m.chosen = choice
		return tea.Quit
	case "ctrl+c":
		return tea.Quit
	}
	m.asks = nil
	return nil
}

// scroll keeps the selected row in what is there, and on the screen.
func (m *model) scroll() {
	m.at = max(0, min(m.at, len(m.list.matches)-1))
	rows := m.listHeight()
	m.top = max(0, min(m.top, m.at, len(m.list.matches)-rows))
	m.top = max(m.top, m.at-rows+1)
}
