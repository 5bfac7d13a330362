// SSO OIDC promises the clients of people that
//   - a person's answer, and nothing else, turns a device code or an authorization code into tokens, once;
//   - a replayed code revokes what it was exchanged for, and so does an old refresh token;
//   - a refresh token that was just replaced gets the same answer again, since answers get lost and processes run at
//
// once;
//   - tokens open the portal for as long as their session lives, and not a moment longer;
//   - what strangers may do without a sign-in is bounded: guesses, registrations, requests.
package oidc_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
)

const (
	device  = "urn:ietf:params:oauth:grant-type:device_code"
	code    = "authorization_code"
	refresh = "refresh_token"
)

func TestTheDeviceGrant(t *testing.T) {
	w := newWorld(t, oidc.Options{})
	c, session := w.register(device, refresh), w.signIn("alice")
	d := w.start(c)
	if !strings.HasSuffix(*d.VerificationUriComplete, "/device?user_code="+*d.UserCode) || d.Interval != 1 ||
		d.ExpiresIn != 600 {
		t.Errorf("%+v", d)
	}
	_, err := w.token(c, deviceCode(d))
	w.refused("before the answer", err, "AuthorizationPendingException")
	typed := " " + strings.ToLower(strings.ReplaceAll(*d.UserCode, "-", " ")) // as people type it
	shown, err := w.Device(t.Context(), typed, session)
	if err != nil || shown.UserCode != *d.UserCode || shown.Client != "test" {
		t.Errorf("the page shows %+v, %v", shown, err)
	}
	w.must(w.DecideDevice(t.Context(), typed, session, true))
	if err := w.DecideDevice(t.Context(), typed, session, false); !errors.Is(err, oidc.ErrGone) {
		t.Errorf("answered again: %v", err)
	}
	out, err := w.token(c, deviceCode(d))
	w.must(err)
	if w.owner(out.AccessToken) != "alice" || out.RefreshToken == nil || out.ExpiresIn != 3600 ||
		*out.TokenType != "Bearer" {
		t.Errorf("%q has %+v", w.owner(out.AccessToken), out)
	}
	_, err = w.token(c, deviceCode(d))
	w.refused("a code that was used", err, "InvalidGrantException")
}

func TestDeviceCodesThatGiveNothing(t *testing.T) {
	w := newWorld(t, oidc.Options{})
	c, session := w.register(device, refresh), w.signIn("alice")
	denied, late := w.start(c), w.start(c)
	w.must(w.DecideDevice(t.Context(), *denied.UserCode, session, false))
	_, err := w.token(c, deviceCode(denied))
	w.refused("denied", err, "AccessDeniedException")
	_, err = w.token(w.register(device), deviceCode(late))
	w.refused("another client's", err, "InvalidGrantException")
	_, err = w.token(c, ssooidc.CreateTokenInput{GrantType: aws.String(device), DeviceCode: aws.String("made up")})
	w.refused("made up", err, "InvalidGrantException")
	w.ahead = 10 * time.Minute
	_, err = w.token(c, deviceCode(late))
	w.refused("too late", err, "ExpiredTokenException")
	if err := w.DecideDevice(t.Context(), *late.UserCode, session, true); !errors.Is(err, oidc.ErrGone) {
		t.Errorf("answered too late: %v", err)
	}
	approved := w.start(c)
	w.must(w.DecideDevice(t.Context(), *approved.UserCode, session, true))
	w.must(w.EndSession(t.Context(), session, "user:alice"))
	_, err = w.token(c, deviceCode(approved))
	w.refused("signed out since", err, "AccessDeniedException")
}

const redirect, verifier = "http://127.0.0.1:45678/oauth/callback", "0123456789012345678901234567890123456789012"

// authorization is a call of /authorize.
func authorization(c client) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	return url.Values{
		"response_type": {"code"}, "client_id": {*c.ClientId}, "redirect_uri": {redirect}, "state": {"s"}, "scopes": {
			"sso:account:access",
		},
		"code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
	}
}

// decide goes through consent, and returns where the browser is sent.
func (w *world) decide(c client, session string, allow bool) *url.URL {
	w.Helper()
	id, refusal, err := w.Authorize(w.Context(), authorization(c))
	if err != nil || refusal != "" {
		w.Fatal(refusal, err)
	}
	if asked, err := w.Consent(w.Context(), id); err != nil || asked.Client != "test" || asked.Redirect != redirect {
		w.Errorf("the page asks %+v, %v", asked, err)
	}
	to, err := w.Decide(w.Context(), id, session, allow)
	w.must(err)
	if _, err := w.Decide(w.Context(), id, session, true); !errors.Is(err, oidc.ErrGone) {
		w.Errorf("answered again: %v", err)
	}
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, redirect+"?") || u.Query().Get("state") != "s" {
		w.Fatal(to, err)
	}
	return u
}

