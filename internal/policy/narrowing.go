package policy

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/pelletier/go-toml/v2"
)

// A Narrowing is what the .rolecall.toml of a folder says: which targets may be used there, and which one is meant
// where none is named. It has no other words, so it cannot allow anything.
type Narrowing struct {
	File    string
	Default string   // a target, or the name of a profile; empty: it says none
	Targets []string // accounts, by id or a pattern of names, or ACCOUNT/ROLE, with patterns of both; nil: all
	lines   map[string]int
}

// ParseNarrowing reads a .rolecall.toml. What it cannot mean is an *Error.
func ParseNarrowing(file string, text []byte) (Narrowing, error) {
	var said struct {
		Default *string  `toml:"default"`
		Targets []string `toml:"targets"`
	}
	if err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&said); err != nil {
		line, key, problem := Decoded(err)
		if key != "" {
			problem = fmt.Sprintf("unknown key %q; use default or targets", key)
		}
		return Narrowing{}, &Error{file, line, problem}
	}
	n := Narrowing{File: file, Targets: said.Targets, lines: lines(text, "")}
	wrong := func(key, problem string) error { return &Error{file, n.lines[key], key + ": " + problem} }
	switch {
	case said.Default != nil && *said.Default == "":
		return n, wrong("default", "it is empty")
	case said.Targets != nil && len(said.Targets) == 0:
		return n, wrong("targets", "the list is empty; leave it out to allow everything")
	case slices.Contains(said.Targets, ""):
		return n, wrong("targets", "an entry is empty")
	}
	if said.Default != nil {
		n.Default = *said.Default
	}
	return n, nil
}

// Rules returns what it says.
func (n Narrowing) Rules() []Rule {
	var rules []Rule
	if n.Targets != nil {
		rules = append(rules, n.targets())
	}
	if n.Default != "" {
		value := fmt.Sprintf("%q", n.Default)
		rules = append(rules, Rule{"default", value, n.File, n.lines["default"], "nothing; it is used if no target is named"})
	}
	return rules
}

func (n Narrowing) targets() Rule {
	return Rule{"targets", quoted(n.Targets), n.File, n.lines["targets"], "every other target in this folder"}
}

// Allow returns a *Refusal if none of the patterns is of a target, which what names.
func (n Narrowing) Allow(what string, isOf func(pattern string) bool) error {
	if n.Targets == nil || slices.ContainsFunc(n.Targets, isOf) {
		return nil
	}
	return &Refusal{what, n.targets()}
}
