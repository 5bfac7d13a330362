package awsconfig

import (
	"cmp"
	"slices"
	"strings"

	"rolecall/internal/near"
)

// Related returns the problems that explain an error of this configuration: a section that was meant but is not read
// as such, a line that is not read as the key in question. It reads both files once more.
func (c *Config) Related(e *Error) []Problem {
	var found []Problem
	if e.wanted != "" {
		found = c.likely(e.wantedKind(), e.wanted)
	}
	if e.kind == ErrUnknownSession && e.Profile == "" { // a profile's name will do for its session
		found = append(found, c.likely(kindProfile, e.wanted)...)
	}
	if e.Key != "" {
		found = append(found, c.aboutKey(e)...)
	}
	if e.wanted == "" && len(found) == 0 && e.Profile != "" { // the key may be in a section like it
		found, _ = c.lookalikes(kindProfile, e.Profile)
	}
	if remedy := c.remedy(e); remedy != "" &&
		!slices.ContainsFunc(found, func(p Problem) bool { return strings.HasPrefix(p.Remedy, remedy) }) {
		found = append(found, Problem{Origin: e.Origin, Key: e.Key, Remedy: remedy})
	}
	return found
}

// Meant returns the sections that were meant as one of a kind, or of any kind for "", and are not read as such by
// every tool.
func (c *Config) Meant(kind string) []Problem {
	return slices.DeleteFunc(c.misread(), func(p Problem) bool { return p.quiet || kind != "" && p.meant.kind != kind })
}

// misread returns the sections of both files that some tool does not read as they were meant.
func (c *Config) misread() []Problem {
	var all []Problem
	for _, l := range c.linters() {
		l.headers()
		for _, s := range l.d.sections {
			if text := l.d.text[s.Body:s.End]; strings.Contains(text, "[") || strings.Contains(text, "\n"+kindProfile) {
				l.section(s) // a header may be indented, or lack its brackets
			}
		}
		all = append(all, l.problems...)
	}
	return slices.DeleteFunc(all, func(p Problem) bool { return p.meant.kind == "" })
}

// wantedKind is the kind of section that does not exist.
func (e *Error) wantedKind() string {
	switch {
	case e.Key == "services":
		return kindServices
	case e.kind == ErrUnknownSession:
		return kindSession
	}
	return kindProfile
}

// likely returns the sections that were meant by a name: those of that very name, or else those of one like it.
func (c *Config) likely(kind, name string) []Problem {
	same, alike := c.lookalikes(kind, name)
	if len(same) > 0 {
		return same
	}
	return alike
}

// lookalikes returns the misread sections of that name, and those of a name like it.
func (c *Config) lookalikes(kind, name string) (same, alike []Problem) {
	for _, p := range c.misread() {
		switch {
		case p.meant.kind != kind || p.meant.name == "":
		case strings.EqualFold(p.meant.name, name) || strings.EqualFold(p.whole, name):
			same = append(same, p)
		case fold(p.meant.name) == fold(name) || near.Best(name, []string{p.meant.name}) != "":
			alike = append(alike, p)
		}
	}
	return same, alike
}

// aboutKey returns the problems with a key of the section that an error is about.
func (c *Config) aboutKey(e *Error) []Problem {
	kind, name := kindProfile, e.Profile
	if e.Session != "" {
		kind, name = kindSession, e.Session
	}
	var all []Problem
	for _, l := range c.linters() {
		if l.credentials && kind != kindProfile {
			continue
		}
		for _, s := range c.sections(l.d, kind, name) {
			l.section(s)
		}
		all = append(all, l.problems...)
	}
	keys := []string{e.Key}
	if e.Key == "sso_session" {
		keys = append(keys, "sso_start_url", "sso_region")
	}
	return slices.DeleteFunc(all, func(p Problem) bool { return !slices.Contains(keys, p.about) && p.parent != e.Key })
}

// remedy says what to write in place of a value that is not valid, if that can be guessed.
func (c *Config) remedy(e *Error) string {
	if e.Remedy != "" || e.Key == "" {
		return e.Remedy
	}
	kind, name := kindProfile, e.Profile
	if e.Session != "" {
		kind, name = kindSession, e.Session
	}
	v := c.find(kind, name)
	if v == nil {
		return ""
	}
	value := v.text(e.Key)
	if kind := map[string]string{"sso_session": kindSession, "source_profile": kindProfile}[e.Key]; kind != "" {
		meant, _ := meantBy(value, false)
		if name := cmp.Or(meant.name, cleanValue(value)); name != value && c.find(kind, name) != nil {
			return assign(e.Key, name)
		}
	}
	return valueRemedy(e.Key, value)
}
