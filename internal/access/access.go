// Package access is the access portal of one signed-in person. It owns what every
// question to it needs: the access token, one renewal after a 401, the pace, what is
// tried again and for how long, and pages with their bounds. Nobody above it handles
// an access token.
package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"rolecall/internal/identitycenter"
	"rolecall/internal/login"
)

// tokens keeps a session signed in: login.Login, or a Given token.
type tokens interface {
	Token(ctx context.Context) (identitycenter.Token, error)
	Renew(ctx context.Context, rejected identitycenter.Token) (identitycenter.Token, error)
	Cached(ctx context.Context) (identitycenter.Token, error)
}

// A client makes one try for each call.
type client interface {
	GetRoleCredentials(
		ctx context.Context, token identitycenter.Secret, accountID, roleName string,
	) (identitycenter.RoleCredentials, error)
	ListAccounts(
		ctx context.Context, token identitycenter.Secret, next string,
	) (page []identitycenter.Account, after string, err error)
	ListAccountRoles(
		ctx context.Context, token identitycenter.Secret, accountID, next string,
	) (page []identitycenter.Role, after string, err error)
	Logout(ctx context.Context, token identitycenter.Secret) error
}

// A pacer says when the next request may leave, and hears what the limit made of it.
type pacer interface {
	Wait(ctx context.Context, most time.Duration) error
	Succeeded()
	Throttled(retryAfter time.Duration)
	Rate() float64
}

// Options say whose portal is asked, and how.
type Options struct {
	Session  identitycenter.SSOSession
	Tokens   tokens
	Client   client
	Pace     pacer
	Patience Patience // the zero value suits a single request
	Now      func() time.Time
}

// A Portal asks the access portal for one session's person. It is safe for concurrent
// use.
type Portal struct {
	Options
	holder  *holder
	success *moment // the last request that the limit let through
}

// New makes a Portal. Nothing is asked yet.
func New(o Options) *Portal { return &Portal{o, &holder{}, &moment{}} }

// With returns the same portal with another patience.
func (p *Portal) With(patience Patience) *Portal {
	other := *p
	other.Patience = patience
	return &other
}

// SignIn makes sure that there is a token, which may need a person: after it, requests
// ask nobody until the session ends. The errors are those of login.Login.Token.
func (p *Portal) SignIn(ctx context.Context) error {
	_, err := p.current(ctx)
	return err
}

// SignOut ends the session on the server, its refresh tokens included. Role credentials
// that were handed out live on. Without a cached token there is nothing to do; a token
// that may not go to the endpoints in force is not sent: a *login.EndpointError.
func (p *Portal) SignOut(ctx context.Context) error {
	end, err := p.SigningOut(ctx)
	if err != nil {
		return err
	}
	return end(ctx)
}

// SigningOut reads the token for a SignOut that end makes later: so that a caller can forget it first, and whatever
// happens then, no token stays behind that only looks good.
func (p *Portal) SigningOut(ctx context.Context) (end func(context.Context) error, err error) {
	token, err := p.Tokens.Cached(ctx)
	var endpoint *login.EndpointError
	switch {
	case errors.As(err, &endpoint):
		return nil, err
	case err != nil: // no token, or one that nobody can read
		return func(context.Context) error { return nil }, nil
	}
	now := *p
	now.Pace = unpaced{} // whoever signs out waits for no listing
	return func(ctx context.Context) error {
		_, err := try(ctx, &now, "Logout", func() (struct{}, error) {
			return struct{}{}, p.Client.Logout(ctx, token.AccessToken)
		})
		if errors.Is(err, identitycenter.ErrUnauthorized) {
			return nil // it has ended already
		}
		return err
	}, nil
}

// An Attempt is a question with one token. It takes a lock around ask, say, which must not
// be held while a person signs in for the next attempt.
type Attempt func(ask func() (identitycenter.RoleCredentials, error)) (identitycenter.RoleCredentials, error)

// Directly is the attempt of those who need nothing around it.
func Directly(ask func() (identitycenter.RoleCredentials, error)) (identitycenter.RoleCredentials, error) {
	return ask()
}

// RoleCredentials returns the keys of roleName in accountID (GetRoleCredentials), asked for
// within attempt. The errors are those of package login, or an *identitycenter.APIError:
// ErrNoAccess is a role that is not the person's.
func (p *Portal) RoleCredentials(
	ctx context.Context, accountID, roleName string, attempt Attempt,
) (identitycenter.RoleCredentials, error) {
	return withToken(ctx, p, func(token identitycenter.Secret) (identitycenter.RoleCredentials, error) {
		return attempt(func() (identitycenter.RoleCredentials, error) {
			return try(ctx, p, "GetRoleCredentials", func() (identitycenter.RoleCredentials, error) {
				return p.Client.GetRoleCredentials(ctx, token, accountID, roleName)
			})
		})
	})
}

// Rate is how many requests a second may leave now; 0 while the service holds them back.
func (p *Portal) Rate() float64 { return p.Pace.Rate() }

