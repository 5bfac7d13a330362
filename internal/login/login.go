// Package login turns an sso-session into an access token: from the cache, by
// refreshing, or by asking the person. It never prints, and leaves files to the
// store and the wire to the service passed in. It keeps to itself when a
// token is fresh, and to which endpoint a token may go.
package login

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rolecall/internal/cache"
	"rolecall/internal/identitycenter"
)

// A service is the Identity Center that a session signs in to.
type service interface {
	Endpoints() identitycenter.Endpoints
	RegisterClient(
		ctx context.Context,
		session identitycenter.SSOSession,
		redirectURI string,
	) (identitycenter.ClientRegistration, error)
	StartDeviceAuthorization(
		ctx context.Context,
		r identitycenter.ClientRegistration,
		startURL string,
	) (identitycenter.DeviceAuthorization, error)
	DeviceToken(
		ctx context.Context,
		r identitycenter.ClientRegistration,
		deviceCode identitycenter.Secret,
	) (identitycenter.Token, error)
	CodeToken(
		ctx context.Context,
		r identitycenter.ClientRegistration,
		code, verifier identitycenter.Secret,
		redirectURI string,
	) (identitycenter.Token, error)
	RefreshToken(
		ctx context.Context,
		r identitycenter.ClientRegistration,
		refreshToken identitycenter.Secret,
	) (identitycenter.Token, error)
}

// A Login keeps one session signed in.
type Login struct {
	Session identitycenter.SSOSession
	Service service
	Store   *cache.Store
	// Standard are AWS's own endpoints for the session's region, in all forms.
	Standard []identitycenter.Endpoints
	// Override says in words what sets the endpoints in force when they are not
	// AWS's, such as a variable's name; empty when they are.
	Override string
	// Explicit: a person named the endpoint on this very command line.
	Explicit bool
	// FindRegion finds the region of a start URL, to explain a refusal and to spare
	// the person a sign-in that cannot succeed. Nil: it is not looked for.
	FindRegion func(ctx context.Context, startURL string) (string, error)
	// FindIssuer returns the start URL that AWS knows, and the region that its host holds or "": a start URL at a
	// host of the person's own leads to AWS's by one redirect. Nil: the session's start URL is sent as it is.
	FindIssuer func(ctx context.Context, startURL string) (issuer, region string, err error)
	// Person is who can sign in; nil when nobody is at a terminal.
	Person Person
	// DeviceCode asks for the device flow instead of PKCE.
	DeviceCode bool
	// CallbackPort is the port of the callback listener; 0 takes a free one.
	CallbackPort int
	// Warn is told what went wrong without harm to the answer.
	Warn func(error)
	Now  func() time.Time
}

// Token returns an access token that is good for a while: the cached one, a
// refreshed one, or one from a new sign-in when there is a Person. Otherwise the
// error is a RequiredError.
func (l *Login) Token(ctx context.Context) (identitycenter.Token, error) {
	return l.token(ctx, identitycenter.Token{})
}

// Renew returns a token other than rejected, which the portal did not accept: one
// that another process saved meanwhile, a refreshed one, or one from a new sign-in.
func (l *Login) Renew(ctx context.Context, rejected identitycenter.Token) (identitycenter.Token, error) {
	return l.token(ctx, rejected)
}

func (l *Login) token(ctx context.Context, rejected identitycenter.Token) (identitycenter.Token, error) {
	token, err := l.unattended(ctx, rejected)
	if l.Person != nil && errors.Is(err, identitycenter.ErrLoginRequired) {
		return l.signIn(ctx, rejected)
	}
	return token, err
}

// unattended returns a token without a person: the cached one while it is fresh,
// else a refreshed one.
func (l *Login) unattended(ctx context.Context, rejected identitycenter.Token) (identitycenter.Token, error) {
	token, err := l.Store.Token(ctx, l.Session)
	if err == nil && l.Store.IsBare(token) {
		l.adopt(ctx)
		token, err = l.Store.Token(ctx, l.Session)
	}
	if err == nil && l.fresh(token) {
		token, err = l.readable(ctx, token)
		if err == nil && !same(token, rejected) {
			return token, l.guard(token)
		}
	}
	if err != nil && !causesLogin(err) && !errors.Is(err, cache.ErrChanged) {
		return token, err
	}
	return l.refresh(ctx, rejected)
}

// same reports whether two tokens are one; the zero token is like no other.
func same(a, b identitycenter.Token) bool {
	return !b.AccessToken.IsZero() && a.AccessToken.Equal(b.AccessToken)
}

// expiryMargin is the life below which a token is not sent any more: the request
// takes a moment, too.
const expiryMargin = 10 * time.Second

func (l *Login) valid(t identitycenter.Token) bool {
	return t.ExpiresAt.Sub(l.Now()) > expiryMargin
}

// fresh reports whether t need not be refreshed yet. The AWS CLI and boto3 start
// to refresh with 15 minutes left and take no lock: with 16 minutes they find
// nothing to do. Tokens of less than an hour are used for at least half of it.
func (l *Login) fresh(t identitycenter.Token) bool {
	if !t.Refreshable(l.Now()) {
		return l.valid(t)
	}
	life := time.Hour
	if known := l.Store.SessionNote(l.Session).Life; known > 0 {
		life = time.Duration(known) * time.Second
	}
	window := 16 * time.Minute
	if life < time.Hour {
		window = min(life/2, max(5*time.Minute, life/5))
	}
	return t.ExpiresAt.Sub(l.Now()) > window
}

// Cached returns the session's cached token, expired or not, checked to be one
// that may go to the endpoints in force. For a sign-out.
func (l *Login) Cached(ctx context.Context) (identitycenter.Token, error) {
	token, err := l.Store.Token(ctx, l.Session)
	if err == nil {
		token, err = l.readable(ctx, token)
	}
	if err != nil {
		return token, err
	}
	return token, l.guard(token)
}

// AtHome refuses endpoints in force that did not issue what is cached of the session:
// its keys, too, may only go back to their issuer. Without a cached token the session's start
// URL says who that is.
func (l *Login) AtHome(ctx context.Context) error {
	token, err := l.Store.Token(ctx, l.Session)
	if err != nil {
		token = identitycenter.Token{StartURL: l.Session.StartURL}
	}
	return l.guard(token)
}

func (l *Login) warn(format string, args ...any) {
	if l.Warn != nil {
		l.Warn(fmt.Errorf(format, args...))
	}
}
