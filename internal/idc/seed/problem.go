package seed

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Problem is one mistake in a file.
type Problem struct {
	File  string `json:"file"`
	Line  int    `json:"line"`
	Field string `json:"field,omitempty"` // users[2].email; empty for the file's form
	Text  string `json:"text"`
}

func (p Problem) String() string {
	where := fmt.Sprintf("%s:%d: ", p.File, p.Line)
	if p.Field != "" {
		where += p.Field + ": "
	}
	return where + p.Text
}

// Problems lists the mistakes in a file, by line.
type Problems []Problem

// shownProblems bounds how many are shown at once.
const shownProblems = 20

// Error has a line for each problem, up to 20.
func (p Problems) Error() string {
	lines := make([]string, 0, shownProblems+1)
	for i, problem := range p {
		if i == shownProblems {
			lines = append(lines, fmt.Sprintf("and %d more", len(p)-i))
			break
		}
		lines = append(lines, problem.String())
	}
	return strings.Join(lines, "\n")
}

// err returns the problems in order, or nil.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	slices.SortStableFunc(p, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return p
}
