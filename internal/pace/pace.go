// Package pace spaces out a person's requests, so that a service with a limit
// refuses next to none of them. The limit is the person's: all their processes that
// name the same file share one pace through it. It keeps to itself how it finds out
// what the limit lets through; what is asked, and whether it is asked again, is up
// to its callers.
package pace

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"rolecall/internal/filesystem"
)

// lockPatience is how long a process waits for the others to let go of the file. They
// hold it for microseconds; one that was stopped meanwhile must not stop the rest.
const lockPatience = 100 * time.Millisecond

// A Pacer says when the next request may leave. It is safe for concurrent use. Each
// Wait that returns nil is for one request; Throttled or Succeeded tells what came of it.
type Pacer struct {
	files filesystem.Files
	path  string        // of the file that is shared; empty: nothing is
	turn  chan struct{} // full while somebody waits for the next moment; serves in order

	mu    sync.Mutex
	state state // as it was last seen
}

// New makes a pacer of 19.6 requests a second that shares its pace with every process
// that names the same path; an empty path is for this process alone. Without access to
// that file each process has a pace of its own, too: the service's refusals then slow all
// of them down.
func New(files filesystem.Files, path string) *Pacer {
	return &Pacer{files: files, path: path, turn: make(chan struct{}, 1), state: newState()}
}

// Wait returns when the next request may leave: within the process in the order of the
// calls, evenly spaced, and never two at once. When ctx ends, it returns its cause at
// once.
func (p *Pacer) Wait(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
	}
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var wait time.Duration
		p.update(func(s *state, now time.Time) { wait = s.leave(now) })
		if wait <= 0 {
			return nil
		}
		select {
		case <-time.After(wait): // which may have become longer
		case <-ctx.Done():
		}
	}
}

// Succeeded tells that the limit let a request through, whatever else came of it.
func (p *Pacer) Succeeded() {
	p.mu.Lock()
	refused := p.state.Refusals > 0
	p.mu.Unlock()
	if refused {
		p.update(func(s *state, _ time.Time) { s.Refusals = 0 })
	}
}

// Throttled tells that the limit refused a request (429). All others are held back
// for retryAfter, or for a while if that is 0, and are slower then.
func (p *Pacer) Throttled(retryAfter time.Duration) {
	p.update(func(s *state, now time.Time) { s.throttle(now, retryAfter) })
}

// Rate is how many requests a second may leave now: 0 while all are held back.
func (p *Pacer) Rate() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Before(p.state.Held) {
		return 0
	}
	return p.state.rate(now)
}

// update changes the state that is shared, or the process's own where that cannot be had.
func (p *Pacer) update(change func(s *state, now time.Time)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.path == "" {
		change(&p.state, time.Now())
		return
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), lockPatience, filesystem.ErrLocked)
	defer cancel()
	changed := false
	err := p.files.UpdateShared(ctx, p.path, func(old []byte) []byte {
		now := time.Now().Round(0) // without the monotonic clock, which is the process's own
		shared := newState()
		if len(old) > 0 {
			shared = readState(old, now)
		}
		change(&shared, now)
		p.state, changed = shared, true
		data, _ := json.Marshal(shared)
		return append(data, '\n')
	})
	if err != nil && !errors.Is(err, filesystem.ErrLocked) {
		p.path = "" // no folder, a full or a read-only disk: alone from here on
	}
	if !changed {
		change(&p.state, time.Now())
	}
}
