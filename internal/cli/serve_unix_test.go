//go:build unix

package cli

import (
	"errors"
	"net"
	"syscall"
	"testing"
)

// The answers of the metadata service do not get past the first router.
func TestOneHop(t *testing.T) {
	config := net.ListenConfig{Control: oneHop}
	l, err := config.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	raw, err := accepted.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	ttl := 0
	controlled := raw.Control(func(fd uintptr) {
		ttl, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_TTL)
	})
	if err := errors.Join(controlled, err); err != nil || ttl != 1 {
		t.Errorf("a TTL of %d, %v", ttl, err)
	}
}
