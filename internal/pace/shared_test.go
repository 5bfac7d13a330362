package pace

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/filesystem"
)

// together lets as many processes as there are pacers have n requests each answered
// well, and returns how long that took.
func together(t *testing.T, s *service, pacers []*Pacer, n int) time.Duration {
	began := time.Now()
	var all sync.WaitGroup
	for _, p := range pacers {
		all.Go(func() { s.list(t, p, n) })
	}
	all.Wait()
	return time.Since(began)
}

func sharing(t *testing.T, processes int) []*Pacer {
	path := filepath.Join(t.TempDir(), "state", "pace.json")
	pacers := make([]*Pacer, processes)
	for i := range pacers {
		pacers[i] = New(filesystem.Files{}, path)
	}
	return pacers
}

// Processes of one person are refused no more often together than one alone, and use
// up what the limit allows.
func TestProcessesShareOnePace(t *testing.T) {
	for _, processes := range []int{2, 10} {
		for _, limit := range []float64{20, 10} {
			synctest.Test(t, func(t *testing.T) {
				const requests = 2000
				s := newService(limit)
				took := together(t, s, sharing(t, processes), requests/processes)
				allowed := time.Duration(float64(requests-burst) / limit * float64(time.Second))
				name := fmt.Sprintf("%d processes, %v/s", processes, limit)
				t.Logf(
					"%s: %d of %d refused, %.3f of what the limit allows",
					name,
					s.refused,
					s.answered,
					took.Seconds()/allowed.Seconds(),
				)
				if s.refused*100 >= s.answered {
					t.Errorf("%s: %d of %d were refused", name, s.refused, s.answered)
				}
				if took > allowed*11/10 {
					t.Errorf("%s: took %v, the limit allows %v", name, took, allowed)
				}
			})
		}
	}
}

// A process that asks once leaves at once while nobody else asks, and takes its turn
// while others do.
func TestASingleRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pacers := sharing(t, 2)
		wait := func(p *Pacer) time.Duration {
			began := time.Now()
			if err := p.Wait(t.Context(), time.Hour); err != nil {
				t.Fatal(err)
			}
			return time.Since(began)
		}
		if waited := wait(pacers[0]); waited > 0 {
			t.Errorf("waited for %v with nobody there", waited)
		}
		if waited := wait(pacers[1]); waited < 50*time.Millisecond {
			t.Errorf("waited for %v right after another process", waited)
		}
		time.Sleep(time.Second)
		if waited := wait(pacers[1]); waited > 0 {
			t.Errorf("waited for %v a second later", waited)
		}
	})
}

// What one process is told by the service holds for all, those that begin later, too.
func TestARefusalHoldsForAllProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pacers := sharing(t, 2)
		_ = pacers[0].Wait(t.Context(), time.Hour)
		pacers[0].Throttled(7 * time.Second)
		began := time.Now()
		if err := pacers[1].Wait(t.Context(), time.Hour); err != nil || time.Since(began) != 7*time.Second {
			t.Errorf("waited for %v, %v", time.Since(began), err)
		}
	})
}

// Whoever waits less than a hold lasts is told at once, also in a process that begins
// later.
func TestAHoldThatIsTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pacers := sharing(t, 2)
		_ = pacers[0].Wait(t.Context(), time.Hour)
		pacers[0].Throttled(50 * time.Second)
		began := time.Now()
		var held *HeldError
		err := pacers[1].Wait(t.Context(), 8*time.Second)
		if !errors.As(err, &held) || time.Since(began) > 0 || held.Until.Sub(began) != 50*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		time.Sleep(45 * time.Second)
		if err := pacers[1].Wait(t.Context(), 8*time.Second); err != nil || time.Since(began) != 50*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// What was counted before a pause says nothing about the limit of today.
func TestAPauseIsNotCounted(t *testing.T) {
	for _, limit := range []float64{18, 12} {
		synctest.Test(t, func(t *testing.T) {
			pacers := sharing(t, 1)
			s := newService(limit)
			s.list(t, pacers[0], 5)
			time.Sleep(24 * time.Hour)
			s.tokens, s.at = burst, time.Now()
			took := s.list(t, pacers[0], 1000)
			if share := (1000 - burst) / took.Seconds() / limit; share < 0.93 {
				t.Errorf("limit %v: only %.2f of it was used", limit, share)
			}
		})
	}
}

