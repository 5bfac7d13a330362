package awsconfig

import (
	"errors"
	"strings"
)

// A Report is all that stands in both files, and what is wrong with it.
type Report struct {
	Files    Files
	Sections []ReportSection
	Problems []Problem
}

// A ReportSection is a profile, an sso-session or a services section, merged from
// all the places that speak of it.
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

// A Problem is something wrong, or meant differently by different tools.
type Problem struct {
	Origin  Origin
	Section string // such as profile "dev"; may be empty
	Key     string // may be empty
	Text    string
}

// hidden stands for the value of a key that holds a secret.
const hidden = "[secret]"

func isSecretKey(key string) bool {
	return key == "aws_secret_access_key" || key == "aws_session_token" || key == "aws_security_token"
}

// Report reads everything in both files.
func (c *Config) Report() Report {
	r := Report{Files: Files{c.config.path, c.credentials.path}}
	for _, d := range []*Document{c.config, c.credentials} {
		r.Problems = append(r.Problems, d.problems...)
		r.Problems = append(r.Problems, d.lint()...)
	}
	for _, kind := range []string{kindSession, kindProfile, kindServices} {
		for _, name := range c.names(kind) {
			v, err := c.find(kind, name)
			if err != nil {
				continue // lint has said it
			}
			r.Sections = append(r.Sections, reportSection(kind, v))
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
		r.Nested = append(r.Nested, reportProperty(n, file))
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

// lint finds what tools read differently: sections and keys that stand there
// twice, lines that are no property, sections that nobody reads.
func (d *Document) lint() []Problem {
	var problems []Problem
	seen := map[string]int{}
	for _, s := range d.sections {
		at := Origin{d.path, s.line}
		if first, ok := seen[s.header]; ok {
			problems = append(problems, Problem{Origin: at, Section: s.header, Text: "the section stands at line " + Origin{"", first}.String()[1:] + " already: botocore refuses the file, other tools merge both"})
		} else {
			seen[s.header] = s.line
		}
		properties, err := d.allProperties(s)
		var e *Error
		if errors.As(err, &e) {
			problems = append(problems, Problem{Origin: e.Origin, Section: s.header, Text: e.Problem})
		}
		keys := map[string]bool{}
		for _, p := range properties {
			if p.bare {
				problems = append(problems, Problem{Origin: Origin{d.path, p.line}, Section: s.header, Text: "the line is not KEY = VALUE: botocore refuses the file, other tools pass over the line"})
				continue
			}
			if keys[p.key] {
				problems = append(problems, Problem{Origin: Origin{d.path, p.line}, Section: s.header, Key: p.key, Text: "stands there twice: botocore refuses the file, other tools take the last one"})
			}
			keys[p.key] = true
			if i := strings.IndexAny(p.value, "#;"); i > 0 && (p.value[i-1] == ' ' || p.value[i-1] == '\t') && !isSecretKey(p.key) {
				problems = append(problems, Problem{Origin: Origin{d.path, p.line}, Section: s.header, Key: p.key, Text: "text after # or ; is part of the value for botocore, and a comment for other SDKs"})
			}
		}
	}
	return problems
}
