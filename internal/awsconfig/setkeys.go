package awsconfig

import (
	"errors"
	"fmt"
	"strings"
)

// A Key is a key of a section with its value, or with a block of one level below it. With neither, the key is to be
// removed.
type Key struct {
	Name, Value string
	Block       []Key
	// Was is another key whose line this one takes over, if it has no line of its own.
	Was string
}

// A Change is keys to set in the section of a kind (profile, sso-session or services) and name.
type Change struct {
	Kind, Name string
	Keys       []Key
}

// lines returns the key as written in a file.
func (k Key) lines(indent string) []string {
	if len(k.Block) == 0 {
		return []string{indent + k.Name + " = " + k.Value}
	}
	lines := []string{indent + k.Name + " ="}
	for _, inner := range k.Block {
		lines = append(lines, indent+"  "+inner.Name+" = "+inner.Value)
	}
	return lines
}

// SetKeys returns the file with these keys in the section of that kind (profile, sso-session or services) and name; a
// missing section is added at the end. Everything else stays as it is. It returns an error for a name or value that
// cannot be in the file, and where the keys would change other sections.
func (d *Document) SetKeys(kind, name string, keys []Key) ([]byte, error) {
	return d.SetSections([]Change{{kind, name, keys}})
}

// SetSections is SetKeys for several sections at once, each of them named once.
func (d *Document) SetSections(changes []Change) ([]byte, error) {
	e, found := d.Edit(), map[sectionName][]Section{}
	for _, s := range d.sections {
		kind, name := s.Named()
		found[sectionName{nil, kind, name}] = append(found[sectionName{nil, kind, name}], s)
	}
	wanted := map[sectionName]bool{}
	for _, c := range changes {
		header, err := c.check()
		if err != nil {
			return nil, err
		}
		n := sectionName{nil, c.Kind, c.Name}
		wanted[n] = true
		if there := found[n]; len(there) > 1 {
			return nil, d.fail(there[1].Line, "[%s] appears twice", header)
		} else if len(there) == 1 {
			e.setKeys(there[0], c.Keys)
		}
	}
	for _, c := range changes { // below the lines that were added to the last section
		if header, _ := headerOf(c.Kind, c.Name); len(found[sectionName{nil, c.Kind, c.Name}]) == 0 {
			e.addKeys(header, c.Keys)
		}
	}
	ours := func(_ *Document, s Section) bool {
		kind, name := s.Named()
		return wanted[sectionName{nil, kind, name}]
	}
	data, err := e.Bytes()
	if err != nil {
		return nil, err
	}
	after, err := Parse(d.path, data)
	if err != nil {
		return nil, err
	}
	if err := d.checkChanges(after, changes, ours); err != nil {
		return nil, err
	}
	return data, nil
}

func (c Change) check() (header string, err error) {
	if header, err = headerOf(c.Kind, c.Name); err != nil {
		return "", err
	}
	for _, k := range c.Keys {
		if err := k.check(); err != nil {
			return "", err
		}
	}
	return header, nil
}

// checkChanges returns an error unless the document has these changes, and no other.
func (d *Document) checkChanges(after *Document, changes []Change, ours func(*Document, Section) bool) error {
	same, now := d.SameBut(after, ours), Of(after, &Document{}).Indexed()
	for _, c := range changes {
		if header, _ := headerOf(c.Kind, c.Name); !same || !now.has(c) {
			return d.fail(0, "[%s] cannot be written without changing other sections: "+
				"correct the indented lines around it", header)
		}
	}
	return nil
}

func (e *Edit) addKeys(header string, keys []Key) {
	lines := []string{"[" + header + "]"}
	for _, k := range keys {
		if k.Value != "" || len(k.Block) > 0 {
			lines = append(lines, k.lines("")...)
		}
	}
	e.AddSection(len(e.document.data), lines...)
}

// setKeys changes the lines of these keys, and adds missing ones below the last property with its indent: with
// another, a key could belong to the line above, or the next line to the key.
func (e *Edit) setKeys(s Section, keys []Key) {
	lines := e.document.Lines(s)
	end, indent := s.Body, ""
	for _, l := range lines {
		if !l.Blank() && !l.Comment {
			end = l.End
		}
		if l.Key != "" {
			indent = l.Indent
		}
	}
	var added []string
	for _, k := range keys {
		if !e.setKey(lines, k) && (k.Value != "" || len(k.Block) > 0) {
			added = append(added, k.lines(indent)...)
		}
	}
	if len(added) > 0 {
		e.InsertLines(end, added...)
	}
}

