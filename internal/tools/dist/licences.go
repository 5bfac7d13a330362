package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A module is linked into a program.
type module struct {
	path, version, sum string
	dir                string
	packages           map[string]bool // folders of linked packages: some have a licence of their own
}

func (m *module) name() string { return m.path + " " + m.version }

// merge adds what another program links of the same module.
func (m *module) merge(all map[string]*module) {
	known := all[m.name()]
	if known == nil {
		known = &module{m.path, m.version, m.sum, m.dir, map[string]bool{}}
		all[m.name()] = known
	}
	for folder := range m.packages {
		known.packages[folder] = true
	}
}

// A text is a file about a licence, as its module has it.
type text struct {
	name  string
	data  []byte
	kinds []string // SPDX's names
}

var (
	licenceFiles = regexp.MustCompile(`(?i)^(licen[sc]es?|copying|notices?|patents)([-._].*)?$`)
	grants       = regexp.MustCompile(`(?i)^(licen[sc]es?|copying)`)
	// lists have the licences of what a module has taken over, of what it tests with, and more. They are shipped; which of
	// them hold is for people to read.
	lists = regexp.MustCompile(`(?i)3rd-party|third-party`)
	// notCode are licences of files that no program links.
	notCode = []string{"LICENSE-LOGO"}
)

// texts returns the files about licences in the folders of the linked packages and in those above, up to the module's.
// Each licence has to be of a known kind.
func (m *module) texts() ([]text, error) {
	folders := map[string]bool{m.dir: true}
	for folder := range m.packages {
		for ; strings.HasPrefix(folder, m.dir+string(filepath.Separator)); folder = filepath.Dir(folder) {
			folders[folder] = true
		}
	}
	var found []text
	for folder := range folders {
		files, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if f.IsDir() || !licenceFiles.MatchString(f.Name()) || strings.HasSuffix(f.Name(), ".go") ||
				slices.Contains(notCode, f.Name()) {
				continue
			}
			data, err := os.ReadFile(filepath.Join(folder, f.Name()))
			if err != nil {
				return nil, err
			}
			name, err := filepath.Rel(m.dir, filepath.Join(folder, f.Name()))
			if err != nil {
				return nil, err
			}
			t := text{filepath.ToSlash(name), data, nil}
			if grants.MatchString(f.Name()) && !lists.MatchString(f.Name()) {
				if t.kinds = kinds(string(data)); len(t.kinds) == 0 {
					return nil, fmt.Errorf("%s: the licence in %s is of no kind that is known: see phrases", m.name(), name)
				}
			}
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, b text) int { return strings.Compare(a.name, b.name) })
	return found, nil
}

// licence is the module's, as SPDX writes it.
func (m *module) licence() (string, error) {
	found, err := m.texts()
	if err != nil {
		return "", err
	}
	var all []string
	for _, t := range found {
		all = append(all, t.kinds...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) == 0 {
		return "", fmt.Errorf("%s has no licence text", m.name())
	}
	for _, kind := range all {
		if !slices.Contains(allowed, kind) {
			return "", fmt.Errorf("%s is under %s, which is not allowed", m.name(), kind)
		}
	}
	return strings.Join(all, " AND "), nil
}

// allowed are the kinds whose terms a release keeps by shipping their texts.
var allowed = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "blessing"}

// phrases tell each kind, in lower case and with single blanks. The last ones are here to be refused by name.
var phrases = map[string]string{
	"Apache-2.0":   "apache license,? version 2.0",
	"BSD-3-Clause": `redistribution and use in source and binary forms.*neither the names? of`,
	"ISC": "permission to use, copy, modify, and/?(or)? distribute this software for any purpose with or without fee " +
		"is hereby granted, provided",
	"0BSD": "permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is " +
		"hereby granted. the software",
	"MIT":      "permission is hereby granted, free of charge, to any person obtaining a copy",
	"blessing": "sqlite is public domain",

	"MPL-2.0":  "mozilla public license,? version 2.0",
	"GPL":      "everyone is permitted to copy and distribute verbatim copies of this license document",
	"BUSL":     "business source license",
	"SSPL-1.0": "server side public license",
	"Elastic":  "elastic license",
	"Commons":  "commons clause",
}

// kinds returns the kinds of licence whose words are in a text, by SPDX's names.
func kinds(text string) []string {
	text = strings.Join(strings.Fields(strings.ToLower(text)), " ")
	var found []string
	for kind, phrase := range phrases {
		if regexp.MustCompile(phrase).MatchString(text) {
			found = append(found, kind)
		}
	}
	const bsd = "redistribution and use in source and binary forms"
	if strings.Contains(text, bsd) && !slices.Contains(found, "BSD-3-Clause") {
		found = append(found, "BSD-2-Clause")
	}
	slices.Sort(found)
	return found
}

// goItself is Go's runtime and standard library, which are in every program.
func goItself() (*module, error) {
	out, err := output(exec.Command("go", "env", "GOROOT", "GOVERSION"))
	root, version, _ := strings.Cut(out, "\n")
	return &module{path: "std", version: strings.TrimPrefix(version, "go"), dir: root}, err
}

// thirdParty is the text that a release has to carry along: every licence and notice of what is linked.
func thirdParty(modules map[string]*module) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("rolecall is under the Apache License 2.0; see LICENSE. Its programs contain the following software.\n")
	std, err := goItself()
	if err != nil {
		return nil, err
	}
	all := []*module{std}
	for _, m := range modules {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *module) int { return strings.Compare(a.name(), b.name()) })
	for _, m := range all {
		kind, err := m.licence()
		if err != nil {
			return nil, err
		}
		name := m.name()
		if m == std {
			name = "Go's runtime and standard library " + m.version
		}
		fmt.Fprintf(&b, "\n%s\n%s (%s)\n", strings.Repeat("=", 79), name, kind)
		found, err := m.texts()
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			fmt.Fprintf(&b, "%s\n%s\n\n%s\n", strings.Repeat("-", 79), t.name, bytes.TrimSpace(t.data))
		}
	}
	return bytes.ReplaceAll(b.Bytes(), []byte("\r\n"), []byte("\n")), nil
}
