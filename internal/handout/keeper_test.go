// The contract of a keeper: what a caller may rely on. Read this file first.
package handout_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/testbed"
)

// Keys are renewed early even if nobody asks: with 20 minutes left, or a quarter of a short life.
func TestKeysAreRenewedAhead(t *testing.T) {
	for _, c := range []struct{ life, old, renewed time.Duration }{
		{time.Hour, 39 * time.Minute, 41 * time.Minute},
		{7 * time.Hour, 6*time.Hour + 39*time.Minute, 6*time.Hour + 41*time.Minute},
		{16 * time.Minute, 11*time.Minute + 50*time.Second, 12*time.Minute + 30*time.Second},
		{time.Minute, 44 * time.Second, 47 * time.Second},
	} {
		t.Run(c.life.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, c.life)
				first := s.keys(t)
				time.Sleep(c.old)
				synctest.Wait()
				if n := s.requests(); n != 1 {
					t.Errorf("asked %d times after %s", n, c.old)
				}
				time.Sleep(c.renewed - c.old)
				synctest.Wait()
				if n := s.requests(); n != 2 {
					t.Errorf("asked %d times after %s", n, c.renewed)
				}
				if again := s.keys(t); again.AccessKeyID == first.AccessKeyID || again.after > 0 {
					t.Errorf("%+v", again)
				}
			})
		})
	}
}

// A portal that takes three seconds: no request waits for a second, and all of them together cost one call.
func TestASlowPortal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 30*time.Minute)
		s.answer(func(http.ResponseWriter, *http.Request) bool {
			time.Sleep(3 * time.Second)
			return false
		})
		s.sleep(31 * time.Minute)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				a := ask(t, s.endpoint, request(t, s.target))
				if a.status != http.StatusServiceUnavailable || a.after > time.Second || a.Code != "ServiceUnavailable" {
					t.Errorf("%+v", a)
				}
			})
		}
		all.Wait()
		time.Sleep(time.Second)
		if a := ask(t, s.endpoint, request(t, s.target)); a.status != http.StatusServiceUnavailable {
			t.Errorf("%+v", a)
		}
		time.Sleep(time.Second)
		if a := s.keys(t); a.after > time.Second { // an SDK's third try
			t.Errorf("%+v", a)
		}
		if n := s.requests(); n != 2 || s.begun != 1 {
			t.Errorf("asked %d times, in %d renewals", n-1, s.begun)
		}
	})
}

// A renewal goes on after the client that started it hangs up.
func TestARenewalOutlivesItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 30*time.Minute)
		s.answer(func(http.ResponseWriter, *http.Request) bool {
			time.Sleep(2 * time.Second)
			return false
		})
		s.sleep(31 * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_ = ask(t, s.endpoint, request(t, s.target).WithContext(ctx))
		time.Sleep(2 * time.Second)
		if a := s.keys(t); a.after > 0 || s.requests() != 2 {
			t.Errorf("%+v, asked %d times", a, s.requests()-1)
		}
	})
}

// Keys with more than 15 minutes left are handed out without waiting for the newer ones; later, the old ones serve
// while they are good.
func TestOldKeysServeWhileTheyAreGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, time.Hour)
		first := s.keys(t)
		s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
			return testbed.Refuse(w, 503, "ServiceUnavailable")
		})
		time.Sleep(43 * time.Minute)
		if a := s.keys(t); a.after > 0 || a.AccessKeyID != first.AccessKeyID {
			t.Errorf("%+v", a)
		}
		time.Sleep(16*time.Minute + 50*time.Second)
		if a := s.keys(t); a.AccessKeyID != first.AccessKeyID || a.after > time.Second {
			t.Errorf("%+v", a)
		}
		time.Sleep(10 * time.Second)
		a := ask(t, s.endpoint, request(t, s.target))
		for a.after > 0 && a.Code == "ServiceUnavailable" && strings.Contains(a.Message, "renewed") {
			time.Sleep(time.Second)
			a = ask(t, s.endpoint, request(t, s.target))
		}
		if a.status != http.StatusServiceUnavailable || a.AccessKeyID != "" {
			t.Errorf("%+v", a)
		}
		s.mu.Lock()
		failures := len(s.failed)
		s.mu.Unlock()
		if failures == 0 || failures > 20 {
			t.Errorf("%d failures were reported", failures)
		}
		s.answer(nil)
		time.Sleep(3 * time.Second)
		s.keys(t)
	})
}

// Without a sign-in the answer is 403 with the command, once the keys have ended; after it, the next request has keys.
func TestSignedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, time.Hour)
		path := s.Login.Store.TokenPath(testbed.Corp())
		token, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		s.keys(t)
		s.sleep(2 * time.Hour)
		a := ask(t, s.endpoint, request(t, s.target))
		if a.status != http.StatusForbidden || a.Code != "LoginRequired" || !strings.Contains(a.Message, "rolecall login") {
			t.Errorf("%+v", a)
		}
		if err := os.WriteFile(path, token, 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		s.keys(t)
	})
}

// sleep is a laptop's: the clocks go on, the timers do not.
func (s *scene) sleep(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jump += d
}

// A laptop that slept past the end of its keys wakes up to new ones, or to an error; so does one whose clock was set.
func TestTheClockJumps(t *testing.T) {
	for name, c := range map[string]struct {
		jump  time.Duration
		fails bool
	}{
		"over the end":                     {2 * time.Hour, false},
		"over the end, and without a way":  {2 * time.Hour, true},
		"into the last minutes":            {50 * time.Minute, false},
		"a day ahead":                      {24 * time.Hour, true},
		"back, so that keys live too long": {-24 * time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, time.Hour)
				first := s.keys(t)
				if c.fails {
					s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
						return testbed.Refuse(w, 400, "InvalidRequestException")
					})
				}
				s.sleep(c.jump)
				a := ask(t, s.endpoint, request(t, s.target))
				if a.AccessKeyID == first.AccessKeyID {
					t.Errorf("the old keys: %+v", a)
				}
				if c.fails != (a.status != http.StatusOK) || c.fails && a.AccessKeyID != "" {
					t.Errorf("%+v", a)
				}
			})
		})
	}
}

// After another sign-in, perhaps another person's, the keys of the one before are not handed out any more.
func TestKeysOfTheSignInBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, time.Hour)
		first := s.keys(t)
		note := s.Login.Store.SessionNote(testbed.Corp())
		note.Login = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) // files have the time of the real clock
		if err := s.Login.Store.SaveSessionNote(testbed.Corp(), note); err != nil {
			t.Fatal(err)
		}
		if again := s.keys(t); again.AccessKeyID == first.AccessKeyID {
			t.Errorf("the keys of the sign-in before: %+v", again)
		}
	})
}
