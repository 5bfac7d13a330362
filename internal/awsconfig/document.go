// Package awsconfig reads the shared config and credentials files of the AWS CLI and SDKs as botocore does, and files
// that botocore refuses but other SDKs read as the Go SDK does. It keeps the bytes of a file, line by line, so that
// an edit loses none. It writes nothing and prints nothing.
package awsconfig

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a file: far above 20,000 generated profiles, far below what would slow a command down.
const (
	MaxFile     = 32 << 20 // of config and credentials
	maxLine     = 64 << 10
	maxSections = 100_000
)

// A Document is one file: its bytes, and where its sections are.
type Document struct {
	path     string
	data     []byte // with the byte order mark
	text     string // data again: headers are parts of it
	body     int    // where the text begins, after the mark
	sections []Section
	defaults []Section // [DEFAULT], whose keys configparser adds to every section
	problems []Problem // found while parsing, for the report

	credentials bool // it is read as the credentials file: for the remedies in errors
}

// A Section is a header and the lines up to the next one. Offsets are into Bytes.
type Section struct {
	Header string // the text between the brackets, blanks and all
	Line   int    // of the header, from 1
	Head   int    // where the header's line begins
	Body   int    // where the lines below it begin
	End    int    // where the next header's line begins, or the file ends
}

// A property is a key with its value as botocore returns it.
type property struct {
	key    string // lower case
	value  string
	line   int
	nested []property // of a value that begins on the next line
	bare   bool       // a line that is not KEY = VALUE: the Go SDK skips it
}

var utf8Mark = []byte("\xef\xbb\xbf")

// Path is where the document was read from.
func (d *Document) Path() string { return d.path }

// Parse finds the sections of data, which was read from path. A line outside any section, or beyond a bound, is an
// *Error.
func Parse(path string, data []byte) (*Document, error) { return parse(path, data, false) }

func parse(path string, data []byte, credentials bool) (*Document, error) {
	d := &Document{path: path, data: data, credentials: credentials}
	if len(data) > MaxFile {
		return nil, d.fail(0, "the file is larger than %d bytes", MaxFile)
	}
	if err := d.checkEncoding(); err != nil {
		return nil, err
	}
	return d, d.findSections()
}

// Bytes returns the file as it was read.
func (d *Document) Bytes() []byte { return d.data }

func (d *Document) fail(line int, format string, args ...any) *Error {
	e := invalid(format, args...)
	e.Origin = Origin{d.path, line}
	return e
}

// A lineReader iterates over the lines of a text as Python's configparser sees them.
type lineReader struct {
	data   []byte
	offset int
	number int
	// of the current line:
	start     int
	text      []byte // without blanks around it
	comment   bool
	continues bool // it belongs to the option above it
	// state of configparser:
	level  int
	option bool

	newline int // the first one from offset on, or the end of the text
}

// lines reads from one offset to another one.
func (d *Document) lines(from, to int) *lineReader {
	return &lineReader{data: d.data[:to], offset: from, newline: from - 1}
}

// next goes to the next line; it returns false at the end. Blank lines and comments have an empty text.
func (r *lineReader) next() bool {
	if r.offset >= len(r.data) {
		return false
	}
	r.start = r.offset
	line := r.line()
	r.offset += len(line)
	r.number++
	r.text, r.comment, r.continues = trimBlanks(line), false, false
	if len(r.text) == 0 {
		return true
	}
	if r.text[0] == '#' || r.text[0] == ';' {
		r.text, r.comment = nil, true
		return true
	}
	indent := utf8.RuneCount(indentOf(line))
	if r.option && indent > r.level {
		r.continues = true
		return true
	}
	r.level = indent
	r.option = !isHeader(r.text)
	return true
}

// line returns the bytes up to and including the next line break. Python's text mode ends a line at a lone carriage
// return, too.
func (r *lineReader) line() []byte {
	if r.newline < r.offset {
		r.newline = len(r.data)
		if i := bytes.IndexByte(r.data[r.offset:], '\n'); i >= 0 {
			r.newline = r.offset + i
		}
	}
	line := r.data[r.offset:min(r.newline+1, len(r.data))]
	if i := bytes.IndexByte(line, '\r'); i >= 0 && !bytes.HasPrefix(line[i:], []byte("\r\n")) {
		return line[:i+1]
	}
	return line
}

// indentOf returns the blanks that a line begins with.
func indentOf(line []byte) []byte {
	if isPlain(line[0]) {
		return nil
	}
	return line[:len(line)-len(bytes.TrimLeftFunc(line, isBlank))]
}

func isHeader(text []byte) bool { return text[0] == '[' && bytes.LastIndexByte(text, ']') > 1 }

