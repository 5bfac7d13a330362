// Package website is what people see of the Identity Center: the start page,
// sign-in, the consent page of the code flow, the page of the device flow, and
// their accounts. Plain HTML that needs no script. Who may do what is decided in
// oidc and directory; the site keeps to itself the browser's cookie and the forms.
package website

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rolecall/internal/idc/limits"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/portal"
	"rolecall/internal/idc/store"
)

// Options are what the site is made of.
type Options struct {
	URL    string
	Region string
	Store  store.Store
	Secret []byte // what the keys of cookies and forms, and the pages' path, are derived from
	OIDC   *oidc.Server
	Portal *portal.API
	Now    func() time.Time
	// NoLimits lets passwords be guessed without end: for load tests.
	NoLimits bool
}

// A Site serves the pages.
type Site struct {
	o     Options
	pages *template.Template
	key   []byte // of the cookie and the form tokens
	// home is where the pages with a cookie are. Ports do not separate cookies, so
	// the path is a secret that other programs on this machine do not know.
	home string
	// hashing lets two passwords be checked at a time: each takes its memory.
	hashing chan struct{}
	// guesses bounds wrong passwords for each user and address.
	guesses *limits.Limiter
}

// New makes a site.
func New(o Options) (*Site, error) {
	pages, err := template.New("").ParseFS(files, "pages/*.html")
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, o.Secret, nil, "cookies and forms", 32)
	if err != nil {
		return nil, err
	}
	path, err := hkdf.Key(sha256.New, o.Secret, nil, "path of the pages", 16)
	s := &Site{
		o: o, pages: pages, key: key, home: "/ui/" + base64.RawURLEncoding.EncodeToString(path) + "/", hashing: make(chan struct{}, 2),
	}
	if !o.NoLimits {
		s.guesses = limits.New(o.Now, 3*time.Minute, 5)
	}
	return s, err
}

// Mount lists the routes. Those of other rooms send the browser here.
func (s *Site) Mount(m oidc.Mux) {
	m.HandleFunc("GET /start", s.start)
	m.HandleFunc("GET /start/{$}", s.start)
	m.HandleFunc("GET /authorize", s.authorize)
	m.HandleFunc("GET /device", func(w http.ResponseWriter, r *http.Request) {
		to := s.home + "device"
		if code := r.URL.Query().Get("user_code"); code != "" {
			to += "?" + url.Values{"user_code": {code}}.Encode()
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
	m.HandleFunc("GET /assets/style.css", serveStyle)
	m.HandleFunc("GET "+s.home+"{$}", s.signedIn(s.portal))
	m.HandleFunc("GET "+s.home+"consent", s.signedIn(s.consent))
	m.HandleFunc("POST "+s.home+"consent", s.post(s.signedIn(s.decideConsent)))
	m.HandleFunc("GET "+s.home+"device", s.signedIn(s.device))
	m.HandleFunc("POST "+s.home+"device", s.post(s.signedIn(s.decideDevice)))
	m.HandleFunc("GET "+s.home+"sign-in", s.signInPage)
	m.HandleFunc("POST "+s.home+"sign-in", s.post(s.signIn))
	m.HandleFunc("POST "+s.home+"sign-out", s.post(s.signOut))
}

// A view is what every page shows.
type view struct {
	Title  string
	Home   string
	Region string // on the start page, where clients look for it
	User   string // signed in; empty when nobody is
	Form   string // the form token
	Page   any
}

// render writes a page. formAction says where else than here its forms may lead.
func (s *Site) render(w http.ResponseWriter, r *http.Request, status int, name, title string, page any, formAction ...string) {
	var b strings.Builder
	visitor := s.visitor(w, r)
	who, _ := s.who(r)
	v := view{Title: title, Home: s.home, User: who.UserName, Form: s.formToken(visitor), Page: page}
	if name == "start.html" {
		v.Region = s.o.Region
	}
	if err := s.pages.ExecuteTemplate(&b, name, v); err != nil {
		http.Error(w, "this page cannot be shown", http.StatusInternalServerError)
		return
	}
	secure(w.Header(), formAction...)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(b.String()))
}

// secure sets the headers of every page. Chromium holds form-action against the
// redirect that answers a form, too.
func secure(h http.Header, formAction ...string) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self' "+
		strings.Join(formAction, " ")+"; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}

// message is a page with a text and nothing to do.
func (s *Site) message(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	s.render(w, r, status, "message.html", title, text)
}

func serveStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=3600")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(style)
}
