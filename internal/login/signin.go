package login

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rolecall/internal/cache"
	"rolecall/internal/identitycenter"
)

// A Person is who signs in, at a terminal. Every method but Paste and Confirm
// returns at once.
type Person interface {
	// Authorize shows the address of the sign-in page, and may open it.
	Authorize(a Authorization)
	// Device shows the user code and where to type it, and may open that page.
	Device(session identitycenter.SSOSession, d identitycenter.DeviceAuthorization)
	// Paste reads the address that the person's browser ended on, for a browser
	// on another machine. It blocks until there is one, or ctx ends.
	Paste(ctx context.Context) (string, error)
	// Waiting says that holder is signing in to the same session.
	Waiting(session identitycenter.SSOSession, holder string)
	// Confirm asks a yes-or-no question.
	Confirm(ctx context.Context, question string) (bool, error)
	// Tell says one line.
	Tell(line string)
}

// An Authorization is a PKCE sign-in that waits for the person.
type Authorization struct {
	Session  identitycenter.SSOSession
	URL      string    // to open in a browser; it holds no secret
	Endpoint string    // the OIDC endpoint that gets the code
	Port     int       // of the callback listener on 127.0.0.1
	Until    time.Time // then the sign-in is given up
}

// signInTimeout is how long a code sign-in waits for the person, as in the AWS
// CLI.
const signInTimeout = 10 * time.Minute

// SigningOut prepares a sign-out of the present session, which end makes on the server. Its error is an EndpointError:
// there is nothing of ours at the server in force.
type SigningOut = func(context.Context) (end func(context.Context) error, err error)

// SignIn is the login command. Without signOut, a token that is good already is
// returned, with already true. With it, the person signs in again, after signOut has ended
// the present session on the server: so the new one has its full length and the newest
// assignments.
func (l *Login) SignIn(
	ctx context.Context, signOut SigningOut,
) (token identitycenter.Token, already bool, err error) {
	if signOut == nil {
		token, err = l.unattended(ctx, identitycenter.Token{})
		if !errors.Is(err, identitycenter.ErrLoginRequired) && !isEndpointError(err) {
			return token, err == nil, err
		}
	}
	if l.Person == nil {
		return token, false, l.nobody(err)
	}
	unlock, err := l.lockLogin(ctx)
	if err != nil {
		return token, false, err
	}
	defer unlock()
	if signOut == nil {
		if token, err := l.unattended(ctx, identitycenter.Token{}); err == nil {
			return token, true, nil // another process signed in while we waited
		}
	}
	token, err = l.personSignsIn(ctx, signOut)
	return token, false, err
}

func isEndpointError(err error) bool {
	var endpoint *EndpointError
	return errors.As(err, &endpoint)
}

// nobody reports that a person is needed and there is none.
func (l *Login) nobody(err error) error {
	if err == nil {
		err = &RequiredError{Session: l.Session, Reason: "there is no terminal to sign in from"}
	}
	return err
}

// signIn is the sign-in that another command found to be needed.
func (l *Login) signIn(ctx context.Context, rejected identitycenter.Token) (identitycenter.Token, error) {
	unlock, err := l.lockLogin(ctx)
	if err != nil {
		return identitycenter.Token{}, err
	}
	defer unlock()
	if token, err := l.unattended(ctx, rejected); err == nil {
		return token, nil // one sign-in serves all who waited for it
	}
	return l.personSignsIn(ctx, nil)
}

func (l *Login) lockLogin(ctx context.Context) (func(), error) {
	return l.Store.LockLogin(ctx, l.Session, func(holder string) { l.Person.Waiting(l.Session, holder) })
}

// personSignsIn has the person sign in, and saves what that brought. signOut, if any, comes
// when nothing of ours can stop the sign-in any more.
func (l *Login) personSignsIn(
	ctx context.Context, signOut SigningOut,
) (identitycenter.Token, error) {
	if !l.Session.ReachesPortal() {
		return identitycenter.Token{}, &ScopesError{l.Session}
	}
	session, err := l.issued(ctx)
	if err != nil {
		return identitycenter.Token{}, err
	}
	if err := l.confirmEndpoint(ctx); err != nil {
		return identitycenter.Token{}, err
	}
	room, err := l.Store.ReserveToken(ctx, l.Session) // a full disk, or no key, shows before the person is asked
	if err != nil {
		return identitycenter.Token{}, err
	}
	room.Discard()
	if room.Unsealed != nil && l.Session.Name != "" {
		l.warn("without a key, the refresh token is dropped; %s: %w",
			"sign in again when the access token expires, in about an hour", room.Unsealed)
	}
	if signOut != nil {
		if err := l.signOut(ctx, signOut); err != nil {
			return identitycenter.Token{}, fmt.Errorf("signing out before the new login: %w", err)
		}
	}
	var token identitycenter.Token
	if l.DeviceCode {
		token, err = l.deviceFlow(ctx, session)
	} else {
		token, err = l.codeFlow(ctx, session)
	}
	if err != nil {
		return token, l.explainRefusal(err)
	}
	token.StartURL, token.Region = l.Session.StartURL, l.Session.Region
	return token, l.save(ctx, token)
}