func (d *Document) findSections() error {
	d.text = string(d.data)
	d.sections = make([]Section, 0, min(bytes.Count(d.data, []byte("[")), maxSections))
	r := d.lines(d.body, len(d.data))
	var last *Section
	for r.next() {
		if len(r.text) > maxLine {
			return d.fail(r.number, "the line is longer than %d bytes", maxLine)
		}
		if len(r.text) == 0 || r.continues {
			continue
		}
		if !isHeader(r.text) {
			if err := d.refuse(r, last == nil); err != nil {
				return err
			}
			continue
		}
		if last != nil {
			last.End = r.start
		}
		if len(d.sections)+len(d.defaults) == maxSections {
			return d.fail(r.number, "more than %d sections", maxSections)
		}
		opened := r.start + len(indentOf(d.data[r.start:r.offset])) + 1
		header := d.text[opened:][:bytes.LastIndexByte(r.text, ']')-1]
		list := &d.sections
		if header == "DEFAULT" {
			list = &d.defaults
		}
		*list = append(*list, Section{header, r.number, r.start, r.offset, len(d.data)})
		last = &(*list)[len(*list)-1]
	}
	return nil
}

// refuse rejects a line that would change the meaning of those below it.
func (d *Document) refuse(r *lineReader, first bool) error {
	var e *Error
	switch header := r.text[0] == '[' && !bytes.ContainsAny(r.text, "=:"); {
	case header && bytes.Equal(r.text, []byte("[]")):
		e = d.fail(r.number, "[] is a section without a name")
		e.Remedy = headerRemedy(reading{kindProfile, ""}, d.credentials)
	case header:
		e = d.fail(r.number, "%q is a section without its ]", cut(string(r.text)))
		meant, _ := meantBy(string(r.text), d.credentials)
		e.Remedy = headerRemedy(meant, d.credentials)
	case first:
		e = d.fail(r.number, "a line before the first [section]")
		e.Remedy = "write [default] or another section header above it"
		if meant := d.headless(string(r.text)); meant.kind != "" {
			e.Remedy = headerRemedy(meant, d.credentials)
		}
	default:
		return nil
	}
	return e
}

// properties reads the options of a section.
func (d *Document) properties(s Section) []property {
	return slices.DeleteFunc(d.allProperties(s), func(p property) bool { return p.bare })
}

func (d *Document) allProperties(s Section) []property {
	var all []property
	var value []string // the lines of the last property's value
	finish := func() {
		if len(all) > 0 {
			p := &all[len(all)-1]
			p.value = strings.TrimRightFunc(strings.Join(value, "\n"), isBlank)
			if !strings.HasPrefix(p.value, "\n") {
				p.nested = nil
			}
		}
	}
	r := d.lines(s.Body, s.End)
	r.number = s.Line
	for r.next() {
		switch {
		case len(r.text) == 0:
			if !r.comment {
				value = append(value, "")
			}
		case r.continues:
			value = append(value, string(r.text))
			p := &all[len(all)-1]
			p.nested = append(p.nested, parseNested(r.text, r.number))
		default:
			finish()
			p := parseProperty(r.text, r.number)
			all, value = append(all, p), append(value[:0], p.value)
		}
	}
	finish()
	return all
}

// parseProperty splits at the first = or :, as configparser does.
func parseProperty(text []byte, line int) property {
	i := bytes.IndexAny(text, "=:")
	if i < 0 {
		return property{line: line, bare: true}
	}
	key := strings.ToLower(string(trimBlanks(text[:i])))
	return property{key: key, value: string(trimBlanks(text[i+1:])), line: line, bare: key == ""}
}

// parseNested reads a line of the block nested one level below a key:
//
//	s3 =
//	  max_concurrent_requests = 20
func parseNested(text []byte, line int) property {
	key, value, found := bytes.Cut(text, []byte("="))
	if !found {
		return property{line: line, bare: true}
	}
	return property{key: string(trimBlanks(key)), value: string(trimBlanks(value)), line: line}
}

// isBlank matches what Python's str.strip considers blank, which is more than unicode.IsSpace.
func isBlank(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

func trimBlanks(text []byte) []byte {
	for len(text) > 0 && (text[len(text)-1] == '\n' || text[len(text)-1] == '\r' || text[len(text)-1] == ' ') {
		text = text[:len(text)-1]
	}
	if len(text) == 0 || isPlain(text[0]) && isPlain(text[len(text)-1]) {
		return text
	}
	return bytes.TrimFunc(text, isBlank)
}

// isPlain reports whether c is visible ASCII: nearly all lines begin and end with it.
func isPlain(c byte) bool { return c > ' ' && c < 0x7f }

// cut shortens a quoted line of a file: it only serves to find the line. Text after an = could be a secret in a
// credentials file, and is left out.
func cut(text string) string {
	if i := strings.IndexByte(text, '='); i >= 0 {
		text = text[:i+1]
	}
	if len(text) > 40 {
		text = text[:40] + "…"
	}
	return text
}
