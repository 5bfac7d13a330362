package filesystem

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// shared makes a file in a folder of its own.
func shared(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func readShared(t *testing.T, path string) Shared {
	t.Helper()
	s, err := Files{}.ReadShared(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// holds checks a file's content, and that nothing is left beside it.
func holds(t *testing.T, path, want string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || string(text) != want {
		t.Errorf("%s holds %q, want %q: %v", path, text, want, err)
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func editor(t *testing.T) Editor { return Editor{State: t.TempDir(), Now: time.Now} }

// add makes an edit that appends text.
func add(text string) func(Shared) ([]byte, error) {
	return func(s Shared) ([]byte, error) { return append(s.Data[:len(s.Data):len(s.Data)], text...), nil }
}

func TestUndoGoesBackStepByStep(t *testing.T) {
	e, path := editor(t), shared(t, "0", 0o600)
	for _, text := range []string{"1", "2"} {
		if _, err := e.Edit(t.Context(), path, add(text)); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := e.Edit(t.Context(), path, add("")); err != nil || b.Path != "" {
		t.Errorf("nothing to do: %v, %v", b, err)
	}
	for _, want := range []string{"01", "0"} {
		if err := e.Undo(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		holds(t, path, want)
	}
	if err := e.Undo(t.Context(), path); !errors.Is(err, ErrNoBackup) {
		t.Errorf("a third time: %v", err)
	}
	if _, err := e.Edit(t.Context(), path, add("3")); err != nil {
		t.Fatal(err)
	}
	if _, err := (Editor{State: t.TempDir(), Now: time.Now}).Edit(t.Context(), path, add("foreign")); err != nil {
		t.Fatal(err)
	}
	var changed *ForeignChangeError
	if err := e.Undo(t.Context(), path); !errors.As(err, &changed) {
		t.Fatalf("over a foreign change: %v", err)
	}
	holds(t, path, "03foreign")
	holds(t, changed.Backup, "0")
}

// Where there was no file, undo removes it, but not if somebody else has written to it.
func TestUndoOfTheFirstWrite(t *testing.T) {
	e, folder := editor(t), t.TempDir()
	link := filepath.Join(t.TempDir(), "aws")
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(link, "new", "config")
	for range 2 {
		for _, text := range []string{"1", "2"} {
			if _, err := e.Edit(t.Context(), path, add(text)); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []string{"12", "1"} {
			holds(t, path, want)
			if err := e.Undo(t.Context(), path); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file is there: %v", err)
		}
		if err := e.Undo(t.Context(), path); !errors.Is(err, ErrNoBackup) {
			t.Errorf("a third time: %v", err)
		}
	}
	if b, err := e.Edit(t.Context(), path, add("1")); err != nil || b.Path != "" {
		t.Errorf("a backup of nothing: %v, %v", b, err)
	}
	for _, text := range []string{"", "1foreign"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var changed *ForeignChangeError
		if err := e.Undo(t.Context(), path); !errors.As(err, &changed) || changed.Backup != "" {
			t.Errorf("over a foreign change: %v", err)
		}
		holds(t, path, text)
	}
}

// Whichever step fails, a later undo still works.
func TestAFailedUndoLosesNoBackup(t *testing.T) {
	for _, first := range []bool{false, true} {
		for _, step := range []string{"lock", "read", "create", "write", "sync", "rename", "remove"} {
			e, path := editor(t), shared(t, "0", 0o600)
			if first {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
			for _, text := range []string{"1", "2"} {
				if _, err := e.Edit(t.Context(), path, add(text)); err != nil {
					t.Fatal(err)
				}
			}
			stale, err := e.Files.ReadShared(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := e.backups().Save(stale, []byte("never written"), e.Now()); err != nil {
				t.Fatal(err)
			}
			failing := e
			failing.Files.Fault = func(at, _ string) error {
				if at == step {
					return syscall.ENOSPC
				}
				return nil
			}
			before, _ := filepath.Glob(filepath.Join(e.State, "backups", "*"))
			err = failing.Undo(t.Context(), path)
			after, _ := filepath.Glob(filepath.Join(e.State, "backups", "*"))
			if !errors.Is(err, syscall.ENOSPC) || len(after) != len(before) {
				t.Errorf("%v, %s: %v; %d backups of %d", first, step, err, len(after), len(before))
			}
			if text, _ := os.ReadFile(path); strings.HasSuffix(string(text), "12") {
				if err := e.Undo(t.Context(), path); err != nil {
					t.Errorf("%v, %s: %v", first, step, err)
				}
			}
			if err := e.Undo(t.Context(), path); err != nil {
				t.Errorf("%v, %s: %v", first, step, err)
			}
			text, err := os.ReadFile(path)
			if first != errors.Is(err, os.ErrNotExist) || !first && string(text) != "0" {
				t.Errorf("%v, %s: %q, %v", first, step, text, err)
			}
		}
	}
}

// A relative path means a different file in each folder, and the same one as its full name.
func TestRelativePathsAreOfTheirFolder(t *testing.T) {
	e, one, two := editor(t), shared(t, "one", 0o600), shared(t, "two", 0o600)
	for _, path := range []string{one, two} {
		t.Chdir(filepath.Dir(path))
		if _, err := e.Edit(t.Context(), filepath.Base(path), add("+")); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Undo(t.Context(), one); err != nil {
		t.Error(err)
	}
	holds(t, one, "one")
	if err := e.Undo(t.Context(), filepath.Base(two)); err != nil {
		t.Error(err)
	}
	holds(t, two, "two")
	if locks, _ := filepath.Glob(filepath.Join(e.State, "locks", "*")); len(locks) != 2 {
		t.Errorf("locks: %v", locks)
	}
}

// Whichever step fails, the file has the old or the new content, and there is no backup of a missing file.
func TestAFailedEditLeavesWhatWasThere(t *testing.T) {
	for _, step := range []string{"lock", "read", "mkdir", "create", "write", "sync", "rename"} {
		for nth := range 4 {
			e, path, count, hit := editor(t), shared(t, "old", 0o600), 0, false
			e.Files.Fault = func(at, _ string) error {
				if at != step {
					return nil
				}
				if count++; count == nth+1 {
					hit = true
					return syscall.ENOSPC
				}
				return nil
			}
			_, err := e.Edit(t.Context(), path, add("+"))
			if hit != errors.Is(err, syscall.ENOSPC) {
				t.Errorf("%s %d: %v", step, nth, err)
			}
			want := "old+"
			if err != nil {
				want = "old"
				if left, _ := filepath.Glob(filepath.Join(e.State, "backups", "*")); len(left) > 0 {
					t.Errorf("%s %d: left %v", step, nth, left)
				}
			}
			holds(t, path, want)
		}
	}
}

func TestAnEditStartsOverThreeTimes(t *testing.T) {
	for foreign, want := range map[int]string{0: "old+", 1: "old1+", 2: "old12+", 3: "old123"} {
		e, path, times := editor(t), shared(t, "old", 0o600), 0
		e.Files.Fault = func(step, at string) error {
			if step != "rename" || at != path || times == foreign {
				return nil
			}
			times++
			text, err := os.ReadFile(path)
			return errors.Join(err, os.WriteFile(path, append(text, byte('0'+times)), 0o600))
		}
		_, err := e.Edit(t.Context(), path, add("+"))
		if errors.Is(err, ErrChanged) != (foreign == 3) {
			t.Errorf("%d foreign changes: %v", foreign, err)
		}
		holds(t, path, want)
	}
}

func TestManyEditorsLoseNothing(t *testing.T) {
	e, path := editor(t), shared(t, "", 0o600)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := e.Edit(t.Context(), path, add("x")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	holds(t, path, strings.Repeat("x", 20))
}
