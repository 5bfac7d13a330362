//go:build unix

package peer

import (
	"errors"
	"fmt"
	"net"
	"os"
)

// SocketUser returns the user at the other end of a unix socket.
func SocketUser(conn *net.UnixConn) (uid uint32, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	controlled := raw.Control(func(fd uintptr) { uid, err = userOf(int(fd)) })
	return uid, errors.Join(controlled, err)
}

// CheckSocket returns nil if the process at the other end of a unix socket runs as this user, or as root; else a
// *StrangerError, or ErrUnknown.
func CheckSocket(conn net.Conn) error {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return ErrUnknown
	}
	switch uid, err := SocketUser(unixConn); {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	case uid != 0 && int(uid) != os.Geteuid():
		return &StrangerError{fmt.Sprintf("uid %d", uid)}
	}
	return nil
}
