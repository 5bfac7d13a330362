package login_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/cache"
	"rolecall/internal/idc"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
	"rolecall/internal/login"
)

const center = "http://127.0.0.1:9911"

var corp = identitycenter.SSOSession{Name: "corp", StartURL: center + "/start", Region: "us-east-1"}

// person is at the terminal. What they do runs on its own, as people do.
type person struct {
	device    func(identitycenter.DeviceAuthorization)
	authorize func(login.Authorization)
	waiting   func()
}

func (p person) Authorize(a login.Authorization) { go p.authorize(a) }
func (p person) Device(_ identitycenter.SSOSession, d identitycenter.DeviceAuthorization) {
	go p.device(d)
}

func (person) Paste(ctx context.Context) (string, error) {
	<-ctx.Done()
	return "", context.Cause(ctx)
}

func (p person) Waiting(identitycenter.SSOSession, string) {
	if p.waiting != nil {
		go p.waiting()
	}
}
func (person) Confirm(context.Context, string) (bool, error) { return true, nil }
func (person) Tell(string)                                   {}

// A scene is a Login against an Identity Center of its own.
type scene struct {
	*login.Login
	server *idc.Server
	data   *idc.Data
	// before sees each request first; true is answered.
	before func(http.ResponseWriter, *http.Request) bool
	// warnings are what was said besides.
	mu       sync.Mutex
	warnings []error
}

func (s *scene) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.before == nil || !s.before(w, r) {
		s.server.ServeHTTP(w, r)
	}
}

func newScene(t *testing.T) *scene {
	t.Helper()
	data, _, err := idctest.Sample()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	server, err := idc.New(
		idc.Options{URL: center, Store: data.Store, Secret: data.Secret, OIDC: oidc.Options{SessionLife: 12 * time.Hour}},
	)
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{server: server, data: data}
	c, err := client.New(
		client.Config{
			Region: "us-east-1",
			OIDC:   center,
			Portal: center,
			HTTP:   client.Over(idctest.InProcess{Handler: s}, nil),
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	standard, err := client.Standard("us-east-1", false, false)
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	s.Login = &login.Login{
		Session: corp, Service: c, Store: &cache.Store{Home: home, State: filepath.Join(home, "state"), Now: time.Now},
		Standard: []identitycenter.Endpoints{standard}, Override: "the test", Now: time.Now,
		Warn: func(err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.warnings = append(s.warnings, err)
		},
	}
	return s
}

// decide answers a device code as alice.
func (s *scene) decide(d identitycenter.DeviceAuthorization, allow bool) {
	session, err := idctest.SignIn(s.server, s.data, "alice")
	if err == nil {
		err = s.server.OIDC.DecideDevice(context.Background(), d.UserCode, session, allow)
	}
	if err != nil {
		panic(err) // the person is not the test's own goroutine
	}
}

// signedIn is a scene after a device login.
func signedIn(t *testing.T) *scene {
	t.Helper()
	s := newScene(t)
	s.DeviceCode, s.Person = true, person{device: func(d identitycenter.DeviceAuthorization) { s.decide(d, true) }}
	if _, _, err := s.SignIn(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	s.Person = nil
	return s
}

func (s *scene) cached(t *testing.T) identitycenter.Token {
	t.Helper()
	token, err := s.Store.Token(t.Context(), corp)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (s *scene) refreshes() int { return s.server.OIDC.Counts()["CreateToken/refresh_token"] }

// polls notes when the device code was asked about.
func (s *scene) polls() *[]time.Time {
	var times []time.Time
	s.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" {
			times = append(times, time.Now())
		}
		return false
	}
	return &times
}

func TestADeviceLoginWaitsAlmostTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		polls := s.polls()
		s.DeviceCode, s.Person = true, person{device: func(d identitycenter.DeviceAuthorization) {
			time.Sleep(9*time.Minute + 58*time.Second)
			s.decide(d, true)
		}}
		start := time.Now()
		token, already, err := s.SignIn(t.Context(), nil)
		if err != nil || already || !token.Refreshable(time.Now()) {
			t.Fatalf("already %v, %v", already, err)
		}
		if took := time.Since(start); took < 598*time.Second || took > 600*time.Second {
			t.Errorf("took %v", took)
		}
		if n := len(*polls); n < 590 || n > 600 {
			t.Errorf("%d polls at an interval of one second", n)
		}
		if !token.AccessToken.Equal(s.cached(t).AccessToken) {
			t.Error("another token is cached")
		}
	})
}

