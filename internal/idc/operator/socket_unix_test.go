//go:build !windows

package operator_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"rolecall/internal/idc/operator"
)

func TestTheSocketIsItsOwners(t *testing.T) {
	d := newDesk(t)
	for path, want := range map[string]os.FileMode{d.path: 0o600, filepath.Dir(d.path): 0o700} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	link := filepath.Join(t.TempDir(), "operator.sock")
	if err := os.Symlink(d.path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := operator.Dial(link); err == nil || errors.Is(err, operator.ErrNobody) {
		t.Errorf("a link: %v", err)
	}
	left := filepath.Join(t.TempDir(), "operator.sock")
	listener, err := net.Listen("unix", left)
	if err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = listener.Close()
	for _, path := range []string{left, filepath.Join(t.TempDir(), "nothing")} {
		if _, err := operator.Dial(path); !errors.Is(err, operator.ErrNobody) {
			t.Errorf("nobody listens: %v", err)
		}
	}
}
