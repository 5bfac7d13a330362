package oidc_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/smithy-go"

	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
)

const origin = "http://oidc.example"

// A world is the service over the sample directory, with a clock that the test moves.
type world struct {
	*testing.T
	*oidc.Server
	data  *idc.Data
	sdk   *ssooidc.Client
	http  *http.Client
	ahead time.Duration
}

func newWorld(t *testing.T, o oidc.Options) *world {
	t.Helper()
	data, _, err := idctest.Sample()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	w := &world{T: t, data: data}
	o.URL, o.Region, o.Store, o.Secret = origin, "us-east-1", data.Store, data.Secret
	start := time.Now()
	o.Now = func() time.Time { return start.Add(w.ahead) }
	if w.Server, err = oidc.New(o); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	w.Mount(mux)
	w.http = &http.Client{Transport: idctest.InProcess{Handler: mux}}
	w.sdk = ssooidc.New(ssooidc.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(origin), HTTPClient: w.http, RetryMaxAttempts: 1,
	})
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// refused checks for an exception of AWS by name.
func (w *world) refused(what string, err error, code string) {
	w.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code {
		w.Errorf("%s: %v, want %s", what, err, code)
	}
}

// A client is a registration.
type client struct{ *ssooidc.RegisterClientOutput }

func (w *world) register(grants ...string) client {
	w.Helper()
	out, err := w.sdk.RegisterClient(w.Context(), &ssooidc.RegisterClientInput{
		ClientName: aws.String("test"), ClientType: aws.String("public"), Scopes: []string{"sso:account:access"},
		GrantTypes:   grants,
		RedirectUris: []string{"http://127.0.0.1/oauth/callback"}, IssuerUrl: aws.String(origin + "/start"),
	})
	w.must(err)
	return client{out}
}

func (w *world) user(name string) (u directory.User) {
	w.Helper()
	w.must(w.data.Store.View(w.Context(), func(r store.Reader) (err error) {
		u, err = directory.Users().Find(r, directory.NameKey(name))
		return err
	}))
	return u
}

func (w *world) signIn(name string) string {
	w.Helper()
	id, err := w.SignIn(w.Context(), w.user(name))
	w.must(err)
	return id
}

func (w *world) start(c client) *ssooidc.StartDeviceAuthorizationOutput {
	w.Helper()
	out, err := w.sdk.StartDeviceAuthorization(w.Context(), &ssooidc.StartDeviceAuthorizationInput{
		ClientId: c.ClientId, ClientSecret: c.ClientSecret, StartUrl: aws.String("https://d-1234567890.awsapps.com/start"),
	})
	w.must(err)
	return out
}

func deviceCode(d *ssooidc.StartDeviceAuthorizationOutput) ssooidc.CreateTokenInput {
	return ssooidc.CreateTokenInput{
		GrantType: aws.String("urn:ietf:params:oauth:grant-type:device_code"), DeviceCode: d.DeviceCode,
	}
}

func (w *world) token(c client, in ssooidc.CreateTokenInput) (*ssooidc.CreateTokenOutput, error) {
	in.ClientId, in.ClientSecret = c.ClientId, c.ClientSecret
	return w.sdk.CreateToken(w.Context(), &in)
}

func (w *world) refresh(c client, token *string) (*ssooidc.CreateTokenOutput, error) {
	return w.token(c, ssooidc.CreateTokenInput{GrantType: aws.String("refresh_token"), RefreshToken: token})
}

// signedIn begins a session of a user, and returns its tokens.
func (w *world) signedIn(c client, name string) *ssooidc.CreateTokenOutput {
	w.Helper()
	d := w.start(c)
	w.must(w.DecideDevice(w.Context(), *d.UserCode, w.signIn(name), true))
	out, err := w.token(c, deviceCode(d))
	w.must(err)
	return out
}

// owner is whose token it is, or empty.
func (w *world) owner(token *string) (name string) {
	w.Helper()
	w.must(w.data.Store.View(w.Context(), func(r store.Reader) error {
		s, err := w.User(r, *token)
		name = s.UserName
		if errors.Is(err, oidc.ErrNoSession) {
			err = nil
		}
		return err
	}))
	return name
}

