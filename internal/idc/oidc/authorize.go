package oidc

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A request is a valid call of /authorize that waits for the person's consent.
type request struct {
	client    string
	name      string
	redirect  string
	state     string
	challenge string
	scopes    []string
	ends      time.Time
}

// A codeGrant is an authorization code.
type codeGrant struct {
	client, redirect, challenge string
	scopes                      []string
	session                     string
	ends                        time.Time
	used                        bool
	issued                      []hash // what a replay takes back: RFC 6749 section 4.1.2
}

// An AuthorizeError is a call of /authorize that cannot be answered by a
// redirect: the client or the redirect URI is not known.
type AuthorizeError struct{ Problem string }

func (e *AuthorizeError) Error() string { return e.Problem }

// Authorize checks a call of /authorize. It gives the id of the request that
// waits for consent, or a refusal to redirect to, or an AuthorizeError.
func (s *Server) Authorize(q url.Values) (id, refusal string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.clients[q.Get("client_id")]
	switch {
	case c == nil || !s.o.Now().Before(c.ends):
		return "", "", &AuthorizeError{"This client is not registered here. Its registration may be of another server, or over."}
	case !slices.Contains(c.grants, grantCode):
		return "", "", &AuthorizeError{"This client is not registered for the authorization code grant."}
	case !matchRedirect(c.redirects, q.Get("redirect_uri")):
		return "", "", &AuthorizeError{"The redirect URI is not one that this client registered."}
	}
	if code, text := s.checkAuthorize(q); code != "" {
		return "", redirectTo(q.Get("redirect_uri"), url.Values{"error": {code}, "error_description": {text}, "state": {q.Get("state")}}), nil
	}
	scopes := c.scopes
	if asked := strings.Fields(q.Get("scopes") + " " + q.Get("scope")); len(asked) > 0 {
		scopes = asked
		for _, scope := range asked {
			if !slices.Contains(c.scopes, scope) {
				return "", redirectTo(q.Get("redirect_uri"), url.Values{"error": {"invalid_scope"}, "error_description": {"The scope was not registered"}, "state": {q.Get("state")}}), nil
			}
		}
	}
	s.sweepRequests()
	id = randomText(24)
	s.requests[id] = &request{
		client: c.id, name: c.name, redirect: q.Get("redirect_uri"), state: q.Get("state"), challenge: q.Get("code_challenge"),
		scopes: scopes, ends: s.o.Now().Add(requestLife),
	}
	return id, "", nil
}

func (s *Server) sweepRequests() {
	for id, r := range s.requests {
		if !s.o.Now().Before(r.ends) || len(s.requests) >= maxRequests {
			delete(s.requests, id)
		}
	}
}

// checkAuthorize gives the OAuth error that a redirect carries back. PKCE is
// wanted, and S256 only (RFC 7636 section 4.2).
func (s *Server) checkAuthorize(q url.Values) (code, text string) {
	switch challenge := q.Get("code_challenge"); {
	case q.Get("response_type") != "code":
		return "unsupported_response_type", "Only the response type code is supported"
	case q.Get("code_challenge_method") != "S256":
		return "invalid_request", "The code challenge method must be S256"
	case len(challenge) != 43 || strings.ContainsFunc(challenge, notBase64URL):
		return "invalid_request", "The code challenge is missing or malformed"
	}
	return "", ""
}

func notBase64URL(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

func redirectTo(uri string, q url.Values) string { return uri + "?" + q.Encode() }

// A Consent is a sign-in as the consent page shows it.
type Consent struct {
	Client   string // untrusted
	Scopes   []string
	Redirect string // validated
}

// Consent finds a request that waits.
func (s *Server) Consent(id string) (Consent, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.request(id)
	if r == nil {
		return Consent{}, false
	}
	return Consent{Client: r.name, Scopes: r.scopes, Redirect: r.redirect}, true
}

func (s *Server) request(id string) *request {
	r := s.requests[id]
	if r == nil || !s.o.Now().Before(r.ends) {
		return nil
	}
	return r
}

// Decide is the person's answer on the consent page, in a session of theirs: it
// gives the address to send the browser to. A request is answered once.
func (s *Server) Decide(id, sessionID string, allow bool) (location string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.request(id)
	if r == nil || s.session(sessionID) == nil {
		return "", false
	}
	delete(s.requests, id)
	if !allow {
		return redirectTo(r.redirect, url.Values{"error": {"access_denied"}, "error_description": {"The person denied the request"}, "state": {r.state}}), true
	}
	now := s.o.Now()
	for h, c := range s.codes {
		if now.After(c.ends.Add(codeLife)) {
			delete(s.codes, h)
		}
	}
	code := randomText(32)
	s.codes[s.hash(code)] = &codeGrant{
		client: r.client, redirect: r.redirect, challenge: r.challenge, scopes: r.scopes, session: sessionID, ends: now.Add(codeLife),
	}
	return redirectTo(r.redirect, url.Values{"code": {code}, "state": {r.state}}), true
}

// redeemCode is the authorization code grant of CreateToken. A code that comes
// again takes back what it gave.
func (s *Server) redeemCode(c *client, code, redirect, verifier string) (*codeGrant, *oauthError) {
	grant := s.codes[s.hash(code)]
	if grant == nil || grant.client != c.id {
		return nil, errCode
	}
	if grant.used {
		for _, h := range grant.issued {
			delete(s.tokens, h)
			if f := s.families[h]; f != nil {
				s.revoke(f)
			}
		}
		return nil, errCode
	}
	sum := sha256.Sum256([]byte(verifier))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	proven := subtle.ConstantTimeCompare([]byte(challenge), []byte(grant.challenge)) == 1
	if !proven || !isVerifier(verifier) || grant.redirect != redirect || !s.o.Now().Before(grant.ends) || s.session(grant.session) == nil {
		return nil, errCode
	}
	grant.used = true
	return grant, nil
}

// isVerifier: RFC 7636 section 4.1.
func isVerifier(text string) bool {
	return len(text) >= 43 && len(text) <= 128 && !strings.ContainsFunc(text, func(r rune) bool { return notBase64URL(r) && r != '.' && r != '~' })
}
