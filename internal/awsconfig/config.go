package awsconfig

import (
	"errors"
	"io"
	"io/fs"
	"strings"

	"rolecall/internal/filesystem"
)

// DefaultProfile is the profile to use when none is named: AWS_PROFILE, then AWS_DEFAULT_PROFILE, as in the AWS CLI's
// documentation and the Go SDK (botocore by itself looks in the other order).
func DefaultProfile(getenv func(string) string) string {
	for _, variable := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"} {
		if name := getenv(variable); name != "" {
			return name
		}
	}
	return "default"
}

// A Config is both shared files. Sections are read on demand.
type Config struct {
	config, credentials *Document
	index               map[sectionName][]Section // of both files; nil: scan them
	more                *Document                 // sso-sessions for names that the config file does not have; nil: none
}

// A sectionName is a section's name in one of the files.
type sectionName struct {
	document   *Document
	kind, name string
}

// Of makes a configuration from documents already read.
func Of(config, credentials *Document) *Config {
	return &Config{config: config, credentials: credentials}
}

// Indexed returns the same configuration for many look-ups: each takes constant time, however many sections there
// are.
func (c *Config) Indexed() *Config {
	i := &Config{c.config, c.credentials, make(map[sectionName][]Section, len(c.config.sections)), c.more}
	add := func(n sectionName, s Section) { i.index[n] = append(i.index[n], s) }
	for _, s := range c.config.sections {
		if kind, name := s.Named(); kind != "" {
			add(sectionName{c.config, kind, name}, s)
		}
	}
	for _, s := range c.credentials.sections {
		add(sectionName{c.credentials, kindProfile, s.Header}, s)
	}
	return i
}

// sections lists the sections with a name in one of the files.
func (c *Config) sections(d *Document, kind, name string) []Section {
	if c.index != nil && d != c.more {
		return c.index[sectionName{d, kind, name}]
	}
	var found []Section
	for _, s := range d.sections {
		if d == c.credentials {
			if s.Header == name {
				found = append(found, s)
			}
		} else if mayName(s.Header, kind, name) {
			if n, ok := headerName(s.Header, kind); ok && n == name {
				found = append(found, s)
			}
		}
	}
	return found
}

// Open reads both files. A missing file is empty; one that cannot be read, or is not in this format, is an *Error
// that names it.
func Open(files Files) (*Config, error) {
	config, err := open(files.Config, false)
	if err != nil {
		return nil, err
	}
	credentials, err := open(files.Credentials, true)
	if err != nil {
		return nil, err
	}
	return Of(config, credentials), nil
}

// OpenEach reads both files as Open does, and goes on: one that cannot be used counts as empty, and its *Error is
// returned.
func OpenEach(files Files) (*Config, []*Error) {
	var refused []*Error
	each := func(path string, credentials bool) *Document {
		d, err := open(path, credentials)
		if e := (*Error)(nil); errors.As(err, &e) {
			refused, d = append(refused, e), &Document{path: path}
		}
		return d
	}
	config := each(files.Config, false)
	if files.Credentials == files.Config {
		return Of(config, config), refused
	}
	return Of(config, each(files.Credentials, true)), refused
}

// Read reads one file. A missing file is empty.
func Read(path string) (*Document, error) { return open(path, false) }

func open(path string, credentials bool) (*Document, error) {
	file, err := filesystem.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Document{path: path}, nil
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, unreadable(path, err)
	}
	data := make([]byte, 0, min(info.Size(), MaxFile)+512)
	for len(data) <= MaxFile {
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		n, err := file.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, unreadable(path, err)
		}
	}
	return parse(path, data, credentials)
}

func unreadable(path string, err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return &Error{Origin: Origin{File: path}, Problem: "the file cannot be read: " + err.Error(), kind: ErrInvalid}
}

// Kinds of sections in the config file.
const (
	kindProfile  = "profile"
	kindSession  = "sso-session"
	kindServices = "services"
)