// setKey changes the lines of a key, and reports whether there are any.
func (e *Edit) setKey(lines []Line, k Key) (found bool) {
	for i, l := range lines {
		if l.Key == "" || l.Key != strings.ToLower(k.Name) && l.Key != k.Was {
			continue
		}
		value := []Line{l} // with the lines that continue it
		for _, next := range lines[i+1:] {
			if next.Key != "" {
				break
			}
			if next.Continues {
				value = append(value, next)
			}
		}
		rest := value[1:]
		switch {
		case found || k.Value == "" && len(k.Block) == 0:
			rest = value
		case len(k.Block) > 0:
			e.setBlock(value, k)
			rest = nil
		default:
			e.SetText(l, k.Name+" = "+k.Value)
		}
		for _, r := range rest {
			e.Remove(r.Start, r.End)
		}
		found = true
	}
	return found
}

// setBlock changes nested lines of a value, and adds missing ones.
func (e *Edit) setBlock(lines []Line, k Key) {
	if lines[0].Value != "" {
		e.SetText(lines[0], k.Name+" =")
	}
	indent := lines[0].Indent + "  "
	if len(lines) > 1 {
		indent = lines[len(lines)-1].Indent
	}
	var added []string
	for _, inner := range k.Block {
		there := false
		for _, l := range lines[1:] {
			if name, _, ok := strings.Cut(l.Text, "="); ok && strings.TrimSpace(name) == inner.Name {
				e.SetText(l, inner.Name+" = "+inner.Value)
				there = true
			}
		}
		if !there {
			added = append(added, indent+inner.Name+" = "+inner.Value)
		}
	}
	if len(added) > 0 {
		e.InsertLines(lines[len(lines)-1].End, added...)
	}
}

// has reports whether the section has these keys with these values.
func (c *Config) has(want Change) bool {
	v := c.find(want.Kind, want.Name)
	if v == nil {
		return false
	}
	for _, k := range want.Keys {
		p := v.entries[strings.ToLower(k.Name)].property
		if len(k.Block) == 0 && p.value != k.Value {
			return false
		}
		for _, inner := range k.Block {
			said := ""
			for _, n := range p.nested {
				if n.key == inner.Name {
					said = n.value
				}
			}
			if said != inner.Value {
				return false
			}
		}
	}
	return true
}

func headerOf(kind, name string) (string, error) {
	switch {
	case kind != kindProfile && kind != kindSession && kind != kindServices:
		return "", fmt.Errorf("%q is not a kind of section", kind)
	case name == "" || strings.ContainsAny(name, "[]\"'\\#;") || strings.TrimFunc(name, isBlank) != name:
		return "", fmt.Errorf("%q cannot be the name of a section", name)
	case kind == kindProfile && name == "default":
		return name, nil
	case strings.ContainsAny(name, " \t"):
		return kind + ` "` + name + `"`, nil
	}
	return kind + " " + name, nil
}

// check rejects keys that tools read differently, or not as intended.
func (k Key) check() error {
	switch {
	case strings.Trim(k.Name, keyCharacters) != "" || k.Name == "":
		return fmt.Errorf("%q cannot be a key", k.Name)
	case k.Value != "" && len(k.Block) > 0:
		return errors.New(k.Name + " has a value and a block")
	case isAmbiguous(k.Value):
		return fmt.Errorf("%s: the AWS CLI and SDKs read the value %q differently", k.Name, k.Value)
	}
	for _, inner := range k.Block {
		if inner.Value == "" || len(inner.Block) > 0 {
			return fmt.Errorf("%s: %q is not a value for a block", k.Name, inner.Name)
		}
		if err := inner.check(); err != nil {
			return err
		}
	}
	return nil
}

const keyCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

// isAmbiguous reports whether some tools take quotes, blanks or a comment for part of the value, and others do not.
func isAmbiguous(value string) bool {
	n := len(value)
	quoted := n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0]
	comment := strings.Contains(" "+strings.NewReplacer("\t", " ", ";", "#").Replace(value), " #")
	return quoted || comment || strings.TrimFunc(value, isBlank) != value
}
