package login

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"rolecall/internal/identitycenter"
	"rolecall/internal/peer"
)

// registeredRedirect is the redirect URI of our registrations. RFC 8252 section
// 7.3 leaves the port to the moment of the request.
const registeredRedirect = "http://127.0.0.1" + callbackPath

// codeFlow is the authorization code grant with PKCE (RFC 7636) and a loopback
// redirect (RFC 8252). The answer comes to the callback listener, or pasted by
// the person from a browser on another machine; the first valid one wins.
func (l *Login) codeFlow(
	ctx context.Context, session identitycenter.SSOSession,
) (identitycenter.Token, error) {
	state, verifier := randomText(), randomText()
	callback, err := listen(l.CallbackPort, state, l.refusedCaller())
	if err != nil {
		return identitycenter.Token{}, err
	}
	defer callback.close()
	r, err := l.registration(ctx, session, "code", registeredRedirect)
	if err != nil {
		return identitycenter.Token{}, err
	}
	until := l.Now().Add(signInTimeout)
	waiting, cancel := context.WithDeadlineCause(ctx, until, &identitycenter.APIError{
		Operation: "Authorize", Kind: identitycenter.ErrExpiredCode,
	})
	endpoint := l.Service.Endpoints().OIDC
	l.Person.Authorize(Authorization{
		Session: l.Session, URL: l.authorizeURL(r, callback.redirectURI(), state, verifier),
		Endpoint: endpoint, Port: callback.server.Port, Until: until,
	})
	pasting := make(chan struct{})
	go func() {
		defer close(pasting)
		l.readPasted(waiting, callback)
	}()
	defer func() {
		cancel()
		<-pasting // then the terminal is as it was, for whoever asks next
	}()
	code, err := callback.wait(waiting)
	if err != nil {
		return identitycenter.Token{}, err
	}
	return l.Service.CodeToken(ctx, r, code, identitycenter.NewSecret(verifier), callback.redirectURI())
}

// refusedCaller tells the person, once, that somebody else called this sign-in's address.
func (l *Login) refusedCaller() func(error) {
	var once sync.Once
	return func(err error) {
		once.Do(func() {
			l.Person.Tell(peer.Who(err) + " requested the address of this sign-in, and was refused; " +
				"if that was you, paste the address where the browser ended up here")
		})
	}
}

// authorizeURL is what the browser opens (RFC 6749 section 4.1.1, RFC 7636
// section 4.3). The parameter is "scopes", as the AWS CLI sends it. An
// authorization endpoint of the registration is used on the endpoint's own host
// only, or on this machine, and is written anew: nothing in it reaches the terminal
// that is not ASCII.
func (l *Login) authorizeURL(r identitycenter.ClientRegistration, redirectURI, state, verifier string) string {
	endpoint := l.Service.Endpoints().OIDC + "/authorize"
	if given, ok := trusted(r.AuthorizationEndpoint, endpoint); ok {
		endpoint = given
	}
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type":         {"code"},
		"client_id":             {r.ClientID},
		"redirect_uri":          {redirectURI},
		"state":                 {state},
		"code_challenge_method": {"S256"},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}
	if scopes := l.Session.RegistrationScopes(); len(scopes) > 0 {
		query.Set("scopes", strings.Join(scopes, " "))
	}
	return endpoint + "?" + query.Encode()
}

func trusted(given, standard string) (endpoint string, ok bool) {
	a, errA := url.Parse(given)
	b, errB := url.Parse(standard)
	if errA != nil || errB != nil || a.Host == "" || a.User != nil || a.RawQuery != "" || a.Fragment != "" {
		return "", false
	}
	if a.Scheme == "http" {
		// a local Identity Center, maybe behind a proxy: browsers do not use that
		return a.String(), identitycenter.IsLoopback(a.Hostname())
	}
	return a.String(), a.Scheme == "https" && strings.EqualFold(a.Host, b.Host)
}

// randomText is 256 bits in base64url: a state, or a verifier of RFC 7636
// section 4.1.
func randomText() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// pasteTries is how often a person may paste anything but the address.
const pasteTries = 5

// readPasted takes the address that the person's browser ended on. What is
// pasted is never repeated in a message.
func (l *Login) readPasted(ctx context.Context, callback *callback) {
	for tries := 0; tries < pasteTries; {
		text, err := l.Person.Paste(ctx)
		if err != nil {
			return // the callback can still come
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		tries++
		if err := callback.pasted(strings.TrimSpace(text)); err == nil || ctx.Err() != nil {
			return
		} else {
			l.Person.Tell(err.Error())
		}
	}
	l.Person.Tell("no more addresses are read here; the browser can still finish the sign-in")
}

// pasted takes an address as if the browser had called it. Scheme, host, port
// and path must be those of this sign-in's redirect URI, and the state its own:
// a bare code, or the address of another sign-in, is refused.
func (c *callback) pasted(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Scheme+"://"+u.Host+u.Path != c.redirectURI() {
		return fmt.Errorf("expected an address starting with %s?", c.redirectURI())
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("that address is incomplete or was changed")
	}
	if !c.answer(query) {
		return errors.New("that address belongs to another sign-in, or is incomplete")
	}
	return nil
}
