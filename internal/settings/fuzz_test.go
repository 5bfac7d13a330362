package settings

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A config.toml is read, or refused with its path.
func FuzzSettings(f *testing.F) {
	for _, text := range []string{
		"", "default_session = 'corp'\n", "[accounts.111122223333]\nalias = 'a'\ntags = ['x']\n",
		"[[regions]]\n", "\x00", "a = [",
	} {
		f.Add([]byte(text))
	}
	path := filepath.Join(f.TempDir(), "config.toml")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		var refused *Error
		if _, err := Load(path, Settings{}); err != nil && !errors.As(err, &refused) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