// withToken asks with the token in use, and once more with a renewed one if the first is
// not accepted.
func withToken[T any](ctx context.Context, p *Portal, ask func(identitycenter.Secret) (T, error)) (T, error) {
	var none T
	token, err := p.current(ctx)
	if err != nil {
		return none, err
	}
	answer, err := ask(token.AccessToken)
	if !errors.Is(err, identitycenter.ErrUnauthorized) {
		return answer, err
	}
	if p.holder.isRenewed(token, p.Now()) { // many workers, one renewal
		return none, p.refusedAgain(err)
	}
	if token, err = p.renew(ctx, token); err != nil {
		return none, err
	}
	answer, err = ask(token.AccessToken)
	if errors.Is(err, identitycenter.ErrUnauthorized) {
		return none, p.refusedAgain(err)
	}
	return answer, err
}

// margin is the life that the token in use must have left. The cache may have a better
// one long before: package login refreshes ahead of time.
const margin = time.Minute

// A holder has the token in use. One worker seeks another one; those who want one, too,
// meanwhile, get what came of it: nobody is asked twice to sign in.
type holder struct {
	seeking singleflight.Group
	mu      sync.Mutex
	token   identitycenter.Token

	renewed   identitycenter.Secret // the access token that replaced a refused one
	renewedAt time.Time
}

// current returns the token in use, or seeks one.
func (p *Portal) current(ctx context.Context) (identitycenter.Token, error) {
	if token := p.holder.get(); token.ExpiresAt.Sub(p.Now()) > margin {
		return token, nil
	}
	return p.holder.seek("", func() (identitycenter.Token, error) { return p.Tokens.Token(ctx) })
}

// renew replaces a token that was refused, unless another worker has done so.
func (p *Portal) renew(ctx context.Context, rejected identitycenter.Token) (identitycenter.Token, error) {
	if token := p.holder.get(); !token.AccessToken.Equal(rejected.AccessToken) {
		return token, nil
	}
	return p.holder.seek(rejected.AccessToken.Reveal(), func() (identitycenter.Token, error) {
		token, err := p.Tokens.Renew(ctx, rejected)
		if err == nil {
			p.holder.noteRenewal(token, p.Now())
		}
		return token, err
	})
}

// renewedLately is how long a token that was renewed after a refusal is not renewed again.
const renewedLately = time.Minute

func (h *holder) noteRenewal(token identitycenter.Token, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.renewed, h.renewedAt = token.AccessToken, now
}

// isRenewed reports whether token has just replaced one that was refused.
func (h *holder) isRenewed(token identitycenter.Token, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.renewed.Equal(token.AccessToken) && now.Sub(h.renewedAt).Abs() < renewedLately
}

func (h *holder) get() identitycenter.Token {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.token
}

// seek is called by one worker at a time for a rejected token, or for none. It waits for
// its end whatever happens: a refresh that is under way must be saved.
func (h *holder) seek(rejected string, seek func() (identitycenter.Token, error)) (identitycenter.Token, error) {
	found, err, _ := h.seeking.Do(rejected, func() (any, error) {
		token, err := seek()
		if err == nil {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.token = token
		}
		return token, err
	})
	return found.(identitycenter.Token), err
}

// refusedAgain is a token that is not accepted although it was renewed a moment ago.
func (p *Portal) refusedAgain(err error) error {
	if !p.Session.ReachesPortal() {
		return &login.ScopesError{Session: p.Session}
	}
	return &login.RequiredError{
		Session: p.Session, Cause: err, Reason: "its token was rejected, although it was just renewed",
		Facts: []string{
			fmt.Sprintf("requested in region %s; a token is valid only in the region of its Identity Center", p.Session.Region),
			"a token with other scopes than " + identitycenter.AccessScope + " is rejected, too",
		},
	}
}

// unpaced lets requests leave at once.
type unpaced struct{}

func (unpaced) Wait(context.Context, time.Duration) error { return nil }
func (unpaced) Succeeded()                                {}
func (unpaced) Throttled(time.Duration)                   {}
func (unpaced) Rate() float64                             { return 0 }

// A Given token comes from the command line: it is used as it is.
type Given struct{ token identitycenter.Token }

// GivenToken makes a source of one access token that nobody can renew.
func GivenToken(accessToken identitycenter.Secret, now time.Time) Given {
	return Given{identitycenter.Token{AccessToken: accessToken, ExpiresAt: now.Add(24 * time.Hour)}}
}

// Token returns the given token.
func (g Given) Token(context.Context) (identitycenter.Token, error) { return g.token, nil }

// Cached returns the given token.
func (g Given) Cached(context.Context) (identitycenter.Token, error) { return g.token, nil }

// Renew returns identitycenter.ErrUnauthorized: nothing is known that renews the token.
func (g Given) Renew(context.Context, identitycenter.Token) (identitycenter.Token, error) {
	return identitycenter.Token{}, identitycenter.ErrUnauthorized
}
