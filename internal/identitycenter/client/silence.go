package client

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// maxSilence is how long a command waits in vain: for all servers, tries and steps together.
	maxSilence = 10 * time.Second
	// paidBack is what a complete answer takes off the time waited in vain.
	paidBack = time.Second
	// maxPause is how long a pause between tries may be to count as waiting.
	maxPause = time.Second
	// forgottenAfter is when waiting in vain is forgotten: a command that runs for long may try again.
	forgottenAfter = 30 * time.Second
)

// A Silence is how long a command has waited for answers that did not come, or did not end, by host. When that is too
// long, requests to the host fail at once: a server that does not answer must not cost its time again for each try and
// each step. The zero value is ready to use, by several HTTP clients at a time.
type Silence struct {
	mu     sync.Mutex
	byHost map[string]*hostSilence
}

func (s *Silence) of(host string) *hostSilence {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byHost == nil {
		s.byHost = map[string]*hostSilence{}
	}
	if s.byHost[host] == nil {
		s.byHost[host] = &hostSilence{}
	}
	return s.byHost[host]
}

// A hostSilence is the Silence of one host.
type hostSilence struct {
	mu      sync.Mutex
	spent   time.Duration
	counted time.Time   // the time until here has been counted
	waiting []time.Time // when the requests under way began, the oldest first
}

// begin returns how long a request that begins now may take. With nothing left it has not begun.
func (s *hostSilence) begin() (began time.Time, most time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	began = time.Now()
	if began.Sub(s.counted) > forgottenAfter {
		s.spent = 0
	}
	most = maxSilence - s.spent
	switch {
	case len(s.waiting) > 0:
		most -= began.Sub(s.from(s.waiting[0]))
	case s.spent > 0:
		most -= began.Sub(s.from(began))
	}
	if most > 0 {
		s.waiting = append(s.waiting, began)
	}
	return began, min(most, attemptTimeout)
}

// from returns from when the time since began counts: no moment counts twice, and short pauses count.
func (s *hostSilence) from(began time.Time) time.Time {
	if began.Sub(s.counted) < maxPause {
		return s.counted
	}
	return began
}

// end records how a request ended, and reports whether the time is used up.
func (s *hostSilence) end(began time.Time, answered bool) (over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := slices.Index(s.waiting, began); n >= 0 {
		s.waiting = slices.Delete(s.waiting, n, n+1)
	}
	if answered {
		s.spent = max(0, s.spent-paidBack)
		return false
	}
	now := time.Now()
	s.spent += now.Sub(s.from(began))
	s.counted = now
	return s.spent >= maxSilence
}

// A silentError is an answer that did not come, or did not end, in time. Do not ask again: whoever waits
// has waited long enough.
type silentError struct{ problem string }

func (e *silentError) Error() string      { return e.problem }
func (*silentError) RetryableError() bool { return false }

func noAnswer() error { return &silentError{fmt.Sprintf("no answer within %s in all", maxSilence)} }