func TestWhatIsNotRegistered(t *testing.T) {
	w := newWorld(t, oidc.Options{})
	good := ssooidc.RegisterClientInput{ClientName: aws.String("test"), ClientType: aws.String("public")}
	for what, x := range map[string]struct {
		change func(*ssooidc.RegisterClientInput)
		code   string
	}{
		"no name": {func(in *ssooidc.RegisterClientInput) {
			in.ClientName = aws.String("")
		}, "InvalidRequestException"},
		"a confidential": {func(in *ssooidc.RegisterClientInput) {
			in.ClientType = aws.String("confidential")
		}, "InvalidClientMetadataException"},
		"another issuer": {func(in *ssooidc.RegisterClientInput) {
			in.IssuerUrl = aws.String("https://idp.example.com/")
		}, "InvalidClientMetadataException"},
		"a strange grant": {func(in *ssooidc.RegisterClientInput) {
			in.GrantTypes = []string{"password"}
		}, "UnsupportedGrantTypeException"},
		"no redirect": {func(in *ssooidc.RegisterClientInput) {
			in.GrantTypes = []string{code}
		}, "InvalidRedirectUriException"},
		"https": {func(in *ssooidc.RegisterClientInput) {
			in.GrantTypes, in.RedirectUris = []string{code}, []string{"https://127.0.0.1/"}
		}, "InvalidRedirectUriException"},
		"another machine": {func(in *ssooidc.RegisterClientInput) {
			in.GrantTypes, in.RedirectUris = []string{code}, []string{"http://192.0.2.1/"}
		}, "InvalidRedirectUriException"},
		"no port": {func(in *ssooidc.RegisterClientInput) {
			in.GrantTypes, in.RedirectUris = []string{code}, []string{"http://127.0.0.1:0/"}
		}, "InvalidRedirectUriException"},
		"many scopes": {func(in *ssooidc.RegisterClientInput) {
			in.Scopes = make([]string, 33)
		}, "InvalidClientMetadataException"},
	} {
		in := good
		x.change(&in)
		_, err := w.sdk.RegisterClient(t.Context(), &in)
		w.refused(what, err, x.code)
	}
	answer, err := w.http.Post(origin+"/client/register", "application/json", strings.NewReader("{"))
	if err != nil || answer.StatusCode != http.StatusBadRequest {
		t.Errorf("no JSON: %v, %v", answer, err)
	}
}

func TestWhatIsNotAuthorized(t *testing.T) {
	w := newWorld(t, oidc.Options{})
	c := w.register(code, refresh)
	var unanswerable *oidc.AuthorizeError
	for name, value := range map[string]string{
		"client_id": "x", "redirect_uri": "http://127.0.0.1/elsewhere", "state": strings.Repeat("x", 3000),
	} {
		q := authorization(c)
		q.Set(name, value)
		if id, refusal, err := w.Authorize(t.Context(), q); !errors.As(err, &unanswerable) || refusal != "" {
			t.Errorf("%s: %q, %q, %v", name, id, refusal, err)
		}
	}
	for name, value := range map[string]string{
		"response_type": "token", "code_challenge_method": "plain", "code_challenge": "x", "scopes": "admin",
	} {
		q := authorization(c)
		q.Set(name, value)
		if id, refusal, err := w.Authorize(t.Context(), q); err != nil || id != "" ||
			!strings.HasPrefix(refusal, redirect+"?error=") {
			t.Errorf("%s: %q, %q, %v", name, id, refusal, err)
		}
	}
	q := authorization(w.register(device))
	if _, _, err := w.Authorize(t.Context(), q); !errors.As(err, &unanswerable) {
		t.Errorf("a client of the device grant: %v", err)
	}
	if _, err := w.Consent(t.Context(), "nothing"); !errors.Is(err, oidc.ErrGone) {
		t.Errorf("no request: %v", err)
	}
}

