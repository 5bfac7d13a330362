package awsconfig

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// A Line is one line of a section, with its place in Bytes.
type Line struct {
	Number     int // from 1
	Start, End int // End is after the line break
	Text       string
	Indent     string
	Key, Value string // of a property, as far as this line has it; Key in lower case
	Comment    bool
	Continues  bool // it belongs to the property above it
}

// Blank reports whether the line has no text at all.
func (l Line) Blank() bool { return l.Text == "" }

// Sections lists the sections in the order of the file, without [DEFAULT].
func (d *Document) Sections() []Section { return d.sections }

// Named returns the kind of a section (profile, sso-session or services) and its name. Both are empty for any other
// kind.
func (s Section) Named() (kind, name string) {
	for _, kind := range []string{kindProfile, kindSession, kindServices} {
		if name, ok := headerName(s.Header, kind); ok {
			return kind, name
		}
	}
	return "", ""
}

// Lines returns the lines below a section's header.
func (d *Document) Lines(s Section) []Line {
	var lines []Line
	r := d.lines(s.Body, s.End)
	r.number = s.Line
	for r.next() {
		whole := r.data[r.start:r.offset]
		l := Line{Number: r.number, Start: r.start, End: r.offset, Comment: r.comment, Continues: r.continues}
		text := trimBlanks(whole)
		if l.Text = string(text); len(text) > 0 {
			l.Indent = string(indentOf(whole))
		}
		if len(r.text) > 0 && !r.continues {
			p := parseProperty(r.text, r.number)
			l.Key, l.Value = p.key, p.value
		}
		lines = append(lines, l)
	}
	return lines
}

// Above returns the whole line before the one that begins at offset; both ends are equal at the beginning of the
// file.
func (d *Document) Above(offset int) (start, end int) {
	start = offset
	if start > d.body && d.data[start-1] == '\n' {
		start--
	}
	if start > d.body && d.data[start-1] == '\r' {
		start--
	}
	start = max(d.body, bytes.LastIndexAny(d.data[:start], "\r\n")+1)
	return start, offset
}

// Text returns a piece of the file.
func (d *Document) Text(start, end int) string { return string(d.data[start:end]) }

// An Edit collects changes to a document, which Bytes applies at once. A document whose last line has no line break
// is edited as if it had one, which is removed afterwards.
type Edit struct {
	document *Document
	data     []byte // of the document, ending in a line break
	eol      string
	parts    []part
	err      error
}

// A part is new text for a range of the old one.
type part struct {
	start, end int
	text       string
}

// Edit begins to change the document.
func (d *Document) Edit() *Edit {
	e := &Edit{document: d, data: d.data, eol: lineBreak(d.data)}
	if e.unfinished() {
		e.data = append(bytes.Clone(d.data), e.eol...)
	}
	return e
}

// lineBreak returns the line break that most lines have. Where a lone carriage return ends a line, a line feed after
// it would be part of the same line break: so no insertion may begin with one.
func lineBreak(data []byte) string {
	both, feeds := bytes.Count(data, []byte("\r\n")), bytes.Count(data, []byte("\n"))
	if bytes.Count(data, []byte("\r")) > both || both > feeds-both {
		return "\r\n"
	}
	return "\n"
}

// unfinished reports whether the file's last line has no line break.
func (e *Edit) unfinished() bool {
	text := e.document.data[e.document.body:]
	return len(text) > 0 && text[len(text)-1] != '\n' && text[len(text)-1] != '\r'
}

// border maps an offset between two lines: the end of the file is after the line break that the file may lack.
func (e *Edit) border(offset int) int {
	if offset == len(e.document.data) {
		return len(e.data)
	}
	return offset
}

// AddSection inserts a blank line and lines, such as a header and properties, at an
// offset between two lines. The blank line is left out in an empty file.
func (e *Edit) AddSection(offset int, lines ...string) {
	if len(e.document.data) > e.document.body || len(e.parts) > 0 {
		lines = slices.Insert(lines, 0, "")
	}
	e.InsertLines(offset, lines...)
}

// InsertLines inserts lines at an offset between two lines.
func (e *Edit) InsertLines(offset int, lines ...string) {
	for _, line := range lines {
		e.check(line)
	}
	e.parts = append(e.parts, part{e.border(offset), e.border(offset), strings.Join(lines, e.eol) + e.eol})
}

// Remove removes whole lines.
func (e *Edit) Remove(start, end int) {
	e.parts = append(e.parts, part{start, e.border(end), ""})
}

// SetText replaces the text of a line, and keeps its indent and line break.
func (e *Edit) SetText(l Line, text string) {
	e.check(text)
	start := l.Start + len(l.Indent)
	e.parts = append(e.parts, part{start, start + len(l.Text), text})
}

// Rename replaces the header of a section.
func (e *Edit) Rename(s Section, header string) {
	e.check(header)
	start := bytes.IndexByte(e.data[s.Head:], '[') + s.Head + 1
	e.parts = append(e.parts, part{start, start + len(s.Header), header})
}

// check rejects text that would end a line, or control a terminal. Tabs may indent it.
func (e *Edit) check(text string) {
	for _, r := range strings.TrimLeft(text, " \t") {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			e.err = errors.Join(e.err, fmt.Errorf("%q has a control character: it cannot be in %s", text, e.document.path))
			return
		}
	}
}

// Bytes returns the file with all changes.
func (e *Edit) Bytes() ([]byte, error) {
	if e.err != nil {
		return nil, e.err
	}
	size := len(e.data)
	slices.SortStableFunc(e.parts,
		func(a, b part) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	for _, p := range e.parts {
		size += len(p.text)
	}
	out := make([]byte, 0, size)
	at := 0
	for _, p := range e.parts {
		if p.start < at {
			return nil, fmt.Errorf("%s: two changes to the same line", e.document.path)
		}
		out = append(append(out, e.data[at:p.start]...), p.text...)
		at = p.end
	}
	out = append(out, e.data[at:]...)
	if !e.unfinished() {
		return out, nil
	}
	without := bytes.TrimSuffix(out[e.document.body:], []byte("\n"))
	without = bytes.TrimSuffix(without, []byte("\r"))
	return out[:e.document.body+len(without)], nil
}

// SameBut reports whether both documents have the same sections with the same content and order, apart from those
// that except names.
func (d *Document) SameBut(other *Document, except func(d *Document, s Section) bool) bool {
	left := func(d *Document) []Section {
		return slices.DeleteFunc(slices.Concat(d.defaults, d.sections), func(s Section) bool { return except(d, s) })
	}
	return slices.EqualFunc(left(d), left(other), func(a, b Section) bool {
		if a.Header != b.Header {
			return false
		}
		if a.End-a.Body == b.End-b.Body && bytes.Equal(d.data[a.Body:a.End], other.data[b.Body:b.End]) {
			return true
		}
		return slices.EqualFunc(d.allProperties(a), other.allProperties(b), func(a, b property) bool {
			return a.key == b.key && a.value == b.value && a.bare == b.bare
		})
	})
}
