package profiles

import (
	"strings"

	"rolecall/internal/awsconfig"
)

// marker begins the comment line directly above a header that makes a section ours. The session comes last, since its
// name may have blanks.
const marker = "# rolecall-managed: "

func (a Anchor) marker() string { return marker + a.AccountID + " " + a.Role + " " + a.Session }

// anchorOf reads the line above a section's header. [default] is never ours: a person who renames one of our profiles
// to it wants to keep it.
func anchorOf(d *awsconfig.Document, s awsconfig.Section) (a Anchor, start int, ok bool) {
	start, end := d.Above(s.Head)
	text, ok := strings.CutPrefix(d.Text(start, end), marker)
	if !ok {
		return a, start, false
	}
	parts := strings.SplitN(strings.TrimRight(text, " \t\r\n"), " ", 3)
	if len(parts) != 3 {
		return a, start, false
	}
	a = Anchor{parts[2], parts[0], parts[1]}
	kind, name := s.Named()
	word := strings.TrimPrefix(s.Header, "profile")
	// botocore takes [profilex y], too
	return a, start, a.check() == nil && kind == "profile" && name != "default" && (word[0] == ' ' || word[0] == '\t')
}

// A managed section is one of ours as it is in the file.
type managed struct {
	awsconfig.Section
	Anchor
	name    string
	start   int              // of the blank line above the marker, which is ours, or else of the marker
	own     []awsconfig.Line // lines of our keys
	end     int              // after the last line that belongs to the section
	indent  string           // of the first property
	foreign bool             // a person has added lines
	damaged bool             // a person's line continues a value of ours

	// stranger means that its content does not belong to its anchor. The marker above it was left by another section, or
	// the person has made it a profile of their own.
	stranger bool
	row      int // of the plan
	fate     fate
}

// read returns the sections of a session that are ours, in the order of the file.
func read(d *awsconfig.Document, session string) []managed {
	var all []managed
	for _, s := range d.Sections() {
		a, start, ok := anchorOf(d, s)
		if !ok || a.Session != session {
			continue
		}
		m := managed{Section: s, Anchor: a, start: start}
		_, m.name = s.Named()
		if above, end := d.Above(start); above < end && strings.Trim(d.Text(above, end), "\r\n") == "" {
			m.start = above
		}
		m.readLines(d)
		m.stranger = !m.isOf(a)
		all = append(all, m)
	}
	return all
}

// isOf reports whether the section's own keys lead to its anchor, in either form.
func (m *managed) isOf(a Anchor) bool {
	said := map[string]string{}
	for _, l := range m.own {
		said[l.Key] = l.Value
	}
	if session, account, role, ours := awsconfig.OwnProcess(said["credential_process"]); ours {
		return Anchor{session, account, role} == a
	}
	return said["credential_process"] == "" &&
		Anchor{said["sso_session"], said["sso_account_id"], said["sso_role_name"]} == a
}

func (m *managed) readLines(d *awsconfig.Document) {
	lines := d.Lines(m.Section)
	last := -1 // the last line that is no comment
	for i, l := range lines {
		if !l.Blank() && !l.Comment {
			last = i
		}
	}
	m.end = m.Body
	first, ours := true, false // ours: the property above is
	for i, l := range lines[:last+1] {
		switch {
		case l.Continues:
			m.foreign, m.damaged = true, m.damaged || ours
		case l.Blank():
		case l.Comment:
			m.foreign = true
		default:
			if first {
				m.indent, first = l.Indent, false
			}
			if ours = isOwnKey(l.Key); ours {
				m.own = append(m.own, l)
			} else {
				m.foreign = true
			}
		}
		m.end = lines[i].End
	}
	// A comment right below belongs to the section, unless it is right above the next header.
	i := last + 1
	for i < len(lines) && lines[i].Comment {
		i++
	}
	if i > last+1 && (i < len(lines) || m.End == len(d.Bytes())) {
		m.foreign, m.end = true, lines[i-1].End
	}
}

// remove removes our lines of the section.
func (m managed) remove(e *awsconfig.Edit) {
	e.Remove(m.start, m.Body)
	for _, l := range m.own {
		e.Remove(l.Start, l.End)
	}
}

// update edits our lines to have these keys, and returns the keys that change. A weak region, and without a value in
// keys output and a services section not named after the session are the person's own.
func (m managed) update(e *awsconfig.Edit, keys []pair) (changed []string) {
	missing := map[string]bool{}
	want := map[string]pair{}
	for _, p := range keys {
		want[p.key], missing[p.key] = p, true
	}
	at, indent := m.Body, m.indent
	for _, l := range m.own {
		value, wanted := want[l.Key]
		switch {
		case value.weak && l.Value != "":
		case !wanted && (l.Key == "region" || l.Key == "output" || l.Key == "services" && l.Value != m.Session):
		case !wanted || !missing[l.Key]: // of the other form, or a duplicate
			e.Remove(l.Start, l.End)
			changed = append(changed, l.Key)
		case l.Value != value.value:
			e.SetText(l, l.Key+" = "+value.value)
			changed = append(changed, l.Key)
		}
		delete(missing, l.Key)
		at, indent = l.End, l.Indent
	}
	var lines []string
	for _, p := range keys {
		if missing[p.key] {
			lines = append(lines, indent+p.key+" = "+p.value)
			changed = append(changed, p.key)
		}
	}
	if len(lines) > 0 {
		e.InsertLines(at, lines...)
	}
	return changed
}

// Generated reports whether a line could be from a generated section, or is blank or a header: it holds no secret.
func Generated(line string) bool {
	line = strings.TrimSpace(line)
	key, value, _ := strings.Cut(line, "=")
	_, _, _, ours := awsconfig.OwnProcess(value)
	key = strings.TrimSpace(key)
	return line == "" || line[0] == '[' || strings.HasPrefix(line, marker) || ours ||
		isOwnKey(key) && key != "credential_process"
}
