package loopback

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// HandoverLife is how long a browser has to fetch an address.
const HandoverLife = 30 * time.Second

// ErrNotFetched means that no browser fetched the address.
var ErrNotFetched = errors.New("the browser did not fetch the link")

// A Handover passes an address to one browser of this person: the browser's command line, which all users of the
// machine can read, holds a link that works once and briefly, and for nobody else (RFC 8252 section 8.3).
type Handover struct {
	// Link is what the browser opens.
	Link string

	path, target string
	claimed      atomic.Bool
	fetched      chan struct{} // closed when the address was fetched
	server       *Server
}

// NewHandover starts listening. refused is as for Listen.
func NewHandover(target string, refused func(error)) (*Handover, error) {
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails
	h := &Handover{path: "/" + hex.EncodeToString(nonce), target: target, fetched: make(chan struct{})}
	var err error
	if h.server, err = Listen(0, h, refused); err != nil {
		return nil, err
	}
	h.Link = "http://" + h.server.Host + h.path
	return h, nil
}

// ServeHTTP redirects the first request for the link to the address.
func (h *Handover) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	known := subtle.ConstantTimeCompare([]byte(r.URL.Path), []byte(h.path)) == 1
	switch {
	case !known || r.Method != http.MethodGet:
		w.WriteHeader(http.StatusNotFound)
	case !h.claimed.CompareAndSwap(false, true):
		w.WriteHeader(http.StatusGone)
		_, _ = io.WriteString(w, "This link worked only once. Run the command again for a new one.\n")
	default:
		w.Header().Set("Location", h.target)
		w.WriteHeader(http.StatusFound)
		close(h.fetched)
	}
}

// Wait returns when the browser has fetched the address, ctx ends, or HandoverLife is over (ErrNotFetched). It stops
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
