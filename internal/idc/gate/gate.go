// Package gate stands before an http.Server: it accepts every connection at once, and closes those that ask for
// nothing when there are too many, so that slow clients do not keep others waiting. At the end it answers what the
// system has accepted. It keeps to itself which connections are idle, and how the backlog of a listener is emptied.
package gate

import (
	"cmp"
	"container/list"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Options configure a gate.
type Options struct {
	// Most is the number of connections beyond which idle ones are closed. The Reserve is for those that arrive while all
	// others are being answered, or have just come; when it is used up, too, new ones wait.
	Most, Reserve int
	// PerPeer bounds the connections of an address. Loopback has no such bound, since all callers share it.
	PerPeer int
	Now     func() time.Time
}

const (
	// young is how long a new connection is left alone to send its request.
	young = 250 * time.Millisecond
	// quiet is how long a connection says nothing before Drain closes it.
	quiet = time.Second
	// look is how often Drain looks.
	look = 10 * time.Millisecond
)

// The states of a connection.
const (
	waiting = iota // for its first request
	reading        // the body of a request
	idle           // between requests
	busy           // being answered
	states
)

// A Gate is a net.Listener.
type Gate struct {
	net.Listener
	o        Options
	draining atomic.Bool
	accepted atomic.Int64

	mu    sync.Mutex
	room  *sync.Cond         // a connection was closed
	lists [states]*list.List // of *conn, the longest in its state first
	peers map[netip.Addr]int // connections
	shut  bool               // the listener is closed
}

// New makes a gate before a listener.
func New(inner net.Listener, o Options) *Gate {
	g := &Gate{Listener: inner, o: o, peers: map[netip.Addr]int{}}
	g.room = sync.NewCond(&g.mu)
	for i := range g.lists {
		g.lists[i] = list.New()
	}
	return g
}

// A conn is a connection in one of the gate's lists.
type conn struct {
	net.Conn
	g    *Gate
	peer netip.Addr // invalid on loopback

	// Guarded by the gate.
	state int
	since time.Time // in this state
	place *list.Element
}

// Accept is in net.Listener. It makes room by closing a connection that asks for nothing.
func (g *Gate) Accept() (net.Conn, error) {
	for {
		if !g.wait() {
			return nil, net.ErrClosed
		}
		inner, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := g.admit(inner); c != nil {
			g.accepted.Add(1)
			return c, nil
		}
		_ = inner.Close()
	}
}

// Close is in net.Listener.
func (g *Gate) Close() error {
	g.mu.Lock()
	g.shut = true
	g.room.Broadcast()
	g.mu.Unlock()
	return g.Listener.Close()
}

// wait waits until one more connection has room, and reports whether the gate is open.
func (g *Gate) wait() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for !g.shut && g.total() >= g.o.Most+g.o.Reserve && g.surplus(netip.Addr{}) == nil {
		again := time.AfterFunc(young/4, g.room.Broadcast) // a connection may have aged
		g.room.Wait()
		again.Stop()
	}
	return !g.shut
}

// admit lists a connection, or returns nil if its peer has too many that are being answered.
func (g *Gate) admit(inner net.Conn) *conn {
	c := &conn{Conn: inner, g: g, peer: peerOf(inner.RemoteAddr())}
	g.mu.Lock()
	var full *conn // to be closed
	switch {
	case c.peer.IsValid() && g.peers[c.peer] >= g.o.PerPeer:
		if full = g.surplus(c.peer); full == nil {
			g.mu.Unlock()
			return nil
		}
	case g.total() >= g.o.Most:
		full = g.surplus(netip.Addr{})
	}
	if full != nil {
		g.drop(full)
	}
	c.enter(waiting)
	if c.peer.IsValid() {
		g.peers[c.peer]++
	}
	g.mu.Unlock()
	if full != nil {
		_ = full.Conn.Close()
	}
	return c
}

func (g *Gate) total() (n int) {
	for _, l := range g.lists {
		n += l.Len()
	}
	return n
}