// RFC 8628 section 3.5: each slow_down adds five seconds, for good.
func TestSlowDownLengthensTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		var times []time.Time
		s.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/token" {
				return false
			}
			times = append(times, time.Now())
			if n := len(times); n != 2 && n != 4 {
				return false
			}
			w.Header().Set("x-amzn-ErrorType", "SlowDownException")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"slow_down","error_description":"played"}`)
			return true
		}
		s.DeviceCode, s.Person = true, person{device: func(d identitycenter.DeviceAuthorization) {
			time.Sleep(30 * time.Second)
			s.decide(d, true)
		}}
		if _, _, err := s.SignIn(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		want := []time.Duration{1, 6, 6, 11, 11}
		for i := range min(len(want), len(times)-1) {
			if got := times[i+1].Sub(times[i]); got != want[i]*time.Second {
				t.Errorf("wait %d was %v, want %d s", i+1, got, want[i])
			}
		}
	})
}

func TestADeviceLoginEndsBadly(t *testing.T) {
	for name, c := range map[string]struct {
		device func(*scene, identitycenter.DeviceAuthorization)
		want   error
		after  time.Duration
	}{
		"expired": {func(*scene, identitycenter.DeviceAuthorization) {}, identitycenter.ErrExpiredCode, 10 * time.Minute},
		"denied": {func(s *scene, d identitycenter.DeviceAuthorization) {
			time.Sleep(time.Minute + time.Second/2)
			s.decide(d, false)
		}, identitycenter.ErrAccessDenied, time.Minute + time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t)
				s.DeviceCode, s.Person = true, person{device: func(d identitycenter.DeviceAuthorization) { c.device(s, d) }}
				start := time.Now()
				_, _, err := s.SignIn(t.Context(), nil)
				if !errors.Is(err, c.want) || time.Since(start) != c.after {
					t.Errorf("%v after %v", err, time.Since(start))
				}
				if _, err := s.Store.Token(t.Context(), corp); !errors.Is(err, cache.ErrNotFound) {
					t.Errorf("something is cached: %v", err)
				}
			})
		})
	}
}

// A server that is away for a while does not end a device login.
func TestADeviceLoginOutlivesAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		start := time.Now()
		s.before = func(w http.ResponseWriter, r *http.Request) bool {
			away := r.URL.Path == "/token" && time.Since(start) > 10*time.Second && time.Since(start) < time.Minute
			if away {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return away
		}
		s.DeviceCode, s.Person = true, person{device: func(d identitycenter.DeviceAuthorization) {
			time.Sleep(30 * time.Second)
			s.decide(d, true)
		}}
		if _, _, err := s.SignIn(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

// A server that stays unreachable, or throttles without end, ends it long before the code expires.
func TestADeviceLoginGivesUpAfterAnOutage(t *testing.T) {
	for status, want := range map[int]error{
		http.StatusServiceUnavailable: identitycenter.ErrUnavailable, http.StatusTooManyRequests: identitycenter.ErrThrottled,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t)
			s.before = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/token" {
					w.WriteHeader(status)
				}
				return r.URL.Path == "/token"
			}
			s.DeviceCode, s.Person = true, person{device: func(identitycenter.DeviceAuthorization) {}}
			start := time.Now()
			_, _, err := s.SignIn(t.Context(), nil)
			if took := time.Since(start); !errors.Is(err, want) || took < time.Minute || took > 2*time.Minute {
				t.Errorf("%d: %v after %s", status, err, took)
			}
		})
	}
}

// A registration serves for its ninety days, and not after them.
func TestARegistrationIsKeptForItsNinetyDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.DeviceCode, s.Person = true, person{device: func(d identitycenter.DeviceAuthorization) { s.decide(d, true) }}
		for _, visit := range []struct{ day, registrations int }{{0, 1}, {89, 1}, {91, 2}} {
			time.Sleep(time.Until(time.Date(2000, 1, 1+visit.day, 0, 0, 0, 0, time.UTC)))
			if _, _, err := s.SignIn(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if n := s.server.OIDC.Counts()["RegisterClient"]; n != visit.registrations {
				t.Errorf("day %d: %d registrations, want %d", visit.day, n, visit.registrations)
			}
		}
	})
}

// Cancelling ends every wait within 100 ms (on the fake clock).
func TestCancelEndsEveryWait(t *testing.T) {
	holdLogin := func(t *testing.T, s *scene) func() {
		unlock, err := s.Store.LockLogin(t.Context(), corp, nil)
		if err != nil {
			t.Fatal(err)
		}
		return unlock
	}
	holdRefresh := func(t *testing.T, s *scene) func() {
		unlock, err := s.Store.LockRefresh(t.Context(), corp)
		if err != nil {
			t.Fatal(err)
		}
		return unlock
	}
	nothing := func(*testing.T, *scene) func() { return func() {} }
	for name, c := range map[string]struct {
		hold     func(*testing.T, *scene) func()
		device   bool
		signedIn bool
		after    time.Duration // of waiting
	}{
		"the device code's interval":        {nothing, true, false, 3*time.Second + 200*time.Millisecond},
		"the browser's answer":              {nothing, false, false, 0},
		"another process's sign-in":         {holdLogin, true, false, 3 * time.Second},
		"another process's refresh":         {holdRefresh, true, true, 3 * time.Second},
		"the lock that saves a new sign-in": {holdRefresh, true, false, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t)
				if c.signedIn {
					s = signedIn(t)
					time.Sleep(50 * time.Minute) // the token wants to be refreshed
				}
				unlock := c.hold(t, s)
				defer unlock()
				ctx, cancel := context.WithCancel(t.Context())
				var cancelled time.Time
				stop := func() {
					time.Sleep(c.after)
					cancelled = time.Now()
					cancel()
				}
				s.DeviceCode = c.device
				s.Person = person{
					device:    func(identitycenter.DeviceAuthorization) { stop() },
					authorize: func(login.Authorization) { stop() },
					waiting:   stop,
				}
				if c.signedIn {
					go stop()
				}
				_, err := s.Token(ctx)
				if !errors.Is(err, context.Canceled) || time.Since(cancelled) > 100*time.Millisecond {
					t.Errorf("%v, %v after the cancellation", err, time.Since(cancelled))
				}
			})
		})
	}
}

func TestATokenIsRefreshedBeforeItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signedIn(t)
		first := s.cached(t)
		time.Sleep(40 * time.Minute)
		if token, err := s.Token(t.Context()); err != nil || !token.AccessToken.Equal(first.AccessToken) ||
			s.refreshes() != 0 {
			t.Fatalf("with 20 minutes left: %v, %d refreshes", err, s.refreshes())
		}
		time.Sleep(5 * time.Minute)
		second, err := s.Token(t.Context())
		if err != nil || second.AccessToken.Equal(first.AccessToken) || second.RefreshToken.Equal(first.RefreshToken) ||
			s.refreshes() != 1 {
			t.Fatalf("with 15 minutes left: %v, %d refreshes", err, s.refreshes())
		}
		time.Sleep(2 * time.Hour)
		if _, err := s.Token(t.Context()); err != nil || s.refreshes() != 2 {
			t.Errorf("long after its end: %v, %d refreshes", err, s.refreshes())
		}
		time.Sleep(12 * time.Hour) // the session is over
		_, err = s.Token(t.Context())
		var required *login.RequiredError
		if !errors.As(err, &required) || !strings.Contains(strings.Join(required.Facts, "\n"), "refresh refused at") {
			t.Errorf("after the session's end: %v", err)
		}
	})
}

// RFC 6749 section 6: without a new refresh token in the answer the old one stays.
func TestTheOldRefreshTokenIsKeptWhenNoneComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signedIn(t)
		before := s.cached(t)
		s.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/token" {
				_, _ = io.WriteString(w, `{"accessToken":"aoaNew","tokenType":"Bearer","expiresIn":3600}`)
			}
			return r.URL.Path == "/token"
		}
		time.Sleep(time.Hour)
		token, err := s.Token(t.Context())
		after := s.cached(t)
		if err != nil || token.AccessToken.Reveal() != "aoaNew" || !after.RefreshToken.Equal(before.RefreshToken) ||
			after.AccessToken.Reveal() != "aoaNew" {
			t.Errorf("%v; cached: the old refresh token %v", err, after.RefreshToken.Equal(before.RefreshToken))
		}
	})
}

// From the request on nothing interrupts a refresh: the old token may be spent.
func TestACancelledRefreshIsSavedAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signedIn(t)
		before := s.cached(t)
		ctx, cancel := context.WithCancel(t.Context())
		s.before = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/token" {
				cancel()
			}
			return false
		}
		time.Sleep(time.Hour)
		_, _ = s.Token(ctx)
		if after := s.cached(t); after.RefreshToken.Equal(before.RefreshToken) || s.refreshes() != 1 {
			t.Errorf("the rotated token was lost, %d refreshes", s.refreshes())
		}
	})
}

// An answer that is lost on the way is asked for again within the server's grace.
func TestALostAnswerIsFetchedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signedIn(t)
		lost := false
		s.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/token" || lost {
				return false
			}
			lost = true
			s.server.ServeHTTP(httptest.NewRecorder(), r)
			w.WriteHeader(http.StatusBadGateway)
			return true
		}
		time.Sleep(time.Hour)
		if _, err := s.Token(t.Context()); err != nil || !lost {
			t.Errorf("lost %v: %v", lost, err)
		}
	})
}

func TestAValidTokenIsUsedWhenItsRefreshFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signedIn(t)
		first := s.cached(t)
		s.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/token" {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return r.URL.Path == "/token"
		}
		time.Sleep(50 * time.Minute)
		token, err := s.Token(t.Context())
		if err != nil || !token.AccessToken.Equal(first.AccessToken) || len(s.warnings) != 1 {
			t.Errorf("%v, %d warnings", err, len(s.warnings))
		}
		time.Sleep(10 * time.Minute)
		if _, err := s.Token(t.Context()); !errors.Is(err, identitycenter.ErrUnavailable) {
			t.Errorf("after its end: %v", err)
		}
	})
}

// Other tools take no lock. A refresh token that one of them has spent and
// replaced is no reason to sign in.
func TestARefreshOfAnotherToolIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signedIn(t)
		time.Sleep(time.Hour)
		old := s.cached(t)
		var raced atomic.Bool
		s.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/token" || raced.Swap(true) {
				return false
			}
			theirs, err := s.Service.RefreshToken(t.Context(), old.Registration, old.RefreshToken)
			if err != nil {
				t.Error(err)
			}
			room, err := s.Store.ReserveToken(t.Context(), corp)
			if err != nil {
				t.Error(err)
			}
			if err := room.Save(t.Context(), theirs); err != nil {
				t.Error(err)
			}
			w.Header().Set("x-amzn-ErrorType", "InvalidGrantException")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"invalid_grant","error_description":"Invalid refresh token provided"}`)
			return true
		}
		token, err := s.Token(t.Context())
		if err != nil || token.AccessToken.Equal(old.AccessToken) || !token.AccessToken.Equal(s.cached(t).AccessToken) {
			t.Errorf("got %v", err)
		}
	})
}