// headerName returns the name in a header of the config file, if it is of kind, as botocore reads it: shlex splits
// the header into two words.
func headerName(header, kind string) (string, bool) {
	if kind == kindProfile && header == "default" {
		return "default", true
	}
	rest, ok := strings.CutPrefix(header, kind)
	if !ok || rest == "" {
		return "", false
	}
	if !strings.ContainsAny(rest, `"'\`) && (rest[0] == ' ' || rest[0] == '\t') {
		name := strings.Trim(rest, " \t\r\n")
		return name, name != "" && !strings.ContainsAny(name, " \t\r\n")
	}
	words, ok := splitWords(header)
	if !ok || len(words) != 2 || !strings.HasPrefix(header, kind) {
		return "", false
	}
	return words[1], true
}

// mayName quickly rules out most headers of other sections: the right one ends with the name, or is quoted, or ends
// with a blank.
func mayName(header, kind, name string) bool {
	if header == "default" {
		return kind == kindProfile && name == header
	}
	return strings.HasPrefix(header, kind) &&
		(strings.HasSuffix(header, name) || strings.ContainsAny(header[len(header)-1:], " \t\r\n") ||
			strings.IndexByte(header, '"') >= 0 || strings.IndexByte(header, '\'') >= 0 || strings.IndexByte(header, '\\') >= 0)
}

// splitWords splits as Python's shlex.split does. It returns false for an unterminated quotation.
func splitWords(text string) ([]string, bool) {
	var words []string
	var word strings.Builder
	inWord := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
			continue
		case c == '\\':
			if i++; i == len(text) {
				return nil, false
			}
			word.WriteByte(text[i])
		case c == '\'' || c == '"':
			end, ok := quotedPart(text, i, &word)
			if !ok {
				return nil, false
			}
			i = end
		default:
			word.WriteByte(c)
		}
		inWord = true
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, true
}

// quotedPart writes the text of a quotation that begins at i, and returns where it ends.
func quotedPart(text string, i int, word *strings.Builder) (end int, ok bool) {
	quote := text[i]
	for i++; i < len(text) && text[i] != quote; i++ {
		if quote == '"' && text[i] == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\') {
			i++
		}
		word.WriteByte(text[i])
	}
	return i, i < len(text)
}

// values are the properties of one named section, merged from several places: later lines win.
type values struct {
	name    string
	header  string // the first one
	origin  Origin // of the first header
	keys    []string
	entries map[string]entry
}

type entry struct {
	property
	origin Origin
}

func (v *values) add(d *Document, properties []property) {
	for _, p := range properties {
		if _, ok := v.entries[p.key]; !ok {
			v.keys = append(v.keys, p.key)
		}
		v.entries[p.key] = entry{p, Origin{d.path, p.line}}
	}
}

func (v *values) text(key string) string { return v.entries[key].value }

func (v *values) where(key string) Origin {
	if e, ok := v.entries[key]; ok {
		return e.origin
	}
	return v.origin
}

// find merges the sections of kind and name in the config file and, for a profile, the section of that name in the
// credentials file, whose values win. It returns nil if there is none.
func (c *Config) find(kind, name string) *values {
	var v *values
	merge := func(d *Document, sections []Section) {
		for i, s := range sections {
			if v == nil {
				v = &values{name: name, header: s.Header, origin: Origin{d.path, s.Line}, entries: map[string]entry{}}
			}
			if i == 0 {
				for _, s := range d.defaults {
					v.add(d, d.properties(s))
				}
			}
			v.add(d, d.properties(s))
		}
	}
	var sections []Section
	for _, s := range c.sections(c.config, kind, name) {
		// Of two spellings of a name, botocore takes only the last.
		if len(sections) > 0 && sections[0].Header != s.Header {
			sections = sections[:0]
		}
		sections = append(sections, s)
	}
	merge(c.config, sections)
	if v == nil && c.more != nil && kind == kindSession {
		merge(c.more, c.sections(c.more, kind, name))
	}
	if kind == kindProfile {
		merge(c.credentials, c.sections(c.credentials, kind, name))
	}
	return v
}

// names lists the sections of kind in the order of the files, each once.
func (c *Config) names(kind string) []string {
	names := make([]string, 0, len(c.config.sections)+len(c.credentials.sections))
	seen := make(map[string]bool, cap(names))
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, s := range c.config.sections {
		if name, ok := headerName(s.Header, kind); ok {
			add(name)
		}
	}
	if kind == kindProfile {
		for _, s := range c.credentials.sections {
			add(s.Header)
		}
	}
	if kind == kindSession && c.more != nil {
		for _, s := range c.more.sections {
			if name, ok := headerName(s.Header, kind); ok {
				add(name)
			}
		}
	}
	return names
}

// ProfileNames lists the profiles of both files, in their order.
func (c *Config) ProfileNames() []string { return c.names(kindProfile) }

// SessionNames lists the sso-sessions, in their order.
func (c *Config) SessionNames() []string { return c.names(kindSession) }

// Title names a section of the config file by its header: [default] may be [profile default], too.
func (c *Config) Title(kind, name string) string {
	if kind == kindProfile && name == "default" {
		if v := c.find(kind, name); v == nil || v.header == name {
			return "[" + name + "]"
		}
	}
	return "[" + kind + " " + name + "]"
}