// surplus returns the connection that is missed least, of one peer if that is valid: one that has asked for nothing for
// longest, then one that sends a body slowly, then an idle one. It returns nil if all are being answered or have just
// come; only a peer's own surplus may be young.
func (g *Gate) surplus(peer netip.Addr) *conn {
	old := g.o.Now().Add(-young)
	first := func(state int, evenYoung bool) *conn {
		for e := g.lists[state].Front(); e != nil; e = e.Next() {
			c := e.Value.(*conn)
			if !evenYoung && c.since.After(old) {
				return nil // and so are all behind it
			}
			if !peer.IsValid() || c.peer == peer {
				return c
			}
		}
		return nil
	}
	c := cmp.Or(first(waiting, false), first(reading, false), first(idle, true))
	if c == nil && peer.IsValid() {
		c = cmp.Or(first(waiting, true), first(reading, true))
	}
	return c
}

// enter moves a connection to a state; the gate is locked.
func (c *conn) enter(state int) {
	if c.place != nil {
		c.g.lists[c.state].Remove(c.place)
	}
	c.state, c.since = state, c.g.o.Now()
	c.place = c.g.lists[state].PushBack(c)
}

// drop takes a connection off the lists; the gate is locked.
func (g *Gate) drop(c *conn) {
	if c.place == nil {
		return
	}
	g.lists[c.state].Remove(c.place)
	c.place = nil
	if c.peer.IsValid() {
		if g.peers[c.peer]--; g.peers[c.peer] == 0 {
			delete(g.peers, c.peer)
		}
	}
	g.room.Signal()
}

// become notes a state, unless the connection is closed.
func (c *conn) become(state int) {
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	if c.place != nil {
		c.enter(state)
		c.g.room.Signal()
	}
}

// Close is in net.Conn.
func (c *conn) Close() error {
	c.g.mu.Lock()
	c.g.drop(c)
	c.g.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite lets the server end an answer before the connection.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// SetLinger lets faults reset a connection.
func (c *conn) SetLinger(seconds int) error {
	if lingers, ok := c.Conn.(interface{ SetLinger(seconds int) error }); ok {
		return lingers.SetLinger(seconds)
	}
	return nil
}

// peerOf returns the address of a connection's other end, a network of IPv6, or an invalid one on loopback.
func peerOf(address net.Addr) netip.Addr {
	at, err := netip.ParseAddrPort(address.String())
	ip := at.Addr().Unmap().WithZone("")
	if err != nil || ip.IsLoopback() {
		return netip.Addr{}
	}
	if ip.Is6() {
		network, _ := ip.Prefix(64) // fits
		return network.Addr()
	}
	return ip
}

// Attach lets the gate see what the connections of a server are doing. Servers behind the first, that take connections
// over, are attached, too.
func (g *Gate) Attach(s *http.Server) {
	before := s.ConnContext
	s.ConnContext = func(ctx context.Context, inner net.Conn) context.Context {
		if before != nil {
			ctx = before(ctx, inner)
		}
		return context.WithValue(ctx, connKey{}, connOf(inner))
	}
	s.ConnState = func(inner net.Conn, state http.ConnState) {
		c := connOf(inner)
		switch {
		case c == nil:
		case state == http.StateIdle:
			c.become(idle)
		case state == http.StateHijacked: // for a server behind this one
			c.become(waiting)
		}
	}
	s.Handler = g.handler(s.Handler)
}

type connKey struct{}

// connOf finds the gate's connection below TLS.
func connOf(c net.Conn) *conn {
	for {
		if own, ok := c.(*conn); ok {
			return own
		}
		outer, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return nil
		}
		c = outer.NetConn()
	}
}

// handler notes when a request was read, and says on the last answers that they are.
func (g *Gate) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		if c, _ := r.Context().Value(connKey{}).(*conn); c != nil {
			if r.ContentLength == 0 {
				c.become(busy)
			} else {
				c.become(reading)
				r.Body = &body{ReadCloser: r.Body, c: c}
			}
		}
		next.ServeHTTP(w, r)
	})
}

// A body notes when it has been read.
type body struct {
	io.ReadCloser
	c    *conn
	done bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !b.done {
		b.done = true
		b.c.become(busy)
	}
	return n, err
}
