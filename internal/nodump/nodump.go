// Package nodump keeps the memory of a process that holds keys out of core dumps and debuggers. Its commands may dump
// as before.
package nodump

import "sync"

// Limits is what a process may dump by itself, as it was at the start: for its children. The zero value, and nil, mean
// a process that forbade nothing.
type Limits struct {
	mu      sync.Mutex
	restore func() // nil: nothing was changed
	forbid  func()
}

// Lift calls start, which starts a child, with the limits of the start.
func (l *Limits) Lift(start func() error) error {
	if l == nil || l.restore == nil {
		return start()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.restore()
	defer l.forbid()
	return start()
}
