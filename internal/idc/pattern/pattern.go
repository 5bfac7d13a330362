// Package pattern has regular expressions that are compiled when they are first used:
// a command that serves nothing starts without their price.
package pattern

import (
	"regexp"
	"strings"
	"sync"
)

// A Pattern returns its compiled expression.
type Pattern func() *regexp.Regexp

// New makes a pattern; it panics at its first use if the text is no expression.
func New(text string) Pattern {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// Java makes a pattern of a whole text from an expression of AWS's service models, which are written for Java: \u00A0
// is Go's \x{00A0}. Go has no lookahead; the one there is, in durations, is left out.
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
