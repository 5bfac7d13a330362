package filesystem

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// A kept file lasts as long as its writer, and no longer: a sweep leaves it alone while it is held, and removes it
// afterwards.
func TestAKeptFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "handout")
	k, err := Files{}.Keep(dir, "token", []byte("abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	Sweep(dir)
	if err := k.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(k.Path)
	if err != nil || string(text) != "abc" {
		t.Errorf("%q, %v", text, err)
	}
	if info, err := os.Stat(k.Path); runtime.GOOS != "windows" && (err != nil || info.Mode().Perm() != 0o600) {
		t.Errorf("%v, %v", info, err)
	}
	if got := KeptIn(dir, "token"); len(got) != 1 || got[0] != k.Path {
		t.Errorf("%v, not %s", got, k.Path)
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
	if got := KeptIn(dir, "token"); len(got) > 0 {
		t.Errorf("%v", got)
	}
	if runtime.GOOS == "windows" {
		return
	}
	crashed, err := Files{}.Keep(dir, "token", []byte("abc"))
	if err != nil {
		t.Fatal(err)
	}
	if _, taken := TakeAbandoned(crashed.Path); taken {
		t.Error("taken from a writer that runs")
	}
	crashed.lock.Close()
	crashed.file.Close()
	if data, taken := TakeAbandoned(crashed.Path); !taken || string(data) != "abc" {
		t.Errorf("%q, %v", data, taken)
	}
	if crashed, err = (Files{}).Keep(dir, "token", nil); err != nil {
		t.Fatal(err)
	}
	crashed.lock.Close()
	crashed.file.Close()
	Sweep(dir)
	if got := KeptIn(dir, "token"); len(got) > 0 {
		t.Errorf("after a sweep: %v", got)
	}
}

// On a full disk nothing is left behind.
func TestAKeptFileOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	full := Files{Fault: func(step, _ string) error {
		if step == "create" {
			return syscall.ENOSPC
		}
		return nil
	}}
	if _, err := full.Keep(dir, "token", []byte("secret")); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	if got := KeptIn(dir, "token"); len(got) > 0 {
		t.Errorf("%v", got)
	}
}
