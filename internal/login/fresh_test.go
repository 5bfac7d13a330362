package login_test

import (
	"context"
	"errors"
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
