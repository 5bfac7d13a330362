package local

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"rolecall/internal/cli"
	"rolecall/internal/idc"
	"rolecall/internal/idc/operator"
	"rolecall/internal/identitycenter"
)

// A found server has proved whose it is: by its operator's socket, which only this user can have made, or by its
// certificate. What listens on a port of this machine proves nothing, as every user can (issue 12).
type found struct {
	idc.Info
	operator *operator.Client // nil on another machine
}

// announcements is the folder in which this user's servers say where they are, or "".
func (a *app) announcements() string {
	state := a.StateFolder()
	if state == "" {
		return ""
	}
	return filepath.Join(state, "idc")
}

// find finds the running server that f names.
func (a *app) find(ctx context.Context, f operatorFlags) (found, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	address, err := plain(f.url)
	if err != nil {
		return found{}, err
	}
	var certified found
	if f.data == "" && strings.HasPrefix(address, "https://") { // clients refuse whatever certificate we refuse
		if certified, err = a.findByCertificate(ctx, address); err != nil {
			return found{}, err
		}
	}
	client, err := a.dialServer(f, address)
	switch {
	case errors.Is(err, operator.ErrNobody) && f.data != "":
		return found{}, &cli.HintError{
			Err:  fmt.Errorf("no server uses the data directory %s", a.Tidy(f.data)),
			Code: cli.ExitUnavailable, Hint: "rolecall idc serve --data " + cli.Quoted(f.data),
		}
	case errors.Is(err, operator.ErrNobody) && certified.URL != "":
		return certified, nil
	case errors.Is(err, operator.ErrNobody):
		return found{}, a.unproven(ctx, address)
	case err != nil:
		return found{}, fmt.Errorf("the operator's socket of %s: %w", address, err)
	}
	var text bytes.Buffer
	if _, err := client.Do(ctx, http.MethodGet, "/info", nil, nil, &text); err != nil {
		return found{}, fmt.Errorf("the operator's socket of %s: %w", address, err)
	}
	server := found{operator: client}
	err = json.Unmarshal(text.Bytes(), &server.Info)
	if f.data != "" {
		address = server.URL
	}
	if err != nil || !server.Sound(address) {
		return found{}, noCenter(address)
	}
	return server, operator.RequireOurs(server.Files) // clients will trust the CA and the models in it
}

// dialServer returns a client for the operator's socket of a data directory, or of the server that was announced at an
// address.
func (a *app) dialServer(f operatorFlags, address string) (*operator.Client, error) {
	var path string
	var err error
	if f.data != "" {
		path, err = operator.SocketPath(f.data)
	} else {
		path, err = operator.Find(a.announcements(), address)
	}
	if err != nil {
		return nil, err
	}
	return operator.Dial(path)
}

// plain returns a server's address as servers themselves write it.
func plain(address string) (string, error) {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || u.Host == "" || u.Path != "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "", cli.Usagef("--url %q must look like %s", address, defaultURL())
	}
	if u.Scheme == "http" && !identitycenter.IsLoopback(u.Hostname()) {
		return "", cli.Usagef("--url %q: a server on another machine needs https", address)
	}
	if u.Scheme == "http" && strings.EqualFold(u.Hostname(), "localhost") && u.Port() != "" {
		u.Host = net.JoinHostPort("127.0.0.1", u.Port())
	}
	return origin(u), nil
}

// origin returns scheme, host and port of an address, as browsers write them.
func origin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if u.Port() == map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		host = strings.TrimSuffix(host, ":"+u.Port())
	}
	return u.Scheme + "://" + host
}

// findByCertificate asks a server whose certificate proves that it is the one at address.
func (a *app) findByCertificate(ctx context.Context, address string) (found, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address+idc.InfoPath, nil)
	if err != nil {
		return found{}, cli.Usagef("--url: %w", err)
	}
	httpClient, err := a.HTTP()
	if err != nil {
		return found{}, err
	}
	response, err := httpClient.Do(r)
	if err != nil {
		return found{}, noAnswer(address, err)
	}
	defer response.Body.Close()
	var server found
	err = json.NewDecoder(io.LimitReader(response.Body, 1<<16)).Decode(&server.Info)
	server.Files = "" // on its own machine
	if err != nil || !server.Sound(address) {
		return found{}, noCenter(address)
	}
	return server, nil
}

// unproven returns the error for an address on this machine where no server of this user is known.
func (a *app) unproven(ctx context.Context, address string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		return noAnswer(address, err)
	}
	_ = conn.Close()
	return &cli.HintError{
		Err:  fmt.Errorf("the server at %s may not be yours, so it is not used", address),
		Code: cli.ExitRefused,
		Facts: []string{
			"any user of this machine can listen on that port",
			"if you started it with another HOME or XDG_STATE_HOME, pass its directory: --data DIR",
		},
		Hint: "rolecall idc serve --port 0",
	}
}

func noCenter(address string) error {
	return &cli.HintError{
		Err:  fmt.Errorf("the server at %s is not a local Identity Center", address),
		Code: cli.ExitUnavailable, Hint: "rolecall idc serve --port 0",
	}
}

// noAnswer returns the error of a request that failed with err. A server whose certificate is refused does run.
func noAnswer(address string, err error) error {
	e := &cli.HintError{
		Err:  fmt.Errorf("no local Identity Center answers at %s", address),
		Code: cli.ExitUnavailable, Facts: []string{err.Error()}, Hint: "rolecall idc serve",
	}
	var refused *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &refused) {
		e.Err = fmt.Errorf("the certificate of the server at %s is not trusted", address)
		e.Hint = "use the server's --public-url as --url, or start it with another --tls-cert"
	}
	if errors.As(err, &unknown) {
		e.Hint = "set AWS_CA_BUNDLE to the file with the server's CA: its --tls-cert, if that is self-signed"
	}
	return e
}
