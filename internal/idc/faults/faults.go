// Package faults makes an Identity Center misbehave on purpose, so that people can see how their clients react:
// refusals, damaged and endless answers, broken connections and certificates, wrong clocks. It wraps the rooms without
// knowing them: it answers in their place, or changes their answers.
package faults

import (
	"crypto/tls"
	"net/http"
	"slices"
)

// A Fault is one kind of misbehaviour.
type Fault struct {
	Name string
	// Value describes the value after "="; empty if the fault takes none.
	Value string
	// Routes are where it is played by default.
	Routes string
	// Does is what the server does, Client what a client should do about it; one line each.
	Does, Client string

	able  string // the routes where it can be played; empty: all
	start starter
}

// A starter starts a fault with the value of its spec, which may be empty.
type starter func(value string) (behaviour, error)

// A behaviour is a fault that is being played. Either may be nil.
type behaviour struct {
	answer func(c *call)
	tls    func(c *handshake)
}

// always starts a fault without a value.
func always(answer func(c *call)) starter {
	return func(string) (behaviour, error) { return behaviour{answer: answer}, nil }
}

// List returns all faults, grouped by subject.
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
	next  http.Handler // the normal answer
	route string
	stop  <-chan struct{} // closed when the fault is stopped
}

// A handshake is one TLS connection that a fault is played on.
type handshake struct {
	*play
	host   string
	config *tls.Config
	stop   <-chan struct{}
}
