// The contract of package access: what a caller may rely on. Read this file first.
package access_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/access"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/identitycenter"
	"rolecall/internal/login"
	"rolecall/internal/testbed"
)

// The person's accounts, roles and keys come without anybody above handling a token.
func TestWhatAPortalReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 250)
		accounts, err := s.portal.Accounts(t.Context())
		if err != nil || len(accounts) < 250 {
			t.Fatalf("%d accounts, %v", len(accounts), err)
		}
		roles, err := s.portal.Roles(t.Context(), idctest.AccountID(1))
		if err != nil || len(roles) != 2 {
			t.Fatalf("%d roles, %v", len(roles), err)
		}
		keys, err := s.portal.RoleCredentials(t.Context(), roles[0].AccountID, roles[0].Name, access.Directly)
		if err != nil || keys.AccessKeyID == "" || keys.AccountID != roles[0].AccountID {
			t.Fatalf("%+v, %v", keys, err)
		}
		_, err = s.portal.RoleCredentials(t.Context(), roles[0].AccountID, "Nothing", access.Directly)
		if !errors.Is(err, identitycenter.ErrNoAccess) {
			t.Errorf("a role that is not the person's: %v", err)
		}
	})
}

// A token that the portal refuses is renewed once, by one worker for all.
func TestARefusedTokenIsRenewedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 1)
		first := s.cached(t)
		s.answer(func(w http.ResponseWriter, r *http.Request) bool {
			return r.Header.Get(bearer) == first && testbed.Refuse(w, 401, "UnauthorizedException")
		})
		var workers sync.WaitGroup
		for range 12 {
			workers.Go(func() {
				if _, err := s.portal.Accounts(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		workers.Wait()
		if n := s.Server.OIDC.Counts()["CreateToken/refresh_token"]; n != 1 {
			t.Errorf("the token was refreshed %d times", n)
		}
	})
}

// When the new token is refused, too, only a sign-in can help; a given token is never
// renewed.
func TestATokenThatIsNeverAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 1)
		s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
			return testbed.Refuse(w, 401, "UnauthorizedException")
		})
		_, err := s.portal.Accounts(t.Context())
		var required *login.RequiredError
		if !errors.As(err, &required) || s.requests() != 2 {
			t.Errorf("%v after %d requests", err, s.requests())
		}
		o := s.portal.Options
		o.Tokens = access.GivenToken(identitycenter.NewSecret("given"), time.Now())
		_, err = access.New(o).Accounts(t.Context())
		if !errors.Is(err, identitycenter.ErrUnauthorized) || s.requests() != 3 {
			t.Errorf("a given token: %v after %d requests", err, s.requests())
		}
	})
}

// At a server that accepts no token, the token is renewed once, however many workers ask, and whenever they begin;
// after a minute once more.
func TestOneRenewalForAllRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 1)
		s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
			return testbed.Refuse(w, 401, "UnauthorizedException")
		})
		var workers sync.WaitGroup
		for n := range 24 {
			workers.Go(func() {
				time.Sleep(time.Duration(n) * time.Second)
				var required *login.RequiredError
				if _, err := s.portal.Roles(t.Context(), "111122223333"); !errors.As(err, &required) {
					t.Errorf("worker %d: %v", n, err)
				}
			})
		}
		workers.Wait()
		renewals := func() int { return s.Server.OIDC.Counts()["CreateToken/refresh_token"] }
		if n := renewals(); n != 1 {
			t.Errorf("%d renewals", n)
		}
		time.Sleep(time.Minute)
		if _, err := s.portal.Accounts(t.Context()); err == nil || renewals() != 2 {
			t.Errorf("later: %v, %d renewals", err, renewals())
		}
	})
}

