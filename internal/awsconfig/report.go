package awsconfig

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// A Report is everything in both files, and what is wrong with it.
type Report struct {
	Files    Files
	Sections []ReportSection
	Problems []Problem
}

// A ReportSection is a profile, an sso-session or a services section, merged from all places.
type ReportSection struct {
	Kind       string // profile, sso-session or services
	Name       string
	Origin     Origin
	Properties []ReportProperty
}

// A ReportProperty is a key and its value. The values of keys that hold secrets
// are left out.
type ReportProperty struct {
	Key    string
	Value  string
	Origin Origin
	Nested []ReportProperty
}

// A Problem is a mistake, or something that different tools read differently.
type Problem struct {
	Origin  Origin
	Section string // such as profile "dev"; may be empty
	Key     string // may be empty
	Text    string
}

// hidden replaces the value of a key that holds a secret.
const hidden = "[secret]"

func isSecretKey(key string) bool {
	return key == "aws_secret_access_key" || key == "aws_session_token" || key == "aws_security_token"
}

// Report reads everything in both files.
func (c *Config) Report() Report {
	c = c.Indexed()
	r := Report{Files: Files{c.config.path, c.credentials.path}}
	for _, d := range []*Document{c.config, c.credentials} {
		r.Problems = append(r.Problems, d.problems...)
		r.Problems = append(r.Problems, d.lint()...)
	}
	r.Problems = append(r.Problems, c.respelled()...)
	for _, kind := range []string{kindSession, kindProfile, kindServices} {
		for _, name := range c.names(kind) {
			r.Sections = append(r.Sections, reportSection(kind, c.find(kind, name)))
			r.Problems = append(r.Problems, c.problemsOf(kind, name)...)
		}
	}
	return r
}

func reportSection(kind string, v *values) ReportSection {
	s := ReportSection{Kind: kind, Name: v.name, Origin: v.origin}
	for _, key := range v.keys {
		s.Properties = append(s.Properties, reportProperty(v.entries[key].property, v.entries[key].origin.File))
	}
	return s
}

func reportProperty(p property, file string) ReportProperty {
	r := ReportProperty{Key: p.key, Value: p.value, Origin: Origin{file, p.line}}
	if isSecretKey(p.key) {
		r.Value = hidden
		return r
	}
	for _, n := range p.nested {
		if !n.bare {
			r.Nested = append(r.Nested, reportProperty(n, file))
		}
	}
	if len(r.Nested) > 0 {
		r.Value = ""
	}
	return r
}

// problemsOf checks a section as its use would.
func (c *Config) problemsOf(kind, name string) []Problem {
	var err error
	switch kind {
	case kindSession:
		_, err = c.Session(name)
	case kindProfile:
		var p Profile
		if p, err = c.Profile(name); err == nil && (p.AccountID != "" || p.RoleName != "") {
			err = p.RequireRole()
		}
	}
	var e *Error
	if !errors.As(err, &e) {
		return nil
	}
	section := kind + " " + quote(name)
	return []Problem{{Origin: e.Origin, Section: section, Key: e.Key, Text: e.Problem}}
}

func quote(name string) string { return `"` + name + `"` }

// lint finds what tools read differently: duplicate sections and keys, lines that are not properties, sections that
// add keys to all others.
func (d *Document) lint() []Problem {
	var problems []Problem
	add := func(s Section, line int, key, text string) {
		problems = append(problems, Problem{Origin: Origin{d.path, line}, Section: s.Header, Key: key, Text: text})
	}
	seen := map[string]int{}
	for _, s := range d.sections {
		if first, ok := seen[s.Header]; ok {
			add(s, s.Line, "", "the section is also at line "+strconv.Itoa(first)+
				": botocore refuses the file, other tools merge both")
		} else {
			seen[s.Header] = s.Line
		}
	}
	keys := map[[2]string]bool{} // with their sections
	for _, s := range slices.Concat(d.defaults, d.sections) {
		if s.Header == "DEFAULT" {
			add(s, s.Line, "", "botocore adds the keys of this section to every other one, other tools do not")
		}
		for _, p := range d.allProperties(s) {
			if p.bare {
				add(s, p.line, "", bareLine)
				continue
			}
			for _, n := range p.nested {
				if n.bare {
					add(s, n.line, p.key, bareLine)
				}
			}
			if at := [2]string{s.Header, p.key}; keys[at] {
				add(s, p.line, p.key, "is there twice: botocore refuses the file, other tools use the last one")
			} else {
				keys[at] = true
			}
			if i := strings.IndexAny(p.value, "#;"); i > 0 && (p.value[i-1] == ' ' || p.value[i-1] == '\t') &&
				!isSecretKey(p.key) {
				add(s, p.line, p.key, "text after # or ; is part of the value for botocore, and a comment for other SDKs")
			}
		}
	}
	return problems
}

const bareLine = "the line is not KEY = VALUE: botocore refuses the file, other tools pass over the line"

// respelled finds names with headers of different spelling.
func (c *Config) respelled() []Problem {
	var problems []Problem
	seen := map[string]Section{}
	for _, s := range c.config.sections {
		for _, kind := range []string{kindProfile, kindSession, kindServices} {
			name, ok := headerName(s.Header, kind)
			if !ok {
				continue
			}
			earlier, ok := seen[kind+" "+name]
			if ok && earlier.Header != s.Header {
				problems = append(problems, Problem{
					Origin: Origin{c.config.path, s.Line}, Section: s.Header,
					Text: "is [" + earlier.Header + "] of line " + strconv.Itoa(earlier.Line) +
						", spelled differently: botocore reads only the last of them",
				})
			}
			seen[kind+" "+name] = s
		}
	}
	return problems
}
