//go:build unix

package copies_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rolecall/internal/audit/copies"
)

func TestSyslog(t *testing.T) {
	dir, err := os.MkdirTemp("", "log") // a socket's name has room for 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "log")
	l, err := net.ListenPacket("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	if err := copies.Syslog([]string{filepath.Join(dir, "none"), path}, []byte("{\"v\":1}\n"), now, 7); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 1000)
	n, _, err := l.ReadFrom(got)
	if want := "<86>Nov  1 12:00:00 rolecall[7]: {\"v\":1}\n"; err != nil || string(got[:n]) != want {
		t.Errorf("%q, %v", got[:n], err)
	}
	if err := copies.Syslog([]string{filepath.Join(dir, "none")}, nil, now, 7); !errors.Is(err, copies.ErrNoSyslog) {
		t.Errorf("%v", err)
	}
}

func TestCommand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "copy")
	line := `{"a":"$(touch x); 'b'"}` + "\n"
	if err := copies.Command([]string{"sh", "-c", `cat >"$1"`, "sh", path}, []byte(line), nil); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != line {
		t.Errorf("%q, %v", got, err)
	}
	for _, x := range []struct {
		argv []string
		want string
	}{
		{[]string{"false"}, "false: exit status 1"},
		{[]string{"/nowhere/to"}, "no such file"},
		{[]string{"sleep", "60"}, "sleep: it did not finish within a second"},
		{[]string{"sh", "-c", "sleep 60 & sleep 60"}, "sh: it did not finish within a second"},
	} {
		if err := copies.Command(x.argv, []byte(line), nil); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%v: %v", x.argv, err)
		}
	}
}
