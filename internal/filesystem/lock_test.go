package filesystem

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func TestALockIsHeldByOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "locks", "a.lock")
	first, err := Files{}.Lock(t.Context(), path, "process 1", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, ErrLocked)
	defer cancel()
	holder := ""
	if _, err := (Files{}).Lock(ctx, path, "process 2", func(h string) { holder = h }); !errors.Is(err, ErrLocked) {
		t.Errorf("second: %v", err)
	}
	if holder != "process 1" {
		t.Errorf("told that %q holds it", holder)
	}
	first.Unlock()
	second, err := Files{}.Lock(t.Context(), path, "process 2", nil)
	if err != nil {
		t.Fatal(err)
	}
	second.Unlock()
}

// A cancelled wait ends at once, whatever the pause between two tries: within 100 ms on the fake clock.
func TestCancelEndsAWaitForALock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.lock")
		held, err := Files{}.Lock(t.Context(), path, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer held.Unlock()
		ctx, cancel := context.WithCancel(t.Context())
		var cancelled time.Time
		go func() {
			time.Sleep(3 * time.Second)
			cancelled = time.Now()
			cancel()
		}()
		_, err = Files{}.Lock(ctx, path, "", nil)
		if !errors.Is(err, context.Canceled) || time.Since(cancelled) > 100*time.Millisecond {
			t.Errorf("got %v, %v after the cancellation", err, time.Since(cancelled))
		}
	})
}

func TestALinkIsNoLock(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	if err := os.WriteFile(target, []byte("canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(dir, "a.lock")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(filepath.Join(dir, "a.lock")); err != nil || info.Mode().Type() == 0 {
		t.Skipf("this system shows links as files: %v (wine does)", err)
	}
	if _, err := (Files{}).Lock(t.Context(), filepath.Join(dir, "a.lock"), "x", nil); err == nil {
		t.Error("a lock was taken through a link")
	}
	if text, _ := os.ReadFile(target); string(text) != "canary" {
		t.Errorf("the target was changed to %q", text)
	}
}
