package faults

import (
	"crypto/tls"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

// A Player plays faults. It is safe for concurrent use. Its owner must make sure that only this machine is served.
type Player struct {
	// Authority issues the faults' certificates; nil: they are self-signed. Set it before serving.
	Authority Authority

	now     func() time.Time
	program atomic.Pointer[program]
}

// An Authority issues certificates that clients trust.
type Authority interface {
	Mint(host string, from, to time.Time) (*tls.Certificate, error)
}

// A program is the faults being played at one time.
type program struct {
	plays []*play
	stop  chan struct{}
}

// New makes a player that plays no faults.
func New(now func() time.Time) *Player { return &Player{now: now} }

// Play replaces the faults being played; an empty list stops them. If several apply to a request, the first changes
// what the others made of it. An error changes nothing. Hanging answers are released.
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

// Playing returns the specs of the faults being played.
func (p *Player) Playing() []string {
	specs := []string{}
	if program := p.program.Load(); program != nil {
		for _, play := range program.plays {
			specs = append(specs, play.spec)
		}
	}
	return specs
}

// Handler wraps a handler that behaves well.
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

// around wraps next in the plays for a request, the first one outermost.
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

// answers reports whether a play applies to a route. If the play switched a connection to HTTP/2, that connection is
// its own.
func (p *play) answers(route string) bool {
	if route == anyRoute {
		return p.answer != nil && p.tls != nil
	}
	return p.answer != nil && slices.Contains(p.routes, route)
}

// TLS changes how connections to a host are set up.
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

// pause waits for d. It returns false if the request or the play ends first.
func (c *call) pause(d time.Duration, gone <-chan struct{}) bool {
	select {
	case <-time.After(d):
		return true
	case <-gone:
	case <-c.stop:
	}
	return false
}
