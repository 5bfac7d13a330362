//go:build unix

package cache

import (
	"os"
	"testing"
)

func TestLooseFilesAreTightened(t *testing.T) {
	s := newStore(t)
	write(t, s.TokenPath(corp), `{"accessToken": "a"}`)
	if err := os.Chmod(s.TokenPath(corp), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Token(t.Context(), corp); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(s.TokenPath(corp)); info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v", info.Mode().Perm())
	}
}
