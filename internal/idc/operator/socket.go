package operator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"
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
	temporary := "/tmp"
	if runtime.GOOS == "windows" {
		temporary = os.TempDir()
	}
	return filepath.Join(temporary, fmt.Sprintf("rolecall-%d", os.Getuid()), hex.EncodeToString(sum[:8])+".sock"), nil
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

// Serve answers on the socket until the context ends.
func (a *API) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: a.Handler(), ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context {
			return ctx
		},
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// A Client speaks to the operator's socket.
type Client struct{ http *http.Client }

// RequireOurs returns an error for a path that is a link or belongs to another user, who could read what is sent and
// forge what is received.
func RequireOurs(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode().Type() == os.ModeSymlink || !ours(info) {
		return fmt.Errorf("%s: not ours", path)
	}
	return nil
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

// ErrNobody means that nobody listens on a socket.
var ErrNobody = errors.New("no server answers")

// Do calls a route. Lists and exports are copied to out, unless it is nil.
func (c *Client) Do(ctx context.Context, method, path string, query url.Values, body []byte,
	out io.Writer,
) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, method,
		(&url.URL{Scheme: "http", Host: "operator", Path: path, RawQuery: query.Encode()}).String(), bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	response, err := c.http.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK && out != nil {
		_, err := io.Copy(out, response.Body)
		return Answer{}, err
	}
	var a Answer
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil {
		return a, fmt.Errorf("the answer of the server's operator socket: %w", err)
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}