// signOut forgets the token before the server ends its session: after a crash in between, a token that only looks good
// would keep the next login from signing in. If the server cannot be asked, the token comes back.
func (l *Login) signOut(ctx context.Context, signOut SigningOut) error {
	end, err := signOut(ctx)
	if isEndpointError(err) {
		return nil
	}
	if err != nil {
		return err
	}
	unlock, err := l.Store.LockRefresh(ctx, l.Session)
	if err != nil {
		return err
	}
	defer unlock()
	token, unreadable := l.Store.Token(ctx, l.Session)
	if unreadable == nil {
		token, unreadable = l.unsealed(ctx, token)
	}
	if err := l.Store.RemoveToken(l.Session); err != nil {
		return err
	}
	err = end(ctx)
	if err == nil || unreadable != nil {
		return err
	}
	room, noRoom := l.Store.ReserveToken(ctx, l.Session)
	if noRoom != nil {
		return errors.Join(err, noRoom)
	}
	defer room.Discard()
	return errors.Join(err, room.Save(ctx, token))
}

// confirmEndpoint asks before a sign-in goes to an endpoint that is not AWS's
// and not on this machine, or takes the place of another endpoint's token.
func (l *Login) confirmEndpoint(ctx context.Context) error {
	inForce := l.Service.Endpoints()
	note := l.Store.SessionNote(l.Session)
	if l.Explicit || l.standard(inForce) && note.OIDC == "" || issuedNote(note) == inForce || l.given(inForce) {
		return nil
	}
	question := ""
	if token, err := l.Store.Token(ctx, l.Session); err == nil && l.guard(token) != nil {
		question = fmt.Sprintf(
			"the cached login to %q is from another endpoint than %s; replace it?",
			l.Session.Label(),
			inForce.OIDC,
		)
	} else if !l.standard(inForce) && !sameLoopback(l.Session.StartURL, inForce) {
		question = fmt.Sprintf("sign in to %q at %s, which is not AWS (set by %s)?", l.Session.Label(), inForce.OIDC,
			l.Override)
	}
	if question == "" {
		return nil
	}
	yes, err := l.Person.Confirm(ctx, question)
	if err == nil && !yes {
		err = fmt.Errorf("login to %q at %s: %w", l.Session.Label(), inForce.OIDC, ErrDeclined)
	}
	return err
}

// save puts token where the AWS CLI and SDKs find it, and notes who issued it.
func (l *Login) save(ctx context.Context, token identitycenter.Token) error {
	unlock, err := l.Store.LockRefresh(ctx, l.Session)
	if err != nil {
		return err
	}
	defer unlock()
	room, err := l.Store.ReserveToken(ctx, l.Session)
	if err != nil {
		return err
	}
	defer room.Discard()
	inForce := l.Service.Endpoints()
	note := cache.SessionNote{
		OIDC: inForce.OIDC, Portal: inForce.Portal, ClientID: token.Registration.ClientID, Explicit: l.Explicit,
		Login: l.Now().UTC(), // to the nanosecond: keys cached before it may be another person's
		Life:  int64(token.ExpiresAt.Sub(l.Now()).Round(time.Second).Seconds()),
	}
	note.Saved(token)
	before := l.Store.SessionNote(l.Session)
	note.Person, note.PersonOf = before.Person, before.PersonOf
	// The note first: a token without it counts as AWS's own, and would be kept
	// from the endpoint that issued it.
	if err := l.Store.SaveSessionNote(l.Session, note); err != nil {
		return err
	}
	return room.Save(ctx, token)
}

// explainRefusal says in a person's words how a sign-in ended.
func (l *Login) explainRefusal(err error) error {
	var start *StartURLError
	var answer *identitycenter.APIError
	switch {
	case errors.As(err, &start):
		return err
	case errors.Is(err, identitycenter.ErrAccessDenied) && errors.As(err, &answer) &&
		(answer.Operation == "Authorize" || answer.Operation == "CreateToken"):
		return fmt.Errorf("login to %q was denied in the browser: %w", l.Session.Label(), err)
	case errors.Is(err, identitycenter.ErrExpiredCode):
		return fmt.Errorf("login to %q was not approved in time: %w", l.Session.Label(), err)
	case errors.Is(err, context.Canceled):
		return err
	}
	return fmt.Errorf("login to %q: %w", l.Session.Label(), err)
}

// registration returns the cached client registration for a flow, or a new one.
func (l *Login) registration(
	ctx context.Context, session identitycenter.SSOSession, flow, redirectURI string,
) (identitycenter.ClientRegistration, error) {
	endpoint := l.Service.Endpoints().OIDC
	if r, err := l.Store.Registration(session, endpoint, flow); err == nil && l.stillKnown(ctx, r) {
		return r, nil
	}
	if redirectURI == "" {
		if err := l.checkRegion(ctx); err != nil {
			return identitycenter.ClientRegistration{}, err
		}
	}
	r, err := l.Service.RegisterClient(ctx, session, redirectURI)
	if err != nil {
		return r, l.explainStartURL(ctx, err)
	}
	if err := l.Store.SaveRegistration(session, endpoint, flow, r); err != nil {
		l.warn("the client registration was not cached: %w", err)
	}
	return r, nil
}

// stillKnown reports whether the server knows a cached registration. AWS keeps
// one for its 90 days. A local Identity Center may have been restarted empty, and its
// error would show in the browser only, where nothing can heal it: it is asked
// for a refresh that it must refuse, and the refusal tells.
func (l *Login) stillKnown(ctx context.Context, r identitycenter.ClientRegistration) bool {
	if l.standard(l.Service.Endpoints()) {
		return true
	}
	_, err := l.Service.RefreshToken(ctx, r, identitycenter.NewSecret("is-this-client-known"))
	return !errors.Is(err, identitycenter.ErrInvalidClient)
}