// The limit's refusals are waited out for as long as the patience lasts: that of a
// command counts from its own first refusal, that of a listing from any success.
func TestPatience(t *testing.T) {
	for name, c := range map[string]struct {
		patience access.Patience
		// ends is when the limit stops refusing the first account's roles; those of the
		// others are let through all the time.
		ends time.Duration
		want error
	}{
		"a single request, a short refusal": {access.Patience{}, 3 * time.Second, nil},
		"a single request, a long one":      {access.Patience{}, time.Minute, identitycenter.ErrThrottled},
		"a command that has time":           {access.SinceFirstRefusal(2 * time.Minute), time.Minute, nil},
		"a command that has less": {
			access.SinceFirstRefusal(30 * time.Second), time.Minute,
			identitycenter.ErrThrottled,
		},
		"a listing that gets on": {access.SinceLastSuccess(30 * time.Second), 2 * time.Minute, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, 3)
				p, began := s.portal.With(c.patience), time.Now()
				s.answer(func(w http.ResponseWriter, r *http.Request) bool {
					w.Header().Set("Retry-After", "1")
					refused := r.URL.Query().Get("account_id") == idctest.AccountID(1) && time.Since(began) < c.ends
					return refused && testbed.Refuse(w, 429, "TooManyRequestsException")
				})
				ctx, cancel := context.WithCancel(t.Context())
				var others sync.WaitGroup
				others.Go(func() {
					for ctx.Err() == nil {
						_, _ = p.Roles(ctx, idctest.AccountID(2))
						time.Sleep(time.Second)
					}
				})
				_, err := p.Roles(t.Context(), idctest.AccountID(1))
				if !errors.Is(err, c.want) {
					t.Errorf("%v after %v", err, time.Since(began))
				}
				cancel()
				others.Wait()
			})
		})
	}
}

// Nobody waits who would be refused all the same.
func TestALongRetryAfterEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 1)
		s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Retry-After", "40")
			return testbed.Refuse(w, 429, "TooManyRequestsException")
		})
		began := time.Now()
		if _, err := s.portal.Accounts(t.Context()); !errors.Is(err, identitycenter.ErrThrottled) ||
			time.Since(began) > time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// A portal that fails is asked four times within about a second; one that lets us wait
// is not asked again.
func TestOutages(t *testing.T) {
	for name, c := range map[string]struct {
		before   time.Duration // each answer
		fails    int           // so many requests
		requests int           // are made
		want     error
	}{
		"for a moment":        {0, 2, 3, nil},
		"for long":            {0, 99, 4, identitycenter.ErrUnavailable},
		"slow, then an error": {5 * time.Second, 99, 1, identitycenter.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, 1)
				s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
					time.Sleep(c.before)
					return s.requests() <= c.fails && testbed.Refuse(w, 503, "ServiceUnavailable")
				})
				began := time.Now()
				_, err := s.portal.Roles(t.Context(), idctest.AccountID(0))
				if !errors.Is(err, c.want) || s.requests() != c.requests || time.Since(began) > c.before+2*time.Second {
					t.Errorf("%v after %d requests, %v", err, s.requests(), time.Since(began))
				}
			})
		})
	}
}

// After a sign-out the server knows the token no more. One that has ended, or none, is
// no error.
func TestSignOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 1)
		for range 2 {
			if err := s.portal.SignOut(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.portal.Accounts(t.Context()); !errors.Is(err, identitycenter.ErrLoginRequired) {
			t.Errorf("after the sign-out: %v", err)
		}
		if err := s.Login.Store.RemoveToken(testbed.Corp()); err != nil {
			t.Fatal(err)
		}
		if err := s.portal.SignOut(t.Context()); err != nil {
			t.Errorf("without a token: %v", err)
		}
	})
}

// Whatever is waited for ends with its context, with its cause.
func TestWaitsEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 1)
		s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
			return testbed.Refuse(w, 429, "TooManyRequestsException")
		})
		cause := errors.New("the person has enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(500*time.Millisecond, func() { cancel(cause) })
		began := time.Now()
		if _, err := s.portal.Accounts(ctx); !errors.Is(err, cause) || time.Since(began) != 500*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
