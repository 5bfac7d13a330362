// Package website is what people see of the Identity Center: the start page, sign-in, consent to the code and device
// flows, their accounts with access keys and the console, and the administrator's view of the directory. It is plain
// HTML; the script is a convenience. oidc, sts and directory decide who may do what; the site keeps to itself the
// browser's cookies and the forms.
package website

import (
	"crypto/hkdf"
	"crypto/sha256"
	"html/template"
	"time"

	"rolecall/internal/idc/federation"
	"rolecall/internal/idc/limits"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/refusals"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/sts"
)

// Options configure the site.
type Options struct {
	URL        string
	StartURL   string // for config files
	Region     string
	Store      store.Store
	Secret     []byte // what the keys of cookies and forms, and the pages' path, are derived from
	OIDC       *oidc.Server
	Keys       *sts.Server // mints role credentials, and knows the administrator's keys
	Federation *federation.Server
	Now        func() time.Time
	Refusals   *refusals.Book // for the audit
	// NoLimits allows endless password guesses, for load tests.
	NoLimits bool
	// NoDevice switches the device page off. DeviceSameAddress refuses answers on it from another address than the one
	// that started the sign-in.
	NoDevice, DeviceSameAddress bool
}

// A Site serves the pages.
type Site struct {
	o      Options
	pages  *template.Template
	assets assets
	key    []byte // of the cookie and the form tokens
	// hashing allows two password checks at a time, as each needs much memory.
	hashing  chan struct{}
	throttle *throttle
	// adminGuesses bounds wrong administrator keys by address.
	adminGuesses *limits.Limiter
	admins       adminSessions
}

// New makes a site.
func New(o Options) (*Site, error) {
	key, err := hkdf.Key(sha256.New, o.Secret, nil, "cookies and forms", 32)
	if err != nil {
		return nil, err
	}
	s := &Site{
		o: o, assets: newAssets(), key: key,
		hashing: make(chan struct{}, 2),
		admins:  adminSessions{now: o.Now, seen: map[string]time.Time{}},
	}
	if !o.NoLimits {
		s.throttle = newThrottle(o.Now)
		s.adminGuesses = limits.New(o.Now, 3*time.Minute, 5)
	}
	s.pages, err = template.New("").Funcs(s.words()).ParseFS(files, "pages/*.html")
	return s, err
}

// Mount registers the routes. Other rooms' routes send the browser here.
func (s *Site) Mount(m oidc.Mux) {
	m.HandleFunc("GET /start", s.start)
	m.HandleFunc("GET /start/{$}", s.start)
	m.HandleFunc("GET /authorize", s.authorize)
	m.HandleFunc("GET /device", s.toDevice)
	m.HandleFunc("GET /assets/{name}", s.assets.serve)
	m.HandleFunc("GET "+entrance+"{$}", s.enter)
	m.HandleFunc("GET "+entrance+"{page}", s.enter)
	m.HandleFunc("GET "+entrance+"sign-in", s.signInPage)
	m.HandleFunc("POST "+entrance+"sign-in", s.post(s.signIn))
	m.HandleFunc("POST "+inside+"sign-out", s.post(s.signOut))
	for path, page := range map[string]struct{ get, post personHandler }{
		"{$}":      {get: s.portal},
		"favorite": {post: s.favorite},
		"keys":     {s.keys, s.handOutKeys},
		"console":  {s.console, s.openConsole},
		"consent":  {s.consent, s.decideConsent},
		"device":   {s.device, s.decideDevice},
	} {
		if page.get != nil {
			m.HandleFunc("GET "+inside+path, s.signedIn(page.get))
		}
		if page.post != nil {
			m.HandleFunc("POST "+inside+path, s.post(s.signedIn(page.post)))
		}
	}
	s.mountAdmin(m)
}
