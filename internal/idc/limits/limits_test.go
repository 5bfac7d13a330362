package limits

import (
	"fmt"
	"strings"
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

// What strangers send as keys takes little room, and stays apart.
func TestLongKeysTakeLittleRoom(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	l := New(func() time.Time { return now }, time.Minute, 1)
	long := strings.Repeat("x", 1<<16)
	if !l.Allow(long+"a") || !l.Allow(long+"b") || l.Allow(long+"a") {
		t.Error("two long keys are one, or one is two")
	}
	for key := range l.buckets {
		if len(key) > 128 {
			t.Errorf("a key of %d bytes", len(key))
		}
	}
}

// Tidy drops what is as good as new, and nothing else; Forget drops what matches.
func TestTidyAndForget(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	l := New(func() time.Time { return now }, time.Minute, 2)
	l.Allow("old")
	now = now.Add(time.Minute)
	l.Allow("new")
	l.Tidy()
	if len(l.buckets) != 1 || l.Full("new") || !l.Full("old") {
		t.Errorf("left: %v", l.buckets)
	}
	l.Allow("other")
	l.Forget(func(key string) bool { return key == "new" })
	if !l.Full("new") || l.Full("other") {
		t.Errorf("left: %v", l.buckets)
	}
	var none *Limiter
	none.Tidy()
	none.Forget(func(string) bool { return true })
	if !none.Full("x") {
		t.Error("without limits something is limited")
	}
}
