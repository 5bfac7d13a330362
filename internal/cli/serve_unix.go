//go:build unix

package cli

import (
	"errors"
	"syscall"
)

// oneHop keeps packets of a socket, and of its connections, on this machine.
func oneHop(_, _ string, c syscall.RawConn) (err error) {
	controlled := c.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_TTL, 1)
	})
	return errors.Join(controlled, err)
}
