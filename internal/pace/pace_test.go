package pace

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/filesystem"
)

// A service is a token bucket of a burst of 20.
type service struct {
	mu         sync.Mutex
	limit      func(since time.Duration) float64 // a second
	retryAfter time.Duration
	latency    func() time.Duration
	started    time.Time
	at         time.Time
	tokens     float64
	refused    int
	answered   int
	moments    []time.Time // of refusals
}

const burst = 20

func newService(limit float64) *service {
	return &service{
		limit: func(time.Duration) float64 { return limit }, latency: func() time.Duration { return 5 * time.Millisecond },
		retryAfter: time.Second, started: time.Now(), at: time.Now(), tokens: burst,
	}
}

// ask is one request: half of its latency passes before it arrives.
func (s *service) ask(p *Pacer) bool {
	latency := s.latency()
	time.Sleep(latency / 2)
	s.mu.Lock()
	now := time.Now()
	s.tokens = min(burst, s.tokens+now.Sub(s.at).Seconds()*s.limit(now.Sub(s.started)))
	s.at = now
	passes := s.tokens >= 1
	s.answered++
	if passes {
		s.tokens--
	} else {
		s.refused++
		s.moments = append(s.moments, now)
	}
	s.mu.Unlock()
	time.Sleep(latency - latency/2)
	if passes {
		p.Succeeded()
	} else {
		p.Throttled(s.retryAfter)
	}
	return passes
}

// list has n requests answered well, up to 24 at a time, and gives how long it took.
func (s *service) list(t *testing.T, p *Pacer, n int) time.Duration {
	began := time.Now()
	todo := make(chan struct{}, n)
	for range n {
		todo <- struct{}{}
	}
	close(todo)
	var workers sync.WaitGroup
	for range 24 {
		workers.Go(func() {
			for range todo {
				for passes := false; !passes; {
					if err := p.Wait(t.Context(), time.Hour); err != nil {
						t.Error(err)
						return
					}
					passes = s.ask(p)
				}
			}
		})
	}
	workers.Wait()
	return time.Since(began)
}

func latencies() map[string]func() time.Duration {
	return map[string]func() time.Duration{
		"5 ms":        func() time.Duration { return 5 * time.Millisecond },
		"800 ms":      func() time.Duration { return 800 * time.Millisecond },
		"5 to 800 ms": func() time.Duration { return 5*time.Millisecond + rand.N(795*time.Millisecond) },
	}
}

func TestAWholeListingAtTheUsualLimitTakesNoLongerThanItMust(t *testing.T) {
	for name, latency := range latencies() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newService(20)
				s.latency = latency
				took := s.list(t, New(filesystem.Files{}, ""), 2020)
				if least := 100 * time.Second; took > least*105/100 {
					t.Errorf("took %v, the limit allows %v", took, least)
				}
				if s.refused > 0 {
					t.Errorf("%d of %d were refused", s.refused, s.answered)
				}
			})
		})
	}
}

// Whatever the limit is, it is found, nearly used up, and rarely exceeded.
func TestOtherLimits(t *testing.T) {
	for _, limit := range []float64{20, 10, 5} {
		for _, retryAfter := range []time.Duration{0, time.Second, 5 * time.Second} {
			for name, latency := range latencies() {
				synctest.Test(t, func(t *testing.T) {
					s, p := newService(limit), New(filesystem.Files{}, "")
					s.latency, s.retryAfter = latency, retryAfter
					s.list(t, p, 400) // the limit is found
					found := s.refused
					s.refused, s.answered = 0, 0
					const n = 4000
					took := s.list(t, p, n)
					t.Logf(
						"%v/s, Retry-After %v, %s: first %d, then %d of %d refused, %.3f of the limit",
						limit,
						retryAfter,
						name,
						found,
						s.refused,
						s.answered,
						n/took.Seconds()/limit,
					)
					if s.refused*100 >= s.answered {
						t.Errorf("%v/s, Retry-After %v, %s: %d of %d were refused", limit, retryAfter, name, s.refused, s.answered)
					}
					least := 0.94 * limit
					if retryAfter > time.Second { // a service that makes all wait gives away what it cannot save up
						least = 0.8 * limit
					}
					if rate := n / took.Seconds(); rate < least {
						t.Errorf("%v/s, Retry-After %v, %s: only %.1f a second", limit, retryAfter, name, rate)
					}
				})
			}
		}
	}
}

