//go:build unix

package filesystem_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"rolecall/internal/filesystem"
)

// A mode is changed only of the very file or folder that has the path, and no other name.
func TestSetMode(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"file", "linked", "target"} {
		if err := os.WriteFile(at(name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	err := errors.Join(os.Mkdir(at("folder"), 0o775), os.Link(at("linked"), at("other")),
		os.Symlink(at("target"), at("link")), syscall.Mkfifo(at("pipe"), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	var files filesystem.Files
	for _, name := range []string{"file", "folder"} {
		if err := files.SetMode(at(name), 0o700); err != nil {
			t.Error(err)
		}
	}
	if err := files.SetMode(at("linked"), 0o600); !errors.Is(err, filesystem.ErrOtherNames) {
		t.Errorf("a file with two names: %v", err)
	}
	if err := files.SetMode(at("link"), 0o600); !errors.Is(err, filesystem.ErrNoFile) {
		t.Errorf("a link: %v", err)
	}
	if err := files.SetMode(at("missing"), 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	for name, want := range map[string]fs.FileMode{
		"file": 0o700, "folder": 0o700, "linked": 0o644, "target": 0o644,
	} {
		if info, err := os.Stat(at(name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}
