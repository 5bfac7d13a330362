package oidc

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"rolecall/internal/idc/store"
)

// A request is a valid call of /authorize that waits for the person's consent.
type request struct {
	ID        string // hashed
	Client    string
	Name      string
	Redirect  string
	State     string
	Challenge string
	Scopes    []string
	Began     time.Time
	Ends      time.Time
}

func requests() pool[request] {
	return newPool("request", maxRequests, func(r request) store.Entry { return store.Entry{ID: r.ID, Ends: r.Ends} })
}

// A codeGrant is an authorization code. A used code is remembered until the session ends, with the tokens it was
// exchanged for: a replay revokes them (RFC 6749 section 4.1.2).
type codeGrant struct {
	Code                        string // hashed
	Client, Redirect, Challenge string
	Scopes                      []string
	Session                     string
	Ends                        time.Time
	Used                        bool
	Family                      string // of the tokens it was exchanged for
}

func codes() store.Table[codeGrant] {
	return store.Table[codeGrant]{Kind: "code", Index: func(c codeGrant) store.Entry {
		return store.Entry{ID: c.Code, Ends: c.Ends}
	}}
}

// An AuthorizeError is a call of /authorize that cannot be answered by a redirect: the client or the redirect URI is
// unknown.
type AuthorizeError struct{ Problem string }

func (e *AuthorizeError) Error() string { return e.Problem }

// Authorize checks a call of /authorize. It returns the id of a request that waits for consent, an address to redirect
// to with a refusal, or an AuthorizeError.
func (s *Server) Authorize(ctx context.Context, q url.Values) (id, refusal string, err error) {
	id = randomText(24)
	err = s.o.Store.Update(ctx, func(tx store.Tx) error {
		c, known, err := s.authorizeClient(tx, q)
		if err != nil {
			return err
		}
		scopes, code, text := s.checkAuthorize(c, q)
		if code != "" {
			id, refusal = "",
				redirectTo(q.Get("redirect_uri"), url.Values{
					"error": {code}, "error_description": {text}, "state": {q.Get("state")},
				})
			return nil
		}
		now := s.o.Now()
		return requests().add(tx, request{
			ID: s.hash(id), Client: c.ID, Name: c.Name, Redirect: q.Get("redirect_uri"), State: q.Get("state"),
			Challenge: q.Get("code_challenge"),
			Scopes:    scopes, Began: now, Ends: now.Add(requestLife),
		}, known, s.o.NoLimits)
	})
	return id, refusal, err
}

// maxState bounds the state that a client may have us store.
const maxState = 2048

func (s *Server) authorizeClient(r store.Reader, q url.Values) (c client, known bool, err error) {
	c, known, err = clients().get(r, q.Get("client_id"))
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !s.o.Now().Before(c.Ends):
		return c, known, &AuthorizeError{
			"This client is not registered here. Its registration may be from another server, or have expired.",
		}
	case err != nil:
		return c, known, err
	case len(q.Get("state")) > maxState:
		return c, known, &AuthorizeError{"The state of the request is too long."}
	case !s.requests.Allow(c.ID):
		return c, known, &AuthorizeError{"Too many sign-ins from this client at once. Wait a minute, then try again."}
	case !slices.Contains(c.Grants, grantCode):
		return c, known, &AuthorizeError{"This client is not registered for the authorization code grant."}
	case !matchRedirect(c.Redirects, q.Get("redirect_uri")):
		return c, known, &AuthorizeError{"This client has not registered the redirect URI."}
	}
	return c, known, nil
}

// checkAuthorize returns the scopes, or the OAuth error for the redirect. PKCE is required, with S256 only (RFC 7636
// section 4.2).
func (s *Server) checkAuthorize(c client, q url.Values) (scopes []string, code, text string) {
	switch challenge := q.Get("code_challenge"); {
	case q.Get("response_type") != "code":
		return nil, "unsupported_response_type", "Only the response type code is supported"
	case q.Get("code_challenge_method") != "S256":
		return nil, "invalid_request", "The code challenge method must be S256"
	case len(challenge) != 43 || strings.ContainsFunc(challenge, notBase64URL):
		return nil, "invalid_request", "The code challenge is missing or malformed"
	}
	asked := strings.Fields(q.Get("scopes") + " " + q.Get("scope"))
	if len(asked) == 0 {
		return c.Scopes, "", ""
	}
	for _, scope := range asked {
		if !slices.Contains(c.Scopes, scope) {
			return nil, "invalid_scope", "The scope was not registered"
		}
	}
	return asked, "", ""
}

