package picker

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"rolecall/internal/hostile"
)

func few() []Item {
	pay := &Account{
		ID: "111122223333", Name: "payments-dev", Email: "money@example.com",
		Roles: []string{"Admin", "ReadOnly"},
	}
	prod := &Account{
		ID: "222233334444", Name: "payments-prod", Alias: "till", Tags: []string{"prod", "team-pay"},
		Roles: []string{"ReadOnly"},
	}
	lake := &Account{ID: "333344445555", Name: "Data Lake Éva", Roles: []string{"Admin"}}
	return []Item{
		{lake, "Admin", false, 0}, {pay, "Admin", false, 0}, {pay, "ReadOnly", false, 2}, {prod, "ReadOnly", true, 1},
	}
}

// listed returns the rows that a model lists, as id/role.
func listed(m *model) string {
	var all []string
	for _, hit := range m.hits {
		r := &m.rows[hit]
		all = append(all, r.ID[:2]+"/"+r.Role)
	}
	return strings.Join(all, " ")
}

func TestWhatAQueryFinds(t *testing.T) {
	for query, want := range map[string]string{
		"":                     "11/ReadOnly 22/ReadOnly 33/Admin 11/Admin",
		"admin":                "33/Admin 11/Admin",
		"pay adm":              "11/Admin",
		"adm pay":              "11/Admin",
		"  payadm ":            "11/Admin",
		"payments":             "11/ReadOnly 11/Admin 22/ReadOnly",
		"22223333444":          "22/ReadOnly",
		"till":                 "22/ReadOnly",
		"team-pay":             "22/ReadOnly",
		"money":                "11/ReadOnly 11/Admin",
		"lake eva":             "33/Admin",
		"ÉVA":                  "",
		"Éva":                  "33/Admin",
		"Data":                 "33/Admin",
		"dATA":                 "",
		"111122223333/Admin":   "11/Admin",
		"payments-prod/ReadOn": "22/ReadOnly",
		"zzz":                  "",
		"admin zzz":            "",
	} {
		m := newModel(Options{Update: Update{Items: few()}, Actions: actions, Query: query})
		if got := listed(m); got != want {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}
}

// The scores kept from earlier queries change no result.
func TestTypingFindsTheSameAsAWholeQuery(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	m := newModel(Options{Update: Update{Items: many(3000)}, Actions: actions})
	for range 300 {
		if random.IntN(4) == 0 {
			m.press(tea.KeyPressMsg{Code: tea.KeyBackspace})
		} else {
			key := []rune("adeimnoprs01-/ DS")[random.IntN(17)]
			m.press(tea.KeyPressMsg{Code: key, Text: string(key)})
		}
		if random.IntN(30) == 0 {
			m.press(tea.KeyPressMsg{Code: 'u', Mod: tea.ModCtrl})
		}
		fresh := *m.index
		fresh.known, fresh.hits, fresh.found, fresh.sums = map[string]scores{}, make([]int32, 3000), nil, make([]int32, 3000)
		fresh.search(m.query)
		if !slices.Equal(fresh.hits, m.hits) {
			t.Fatalf("%q: %d rows, typed %d", m.query, len(fresh.hits), len(m.hits))
		}
		if len(m.known) > maxKnown+10 {
			t.Fatalf("%d terms are kept", len(m.known))
		}
	}
}

func keys(m *model, names ...string) (quits bool) {
	for _, name := range names {
		key := tea.KeyPressMsg{Text: name}
		switch name {
		case "enter":
			key = tea.KeyPressMsg{Code: tea.KeyEnter}
		case "esc":
			key = tea.KeyPressMsg{Code: tea.KeyEscape}
		case "f1":
			key = tea.KeyPressMsg{Code: tea.KeyF1}
		case "down":
			key = tea.KeyPressMsg{Code: tea.KeyDown}
		case "end":
			key = tea.KeyPressMsg{Code: tea.KeyEnd}
		default:
			if letter, ctrl := strings.CutPrefix(name, "ctrl+"); ctrl {
				key = tea.KeyPressMsg{Code: rune(letter[0]), Mod: tea.ModCtrl}
			}
		}
		_, cmd := m.Update(key)
		quits = cmd != nil
	}
	return quits
}

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		keys []string
		want string // account, role and action; empty: none yet; "-": left without
	}{
		{[]string{"enter"}, "11 ReadOnly shell"},
		{[]string{"down", "down", "enter"}, "33 Admin shell"},
		{[]string{"ctrl+n", "ctrl+j", "ctrl+p", "ctrl+k", "ctrl+k", "ctrl+e"}, "11 ReadOnly env"},
		{[]string{"end", "down", "ctrl+y"}, "11 Admin arn"},
		{[]string{"l", "a", "k", "e", "ctrl+o"}, "33 Admin console"},
		{[]string{"z", "enter"}, ""},
		{[]string{"z", "ctrl+h", "enter"}, "11 ReadOnly shell"},
		{[]string{"l", "a", "k", "e", " ", "z", "z", "ctrl+w", "enter"}, "33 Admin shell"},
		{[]string{"z", "z", "ctrl+u", "enter"}, "11 ReadOnly shell"},
		{[]string{"esc"}, "-"},
		{[]string{"ctrl+c"}, "-"},
		{[]string{"f1", "enter"}, ""},
		{[]string{"?", "x", "enter"}, "11 ReadOnly shell"},
		{[]string{"?", "ctrl+c"}, "-"},
		{[]string{"a", "?", "enter"}, ""},
		{[]string{"t", "i", "l", "l", "enter"}, ""},
		{[]string{"t", "i", "l", "l", "enter", "y"}, "22 ReadOnly shell"},
		{[]string{"t", "i", "l", "l", "enter", "enter"}, ""},
		{[]string{"t", "i", "l", "l", "enter", "esc"}, ""},
		{[]string{"t", "i", "l", "l", "enter", "ctrl+c"}, "-"},
		{[]string{"t", "i", "l", "l", "ctrl+y"}, "22 ReadOnly arn"},
	} {
		m := newModel(Options{Update: Update{Items: few()}, Actions: actions})
		quits := keys(m, c.keys...)
		_ = m.View()
		got := ""
		switch {
		case m.choice != nil:
			got = m.choice.ID[:2] + " " + m.choice.Role + " " + m.choice.Action
		case quits:
			got = "-"
		}
		if got != c.want {
			t.Errorf("%v: %q, want %q", c.keys, got, c.want)
		}
	}
}