// A limit that drops for a minute is followed down and up again.
func TestADropIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newService(20), New(filesystem.Files{}, "")
		s.latency, s.retryAfter = latencies()["5 to 800 ms"], 0
		s.limit = func(since time.Duration) float64 {
			if since > 30*time.Second && since < 90*time.Second {
				return 5
			}
			return 20
		}
		for time.Since(s.started) < 90*time.Second {
			s.list(t, p, 50)
		}
		if s.refused > 40 {
			t.Errorf("%d of %d were refused in the minute", s.refused, s.answered)
		}
		for p.Rate() < 19 {
			s.list(t, p, 50)
		}
		if took := time.Since(s.started); took > 5*time.Minute {
			t.Errorf("is back only %v after the limit", took-90*time.Second)
		}
	})
}

func TestRequestsLeaveInTurnAndEvenly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(filesystem.Files{}, "")
		began := time.Now()
		var mu sync.Mutex
		var order []int
		var left []time.Duration
		var waiting sync.WaitGroup
		for n := range 100 {
			waiting.Go(func() {
				if err := p.Wait(t.Context(), time.Hour); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				order, left = append(order, n), append(left, time.Since(began))
			})
			synctest.Wait() // it stands in the queue
		}
		waiting.Wait()
		for n := range order {
			if order[n] != n {
				t.Fatalf("left in the order %v", order)
			}
			if even := time.Duration(float64(n) * float64(time.Second) / fastest); (left[n] - even).Abs() > time.Millisecond {
				t.Errorf("number %d left after %v, not %v", n, left[n], even)
			}
		}
		time.Sleep(time.Hour) // saves nothing up
		for n := range 3 {
			began = time.Now()
			if err := p.Wait(t.Context(), time.Hour); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(began); n > 0 && waited < 50*time.Millisecond {
				t.Errorf("number %d after the pause waited for %v", n, waited)
			}
		}
	})
}

func TestARefusalHoldsAllBackAndCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(filesystem.Files{}, "")
		for range 40 {
			_ = p.Wait(t.Context(), time.Hour)
			p.Succeeded()
		}
		for range 10 {
			p.Throttled(7 * time.Second)
		}
		if p.Rate() != 0 {
			t.Errorf("the rate is %v while all are held back", p.Rate())
		}
		began := time.Now()
		if err := p.Wait(t.Context(), time.Hour); err != nil || time.Since(began) != 7*time.Second {
			t.Errorf("waited for %v, %v", time.Since(began), err)
		}
		if rate := p.Rate(); math.Abs(rate-shrink*fastest) > 0.5 {
			t.Errorf("the rate is %.1f", rate)
		}
		time.Sleep(10 * time.Second)
		if rate := p.Rate(); rate < 18.5 || rate > fastest {
			t.Errorf("ten seconds later the rate is %.1f", rate)
		}
	})
}

func TestAServiceThatRefusesAllIsAskedRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newService(0), New(filesystem.Files{}, "")
		s.tokens, s.retryAfter = 0, 0
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		for p.Wait(ctx, time.Hour) == nil {
			s.ask(p)
			if rate := p.state.rate(time.Now()); rate < slowest {
				t.Fatalf("the rate is %v", rate)
			}
		}
		if s.refused < 10 || s.refused > 60 {
			t.Errorf("asked %d times in ten minutes", s.refused)
		}
	})
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(filesystem.Files{}, "")
		p.Throttled(time.Minute)
		cause := errors.New("the person has enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		var waiting sync.WaitGroup
		for range 3 { // one at the head of the queue, two behind it
			waiting.Go(func() {
				if err := p.Wait(ctx, time.Hour); err != cause {
					t.Errorf("ended with %v", err)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		cancel(cause)
		waiting.Wait()
		if waited := time.Since(began); waited > 0 {
			t.Errorf("ended %v later", waited)
		}
		if err := p.Wait(ctx, time.Hour); err != cause {
			t.Errorf("began with %v", err)
		}
		if err := p.Wait(t.Context(), time.Hour); err != nil || time.Since(began) != time.Minute {
			t.Errorf("those who stay leave after %v, %v", time.Since(began), err)
		}
	})
}
