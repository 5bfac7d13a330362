//go:build unix

package filesystem

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func TestAFailedWriteLeavesWhatWasThere(t *testing.T) {
	for _, step := range []string{"mkdir", "create", "write", "sync", "rename"} {
		t.Run(step, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "dir", "file")
			if err := (Files{}).WriteSecret(path, []byte("old")); err != nil {
				t.Fatal(err)
			}
			faulty := Files{Fault: func(at, _ string) error {
				if at == step {
					return syscall.EIO
				}
				return nil
			}}
			if err := faulty.WriteSecret(path, []byte("new")); !errors.Is(err, syscall.EIO) {
				t.Errorf("got %v", err)
			}
			entries, err := os.ReadDir(filepath.Dir(path))
			text, _ := os.ReadFile(path)
			if err != nil || len(entries) != 1 || string(text) != "old" {
				t.Errorf("the folder holds %v, the file %q", entries, text)
			}
		})
	}
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	before := syscall.Umask(0)
	defer syscall.Umask(before)
	dir := filepath.Join(t.TempDir(), "dir")
	path := filepath.Join(dir, "file")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := (Files{}).WriteSecret(path, []byte("x")); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{dir: 0o700, path: 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestWhatIsNoSecretFileIsNotRead(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, MaxSecretFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (Files{}).ReadSecret(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := (Files{}).ReadSecret(fifo); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a pipe: %v", err)
	}
	if _, err := (Files{}).ReadSecret(large); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a large file: %v", err)
	}
}

func TestManyWritersLeaveAWholeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			if err := (Files{}).WriteSecret(path, []byte(strings.Repeat(fmt.Sprint(i%10), 10_000+i))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	text, err := os.ReadFile(path)
	if err != nil || len(text) < 10_000 || strings.Trim(string(text), string(text[:1])) != "" {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

func TestThreeDamagedFilesAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for i := range 5 {
		if err := os.WriteFile(path, []byte(fmt.Sprint(i)), 0o600); err != nil {
			t.Fatal(err)
		}
		aside, err := Files{}.SetAside(path)
		if want := fmt.Sprintf("%s.damaged-%d", path, min(i+1, 3)); err != nil || aside != want {
			t.Errorf("set aside as %s, want %s: %v", aside, want, err)
		}
	}
	for n, want := range map[int]string{1: "0", 2: "1", 3: "4"} {
		if text, _ := os.ReadFile(fmt.Sprintf("%s.damaged-%d", path, n)); string(text) != want {
			t.Errorf("the %d. holds %q, want %q", n, text, want)
		}
	}
}
