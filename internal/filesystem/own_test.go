//go:build unix

package filesystem

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Neither a link, nor a folder behind one, nor a file with other names is taken for a file of ours.
func TestLinksAreNotOurs(t *testing.T) {
	dir := t.TempDir()
	real, folder := filepath.Join(dir, "real"), filepath.Join(dir, "folder")
	if err := errors.Join(os.WriteFile(real, []byte("somebody's"), 0o600), os.Mkdir(folder, 0o700),
		os.Symlink(real, filepath.Join(folder, "link")), os.Symlink(folder, filepath.Join(dir, "behind")),
		os.Link(real, filepath.Join(folder, "other-name"))); err != nil {
		t.Fatal(err)
	}
	f := Files{}
	if got, err := f.ReadSecret(filepath.Join(folder, "link")); !errors.Is(err, ErrNoFile) {
		t.Errorf("a link: %q, %v", got, err)
	}
	if file, err := f.OpenOwn(filepath.Join(folder, "other-name"), os.O_RDWR); !errors.Is(err, ErrOtherNames) {
		t.Errorf("a file with another name: %v, %v", file, err)
	}
	if err := f.WriteSecret(filepath.Join(dir, "behind", "secret"), []byte("x")); !errors.Is(err, ErrNoFolder) {
		t.Errorf("a folder behind a link: %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "secret")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the secret is there: %v", err)
	}
	holds(t, real, "somebody's")
}

// A pipe in place of a config file is no file, and nobody waits for a writer.
func TestAPipeIsNoConfigFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := (Files{}).ReadShared(path); !errors.Is(err, ErrNoFile) {
		t.Errorf("%+v, %v", s, err)
	}
}

// Whoever removes a secret removes the damaged copies of it, too.
func TestDamagedCopiesGoWithTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	for range 3 {
		if err := (Files{}).WriteSecret(path, []byte("{")); err != nil {
			t.Fatal(err)
		}
		if _, err := (Files{}).SetAside(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := (Files{}).RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(path + "*"); err != nil || len(left) != 0 {
		t.Errorf("left: %q, %v", left, err)
	}
}

// pending is a replacement of path that has been swapped back: temp holds what stood there meanwhile.
func pending(t *testing.T, path, meanwhile string) *Pending {
	t.Helper()
	temp, lock, err := newTemp(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = temp.WriteString(meanwhile)
	if err := errors.Join(err, temp.Close()); err != nil {
		t.Fatal(err)
	}
	return &Pending{path: path, temp: temp, lock: lock}
}

// What another program added to our text, while it stood there, comes over to its own.
func TestLinesAddedMeanwhileComeOver(t *testing.T) {
	path := shared(t, "theirs\n", 0o600)
	p := pending(t, path, "ours\nadded\n")
	err := p.giveBack([]byte("ours\n"), []byte("theirs\n"))
	if !errors.Is(err, ErrChanged) {
		t.Error(err)
	}
	holds(t, path, "theirs\nadded\n")
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
}

// Two versions that have nothing in common are both kept.
func TestBothVersionsAreKept(t *testing.T) {
	path := shared(t, "a new one\n", 0o600)
	p := pending(t, path, "another new one\n")
	err := p.giveBack([]byte("ours\n"), []byte("theirs\n"))
	var kept *KeptError
	if !errors.As(err, &kept) {
		t.Fatal(err)
	}
	holds(t, path, "another new one\n")
	holds(t, kept.Kept, "a new one\n")
}

// A sweep removes what we left in a folder, and no other file, hidden or not.
func TestOnlyOursIsSwept(t *testing.T) {
	dir := t.TempDir()
	theirs := []string{".bashrc", ".config.swp", ".rolecall", "config", "a.rolecall-1"}
	for _, name := range append([]string{".config" + tempMark + "123"}, theirs...) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	Sweep(dir)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(theirs) {
		t.Errorf("left: %v, %v", entries, err)
	}
}
