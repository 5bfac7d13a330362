package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/access"
	"rolecall/internal/idc"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/testbed"
)

// A scene is alice, signed in, with many accounts, at an Identity Center that limits
// requests as AWS does and takes a while to answer.
type scene struct {
	*testbed.Bed
	*inventory.Lister
	token  identitycenter.Token
	warned []error

	mu      sync.Mutex
	latency func(n int) time.Duration
	before  func(w http.ResponseWriter, r *http.Request) bool // answered it
	asked   map[string]int                                    // requests of the portal, by what they ask for
	refused int                                               // of them, with 429
	times   []time.Time
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func newScene(t *testing.T, accounts, roles int) *scene {
	t.Helper()
	s := &scene{
		Bed: testbed.New(t, idc.Options{PortalLimit: true}), asked: map[string]int{},
		latency: func(int) time.Duration { return 0 },
	}
	err := idctest.Fill(s.Data, "alice", accounts, roles, func(i int) string { return fmt.Sprintf("team-%04d", i) })
	if err != nil {
		t.Fatal(err)
	}
	if s.token, err = s.Login.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Lister = &inventory.Lister{
		Place:  inventory.Place{Session: testbed.Corp(), Portal: testbed.URL},
		Portal: s.Bed.Portal(access.SinceLastSuccess(time.Minute)),
		Store:  &inventory.Store{Dir: filepath.Join(s.Home, "inventory"), Now: time.Now},
		Warn:   func(err error) { s.warned = append(s.warned, err) },
	}
	s.Before(s.serve)
	return s
}

// serve answers the portal's requests, after a while.
func (s *scene) serve(w http.ResponseWriter, r *http.Request) bool {
	if !testbed.Portal(r) {
		return false
	}
	s.mu.Lock()
	q := r.URL.Query()
	s.asked[q.Get("account_id")+"?"+q.Get("next_token")]++
	s.times = append(s.times, time.Now())
	latency, before := s.latency(len(s.times)), s.before
	s.mu.Unlock()
	time.Sleep(latency / 2)
	status := &statusWriter{ResponseWriter: w}
	if before == nil || !before(status, r) {
		s.Server.ServeHTTP(status, r)
	}
	time.Sleep(latency / 2)
	s.mu.Lock()
	defer s.mu.Unlock()
	if status.status == http.StatusTooManyRequests {
		s.refused++
	}
	return true
}

func (s *scene) list(ctx context.Context, t *testing.T) *inventory.Inventory {
	t.Helper()
	inv, err := s.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// whole checks that inv holds all that Fill gave, and the accounts of the sample.
func whole(t *testing.T, inv *inventory.Inventory, accounts, roles int) {
	t.Helper()
	filled := 0
	for _, a := range inv.Accounts {
		if strings.HasPrefix(a.ID, "7000000") {
			filled++
			if len(a.Roles) != roles || a.Name == "" || a.Email == "" {
				t.Fatalf("account %+v is not as it was made", a)
			}
		}
	}
	if filled != accounts || len(inv.Accounts) <= accounts {
		t.Fatalf("%d of %d accounts, %d in all", filled, accounts, len(inv.Accounts))
	}
}

// 2,000 accounts take a request each and 21 for their names; the limit lets 20
// through at once and 20 a second then.
func TestTwoThousandAccountsAtThePaceOfTheLimit(t *testing.T) {
	for _, latency := range []time.Duration{time.Millisecond, 150 * time.Millisecond, 800 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t, 2000, 5)
			s.latency = func(n int) time.Duration { return latency/2 + latency*time.Duration(n%11)/10 }
			begun := time.Now()
			inv := s.list(t.Context(), t)
			took := time.Since(begun)
			whole(t, inv, 2000, 5)
			requests := len(s.times)
			allowed := time.Duration(requests-20) * time.Second / 20
			if took > allowed*105/100 {
				t.Errorf("latency %v: %d requests took %v; the limit allows %v", latency, requests, took, allowed)
			}
			if s.refused*100 >= requests {
				t.Errorf("latency %v: %d of %d requests were refused", latency, s.refused, requests)
			}
			t.Logf(
				"latency %v: %d requests, %d refused, %.3f of what the limit allows",
				latency,
				requests,
				s.refused,
				float64(took)/float64(allowed),
			)
		})
	}
}

