package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A mutant is a small mistake in one file, and the test that must notice it.
type mutant struct {
	name       string // what goes wrong
	file       string // from the root of the repository
	pkg, test  string
	old, wrong string
}

// read reads the lists in a folder. A list has entries like
//
//	== a callback with another state is taken
//	file internal/login/callback.go
//	test ./internal/login TestAnotherStateIsRefused
//	<<<
//	the text, which is in the file once
//	===
//	what replaces it
//	>>>
func read(folder string) (all []mutant, err error) {
	lists, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil {
		return nil, err
	}
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			return nil, err
		}
		for i, entry := range strings.Split("\n"+string(text), "\n== ")[1:] {
			m, err := parse(entry)
			if err != nil {
				return nil, fmt.Errorf("%s, entry %d: %w", list, i+1, err)
			}
			all = append(all, m)
		}
	}
	return all, nil
}

func parse(entry string) (m mutant, err error) {
	head, body, opened := strings.Cut(entry, "\n<<<\n")
	m.old, body, _ = strings.Cut(body, "\n===\n")
	m.wrong, _, _ = strings.Cut(body, ">>>")
	m.wrong = strings.TrimSuffix(m.wrong, "\n")
	m.name, head, _ = strings.Cut(head, "\n")
	for line := range strings.Lines(head) {
		switch fields := strings.Fields(line); {
		case len(fields) == 2 && fields[0] == "file":
			m.file = fields[1]
		case len(fields) == 3 && fields[0] == "test":
			m.pkg, m.test = fields[1], fields[2]
		default:
			return m, fmt.Errorf("%q: %q is neither file nor test", m.name, line)
		}
	}
	if !opened || m.name == "" || m.file == "" || m.test == "" || m.old == "" || m.old == m.wrong {
		return m, fmt.Errorf("%q is not complete", m.name)
	}
	return m, nil
}

// apply returns the file with the mistake.
func (m mutant) apply(root string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return nil, fmt.Errorf("%s: %s has the text %d times", m.name, m.file, n)
	}
	return []byte(strings.Replace(string(text), m.old, m.wrong, 1)), nil
}
