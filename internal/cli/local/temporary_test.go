package local

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The next server removes what killed servers have left; folders of running ones, and one being made, stay.
func TestTemporaryFolders(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"TMPDIR", "TMP"} {
		t.Setenv(name, dir)
	}
	running, remove, err := temporaryFolder(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	killed, making := filepath.Join(dir, "rolecall-idc-1"), filepath.Join(dir, "rolecall-idc-2")
	for _, folder := range []string{killed, making, filepath.Join(dir, "other-1")} {
		if err := errors.Join(os.Mkdir(folder, 0o700),
			os.WriteFile(filepath.Join(folder, "ca.key"), []byte("canary"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	hour := time.Now().Add(-time.Hour)
	for _, folder := range []string{killed, running, filepath.Join(dir, "other-1")} {
		if err := os.Chtimes(folder, hour, hour); err != nil {
			t.Fatal(err)
		}
	}
	_, removeNext, err := temporaryFolder(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]bool{
		killed: false, making: true, running: true, filepath.Join(dir, "other-1"): true,
	} {
		if _, err := os.Stat(folder); (err == nil) != want {
			t.Errorf("%s: %v", folder, err)
		}
	}
	if err := errors.Join(remove(), removeNext()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(running); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
