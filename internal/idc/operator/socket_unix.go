//go:build !windows

package operator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"rolecall/internal/filesystem"
	"rolecall/internal/peer"
)

// maxSocketPath fits into a socket's address on all systems.
const maxSocketPath = 100

// SocketPath returns the path of a data directory's socket: in the directory, or if that is too long for a socket, the
// one that the file operator.path in it names. It returns ErrNobody without such a file.
func SocketPath(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if path := filepath.Join(dir, "operator.sock"); len(path) <= maxSocketPath {
		return path, nil
	}
	path, err := filesystem.Files{}.ReadSecret(filepath.Join(dir, elsewhere))
	if errors.Is(err, os.ErrNotExist) {
		return "", ErrNobody
	}
	return strings.TrimSpace(string(path)), err
}

// elsewhere is the file in a data directory that says where its socket is.
const elsewhere = "operator.path"

// Listen opens the socket of a data directory, for its owner alone. The caller has the directory to itself, so an
// existing socket is stale.
func Listen(dir string) (net.Listener, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if _, err := requireOwn(dir); err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o700); err != nil { // nobody else reaches the socket, whatever its mode
		return nil, err
	}
	if path := filepath.Join(dir, "operator.sock"); len(path) <= maxSocketPath {
		return listenAt(path)
	}
	return listenElsewhere(dir)
}

func listenAt(path string) (net.Listener, error) {
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

// listenElsewhere opens a socket in a new folder below /tmp, whatever TMPDIR says: a folder with a name that others can
// guess could be there already, and theirs.
func listenElsewhere(dir string) (net.Listener, error) {
	var files filesystem.Files
	file := filepath.Join(dir, elsewhere)
	if left, err := files.ReadSecret(file); err == nil { // by a server that crashed
		path := strings.TrimSpace(string(left))
		if folder := filepath.Dir(path); strings.HasPrefix(folder, tempPrefix) && RequireOurs(folder) == nil {
			_ = errors.Join(os.Remove(path), os.Remove(folder))
		}
	}
	folder, err := os.MkdirTemp(filepath.Split(tempPrefix))
	if err != nil {
		return nil, fmt.Errorf("%s is too long for a socket, and /tmp cannot be used: %w", dir, err)
	}
	path := filepath.Join(folder, "operator.sock")
	l := &removing{remove: func() error { return errors.Join(os.Remove(folder), files.Remove(file)) }}
	if l.Listener, err = listenAt(path); err == nil {
		err = files.WriteSecret(file, []byte(path+"\n"))
	}
	if err != nil {
		if l.Listener != nil {
			_ = l.Listener.Close()
		}
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return l, nil
}

const tempPrefix = "/tmp/rolecall-"

// removing is a listener that removes what it needed when it is closed.
type removing struct {
	net.Listener
	once   sync.Once
	remove func() error
}

func (r *removing) Close() error {
	err := r.Listener.Close()
	r.once.Do(func() { err = errors.Join(err, r.remove()) })
	return err
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
	conn, err := dial(context.Background(), path)
	switch {
	case errors.Is(err, errNotOurs):
		return nil, err
	case err != nil:
		return nil, errors.Join(ErrNobody, err)
	}
	_ = conn.Close()
	return &Client{&http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, path) },
	}}}, nil
}

// dial connects, and makes sure that this user or root is at the other end.
func dial(ctx context.Context, path string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	uid, err := peer.SocketUser(conn.(*net.UnixConn))
	if err == nil && uid != 0 && int(uid) != os.Getuid() {
		err = fmt.Errorf("%s: %w", path, errNotOurs)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}
