package local

import (
	"net"
	"testing"
)

// Other machines reach a server unless it listens at a loopback address.
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
		if got := reach(tcp); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}
