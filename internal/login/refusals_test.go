package login_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"rolecall/internal/identitycenter"
)

// A device login that cannot begin asks nobody, and its error is the server's, or the disk's.
func TestADeviceLoginThatCannotBegin(t *testing.T) {
	const start = "/device_authorization"
	refuse := func(path, code string, status int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != path {
				return false
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"error":"`+code+`"}`)
			return true
		}
	}
	for name, c := range map[string]struct {
		before func(http.ResponseWriter, *http.Request) bool
		fault  string // a step that fails on registrations
		want   error
	}{
		"no registration":             {refuse("/client/register", "", 400), "", identitycenter.ErrInvalidRequest},
		"no device sign-ins":          {refuse(start, "access_denied", 400), "", identitycenter.ErrAccessDenied},
		"a client that is never good": {refuse(start, "invalid_client", 401), "", identitycenter.ErrInvalidClient},
		"a registration that stays":   {refuse(start, "invalid_client", 401), "remove", errFault},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t)
				s.before = c.before
				s.Store.Files.Fault = func(step, path string) error {
					if step == c.fault && strings.Contains(path, "registrations") {
						return errFault
					}
					return nil
				}
				s.DeviceCode, s.Person = true, person{device: func(identitycenter.DeviceAuthorization) {
					t.Error("somebody was asked")
				}}
				if _, _, err := s.SignIn(t.Context(), nil); !errors.Is(err, c.want) {
					t.Error(err)
				}
			})
		})
	}
}

var errFault = errors.New("read-only file system")

// A client that the server forgets again, once it was made anew and is refused its registration.
func TestARegistrationThatIsRefusedTheSecondTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		registered := 0
		s.before = func(w http.ResponseWriter, r *http.Request) bool {
			switch r.URL.Path {
			case "/client/register":
				if registered++; registered == 1 {
					return false
				}
				w.WriteHeader(http.StatusForbidden)
				_, _ = io.WriteString(w, `{"error":"access_denied"}`)
			case "/device_authorization":
				w.WriteHeader(http.StatusUnauthorized)
				_, _ = io.WriteString(w, `{"error":"invalid_client"}`)
			default:
				return false
			}
			return true
		}
		s.DeviceCode, s.Person = true, person{}
		if _, _, err := s.SignIn(t.Context(), nil); !errors.Is(err, identitycenter.ErrAccessDenied) || registered != 2 {
			t.Errorf("%v after %d registrations", err, registered)
		}
	})
}
