package oidc

import (
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rolecall/internal/idc/limits"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/wire"
)

// A client is a registration.
type client struct {
	ID        string
	Secret    string // hashed
	Name      string // untrusted: shown on the consent page
	Ends      time.Time
	Scopes    []string
	Grants    []string
	Redirects []string
}

func clients() pool[client] {
	return newPool("client", maxClients, func(c client) store.Entry { return store.Entry{ID: c.ID, Ends: c.Ends} })
}

const (
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
)

// Mux takes the routes of a room.
type Mux interface {
	HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request))
}

// Mount registers the routes.
func (s *Server) Mount(m Mux) {
	m.HandleFunc("POST /client/register", s.register)
	m.HandleFunc("POST /device_authorization", s.startDevice)
	m.HandleFunc("POST /token", s.token)
}

func (s *Server) register(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ClientName   string   `json:"clientName"`
		ClientType   string   `json:"clientType"`
		Scopes       []string `json:"scopes"`
		GrantTypes   []string `json:"grantTypes"`
		RedirectURIs []string `json:"redirectUris"`
		IssuerURL    string   `json:"issuerUrl"`
	}
	if e := read(r, &in); e != nil {
		e.write(w)
		return
	}
	if place := limits.Place(r.RemoteAddr); !s.registrations.Allow(place) {
		tooMany(w, s.registrations.Wait(place))
		return
	}
	if e := s.checkRegistration(in.ClientName, in.ClientType, in.IssuerURL, in.Scopes, in.GrantTypes,
		in.RedirectURIs); e != nil {
		e.write(w)
		return
	}
	if len(in.GrantTypes) == 0 {
		in.GrantTypes = []string{grantDevice, grantRefresh}
	}
	secret := randomText(48)
	now := s.o.Now()
	c := client{
		ID: randomText(16) + strings.ReplaceAll(s.o.Region, "-", "_"), Secret: s.hash(secret), Name: in.ClientName,
		Ends:   now.Add(registrationLife),
		Scopes: in.Scopes, Grants: in.GrantTypes, Redirects: in.RedirectURIs,
	}
	err := s.o.Store.Update(r.Context(), func(tx store.Tx) error {
		return clients().add(tx, c, false, false) // anybody may: not for the audit
	})
	if err != nil {
		errServer.write(w)
		return
	}
	s.count("RegisterClient")
	wire.JSON(w, http.StatusOK, map[string]any{
		"clientId": c.ID, "clientSecret": secret, "clientIdIssuedAt": now.Unix(), "clientSecretExpiresAt": c.Ends.Unix(),
		"authorizationEndpoint": s.o.URL + "/authorize", "tokenEndpoint": nil,
	})
}

func (s *Server) checkRegistration(name, kind, issuer string, scopes, grants, redirects []string) *oauthError {
	switch {
	case name == "" || len(name) > 256 || kind == "":
		return errRequest
	case kind != "public", issuer != "" && !s.isStartURL(issuer):
		return errClientMetadata
	case len(grants) > 8 || len(scopes) > 32 || slices.ContainsFunc(scopes, func(scope string) bool {
		return len(scope) > 128
	}):
		return errClientMetadata
	case len(redirects) > 16 || slices.Contains(grants, grantCode) && len(redirects) == 0:
		return errRedirectURI
	}
	for _, g := range grants {
		if g != grantDevice && g != grantCode && g != grantRefresh {
			return errGrantType
		}
	}
	for _, uri := range redirects {
		if !isRedirect(uri) {
			return errRedirectURI
		}
	}
	return nil
}

// isStartURL reports whether text is our start URL, in any of the forms that people write.
func (s *Server) isStartURL(text string) bool {
	u, err := url.Parse(text)
	own, ownError := url.Parse(s.o.URL)
	if err != nil || ownError != nil || u.User != nil {
		return false
	}
	path := strings.TrimRight(u.Path, "/")
	if u.Scheme == "https" && s.o.Partitions.IsStart(strings.ToLower(u.Host)) {
		return true // newer AWS CLIs accept only AWS's hosts, and we stand in for them
	}
	return u.Scheme == own.Scheme && strings.EqualFold(u.Host, own.Host) && (path == "/start" || path == "")
}

// client finds a registration by id and secret. It is known once a person has allowed it something.
func (s *Server) client(r store.Reader, id, secret string) (c client, known bool, err error) {
	c, known, err = clients().get(r, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return c, false, err
	}
	same := subtle.ConstantTimeCompare([]byte(s.hash(secret)), []byte(c.Secret)) == 1
	if err != nil || !same || !s.o.Now().Before(c.Ends) {
		return c, false, errClient
	}
	return c, known, nil
}

// allowed keeps a registration that a person has allowed something, whatever strangers register from now on. If it is
// gone meanwhile, its client registers again.
func allowed(tx store.Tx, id string) error {
	c, known, err := clients().get(tx, id)
	if known || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return clients().keep(tx, c)
}

// isRedirect accepts redirect URIs of native apps (RFC 8252) on loopback http, with any port. https and private schemes
// are refused.
func isRedirect(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Opaque != "" || strings.ContainsAny(text, "?#") ||
		strings.Contains(u.Path, "//") || len(text) > 512 {
		return false
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return false
		}
	}
	return u.Scheme == "http" && isLoopbackName(u.Hostname())
}

func isLoopbackName(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// matchRedirect compares scheme, host and path exactly ("" is "/"); the port of a
// loopback address is free (RFC 8252 section 7.3). localhost matches only if it
// was registered.
func matchRedirect(registered []string, asked string) bool {
	if !isRedirect(asked) {
		return false
	}
	a, _ := url.Parse(asked)
	return slices.ContainsFunc(registered, func(text string) bool {
		r, err := url.Parse(text)
		return err == nil && r.Scheme == a.Scheme && r.Hostname() == a.Hostname() && pathOf(r) == pathOf(a)
	})
}

func pathOf(u *url.URL) string {
	if u.Path == "" {
		return "/"
	}
	return u.EscapedPath()
}
