package filesystem

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

// Another program that has the file open for a moment does not keep us from replacing or removing it.
func TestAFileThatIsBeingReadIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	held := func() {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(200*time.Millisecond, func() { _ = file.Close() })
	}
	s, err := Files{}.ReadShared(path)
	if err != nil {
		t.Fatal(err)
	}
	held()
	if _, err := (Files{}).Replace(s, []byte("new")); err != nil {
		t.Errorf("Replace: %v", err)
	}
	held()
	if err := (Files{}).WriteSecret(path, []byte("newer")); err != nil {
		t.Errorf("WriteSecret: %v", err)
	}
	if text, err := os.ReadFile(path); string(text) != "newer" {
		t.Errorf("%q, %v", text, err)
	}
	held()
	if err := (Files{}).Remove(path); err != nil {
		t.Errorf("Remove: %v", err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// A file that is just being replaced can be opened a moment later.
func TestAFileThatIsBeingReplacedIsOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := windows.CreateFile(name, windows.GENERIC_READ, 0, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, func() { _ = windows.CloseHandle(alone) })
	file, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
}