func TestWhatGetsNoTokens(t *testing.T) {
	w := newWorld(t, oidc.Options{})
	c := w.register(device, refresh)
	for what, x := range map[string]struct {
		in   ssooidc.CreateTokenInput
		code string
	}{
		"nothing":          {ssooidc.CreateTokenInput{GrantType: aws.String("")}, "InvalidRequestException"},
		"no device code":   {ssooidc.CreateTokenInput{GrantType: aws.String(device)}, "InvalidRequestException"},
		"a strange grant":  {ssooidc.CreateTokenInput{GrantType: aws.String("password")}, "UnsupportedGrantTypeException"},
		"an unasked grant": {redeem("x", verifier), "UnauthorizedClientException"},
		"no refresh token": {ssooidc.CreateTokenInput{GrantType: aws.String(refresh)}, "InvalidRequestException"},
		"a token made up": {
			ssooidc.CreateTokenInput{GrantType: aws.String(refresh), RefreshToken: aws.String("x")}, "InvalidGrantException",
		},
		"a token of another": {
			ssooidc.CreateTokenInput{
				GrantType: aws.String(refresh), RefreshToken: w.signedIn(w.register(device, refresh), "bob").RefreshToken,
			}, "InvalidGrantException",
		},
	} {
		_, err := w.token(c, x.in)
		w.refused(what, err, x.code)
	}
	wrong := client{&ssooidc.RegisterClientOutput{ClientId: c.ClientId, ClientSecret: aws.String("x")}}
	_, err := w.refresh(wrong, aws.String("x"))
	w.refused("another secret", err, "InvalidClientException")
	_, err = w.sdk.StartDeviceAuthorization(t.Context(), &ssooidc.StartDeviceAuthorizationInput{
		ClientId: c.ClientId, ClientSecret: c.ClientSecret, StartUrl: aws.String("https://idp.example.com/start"),
	})
	w.refused("another start URL", err, "InvalidRequestException")
	if counts := w.Counts(); counts["CreateToken/"+device] != 1 || counts["RegisterClient"] != 2 {
		t.Errorf("%v", counts)
	}
}

// A registration without scopes gets a token of eight hours, and no refresh token.
func TestPlainTokens(t *testing.T) {
	w := newWorld(t, oidc.Options{})
	out, err := w.sdk.RegisterClient(t.Context(),
		&ssooidc.RegisterClientInput{ClientName: aws.String("test"), ClientType: aws.String("public")})
	w.must(err)
	tokens := w.signedIn(client{out}, "alice")
	if tokens.RefreshToken != nil || tokens.ExpiresIn != 8*3600 || w.owner(tokens.AccessToken) != "alice" {
		t.Errorf("%+v", tokens)
	}
	w.ahead = 91 * 24 * time.Hour
	_, err = w.refresh(client{out}, aws.String("x"))
	w.refused("a registration of three months ago", err, "InvalidClientException")
}

// A user may be disabled, or get another password, between the check of the password and the session.
func TestSignInOfWhoIsGone(t *testing.T) {
	w := newWorld(t, oidc.Options{})
	user := w.user("bob")
	disabled := user
	disabled.Disabled = true
	c := w.register(device, refresh)
	tokens := w.signedIn(c, "bob")
	w.must(w.data.Store.Update(t.Context(), func(tx store.Tx) error { return directory.PutUser(tx, disabled) }))
	if _, err := w.SignIn(t.Context(), user); !errors.Is(err, oidc.ErrNoSession) {
		t.Errorf("disabled: %v", err)
	}
	_, err := w.refresh(c, tokens.RefreshToken)
	w.refused("a refresh of who is disabled", err, "InvalidGrantException")
	w.must(w.data.Store.Update(t.Context(), func(tx store.Tx) error { return directory.DeleteUser(tx, user.ID) }))
	if _, err := w.SignIn(t.Context(), user); !errors.Is(err, oidc.ErrNoSession) {
		t.Errorf("deleted: %v", err)
	}
	if err := w.EndSession(t.Context(), "nothing", "user:bob"); err != nil {
		t.Errorf("a session that is not there: %v", err)
	}
}
