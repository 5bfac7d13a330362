package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"rolecall/internal/peer"
)

// maxSocketPath fits into a socket's address on all systems.
const maxSocketPath = 100

// checkSocketPath refuses paths that no socket can have.
func checkSocketPath(path string) error {
	if runtime.GOOS == "windows" {
		return Usagef("--socket is not available on Windows; use --port")
	}
	if len(path) > maxSocketPath {
		return Usagef("--socket %q is longer than %d bytes, the limit for a socket's path", path, maxSocketPath)
	}
	return nil
}

// listenSocket creates a unix socket for its owner alone, and its folder if needed. A socket that a crash has left is
// replaced; anything else stays.
func listenSocket(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != os.ModeSocket || answers(path) {
			return nil, fmt.Errorf("%s already exists", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	// The folder is never removed: containers that have it mounted would not see a new one.
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// answers reports whether somebody listens on a socket.
func answers(path string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// ownSocket accepts connections of this user and root only: before a new socket gets its mode, others could connect.
type ownSocket struct {
	net.Listener
	refused func(error)
}

// Accept returns the next connection of this user, or root.
func (o ownSocket) Accept() (net.Conn, error) {
	for {
		conn, err := o.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if err = peer.CheckSocket(conn); err == nil {
			return conn, nil
		}
		_ = conn.Close()
		o.refused(err)
	}
}
