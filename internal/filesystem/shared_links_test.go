//go:build unix

package filesystem

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A file with more than one name may also be somebody else's: it is not written through ours.
func TestASharedFileWithOtherNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pace.json")
	if err := os.WriteFile(path, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, path+".other"); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if err := rewrite(file, func([]byte) []byte { return []byte("ours") }); !errors.Is(err, ErrOtherNames) {
		t.Errorf("written: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "theirs" {
		t.Errorf("%q, %v", text, err)
	}
}
