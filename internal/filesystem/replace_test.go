//go:build unix

package filesystem

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestAFailedReplaceLeavesWhatWasThere(t *testing.T) {
	for _, step := range []string{"create", "write", "sync", "rename"} {
		for _, fault := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EROFS} {
			path := shared(t, "old", 0o600)
			faulty := Files{Fault: func(at, _ string) error {
				if at == step {
					return fault
				}
				return nil
			}}
			if _, err := faulty.Replace(readShared(t, path), []byte("new")); !errors.Is(err, fault) {
				t.Errorf("%s: got %v", step, err)
			}
			holds(t, path, "old")
		}
	}
}

func TestModesAndAttributesStay(t *testing.T) {
	path := shared(t, "old", 0o664)
	attributed := unix.Setxattr(path, "user.note", []byte("mine"), 0) == nil
	if _, err := (Files{}).Replace(readShared(t, path), []byte("new")); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "new")
	if info, _ := os.Stat(path); info.Mode() != 0o664 {
		t.Errorf("the mode is %v", info.Mode())
	}
	note := make([]byte, 4)
	if n, _ := unix.Getxattr(path, "user.note", note); attributed && string(note[:max(n, 0)]) != "mine" {
		t.Errorf("the attribute is %q", note)
	}
}

func TestALinkStaysALink(t *testing.T) {
	path := shared(t, "old", 0o600)
	link := filepath.Join(t.TempDir(), "config")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := (Files{}).Replace(readShared(t, link), []byte("new")); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "new")
	if to, err := os.Readlink(link); err != nil || to != path {
		t.Errorf("the link leads to %q: %v", to, err)
	}
	nowhere := filepath.Join(t.TempDir(), "config")
	if err := os.Symlink("/nowhere/at/all", nowhere); err != nil {
		t.Fatal(err)
	}
	if _, err := (Files{}).ReadShared(nowhere); !errors.Is(err, ErrDangling) {
		t.Errorf("a link that leads nowhere: %v", err)
	}
}

func TestWhatMustBeLeftAlone(t *testing.T) {
	readOnly := shared(t, "old", 0o444)
	if _, err := (Files{}).Replace(readShared(t, readOnly), []byte("new")); !errors.Is(err, ErrReadOnly) {
		t.Errorf("read-only: %v", err)
	}
	holds(t, readOnly, "old")
	linked := shared(t, "old", 0o600)
	if err := os.Link(linked, linked+"2"); err != nil {
		t.Fatal(err)
	}
	if _, err := (Files{}).Replace(readShared(t, linked), []byte("new")); !errors.Is(err, ErrHardLinked) {
		t.Errorf("hard-linked: %v", err)
	}
	holds(t, linked, "old")
	if _, err := (Files{}).ReadShared(filepath.Dir(linked)); err == nil {
		t.Error("a folder was read")
	}
}

// The editor writes between the last check of the file and the rename.
func TestAChangeMeanwhileIsSeen(t *testing.T) {
	for name, edit := range map[string]func(path string) error{
		"in place": func(path string) error { return os.WriteFile(path, []byte("alien"), 0o600) },
		"by rename": func(path string) error {
			return errors.Join(os.WriteFile(path+"~", []byte("new!"), 0o600), os.Rename(path+"~", path))
		},
		"same bytes": func(path string) error { return os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)) },
		"same size and time": func(path string) error {
			info, err := os.Stat(path)
			return errors.Join(err, os.WriteFile(path, []byte("odd!"), 0o600), os.Chtimes(path, time.Time{}, info.ModTime()))
		},
		"removed": os.Remove,
	} {
		path := shared(t, "old!", 0o600)
		files := Files{Fault: func(step, _ string) error {
			if step == "rename" {
				return edit(path)
			}
			return nil
		}}
		if _, err := files.Replace(readShared(t, path), []byte("ours")); !errors.Is(err, ErrChanged) {
			t.Errorf("%s: got %v", name, err)
		}
		if text, _ := os.ReadFile(path); string(text) == "ours" {
			t.Errorf("%s: the change is lost", name)
		}
	}
	path := filepath.Join(t.TempDir(), "config")
	missing := readShared(t, path)
	if err := os.WriteFile(path, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (Files{}).Replace(missing, []byte("ours")); !errors.Is(err, ErrChanged) {
		t.Errorf("a file that came meanwhile: %v", err)
	}
	holds(t, path, "theirs")
}

