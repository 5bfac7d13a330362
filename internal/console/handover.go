package console

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"rolecall/internal/identitycenter"
)

// HandoverLife is how long a browser has to fetch the link.
const HandoverLife = 30 * time.Second

// ErrNotFetched means that no browser fetched the link.
var ErrNotFetched = errors.New("the browser did not fetch the link")

// A Handover passes a link to one browser on this machine: the browser's command line, which all users of the machine
// can read, holds an address that works once and only briefly.
type Handover struct {
	// Address is what the browser opens.
	Address string

	path, host string
	link       identitycenter.Secret
	claimed    atomic.Bool
	fetched    chan struct{} // closed when the link was fetched
	server     *http.Server
}

// NewHandover starts listening.
func NewHandover(link identitycenter.Secret) (*Handover, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails
	h := &Handover{
		path: "/" + hex.EncodeToString(nonce), host: listener.Addr().String(), link: link,
		fetched: make(chan struct{}),
	}
	h.Address = "http://" + h.host + h.path
	h.server = &http.Server{
		Handler: h, ReadHeaderTimeout: 2 * time.Second, WriteTimeout: 5 * time.Second,
		MaxHeaderBytes: 16 << 10,
	}
	go func() { _ = h.server.Serve(listener) }()
	return h, nil
}

// ServeHTTP redirects the first request for the address to the link.
func (h *Handover) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	known := subtle.ConstantTimeCompare([]byte(r.URL.Path), []byte(h.path)) == 1
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	if !known || r.Host != h.host || r.Method != http.MethodGet || !h.claimed.CompareAndSwap(false, true) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Location", h.link.Reveal())
	w.WriteHeader(http.StatusFound)
	close(h.fetched)
}

// Wait returns when the browser has fetched the link, ctx ends, or HandoverLife is over (ErrNotFetched). It stops
// listening.
func (h *Handover) Wait(ctx context.Context) error {
	defer h.Close()
	select {
	case <-h.fetched:
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second) // the answer is on its way
		defer cancel()
		_ = h.server.Shutdown(ctx)
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(HandoverLife):
		return ErrNotFetched
	}
}

// Close ends the handover, fetched or not.
func (h *Handover) Close() { _ = h.server.Close() }
