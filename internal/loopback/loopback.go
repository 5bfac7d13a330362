// Package loopback is a small HTTP server for this person alone: on 127.0.0.1 for a browser or AWS's SDKs, or on a
// listener such as a unix socket. All users of a machine reach a port: requests of others are refused before a handler
// sees them, and their connections cannot keep this person's out.
package loopback

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"rolecall/internal/peer"
)

// A Config says what to serve, and how.
type Config struct {
	Handler http.Handler
	// Hosts reports whether clients may send a Host other than the server's own; nil: they may not.
	Hosts func(host string) bool
	// Check returns nil if a connection is this person's, where peer.Check does not know. It is asked until it has
	// returned nil for a connection.
	Check func(local, remote net.Addr) error
	// Refused is called, on a goroutine of its own, with the error of Check for each request of others; it may be nil.
	Refused func(error)
	// Refuse answers a request that the handler does not see; nil: with 403 and the reason as text.
	Refuse func(w http.ResponseWriter, reason string)
	// Limit is how long a request and its answer may take; zero: four seconds.
	Limit time.Duration
	// Control is that of net.ListenConfig.
	Control func(network, address string, c syscall.RawConn) error
}

// A Server answers on a port of 127.0.0.1. It is safe for concurrent use.
type Server struct {
	// Host is what clients must send as Host: 127.0.0.1:PORT.
	Host string
	Port int

	http   *http.Server
	config Config
	conns  connections
}

// Listen starts to serve; port 0 takes a free one. The handler gets only requests of this user's processes that name
// this host. refused is called, on a goroutine of its own, with the error of peer.Check for each other one; it may be
// nil.
func Listen(port int, handler http.Handler, refused func(error)) (*Server, error) {
	return Config{Handler: handler, Refused: refused}.Listen(port)
}

// Listen starts to serve on 127.0.0.1; port 0 takes a free one.
func (c Config) Listen(port int) (*Server, error) {
	listen := net.ListenConfig{Control: c.Control}
	listener, err := listen.Listen(context.Background(), "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	address := listener.Addr().(*net.TCPAddr)
	s := &Server{Host: address.String(), Port: address.Port}
	s.start(listener, c)
	return s, nil
}

// Serve starts to serve on a listener elsewhere, such as a socket: Hosts, and if peer.Check does not know such
// connections, Check, are required.
func (c Config) Serve(listener net.Listener) *Server {
	s := &Server{}
	s.start(listener, c)
	return s
}

func (s *Server) start(listener net.Listener, c Config) {
	if c.Check == nil {
		c.Check = peer.Check
	}
	s.config, s.conns.check = c, c.Check
	limit := cmp.Or(c.Limit, 4*time.Second)
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: 2 * time.Second, ReadTimeout: limit, WriteTimeout: limit,
		IdleTimeout: 4 * time.Second, MaxHeaderBytes: 16 << 10, ConnContext: s.conns.add, ConnState: s.conns.changed,
		ErrorLog: log.New(io.Discard, "", 0), // strangers break connections, and the terminal is the person's
	}
	go func() { _ = s.http.Serve(listener) }()
}

// ServeHTTP refuses other hosts and other users, and leaves the rest to the handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.conns.answering(r)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Host != s.Host && (s.config.Hosts == nil || !s.config.Hosts(r.Host)) {
		s.refuse(w, "wrong host")
		return
	}
	if err := s.check(r); err != nil {
		h.Set("Connection", "close")
		s.refuse(w, "This address is for another user of this machine.")
		if s.config.Refused != nil {
			go s.config.Refused(err)
		}
		return
	}
	s.config.Handler.ServeHTTP(w, r)
}

func (s *Server) refuse(w http.ResponseWriter, reason string) {
	if s.config.Refuse != nil {
		s.config.Refuse(w, reason)
		return
	}
	http.Error(w, reason, http.StatusForbidden)
}

// check asks whose request r is. A connection does not change hands.
func (s *Server) check(r *http.Request) error {
	one, _ := r.Context().Value(connectionKey{}).(*connection)
	if one == nil {
		return fmt.Errorf("%w: no connection of this server", peer.ErrUnknown)
	}
	return s.conns.checkOne(one)
}

// Shutdown stops listening, and lets answers out that are on their way until ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	defer s.conns.end()
	return s.http.Shutdown(ctx)
}

// Close stops at once.
func (s *Server) Close() error {
	defer s.conns.end()
	return s.http.Close()
}
