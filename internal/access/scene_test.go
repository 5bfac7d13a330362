package access_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"rolecall/internal/access"
	"rolecall/internal/idc"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/testbed"
)

const bearer = "X-Amz-Sso_bearer_token"

// A scene is alice, signed in, and what she asks of the portal.
type scene struct {
	*testbed.Bed
	portal *access.Portal

	mu    sync.Mutex
	asked int // requests of the portal
}

// newScene gives alice two roles in each of so many accounts.
func newScene(t *testing.T, accounts int) *scene {
	t.Helper()
	s := &scene{Bed: testbed.New(t, idc.Options{})}
	err := idctest.Fill(s.Data, "alice", accounts, 2, func(i int) string { return fmt.Sprintf("team-%04d", i) })
	if err != nil {
		t.Fatal(err)
	}
	s.portal = s.Portal(access.Patience{})
	return s
}

// answer counts the portal's requests from here on, and shows them to before first.
func (s *scene) answer(before func(http.ResponseWriter, *http.Request) bool) {
	s.Before(func(w http.ResponseWriter, r *http.Request) bool {
		if !testbed.Portal(r) {
			return false
		}
		s.mu.Lock()
		s.asked++
		s.mu.Unlock()
		return before(w, r)
	})
}

func (s *scene) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *scene) cached(t *testing.T) string {
	t.Helper()
	token, err := s.Login.Store.Token(t.Context(), testbed.Corp())
	if err != nil {
		t.Fatal(err)
	}
	return token.AccessToken.Reveal()
}
