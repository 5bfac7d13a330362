package settings

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/pelletier/go-toml/v2"
)

// Additions are settings from elsewhere. What the file says already counts more.
type Additions struct {
	DefaultSession, Region string
	Template               string // of [profiles]
	Accounts               []Account
	Consoles               []Console
}

// Empty reports whether there is nothing to add.
func (a Additions) Empty() bool { return reflect.ValueOf(a).IsZero() }

// A Merged file is config.toml with additions.
type Merged struct {
	Data  []byte // nil: nothing is new
	Added Additions
	Kept  []Kept
}

// Kept is an addition that the file does not get, for a reason.
type Kept struct{ What, Reason string }

// Add adds to a file what it does not have yet: keys, and entries at its end. No line of it changes. before is what the
// file and the machine's defaults say together.
func Add(file string, data []byte, before Settings, more Additions) (Merged, error) {
	var own Settings
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&own); err != nil {
		return Merged{}, decodeError(file, err)
	}
	if err := own.check(file); err != nil {
		return Merged{}, err
	}
	m := merger{before: before, own: own, text: newText(data)}
	m.keys(more)
	for _, a := range more.Accounts {
		m.account(a)
	}
	for _, c := range more.Consoles {
		m.console(c)
	}
	if m.Added.Empty() {
		return m.Merged, nil
	}
	m.Data = m.text.bytes()
	return m.Merged, m.prove(file)
}

// A merger makes one Merged file.
type merger struct {
	Merged
	before, own Settings
	text        *text
}

func (m *merger) keep(what, format string, args ...any) {
	m.Kept = append(m.Kept, Kept{what, fmt.Sprintf(format, args...)})
}

func (m *merger) keys(more Additions) {
	top := func(key, value, was string, to *string) {
		switch {
		case value == "" || value == was:
		case was != "":
			m.keep(key+" = "+quoted(value), "config.toml already has %s", quoted(was))
		default:
			m.text.top(key + " = " + quoted(value))
			*to = value
		}
	}
	top("default_session", more.DefaultSession, m.before.DefaultSession, &m.Added.DefaultSession)
	top("region", more.Region, m.before.Region, &m.Added.Region)
	was := m.before.Profiles.Template
	switch {
	case more.Template == "" || more.Template == was:
	case was != "":
		m.keep("template = "+quoted(more.Template), "config.toml already has a template")
	case !m.text.below("[profiles]", "template = "+quoted(more.Template)) &&
		!reflect.ValueOf(m.own.Profiles).IsZero():
		m.keep("template = "+quoted(more.Template), "write it into [profiles] of config.toml yourself")
	default:
		if reflect.ValueOf(m.own.Profiles).IsZero() && !m.text.has("[profiles]") {
			m.text.entry("[profiles]", "template = "+quoted(more.Template))
		}
		m.Added.Template = more.Template
	}
}

// account adds what no entry says about one account yet. Tags of several entries add up.
func (m *merger) account(a Account) {
	all := slices.Concat(m.before.Accounts, m.Added.Accounts)
	for _, has := range all {
		if has.Match == a.Match && has.Tag == a.Tag {
			a.Tags = slices.DeleteFunc(slices.Clone(a.Tags), func(t string) bool { return slices.Contains(has.Tags, t) })
			m.said(&a.Alias, has.Alias, "alias", a.Match)
			m.said(&a.Region, has.Region, "region", a.Match)
		} else if a.Alias != "" && has.Alias == a.Alias {
			m.keep("alias "+a.Alias+" of "+a.Match, "%s already has it", has.Match)
			a.Alias = ""
		}
	}
	lines := []string{"[[account]]", "match = " + quoted(a.Match)}
	if a.Alias != "" {
		lines = append(lines, "alias = "+quoted(a.Alias))
	}
	if len(a.Tags) > 0 {
		var tags []string
		for _, t := range a.Tags {
			tags = append(tags, quoted(t))
		}
		lines = append(lines, "tags = ["+strings.Join(tags, ", ")+"]")
	}
	if a.Region != "" {
		lines = append(lines, "region = "+quoted(a.Region))
	}
	if len(lines) > 2 {
		m.text.entry(lines...)
		m.Added.Accounts = append(m.Added.Accounts, a)
	}
}

// said empties a value that an entry has already, or has another one of.
func (m *merger) said(value *string, has, key, match string) {
	if *value != "" && has != "" {
		if *value != has {
			m.keep(key+" "+*value+" of "+match, "config.toml already has %s", has)
		}
		*value = ""
	}
}

