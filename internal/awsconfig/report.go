package awsconfig

import (
	"cmp"
	"errors"
	"slices"
)

// A Report is everything in both files, and what is wrong with it.
type Report struct {
	Files    Files
	Sections []ReportSection
	Problems []Problem
	Unusable []Problem // no mistakes: what other tools can use, and rolecall cannot
}

// A ReportSection is a profile, an sso-session or a services section, merged from all places.
type ReportSection struct {
	Kind       string // profile, sso-session or services
	Name       string
	Title      string // its header
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
	ID      string // such as config.duplicate-section
	Origin  Origin
	Section string // such as profile "dev", or the header; may be empty
	Key     string // may be empty
	Text    string // what is wrong, and what tools make of it
	Remedy  string // what to write or do instead, a line each; may be empty

	about, parent string  // the keys in question
	meant         reading // the section in question
	whole         string  // its header as a name
	quiet         bool    // for Related alone: it may be a section of another program
}

// hidden replaces the value of a key that holds a secret.
const hidden = "[secret]"

// Report reads everything in both files.
func (c *Config) Report() Report {
	c = c.Indexed()
	r := Report{Files: Files{c.config.path, c.credentials.path}}
	seen := map[Problem]bool{}
	r.Problems = slices.DeleteFunc(c.lint(), func(p Problem) bool { return p.quiet })
	for _, kind := range []string{kindSession, kindProfile, kindServices} {
		for _, name := range c.names(kind) {
			r.Sections = append(r.Sections, c.reportSection(kind, c.find(kind, name)))
			problems, limits := c.problemsOf(kind, name)
			problems = slices.Concat(problems, c.twoWays(kind, name), c.doubtful(kind, name))
			if p, mistake := c.scopes(kind, name); mistake {
				problems = append(problems, p)
			} else if p.Text != "" {
				limits = append(limits, p)
			}
			r.Problems, r.Unusable = appendNew(r.Problems, problems, seen), appendNew(r.Unusable, limits, seen)
		}
	}
	files := []string{c.config.path, c.credentials.path}
	slices.SortStableFunc(r.Problems, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(slices.Index(files, a.Origin.File), slices.Index(files, b.Origin.File)),
			cmp.Compare(a.Origin.Line, b.Origin.Line))
	})
	return r
}

// appendNew appends the problems that were not seen before: each profile of a session has the session's, too.
func appendNew(all, problems []Problem, seen map[Problem]bool) []Problem {
	for _, p := range problems {
		if !seen[p] {
			all, seen[p] = append(all, p), true
		}
	}
	return all
}

func (c *Config) reportSection(kind string, v *values) ReportSection {
	s := ReportSection{Kind: kind, Name: v.name, Title: c.Title(kind, v.name), Origin: v.origin}
	for _, key := range v.keys {
		s.Properties = append(s.Properties, reportProperty(v.entries[key].property, v.entries[key].origin.File))
	}
	return s
}

func reportProperty(p property, file string) ReportProperty {
	r := ReportProperty{Key: p.key, Value: p.value, Origin: Origin{file, p.line}}
	if isSecretKey(p.key) || len(p.nested) == 0 && hasSecretLine(p.value) {
		if first := firstOf(p.key); isSecretKey(first) {
			r.Key = first // without a sign between them, a part of the value follows
		}
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

// problemsOf checks a section as its use would. Limits are rolecall's, not the file's.
func (c *Config) problemsOf(kind, name string) (problems, limits []Problem) {
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
		return nil, nil
	}
	p := Problem{ID: e.id(), Origin: e.Origin, Section: kind + " " + quote(name), Key: e.Key, Text: e.Problem}
	switch { // once, not for each profile that leads to it
	case e.Session != "":
		p.Section = kindSession + " " + quote(e.Session)
	case e.Profile != "":
		p.Section = kindProfile + " " + quote(e.Profile)
	}
	if e.limit {
		p.ID = "config.unusable"
		return nil, []Problem{p}
	}
	p.Remedy = c.remedy(e)
	return []Problem{p}, nil
}

// twoWays reports a profile with two kinds of credentials, of which tools prefer different ones.
func (c *Config) twoWays(kind, name string) []Problem {
	if kind != kindProfile {
		return nil
	}
	v := c.find(kind, name)
	if v.text("sso_session") == "" && v.text("sso_start_url") == "" {
		return nil
	}
	p := Problem{Section: kind + " " + quote(name)}
	switch {
	case v.text("role_arn") != "":
		return nil
	case v.text("aws_access_key_id") != "":
		p.ID, p.Key = "config.keys-beside-sso", "aws_access_key_id"
		p.Text = "the profile also has SSO settings: botocore and rolecall use them, the Go and JavaScript SDKs these keys"
	case v.text("credential_process") != "" && !namesProfile(v.text("credential_process"), name):
		p.ID, p.Key = "config.process-beside-sso", "credential_process"
		p.Text = "the profile also has SSO settings: only the JavaScript SDK runs this command instead"
	default:
		return nil
	}
	p.Origin, p.Remedy = v.where(p.Key), "keep one of the two"
	return []Problem{p}
}

func quote(name string) string { return `"` + name + `"` }
