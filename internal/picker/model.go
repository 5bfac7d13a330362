package picker

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"rolecall/internal/terminal"
)

// maxQuery bounds what can be typed and pasted: names are shorter.
const maxQuery = 200

// A model is the state of the screen. Only bubbletea's loop uses it.
type model struct {
	*index
	actions []Action
	updates <-chan Update
	status  string
	query   string // as typed, of shown characters only

	width, height int
	at            int  // the selected row among the hits
	top           int  // the first one on the screen
	touched       bool // the person has pressed a key

	help    bool    // the keys are explained
	pending *Choice // of a guarded account, to be confirmed
	choice  *Choice

	leaves   bool              // the last key leaves the picker
	suspends bool              // Ctrl-Z stops the program
	done     func(leaves bool) // called after each key that may leave; may be nil
	facts    func(Item) string
	known    map[string]string // facts by account and role
}

func newModel(o Options) *model {
	m := &model{index: newIndex(o.Items), actions: o.Actions, updates: o.Updates, status: o.Status, width: 80, height: 24}
	m.facts, m.known = o.Facts, map[string]string{}
	m.add(o.Query)
	return m
}

// prepared is an update whose rows are ready, so that no key has to wait for them.
type prepared struct {
	*index // nil: the rows stay
	status string
}

// next waits for the next update.
func (m *model) next() tea.Msg {
	u, open := <-m.updates
	if !open {
		return nil
	}
	p := prepared{status: u.Status}
	if u.Items != nil {
		p.index = newIndex(u.Items)
	}
	return p
}

// Init starts waiting for updates.
func (m *model) Init() tea.Cmd {
	if m.updates == nil {
		return nil
	}
	return m.next
}

// Update handles one event.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		m.touched = true
		m.leaves = false
		cmd := m.press(msg)
		if m.done != nil && mayLeave(msg) {
			m.done(m.leaves)
		}
		return m, cmd
	case tea.PasteMsg:
		m.touched = true
		if m.pending == nil {
			m.help = false
			m.add(msg.Content)
		}
	case prepared:
		m.status = msg.status
		if msg.index != nil {
			m.replace(msg.index)
		}
		return m, m.next
	}
	return m, nil
}

// replace replaces the rows shown. A person who has typed or moved may be about to press Enter: then the selected row
// stays selected, and in its place on the screen. Otherwise the best one is selected.
func (m *model) replace(rows *index) {
	gone := m.selected()
	line := m.at - m.top
	m.index = rows
	m.search(m.query)
	m.at, m.top = 0, 0
	if gone == nil || !m.touched {
		return
	}
	for i, hit := range m.hits {
		if r := &m.rows[hit]; r.Session == gone.Session && r.ID == gone.ID && r.Role == gone.Role {
			m.at, m.top = i, i-line
			return
		}
	}
}

// selected returns the row that Enter chooses; nil when none matches.
func (m *model) selected() *row {
	if len(m.hits) == 0 {
		return nil
	}
	m.at = max(0, min(m.at, len(m.hits)-1))
	return &m.rows[m.hits[m.at]]
}

// press handles one key.
func (m *model) press(key tea.KeyPressMsg) tea.Cmd {
	name := key.Keystroke()
	switch {
	case name == "ctrl+c":
		return m.leave()
	case name == "ctrl+z" && m.suspends:
		return tea.Suspend
	case m.pending != nil:
		return m.confirm(key)
	case m.help:
		m.help = false
		return nil
	case name == "esc":
		return m.leave()
	case name == "f1" || key.Text == "?" && m.query == "":
		m.help = true
		return nil
	case name == "enter" || name == "kpenter":
		return m.act(m.actions[0])
	}
	for _, a := range m.actions {
		if name == a.Key {
			return m.act(a)
		}
	}
	if m.move(name) || m.edit(name) {
		return nil
	}
	m.add(key.Text)
	return nil
}

// mayLeave reports whether the keyboard waits after a key, since it might leave the picker.
func mayLeave(key tea.KeyPressMsg) bool {
	return key.Mod.Contains(tea.ModCtrl) || key.Code == tea.KeyEnter || key.Code == tea.KeyTab || key.Text == "y" ||
		key.Text == "Y"
}

// leave ends the picker.
func (m *model) leave() tea.Cmd {
	m.leaves = true
	return tea.Quit
}

// confirm handles the answer about a guarded account: only y confirms.
func (m *model) confirm(key tea.KeyPressMsg) tea.Cmd {
	if key.Text == "y" || key.Text == "Y" {
		m.choice = m.pending
		return m.leave()
	}
	m.pending = nil
	return nil
}

// act chooses the selected row, or asks for confirmation first.
func (m *model) act(a Action) tea.Cmd {
	r := m.selected()
	if r == nil {
		return nil
	}
	c := &Choice{r.Item, a.Name}
	if r.Guarded && a.Guarded {
		m.pending = c
		return nil
	}
	m.choice = c
	return m.leave()
}

// move changes the selection, if it is a key for that.
func (m *model) move(key string) bool {
	page := max(1, m.listHeight()-1)
	switch key {
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
		m.at = len(m.hits) - 1
	default:
		return false
	}
	m.at = max(0, min(m.at, len(m.hits)-1))
	return true
}

// edit changes the query, if it is a key for that.
func (m *model) edit(key string) bool {
	query := m.query
	switch key {
	case "backspace", "ctrl+h":
		_, size := utf8.DecodeLastRuneInString(query)
		query = query[:len(query)-size]
	case "ctrl+u":
		query = ""
	case "ctrl+w":
		query = strings.TrimRight(query, " ")
		query = query[:strings.LastIndexByte(query, ' ')+1]
	default:
		return false
	}
	m.find(query)
	return true
}

// add appends typed or pasted text to the query: line ends and tabs become blanks, other invisible characters are
// dropped.
func (m *model) add(text string) {
	var clean strings.Builder
	left := maxQuery - utf8.RuneCountInString(m.query)
	isBreak := func(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }
	for _, word := range strings.FieldsFunc(text, isBreak) {
		if clean.Len() > 0 {
			clean.WriteByte(' ')
		}
		for _, r := range word {
			if left <= 0 {
				break
			}
			if seen := string(r); terminal.Show(seen) == seen && r != utf8.RuneError {
				clean.WriteRune(r)
				left--
			}
		}
	}
	if clean.Len() > 0 {
		m.find(m.query + clean.String())
	}
}

// find shows the rows that match a query, best first.
func (m *model) find(query string) {
	if query == m.query {
		return
	}
	m.query = query
	m.search(query)
	m.at, m.top = 0, 0
}
