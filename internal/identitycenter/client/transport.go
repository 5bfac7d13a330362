package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"rolecall/internal/filesystem"
)

const (
	maxAnswer       = 1 << 20 // bytes of one answer; real ones stay far below
	maxAnswerHeader = 64 << 10
	headerTimeout   = 5 * time.Second
	attemptTimeout  = 10 * time.Second
)

// HTTPOptions is what the environment and the profile say about the network.
type HTTPOptions struct {
	// CABundle is a PEM file (AWS_CA_BUNDLE, ca_bundle) that takes the place of
	// the system's certificates, as in botocore. Empty: the system's.
	CABundle string
	// Log gets a line for each request: method, host, path, status, time. Never
	// headers, queries or bodies. Nil: nothing.
	Log *slog.Logger
	// Silence is what all HTTP clients of a command share. Nil: the client has its own.
	Silence *Silence
}

// NewHTTP returns an HTTP client for AWS and local endpoints: TLS 1.2 or newer,
// HTTPS_PROXY by CONNECT, clear http only to a loopback address, no redirect
// followed, answers bounded in size and time.
func NewHTTP(o HTTPOptions) (*http.Client, error) {
	tlsConfig := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CABundle != "" {
		pool, err := readBundle(o.CABundle)
		if err != nil {
			return nil, err
		}
		tlsConfig.RootCAs = pool
	}
	dialer := &net.Dialer{Timeout: headerTimeout}
	loopback := &net.Dialer{Timeout: headerTimeout, Control: onlyLoopback}
	base := http.Transport{
		ResponseHeaderTimeout:  headerTimeout,
		TLSHandshakeTimeout:    headerTimeout,
		MaxResponseHeaderBytes: maxAnswerHeader,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        attemptTimeout,
	}
	secure, clear := base.Clone(), base.Clone()
	secure.TLSClientConfig = tlsConfig
	secure.Proxy = http.ProxyFromEnvironment
	secure.DialContext = dialer.DialContext
	secure.ForceAttemptHTTP2 = true
	clear.DialContext = loopback.DialContext
	return over(bySchemeTransport{secure: secure, clear: clear}, o), nil
}

// Over returns an HTTP client that bounds answers and follows no redirect, over a
// network of the caller's.
func Over(network http.RoundTripper, logger *slog.Logger) *http.Client {
	return over(network, HTTPOptions{Log: logger})
}

func over(network http.RoundTripper, o HTTPOptions) *http.Client {
	if o.Silence == nil {
		o.Silence = &Silence{}
	}
	return &http.Client{
		Transport:     &bounded{network, o.Log, o.Silence},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// maxBundle bounds a bundle of certificates: those of whole systems have 300 KiB.
const maxBundle = 16 << 20

func readBundle(path string) (*x509.CertPool, error) {
	pem, err := filesystem.Read(path, maxBundle)
	if err != nil {
		return nil, fmt.Errorf("certificate bundle: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("certificate bundle %s: no certificate in it", path)
	}
	return pool, nil
}

// onlyLoopback refuses to connect in clear to anything but this machine; it
// sees the address that is really dialled, after name resolution.
func onlyLoopback(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return &answerError{fmt.Sprintf("http without TLS to %s, which is not this machine", address)}
	}
	return nil
}

type bySchemeTransport struct{ secure, clear http.RoundTripper }

func (t bySchemeTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" {
		return t.clear.RoundTrip(r)
	}
	return t.secure.RoundTrip(r)
}

// An answerError is an answer that AWS does not send. Asking again would bring
// the same, so the SDK is told not to.
type answerError struct{ problem string }

func (e *answerError) Error() string      { return e.problem }
func (*answerError) RetryableError() bool { return false }

// bounded reads each answer whole, up to maxAnswer and within attemptTimeout,
// before it is parsed. (The time limit of http.Client would wrap the body,
// and translate needs to find it again.)
type bounded struct {
	next    http.RoundTripper
	log     *slog.Logger
	silence *Silence
}

func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	silence := b.silence.of(r.URL.Host)
	began, most := silence.begin()
	if most <= 0 {
		return nil, noAnswer()
	}
	response, err := b.try(r, most)
	over := silence.end(began, err == nil && response.StatusCode < http.StatusInternalServerError)
	var silent *silentError
	if err != nil && over && (most < attemptTimeout || !errors.As(err, &silent)) && r.Context().Err() == nil {
		return nil, noAnswer()
	}
	return response, err
}

func (b *bounded) try(r *http.Request, most time.Duration) (*http.Response, error) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(r.Context(), most)
	defer cancel()
	response, err := b.next.RoundTrip(r.WithContext(ctx))
	inTime := func() bool { return ctx.Err() == nil || r.Context().Err() != nil }
	if err != nil {
		b.logRequest(r, "error", start)
		if !inTime() {
			return nil, &silentError{fmt.Sprintf("no answer within %s", most.Round(time.Second))}
		}
		return nil, err
	}
	b.logRequest(r, response.Status, start)
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	_ = response.Body.Close()
	if err != nil && !inTime() {
		return nil, &silentError{fmt.Sprintf("the answer did not end within %s", most.Round(time.Second))}
	}
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, &answerError{fmt.Sprintf("the answer is larger than %d bytes", maxAnswer)}
	}
	response.Body = &wholeBody{bytes.NewReader(body), body}
	return response, nil
}

func (b *bounded) logRequest(r *http.Request, result string, start time.Time) {
	if b.log != nil {
		b.log.LogAttrs(context.WithoutCancel(r.Context()), slog.LevelDebug, "request",
			slog.String("method", r.Method), slog.String("host", r.URL.Host), slog.String("path", r.URL.Path),
			slog.String("result", result), slog.Duration("took", time.Since(start)))
	}
}

// A wholeBody is an answer's body that can be looked at again after the SDK has
// read it: the SDK drops AWS's own words on the way to its typed errors.
type wholeBody struct {
	*bytes.Reader
	all []byte
}

func (*wholeBody) Close() error { return nil }

// unavailable reports whether err is of the connection: nothing or not enough
// was answered.
func unavailable(err error) bool {
	var netError net.Error
	var opError *net.OpError
	return errors.As(err, &netError) || errors.As(err, &opError) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}
