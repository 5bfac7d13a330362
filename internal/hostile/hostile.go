// Package hostile has names that have broken other programs, for tests of everything that shows or quotes a name. No
// program imports it.
package hostile

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed names.txt
var names string

// Names returns the names of names.txt, which are JSON strings, one a line. One of them is empty, and one has a NUL.
// CANARYPATH stands for a file that a name makes, or for what it calls, if it is run.
func Names() []string {
	var all []string
	for line := range strings.Lines(names) {
		var name string
		if err := json.Unmarshal([]byte(line), &name); err != nil {
			panic(fmt.Sprintf("names.txt: %s: %v", line, err))
		}
		all = append(all, name)
	}
	return all
}

// Invisible returns more names, one for each kind of character that a terminal obeys or hides.
func Invisible() []string {
	return []string{
		"del\x7f", "c1\u009b31m", "bidi\u202e\u2066", "zero\u200b\u200d\ufeff", "tag\U000e0041", "ls\u2028\u2029",
	}
}
