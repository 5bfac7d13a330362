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
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil || len(open) == 0 {
		t.Fatalf("%d open files: %v", len(open), err)
	}
	for _, entry := range open {
		if path, _ := os.Readlink("/proc/self/fd/" + entry.Name()); strings.HasPrefix(path, dir) {
			t.Errorf("%s is open", path)
		}
	}
}
