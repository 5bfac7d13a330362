package login

import (
	"net/url"
	"slices"
	"strings"

	"rolecall/internal/cache"
	"rolecall/internal/identitycenter"
)

// guard refuses to send token, or anything that came with it, to an endpoint
// that did not issue it: one stray variable must not collect a token that is
// good for months.
func (l *Login) guard(token identitycenter.Token) error {
	inForce := l.Service.Endpoints()
	note := l.Store.SessionNote(l.Session)
	issued, known := issuer(token, note)
	switch {
	case known && (issued == inForce || l.standard(issued) && l.standard(inForce)):
		return nil
	case l.given(inForce) && (!known || isLocal(issued)): // a local server may be back on another port
		return nil
	case known:
	case l.standard(inForce), sameLoopback(token.StartURL, inForce), note.Explicit && issuedNote(note) == inForce:
		return nil
	default:
		issued = l.Standard[0]
	}
	e := &EndpointError{
		Session: l.Session, Issued: issued.OIDC, InForce: inForce.OIDC, Override: l.Override,
		Assumed: !known && !token.AccessToken.IsZero(),
	}
	if issued.OIDC == inForce.OIDC {
		e.Issued, e.InForce = issued.Portal, inForce.Portal
	}
	return e
}

// issuer returns the endpoints that issued token, when that was noted: for tokens
// of the registration that we signed in with. Tokens of other tools have no note.
func issuer(token identitycenter.Token, note cache.SessionNote) (identitycenter.Endpoints, bool) {
	return issuedNote(note), note.ClientID != "" && note.ClientID == token.Registration.ClientID
}

func issuedNote(note cache.SessionNote) identitycenter.Endpoints {
	return identitycenter.Endpoints{OIDC: note.OIDC, Portal: note.Portal}
}

// given reports whether a person gave e to the session's start URL in a step of its own, such
// as "rolecall idc configure".
func (l *Login) given(e identitycenter.Endpoints) bool {
	given, ok := l.Store.GivenEndpoints(l.Session.StartURL)
	return ok && given == e
}

func isLocal(e identitycenter.Endpoints) bool {
	for _, endpoint := range []string{e.OIDC, e.Portal} {
		if u, err := url.Parse(endpoint); err != nil || !identitycenter.IsLoopback(u.Hostname()) {
			return false
		}
	}
	return true
}

func (l *Login) standard(e identitycenter.Endpoints) bool { return slices.Contains(l.Standard, e) }

// sameLoopback reports whether both endpoints are the very server on this
// machine that the token's own start URL names.
func sameLoopback(startURL string, e identitycenter.Endpoints) bool {
	start, err := url.Parse(startURL)
	if err != nil || !identitycenter.IsLoopback(start.Hostname()) {
		return false
	}
	for _, endpoint := range []string{e.OIDC, e.Portal} {
		u, err := url.Parse(endpoint)
		if err != nil || !strings.EqualFold(u.Host, start.Host) {
			return false
		}
	}
	return true
}
