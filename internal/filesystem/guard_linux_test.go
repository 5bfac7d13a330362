package filesystem

import (
	"errors"
	"os"
	"testing"
)

// A file that another program is writing is busy until it is closed.
func TestAWriterIsWaitedFor(t *testing.T) {
	path := shared(t, "text", 0o600)
	g, err := newGuard(path)
	if err != nil {
		t.Fatal(err)
	}
	leased := g.leased
	g.end()
	if !leased {
		t.Skip("this file system has no leases")
	}
	writer, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newGuard(path); !errors.Is(err, errBusy) {
		t.Errorf("while it is written: %v", err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if g, err = newGuard(path); err != nil {
		t.Fatal(err)
	}
	g.end()
}
