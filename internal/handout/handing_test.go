package handout_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/identitycenter"
)

// Handing is told of each set of keys once, before a client gets it; if it fails, the client gets no keys.
func TestHanding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, time.Hour)
		var told []string
		refuse := errors.New("no room for a record")
		s.target.Handing = func(c identitycenter.RoleCredentials) error {
			told = append(told, c.AccessKeyID)
			return refuse
		}
		get := func() int {
			w := httptest.NewRecorder()
			s.endpoint.ServeHTTP(w, request(t, s.target))
			return w.Code
		}
		if code := get(); code != http.StatusServiceUnavailable || len(told) != 1 {
			t.Errorf("refused: %d, %v", code, told)
		}
		refuse, told = nil, nil
		for range 3 {
			if code := get(); code != http.StatusOK {
				t.Errorf("%d", code)
			}
		}
		if len(told) != 1 {
			t.Errorf("three requests: %v", told)
		}
		time.Sleep(50 * time.Minute)
		if code := get(); code != http.StatusOK || len(told) != 2 || told[0] == told[1] {
			t.Errorf("after a renewal: %d, %v", code, told)
		}
	})
}
