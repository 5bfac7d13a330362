// Package awsconfig reads the shared config and credentials files of the AWS CLI
// and SDKs: as botocore does, and where botocore refuses a file that other SDKs
// read, as the Go SDK does. It keeps the bytes of a file, line by line, so that a
// file can be edited without a byte lost. It writes nothing and prints nothing.
package awsconfig

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Bounds of a file: far above 20,000 generated profiles, far below what could
// hold up a command.
const (
	maxFile     = 32 << 20
	maxLine     = 64 << 10
	maxSections = 100_000
)

// A Document is one file: its bytes, and where its sections are.
type Document struct {
	path     string
	data     []byte // with the byte order mark
	body     int    // where the text begins, behind the mark
	sections []section
	problems []Problem // found on the way, for the report
}

// A section is a header and the lines up to the next one.
type section struct {
	header     string // the text between the brackets, blanks and all
	line       int    // of the header, from 1
	start, end int    // of the lines below the header
}

// A property is a key with its value as botocore gives it.
type property struct {
	key    string // lower case
	value  string
	line   int
	nested []property // of a value that begins on the next line
	bare   bool       // a line that is not KEY = VALUE: the Go SDK passes over it
}

var utf8Mark = []byte("\xef\xbb\xbf")

// Parse reads data, which came from path, as far as finding its sections. A line
// that belongs to no section, or exceeds a bound, is an *Error.
func Parse(path string, data []byte) (*Document, error) {
	d := &Document{path: path, data: data}
	if len(data) > maxFile {
		return nil, d.fail(0, "the file is larger than %d bytes", maxFile)
	}
	if bytes.HasPrefix(data, utf8Mark) {
		d.body = len(utf8Mark)
		d.problems = append(d.problems, Problem{Origin: Origin{path, 1}, Text: "a byte order mark: botocore refuses the file"})
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, d.fail(bytes.Count(data[:bytes.IndexByte(data, 0)], []byte("\n"))+1, "a NUL byte: this is no text")
	}
	return d, d.findSections()
}

// Bytes gives the file as it was read.
func (d *Document) Bytes() []byte { return d.data }

func (d *Document) fail(line int, format string, args ...any) *Error {
	return &Error{Origin: Origin{d.path, line}, Problem: fmt.Sprintf(format, args...), kind: ErrInvalid}
}

// A lineReader walks over the lines of a text as Python's configparser sees them.
type lineReader struct {
	data   []byte
	offset int
	number int
	// of the current line:
	start     int
	text      []byte // without blanks around it
	indent    int
	continues bool // it belongs to the option above it
	// state of configparser:
	level  int
	option bool
}

// next goes to the next line; false is the end. Blank lines and comments have an
// empty text.
func (r *lineReader) next() bool {
	if r.offset >= len(r.data) {
		return false
	}
	r.start = r.offset
	end := bytes.IndexByte(r.data[r.offset:], '\n')
	if end < 0 {
		end = len(r.data)
	} else {
		end += r.offset
	}
	line := r.data[r.start:end]
	r.offset = end + 1
	r.number++
	r.text, r.continues = bytes.TrimSpace(line), false
	if len(r.text) == 0 {
		return true
	}
	if r.text[0] == '#' || r.text[0] == ';' {
		r.text = nil
		return true
	}
	r.indent = len(line) - len(bytes.TrimLeft(line, " \t\v\f\r"))
	if r.option && r.indent > r.level {
		r.continues = true
		return true
	}
	r.level = r.indent
	r.option = !isHeader(r.text)
	return true
}

// blank reports whether the current line is blank, and not a comment.
func (r *lineReader) blank() bool {
	end := min(r.offset, len(r.data))
	return len(bytes.TrimSpace(r.data[r.start:end])) == 0
}

func isHeader(text []byte) bool { return text[0] == '[' && bytes.LastIndexByte(text, ']') > 1 }

func (d *Document) findSections() error {
	r := &lineReader{data: d.data, offset: d.body}
	for r.next() {
		if len(r.text) > maxLine {
			return d.fail(r.number, "the line is longer than %d bytes", maxLine)
		}
		if len(r.text) == 0 || r.continues {
			continue
		}
		if !isHeader(r.text) {
			if r.text[0] == '[' && bytes.IndexByte(r.text, '=') < 0 {
				return d.fail(r.number, "%q is a section without its ]", cut(string(r.text)))
			}
			if len(d.sections) == 0 {
				return d.fail(r.number, "a line before the first [section]")
			}
			continue
		}
		if n := len(d.sections); n > 0 {
			d.sections[n-1].end = r.start
		}
		if len(d.sections) == maxSections {
			return d.fail(r.number, "more than %d sections", maxSections)
		}
		header := string(r.text[1:bytes.LastIndexByte(r.text, ']')])
		d.sections = append(d.sections, section{header: header, line: r.number, start: min(r.offset, len(d.data)), end: len(d.data)})
	}
	return nil
}

// properties reads the options of a section.
func (d *Document) properties(s section) ([]property, error) {
	all, err := d.allProperties(s)
	return slices.DeleteFunc(all, func(p property) bool { return p.bare }), err
}

func (d *Document) allProperties(s section) ([]property, error) {
	var all []property
	r := &lineReader{data: d.data[:s.end], offset: s.start, number: s.line}
	for r.next() {
		switch {
		case len(r.text) == 0:
			if len(all) > 0 && r.blank() {
				all[len(all)-1].value += "\n"
			}
		case r.continues && len(all) > 0:
			all[len(all)-1].value += "\n" + string(r.text)
		default:
			p, ok := parseProperty(r.text)
			p.line, p.bare = r.number, !ok
			all = append(all, p)
		}
	}
	for i := range all {
		all[i].value = strings.TrimRight(all[i].value, " \t\r\n\v\f")
		if strings.HasPrefix(all[i].value, "\n") {
			nested, err := d.nested(s, all[i])
			if err != nil {
				return nil, err
			}
			all[i].nested = nested
		}
	}
	return all, nil
}

// parseProperty splits at the first = or :, as configparser does.
func parseProperty(text []byte) (property, bool) {
	i := bytes.IndexAny(text, "=:")
	if i < 0 {
		return property{}, false
	}
	key := strings.ToLower(string(bytes.TrimSpace(text[:i])))
	return property{key: key, value: string(bytes.TrimSpace(text[i+1:]))}, key != ""
}

// nested reads a block of one level of its own below a key:
//
//	s3 =
//	  max_concurrent_requests = 20
func (d *Document) nested(s section, p property) ([]property, error) {
	var all []property
	r := &lineReader{data: d.data[:s.end], offset: s.start, number: s.line}
	for r.next() && r.number <= p.line {
	}
	for ok := r.number > p.line; ok; ok = r.next() {
		if len(r.text) == 0 {
			continue
		}
		if !r.continues {
			break
		}
		key, value, found := strings.Cut(string(r.text), "=")
		if !found {
			return nil, d.fail(r.number, "%q is not KEY = VALUE", cut(string(r.text)))
		}
		all = append(all, property{key: strings.TrimSpace(key), value: strings.TrimSpace(value), line: r.number})
	}
	return all, nil
}

// cut keeps a quoted line of a file short: it is only to be found again. Text
// behind an = could be a secret in a credentials file, and is left out.
func cut(text string) string {
	if i := strings.IndexByte(text, '='); i >= 0 {
		text = text[:i+1]
	}
	if len(text) > 40 {
		text = text[:40] + "…"
	}
	return text
}