// Twenty callers of one process on an ended token: one refresh.
func TestManyCallersOneRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signedIn(t)
		time.Sleep(time.Hour)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if _, err := s.Token(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if s.refreshes() != 1 {
			t.Errorf("%d refreshes", s.refreshes())
		}
	})
}

// A token goes to no endpoint but the one that issued it, and neither does what
// came with it.
func TestATokenStaysWithItsIssuer(t *testing.T) {
	s := signedIn(t)
	asked := 0
	sink := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ })
	elsewhere, err := client.New(client.Config{
		Region: "us-east-1", OIDC: "http://127.0.0.1:9912", Portal: "http://127.0.0.1:9912",
		HTTP: client.Over(idctest.InProcess{Handler: sink}, nil),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Service, s.Override = elsewhere, "AWS_ENDPOINT_URL_SSO"
	_, err = s.Token(t.Context())
	var endpoint *login.EndpointError
	if !errors.As(err, &endpoint) || endpoint.Issued != center || endpoint.InForce != "http://127.0.0.1:9912" {
		t.Errorf("fresh: %v", err)
	}
	s.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	if _, err = s.Token(t.Context()); !errors.As(err, &endpoint) {
		t.Errorf("to be refreshed: %v", err)
	}
	if _, err = s.Renew(t.Context(), s.cached(t)); !errors.As(err, &endpoint) {
		t.Errorf("refused: %v", err)
	}
	// Without our note it counts as of its own start URL's server on this machine.
	if err := s.Store.ForgetSignIn(corp); err != nil {
		t.Fatal(err)
	}
	if _, err = s.Token(t.Context()); !errors.As(err, &endpoint) {
		t.Errorf("of another tool: %v", err)
	}
	if asked != 0 {
		t.Errorf("%d requests were sent", asked)
	}
}