// A process that was stopped while it had the file costs the others a moment, not each of
// their requests.
func TestALockThatIsNeverLetGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pace.json")
	synctest.Test(t, func(t *testing.T) {
		lock, err := filesystem.Files{}.Lock(t.Context(), path+".lock", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Unlock()
		s := newService(20)
		took := s.list(t, New(filesystem.Files{}, path), 200)
		if least := 200 * time.Second / 20; took > least*115/100 {
			t.Errorf("took %v, the limit allows %v", took, least)
		}
	})
}

// Refusals without end, and a process's own state after its clock was set back.
func TestNumbersWithoutBounds(t *testing.T) {
	now := time.Now()
	s := readState([]byte(`{"from":19.6,"to":19.6,"refusals":9223372036854775807}`), now)
	s.throttle(now, 0)
	for range 2 * maxRefusals {
		s.throttle(s.Held, 0)
	}
	if held := s.Held.Sub(now); held < 0 {
		t.Errorf("held for %v", held)
	}
	p := New(filesystem.Files{}, "")
	p.state = state{From: fastest, To: fastest, Next: now.Add(24 * time.Hour).Round(0)}
	if err := p.Wait(t.Context(), time.Second); err != nil || p.seen().Next.Sub(now) > time.Minute {
		t.Errorf("%v, next at %v", err, p.seen().Next)
	}
}

// Whatever a crash, a clock or another program leaves behind costs a moment at most.
func TestStatesThatCannotBe(t *testing.T) {
	now := time.Now().UTC()
	at := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339Nano) }
	rates := `"from":19.6,"to":19.6`
	for name, content := range map[string]string{
		"empty":                      "",
		"zeros":                      "\x00\x00\x00\x00",
		"half":                       `{"next":"` + at(0),
		"no numbers":                 `{"from":"fast","to":"fast"}`,
		"too fast":                   `{"from":1e9,"to":1e9}`,
		"standing still":             `{"from":0,"to":0}`,
		"a list":                     `[1,2,3]`,
		"the clock was a year ahead": `{"next":"` + at(365*24*time.Hour) + `",` + rates + `}`,
		"held until next year":       `{"held":"` + at(365*24*time.Hour) + `",` + rates + `}`,
		"counted from tomorrow":      `{"counted":"` + at(24*time.Hour) + `",` + rates + `,"passed":9}`,
		"the clock was a year behind": `{"next":"` + at(-365*24*time.Hour) + `","counted":"` +
			at(-365*24*time.Hour) + `",` + rates + `}`,
		"more than anybody would ever": string(make([]byte, 8192)),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pace.json")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			p := New(filesystem.Files{}, path)
			p.update(func(s *state, now time.Time) {
				if wait := s.leave(now); wait > time.Second {
					t.Errorf("waits for %v", wait)
				}
				if rate := s.rate(now); !(rate >= slowest && rate <= fastest) {
					t.Errorf("the rate is %v", rate)
				}
			})
			other := New(filesystem.Files{}, path)
			other.update(func(s *state, _ time.Time) {
				if s.Passed == 0 && s.Next.IsZero() {
					t.Error("nothing was kept")
				}
			})
		})
	}
}

// Without the file, or with one whose lock is never let go, each has its own pace.
func TestWithoutTheFile(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		held := filepath.Join(dir, "held.json")
		lock, err := filesystem.Files{}.Lock(t.Context(), held+".lock", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Unlock()
		for _, path := range []string{filepath.Join(blocked, "pace.json"), held} {
			p := New(filesystem.Files{}, path)
			began := time.Now()
			for range 3 {
				if err := p.Wait(t.Context(), time.Hour); err != nil {
					t.Fatal(err)
				}
			}
			if waited := time.Since(began); waited < 100*time.Millisecond || waited > time.Second {
				t.Errorf("%s: three requests left within %v", path, waited)
			}
		}
	})
}

// BenchmarkSingleRequest is what a process pays that asks once.
func BenchmarkSingleRequest(b *testing.B) {
	path := filepath.Join(b.TempDir(), "pace.json")
	for b.Loop() {
		p := New(filesystem.Files{}, path)
		p.update(func(s *state, now time.Time) { s.Next = now; _ = s.leave(now) })
		p.Succeeded()
	}
}