func TestPastedText(t *testing.T) {
	m := newModel(Options{Update: Update{Items: few()}, Actions: actions})
	for _, c := range []struct{ text, query string }{
		{"pay\r\n", "pay"},
		{"pay\n\nadm\ty\n", "pay adm y"},
		{"a\x1b[2Jb\x00\u202ec\u200b\xff", "a[2Jbc"},
		{"データ é", "データ é"},
		{strings.Repeat("x", 1000), strings.Repeat("x", maxQuery)},
		{"\n\r\t", ""},
	} {
		keys(m, "ctrl+u")
		if _, cmd := m.Update(tea.PasteMsg{Content: c.text}); cmd != nil || m.choice != nil || m.query != c.query {
			t.Errorf("%q pasted gives %q, %v", c.text, m.query, m.choice)
		}
	}
	keys(m, "ctrl+u", "t", "i", "l", "l", "enter")
	if _, cmd := m.Update(tea.PasteMsg{Content: "y"}); cmd != nil || m.choice != nil || m.pending == nil {
		t.Error("a pasted y is a yes")
	}
}

func TestOtherRowsWhileItIsOpen(t *testing.T) {
	m := newModel(Options{Update: Update{Items: few()}, Actions: actions, Query: "pay"})
	keys(m, "down") // 11/Admin
	more := append([]Item{{&Account{ID: "000000000000", Name: "payments-aaa"}, "Admin", false, 9}}, few()...)
	m.Update(prepared{newIndex(more), "half of them"})
	if r := m.selected(); r.ID != "111122223333" || r.Role != "Admin" || m.query != "pay" || m.status != "half of them" ||
		len(m.hits) != 4 {
		t.Errorf("%s/%s, query %q, status %q, %d rows", r.ID, r.Role, m.query, m.status, len(m.hits))
	}
	keys(m, "ctrl+u", "p", "a", "y")
	m.Update(prepared{newIndex(more), ""})
	if r := m.selected(); r.ID != "000000000000" {
		t.Errorf("the best row is not selected: %v", r.Item)
	}
	m.Update(prepared{newIndex(few()[:1]), ""})
	if m.selected() != nil {
		t.Error("there is a row")
	}
	_ = m.View()
	m.Update(prepared{nil, "still"})
	m.Update(prepared{newIndex(more), ""})
	if m.selected() == nil {
		t.Error("there is no row")
	}
}

