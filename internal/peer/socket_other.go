//go:build unix && !linux

package peer

import "golang.org/x/sys/unix"

// userOf returns the user at the other end of a socket.
func userOf(fd int) (uint32, error) {
	cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, err
	}
	return cred.Uid, nil
}
