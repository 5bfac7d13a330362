package access

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"rolecall/internal/identitycenter"
)

const (
	// tries is how often the portal is asked that fails or is not reached.
	tries = 4
	// stalledAfter is how long a try may take for another one to be of use.
	stalledAfter = 4 * time.Second
	// firstPause bounds the pause before the second try; each is twice as long.
	firstPause = 200 * time.Millisecond
	// singlePatience suits a person at a prompt who asks for one thing.
	singlePatience = 8 * time.Second
)

// A Patience says for how long requests come again that the rate limit refuses.
type Patience struct {
	most             time.Duration
	sinceLastSuccess bool
}

// SinceFirstRefusal gives up a request when the limit has refused it for that long.
// For commands: each request counts for itself.
func SinceFirstRefusal(most time.Duration) Patience { return Patience{most: most} }

// SinceLastSuccess gives up when no request of the Portal has been let through for that
// long. For listings: as long as one worker gets on, all do.
func SinceLastSuccess(most time.Duration) Patience {
	return Patience{most: most, sinceLastSuccess: true}
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
	portal   *Portal
	failures int
	refused  time.Time // when the limit first refused it
	refusal  error     // the last one
	until    time.Time // then it is given up; zero while nobody knows
}

// try asks until there is an answer: at the pace, again and again while the limit
// refuses and the patience lasts, and a few times when the portal fails or is not
// reached.
func try[T any](ctx context.Context, p *Portal, once func() (T, error)) (T, error) {
	var none T
	for r := (request{portal: p}); ; {
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
			if err := pause(ctx, rand.N(firstPause<<(r.failures-1))); err != nil {
				return none, err
			}
		}
	}
}

// wait returns when the request may leave.
func (r *request) wait(ctx context.Context) error {
	if r.until.IsZero() {
		return r.portal.Pace.Wait(ctx)
	}
	patient, end := context.WithDeadlineCause(ctx, r.until, r.refusal)
	defer end()
	return r.portal.Pace.Wait(patient)
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
	return errors.Is(err, identitycenter.ErrUnavailable) && r.failures < tries && took <= stalledAfter
}

// refuse holds all requests back after a refusal by the limit, and reports whether
// there is patience left for another try.
func (r *request) refuse(err error) bool {
	retryAfter := time.Duration(0)
	if api := (*identitycenter.APIError)(nil); errors.As(err, &api) {
		retryAfter = api.RetryAfter
	}
	r.portal.Pace.Throttled(retryAfter)
	now := time.Now()
	if r.refused.IsZero() {
		r.refused = now
	}
	if p := r.portal.Patience; p.sinceLastSuccess {
		last := r.portal.success.get()
		if last.Before(r.refused) {
			last = r.refused
		}
		return now.Sub(last) <= p.most
	}
	r.refusal, r.until = err, r.refused.Add(cmp.Or(r.portal.Patience.most, singlePatience))
	return now.Add(retryAfter).Before(r.until)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
