package handout_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"rolecall/internal/access"
	"rolecall/internal/awsconfig"
	"rolecall/internal/credentials"
	"rolecall/internal/handout"
	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
	"rolecall/internal/identitycenter"
	"rolecall/internal/testbed"
)

const payments = "111122223333"

// A scene is alice, signed in, and an endpoint that hands out one of her roles.
type scene struct {
	*testbed.Bed
	endpoint *handout.Endpoint
	target   *handout.Target
	source   *credentials.Source

	mu     sync.Mutex
	jump   time.Duration // of all clocks
	asked  int           // requests for role credentials
	begun  int           // renewals
	failed []error
}

func (s *scene) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.jump)
}

// newScene hands out a role whose keys live that long.
func newScene(t *testing.T, life time.Duration) *scene {
	t.Helper()
	s := &scene{}
	s.Bed = testbed.New(t, idc.Options{Now: s.now})
	err := s.Data.Store.Update(t.Context(), func(tx store.Tx) error {
		set, err := directory.PermissionSets().Find(tx, "name:Admin")
		if err != nil {
			return err
		}
		set.Duration = life
		return directory.PermissionSets().Put(tx, set)
	})
	if err != nil {
		t.Fatal(err)
	}
	s.source = &credentials.Source{
		Session: testbed.Corp(), Cache: s.Login.Store, Portal: s.Portal(access.Patience{}), Now: s.now, Least: handout.Least,
	}
	s.answer(nil)
	s.endpoint = &handout.Endpoint{Explain: explain, Now: s.now}
	s.target = s.add(t, "Admin")
	t.Cleanup(s.endpoint.Close)
	return s
}

func (s *scene) add(t *testing.T, role string) *handout.Target {
	t.Helper()
	profile := awsconfig.Profile{Name: "dev", Session: testbed.Corp(), AccountID: payments, RoleName: role}
	first, err := s.source.Retrieve(t.Context(), profile)
	if err != nil {
		t.Fatal(err)
	}
	target := &handout.Target{
		Name: "dev", Account: payments, Role: role, Region: "eu-west-1",
		Keeper: handout.Keep(first, handout.KeeperOptions{
			Renew: func(ctx context.Context) (identitycenter.RoleCredentials, error) {
				s.mu.Lock()
				s.begun++
				s.mu.Unlock()
				return s.source.Retrieve(ctx, profile)
			},
			SignIn: func() time.Time { return s.Login.Store.SignedIn(testbed.Corp()) },
			Failed: func(err error, _ time.Time) {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.failed = append(s.failed, err)
			},
			Now: s.now,
		}),
	}
	s.endpoint.Add(target)
	return target
}

func explain(err error) handout.Refusal {
	if errors.Is(err, identitycenter.ErrLoginRequired) {
		return handout.Refusal{Status: 403, Code: "LoginRequired", Message: "run: rolecall login corp"}
	}
	return handout.Refusal{Status: 503, Code: "ServiceUnavailable", Message: err.Error()}
}

// answer shows each request for role credentials to before first; true means that it is answered.
func (s *scene) answer(before func(http.ResponseWriter, *http.Request) bool) {
	s.Before(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/federation/credentials" {
			s.mu.Lock()
			s.asked++
			s.mu.Unlock()
		}
		return before != nil && before(w, r)
	})
}

// requests returns how often the portal was asked for role credentials.
func (s *scene) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// request is an SDK's.
func request(t testing.TB, target *handout.Target) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target.Path(), nil)
	r.Header.Set("Authorization", target.Token().Reveal())
	return r
}

type reply struct {
	Code, Message, AccessKeyID, Expiration, Token, AccountID string
	status                                                   int
	header                                                   http.Header
	after                                                    time.Duration
}

func ask(t testing.TB, h http.Handler, r *http.Request) (a reply) {
	t.Helper()
	w := httptest.NewRecorder()
	began := time.Now()
	h.ServeHTTP(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Errorf("%s: %v", w.Body, err)
	}
	a.status, a.header, a.after = w.Code, w.Header(), time.Since(began)
	return a
}

// keys asks for keys, which must come at once.
func (s *scene) keys(t *testing.T) reply {
	t.Helper()
	a := ask(t, s.endpoint, request(t, s.target))
	if a.status != http.StatusOK || a.AccessKeyID == "" {
		t.Errorf("%+v", a)
	}
	if end, err := time.Parse(time.RFC3339, a.Expiration); err != nil || !end.After(s.now()) {
		t.Errorf("keys that have ended: %+v", a)
	}
	return a
}
