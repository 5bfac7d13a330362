package access_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/access"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/identitycenter"
	"rolecall/internal/testbed"
)

// deniedTokens need a person's sign-in, which is denied after a while.
type deniedTokens struct {
	first identitycenter.Token
	mu    sync.Mutex
	asked int
}

func (d *deniedTokens) Token(context.Context) (identitycenter.Token, error)  { return d.first, nil }
func (d *deniedTokens) Cached(context.Context) (identitycenter.Token, error) { return d.first, nil }
func (d *deniedTokens) Renew(context.Context, identitycenter.Token) (identitycenter.Token, error) {
	time.Sleep(time.Minute)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	return identitycenter.Token{}, identitycenter.ErrAccessDenied
}

// A person who does not want to sign in is asked once, however many workers there are.
func TestADeniedSignInIsNotAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 1)
		s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
			return testbed.Refuse(w, 401, "UnauthorizedException")
		})
		first, err := s.Login.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		o, tokens := s.portal.Options, &deniedTokens{first: first}
		o.Tokens = tokens
		p := access.New(o)
		var workers sync.WaitGroup
		for range 12 {
			workers.Go(func() {
				if _, err := p.Accounts(t.Context()); !errors.Is(err, identitycenter.ErrAccessDenied) {
					t.Error(err)
				}
			})
		}
		workers.Wait()
		if tokens.asked != 1 {
			t.Errorf("asked %d times", tokens.asked)
		}
	})
}

// A list is whole, or an error.
func TestPagesHaveBounds(t *testing.T) {
	const one = `{"accountId":"111122223333","roleName":"Admin"}`
	for name, next := range map[string]func(n int) (token, list string){
		"the same page for ever": func(int) (string, string) { return "again", one },
		"two pages in turn":      func(n int) (string, string) { return fmt.Sprint("t", n%2), one },
		"ever new pages":         func(n int) (string, string) { return fmt.Sprint("t", n), one },
		"ever new empty pages":   func(n int) (string, string) { return fmt.Sprint("t", n), "" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, 1)
				s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
					token, list := next(s.requests())
					fmt.Fprintf(w, `{"nextToken":%q,"accountList":[%[2]s],"roleList":[%[2]s]}`, token, list)
					return true
				})
				most := map[string]int{"ever new pages": access.MaxPages, "ever new empty pages": 10}[name]
				if got, err := s.portal.Accounts(t.Context()); !errors.Is(err, identitycenter.ErrBadAnswer) ||
					s.requests() > max(most, 3) {
					t.Errorf("%d accounts, %v after %d requests", len(got), err, s.requests())
				}
				if got, err := s.portal.Roles(t.Context(), "111122223333"); !errors.Is(err, identitycenter.ErrBadAnswer) {
					t.Errorf("%d roles, %v", len(got), err)
				}
			})
		})
	}
}

// A hold that another process was told of is the refusal that this request would get: a
// person at a prompt hears of it at once. A listing waits.
func TestAHoldOfAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 1)
		s.portal.Pace.Throttled(50 * time.Second)
		began := time.Now()
		_, err := s.portal.Accounts(t.Context())
		if !errors.Is(err, identitycenter.ErrThrottled) || time.Since(began) > 0 ||
			!strings.Contains(err.Error(), "held back by the service until") {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if err := s.portal.SignOut(t.Context()); err != nil || time.Since(began) > 0 {
			t.Errorf("a sign-out: %v after %v", err, time.Since(began))
		}
		_, err = s.portal.With(access.SinceLastSuccess(time.Minute)).Accounts(t.Context())
		if !errors.Is(err, identitycenter.ErrLoginRequired) || time.Since(began) < 50*time.Second {
			t.Errorf("a listing: %v after %v", err, time.Since(began))
		}
	})
}

