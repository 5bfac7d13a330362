// Package pace spaces out the requests of one process, so that a service with a
// limit refuses next to none of them. It keeps to itself how it finds out what the
// limit lets through; what is asked, and whether it is asked again, is its callers'.
package pace

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// fastest is just below the 20 requests a second that the access portal takes.
	fastest = 19.6
	slowest = 1.0

	// shrink is the part of the rate that is left after a refusal.
	shrink = 0.7
	// below is where the rate soon stands again, as a part of the limit found.
	below = 0.97
	// recovery is how long the rate takes for 63 % of the way there.
	recovery = 2 * time.Second
	// probing is how long it then takes to find out whether one request a second
	// more is let through.
	probing = 55 * time.Second

	// shortestHold is longer than most answers take: a refusal that comes while all
	// are held back is of a request that had left before.
	shortestHold = time.Second
	longestHold  = 30 * time.Second
)

// A Pacer says when the next request may leave. It is safe for concurrent use. Each
// Wait that gives nil is for one request, of which Succeeded or Throttled tells.
type Pacer struct {
	turn chan struct{} // full while somebody waits for the next moment; serves in order

	mu   sync.Mutex
	next time.Time // when the next request may leave
	held time.Time // but not before this; zero before the first refusal
	// from and to are the rates right after held, and a while later.
	from, to float64
	counted  time.Time // since when passed are counted: the last refusal
	passed   int       // requests let through
	refusals int       // in a row
}

// New makes a pacer of 19.6 requests a second. Nothing has left yet.
func New() *Pacer { return &Pacer{turn: make(chan struct{}, 1), from: fastest, to: fastest} }

// Wait returns when the next request may leave: in the order of the calls, evenly
// spaced, and never two at once. When ctx ends, it gives its cause at once.
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
		wait := p.leave()
		if wait <= 0 {
			return nil
		}
		select {
		case <-time.After(wait): // which may have become longer
		case <-ctx.Done():
		}
	}
}

// leave gives how long the next request has to wait; at 0 it has left.
func (p *Pacer) leave() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.counted.IsZero() {
		p.counted = now
	}
	if wait := max(p.next.Sub(now), p.held.Sub(now)); wait > 0 {
		return wait
	}
	gap := time.Duration(float64(time.Second) / p.rate(now))
	// A late timer costs nothing: the moment that was meant counts, unless it is long over.
	if now.Sub(p.next) > gap {
		p.next = now
	}
	p.next = p.next.Add(gap)
	return 0
}

// Succeeded tells that the limit let a request through, whatever else came of it.
func (p *Pacer) Succeeded() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passed++
	p.refusals = 0
}

// Throttled tells that the limit refused a request (429). All others are held back
// for retryAfter, or for a while if that is 0, and are slower then.
func (p *Pacer) Throttled(retryAfter time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Before(p.held) { // it left before the refusal that is known
		p.held = later(p.held, now.Add(retryAfter))
		return
	}
	rate := p.rate(now)
	// A service saves up what nobody uses, so it refuses only some time after the rate
	// has become too high, and that rate says little. But both now and at the last
	// refusal nothing was saved up: all that came in between was let through.
	found := rate
	if since := now.Sub(p.counted); since > 0 {
		found = min(rate, max(rate/2, float64(p.passed)/since.Seconds()))
	}
	p.from, p.to = max(slowest, shrink*found), max(slowest, below*found)
	p.counted, p.passed = now, 0
	p.refusals++
	p.held = now.Add(max(retryAfter, shortestHold))
	if retryAfter == 0 {
		longest := min(longestHold, shortestHold<<min(p.refusals, 10))
		p.held = now.Add(shortestHold + rand.N(longest-shortestHold))
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Rate is how many requests a second may leave now.
func (p *Pacer) Rate() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Before(p.held) {
		return 0
	}
	return p.rate(now)
}

// rate grows from a refusal on as CUBIC does (RFC 9438): quickly to just below the
// limit that was found, hardly for a while, and ever faster then. A linear growth would
// either be refused too often (each try above the limit costs as many refusals as
// requests are on their way), or take many minutes after the limit has been raised.
func (p *Pacer) rate(now time.Time) float64 {
	if p.held.IsZero() {
		return fastest
	}
	since := max(0, now.Sub(p.held))
	near := p.to - (p.to-p.from)*math.Exp(-float64(since)/float64(recovery))
	return min(fastest, near+math.Pow(float64(since)/float64(probing), 3))
}
