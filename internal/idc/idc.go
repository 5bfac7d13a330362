// Package idc is the embedded IAM Identity Center: one http.Handler that real AWS
// clients sign in to. It puts its rooms together and routes requests to them; what
// is answered, and refused, is theirs.
package idc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rolecall/internal/idc/admin"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/federation"
	"rolecall/internal/idc/limits"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/partition"
	"rolecall/internal/idc/portal"
	"rolecall/internal/idc/proxy"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/sts"
	"rolecall/internal/idc/website"
	"rolecall/internal/idc/wire"
)

// DefaultRegion is the region that an Identity Center plays when none is given.
const DefaultRegion = "us-east-1"

// Options are what an Identity Center is made of.
type Options struct {
	URL   string // as clients see it: http://127.0.0.1:PORT, without a slash at the end
	Store store.Store
	// Secret is what all keys are derived from: 32 bytes, kept beside the store.
	Secret []byte
	Region string // empty: DefaultRegion; a store that has an instance knows its own
	// Partitions are the partitions there are; nil: AWS's.
	Partitions partition.Table
	Now        func() time.Time // nil: time.Now
	// Log gets a line for each request: method, path, status, time. Never queries,
	// headers or bodies. Nil: nothing.
	Log *slog.Logger
	// OIDC holds lifetimes that differ from AWS's; its URL, Region, Partitions,
	// Store, Secret and Now are set from the fields above.
	OIDC oidc.Options
	// PortalLimit answers with 429 beyond 20 requests a second of one token, as AWS.
	PortalLimit bool
	// Files is a folder that Info tells clients of, Operator the operator's socket.
	Files, Operator string
	// Around, unless nil, stands around the rooms: for faults.
	Around func(http.Handler) http.Handler
}

// A Server is an Identity Center. It is safe for concurrent use.
type Server struct {
	OIDC     *oidc.Server
	Portal   *portal.API
	STS      *sts.Server
	Admin    *admin.API
	Instance directory.Instance
	// Routes lists all that is answered, as patterns of http.ServeMux.
	Routes []string

	url, files, operator string
	store                store.Store
	now                  func() time.Time
	hosts                []string // what Host may say
	handler              http.Handler
	log                  *slog.Logger
	metrics              metrics
}

// New puts an Identity Center together. It serves nothing by itself, and closes
// nothing.
func New(o Options) (*Server, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Path != "" {
		return nil, errors.New("the URL of an Identity Center is scheme and host: " + o.URL)
	}
	o.Region = cmp.Or(o.Region, DefaultRegion)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Partitions == nil {
		o.Partitions = partition.AWS()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		url: o.URL, files: o.Files, operator: o.Operator, store: o.Store, now: o.Now, hosts: hostNames(u), log: o.Log,
		metrics: metrics{requests: map[requestKey]requestFigures{}},
	}
	err = o.Store.Update(context.Background(), func(tx store.Tx) (err error) {
		s.Instance, err = directory.OpenIn(tx, o.Partitions, o.Region, o.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, s.build(o)
}

// build makes the rooms and routes requests to them.
func (s *Server) build(o Options) (err error) {
	o.OIDC.URL, o.OIDC.Region, o.OIDC.Partitions = o.URL, s.Instance.Region, o.Partitions
	o.OIDC.Store, o.OIDC.Secret, o.OIDC.Now = o.Store, o.Secret, o.Now
	if s.OIDC, err = oidc.New(o.OIDC); err != nil {
		return err
	}
	if s.STS, err = sts.New(sts.Options{Store: o.Store, Secret: o.Secret, Now: o.Now}); err != nil {
		return err
	}
	s.Portal = &portal.API{Store: o.Store, Tokens: s.OIDC, Roles: s.STS}
	s.Admin = &admin.API{Store: o.Store, Now: o.Now, Authenticate: s.administrator}
	if o.PortalLimit {
		s.Portal.Limit = limits.New(o.Now, time.Second/20, 20)
	}
	signin, err := federation.New(federation.Options{Secret: o.Secret, Keys: s.STS, Now: o.Now, Partitions: o.Partitions})
	if err != nil {
		return err
	}
	site, err := website.New(website.Options{
		URL: o.URL, Region: s.Instance.Region, Store: o.Store, Secret: o.Secret, OIDC: s.OIDC, Federation: signin,
		Keys: s.STS, Now: o.Now, NoLimits: o.OIDC.NoLimits,
	})
	if err != nil {
		return err
	}
	s.handler = s.routes(site, signin)
	if o.Around != nil {
		s.handler = o.Around(s.handler)
	}
	return nil
}

// routes lists what is where: no two services share a path.
func (s *Server) routes(site *website.Site, signin *federation.Server) http.Handler {
	mux := &listingMux{ServeMux: http.NewServeMux()}
	defer func() { s.Routes = mux.patterns }()
	s.OIDC.Mount(mux)
	s.Portal.Mount(mux)
	site.Mount(mux)
	signin.Mount(mux, site)
	mux.HandleFunc("GET "+InfoPath, s.info)
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("GET /metrics", s.serveMetrics)
	mux.HandleFunc("POST /{$}", s.postRoot)
	mux.HandleFunc("GET /{$}", s.getRoot)
	mux.HandleFunc("/", unknown)
	return mux
}

// A listingMux remembers its patterns.
type listingMux struct {
	*http.ServeMux
	patterns []string
}

func (m *listingMux) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	m.patterns = append(m.patterns, pattern)
	m.ServeMux.HandleFunc(pattern, handler)
}

// postRoot tells the services apart that are all called at /: STS by its form,
// the JSON ones by X-Amz-Target.
func (s *Server) postRoot(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Amz-Target") != "" {
		s.Admin.ServeHTTP(w, r)
		return
	}
	s.STS.ServeHTTP(w, r)
}

// unknown answers what no room takes, in the form of the service that was meant: the proxy knows it by its host, others
// by their path or signature.
func unknown(w http.ResponseWriter, r *http.Request) {
	target, _ := proxy.TargetFrom(r.Context())
	request := r.Method + " " + r.URL.EscapedPath()
	under := func(path string) bool { return strings.HasPrefix(r.URL.Path, path) }
	switch {
	case target.Service == "portal.sso", target == proxy.Target{} && (under("/assignment/") || under("/federation/")):
		portal.Unknown(w, request)
	case target.Service == "oidc", target == proxy.Target{} &&
		(under("/token") || under("/client/") || under("/device_authorization")):
		oidc.Unknown(w, request)
	default:
		service := cmp.Or(target.Service, sts.ServiceOf(r))
		if service == "" && r.URL.Path == "/v1/token" { // CreateOAuth2Token, which is not signed
			service = "signin"
		}
		w.Header().Set("x-amzn-ErrorType", "UnknownOperationException")
		body := map[string]string{"__type": "UnknownOperationException", "message": wire.Missing(service, request)}
		wire.JSON(w, http.StatusNotFound, body)
	}
}

// getRoot is STS's query protocol in an address, else the start page.
func (s *Server) getRoot(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("Action") {
		s.STS.ServeHTTP(w, r)
		return
	}
	http.Redirect(w, r, "/start", http.StatusSeeOther)
}

// ServeHTTP answers requests that were meant for this server, by its own names or
// through the proxy: a page that made its own name point here (DNS rebinding) is
// turned away.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := s.now()
	seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	target, proxied := proxy.TargetFrom(r.Context())
	switch {
	case s.foreign(r):
		refuse(seen, "Pages of other sites cannot call this service.")
	case proxied && target.Region != "" && target.Region != s.Instance.Region && elsewhere(seen, target):
	case proxied || s.knows(r.Host):
		s.handler.ServeHTTP(seen, r)
	default:
		refuse(seen, "This service does not answer for that host.")
	}
	took := s.now().Sub(start)
	s.metrics.add(public(r.Pattern), seen.status, took)
	s.log.Debug("identity center", "method", r.Method, "path", public(r.URL.Path), "status", seen.status, "took", took)
}

