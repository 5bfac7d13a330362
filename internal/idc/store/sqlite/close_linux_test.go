package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Open files would keep a Windows user from removing the directory.
func TestCloseLeavesNoFileOpen(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(filepath.Join(dir, "idc.db"), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	if len(openIn(t, dir)) == 0 {
		t.Error("an open store has no open file")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if open := openIn(t, dir); len(open) > 0 {
		t.Errorf("open after Close: %q", open)
	}
}

// openIn lists the files of a folder that this process has open.
func openIn(t *testing.T, dir string) (open []string) {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range all {
		if path, _ := os.Readlink("/proc/self/fd/" + entry.Name()); strings.HasPrefix(path, dir) {
			open = append(open, path)
		}
	}
	return open
}
