package limits

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestABurstAndThenOneInEachInterval(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	l := New(func() time.Time { return now }, time.Minute, 3)
	allowed := func() (n int) {
		for range 10 {
			if l.Allow("alice") {
				n++
			}
		}
		return n
	}
	if n := allowed(); n != 3 {
		t.Errorf("a burst of %d", n)
	}
	if w := l.Wait("alice"); w != time.Minute {
		t.Errorf("waits for %v", w)
	}
	if !l.Allow("bob") {
		t.Error("one key's bucket is another's")
	}
	now = now.Add(2 * time.Minute)
	if n := allowed(); n != 2 {
		t.Errorf("%d after two minutes", n)
	}
	l.Return("alice")
	if n := allowed(); n != 1 {
		t.Errorf("%d after a return", n)
	}
	now = now.Add(time.Hour)
	if n := allowed(); n != 3 {
		t.Errorf("%d after an hour", n)
	}
	now = now.Add(-time.Hour) // a clock that is set back lets nobody in
	if n := allowed(); n != 0 {
		t.Errorf("%d an hour earlier", n)
	}
}

// Concurrent callers do not all get in before the first is counted.
func TestAtOnce(t *testing.T) {
	now := time.Now()
	l := New(func() time.Time { return now }, time.Minute, 5)
	var n atomic.Int64
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if l.Allow("") {
				n.Add(1)
			}
		})
	}
	wg.Wait()
	if n.Load() != 5 {
		t.Errorf("%d got in", n.Load())
	}
}

func TestManyKeysAreForgotten(t *testing.T) {
	now := time.Now()
	l := New(func() time.Time { return now }, time.Minute, 1)
	for i := range 3 * maxKeys {
		l.Allow(fmt.Sprint(i))
	}
	if len(l.buckets) > maxKeys {
		t.Errorf("%d keys are kept", len(l.buckets))
	}
	var none *Limiter
	none.Return("")
	if !none.Allow("") || none.Wait("") != 0 {
		t.Error("no limiter limits")
	}
}
