package peer

import (
	"net"
	"os"
	"strconv"
	"testing"
)

// The kernel's answer about one socket is what its list says: of both families, open, half closed and closed.
func TestTheKernelsAnswerIsThatOfItsList(t *testing.T) {
	for _, network := range []string{"tcp4", "tcp6"} {
		address := map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"}[network]
		l, err := net.Listen(network, address)
		if err != nil {
			t.Skip(err)
		}
		defer l.Close()
		conn, err := net.Dial(network, l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		own, _ := addressOf(conn.LocalAddr())
		other, _ := addressOf(conn.RemoteAddr())
		table := map[string]string{"tcp4": "/proc/net/tcp", "tcp6": "/proc/net/tcp6"}[network]
		compare := func(what string) entry {
			t.Helper()
			e, found := diagnose(own, other)
			listed, isListed, err := findIn(table, own, other)
			listed.state = e.state // it may change between the two looks
			if err != nil || found != isListed || e != listed {
				t.Errorf("%s, %s: %+v %v, listed %+v %v, %v", network, what, e, found, listed, isListed, err)
			}
			return e
		}
		if e := compare("open"); e.uid != strconv.Itoa(os.Geteuid()) || e.state != established || e.inode == "0" {
			t.Errorf("%+v", e)
		}
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		compare("half closed")
		_ = conn.Close()
		_ = accepted.Close()
		if e := compare("closed"); e.inode != "0" && e.inode != "" {
			t.Errorf("%+v", e)
		}
		// The listening socket is no end of a connection.
		listening, _ := addressOf(l.Addr())
		if e, found := diagnose(listening, own); found && e.inode != "0" {
			t.Errorf("%s: %+v for a connection that is closed", network, e)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	for b.Loop() {
		if err := Check(conn.RemoteAddr(), conn.LocalAddr()); err != nil {
			b.Fatal(err)
		}
	}
}
