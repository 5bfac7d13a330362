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
	"strings"
	"time"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// SocketPath returns the name of a data directory's pipe. Every user can see it, and make one of that name: see dial.
func SocketPath(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real // as it is spelled on the disk
	}
	sum := sha256.Sum256([]byte(strings.ToLower(dir)))
	return `\\.\pipe\rolecall-` + hex.EncodeToString(sum[:16]), nil
}

// Listen makes the pipe of a data directory, for its owner and the system on this machine only. It fails if there is
// one already.
func Listen(dir string) (net.Listener, error) {
	path, err := SocketPath(dir)
	if err != nil {
		return nil, err
	}
	me, err := user()
	if err != nil {
		return nil, err
	}
	listener, err := winio.ListenPipe(path, &winio.PipeConfig{
		SecurityDescriptor: fmt.Sprintf("O:%[1]sD:P(D;;GA;;;NU)(A;;GA;;;SY)(A;;GA;;;%[1]s)", me),
	})
	if err != nil {
		return nil, err
	}
	return pipe{listener}, nil
}

// closeLimit bounds the closing of a pipe, which can wait for a client that is just arriving
// (github.com/microsoft/go-winio/issues/357). The system closes it with the process.
const closeLimit = time.Second

type pipe struct{ net.Listener }

func (p pipe) Close() error {
	closed := make(chan error, 1)
	go func() { closed <- p.Listener.Close() }()
	select {
	case err := <-closed:
		return err
	case <-time.After(closeLimit):
		return nil
	}
}

// Dial returns a client for the pipe of that name, which must be ours. It returns ErrNobody if nobody listens. The
// first client of a pipe gets no answer under wine; it is the one that is hung up here.
func Dial(path string) (*Client, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	conn, err := dial(ctx, path)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, context.DeadlineExceeded):
		return nil, errors.Join(ErrNobody, err)
	case err != nil:
		return nil, err
	}
	_ = conn.Close()
	return &Client{&http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, path) },
	}}}, nil
}

// dial opens a pipe that this user has made: another user's would read what is sent, and forge what is received. The
// server cannot act in our name.
func dial(ctx context.Context, path string) (net.Conn, error) {
	conn, err := winio.DialPipeContext(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := requireOurPipe(conn); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), conn.Close())
	}
	return conn, nil
}

func requireOurPipe(conn net.Conn) error {
	file, ok := conn.(interface{ Fd() uintptr })
	if !ok {
		return errors.New("its owner is unknown")
	}
	descriptor, err := windows.GetSecurityInfo(windows.Handle(file.Fd()), windows.SE_KERNEL_OBJECT,
		windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("its owner: %w", err)
	}
	owner, _, err := descriptor.Owner()
	if err != nil {
		return fmt.Errorf("its owner: %w", err)
	}
	me, err := user()
	if err != nil {
		return err
	}
	if !owner.Equals(me) {
		return errNotOurs
	}
	return nil
}

// user returns who runs this process.
func user() (*windows.SID, error) {
	u, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, err
	}
	return u.User.Sid, nil
}
