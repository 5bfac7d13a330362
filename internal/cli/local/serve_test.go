package local

import (
	"net"
	"testing"
)

// Other machines reach a server unless it listens at a loopback address, and has no name for others.
func TestReach(t *testing.T) {
	const here, beyond = "on this machine only", "REACHABLE FROM OTHER MACHINES"
	for address, want := range map[string]string{
		"127.0.0.1:9943": here, "127.8.8.8:1": here, "[::1]:9943": here, "0.0.0.0:9943": beyond, "[::]:9943": beyond,
		"192.0.2.1:9943": beyond,
	} {
		tcp, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := (serveOptions{}).reach(tcp); got != want {
			t.Errorf("%s: %s", address, got)
		}
		if got := (serveOptions{publicURL: "https://127.0.0.1:9943"}).reach(tcp); got != want {
			t.Errorf("%s, called 127.0.0.1: %s", address, got)
		}
		if got := (serveOptions{publicURL: "https://sso.example.com"}).reach(tcp); got != beyond {
			t.Errorf("%s, behind a proxy: %s", address, got)
		}
	}
}
