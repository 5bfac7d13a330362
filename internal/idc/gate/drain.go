package gate

import (
	"context"
	"time"
)

// Drain ends the gate without losing a request, as far as HTTP allows. Answers say that they are the last on their
// connection; no new connection is accepted but those that the system accepted already; connections that say nothing
// for a second are closed. It returns when all are gone, or ctx has ended.
func (g *Gate) Drain(ctx context.Context) {
	g.draining.Store(true)
	g.emptyBacklog(ctx)
	_ = g.Close()
	for g.closeQuiet() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-time.After(look):
		}
	}
}

// emptyBacklog waits until the connections that the system has accepted are ours. New ones are turned away where the
// system can do that; where it does not tell how many are left, it waits until none has come for a moment, and for ten
// moments at most.
func (g *Gate) emptyBacklog(ctx context.Context) {
	refuseNew(g.Listener)
	const moment = 3
	before, still := g.accepted.Load(), 0
	for looked := 0; ; looked++ {
		n, known := backlog(g.Listener)
		if known && n == 0 || !known && (still == moment || looked == 10*moment) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(look):
		}
		now := g.accepted.Load()
		if still++; now != before {
			before, still = now, 0
		}
	}
}

// closeQuiet closes connections that have said nothing for a while, and returns how many others there are.
func (g *Gate) closeQuiet() (left int) {
	g.mu.Lock()
	var over []*conn
	old := g.o.Now().Add(-quiet)
	for _, state := range []int{waiting, idle} {
		for e := g.lists[state].Front(); e != nil; e = e.Next() {
			c := e.Value.(*conn)
			if c.since.After(old) {
				break // and so are all behind it
			}
			over = append(over, c)
		}
	}
	for _, c := range over {
		g.drop(c)
	}
	left = g.total()
	g.mu.Unlock()
	for _, c := range over {
		_ = c.Conn.Close()
	}
	return left
}
