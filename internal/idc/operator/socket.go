package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

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

// errNotOurs is for what another user made, or can change.
var errNotOurs = errors.New("not owned by you")

// RequireOurs returns an error for a path that is a link, belongs to another user, or is a folder in which others may
// write: they could read what is sent, and forge what is received.
func RequireOurs(path string) error {
	info, err := requireOwn(path)
	if err == nil && info.IsDir() && othersWrite(info) {
		err = fmt.Errorf("%s: %w: other users can write there", path, errNotOurs)
	}
	return err
}

func requireOwn(path string) (os.FileInfo, error) {
	info, err := os.Lstat(path)
	if err == nil && (info.Mode().Type() == os.ModeSymlink || !ours(info)) {
		err = fmt.Errorf("%s: %w", path, errNotOurs)
	}
	return info, err
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
