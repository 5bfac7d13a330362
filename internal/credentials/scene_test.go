package credentials_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"rolecall/internal/access"
	"rolecall/internal/awsconfig"
	"rolecall/internal/credentials"
	"rolecall/internal/idc"
	"rolecall/internal/identitycenter"
	"rolecall/internal/testbed"
)

const payments = "111122223333"

// A scene is alice, signed in, with the sample's accounts and roles.
type scene struct {
	*testbed.Bed
	source *credentials.Source

	mu     sync.Mutex
	warned []error
	asked  map[string]int // requests, by path
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{Bed: testbed.New(t, idc.Options{}), asked: map[string]int{}}
	s.source = &credentials.Source{
		Session: testbed.Corp(), Cache: s.Login.Store, Portal: s.Portal(access.Patience{}), Now: time.Now,
		STS: credentials.STS{HTTP: s.HTTP, Endpoint: testbed.URL, Now: time.Now},
		Warn: func(err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.warned = append(s.warned, err)
		},
	}
	s.answer(func(http.ResponseWriter, *http.Request) bool { return false })
	return s
}

// answer shows each request to before first; true means that it is answered.
func (s *scene) answer(before func(http.ResponseWriter, *http.Request) bool) {
	s.Before(func(w http.ResponseWriter, r *http.Request) bool {
		s.mu.Lock()
		s.asked[r.URL.Path]++
		s.mu.Unlock()
		return before(w, r)
	})
}

func (s *scene) retrieve(t *testing.T, profile awsconfig.Profile) identitycenter.RoleCredentials {
	t.Helper()
	c, err := s.source.Retrieve(t.Context(), profile)
	if err != nil {
		t.Errorf("%s: %v", profile.Name, err)
	}
	return c
}
