package login_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/identitycenter"
)

// silentAt answers nothing at paths that begin so.
func silentAt(paths ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(_ http.ResponseWriter, r *http.Request) bool {
		for _, path := range paths {
			if r.URL.Path == path {
				<-r.Context().Done()
				return true
			}
		}
		return false
	}
}

// A renewal that a silent server does not answer costs ten seconds; before the token's time five, and then the token is
// used: the portal may answer.
func TestARenewalAtASilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signedIn(t)
		first := s.cached(t)
		s.before = silentAt("/token")
		time.Sleep(50 * time.Minute)
		began := time.Now()
		token, err := s.Token(t.Context())
		if took := time.Since(began); err != nil || !token.AccessToken.Equal(first.AccessToken) || took > 6*time.Second {
			t.Errorf("before its time: %v after %v", err, took)
		}
		time.Sleep(15 * time.Minute)
		began = time.Now()
		_, err = s.Token(t.Context())
		if took := time.Since(began); !errors.Is(err, identitycenter.ErrUnavailable) || took > 11*time.Second {
			t.Errorf("after its end: %v after %v", err, took)
		}
	})
}

// A sign-in at a server that is silent at any of its steps ends after ten seconds of waiting for it.
func TestASignInAtASilentServer(t *testing.T) {
	for _, path := range []string{"/client/register", "/device_authorization", "/token"} {
		t.Run(path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t)
				s.before = silentAt(path)
				s.DeviceCode, s.Person = true, person{device: func(identitycenter.DeviceAuthorization) {}}
				began := time.Now()
				_, _, err := s.SignIn(t.Context(), nil)
				if took := time.Since(began); !errors.Is(err, identitycenter.ErrNoAnswer) || took > 13*time.Second {
					t.Errorf("%v after %v", err, took)
				}
			})
		})
	}
}
