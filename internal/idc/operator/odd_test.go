//go:build unix

package operator_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rolecall/internal/idc/operator"
)

// A place that is not a folder of our own, or cannot hold a socket, is an error, and nothing there is touched.
func TestPlacesThatHoldNoSocket(t *testing.T) {
	dir := t.TempDir()
	file, real, link := filepath.Join(dir, "file"), filepath.Join(dir, "real"), filepath.Join(dir, "link")
	full := filepath.Join(dir, "full")
	if err := errors.Join(os.WriteFile(file, []byte("text"), 0o600), os.Mkdir(real, 0o755), os.Symlink(real, link),
		os.MkdirAll(filepath.Join(full, "operator.sock", "folder"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"below a file": filepath.Join(file, "data"), "a link": link, "a folder where the socket would be": full,
	} {
		if l, err := operator.Listen(path); err == nil {
			_ = l.Close()
			t.Errorf("%s: it listens", name)
		}
	}
	long := filepath.Join(dir, strings.Repeat("long", 30)) // whose socket is elsewhere, and noted in a file
	if err := os.MkdirAll(filepath.Join(long, "operator.path"), 0o700); err != nil {
		t.Fatal(err)
	}
	if l, err := operator.Listen(long); err == nil {
		_ = l.Close()
		t.Error("a socket that nobody finds")
	}
	if info, err := os.Stat(real); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("behind the link: %v, %v", info.Mode(), err)
	}
}

// A socket that its server has left, and what is no answer of an operator's, are errors that say so.
func TestAnswersThatAreNone(t *testing.T) {
	left := filepath.Join(t.TempDir(), "operator.sock")
	l, err := net.Listen("unix", left)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := operator.Dial(left); !errors.Is(err, operator.ErrNobody) {
		t.Errorf("a socket that was left: %v", err)
	}
	d := newDesk(t)
	if _, err := d.do("GET", "/nothing", "", ""); err == nil || !strings.Contains(err.Error(), "operator socket") {
		t.Errorf("an unknown path: %v", err)
	}
	if _, err := d.do("NO METHOD", "/info", "", ""); err == nil {
		t.Error("a method with a blank was sent")
	}
	for _, body := range []string{`{"User":"alice"}`, `{"User":"nobody","Password":"x"}`, "{"} {
		if _, err := d.do("POST", "/password", "", body); err == nil {
			t.Errorf("%s: a password was set", body)
		}
	}
	if _, err := d.do("GET", "/roles", "user=nobody", ""); err == nil {
		t.Error("roles of a user who is not there")
	}
	if err := os.Remove(d.path); err != nil {
		t.Fatal(err)
	}
	if _, err := d.do("GET", "/audit", "", ""); err == nil {
		t.Error("a socket that is gone answers")
	}
}

// In a folder that was removed there is no place for a socket.
func TestAFolderThatIsGone(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Remove(dir); err != nil {
		t.Skip(err) // some systems keep a folder that is in use
	}
	if path, err := operator.SocketPath("data"); err == nil {
		t.Errorf("the socket would be %s", path)
	}
	if l, err := operator.Listen("data"); err == nil {
		_ = l.Close()
		t.Error("it listens")
	}
}
