package operator

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// peerOf returns the user at the other end.
func peerOf(conn *net.UnixConn) (uid uint32, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	controlled := raw.Control(func(fd uintptr) {
		cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if controlled != nil || err != nil {
		return 0, errors.Join(controlled, err)
	}
	return cred.Uid, nil
}
