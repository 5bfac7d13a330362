package loopback

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	// manyConnections is how many may be open before those of other users are closed. A browser opens two or three.
	manyConnections = 32
	// maxConnections is how many may be open at all.
	maxConnections = 256
)

// connections are the open ones. Whoever only keeps connections open loses them, and never keeps the browser out.
type connections struct {
	check func(local, remote net.Addr) error // that of the server's Config

	mu       sync.Mutex
	open     []*connection // the oldest first
	sweeping bool
	ended    bool
	sweeps   sync.WaitGroup
}

type connection struct {
	net.Conn
	answering bool        // a handler is at work, or its answer on the way
	ours      atomic.Bool // it has been checked
}

type connectionKey struct{}

// add is a http.Server's ConnContext. Of too many connections it closes the oldest that is idle.
func (c *connections) add(ctx context.Context, conn net.Conn) context.Context {
	added := &connection{Conn: conn}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = append(c.open, added)
	if len(c.open) > maxConnections {
		c.closeOldest()
	}
	if len(c.open) > manyConnections && !c.sweeping && !c.ended {
		c.sweeping = true
		c.sweeps.Go(c.sweep)
	}
	return context.WithValue(ctx, connectionKey{}, added)
}

func (c *connections) closeOldest() {
	for i, oldest := range c.open {
		if !oldest.answering {
			_ = oldest.Close()
			c.open = slices.Delete(c.open, i, i+1)
			return
		}
	}
}

// sweep closes the idle connections of other users, whose requests would be refused anyway.
func (c *connections) sweep() {
	c.mu.Lock()
	all := slices.Clone(c.open)
	c.mu.Unlock()
	for _, one := range all {
		theirs := c.checkOne(one) != nil
		c.mu.Lock()
		if theirs && !one.answering {
			_ = one.Close()
		}
		ended := c.ended
		c.mu.Unlock()
		if ended {
			return
		}
	}
	c.mu.Lock()
	c.sweeping = false
	c.mu.Unlock()
}

// checkOne returns nil if a connection is this person's. It does not change hands.
func (c *connections) checkOne(one *connection) error {
	if one.ours.Load() {
		return nil
	}
	err := c.check(one.LocalAddr(), one.RemoteAddr())
	if err == nil {
		one.ours.Store(true)
	}
	return err
}

// end waits for the end of a sweep, and lets no other begin.
func (c *connections) end() {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	c.sweeps.Wait()
}

// answering notes that the request's connection is not idle until its answer has left.
func (c *connections) answering(r *http.Request) {
	if one, ok := r.Context().Value(connectionKey{}).(*connection); ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		one.answering = true
	}
}

// changed is a http.Server's ConnState.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.open, func(one *connection) bool { return one.Conn == conn })
	switch {
	case i < 0:
	case state == http.StateIdle:
		c.open[i].answering = false
	case state == http.StateClosed:
		c.open = slices.Delete(c.open, i, i+1)
	}
}