// The selected row stays where it is on the screen.
func TestRowsDoNotMoveUnderTheFinger(t *testing.T) {
	items := many(1000)
	for i := range items {
		items[i].Frecency = 0
	}
	m := newModel(Options{Update: Update{Items: items[500:]}, Actions: actions})
	m.height = 24
	for range 30 {
		keys(m, "down")
	}
	_ = m.View()
	line, key := m.at-m.top, *m.selected()
	m.Update(prepared{newIndex(items), ""})
	_ = m.View()
	if got := *m.selected(); m.at-m.top != line || got.Account != key.Account || got.Role != key.Role {
		t.Errorf("line %d became %d, %v", line, m.at-m.top, got.Item)
	}
}

// ours matches the sequences that lines are drawn with.
var ours = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// For any names, a screen has its lines, none too wide, with only visible characters and our own colours; each row is
// one item.
func TestEveryScreenHasItsShape(t *testing.T) {
	t.Run("one session", func(t *testing.T) { everyScreen(t, func(string) string { return "" }) })
	t.Run("several sessions", func(t *testing.T) { everyScreen(t, func(name string) string { return name }) })
}

func everyScreen(t *testing.T, session func(name string) string) {
	t.Helper()
	var items []Item
	names := append([]string{
		"データ基盤チーム", "👩‍👩‍👧 family", "🇩🇪 Berlin", "e\u0301\u0302\u0303", "한국어 계정", "👍🏽👍🏽", "\x9b2J",
		"\xff\xfe",
	}, hostile.Names()...)
	for i, name := range names {
		a := &Account{ID: fmt.Sprintf("%012d", i), Name: name, Email: name, Roles: []string{"Admin", name}}
		if i%2 == 0 {
			a.Alias, a.Tags = name, []string{name, "prod"}
		}
		a.Session = session(name)
		items = append(items, Item{Account: a, Role: []string{"Admin", name}[i%5/4], Guarded: i%3 == 0})
	}
	m := newModel(Options{Update: Update{items, "listed\x1b[2J just now"}, Actions: actions})
	for _, size := range [][2]int{
		{80, 24},
		{20, 5},
		{200, 50},
		{44, 8},
		{43, 14},
		{120, 13},
		{10, 3},
		{3, 2},
		{1, 1},
		{0, 0},
	} {
		m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		shape := func(what string) {
			t.Helper()
			lines := strings.Split(m.View().Content, "\n")
			if len(lines) != max(1, size[1]) {
				t.Fatalf("%v, %s: %d lines", size, what, len(lines))
			}
			for _, line := range lines {
				shown := ours.ReplaceAllString(line, "")
				if width(shown) > size[0] || !utf8.ValidString(shown) ||
					strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Fatalf("%v, %s: %d cells: %q", size, what, width(shown), line)
				}
			}
		}
		keys(m, "ctrl+u")
		for m.at < len(m.hits)-1 {
			shape("row")
			if lines := strings.Split(m.View().Content, "\n"); size[0] >= 80 {
				for i, line := range lines[1 : 1+m.listHeight()] {
					id := m.rows[m.hits[m.top+i]].ID
					if strings.Count(ours.ReplaceAllString(line, ""), id) != 1 {
						t.Fatalf("%v: row %d is %q, want account %s", size, i, line, id)
					}
				}
			}
			m.move("pgdown")
		}
		m.add("admin データ")
		shape("query")
		m.add(strings.Repeat("データ", 30))
		shape("long query")
		keys(m, "f1")
		shape("help")
		keys(m, "x", "ctrl+u", "enter")
		if m.pending == nil {
			t.Fatal("it does not ask")
		}
		shape("question")
		keys(m, "n")
	}
}

