package peer

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// The other end of a socket is known as long as it is open, and nobody is taken for its user afterwards.
func TestWhoIsAtTheOtherEnd(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if uid, err := SocketUser(conn.(*net.UnixConn)); err != nil || int(uid) != os.Getuid() {
		t.Errorf("%d, %v", uid, err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*net.UnixConn{"closed": conn.(*net.UnixConn), "never open": {}} {
		if uid, err := SocketUser(c); err == nil {
			t.Errorf("%s: %d", name, uid)
		}
	}
}