// refuse answers in the form of AWS's JSON services.
func refuse(w http.ResponseWriter, message string) {
	w.Header().Set("x-amzn-ErrorType", "AccessDeniedException")
	wire.JSON(w, http.StatusForbidden, map[string]string{"__type": "AccessDeniedException", "message": message})
}

// public takes the secret out of a path or pattern of the pages.
func public(path string) string {
	before, rest, found := strings.Cut(path, "/ui/")
	if !found {
		return path
	}
	_, page, _ := strings.Cut(rest, "/")
	return before + "/ui/…/" + page
}

// foreign reports whether a page of another site sends this: no client of the APIs
// is one. Pages of ours have a check of their own.
func (s *Server) foreign(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if r.Method == http.MethodGet || r.Method == http.MethodHead || origin == "" || strings.HasPrefix(r.URL.Path, "/ui/") {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || !s.knows(u.Host)
}

// elsewhere answers for a region that has no instance: tokens of this one are not
// known there. The other services are not played apart for regions.
func elsewhere(w http.ResponseWriter, target proxy.Target) bool {
	switch target.Service {
	case "oidc":
		oidc.RefuseRegion(w)
	case "portal.sso":
		portal.RefuseToken(w)
	default:
		return false
	}
	return true
}

func (s *Server) knows(host string) bool {
	for _, own := range s.hosts {
		if strings.EqualFold(own, host) {
			return true
		}
	}
	return false
}

// SignOut ends all sessions of a user, by name.
func (s *Server) SignOut(ctx context.Context, userName string) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		user, err := directory.Users().Find(tx, directory.NameKey(userName))
		if err != nil {
			return fmt.Errorf("user %s: %w", userName, err)
		}
		return errors.Join(directory.EndSessions(tx, user.ID),
			tx.Record(store.Event{Time: s.now(), Actor: store.Operator, Action: "SignOut", Target: "user:" + user.UserName}))
	})
}

// hostNames are the names of this server: on loopback all that mean this machine.
func hostNames(u *url.URL) []string {
	names := []string{u.Host}
	ip := net.ParseIP(u.Hostname())
	if ip == nil || !ip.IsLoopback() || u.Port() == "" {
		return names
	}
	return append(names, net.JoinHostPort("127.0.0.1", u.Port()), net.JoinHostPort("localhost", u.Port()),
		net.JoinHostPort("::1", u.Port()))
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