// Matching characters are marked where they are on the screen.
func TestMatchesAreMarked(t *testing.T) {
	m := newModel(Options{Update: Update{Items: few()}, Actions: actions, Query: "lake adm 3333"})
	var found []string
	for _, part := range regexp.MustCompile(regexp.QuoteMeta(marked)+`([^\x1b]*)`).FindAllStringSubmatch(m.list()[0], -1) {
		found = append(found, part[1])
	}
	if want := []string{"Lake", "3333", "Adm"}; !reflect.DeepEqual(found, want) {
		t.Errorf("marked are %q, want %q in %q", found, want, m.list()[0])
	}
	m = newModel(Options{Update: Update{Items: few()}, Actions: actions, Query: "team"})
	m.width = 60
	if details := m.details(); !strings.Contains(details[3], marked+"team"+plain) {
		t.Errorf("%q", details[3])
	}
}

// Rows of several sessions have their session, which can be searched for, also as in a target. The same account and
// role of two sessions are two rows.
func TestRowsOfSeveralSessions(t *testing.T) {
	var items []Item
	for _, session := range []string{"corp", "two"} {
		a := &Account{Session: session, ID: "111122223333", Name: "payments-dev", Roles: []string{"Admin"}}
		items = append(items, Item{Account: a, Role: "Admin"})
	}
	m := newModel(Options{Update: Update{Items: items}, Actions: actions, Query: "two:pay"})
	if len(m.hits) != 1 || m.selected().Session != "two" {
		t.Fatalf("%q finds %s", m.query, listed(m))
	}
	m.width = 60
	row := m.list()[0]
	var found []string
	for _, part := range regexp.MustCompile(regexp.QuoteMeta(marked)+`([^\x1b]*)`).FindAllStringSubmatch(row, -1) {
		found = append(found, part[1])
	}
	if want := []string{"two", "pay"}; !reflect.DeepEqual(found, want) {
		t.Errorf("marked are %q, want %q in %q", found, want, row)
	}
	if got := ours.ReplaceAllString(row, ""); got != ">  two   payments-dev  111122223333  Admin                  " {
		t.Errorf("the row is %q", got)
	}
	m.width = 30
	if got := ours.ReplaceAllString(m.list()[0], ""); got != ">  two  payments-dev     Admin" {
		t.Errorf("the narrow row is %q", got)
	}
	keys(m, "ctrl+u", "down")
	m.Update(prepared{newIndex(items), ""})
	if m.selected().Session != "two" {
		t.Error("another session's row is selected")
	}
	keys(m, "enter")
	if m.choice.Session != "two" {
		t.Errorf("chosen is that of %q", m.choice.Session)
	}
}

func TestNothingToShow(t *testing.T) {
	for status, want := range map[string]string{"": "nothing to choose from", "listing\x1b": `listing\u001b`} {
		m := newModel(Options{Actions: actions, Update: Update{Status: status}})
		if got := m.View().Content; !strings.Contains(got, want) || keys(m, "enter", "down", "end") {
			t.Errorf("%q: %q", status, got)
		}
	}
}
