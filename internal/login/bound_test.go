package login_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/idc/idctest"
	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
	"rolecall/internal/login"
)

// at makes endpoints the ones in force; the scene's server answers there.
func (s *scene) at(t *testing.T, oidc, portal string) {
	t.Helper()
	c, err := client.New(client.Config{
		Region: "us-east-1", OIDC: oidc, Portal: portal,
		HTTP: client.Over(idctest.InProcess{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Host = strings.TrimPrefix(center, "http://")
			s.ServeHTTP(w, r)
		})}, nil),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Service = c
}

func (s *scene) refuses(t *testing.T, what string) *login.EndpointError {
	t.Helper()
	_, err := s.Token(t.Context())
	var refused *login.EndpointError
	if !errors.As(err, &refused) {
		t.Errorf("%s: %v", what, err)
	}
	return refused
}

// A token goes to both endpoints or to none: a local OIDC endpoint with another portal is refused, whoever signed in.
func TestAForeignPortalBesideALocalServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signedIn(t)
		const foreign = "https://portal.evil.example"
		s.at(t, center, foreign)
		if e := s.refuses(t, "another portal"); e != nil && (e.Issued != center || e.InForce != foreign) {
			t.Errorf("%+v", e)
		}
		if err := s.Store.ForgetSignIn(corp); err != nil {
			t.Fatal(err)
		}
		_ = s.refuses(t, "another portal, without our note")
	})
}

// A local server may be back on another port, where the person said so. One whose portal was elsewhere is not local.
func TestALocalServerOnAnotherPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const other = "http://127.0.0.1:9912"
		for portal, local := range map[string]bool{center: true, "https://portal.example": false} {
			s := newScene(t)
			s.at(t, center, portal)
			s.DeviceCode, s.Person = true, person{device: func(d identitycenter.DeviceAuthorization) { s.decide(d, true) }}
			if _, _, err := s.SignIn(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			s.Person = nil
			err := s.Store.GiveEndpoints(corp.StartURL, identitycenter.Endpoints{OIDC: other, Portal: other})
			if err != nil {
				t.Fatal(err)
			}
			s.at(t, other, other)
			if !local {
				_ = s.refuses(t, portal)
			} else if _, err := s.Token(t.Context()); err != nil {
				t.Errorf("%s: %v", portal, err)
			}
		}
	})
}

// Our note is of the client that we signed in with. Another tool's token beside it counts as AWS's.
func TestANoteOfAnotherClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.Session.StartURL = "https://corp.awsapps.com/start"
		s.DeviceCode, s.Person = true, person{device: func(d identitycenter.DeviceAuthorization) { s.decide(d, true) }}
		token, _, err := s.SignIn(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		s.Person = nil
		if _, err := s.Token(t.Context()); err != nil {
			t.Fatal(err)
		}
		token.Registration.ClientID = "of-another-tool"
		room, err := s.Store.ReserveToken(t.Context(), s.Session)
		if err == nil {
			err = room.Save(t.Context(), token)
		}
		if err != nil {
			t.Fatal(err)
		}
		if e := s.refuses(t, "another tool's token"); e != nil && !e.Assumed {
			t.Errorf("%+v", e)
		}
	})
}

// A disk without room shows before the refresh token is spent.
func TestAFullDiskSpendsNoRefreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signedIn(t)
		s.Store.Files.Fault = func(step, path string) error {
			if step == "create" && strings.Contains(path, "sso") {
				return errors.New("no space left on device")
			}
			return nil
		}
		time.Sleep(time.Hour)
		if _, err := s.Token(t.Context()); err == nil || s.refreshes() != 0 {
			t.Errorf("%v after %d refreshes", err, s.refreshes())
		}
	})
}

// A refresh token that was refused is not sent again.
func TestARefusedRefreshTokenIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signedIn(t)
		time.Sleep(13 * time.Hour) // the session is over
		sent := s.polls()
		for range 3 {
			if _, err := s.Token(t.Context()); !errors.Is(err, identitycenter.ErrLoginRequired) {
				t.Error(err)
			}
		}
		if len(*sent) != 1 {
			t.Errorf("sent %d times", len(*sent))
		}
	})
}

// A token that the portal rejects is not served again when its refresh fails.
func TestARejectedTokenIsNotServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signedIn(t)
		s.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/token" {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return r.URL.Path == "/token"
		}
		if _, err := s.Renew(t.Context(), s.cached(t)); !errors.Is(err, identitycenter.ErrUnavailable) {
			t.Error(err)
		}
	})
}

// A server that never says that the code is over does not keep the person waiting past its end.
func TestPollsEndWithTheCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/token" {
				w.Header().Set("x-amzn-ErrorType", "AuthorizationPendingException")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `{"error":"authorization_pending"}`)
			}
			return r.URL.Path == "/token"
		}
		s.DeviceCode, s.Person = true, person{device: func(identitycenter.DeviceAuthorization) {}}
		start := time.Now()
		_, _, err := s.SignIn(t.Context(), nil)
		if took := time.Since(start); !errors.Is(err, identitycenter.ErrExpiredCode) || took != 10*time.Minute {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// A registration that the server has forgotten is made anew, once, before the person is asked.
func TestAForgottenRegistrationIsMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signedIn(t)
		forgotten := 0
		s.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/device_authorization" || forgotten > 0 {
				return false
			}
			forgotten++
			w.Header().Set("x-amzn-ErrorType", "InvalidClientException")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error":"invalid_client"}`)
			return true
		}
		if err := s.Store.RemoveToken(corp); err != nil {
			t.Fatal(err)
		}
		s.Person = person{device: func(d identitycenter.DeviceAuthorization) { s.decide(d, true) }}
		if _, _, err := s.SignIn(t.Context(), nil); err != nil || s.server.OIDC.Counts()["RegisterClient"] != 2 {
			t.Errorf("%v, registered %d times", err, s.server.OIDC.Counts()["RegisterClient"])
		}
	})
}