// console adds an entry, unless it would count before one that is there: of several that match, the last counts.
func (m *merger) console(c Console) {
	what := "console " + strings.TrimSpace(c.Match+" "+c.Role+" "+c.Browser+" "+c.Color)
	general := c.Match == "" && c.Tag == "" && c.Role == ""
	if slices.Contains(m.before.Consoles, c) || slices.Contains(m.Added.Consoles, c) {
		return
	}
	for _, has := range m.before.Consoles {
		if general || has.Match == c.Match && has.Tag == c.Tag && has.Role == c.Role {
			m.keep(what, "[[console]] in config.toml already chooses the browser")
			return
		}
	}
	lines := []string{"[[console]]"}
	for _, p := range [][2]string{
		{"match", c.Match},
		{"tag", c.Tag},
		{"role", c.Role},
		{"browser", c.Browser},
		{"profile", c.Profile},
		{"container", c.Container},
		{"color", c.Color},
		{"icon", c.Icon},
	} {
		if p[1] != "" {
			lines = append(lines, p[0]+" = "+quoted(p[1]))
		}
	}
	m.text.entry(lines...)
	m.Added.Consoles = append(m.Added.Consoles, c)
}

// prove returns an error unless the new file says the same as the old one, and the additions.
func (m *merger) prove(file string) error {
	var now Settings
	if err := toml.NewDecoder(bytes.NewReader(m.Data)).DisallowUnknownFields().Decode(&now); err != nil {
		return fmt.Errorf("the new %w", decodeError(file, err))
	}
	if err := now.check(file); err != nil {
		return fmt.Errorf("the new %w", err)
	}
	want := m.own
	set := func(to *string, value string) {
		if value != "" {
			*to = value
		}
	}
	set(&want.DefaultSession, m.Added.DefaultSession)
	set(&want.Region, m.Added.Region)
	set(&want.Profiles.Template, m.Added.Template)
	for _, a := range m.Added.Accounts {
		if len(a.Tags) == 0 {
			a.Tags = nil
		}
		want.Accounts = append(want.Accounts, a)
	}
	want.Consoles = append(want.Consoles, m.Added.Consoles...)
	if !reflect.DeepEqual(now, want) {
		return errors.New(file + " cannot be added to without changing what it says")
	}
	return nil
}

// quoted writes a TOML string.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case unicode.IsControl(r) || !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// text is a TOML file that gets more lines.
type text struct {
	lines []string // with their line breaks
	eol   string
	tops  []string
	ends  [][]string
}

func newText(data []byte) *text {
	t := &text{lines: slices.Collect(strings.Lines(string(data))), eol: "\n"}
	if bytes.Contains(data, []byte("\r\n")) {
		t.eol = "\r\n"
	}
	if n := len(t.lines); n > 0 && !strings.HasSuffix(t.lines[n-1], "\n") {
		t.lines[n-1] += t.eol
	}
	return t
}

// top adds a line above the first table.
func (t *text) top(line string) { t.tops = append(t.tops, line+t.eol) }

func (t *text) entry(lines ...string) { t.ends = append(t.ends, lines) }

func (t *text) find(header string) int {
	return slices.IndexFunc(t.lines, func(line string) bool {
		line, _, _ = strings.Cut(line, "#")
		return strings.Join(strings.Fields(line), "") == header
	})
}

func (t *text) has(header string) bool { return t.find(header) >= 0 }

// below adds a line below a header, if that is there.
func (t *text) below(header, line string) bool {
	i := t.find(header)
	if i >= 0 {
		t.lines = slices.Insert(t.lines, i+1, line+t.eol)
	}
	return i >= 0
}

func (t *text) bytes() []byte {
	first := slices.IndexFunc(t.lines, func(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), "[") })
	if first < 0 {
		first = len(t.lines)
	}
	for first > 0 && first < len(t.lines) && strings.HasPrefix(strings.TrimSpace(t.lines[first-1]), "#") {
		first-- // comments above a table are about it
	}
	tops := t.tops
	if len(tops) > 0 && first < len(t.lines) {
		tops = append(slices.Clone(tops), t.eol)
	}
	all := slices.Concat(t.lines[:first], tops, t.lines[first:])
	for _, e := range t.ends {
		if len(all) > 0 && strings.TrimSpace(all[len(all)-1]) != "" {
			all = append(all, t.eol)
		}
		all = append(all, strings.Join(e, t.eol)+t.eol)
	}
	return []byte(strings.Join(all, ""))
}
