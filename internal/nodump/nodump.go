// Package nodump keeps the memory of a process that holds keys out of core dumps and debuggers. Its commands may dump
// as before.
package nodump

import "sync"

// Limits are the core-dump limits that a process started with, for its children. The zero value, and nil, mean that it
// changed none.
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
