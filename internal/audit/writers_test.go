package audit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"rolecall/internal/audit"
)

const writerVariable = "ROLECALL_TEST_AUDIT_WRITER"

const each = 20

// Processes write and rotate at once: no record is lost, doubled or torn, whoever rotates.
func TestManyWriters(t *testing.T) {
	if dir := os.Getenv(writerVariable); dir != "" {
		l := audit.Log{Dir: dir, Now: time.Now, MaxFile: 20_000, MaxWait: time.Minute}
		fill(t, l, each)
		return
	}
	writers := 50
	if runtime.GOOS == "windows" { // where a process takes a second to start under wine
		writers = 10
	}
	l := aLog(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var all []*exec.Cmd
	for range writers {
		cmd := exec.Command(self, "-test.run=^TestManyWriters$")
		cmd.Env = append(os.Environ(), writerVariable+"="+l.Dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, cmd)
	}
	for _, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	r, _ := read(t, l)
	files, err := filepath.Glob(filepath.Join(l.Dir, "audit-*.jsonl"))
	whole := r.Records == writers*each && len(r.Findings)+len(r.Torn) == 0 && r.Last.Lost == 0
	if err != nil || !whole || len(files) < writers/3 {
		t.Errorf("%d records in %d files, %+v, %v", r.Records, len(files), r, err)
	}
}

// An old file that is in the way stays: the current one grows instead.
func TestARotationReplacesNothing(t *testing.T) {
	l := aLog(t)
	fill(t, l, 3)
	l.MaxFile = 1
	path := filepath.Join(l.Dir, "audit-000000000003.jsonl")
	if err := os.WriteFile(path, []byte("older\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fill(t, l, 1)
	if data, err := os.ReadFile(path); err != nil || string(data) != "older\n" {
		t.Errorf("%q, %v", data, err)
	}
	if lines := linesOf(t, current(l)); len(lines) != 4 {
		t.Errorf("%d records", len(lines))
	}
}
