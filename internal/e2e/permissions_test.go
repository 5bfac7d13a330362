//go:build linux

package e2e

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Only its owner can read a data directory, with any umask, and whoever made the directory.
func TestTheDataDirectoryIsItsOwners(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "rolecall-e2e-") // which other users can reach, unlike a test's own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	data := filepath.Join(dir, "data")
	for _, path := range []string{dir, data} {
		if err := os.MkdirAll(path, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	s := serve(t, filepath.Join(t.TempDir(), "home"), "--data", data)
	s.must(t, nil, "rolecall", "idc", "apply", "testdata/nobody.yaml", "--data", data)
	s.must(t, nil, "rolecall", "idc", "backup", filepath.Join(data, "copy.db"), "--data", data)
	seen := 0
	err = filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has the mode %v, want %v", path, info.Mode().Perm(), want)
		}
		seen++
		return nil
	})
	if err != nil || seen < 10 {
		t.Fatalf("%d files, %v", seen, err)
	}
	if os.Getuid() != 0 {
		return // only root can act as another user; the modes above say the same
	}
	connect := "/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"" + data + "/operator.sock\")'"
	for _, command := range []string{"ls " + data, "cat " + data + "/secret", "cat " + data + "/idc.db", connect} {
		as := func(argv ...string) ([]byte, error) {
			cmd := exec.Command(argv[0], append(argv[1:], "sh", "-c", command)...)
			cmd.Env = s.environ()
			return cmd.CombinedOutput()
		}
		if out, err := as("env"); err != nil {
			t.Errorf("its owner may not: %s: %v\n%s", command, err, out)
		}
		if out, err := as("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"); err == nil {
			t.Errorf("another user may: %s\n%s", command, out)
		}
	}
}
