// Package pattern has regular expressions that are compiled when they are first used:
// a command that serves nothing starts without their price.
package pattern

import (
	"regexp"
	"sync"
)

// A Pattern gives its compiled expression.
type Pattern func() *regexp.Regexp

// New makes a pattern; it panics at its first use if the text is no expression.
func New(text string) Pattern {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