func notBase64URL(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

func redirectTo(uri string, q url.Values) string { return uri + "?" + q.Encode() }

// A Consent is a sign-in as shown on the consent page.
type Consent struct {
	Client   string // untrusted
	Scopes   []string
	Redirect string // validated
	Began    time.Time
}

// Consent finds a waiting request, or returns ErrGone.
func (s *Server) Consent(ctx context.Context, id string) (Consent, error) {
	var found Consent
	err := s.o.Store.View(ctx, func(r store.Reader) error {
		waiting, err := s.request(r, id)
		found = Consent{Client: waiting.Name, Scopes: waiting.Scopes, Redirect: waiting.Redirect, Began: waiting.Began}
		return err
	})
	return found, err
}

func (s *Server) request(r store.Reader, id string) (request, error) {
	found, _, err := requests().get(r, s.hash(id))
	if err == nil && !s.o.Now().Before(found.Ends) {
		err = ErrGone
	}
	return found, goneIfNotFound(err)
}

// Decide records the person's answer on the consent page, and returns the address to send the browser to. A request can
// be answered once.
func (s *Server) Decide(ctx context.Context, id, sessionID string, allow bool) (location string, err error) {
	err = s.o.Store.Update(ctx, func(tx store.Tx) error {
		r, err := s.request(tx, id)
		if err != nil {
			return err
		}
		who, err := s.holder(tx, sessionID)
		if err != nil {
			return err
		}
		if err := requests().remove(tx, r.ID); err != nil {
			return err
		}
		if !allow {
			location = redirectTo(r.Redirect, url.Values{
				"error": {"access_denied"}, "error_description": {"The person denied the request"}, "state": {r.State},
			})
			return s.record(tx, "user:"+who.UserName, "DenyConsent", "client:"+r.Client, r.Name)
		}
		code := randomText(32)
		location = redirectTo(r.Redirect, url.Values{"code": {code}, "state": {r.State}})
		return errors.Join(
			allowed(tx, r.Client),
			codes().Put(tx, codeGrant{
				Code: s.hash(code), Client: r.Client, Redirect: r.Redirect, Challenge: r.Challenge, Scopes: r.Scopes,
				Session: sessionID, Ends: s.o.Now().Add(codeLife),
			}),
			s.record(tx, "user:"+who.UserName, "ApproveConsent", "client:"+r.Client, r.Name))
	})
	return location, err
}

// redeemCode is CreateToken's authorization code grant. A replayed code revokes the tokens it was exchanged for: the
// error is then a keep, as the revocation must be committed.
func (s *Server) redeemCode(tx store.Tx, c client, code, redirect, verifier string) (tokenAnswer, error) {
	grant, err := codes().Get(tx, s.hash(code))
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && grant.Client != c.ID:
		return tokenAnswer{}, errCode
	case err != nil:
		return tokenAnswer{}, err
	case grant.Used:
		return tokenAnswer{}, s.takeBack(tx, grant.Family, "an authorization code was used again", errCode)
	}
	sum := sha256.Sum256([]byte(verifier))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	proven := subtle.ConstantTimeCompare([]byte(challenge), []byte(grant.Challenge)) == 1
	if !proven || !isVerifier(verifier) || grant.Redirect != redirect || !s.o.Now().Before(grant.Ends) {
		return tokenAnswer{}, errCode
	}
	who, err := s.holder(tx, grant.Session)
	if errors.Is(err, ErrNoSession) {
		return tokenAnswer{}, errCode
	}
	if err != nil {
		return tokenAnswer{}, err
	}
	grant.Used, grant.Family, grant.Ends = true, randomText(18), who.Ends
	answer, err := s.begin(tx, c, who, grant.Scopes, grant.Family)
	return answer, errors.Join(err, codes().Put(tx, grant))
}

// isVerifier checks the form of RFC 7636 section 4.1.
func isVerifier(text string) bool {
	return len(text) >= 43 && len(text) <= 128 && !strings.ContainsFunc(text, func(r rune) bool {
		return notBase64URL(r) && r != '.' && r != '~'
	})
}