func redeem(code, verifier string) ssooidc.CreateTokenInput {
	return ssooidc.CreateTokenInput{
		GrantType: aws.String("authorization_code"), Code: &code, RedirectUri: aws.String(redirect), CodeVerifier: &verifier,
	}
}

func TestTheAuthorizationCodeGrant(t *testing.T) {
	w := newWorld(t, oidc.Options{})
	c, session := w.register(code, refresh), w.signIn("alice")
	if to := w.decide(c, session, false); to.Query().Get("error") != "access_denied" || to.Query().Has("code") {
		t.Errorf("denied: %s", to)
	}
	got := w.decide(c, session, true).Query().Get("code")
	for what, in := range map[string]ssooidc.CreateTokenInput{
		"another verifier": redeem(got, strings.Repeat("x", 43)), "a code made up": redeem("x", verifier),
		"a short verifier": redeem(got, "x"),
	} {
		_, err := w.token(c, in)
		w.refused(what, err, "InvalidGrantException")
	}
	_, err := w.token(w.register(code), redeem(got, verifier))
	w.refused("another client", err, "InvalidGrantException")
	out, err := w.token(c, redeem(got, verifier))
	w.must(err)
	if w.owner(out.AccessToken) != "alice" || out.RefreshToken == nil {
		t.Errorf("%q has %+v", w.owner(out.AccessToken), out)
	}
	_, err = w.token(c, redeem(got, verifier))
	w.refused("a code that comes again", err, "InvalidGrantException")
	if owner := w.owner(out.AccessToken); owner != "" {
		t.Errorf("what it gave is still %q's", owner)
	}
	_, err = w.refresh(c, out.RefreshToken)
	w.refused("what it gave", err, "InvalidGrantException")
	late := w.decide(c, session, true).Query().Get("code")
	w.ahead = time.Minute
	_, err = w.token(c, redeem(late, verifier))
	w.refused("after a minute", err, "InvalidGrantException")
}

func TestRefreshTokens(t *testing.T) {
	w := newWorld(t, oidc.Options{})
	c := w.register(device, refresh)
	first := w.signedIn(c, "alice")
	second, err := w.refresh(c, first.RefreshToken)
	w.must(err)
	again, err := w.refresh(c, first.RefreshToken)
	w.must(err)
	if *again.AccessToken != *second.AccessToken || *again.RefreshToken != *second.RefreshToken ||
		*second.RefreshToken == *first.RefreshToken {
		t.Error("the same question at once got another answer, or no new token")
	}
	_, err = w.refresh(w.register(device, refresh), second.RefreshToken)
	w.refused("another client", err, "InvalidGrantException")
	w.ahead = 31 * time.Second
	_, err = w.refresh(c, first.RefreshToken)
	w.refused("the old one half a minute later", err, "InvalidGrantException")
	_, err = w.refresh(c, second.RefreshToken)
	w.refused("its successor, too", err, "InvalidGrantException")
	if owner := w.owner(second.AccessToken); owner != "" {
		t.Errorf("its access token is still %q's", owner)
	}
}

func TestTokensEndWithTheirSession(t *testing.T) {
	w := newWorld(t, oidc.Options{SessionLife: 90 * time.Minute})
	c := w.register(device, refresh)
	tokens, other := w.signedIn(c, "alice"), w.signedIn(c, "alice")
	w.ahead = time.Hour
	if owner := w.owner(tokens.AccessToken); owner != "" {
		t.Errorf("after an hour it is %q's", owner)
	}
	last, err := w.refresh(c, tokens.RefreshToken)
	w.must(err)
	if last.ExpiresIn > 1800 {
		t.Errorf("it outlives its session: %d seconds", last.ExpiresIn)
	}
	w.must(w.data.Store.View(t.Context(), func(r store.Reader) error {
		live, err := w.Sessions(r, "")
		if len(live) != 2 {
			t.Errorf("live sessions: %v", live)
		}
		return err
	}))
	w.ahead = 90 * time.Minute
	for what, token := range map[string]*string{
		"its own refresh token": last.RefreshToken, "another session's": other.RefreshToken,
	} {
		_, err = w.refresh(c, token)
		w.refused(what+" after the session", err, "InvalidGrantException")
	}
}

func TestStrangersAreBounded(t *testing.T) {
	w := newWorld(t, oidc.Options{})
	session := w.signIn("alice")
	var err error
	for range 6 {
		_, err = w.Device(t.Context(), "BCDF-GHJK", session)
	}
	if !errors.Is(err, oidc.ErrTooMany) {
		t.Errorf("the sixth guess: %v", err)
	}
	for range 601 {
		_, err = w.sdk.RegisterClient(t.Context(),
			&ssooidc.RegisterClientInput{ClientName: aws.String("test"), ClientType: aws.String("public")})
	}
	w.refused("the 601st registration", err, "TooManyRequestsException")
	if w.ahead = time.Minute; w.register(device).ClientId == nil {
		t.Error("a minute later there is none")
	}
}
