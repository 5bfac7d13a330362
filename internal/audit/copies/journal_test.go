//go:build unix

package copies_test

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rolecall/internal/audit/copies"
	"rolecall/internal/hostile"
)

// journal listens at a socket as journald does, and returns the socket and the next entry.
func journal(t *testing.T) (socket string, next func() map[string]string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "log") // a socket's name has room for 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket = filepath.Join(dir, "socket")
	l, err := net.ListenPacket("unixgram", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return socket, func() map[string]string {
		got := make([]byte, 1<<16)
		_ = l.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, _, err := l.ReadFrom(got)
		if err != nil {
			t.Fatal(err)
		}
		return fieldsOf(t, string(got[:n]))
	}
}

// fieldsOf reads the native form: NAME=VALUE, or NAME, the length in eight bytes, and that much.
func fieldsOf(t *testing.T, rest string) map[string]string {
	t.Helper()
	fields := map[string]string{}
	for rest != "" {
		line, after, ended := strings.Cut(rest, "\n")
		name, value, plain := strings.Cut(line, "=")
		if !plain {
			n := int(binary.LittleEndian.Uint64([]byte(after[:8])))
			value, after = after[8:8+n], after[8+n:]
			after, ended = strings.CutPrefix(after, "\n")
		}
		if _, again := fields[name]; again || !ended {
			t.Fatalf("the field %q is there twice, or has no end: %q", name, rest)
		}
		fields[name], rest = value, after
	}
	return fields
}

func TestJournal(t *testing.T) {
	socket, next := journal(t)
	sent := []copies.Field{{"ROLECALL_HOW", "env"}, {"ROLECALL_ROLE", ""}, {"ROLECALL_ACCOUNT_NAME", "a=b"}}
	if err := copies.Journal(socket, []byte("{\"v\":1}\n"), sent); err != nil {
		t.Fatal(err)
	}
	got := next()
	for name, want := range map[string]string{
		"MESSAGE": `{"v":1}`, "PRIORITY": "6", "SYSLOG_FACILITY": "10", "SYSLOG_IDENTIFIER": "rolecall",
		"ROLECALL_HOW": "env", "ROLECALL_ACCOUNT_NAME": "a=b",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if len(got) != 6 {
		t.Errorf("more fields: %q", got)
	}
}

// No name ends its field early, so that none makes a field.
func TestNoNameMakesAFieldOfTheJournal(t *testing.T) {
	socket, next := journal(t)
	names := append(hostile.Names(), "a\nPRIORITY=0", "\n", "a\n", "\nROLECALL_HOW=none\n", "a\r\nb", "=\n=")
	for _, name := range names {
		fields := []copies.Field{{"ROLECALL_ACCOUNT_NAME", name}, {"ROLECALL_HOW", "env"}}
		if err := copies.Journal(socket, []byte("{}"), fields); err != nil {
			t.Fatal(err)
		}
		if got := next(); got["ROLECALL_ACCOUNT_NAME"] != name || got["ROLECALL_HOW"] != "env" || got["PRIORITY"] != "6" {
			t.Errorf("%q: %q", name, got)
		}
	}
}

// Without journald, or with one that takes nothing, a command goes on at once.
func TestAJournalThatTakesNothing(t *testing.T) {
	socket, _ := journal(t)
	if err := copies.Journal(filepath.Join(filepath.Dir(socket), "none"), nil, nil); !errors.Is(err, copies.ErrNoJournal) {
		t.Errorf("%v", err)
	}
	for n := range 100_000 {
		began := time.Now()
		err := copies.Journal(socket, []byte("{}"), nil)
		if err == nil {
			continue
		}
		if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took > 5*time.Second {
			t.Errorf("after %d entries: %v, in %v", n, err, took)
		}
		return
	}
	t.Error("a queue that nobody empties is never full")
}
