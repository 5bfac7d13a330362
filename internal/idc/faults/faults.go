// Package faults makes an Identity Center misbehave on purpose, so that people can
// see what their clients do about it: refusals, damaged and endless answers, broken
// connections and certificates, wrong clocks. It stands around the rooms and knows
// none of them: it answers in their place, or changes what they answered.
package faults

import (
	"crypto/tls"
	"net/http"
	"slices"
)

// A Fault is one kind of misbehaviour.
type Fault struct {
	Name string
	// Value says what may stand behind the name and "="; empty: nothing may.
	Value string
	// Routes are where it is played unless a spec says otherwise.
	Routes string
	// Does is what the server does, Client what a client should make of it: a line each.
	Does, Client string

	able  string // the routes where it can be played; empty: all
	start starter
}

// A starter begins to play a fault with the value of its spec, empty for none.
type starter func(value string) (behaviour, error)

// A behaviour is a fault that is being played. Either may be nil.
type behaviour struct {
	answer func(c *call)
	tls    func(c *handshake)
}

// always starts a fault that knows no values.
func always(answer func(c *call)) starter {
	return func(string) (behaviour, error) { return behaviour{answer: answer}, nil }
}

// List returns all faults there are, related ones together.
func List() []Fault {
	return slices.Concat(
		refusals(), oddRefusals(), oauthRefusals(), bodies(), texts(), shapes(), fields(), tokenFields(), keyFields(),
		pages(),
		headers(), redirects(), slowness(), connections(), framing(), handshakes(),
	)
}

// find returns a fault by name.
func find(name string) (Fault, bool) {
	all := List()
	i := slices.IndexFunc(all, func(f Fault) bool { return f.Name == name })
	if i < 0 {
		return Fault{}, false
	}
	return all[i], true
}

// A call is one request that a fault is played on.
type call struct {
	*play
	w     http.ResponseWriter
	r     *http.Request
	next  http.Handler // what would answer
	route string
	stop  <-chan struct{} // closed when the fault is not played any more
}

// A handshake is one TLS connection that a fault is played on.
type handshake struct {
	*play
	host   string
	config *tls.Config
	stop   <-chan struct{}
}
