// Package loopback is a small HTTP server on 127.0.0.1 for the browser of this person alone. All users of a machine
// reach the port: requests of others are refused before a handler sees them, and their connections cannot keep the
// browser's out.
package loopback

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"

	"rolecall/internal/peer"
)

// A Server answers on a port of 127.0.0.1. It is safe for concurrent use.
type Server struct {
	// Host is what clients must send as Host: 127.0.0.1:PORT.
	Host string
	Port int

	http    *http.Server
	handler http.Handler
	refused func(error)
	conns   connections
}

// Listen starts to serve; port 0 takes a free one. The handler gets only requests of this user's processes that name
// this host. refused is called, on a goroutine of its own, with the error of peer.Check for each other one; it may be
// nil.
func Listen(port int, handler http.Handler, refused func(error)) (*Server, error) {
	listener, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	address := listener.Addr().(*net.TCPAddr)
	s := &Server{Host: address.String(), Port: address.Port, handler: handler, refused: refused}
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: 2 * time.Second, ReadTimeout: 4 * time.Second, WriteTimeout: 4 * time.Second,
		IdleTimeout: 4 * time.Second, MaxHeaderBytes: 16 << 10, ConnContext: s.conns.add, ConnState: s.conns.changed,
		ErrorLog: log.New(io.Discard, "", 0), // strangers break connections, and the terminal is the person's
	}
	go func() { _ = s.http.Serve(listener) }()
	return s, nil
}

// ServeHTTP refuses other hosts and other users, and leaves the rest to the handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.conns.answering(r)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Host != s.Host {
		http.Error(w, "wrong host", http.StatusForbidden)
		return
	}
	if err := check(r); err != nil {
		h.Set("Connection", "close")
		http.Error(w, "This address is for another user of this machine.", http.StatusForbidden)
		if s.refused != nil {
			go s.refused(err)
		}
		return
	}
	s.handler.ServeHTTP(w, r)
}

// check asks whose request r is.
func check(r *http.Request) error {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	remote, err := net.ResolveTCPAddr("tcp4", r.RemoteAddr)
	if err != nil {
		return fmt.Errorf("%w: %w", peer.ErrUnknown, err)
	}
	return peer.Check(local, remote)
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
