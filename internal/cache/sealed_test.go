package cache

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"rolecall/internal/identitycenter"
)

// plainVault encrypts nothing, so that a test can look.
type plainVault struct{}

func (plainVault) Ready(context.Context) (string, error) { return "key", nil }
func (plainVault) Seal(_ context.Context, _ string, text, _ []byte) ([]byte, func(), error) {
	return text, func() {}, nil
}

func (plainVault) Open(_ context.Context, _ string, sealed, _ []byte) ([]byte, error) {
	return sealed, nil
}

// A token whose access token is lost goes from mode to mode, and no file says that it has one.
func TestATokenWithoutItsAccessTokenIsMoved(t *testing.T) {
	s := newStore(t)
	s.Vault = plainVault{}
	save := func(mode Mode, token identitycenter.Token) {
		t.Helper()
		s.Mode = mode
		room, err := s.ReserveToken(t.Context(), corp)
		if err == nil {
			defer room.Discard()
			err = room.Save(t.Context(), token)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	token := identitycenter.Token{
		AccessToken: identitycenter.NewSecret("access"), ExpiresAt: time.Now().Add(time.Hour),
		RefreshToken: identitycenter.NewSecret("refresh"), Registration: identitycenter.ClientRegistration{
			ClientID: "client", ClientSecret: identitycenter.NewSecret("secret"), ExpiresAt: time.Now().Add(time.Hour),
		},
	}
	save(Split, token)
	if err := os.Remove(s.TokenPath(corp)); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []Mode{Split, Shared, Private, Split, Shared} {
		was, err := s.Token(t.Context(), corp)
		if err == nil {
			was, err = s.Unseal(t.Context(), corp, was)
		}
		if err != nil || was.RefreshToken.Reveal() != "refresh" || !was.Refreshable(time.Now()) {
			t.Fatalf("before %q: %v, %v", mode, was, err)
		}
		save(mode, was)
		if _, err := os.Stat(s.TokenPath(corp)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%q: there is a file without an access token: %v", mode, err)
		}
	}
	save(Private, token)
	save(Split, token)
	if got, err := s.Token(t.Context(), corp); err != nil || got.AccessToken.Reveal() != "access" || !got.Renews {
		t.Errorf("from private to split: %v, %v", got, err)
	}
}
