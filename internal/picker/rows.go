package picker

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
	"github.com/junegunn/fzf/src/util"

	"rolecall/internal/terminal"
)

// A row is an item with its texts as shown: only what is on the screen is matched.
type row struct {
	Item
	account  *shownAccount
	role     string
	identity util.Chars // "session:name id/role": where terms are looked for
}

// A shownAccount is an account with its texts as they are shown.
type shownAccount struct {
	number                         int // among those of an index
	session, name, id, email, tags string
	contact                        util.Chars // "tags e-mail": the other place where terms are looked for
}

// columns holds the greatest widths of the texts, in cells.
type columns struct{ session, name, id, role, tags, email int }

// newRows makes the rows of items: by frecency, then in the order given.
func newRows(items []Item) ([]row, []*shownAccount, columns) {
	items = slices.Clone(items)
	slices.SortStableFunc(items, func(a, b Item) int { return cmp.Compare(b.Frecency, a.Frecency) })
	rows := make([]row, len(items))
	var accounts []*shownAccount
	shown := map[*Account]*shownAccount{}
	roles := map[string]string{}
	var widths columns
	for i, item := range items {
		a := shown[item.Account]
		if a == nil {
			a = showAccount(item.Account, len(accounts))
			accounts = append(accounts, a)
			shown[item.Account] = a
			widths.name, widths.id = max(widths.name, width(a.name)), max(widths.id, width(a.id))
			widths.session = max(widths.session, width(a.session))
			widths.tags, widths.email = max(widths.tags, width(a.tags)), max(widths.email, width(a.email))
		}
		role, known := roles[item.Role]
		if !known {
			role = terminal.Show(item.Role)
			roles[item.Role] = role
			widths.role = max(widths.role, width(role))
		}
		identity := a.prefix() + a.name + " " + a.id + "/" + role
		rows[i] = row{Item: item, account: a, role: role, identity: util.ToChars([]byte(identity))}
	}
	return rows, accounts, widths
}

func showAccount(a *Account, number int) *shownAccount {
	name := cmp.Or(a.Alias, a.Name)
	if a.Alias != "" && a.Name != "" {
		name += " (" + a.Name + ")"
	}
	s := &shownAccount{
		number: number, session: terminal.Show(a.Session), name: terminal.Show(name), id: terminal.Show(a.ID),
		email: terminal.Show(a.Email), tags: terminal.Show(strings.Join(a.Tags, ", ")),
	}
	s.contact = util.ToChars([]byte(s.tags + " " + s.email))
	return s
}

// prefix is what stands before the name.
func (s *shownAccount) prefix() string {
	if s.session == "" {
		return ""
	}
	return s.session + ":"
}

// A match holds the places of the terms' characters in a row's texts.
type match struct{ identity, contact []int }

// The places of a match in each column's text.

func (r *row) sessionHits(m match) []int { return within(m.identity, 0, r.account.session) }

func (r *row) nameHits(m match) []int { return within(m.identity, r.nameAt(), r.account.name) }

func (r *row) idHits(m match) []int { return within(m.identity, r.idAt(), r.account.id) }

func (r *row) roleHits(m match) []int {
	return within(m.identity, r.idAt()+utf8.RuneCountInString(r.account.id)+1, r.role)
}

func (r *row) nameAt() int { return utf8.RuneCountInString(r.account.prefix()) }
func (r *row) idAt() int   { return r.nameAt() + utf8.RuneCountInString(r.account.name) + 1 }

func (r *row) tagHits(m match) []int { return within(m.contact, 0, r.account.tags) }
func (r *row) emailHits(m match) []int {
	return within(m.contact, utf8.RuneCountInString(r.account.tags)+1, r.account.email)
}

// within returns the places that lie in text, which begins at start.
func within(places []int, start int, text string) []int {
	var in []int
	end := start + utf8.RuneCountInString(text)
	for _, p := range places {
		if p >= start && p < end {
			in = append(in, p-start)
		}
	}
	return in
}

// width returns how many cells a text takes.
func width(text string) int {
	cells := 0
	for _, r := range text {
		cells += runeWidth(r)
	}
	return cells
}

// runeWidth returns how many cells a character takes. terminal.Show has let it through.
func runeWidth(r rune) int {
	if r < 0x300 { // before the first combining mark
		return 1
	}
	return lipgloss.Width(string(r))
}
