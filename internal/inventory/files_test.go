package inventory_test

import (
	"os"
	"path/filepath"
	"testing"
)

// partial is the file of the interrupted listing.
func partial(t *testing.T, s *scene) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.Store.Dir, "*.partial"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	return found[0]
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, path, string(data)+text)
}

func overwrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
