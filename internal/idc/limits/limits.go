// Package limits slows guesses and floods down: a token bucket for each key.
package limits

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A Limiter lets a burst through for each key, and then one in each interval. A nil
// Limiter lets everything through. It is safe for concurrent use.
type Limiter struct {
	now   func() time.Time
	every time.Duration
	burst int

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

// maxKeys bounds the table; full buckets go first, they are as good as new.
const maxKeys = 10_000

// New makes a limiter.
func New(now func() time.Time, every time.Duration, burst int) *Limiter {
	return &Limiter{now: now, every: every, burst: burst, buckets: map[string]*rate.Limiter{}}
}

// Allow takes from key's bucket, and reports whether anything was in it.
func (l *Limiter) Allow(key string) bool {
	return l == nil || l.bucket(key).AllowN(l.now(), 1)
}

// Left reports whether anything is in key's bucket, and takes nothing.
func (l *Limiter) Left(key string) bool {
	return l == nil || l.bucket(key).TokensAt(l.now()) >= 1
}

// Wait is how long it takes until the bucket has one.
func (l *Limiter) Wait(key string) time.Duration {
	if l == nil {
		return 0
	}
	missing := 1 - l.bucket(key).TokensAt(l.now())
	return max(0, time.Duration(missing*float64(l.every)))
}

func (l *Limiter) bucket(key string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[key]
	if b == nil {
		if len(l.buckets) >= maxKeys {
			l.sweep()
		}
		b = rate.NewLimiter(rate.Every(l.every), l.burst)
		l.buckets[key] = b
	}
	return b
}

func (l *Limiter) sweep() {
	now := l.now()
	for key, b := range l.buckets {
		if b.TokensAt(now) >= float64(l.burst) {
			delete(l.buckets, key)
		}
	}
	for key := range l.buckets {
		if len(l.buckets) < maxKeys {
			return
		}
		delete(l.buckets, key)
	}
}