// Whenever it is interrupted, the next listing goes on without a question asked
// twice, but for answers that were under way.
func TestAnInterruptedListingGoesOn(t *testing.T) {
	for _, after := range []int{1, 2, 5, 40, 270} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t, 280, 2)
			s.latency = func(int) time.Duration { return 100 * time.Millisecond }
			ctx, cancel := context.WithCancelCause(t.Context())
			interrupted := errors.New("interrupted")
			answers := 0
			s.Progress = func(inventory.Progress) {
				if answers++; answers == after {
					cancel(interrupted)
				}
			}
			_, err := s.List(ctx)
			var incomplete *inventory.IncompleteError
			if !errors.As(err, &incomplete) || !errors.Is(err, interrupted) {
				t.Fatalf("after %d answers: %v", after, err)
			}
			if _, err := s.Store.Load(s.Place); !errors.Is(err, inventory.ErrNone) {
				t.Fatalf("a part is taken for the whole: %v", err)
			}
			s.Progress = nil
			s.Lister.Portal = s.Bed.Portal(access.SinceLastSuccess(time.Minute))
			whole(t, s.list(t.Context(), t), 280, 2)
			const underWay = 24 // answers that nobody took any more
			if more := len(s.times) - len(s.asked); more > underWay {
				t.Errorf("after %d answers: %d requests for %d pages", after, len(s.times), len(s.asked))
			}
		})
	}
}

// A listing that was killed leaves half a line; another sign-in, or an hour, makes
// its pages useless.
func TestWhatAJournalIsGoodFor(t *testing.T) {
	begin := func(t *testing.T) *scene {
		s := newScene(t, 50, 1)
		ctx, cancel := context.WithCancel(t.Context())
		s.Progress = func(p inventory.Progress) {
			if p.Listed == 30 {
				cancel()
			}
		}
		if _, err := s.List(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		s.Progress = nil
		s.asked, s.times = map[string]int{}, nil
		return s
	}
	for name, c := range map[string]struct {
		change  func(*testing.T, *scene)
		resumes bool
	}{
		"at once":         {func(*testing.T, *scene) {}, true},
		"half a line":     {func(t *testing.T, s *scene) { appendTo(t, partial(t, s), `{"account":"7000000`) }, true},
		"another sign-in": {func(_ *testing.T, s *scene) { s.Place.Login = time.Now() }, false},
		"after two hours": {func(*testing.T, *scene) { time.Sleep(2 * time.Hour) }, false},
		"damaged":         {func(t *testing.T, s *scene) { overwrite(t, partial(t, s), "no listing\n") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := begin(t)
				c.change(t, s)
				whole(t, s.list(t.Context(), t), 50, 1)
				if resumed := len(s.times) < 45; resumed != c.resumes {
					t.Errorf("%d requests", len(s.times))
				}
			})
		})
	}
}

