package login_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"rolecall/internal/identitycenter"
)

// A fresh sign-in ends the present session only when nothing of ours can stop it: not with a
// token file that cannot be written, and not before the person has agreed to an endpoint.
func TestAFreshSignInThatCannotBeSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signedIn(t)
		s.Person = person{device: func(d identitycenter.DeviceAuthorization) { s.decide(d, true) }}
		s.Store.Files.Fault = func(step, path string) error {
			if step == "create" && strings.Contains(path, "sso") {
				return errors.New("no space left on device")
			}
			return nil
		}
		signedOut := false
		signOut := func(context.Context) (func(context.Context) error, error) {
			return func(context.Context) error { signedOut = true; return nil }, nil
		}
		_, _, err := s.SignIn(t.Context(), signOut)
		if err == nil || signedOut {
			t.Errorf("%v, signed out: %v", err, signedOut)
		}
		s.Store.Files.Fault = nil
		if _, _, err := s.SignIn(t.Context(), signOut); err != nil || !signedOut {
			t.Errorf("%v, signed out: %v", err, signedOut)
		}
	})
}

// The token is gone while the server ends its session, whenever we may be killed; it comes back if that fails.
func TestTheTokenIsGoneBeforeItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signedIn(t)
		s.Person = person{device: func(d identitycenter.DeviceAuthorization) { s.decide(d, true) }}
		before, err := s.Store.Token(t.Context(), s.Session)
		if err != nil {
			t.Fatal(err)
		}
		unreachable := errors.New("unreachable")
		_, _, err = s.SignIn(t.Context(), func(context.Context) (func(context.Context) error, error) {
			return func(context.Context) error {
				if _, err := os.Stat(s.Store.TokenPath(s.Session)); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("the token is there while its session ends: %v", err)
				}
				return unreachable
			}, nil
		})
		after, lost := s.Store.Token(t.Context(), s.Session)
		if !errors.Is(err, unreachable) || lost != nil || after.AccessToken.Reveal() != before.AccessToken.Reveal() {
			t.Errorf("%v; then there is another token, or none: %v", err, lost)
		}
	})
}
