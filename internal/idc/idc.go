// Package idc is the embedded IAM Identity Center: one http.Handler that real AWS clients sign in to. It assembles its
// rooms and routes requests to them; they decide what is answered and refused.
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
	"rolecall/internal/idc/refusals"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/sts"
	"rolecall/internal/idc/website"
	"rolecall/internal/idc/wire"
)

// DefaultRegion is the region of an Identity Center unless another is configured.
const DefaultRegion = "us-east-1"

// Options configure an Identity Center.
type Options struct {
	URL   string // as clients see it: http://127.0.0.1:PORT, without a slash at the end
	Store store.Store
	// Secret is what all keys are derived from: 32 bytes, kept beside the store.
	Secret []byte
	Region string // empty: DefaultRegion; a store that has an instance knows its own
	// Partitions are the partitions there are; nil: AWS's.
	Partitions partition.Table
	Now        func() time.Time // nil: time.Now
	// Log receives a line for each request: method, path, status, time. Never queries, headers or bodies. Nil: no log.
	Log *slog.Logger
	// OIDC sets lifetimes other than AWS's; its URL, Region, Partitions, Store, Secret and Now are taken from the fields
	// above.
	OIDC oidc.Options
	// PortalLimit refuses more than 20 requests a second with one token, with status 429 as AWS does.
	PortalLimit bool
	// DeviceSameAddress refuses answers on the device page from another address than the one that started the sign-in.
	DeviceSameAddress bool
	// Files is a folder that Info tells the operator.
	Files string
	// Around, unless nil, wraps the rooms' handler, to play faults.
	Around func(http.Handler) http.Handler
}

// A Server is an Identity Center. It is safe for concurrent use.
type Server struct {
	OIDC     *oidc.Server
	Portal   *portal.API
	STS      *sts.Server
	Admin    *admin.API
	Instance directory.Instance
	// Routes lists all routes, as patterns of http.ServeMux.
	Routes []string
	// Refusals is what was refused, on its way into the audit.
	Refusals *refusals.Book

	url, files string
	store      store.Store
	now        func() time.Time
	hosts      []string // what Host may say
	handler    http.Handler
	site       *website.Site
	log        *slog.Logger
	metrics    metrics
}

// New assembles an Identity Center. It opens no listener, and does not close the store.
func New(o Options) (*Server, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Path != "" {
		return nil, errors.New("the URL of an Identity Center must be just scheme and host: " + o.URL)
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
		Refusals: refusals.New(o.Store, o.Now),
		url:      o.URL, files: o.Files, store: o.Store, now: o.Now, hosts: hostNames(u), log: o.Log,
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
	o.OIDC.Store, o.OIDC.Secret, o.OIDC.Now, o.OIDC.Refusals = o.Store, o.Secret, o.Now, s.Refusals
	if s.OIDC, err = oidc.New(o.OIDC); err != nil {
		return err
	}
	if s.STS, err = sts.New(sts.Options{
		Store: o.Store, Secret: o.Secret, Now: o.Now, Region: s.Instance.Region, Partitions: o.Partitions,
		Refusals: s.Refusals,
	}); err != nil {
		return err
	}
	s.Portal = &portal.API{Store: o.Store, Tokens: s.OIDC, Roles: s.STS}
	s.Admin = &admin.API{Store: o.Store, Now: o.Now, Authenticate: s.administrator, Refused: s.refusedAdmin}
	if o.PortalLimit {
		s.Portal.Limit = limits.New(o.Now, time.Second/20, 20)
	}
	signin, err := federation.New(federation.Options{Secret: o.Secret, Keys: s.STS, Now: o.Now, Partitions: o.Partitions})
	if err != nil {
		return err
	}
	site, err := website.New(website.Options{
		URL: o.URL, StartURL: s.Instance.StartURL(), Region: s.Instance.Region, Store: o.Store, Secret: o.Secret,
		OIDC: s.OIDC, Federation: signin,
		Keys: s.STS, Now: o.Now, Refusals: s.Refusals, NoLimits: o.OIDC.NoLimits, NoDevice: o.OIDC.NoDevice,
		DeviceSameAddress: o.DeviceSameAddress,
	})
	if err != nil {
		return err
	}
	s.site = site
	s.handler = s.routes(site, signin)
	if o.Around != nil {
		s.handler = o.Around(s.handler)
	}
	return nil
}

// routes registers all routes. No two services share a path.
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
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if isBrowser(r) {
			site.NotFound(w, r)
			return
		}
		unknown(w, r)
	})
	return mux
}

// isBrowser reports whether a person's browser asks for a page, and not a client for an operation.
func isBrowser(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.Header.Get("Authorization") == "" &&
		strings.Contains(r.Header.Get("Accept"), "text/html")
}

// A listingMux records its patterns.
type listingMux struct {
	*http.ServeMux
	patterns []string
}

func (m *listingMux) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	m.patterns = append(m.patterns, pattern)
	m.ServeMux.HandleFunc(pattern, handler)
}

// postRoot dispatches between the services at /: STS has a form, the JSON services have X-Amz-Target.
func (s *Server) postRoot(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Amz-Target") != "" {
		s.Admin.ServeHTTP(w, r)
		return
	}
	s.STS.ServeHTTP(w, r)
}

// unknown answers requests without a route, in the form of the service that was meant: known by its host behind the
// proxy, otherwise guessed by path or signature.
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

// getRoot serves STS's query protocol in a URL, and otherwise the start page.
func (s *Server) getRoot(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("Action") {
		s.STS.ServeHTTP(w, r)
		return
	}
	http.Redirect(w, r, "/start", http.StatusSeeOther)
}

// ServeHTTP answers requests for this server's own names or through the proxy. It refuses pages that made their own
// name point here (DNS rebinding).
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

// public removes the secret from a page's path or pattern.
func public(path string) string {
	before, rest, found := strings.Cut(path, "/ui/")
	if !found {
		return path
	}
	_, page, inside := strings.Cut(rest, "/")
	if !inside {
		return path
	}
	return before + "/ui/…/" + page
}

// foreign reports whether a page of another site sent the request. API clients send no Origin; our own pages have a
// check of their own.
func (s *Server) foreign(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if r.Method == http.MethodGet || r.Method == http.MethodHead || origin == "" || strings.HasPrefix(r.URL.Path, "/ui/") {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || !s.knows(u.Host)
}

// elsewhere answers for regions without an instance, where our tokens are unknown. Other services do not distinguish
// regions.
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

// ForgetGuesses forgets the wrong passwords of a user by name; with an empty name, all wrong passwords, administrator's
// keys and codes.
func (s *Server) ForgetGuesses(userName string) { s.site.Forget(userName) }

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

// hostNames lists the names of this server: on loopback, every name of this machine.
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
