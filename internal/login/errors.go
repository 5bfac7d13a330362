package login

import (
	"errors"
	"fmt"
	"strings"

	"rolecall/internal/cache"
	"rolecall/internal/identitycenter"
)

// A RequiredError means that only a person's sign-in to Session helps, and why.
type RequiredError struct {
	Session identitycenter.SSOSession
	Reason  string   // what happened, in words
	Facts   []string // what else is known
	Cause   error    // may be nil
}

// Error says that a sign-in is needed, and the reason.
func (e *RequiredError) Error() string {
	return fmt.Sprintf("login required for %q: %s", e.Session.Label(), e.Reason)
}

// Unwrap returns identitycenter.ErrLoginRequired, and the cause.
func (e *RequiredError) Unwrap() []error {
	if e.Cause == nil {
		return []error{identitycenter.ErrLoginRequired}
	}
	return []error{identitycenter.ErrLoginRequired, e.Cause}
}

// A ScopesError is a session whose tokens cannot reach the access portal, whoever signs in.
type ScopesError struct{ Session identitycenter.SSOSession }

// Error names the scopes, and the one that is missing.
func (e *ScopesError) Error() string {
	return fmt.Sprintf("tokens of %q cannot reach the access portal: its scopes are %s, without %s", e.Session.Label(),
		strings.Join(e.Session.Scopes, ","), identitycenter.AccessScope)
}

// An EndpointError is a token that was issued by another endpoint than the one
// in force. Nothing was sent.
type EndpointError struct {
	Session  identitycenter.SSOSession
	Issued   string // the endpoint that issued the token
	InForce  string // the endpoint that would have got it
	Override string // what sets InForce; empty when it is AWS's own
	Assumed  bool   // nothing says who issued it: it was another tool, and counts as AWS's
}

// Error names both endpoints and what sets the one in force.
func (e *EndpointError) Error() string {
	text := fmt.Sprintf("the login to %q was", e.Session.Label())
	if e.Assumed {
		text = fmt.Sprintf("another tool signed in to %q, so the login counts as", e.Session.Label())
	}
	text += fmt.Sprintf(" issued by %s, but %s is set now", e.Issued, e.InForce)
	if e.Override != "" {
		text += " (by " + e.Override + ")"
	}
	return text + "; nothing was sent"
}

// ErrDeclined is a person's no to a question of rolecall.
var ErrDeclined = errors.New("declined")

// causesLogin reports whether a cache error means no more than that there is no
// token.
func causesLogin(err error) bool {
	var damaged *cache.DamagedError
	var foreign *cache.ForeignTokenError
	return errors.Is(err, cache.ErrNotFound) || errors.As(err, &damaged) || errors.As(err, &foreign)
}

// required explains a cache error as the reason for a sign-in.
func (l *Login) required(err error) error {
	e := &RequiredError{Session: l.Session, Cause: err, Reason: err.Error()}
	if errors.Is(err, cache.ErrNotFound) {
		e.Reason = "you are not signed in"
	}
	return e
}
