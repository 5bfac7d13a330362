//go:build linux

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// A watch replaces keys before they end, and takes them away when it does.
func TestWatchedKeysAreRenewed(t *testing.T) {
	t.Parallel()
	w := servedWorld(t, "")
	w.shortKeys(t, 16*time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "rolecall", "write", "dev", "--as", "kept", "--watch")
	cmd.Env = w.environ()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(w.home, ".aws", "credentials")
	key, end := regexp.MustCompile(`aws_access_key_id = (\w+)`), regexp.MustCompile(`\nexpiration = (\S+)`)
	seen := map[string]bool{}
	for began := time.Now(); time.Since(began) < 36*time.Second; time.Sleep(500 * time.Millisecond) {
		text, err := os.ReadFile(file)
		if found := key.FindSubmatch(text); err == nil && found != nil {
			seen[string(found[1])] = true
			ends, err := time.Parse(time.RFC3339, string(end.FindSubmatch(text)[1]))
			if err != nil || time.Now().After(ends.Add(time.Second)) {
				t.Errorf("keys that ended at %s are there: %v", ends, err)
			}
		}
	}
	if len(seen) < 2 {
		t.Errorf("%d keys in 36 seconds", len(seen))
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(file); err == nil && key.Match(text) {
		t.Errorf("keys stay: %s", key.Find(text))
	}
}
