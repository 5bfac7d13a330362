package machine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// A file that any person could have made is refused. Which access lists would pass is tried without files: wine keeps
// neither owners nor lists.
func TestWhoMayWriteOnWindows(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, Policy)
	if _, err := Read(dir, Policy); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, []byte("write = false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var unsafe *UnsafeError
	if text, err := Read(dir, Policy); !errors.As(err, &unsafe) {
		t.Errorf("a person's file: %q, %v", text, err)
	}
	for _, c := range []struct{ access, problem string }{
		{"O:BAD:P(A;;FA;;;BA)(A;;FA;;;SY)(A;;FR;;;WD)", ""},
		{"O:SYD:P(A;;FA;;;BA)(A;;FR;;;WD)", ""},
		{"O:BAD:P(A;;FA;;;BA)(A;OIIO;GA;;;CO)(A;;FR;;;WD)", ""},
		{"O:BAD:P(A;;FA;;;BA)(D;;FW;;;WD)", ""},
		{"O:BAD:P(A;;FA;;;BA)(A;;FW;;;WD)", "can write to"},
		{"O:BAD:P(A;;FA;;;BA)(A;;GA;;;AU)", "can write to"},
		{"O:BAD:P(A;;FA;;;BA)(A;;SD;;;WD)", "can write to"},
		{"O:BAD:P(A;;FA;;;BA)(A;;WD;;;WD)", "can write to"},
		{"O:BAD:P(A;;FA;;;BA)(A;;WO;;;BU)", "can write to"},
		{"O:WDD:P(A;;FA;;;BA)(A;;FR;;;WD)", "is not owned by the administrators"},
	} {
		descriptor, err := windows.SecurityDescriptorFromString(c.access)
		if err != nil {
			t.Fatal(c.access, err)
		}
		err = checkAccess("it", descriptor)
		if err == nil != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: %v, want %q", c.access, err, c.problem)
		}
	}
}
