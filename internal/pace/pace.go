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
	"fmt"
	"sync"
	"time"

	"rolecall/internal/filesystem"
)

const (
	// lockPatience is how long a process waits for the others to let go of the file. They
	// hold it for microseconds; one that was stopped meanwhile must not stop the rest.
	lockPatience = 100 * time.Millisecond
	// aloneFor is how long the file is left alone after that.
	aloneFor = 3 * time.Second
)

// A HeldError is a hold by the service that is longer than a caller waits for.
type HeldError struct{ Until time.Time }

// Error says until when.
func (e *HeldError) Error() string {
	return fmt.Sprintf("held back by the service until %s", e.Until.Local().Format("15:04:05"))
}

// A Pacer says when the next request may leave. It is safe for concurrent use. Each
// Wait that returns nil is for one request; Throttled or Succeeded tells what came of it.
type Pacer struct {
	files filesystem.Files
	turn  chan struct{} // full while somebody waits for the next moment; serves in order

	// sharing is full while the file changes: unlike a mutex, it lets a fake clock run on.
	sharing chan struct{}
	path    string    // of the file that is shared; empty: nothing is
	alone   time.Time // until then the file is left alone

	mu    sync.Mutex
	state state // as it was last seen
}

// New makes a pacer of 19.6 requests a second that shares its pace with every process
// that names the same path; an empty path is for this process alone. Without access to
// that file each process has a pace of its own, too: the service's refusals then slow all
// of them down.
func New(files filesystem.Files, path string) *Pacer {
	return &Pacer{
		files: files, path: path, turn: make(chan struct{}, 1), sharing: make(chan struct{}, 1), state: newState(),
	}
}

// Wait returns when the next request may leave: within the process in the order of the
// calls, evenly spaced, and never two at once. If the service holds all requests back for
// longer than most, it returns a *HeldError at once; when ctx ends, the cause.
func (p *Pacer) Wait(ctx context.Context, most time.Duration) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
	}
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var wait, held time.Duration
		p.update(func(s *state, now time.Time) {
			if held = s.Held.Sub(now); held <= most {
				wait = s.leave(now)
			}
		})
		switch {
		case held > most:
			return &HeldError{time.Now().Add(held)}
		case wait <= 0:
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
	if p.seen().Refusals > 0 {
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
	s, now := p.seen(), time.Now()
	if now.Before(s.Held) {
		return 0
	}
	return s.rate(now)
}

func (p *Pacer) seen() state {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// update changes the state that is shared, or the process's own where that cannot be had.
func (p *Pacer) update(change func(s *state, now time.Time)) {
	p.sharing <- struct{}{}
	defer func() { <-p.sharing }()
	if p.path == "" || time.Now().Before(p.alone) || !p.updateShared(change) {
		s, now := p.seen(), time.Now()
		s.mend(now)
		change(&s, now)
		p.see(s)
	}
}

// updateShared reports whether the file's state was changed, even if it could not be
// written.
func (p *Pacer) updateShared(change func(s *state, now time.Time)) (changed bool) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), lockPatience, filesystem.ErrLocked)
	defer cancel()
	err := p.files.UpdateShared(ctx, p.path, func(old []byte) []byte {
		now := time.Now().Round(0) // without the monotonic clock, which is the process's own
		s := readState(old, now)
		change(&s, now)
		p.see(s)
		changed = true
		data, _ := json.Marshal(s)
		return append(data, '\n')
	})
	switch {
	case errors.Is(err, filesystem.ErrLocked):
		p.alone = time.Now().Add(aloneFor)
	case err != nil:
		p.path = "" // no folder, a full or a read-only disk: alone from here on
	}
	return changed
}

func (p *Pacer) see(s state) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = s
}
