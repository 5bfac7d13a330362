package faults

import (
	"crypto/tls"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

// A Player plays faults. It is safe for concurrent use. Whoever has one sees to it
// that nobody but this machine is served.
type Player struct {
	// Authority makes the certificates of faults; nil: they vouch for themselves.
	// It is set before anything is served.
	Authority Authority

	now     func() time.Time
	program atomic.Pointer[program]
}

// An Authority makes certificates that clients trust.
type Authority interface {
	Mint(host string, from, to time.Time) (*tls.Certificate, error)
}

// A program is what is played at a time.
type program struct {
	plays []*play
	stop  chan struct{}
}

// New makes a player that plays nothing.
func New(now func() time.Time) *Player { return &Player{now: now} }

// Play plays these faults in place of all others; none ends them. When several are
// for one request, the first changes what the others made of it. With an error
// nothing changes. Answers that hang are let go of.
func (p *Player) Play(specs []string) error {
	next := &program{stop: make(chan struct{})}
	for _, spec := range specs {
		parsed, err := parse(spec)
		if err != nil {
			return err
		}
		parsed.player = p
		next.plays = append(next.plays, parsed)
	}
	if len(specs) == 0 {
		next = nil
	}
	if last := p.program.Swap(next); last != nil {
		close(last.stop)
	}
	return nil
}

// Playing returns the specs of what is played.
func (p *Player) Playing() []string {
	specs := []string{}
	if program := p.program.Load(); program != nil {
		for _, play := range program.plays {
			specs = append(specs, play.spec)
		}
	}
	return specs
}

// Handler stands around what answers well.
func (p *Player) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		program := p.program.Load()
		if program == nil {
			next.ServeHTTP(w, r)
			return
		}
		program.around(next, r).ServeHTTP(w, r)
	})
}

// around puts the plays for a request around next, the first outermost.
func (g *program) around(next http.Handler, r *http.Request) http.Handler {
	route := routeOf(r)
	for _, play := range slices.Backward(g.plays) {
		if !play.answers(route) || play.account != "" && play.account != r.URL.Query().Get("account_id") {
			continue
		}
		inner := next
		next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if route != anyRoute && !play.due() {
				inner.ServeHTTP(w, r)
				return
			}
			play.answer(&call{play: play, w: w, r: r, next: inner, route: route, stop: g.stop})
		})
	}
	return next
}

// answers says whether a play is for a route. A connection that the play itself has
// led to HTTP/2 is its own.
func (p *play) answers(route string) bool {
	if route == anyRoute {
		return p.answer != nil && p.tls != nil
	}
	return p.answer != nil && slices.Contains(p.routes, route)
}

// TLS changes how connections with a host are made.
func (p *Player) TLS(host string, config *tls.Config) {
	program := p.program.Load()
	if program == nil {
		return
	}
	for _, play := range program.plays {
		ours := func(route string) bool { return slices.Contains(play.routes, route) }
		if play.tls != nil && slices.ContainsFunc(serviceRoutes(host), ours) && play.due() {
			play.tls(&handshake{play, host, config, program.stop})
		}
	}
}

// pause waits for d, for the end of the request, or of the play; false is an end.
func (c *call) pause(d time.Duration, gone <-chan struct{}) bool {
	select {
	case <-time.After(d):
		return true
	case <-gone:
	case <-c.stop:
	}
	return false
}