// Without patience, the first refusal ends the request.
func TestNoPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 1)
		s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
			return testbed.Refuse(w, 429, "TooManyRequestsException")
		})
		began := time.Now()
		_, err := s.portal.With(access.SinceFirstRefusal(0)).Accounts(t.Context())
		if !errors.Is(err, identitycenter.ErrThrottled) || time.Since(began) > time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// One answer that does not come, and an outage of a second, do not end a listing.
func TestAListingOutlastsOutages(t *testing.T) {
	for name, trouble := range map[string]func(s *scene, began time.Time) bool{
		"an answer that hangs": func(s *scene, _ time.Time) bool {
			if s.requests() == 1 {
				time.Sleep(9 * time.Second)
			}
			return s.requests() == 1
		},
		"an outage of a second and a half": func(_ *scene, began time.Time) bool {
			return time.Since(began) < 1500*time.Millisecond
		},
	} {
		t.Run(name, func(t *testing.T) {
			failed := 0
			for range 20 { // the pauses are drawn by lot
				synctest.Test(t, func(t *testing.T) {
					s, began := newScene(t, 1), time.Now()
					s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
						return trouble(s, began) && testbed.Refuse(w, 503, "ServiceUnavailable")
					})
					if _, err := s.portal.With(access.SinceLastSuccess(time.Minute)).Accounts(t.Context()); err != nil {
						failed++
					}
				})
			}
			if failed > 1 {
				t.Errorf("%d of 20 listings failed", failed)
			}
		})
	}
}

// stalls are answers that do not come, or do not end, on the fake clock.
func stalls() map[string]func(http.ResponseWriter, *http.Request) bool {
	return map[string]func(http.ResponseWriter, *http.Request) bool{
		"no answer": func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true },
		"an error after six seconds": func(w http.ResponseWriter, _ *http.Request) bool {
			time.Sleep(6 * time.Second)
			return testbed.Refuse(w, 503, "ServiceUnavailable")
		},
	}
}

// A listing whose pages stall, from the first one or a later one on, ends within 30 seconds; a command for one role
// within ten.
func TestStalledAnswersEnd(t *testing.T) {
	for name, stall := range stalls() {
		for _, page := range []int{1, 2, 3} {
			t.Run(fmt.Sprint(name, " from page ", page), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newScene(t, 300)
					s.answer(func(w http.ResponseWriter, r *http.Request) bool { return s.requests() >= page && stall(w, r) })
					began := time.Now()
					p := s.portal.With(access.SinceLastSuccess(time.Minute))
					_, err := p.Accounts(t.Context())
					if took := time.Since(began); !errors.Is(err, identitycenter.ErrUnavailable) || took > 30*time.Second {
						t.Errorf("a listing: %v after %v", err, took)
					}
					began = time.Now()
					_, err = s.portal.RoleCredentials(t.Context(), "111122223333", "Admin", access.Directly)
					if took := time.Since(began); !errors.Is(err, identitycenter.ErrUnavailable) || took > 10*time.Second {
						t.Errorf("a role: %v after %v", err, took)
					}
				})
			})
		}
	}
}

// One page of many that stalls, while the others get on, ends the listing within 30 seconds, too.
func TestAPageThatStallsBesideOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 3)
		s.answer(func(w http.ResponseWriter, r *http.Request) bool {
			stalled := r.URL.Query().Get("account_id") == idctest.AccountID(1)
			if stalled {
				select {
				case <-r.Context().Done():
				case <-time.After(5 * time.Second):
				}
			}
			return stalled && testbed.Refuse(w, 503, "ServiceUnavailable")
		})
		p, began := s.portal.With(access.SinceLastSuccess(time.Minute)), time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		var others sync.WaitGroup
		others.Go(func() {
			for ctx.Err() == nil {
				_, _ = p.Roles(ctx, idctest.AccountID(2))
			}
		})
		_, err := p.Roles(t.Context(), idctest.AccountID(1))
		if took := time.Since(began); err == nil || took > 30*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		cancel()
		others.Wait()
	})
}
