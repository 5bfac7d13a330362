// Package proxy serves clients without endpoint settings: it answers CONNECT for AWS's host names as if it were AWS,
// with certificates from its own CA, and refuses all other hosts.
package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// A Proxy answers CONNECT. It is safe for concurrent use.
type Proxy struct {
	ca       *CA
	tls      func(host string, config *tls.Config)
	inner    *http.Server
	listener *listener
}

// New makes a proxy that sends requests to handler; TargetFrom returns the host they were meant for. change, unless
// nil, may alter how TLS is served for a host, to play faults; prepare, unless nil, how the requests inside are served.
func New(
	ca *CA, handler http.Handler, change func(host string, config *tls.Config), prepare func(*http.Server),
) *Proxy {
	p := &Proxy{ca: ca, tls: change, listener: &listener{conns: make(chan net.Conn), done: make(chan struct{})}}
	p.inner = &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second,
		// handshakes that clients break off
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, targetKey{}, c.(*proxied).target)
		},
	}
	if prepare != nil {
		prepare(p.inner)
	}
	go func() { _ = p.inner.Serve(p.listener) }()
	return p
}

type targetKey struct{}

// TargetFrom returns the AWS host that a request was sent to, if it came through the proxy.
func TargetFrom(ctx context.Context) (Target, bool) {
	t, ok := ctx.Value(targetKey{}).(Target)
	return t, ok
}

// ServeHTTP answers CONNECT only.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, port, err := net.SplitHostPort(r.Host)
	target, known := targetOf(p.ca.partitions, host)
	if r.Method != http.MethodConnect || err != nil || port != "443" || !known {
		http.Error(w,
			"rolecall: this proxy serves IAM Identity Center's hosts only, not "+r.Host,
			http.StatusForbidden)
		return
	}
	conn, early, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "this connection cannot be taken over", http.StatusInternalServerError)
		return
	}
	_ = conn.SetDeadline(time.Time{}) // the inner server has its own
	if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		_ = conn.Close()
		return
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.ca.Leaf(host) },
	}
	if p.tls != nil {
		p.tls(host, config)
	}
	p.listener.hand(&proxied{tls.Server(&resumed{conn, early.Reader}, config), target})
}

// A resumed connection starts with bytes that were read already.
type resumed struct {
	net.Conn
	early *bufio.Reader
}

func (c *resumed) Read(b []byte) (int, error) {
	if n := c.early.Buffered(); n > 0 {
		return c.early.Read(b[:min(n, len(b))])
	}
	return c.Conn.Read(b)
}

// NetConn returns the connection that was taken over.
func (c *resumed) NetConn() net.Conn { return c.Conn }

// A proxied is a connection, with the host that the client means.
type proxied struct {
	*tls.Conn
	target Target
}

// Close closes all connections.
func (p *Proxy) Close() error { return p.inner.Close() }

// A listener accepts the connections handed to it.
type listener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (l *listener) hand(c net.Conn) {
	select {
	case l.conns <- c:
	case <-l.done:
		_ = c.Close()
	}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
