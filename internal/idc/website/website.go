// Package website is what people see of the Identity Center: the start page,
// sign-in, consent to the code and device flows, their accounts with access keys
// and the way to the console, and the administrator's view of the directory. Plain
// HTML; a script makes it handier and is never needed. Who may do what is decided in
// oidc, sts and directory; the site keeps to itself the browser's cookies and the
// forms.
package website

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"time"

	"rolecall/internal/idc/federation"
	"rolecall/internal/idc/limits"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/sts"
)

// Options are what the site is made of.
type Options struct {
	URL        string
	Region     string
	Store      store.Store
	Secret     []byte // what the keys of cookies and forms, and the pages' path, are derived from
	OIDC       *oidc.Server
	Keys       *sts.Server // mints role credentials, and knows the administrator's keys
	Federation *federation.Server
	Now        func() time.Time
	// NoLimits lets passwords be guessed without end: for load tests.
	NoLimits bool
}

// A Site serves the pages.
type Site struct {
	o      Options
	pages  *template.Template
	assets assets
	key    []byte // of the cookie and the form tokens
	// home is where the pages with a cookie are. Ports do not separate cookies, so
	// the path is a secret that other programs on this machine do not know.
	home string
	// hashing lets two passwords be checked at a time: each takes its memory.
	hashing chan struct{}
	// guesses bounds wrong passwords for each user and address, adminGuesses wrong
	// keys of the administrator for each address.
	guesses, adminGuesses *limits.Limiter
	admins                adminSessions
}

// New makes a site.
func New(o Options) (*Site, error) {
	key, err := hkdf.Key(sha256.New, o.Secret, nil, "cookies and forms", 32)
	if err != nil {
		return nil, err
	}
	path, err := hkdf.Key(sha256.New, o.Secret, nil, "path of the pages", 16)
	if err != nil {
		return nil, err
	}
	s := &Site{
		o: o, assets: newAssets(), key: key, home: "/ui/" + base64.RawURLEncoding.EncodeToString(path) + "/",
		hashing: make(chan struct{}, 2),
		admins:  adminSessions{now: o.Now, seen: map[string]time.Time{}},
	}
	if !o.NoLimits {
		s.guesses = limits.New(o.Now, 3*time.Minute, 5)
		s.adminGuesses = limits.New(o.Now, 3*time.Minute, 5)
	}
	s.pages, err = template.New("").Funcs(s.words()).ParseFS(files, "pages/*.html")
	return s, err
}

// Mount lists the routes. Those of other rooms send the browser here.
func (s *Site) Mount(m oidc.Mux) {
	m.HandleFunc("GET /start", s.start)
	m.HandleFunc("GET /start/{$}", s.start)
	m.HandleFunc("GET /authorize", s.authorize)
	m.HandleFunc("GET /device", s.toDevice)
	m.HandleFunc("GET /assets/{name}", s.assets.serve)
	m.HandleFunc("GET "+s.home+"sign-in", s.signInPage)
	m.HandleFunc("POST "+s.home+"sign-in", s.post(s.signIn))
	m.HandleFunc("POST "+s.home+"sign-out", s.post(s.signOut))
	for path, page := range map[string]struct{ get, post personHandler }{
		"{$}":      {get: s.portal},
		"favorite": {post: s.favorite},
		"keys":     {s.keys, s.handOutKeys},
		"console":  {s.console, s.openConsole},
		"consent":  {s.consent, s.decideConsent},
		"device":   {s.device, s.decideDevice},
	} {
		if page.get != nil {
			m.HandleFunc("GET "+s.home+path, s.signedIn(page.get))
		}
		if page.post != nil {
			m.HandleFunc("POST "+s.home+path, s.post(s.signedIn(page.post)))
		}
	}
	s.mountAdmin(m)
}