// A foreign file that came after the last check goes back to its place.
func TestAChangeAfterTheLastLookGoesBack(t *testing.T) {
	path := shared(t, "old", 0o600)
	s := readShared(t, path)
	temp, lock, err := newTemp(path)
	if err != nil {
		t.Fatal(err)
	}
	p := &Pending{path: path, temp: temp, lock: lock}
	if err := p.fill([]byte("ours")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(path+"~", []byte("theirs"), 0o600), os.Rename(path+"~", path)); err != nil {
		t.Fatal(err)
	}
	if err := p.exchange(s, []byte("ours")); errors.Is(err, errors.ErrUnsupported) {
		t.Skip("files cannot be swapped here")
	} else if !errors.Is(err, ErrChanged) {
		t.Errorf("got %v", err)
	}
	p.Discard()
	holds(t, path, "theirs")
}

func TestANewFileIsForItsOwner(t *testing.T) {
	before := syscall.Umask(0)
	defer syscall.Umask(before)
	folder := filepath.Join(t.TempDir(), ".aws")
	path := filepath.Join(folder, "config")
	if _, err := (Files{}).Replace(readShared(t, path), []byte("new")); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "new")
	for name, mode := range map[string]os.FileMode{folder: 0o700, path: 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := (Files{}).Replace(readShared(t, path), []byte("newer")); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(folder); info.Mode().Perm() != 0o755 {
		t.Errorf("the folder's mode became %v", info.Mode())
	}
}

// What a crash has left beside the file goes with the next edit, also with one that changes nothing.
func TestWhatACrashLeftIsSwept(t *testing.T) {
	for _, text := range []string{"new", "old"} {
		path := shared(t, "old", 0o600)
		dir := filepath.Dir(path)
		left, foreign := filepath.Join(dir, ".config.rolecall-1"), filepath.Join(dir, ".config.tmp-1")
		for _, name := range []string{left, foreign} {
			if err := os.WriteFile(name, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		working, err := (Files{}).Reserve(path, 10)
		if err != nil {
			t.Fatal(err)
		}
		defer working.Discard()
		change := func(Shared) ([]byte, error) { return []byte(text), nil }
		if _, err := editor(t).Edit(t.Context(), path, change); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(left); err == nil {
			t.Errorf("%s: it is still there", text)
		}
		for _, name := range []string{foreign, working.temp.Name()} {
			if _, err := os.Stat(name); err != nil {
				t.Errorf("%s, of another tool or a running process, was removed", name)
			}
		}
	}
}

func TestTenBackupsAreKept(t *testing.T) {
	path := shared(t, "0", 0o600)
	b := Backups{Folder: filepath.Join(t.TempDir(), "backups")}
	now := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for i := range 15 {
		s := readShared(t, path)
		next := []byte{byte('a' + i)}
		if _, err := b.Save(s, next, now.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := (Files{}).Replace(s, next); err != nil {
			t.Fatal(err)
		}
	}
	for i := 13; i >= 4; i-- {
		s := readShared(t, path)
		last, data, _, err := b.Last(s)
		if err != nil || string(data) != string(rune('a'+i)) || !last.Before(s) {
			t.Fatalf("%d: %q, %v", i, data, err)
		}
		if info, err := os.Stat(last.Path); err != nil || info.Mode() != 0o600 {
			t.Errorf("the backup: %v, %v", info.Mode(), err)
		}
		if _, err := (Files{}).Replace(s, data); err != nil { // its backup, left there, is skipped the next time
			t.Fatal(err)
		}
	}
	if _, _, _, err := b.Last(readShared(t, path)); !errors.Is(err, ErrNoBackup) {
		t.Errorf("an eleventh: %v", err)
	}
}

// Where the system cannot exchange two files in one step.
func TestSwapInSteps(t *testing.T) {
	path := shared(t, "old", 0o600)
	temp := filepath.Join(filepath.Dir(path), "new")
	if err := os.WriteFile(temp, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := swapByLink(temp, path); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "new")
	holds(t, temp, "old")
	if err := linkNew(temp, path); !errors.Is(err, os.ErrExist) {
		t.Errorf("a file that is there: %v", err)
	}
	if err := linkNew(temp, path+"2"); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "new")
	holds(t, path+"2", "old")
}