func TestAServerInTrouble(t *testing.T) {
	refuse := func(status int, kind string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("X-Amzn-Errortype", kind)
			w.WriteHeader(status)
			return true
		}
	}
	account := idctest.AccountID(7)
	for name, c := range map[string]struct {
		answers func(s *scene) func(http.ResponseWriter, *http.Request) bool
		want    error // nil: the listing is whole
		without int   // accounts that are not in it
	}{
		"an outage of a few requests": {answers: func(s *scene) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				return s.nth(r) < 3 && refuse(500, "InternalServerException")(w, r)
			}
		}},
		"an outage": {answers: func(*scene) func(http.ResponseWriter, *http.Request) bool {
			return refuse(503, "ServiceUnavailable")
		}, want: identitycenter.ErrUnavailable},
		"nothing but refusals": {answers: func(*scene) func(http.ResponseWriter, *http.Request) bool {
			return refuse(429, "TooManyRequestsException")
		}, want: identitycenter.ErrThrottled},
		"a token that ends on the way": {answers: func(s *scene) func(http.ResponseWriter, *http.Request) bool {
			first := s.token.AccessToken.Reveal()
			return func(w http.ResponseWriter, r *http.Request) bool {
				return len(s.times) > 20 && r.Header.Get("X-Amz-Sso_bearer_token") == first && refuse(401,
					"UnauthorizedException")(w, r)
			}
		}},
		"an account that vanishes on the way": {answers: func(*scene) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				return r.URL.Query().Get("account_id") == account && refuse(403, "ForbiddenException")(w, r)
			}
		}, without: 1},
		"many accounts that are refused": {answers: func(*scene) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				return r.URL.Query().Get("account_id") > idctest.AccountID(40) && refuse(403, "ForbiddenException")(w, r)
			}
		}, want: identitycenter.ErrNoAccess},
		"many accounts that are not found": {answers: func(*scene) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				return r.URL.Query().Get("account_id") > idctest.AccountID(40) && refuse(404, "ResourceNotFoundException")(w, r)
			}
		}, want: identitycenter.ErrNotFound},
		"the same page for ever": {answers: func(*scene) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/assignment/accounts" {
					return false
				}
				fmt.Fprint(w, `{"nextToken":"again","accountList":[{"accountId":"700000000001"}]}`)
				return true
			}
		}, want: identitycenter.ErrBadAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, 60, 2)
				s.before = c.answers(s)
				inv, err := s.List(t.Context())
				if c.want != nil {
					var incomplete *inventory.IncompleteError
					if !errors.Is(err, c.want) || !errors.As(err, &incomplete) {
						t.Fatalf("%v, want %v", err, c.want)
					}
					if _, err := s.Store.Load(s.Place); !errors.Is(err, inventory.ErrNone) {
						t.Fatal("it was stored")
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				whole(t, inv, 60-c.without, 2)
			})
		})
	}
}

// nth is how often a page has been asked for before.
func (s *scene) nth(r *http.Request) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[r.URL.Query().Get("account_id")+"?"+r.URL.Query().Get("next_token")]
}

// Two at once ask once.
func TestTwoListingsAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 100, 1)
		other := *s.Lister
		waited := false
		other.Waiting = func() { waited = true }
		var first *inventory.Inventory
		done := make(chan error, 1)
		s.Progress = func(p inventory.Progress) {
			if p.Asked == 1 {
				go func() {
					_, err := other.List(t.Context())
					done <- err
				}()
			}
		}
		first = s.list(t.Context(), t)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		whole(t, first, 100, 1)
		for what, n := range s.asked {
			if n != 1 {
				t.Errorf("%s was asked for %d times", what, n)
			}
		}
		if !waited {
			t.Error("nobody was told of the wait")
		}
	})
}

// Progress tells of each account once, and its numbers only grow.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 120, 1)
		var fresh []string
		last := inventory.Progress{}
		s.Progress = func(p inventory.Progress) {
			for _, a := range p.Fresh {
				fresh = append(fresh, a.ID)
			}
			if p.Listed < last.Listed || p.Accounts < last.Accounts || last.Found && !p.Found {
				t.Errorf("%+v after %+v", p, last)
			}
			last = p
		}
		inv := s.list(t.Context(), t)
		slices.Sort(fresh)
		if n := len(fresh); n != len(slices.Compact(fresh)) || last.Listed != n || n < len(inv.Accounts) {
			t.Errorf("%d accounts were told of, %d listed, %d in the inventory", n, last.Listed, len(inv.Accounts))
		}
	})
}
