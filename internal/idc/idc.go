// Package idc is the embedded IAM Identity Center: one http.Handler that real AWS
// clients sign in to. It puts its rooms together and routes requests to them; what
// is answered, and refused, is theirs.
package idc

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/portal"
	"rolecall/internal/idc/sts"
	"rolecall/internal/idc/website"
	"rolecall/internal/idc/wire"
)

// DefaultRegion is the region that an Identity Center plays when none is given.
const DefaultRegion = "us-east-1"

// Options are what an Identity Center is made of.
type Options struct {
	URL       string // as clients see it: http://127.0.0.1:PORT, without a slash at the end
	Region    string // empty: DefaultRegion
	Directory directory.Store
	Now       func() time.Time // nil: time.Now
	// Log gets a line for each request: method, path, status, time. Never queries,
	// headers or bodies. Nil: nothing.
	Log *slog.Logger
	// OIDC holds lifetimes that differ from AWS's; its URL, Region and Now are set
	// from the fields above.
	OIDC oidc.Options
}

// A Server is an Identity Center. It is safe for concurrent use.
type Server struct {
	OIDC   *oidc.Server
	Portal *portal.API
	STS    *sts.Server

	hosts   []string // what Host may say
	handler http.Handler
	log     *slog.Logger
}

// New puts an Identity Center together. It serves nothing by itself.
func New(o Options) (*Server, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Path != "" {
		return nil, errors.New("the URL of an Identity Center is scheme and host: " + o.URL)
	}
	if o.Region == "" {
		o.Region = DefaultRegion
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.OIDC.URL, o.OIDC.Region, o.OIDC.Now = o.URL, o.Region, o.Now
	s := &Server{
		OIDC: oidc.New(o.OIDC), STS: sts.New(sts.Options{Region: o.Region, Directory: o.Directory, Now: o.Now}),
		hosts: hostNames(u), log: o.Log,
	}
	s.Portal = &portal.API{Tokens: s.OIDC, Roles: s.STS, Directory: o.Directory}
	site, err := website.New(website.Options{URL: o.URL, Region: o.Region, OIDC: s.OIDC, Directory: o.Directory, Now: o.Now})
	if err != nil {
		return nil, err
	}
	s.handler = s.routes(site)
	return s, nil
}

// routes lists what is where: no two services share a path.
func (s *Server) routes(site *website.Site) http.Handler {
	mux := http.NewServeMux()
	s.OIDC.Mount(mux)
	s.Portal.Mount(mux)
	site.Mount(mux)
	mux.HandleFunc("POST /{$}", s.postRoot)
	mux.HandleFunc("GET /{$}", s.getRoot)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	return mux
}

// postRoot tells the services apart that are all called at /: STS by its form,
// the JSON ones by X-Amz-Target.
func (s *Server) postRoot(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Amz-Target") != "" {
		wire.JSON(w, http.StatusBadRequest, map[string]string{"__type": "UnknownOperationException"})
		return
	}
	s.STS.ServeHTTP(w, r)
}

// getRoot is STS's query protocol in an address, else the start page.
func (s *Server) getRoot(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("Action") {
		s.STS.ServeHTTP(w, r)
		return
	}
	http.Redirect(w, r, "/start", http.StatusSeeOther)
}

// ServeHTTP answers requests that were meant for this server: a page that made its
// own name point here (DNS rebinding) is turned away.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	if s.knows(r.Host) {
		s.handler.ServeHTTP(seen, r)
	} else {
		seen.WriteHeader(http.StatusForbidden)
	}
	s.log.Debug("identity center", "method", r.Method, "path", r.URL.Path, "status", seen.status, "took", time.Since(start))
}

func (s *Server) knows(host string) bool {
	for _, own := range s.hosts {
		if strings.EqualFold(own, host) {
			return true
		}
	}
	return false
}

// hostNames are the names of this server: on loopback all that mean this machine.
func hostNames(u *url.URL) []string {
	names := []string{u.Host}
	ip := net.ParseIP(u.Hostname())
	if ip == nil || !ip.IsLoopback() || u.Port() == "" {
		return names
	}
	return append(names, net.JoinHostPort("127.0.0.1", u.Port()), net.JoinHostPort("localhost", u.Port()), net.JoinHostPort("::1", u.Port()))
}

// A statusWriter remembers the status for the log.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
