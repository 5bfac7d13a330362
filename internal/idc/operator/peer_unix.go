//go:build unix

package operator

import (
	"errors"
	"net"
)

// peerOf returns the user at the other end.
func peerOf(conn *net.UnixConn) (uid uint32, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	controlled := raw.Control(func(fd uintptr) { uid, err = userOf(int(fd)) })
	return uid, errors.Join(controlled, err)
}
