// Package limits slows guesses and floods down: a token bucket for each key.
package limits

import (
	"sync"
	"time"
)

// A Limiter lets a burst through for each key, and then one in each interval. A nil
// Limiter lets everything through. It is safe for concurrent use.
type Limiter struct {
	now   func() time.Time
	every time.Duration
	burst float64

	mu      sync.Mutex
	buckets map[string]bucket
}

// A bucket had so many tokens at a moment.
type bucket struct {
	tokens float64
	at     time.Time
}

// maxKeys bounds the table; full buckets go first, they are as good as new.
const maxKeys = 10_000

// New makes a limiter.
func New(now func() time.Time, every time.Duration, burst int) *Limiter {
	return &Limiter{now: now, every: every, burst: float64(burst), buckets: map[string]bucket{}}
}

// Allow takes from key's bucket, and reports whether anything was in it. To bound
// failures alone, take before trying, and Return after a success.
func (l *Limiter) Allow(key string) bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.fill(key)
	allowed := b.tokens >= 1
	if allowed {
		b.tokens--
	}
	l.keep(key, b)
	return allowed
}

// Return puts back what Allow took.
func (l *Limiter) Return(key string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.fill(key)
	b.tokens = min(b.tokens+1, l.burst)
	l.keep(key, b)
}

// Wait is how long it takes until the bucket has one.
func (l *Limiter) Wait(key string) time.Duration {
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, time.Duration((1-l.fill(key).tokens)*float64(l.every)))
}

// fill gives the bucket as it is now.
func (l *Limiter) fill(key string) bucket {
	now := l.now()
	b, known := l.buckets[key]
	if !known {
		return bucket{l.burst, now}
	}
	gained := float64(now.Sub(b.at)) / float64(l.every)
	return bucket{min(b.tokens+max(0, gained), l.burst), now}
}

func (l *Limiter) keep(key string, b bucket) {
	if _, known := l.buckets[key]; !known && len(l.buckets) >= maxKeys {
		l.sweep()
	}
	l.buckets[key] = b
}

// sweep drops full buckets, and then any: a tenth, so that it is not done for each
// new key.
func (l *Limiter) sweep() {
	for key := range l.buckets {
		if l.fill(key).tokens >= l.burst {
			delete(l.buckets, key)
		}
	}
	for key := range l.buckets {
		if len(l.buckets) < maxKeys*9/10 {
			return
		}
		delete(l.buckets, key)
	}
}
