package access

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"rolecall/internal/identitycenter"
	"rolecall/internal/pace"
)

// A Patience says for how long the portal is asked again: when its rate limit refuses, and
// when it fails or is not reached. The zero value suits a person at a prompt who asks for
// one thing.
type Patience struct {
	most      time.Duration // with the rate limit
	isSet     bool          // most counts, also when it is 0
	ofListing bool          // a listing's, which has time and much to lose
}

// SinceFirstRefusal gives up a request when the limit has refused it for that long.
// For commands: each request counts for itself.
func SinceFirstRefusal(most time.Duration) Patience { return Patience{most: most, isSet: true} }

// SinceLastSuccess gives up when no request of the Portal has been let through for that
// long. For listings: as long as one worker gets on, all do. A portal that fails gets more
// tries: one answer of thousands must not end it all.
func SinceLastSuccess(most time.Duration) Patience {
	return Patience{most: most, isSet: true, ofListing: true}
}

const (
	// singlePatience is the zero Patience's with the limit.
	singlePatience = 8 * time.Second
	// stalledAfter is how long a try may take for another one to be of use at a prompt.
	stalledAfter = 4 * time.Second
	// listingStalledAfter is the same for a page of a listing: how long all its tries together may take.
	listingStalledAfter = 12 * time.Second
)

func (p Patience) limit() time.Duration {
	if p.isSet {
		return p.most
	}
	return singlePatience
}

// tries is how often a portal is asked that fails or is not reached, and how long the pause
// before the second try is at most. Each pause is twice as long as the one before.
func (p Patience) tries() (n int, pause time.Duration) {
	if p.ofListing {
		return 5, 800 * time.Millisecond
	}
	return 4, 200 * time.Millisecond
}

// A moment is one that several workers set.
type moment struct {
	mu sync.Mutex
	at time.Time
}

func (m *moment) set(at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = at
}

func (m *moment) get() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at
}

// A request is one question to the portal, with all its tries.
type request struct {
	portal    *Portal
	operation string
	failures  int
	waited    time.Duration // for tries that failed
	refused   time.Time     // when the limit first refused it
}

// try asks until there is an answer: at the pace, again and again while the limit
// refuses and the patience lasts, and a few times when the portal fails or is not
// reached.
func try[T any](ctx context.Context, p *Portal, operation string, once func() (T, error)) (T, error) {
	var none T
	for r := (request{portal: p, operation: operation}); ; {
		if err := r.wait(ctx); err != nil {
			return none, err
		}
		began := time.Now()
		answer, err := once()
		switch {
		case err != nil && ctx.Err() != nil:
			return none, context.Cause(ctx)
		case errors.Is(err, identitycenter.ErrThrottled):
			if !r.refuse(err) {
				return none, err
			}
		case !r.again(err, time.Since(began)):
			return answer, err
		default:
			if err := r.pause(ctx); err != nil {
				return none, err
			}
		}
	}
}

// wait returns when the request may leave. To a person at a prompt, a hold that lasts longer
// than the patience is the refusal that this request would get, also if another process was
// told of it; so it is to a request that was refused before.
func (r *request) wait(ctx context.Context) error {
	most := 24 * time.Hour // one of many requests: others get on meanwhile
	switch p := r.portal.Patience; {
	case p.ofListing:
	case !r.refused.IsZero():
		most = p.limit() - time.Since(r.refused)
	case !p.isSet:
		most = p.limit()
	}
	err := r.portal.Pace.Wait(ctx, most)
	var held *pace.HeldError
	if errors.As(err, &held) {
		return &identitycenter.APIError{
			Operation: r.operation, Kind: identitycenter.ErrThrottled, Description: held.Error(),
		}
	}
	return err
}

// again hears what came of a request that the limit did not refuse, after it took so
// long, and reports whether another try is of use.
func (r *request) again(err error, took time.Duration) bool {
	var api *identitycenter.APIError
	if err == nil || errors.As(err, &api) && api.Status != 0 {
		r.portal.Pace.Succeeded()
		r.portal.success.set(time.Now())
	}
	r.failures++
	r.waited += took
	most := stalledAfter
	if r.portal.Patience.ofListing {
		most = listingStalledAfter
	}
	tries, _ := r.portal.Patience.tries()
	return errors.Is(err, identitycenter.ErrUnavailable) && !errors.Is(err, identitycenter.ErrNoAnswer) &&
		r.failures < tries && r.waited <= most
}

// pause waits before another try, with full jitter.
func (r *request) pause(ctx context.Context) error {
	_, first := r.portal.Patience.tries()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(rand.N(first << (r.failures - 1))):
		return nil
	}
}

// refuse holds all requests back after a refusal by the limit, and reports whether
// there is patience left for another try.
func (r *request) refuse(err error) bool {
	retryAfter := time.Duration(0)
	if api := (*identitycenter.APIError)(nil); errors.As(err, &api) {
		retryAfter = api.RetryAfter
	}
	r.portal.Pace.Throttled(retryAfter)
	now, most := time.Now(), r.portal.Patience.limit()
	if r.refused.IsZero() {
		r.refused = now
	}
	if !r.portal.Patience.ofListing {
		return now.Add(retryAfter).Before(r.refused.Add(most))
	}
	last := r.portal.success.get()
	if last.Before(r.refused) {
		last = r.refused
	}
	return now.Sub(last) <= most
}
