//go:build !windows

package operator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
)

// maxSocketPath fits into a socket's address on all systems.
const maxSocketPath = 100

// SocketPath returns the path of a data directory's socket: in the directory, or if that is too long for a socket, in a
// folder of ours below /tmp, whatever TMPDIR says.
func SocketPath(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if path := filepath.Join(dir, "operator.sock"); len(path) <= maxSocketPath {
		return path, nil
	}
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join("/tmp", fmt.Sprintf("rolecall-%d", os.Getuid()), hex.EncodeToString(sum[:8])+".sock"), nil
}

// Listen opens the socket of a data directory, for its owner alone. The caller has the directory to itself, so an
// existing socket is stale.
func Listen(dir string) (net.Listener, error) {
	path, err := SocketPath(dir)
	if err != nil {
		return nil, err
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if err := RequireOurs(folder); err != nil {
		return nil, err
	}
	if err := os.Chmod(folder, 0o700); err != nil { // nobody else reaches the socket, whatever its mode
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
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

// Dial returns a client for the socket at path. The socket and its folder must be ours. It returns ErrNobody if nobody
// listens.
func Dial(path string) (*Client, error) {
	for _, name := range []string{filepath.Dir(path), path} {
		switch err := RequireOurs(name); {
		case errors.Is(err, os.ErrNotExist):
			return nil, errors.Join(ErrNobody, err)
		case err != nil:
			return nil, err
		}
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		return nil, errors.Join(ErrNobody, err)
	}
	_ = conn.Close()
	return &Client{&http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
	}}}, nil
}
