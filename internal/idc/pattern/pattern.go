// Package pattern has regular expressions that are compiled on first use, so that they cost nothing at start.
package pattern

import (
	"regexp"
	"strings"
	"sync"
)

// A Pattern returns its compiled expression.
type Pattern func() *regexp.Regexp

// New makes a pattern. It panics on first use if the text is not a valid expression.
func New(text string) Pattern {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// Java makes a pattern of a whole text from an expression in AWS's service models, which are written for Java: \u00A0
// becomes Go's \x{00A0}. Go has no lookahead; the only one, in durations, is dropped.
func Java(text string) Pattern {
	text = strings.Replace(text, `(?=\d|T\d)`, "", 1)
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, `\u`)
		b.WriteString(before)
		if !found {
			return New("^(?:" + b.String() + ")$")
		}
		b.WriteString(`\x{` + after[:4] + `}`)
		text = after[4:]
	}
}
