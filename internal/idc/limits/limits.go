// Package limits slows down guesses and floods, with a token bucket for each key.
package limits

import (
	"crypto/sha256"
	"maps"
	"sync"
	"time"
)

// A Limiter allows each key a burst, and then one call in each interval. A nil Limiter allows everything. It is safe
// for concurrent use.
type Limiter struct {
	now   func() time.Time
	every time.Duration
	burst float64

	mu      sync.Mutex
	buckets map[string]bucket
}

// A bucket is the number of tokens at a moment.
type bucket struct {
	tokens float64
	at     time.Time
}

// maxKeys bounds the table. Full buckets are dropped first: they are as good as new.
const maxKeys = 10_000

// New makes a limiter.
func New(now func() time.Time, every time.Duration, burst int) *Limiter {
	return &Limiter{now: now, every: every, burst: float64(burst), buckets: map[string]bucket{}}
}

// Allow takes a token from key's bucket, and reports whether there was one. To count failures only, take before trying,
// and Return after a success.
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

// Return puts back a token that Allow took.
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

// Wait is how long it takes until the bucket has a token.
func (l *Limiter) Wait(key string) time.Duration {
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, time.Duration((1-l.fill(key).tokens)*float64(l.every)))
}

// Full reports whether key has its whole burst.
func (l *Limiter) Full(key string) bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fill(key).tokens >= l.burst
}

// Forget fills the buckets whose keys match.
func (l *Limiter) Forget(match func(key string) bool) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.buckets, func(key string, _ bucket) bool { return match(key) })
}

// Tidy drops full buckets, and the room that they took.
func (l *Limiter) Tidy() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := map[string]bucket{}
	for key, b := range l.buckets {
		if l.fill(key).tokens < l.burst {
			kept[key] = b
		}
	}
	l.buckets = kept
}

// fill brings a bucket up to date.
func (l *Limiter) fill(key string) bucket {
	now := l.now()
	b, known := l.buckets[bounded(key)]
	if !known {
		return bucket{l.burst, now}
	}
	gained := float64(now.Sub(b.at)) / float64(l.every)
	return bucket{min(b.tokens+max(0, gained), l.burst), now}
}

func (l *Limiter) keep(key string, b bucket) {
	key = bounded(key)
	if _, known := l.buckets[key]; !known && len(l.buckets) >= maxKeys {
		l.sweep()
	}
	l.buckets[key] = b
}

// bounded returns a key, or its hash if it is long: strangers send some.
func bounded(key string) string {
	const longest = 128
	if len(key) <= longest {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return string(sum[:])
}

// sweep drops full buckets, and then arbitrary ones, a tenth at a time, so that not every new key needs a sweep.
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
