package pace

import (
	"encoding/json"
	"math"
	"math/rand/v2"
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
	// pause is a time without a request, after which counting begins anew.
	pause = 10 * time.Second
	// maxRefusals in a row are more than longestHold makes a difference for.
	maxRefusals = 1000
	// maxHold bounds what Retry-After can ask for.
	maxHold = time.Minute
)

// A state is what is known of the limit, and when the next request may leave. Its
// moments are wall clock time: several processes share it.
type state struct {
	Next time.Time `json:"next"` // when the next request may leave
	Held time.Time `json:"held"` // but not before this; zero before the first refusal
	// From and To are the rates right after Held, and a while later.
	From    float64   `json:"from"`
	To      float64   `json:"to"`
	Counted time.Time `json:"counted"` // when counting began: the last refusal
	// Passed counts the requests since Counted that were not refused.
	Passed   int `json:"passed"`
	Refusals int `json:"refusals"` // in a row
}

func newState() state { return state{From: fastest, To: fastest} }

// readState decodes what a process has written. Nonsense is a new state: it costs a
// refusal at most.
func readState(data []byte, now time.Time) state {
	var s state
	sound := func(rate float64) bool { return rate >= slowest && rate <= fastest }
	if json.Unmarshal(data, &s) != nil || !sound(s.From) || !sound(s.To) || s.Passed < 0 ||
		s.Refusals < 0 || s.Refusals > maxRefusals {
		return newState()
	}
	s.mend(now)
	return s
}

// mend drops moments that a clock set back has left in the future, and what was counted
// before a pause: it says nothing about the rate of now.
func (s *state) mend(now time.Time) {
	if s.Next.Sub(now) > time.Second/slowest {
		s.Next = now
	}
	if s.Held.Sub(now) > maxHold {
		s.Held = now
	}
	if s.Counted.After(now) || now.Sub(s.Next) > pause && now.Sub(s.Held) > pause {
		s.Counted, s.Passed, s.Refusals = now, 0, 0
	}
}

// leave returns how long the next request has to wait; at 0 it has left.
func (s *state) leave(now time.Time) time.Duration {
	if s.Counted.IsZero() {
		s.Counted = now
	}
	if wait := max(s.Next.Sub(now), s.Held.Sub(now)); wait > 0 {
		return wait
	}
	gap := time.Duration(float64(time.Second) / s.rate(now))
	// A late timer costs nothing: the moment that was meant counts, unless it is long over.
	if now.Sub(s.Next) > gap {
		s.Next = now
	}
	s.Next = s.Next.Add(gap)
	s.Passed++
	return 0
}

// throttle notes a refusal: all are held back for retryAfter, or for a while if that
// is 0, and are slower then.
func (s *state) throttle(now time.Time, retryAfter time.Duration) {
	s.Passed = max(0, s.Passed-1)
	retryAfter = min(retryAfter, maxHold)
	if now.Before(s.Held) { // it left before the refusal that is known
		s.Held = later(s.Held, now.Add(retryAfter))
		return
	}
	rate := s.rate(now)
	// A service saves up what nobody uses, so it refuses only some time after the rate
	// has become too high, and that rate says little. But both now and at the last
	// refusal nothing was saved up: all that came in between was let through.
	found := rate
	if since := now.Sub(s.Counted); since > 0 {
		found = min(rate, max(rate/2, float64(s.Passed)/since.Seconds()))
	}
	s.From, s.To = max(slowest, shrink*found), max(slowest, below*found)
	s.Counted, s.Passed = now, 0
	s.Refusals = min(s.Refusals+1, maxRefusals)
	s.Held = now.Add(max(retryAfter, shortestHold))
	if retryAfter == 0 {
		longest := min(longestHold, shortestHold<<min(s.Refusals, 10))
		s.Held = now.Add(shortestHold + rand.N(longest-shortestHold))
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// rate grows from a refusal on as CUBIC does (RFC 9438): quickly to just below the
// limit that was found, hardly for a while, and ever faster then. A linear growth would
// either be refused too often (each try above the limit costs as many refusals as
// requests are on their way), or take many minutes after the limit has been raised.
func (s *state) rate(now time.Time) float64 {
	if s.Held.IsZero() {
		return fastest
	}
	since := max(0, now.Sub(s.Held))
	near := s.To - (s.To-s.From)*math.Exp(-float64(since)/float64(recovery))
	return min(fastest, near+math.Pow(float64(since)/float64(probing), 3))
}
