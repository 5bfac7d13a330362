package picker

import (
	"fmt"
	"strings"

	"rolecall/internal/terminal"
)

func (m *model) question() string {
	return fmt.Sprintf("guarded: y to continue with %s, any other key to go back", m.pending.label())
}

// label returns an account's name: the person's, else AWS's.
func (a *Account) label() string {
	for _, name := range []string{a.Alias, a.Name} {
		if name != "" {
			return terminal.Show(name)
		}
	}
	return terminal.Show(a.ID)
}

// keys returns the line that explains Enter and the other keys.
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
		{"type", "parts of name, id, role, e-mail or tags; a capital letter makes it case-sensitive"},
		{"↑ ↓ ^P ^N", "one row; ^K ^J, too"},
		{"PgUp PgDn", "one page; Home and End"},
		{"^U ^W", "clear the query; its last word"},
		{"Esc ^C", "leave without picking"},
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
