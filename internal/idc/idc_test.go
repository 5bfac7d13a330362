package idc_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/seed"
	"rolecall/internal/idc/visitor"
)

const origin = "http://127.0.0.1:9911"

// inProcess serves requests from a handler without a socket.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.Host = r.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, in)
	answer := w.Result()
	answer.Request = r
	return answer, nil
}

// A center is an Identity Center whose clock the test moves.
type center struct {
	*idc.Server
	data   *idc.Data
	sample seed.SampleData
	now    time.Time
	http   *http.Client
}

func newCenter(t *testing.T, o oidc.Options) *center {
	t.Helper()
	data, sample, err := idctest.Sample()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	c := &center{data: data, sample: sample, now: time.Now()}
	c.Server, err = idc.New(idc.Options{URL: origin, Store: data.Store, Secret: data.Secret, Now: func() time.Time {
		return c.now
	}, OIDC: o})
	if err != nil {
		t.Fatal(err)
	}
	c.http = &http.Client{Transport: inProcess{c}, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return c
}

// An answer is what a call brought.
type answer struct {
	status int
	header http.Header
	body   string
	json   map[string]any
}

func (a answer) text(name string) string {
	text, _ := a.json[name].(string)
	return text
}

func (c *center) call(t testing.TB, method, path string, body any, headers ...string) answer {
	t.Helper()
	var reader io.Reader = http.NoBody
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, origin+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(data)}
	_ = json.Unmarshal(data, &a.json) // pages and XML are none
	return a
}

type members = map[string]any

// register returns a client, for the code flow or the device flow.
func (c *center) register(t testing.TB, code bool) (id, secret string) {
	t.Helper()
	in := members{"clientName": "test", "clientType": "public", "scopes": []string{"sso:account:access"}}
	if code {
		in["grantTypes"] = []string{"authorization_code", "refresh_token"}
		in["redirectUris"] = []string{"http://127.0.0.1/oauth/callback"}
		in["issuerUrl"] = origin + "/start"
	}
	a := c.call(t, "POST", "/client/register", in)
	if a.status != 200 || a.text("clientId") == "" ||
		a.json["clientSecretExpiresAt"].(float64)-a.json["clientIdIssuedAt"].(float64) != 90*24*3600 {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	return a.text("clientId"), a.text("clientSecret")
}

// signIn begins a session.
func (c *center) signIn(t testing.TB, name string) string {
	t.Helper()
	id, err := idctest.SignIn(c.Server, c.data, name)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// approve approves a user code in a new session.
func (c *center) approve(t testing.TB, userCode, name string) {
	t.Helper()
	if err := c.OIDC.DecideDevice(t.Context(), userCode, c.signIn(t, name), true); err != nil {
		t.Fatalf("the code %s: %v", userCode, err)
	}
}

// deviceTokens returns alice's tokens from the device flow.
func (c *center) deviceTokens(t testing.TB) (id, secret string, tokens answer) {
	t.Helper()
	id, secret = c.register(t, false)
	d := c.call(t, "POST", "/device_authorization", members{
		"clientId": id, "clientSecret": secret, "startUrl": origin + "/start",
	})
	c.approve(t, strings.ToLower(d.text("userCode")), "alice")
	tokens = c.token(t, id, secret, members{
		"grantType": "urn:ietf:params:oauth:grant-type:device_code", "deviceCode": d.text("deviceCode"),
	})
	if tokens.status != 200 || !strings.HasPrefix(tokens.text("accessToken"), "aoa") ||
		!strings.HasPrefix(tokens.text("refreshToken"), "aor") || tokens.json["expiresIn"] != 3600.0 {
		t.Fatalf("got %d %s", tokens.status, tokens.body)
	}
	return id, secret, tokens
}

func (c *center) token(t testing.TB, id, secret string, in members) answer {
	t.Helper()
	in["clientId"], in["clientSecret"] = id, secret
	return c.call(t, "POST", "/token", in)
}

func (c *center) refresh(t testing.TB, id, secret, token string) answer {
	t.Helper()
	return c.token(t, id, secret, members{"grantType": "refresh_token", "refreshToken": token})
}

func (c *center) portal(t testing.TB, method, path, token string) answer {
	t.Helper()
	return c.call(t, method, path, nil, "x-amz-sso_bearer_token", token)
}

// Each refusal has AWS's status, code and exception; the exception's name is only in a header.
func TestOIDCRefusesWhatAWSRefuses(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	id, secret := c.register(t, false)
	codeID, codeSecret := c.register(t, true)
	device := func(startURL string) members {
		return members{"clientId": id, "clientSecret": secret, "startUrl": startURL}
	}
	grant := func(id, secret, kind string, more ...string) members {
		m := members{"clientId": id, "clientSecret": secret, "grantType": kind}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"
	pending := c.call(t, "POST", "/device_authorization", device(origin+"/start")).text("deviceCode")
	for name, x := range map[string]struct {
		path            string
		body            any
		status          int
		code, exception string
	}{
		"no JSON":     {"/token", "<html>", 400, "invalid_request", "InvalidRequestException"},
		"wrong types": {"/token", `{"clientId": 1}`, 400, "invalid_request", "InvalidRequestException"},
		"too large": {
			"/token", `{"clientId": "` + strings.Repeat("x", 70<<10) + `"}`, 400, "invalid_request", "InvalidRequestException",
		},
		"no grant type": {"/token", grant(id, secret, ""), 400, "invalid_request", "InvalidRequestException"},
		"unknown grant type": {
			"/token", grant(id, secret, "password"), 400, "unsupported_grant_type", "UnsupportedGrantTypeException",
		},
		"grant of other client": {
			"/token", grant(codeID, codeSecret, deviceGrant, "deviceCode", pending), 400, "unauthorized_client",
			"UnauthorizedClientException",
		},
		"wrong secret": {
			"/token", grant(id, "wrong", deviceGrant, "deviceCode", pending), 401, "invalid_client", "InvalidClientException",
		},
		"unknown client": {
			"/token", grant("nobody", secret, "refresh_token", "refreshToken", "x"), 401, "invalid_client",
			"InvalidClientException",
		},
		"pending": {
			"/token", grant(id, secret, deviceGrant, "deviceCode", pending), 400, "authorization_pending",
			"AuthorizationPendingException",
		},
		"unknown device code": {
			"/token", grant("bogus", "bogus", deviceGrant, "deviceCode", "x"), 400, "invalid_grant", "InvalidGrantException",
		},
		"unknown code": {
			"/token",
			grant(codeID, codeSecret, "authorization_code", "code", "x", "redirectUri", "http://127.0.0.1/", "codeVerifier",
				"y"), 400, "invalid_grant", "InvalidGrantException",
		},
		"unknown refresh token": {
			"/token", grant(id, secret, "refresh_token", "refreshToken", "x"), 400, "invalid_grant", "InvalidGrantException",
		},
		"with IAM": {
			"/token?aws_iam=t", grant(id, secret, "refresh_token"), 400, "invalid_request", "InvalidRequestException",
		},
		"unknown start URL": {
			"/device_authorization", device("https://example.com/start"), 400, "invalid_request", "InvalidRequestException",
		},
		"confidential client": {
			"/client/register",
			members{"clientName": "x", "clientType": "confidential"},
			400, "invalid_client_metadata",
			"InvalidClientMetadataException",
		},
		"issuer of elsewhere": {
			"/client/register",
			members{"clientName": "x", "clientType": "public", "issuerUrl": "https://example.com"},
			400,
			"invalid_client_metadata", "InvalidClientMetadataException",
		},
		"redirect to elsewhere": {
			"/client/register",
			members{"clientName": "x", "clientType": "public", "redirectUris": []string{"https://example.com/"}},
			400, "invalid_redirect_uri", "InvalidRedirectUriException",
		},
		"redirect with userinfo": {
			"/client/register",
			members{"clientName": "x", "clientType": "public", "redirectUris": []string{"http://a@127.0.0.1/"}},
			400, "invalid_redirect_uri", "InvalidRedirectUriException",
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.call(t, "POST", x.path, x.body)
			if a.status != x.status || a.text("error") != x.code || a.text("error_description") == "" ||
				!strings.HasPrefix(a.header.Get("x-amzn-ErrorType"), x.exception+":") || a.header.Get("x-amzn-RequestId") == "" {
				t.Errorf("got %d %s, %v", a.status, a.body, a.header)
			}
		})
	}
}

func TestDeviceCodesEndAndServeOnce(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	id, secret, tokens := c.deviceTokens(t)
	if tokens.json["tokenType"] != "Bearer" || tokens.json["idToken"] != nil {
		t.Errorf("got %s", tokens.body)
	}
	d := c.call(t, "POST", "/device_authorization", members{
		"clientId": id, "clientSecret": secret, "startUrl": origin + "/start",
	})
	ask := members{"grantType": "urn:ietf:params:oauth:grant-type:device_code", "deviceCode": d.text("deviceCode")}
	c.now = c.now.Add(10 * time.Minute)
	if a := c.token(t, id, secret, ask); a.text("error") != "expired_token" {
		t.Errorf("after ten minutes: %s", a.body)
	}
	c.now = c.now.Add(90 * 24 * time.Hour)
	if a := c.refresh(t, id, secret, "x"); a.status != 401 {
		t.Errorf("after ninety days: %d %s", a.status, a.body)
	}
}

func TestRefreshTokensRotate(t *testing.T) {
	c := newCenter(t, oidc.Options{SessionLife: 10 * time.Hour})
	id, secret, first := c.deviceTokens(t)
	second := c.refresh(t, id, secret, first.text("refreshToken"))
	if second.status != 200 || second.text("refreshToken") == first.text("refreshToken") ||
		second.text("accessToken") == first.text("accessToken") {
		t.Fatalf("got %s", second.body)
	}
	// A client that lost the answer gets the same one for half a minute, as do fifty at once.
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if again := c.refresh(t, id, secret, first.text("refreshToken")); again.body != second.body {
				t.Errorf("within the grace: %d %s", again.status, again.body)
			}
		})
	}
	all.Wait()
	otherID, otherSecret := c.register(t, false)
	if a := c.refresh(t, otherID, otherSecret, second.text("refreshToken")); a.text("error") != "invalid_grant" {
		t.Errorf("from another client: %s", a.body)
	}
	// After that the family is revoked: somebody has a copy.
	c.now = c.now.Add(31 * time.Second)
	for _, token := range []string{first.text("refreshToken"), second.text("refreshToken")} {
		if a := c.refresh(t, id, secret, token); a.text("error") != "invalid_grant" {
			t.Errorf("after reuse: %s", a.body)
		}
	}
	if a := c.portal(t, "GET", "/assignment/accounts", second.text("accessToken")); a.status != 401 {
		t.Errorf("its access token: %d", a.status)
	}
}

func TestTokensEndWithTheirSession(t *testing.T) {
	c := newCenter(t, oidc.Options{SessionLife: 90 * time.Minute})
	id, secret, tokens := c.deviceTokens(t)
	c.now = c.now.Add(61 * time.Minute)
	if a := c.portal(t, "GET", "/assignment/accounts", tokens.text("accessToken")); a.status != 401 ||
		a.text("message") != "Session token not found or invalid" ||
		a.text("__type") != "com.amazonaws.switchboard.portal#UnauthorizedException" ||
		a.header.Get("x-amzn-ErrorType") != "UnauthorizedException" {
		t.Errorf("after an hour: %d %s", a.status, a.body)
	}
	tokens = c.refresh(t, id, secret, tokens.text("refreshToken"))
	if tokens.json["expiresIn"] != float64(29*60) {
		t.Errorf("a token outlives its session: %s", tokens.body)
	}
	if a := c.portal(t, "POST", "/logout", tokens.text("accessToken")); a.status != 200 || a.body != "" {
		t.Errorf("logout: %d %s", a.status, a.body)
	}
	if a := c.portal(t, "GET", "/assignment/accounts", tokens.text("accessToken")); a.status != 401 {
		t.Errorf("after the logout: %d", a.status)
	}
	if a := c.refresh(t, id, secret, tokens.text("refreshToken")); a.text("error") != "invalid_grant" ||
		a.text("error_description") != "Invalid refresh token provided" {
		t.Errorf("a refresh after the logout: %s", a.body)
	}
}

func TestPortalRefusesWhatAWSRefuses(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	_, _, tokens := c.deviceTokens(t)
	token := tokens.text("accessToken")
	for name, x := range map[string]struct {
		method, path, token string
		status              int
		exception, message  string
	}{
		"no token": {
			"GET", "/assignment/accounts", "", 401, "UnauthorizedException", "Session token not found or invalid",
		},
		"other's role": {
			"GET", "/federation/credentials?account_id=222233334444&role_name=Admin", token, 403, "ForbiddenException",
			"No access",
		},
		"unknown role": {
			"GET", "/federation/credentials?account_id=111122223333&role_name=Nope", token, 403, "ForbiddenException",
			"No access",
		},
		"unknown account": {
			"GET", "/federation/credentials?account_id=999999999999&role_name=Admin", token, 403, "ForbiddenException",
			"No access",
		},
		"role in any case": {
			"GET", "/federation/credentials?account_id=111122223333&role_name=admin", token, 403, "ForbiddenException",
			"No access",
		},
		"no role": {
			"GET", "/federation/credentials?account_id=111122223333", token, 400, "InvalidRequestException", "Invalid request",
		},
		"page of 101": {
			"GET", "/assignment/accounts?max_result=101", token, 400, "InvalidRequestException",
			"ResultSize parameter must be within the valid limits of: 1-100",
		},
		"page of nothing": {
			"GET", "/assignment/accounts?max_result=0", token, 400, "InvalidRequestException",
			"ResultSize parameter must be within the valid limits of: 1-100",
		},
		"unknown page": {
			"GET", "/assignment/accounts?next_token=!!", token, 400, "InvalidRequestException", "Invalid request",
		},
		"roles of nobody's": {
			"GET", "/assignment/roles?account_id=999999999999", token, 403, "ForbiddenException", "No access",
		},
		"wrong method": {"POST", "/federation/credentials", token, 405, "MethodNotAllowedException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.portal(t, x.method, x.path, x.token)
			if a.status != x.status || a.header.Get("x-amzn-ErrorType") != x.exception || a.text("message") != x.message &&
				x.message != "" || a.header.Get("x-amzn-RequestId") == "" {
				t.Errorf("got %d %s %v", a.status, a.body, a.header)
			}
		})
	}
	page := c.portal(t, "GET", "/assignment/accounts?max_result=3", token)
	if list := page.json["accountList"].([]any); len(list) != 3 || page.text("nextToken") == "" {
		t.Errorf("first page: %s", page.body)
	}
	page = c.portal(t, "GET", "/assignment/accounts?max_result=3&next_token="+url.QueryEscape(page.text("nextToken")),
		token)
	if list := page.json["accountList"].([]any); len(list) != 2 || page.json["nextToken"] != nil {
		t.Errorf("last page: %s", page.body)
	}
}

// A removed assignment counts at once.
func TestARemovedAssignmentCountsAtOnce(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	_, _, tokens := c.deviceTokens(t)
	ask := func() int {
		return c.portal(t, "GET", "/federation/credentials?account_id=111122223333&role_name=Admin",
			tokens.text("accessToken")).status
	}
	if status := ask(); status != 200 {
		t.Fatalf("got %d", status)
	}
	if _, err := idctest.Unassign(c.data, "alice", "111122223333", "Admin"); err != nil {
		t.Fatal(err)
	}
	if status := ask(); status != 403 {
		t.Errorf("got %d", status)
	}
}

const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 appendix B

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func authorizeQuery(id string, change ...string) url.Values {
	q := url.Values{
		"response_type": {"code"}, "client_id": {id}, "redirect_uri": {"http://127.0.0.1:34703/oauth/callback"},
		"state":                 {"s&s"},
		"code_challenge_method": {"S256"}, "code_challenge": {challenge()}, "scopes": {"sso:account:access"},
	}
	for i := 0; i < len(change); i += 2 {
		q.Set(change[i], change[i+1])
	}
	return q
}

// code signs alice in on the pages, and returns the authorization code.
func (c *center) code(t testing.TB, id string) string {
	t.Helper()
	ended := make(chan *url.URL, 1)
	network := roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Port() == "34703" {
			ended <- r.URL
			return nil, errors.New("ends here")
		}
		return inProcess{c}.RoundTrip(r)
	})
	v := visitor.Visitor{Client: &http.Client{Transport: network}, User: "alice", Password: "correct-horse-alice"}
	title, err := v.Visit(t.Context(), origin+"/authorize?"+authorizeQuery(id).Encode())
	select {
	case u := <-ended:
		if u.Query().Get("state") != "s&s" {
			t.Errorf("the state came back as %q", u.Query().Get("state"))
		}
		return u.Query().Get("code")
	default:
		t.Fatalf("ended on %q: %v", title, err)
		return ""
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnAuthorizationCodeServesOnce(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	id, secret := c.register(t, true)
	redeem := func(id, secret, code, verifier, redirect string) answer {
		return c.token(t, id, secret, members{
			"grantType": "authorization_code", "code": code, "codeVerifier": verifier, "redirectUri": redirect,
		})
	}
	const redirect = "http://127.0.0.1:34703/oauth/callback"
	code := c.code(t, id)
	otherID, otherSecret := c.register(t, true)
	for name, a := range map[string]answer{
		"another client":   redeem(otherID, otherSecret, code, verifier, redirect),
		"another verifier": redeem(id, secret, code, strings.Repeat("x", 43), redirect),
		"another port":     redeem(id, secret, code, verifier, "http://127.0.0.1:1/oauth/callback"),
	} {
		if a.text("error") != "invalid_grant" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	var good []answer
	for range 50 {
		all.Go(func() {
			if a := redeem(id, secret, code, verifier, redirect); a.status == 200 {
				mu.Lock()
				defer mu.Unlock()
				good = append(good, a)
			}
		})
	}
	all.Wait()
	if len(good) != 1 {
		t.Fatalf("50 redemptions at once: %d successes", len(good))
	}
	// A replay revokes what the code was exchanged for: RFC 6749 section 4.1.2.
	if a := c.portal(t, "GET", "/assignment/accounts", good[0].text("accessToken")); a.status != 401 {
		t.Errorf("after the replays the token still counts: %d", a.status)
	}
	late := c.code(t, id)
	c.now = c.now.Add(time.Minute)
	if a := redeem(id, secret, late, verifier, redirect); a.text("error") != "invalid_grant" {
		t.Errorf("after a minute: %s", a.body)
	}
}

// Without a known client and redirect URI the browser is not redirected; otherwise the redirect carries the refusal.
func TestAuthorizeChecksBeforeItRedirects(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	id, _ := c.register(t, true)
	deviceID, _ := c.register(t, false)
	for name, q := range map[string]url.Values{
		"unknown client": authorizeQuery("nobody"), "device client": authorizeQuery(deviceID),
		"other host":   authorizeQuery(id, "redirect_uri", "http://example.com/oauth/callback"),
		"other path":   authorizeQuery(id, "redirect_uri", "http://127.0.0.1/x"),
		"localhost":    authorizeQuery(id, "redirect_uri", "http://localhost:1/oauth/callback"),
		"https":        authorizeQuery(id, "redirect_uri", "https://127.0.0.1/oauth/callback"),
		"userinfo":     authorizeQuery(id, "redirect_uri", "http://x@127.0.0.1/oauth/callback"),
		"double slash": authorizeQuery(id, "redirect_uri", "http://127.0.0.1//oauth/callback"),
		"fragment":     authorizeQuery(id, "redirect_uri", "http://127.0.0.1/oauth/callback#x"),
		"none":         authorizeQuery(id, "redirect_uri", ""),
	} {
		if a := c.call(t, "GET", "/authorize?"+q.Encode(), nil); a.status != 400 || a.header.Get("Location") != "" ||
			!strings.Contains(a.body, "cannot continue") {
			t.Errorf("%s: %d to %q", name, a.status, a.header.Get("Location"))
		}
	}
	for name, x := range map[string]struct {
		q    url.Values
		want string
	}{
		"plain":         {authorizeQuery(id, "code_challenge_method", "plain"), "invalid_request"},
		"no challenge":  {authorizeQuery(id, "code_challenge", ""), "invalid_request"},
		"token":         {authorizeQuery(id, "response_type", "token"), "unsupported_response_type"},
		"foreign scope": {authorizeQuery(id, "scopes", "codewhisperer:completions"), "invalid_scope"},
	} {
		a := c.call(t, "GET", "/authorize?"+x.q.Encode(), nil)
		u, err := url.Parse(a.header.Get("Location"))
		if err != nil || a.status != 303 || u.Host != "127.0.0.1:34703" || u.Query().Get("error") != x.want ||
			u.Query().Get("state") != "s&s" {
			t.Errorf("%s: %d to %v", name, a.status, u)
		}
	}
}

func TestPagesAreGuarded(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	start := c.call(t, "GET", "/start", nil)
	if !strings.Contains(start.body, `<meta name="region" content="us-east-1"/>`) {
		t.Errorf("the start page names no region: %s", start.body)
	}
	for header, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
	} {
		if got := start.header.Get(header); got != want {
			t.Errorf("%s is %q", header, got)
		}
	}
	if csp := start.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") ||
		!strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("the policy is %q", csp)
	}
}

func TestTheSignInPageIsGuarded(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	signIn := c.call(t, "GET", "/ui/sign-in", nil)
	cookie := signIn.header.Get("Set-Cookie")
	if !strings.Contains(cookie, "Path=/ui/;") || !strings.Contains(cookie, "HttpOnly") ||
		!strings.Contains(cookie, "SameSite=Lax") {
		t.Errorf("the cookie is %q", cookie)
	}
	_, token, _ := strings.Cut(signIn.body, `name="form" value="`)
	token, _, _ = strings.Cut(token, `"`)
	visitorID, _, _ := strings.Cut(cookie, ";")
	form := url.Values{
		"form": {token}, "user": {"alice"}, "password": {"correct-horse-alice"}, "next": {"https://example.com/"},
	}
	post := func(form url.Values, headers ...string) answer {
		return c.call(t, "POST", "/ui/sign-in", form.Encode(),
			append([]string{"Content-Type", "application/x-www-form-urlencoded", "Cookie", visitorID}, headers...)...)
	}
	if a := post(form, "Origin", "https://example.com"); a.status != 403 {
		t.Errorf("from another origin: %d", a.status)
	}
	if a := post(url.Values{"user": {"alice"}, "password": {"correct-horse-alice"}}); a.status != 403 {
		t.Errorf("without the form's token: %d", a.status)
	}
	if a := post(form, "Cookie", ""); a.status != 403 {
		t.Errorf("without the cookie: %d", a.status)
	}
	in := post(form, "Origin", origin)
	home := in.header.Get("Location")
	if in.status != 303 || !regexp.MustCompile(`^/ui/[\w-]{22}/$`).MatchString(home) {
		t.Errorf("a sign-in leads to %q (%d)", home, in.status)
	}
	for _, cookie := range in.header.Values("Set-Cookie") {
		if strings.HasPrefix(cookie, "rolecall_session=") && !strings.Contains(cookie, "; Path="+home+";") {
			t.Errorf("the session's cookie is %q", cookie)
		}
	}
	form.Set("password", "wrong")
	wrong := post(form)
	form.Set("user", "nobody")
	if unknown := post(form); wrong.status != 403 || unknown.status != 403 || strings.Contains(unknown.body, "unknown") ||
		strings.ReplaceAll(unknown.body, "nobody", "alice") != wrong.body {
		t.Errorf("a wrong password: %d, an unknown user: %d, or they can be told apart", wrong.status, unknown.status)
	}
	if a := c.call(t, "GET", "/ui/device", nil); a.status != 303 ||
		!strings.HasPrefix(a.header.Get("Location"), "/ui/sign-in?next=device") {
		t.Errorf("not signed in: %d to %q", a.status, a.header.Get("Location"))
	}
}

// The name of a client is anybody's text.
func TestAClientsNameIsOnlyText(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	a := c.call(t, "POST", "/client/register", members{
		"clientName": `<script>alert(1)</script>`, "clientType": "public", "scopes": []string{`"><img src=x>`},
	})
	d := c.call(t, "POST", "/device_authorization", members{
		"clientId": a.text("clientId"), "clientSecret": a.text("clientSecret"), "startUrl": origin + "/start",
	})
	var bodies []string
	network := roundTrip(func(r *http.Request) (*http.Response, error) {
		response, err := inProcess{c}.RoundTrip(r)
		if err == nil {
			data, _ := io.ReadAll(response.Body)
			bodies = append(bodies, string(data))
			response.Body = io.NopCloser(bytes.NewReader(data))
		}
		return response, err
	})
	v := visitor.Visitor{Client: &http.Client{Transport: network}, User: "alice", Password: "correct-horse-alice"}
	if title, err := v.Visit(t.Context(), d.text("verificationUriComplete")); err != nil || title != "Request approved" {
		t.Fatalf("ended on %q: %v", title, err)
	}
	all := strings.Join(bodies, "")
	if !strings.Contains(all, "&lt;script&gt;alert(1)") || strings.Contains(all, "<script>") ||
		strings.Contains(all, "<img") {
		t.Error("a client's name is markup on a page")
	}
}

func TestOnlyItsOwnNamesAreServed(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	for host, want := range map[string]int{
		"127.0.0.1:9911": 200, "localhost:9911": 200, "[::1]:9911": 200, "example.com": 403, "127.0.0.1:9912": 403, "": 403,
	} {
		r := httptest.NewRequest("GET", "/start", nil)
		r.Host = host
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("Host %q: %d, want %d", host, w.Code, want)
		}
	}
	if a := c.call(t, "GET", "/nothing", nil); a.status != 404 {
		t.Errorf("an unknown path: %d %q", a.status, a.body)
	}
	for _, path := range []string{"/nothing", "/ui/nothing/at/all", "/starts"} {
		a := c.call(t, "GET", path, nil, "Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
		if a.status != 404 || !strings.Contains(a.body, "This page does not exist") ||
			!strings.Contains(a.body, `<a class="button quiet" href="/start">`) {
			t.Errorf("a browser at %s: %d %q", path, a.status, a.body)
		}
	}
	if a := c.call(t, "GET", "/nothing", nil, "Accept", "*/*"); !strings.Contains(a.body, "UnknownOperationException") {
		t.Errorf("a client at an unknown path: %q", a.body)
	}
	if a := c.call(t, "POST", "/", "{}", "X-Amz-Target", "SWBExternalService.ListInstances"); a.status != 400 ||
		!strings.Contains(a.body, "MissingAuthenticationTokenException") {
		t.Errorf("unsigned: %d %s", a.status, a.body)
	}
}

// keys are alice's role credentials for a role.
func (c *center) keys(t testing.TB, account, role string) aws.Credentials {
	t.Helper()
	_, _, tokens := c.deviceTokens(t)
	a := c.portal(t, "GET", fmt.Sprintf("/federation/credentials?account_id=%s&role_name=%s", account, role),
		tokens.text("accessToken"))
	inner, ok := a.json["roleCredentials"].(map[string]any)
	if !ok {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	return aws.Credentials{
		AccessKeyID: inner["accessKeyId"].(string), SecretAccessKey: inner["secretAccessKey"].(string),
		SessionToken: inner["sessionToken"].(string),
	}
}

func (c *center) sts(k aws.Credentials) *sts.Client {
	return sts.New(sts.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(origin), HTTPClient: c.http, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return k, nil }),
	})
}

func TestSTSKnowsWhoSigned(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	k := c.keys(t, "111122223333", "Admin")
	out, err := c.sts(k).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := "arn:aws:sts::111122223333:assumed-role/" + directory.RoleName("Admin", "111122223333") + "/alice"
	if *out.Arn != want || *out.Account != "111122223333" || !strings.HasSuffix(*out.UserId, ":alice") {
		t.Errorf("got %s %s %s", *out.Arn, *out.Account, *out.UserId)
	}
	refused := func(name, code string, k aws.Credentials) {
		t.Helper()
		_, err := c.sts(k).GetCallerIdentity(t.Context(), nil)
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != code {
			t.Errorf("%s: %v, want %s", name, err, code)
		}
	}
	other := c.keys(t, "111122223333", "ReadOnly")
	refused("another secret", "SignatureDoesNotMatch", aws.Credentials{
		AccessKeyID: k.AccessKeyID, SecretAccessKey: other.SecretAccessKey, SessionToken: k.SessionToken,
	})
	refused("another token", "InvalidClientTokenId", aws.Credentials{
		AccessKeyID: k.AccessKeyID, SecretAccessKey: k.SecretAccessKey, SessionToken: other.SessionToken,
	})
	refused("unknown key", "InvalidClientTokenId", aws.Credentials{
		AccessKeyID: "ASIAAAAAAAAAAAAAAAAA", SecretAccessKey: "x", SessionToken: "y",
	})
	c.now = c.now.Add(20 * time.Minute)
	refused("a clock that is slow", "SignatureDoesNotMatch", k)
	c.now = c.now.Add(-40 * time.Minute)
	refused("a clock that is fast", "SignatureDoesNotMatch", k)
	if a := c.call(t, "POST", "/", "Action=GetCallerIdentity&Version=2011-06-15"); a.status != 403 ||
		!strings.Contains(a.body, "<Code>MissingAuthenticationToken</Code>") {
		t.Errorf("unsigned: %d %s", a.status, a.body)
	}
}

func TestAssumeRole(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	admin, readOnly := c.keys(t, "111122223333", "Admin"), c.keys(t, "111122223333", "ReadOnly")
	in := func(change func(*sts.AssumeRoleInput)) *sts.AssumeRoleInput {
		in := &sts.AssumeRoleInput{
			RoleArn: &c.sample.ChainRole, RoleSessionName: aws.String("release"), ExternalId: &c.sample.ExternalID,
		}
		if change != nil {
			change(in)
		}
		return in
	}
	out, err := c.sts(admin).AssumeRole(t.Context(), in(nil))
	if err != nil || *out.AssumedRoleUser.Arn != "arn:aws:sts::444455556666:assumed-role/Deploy/release" {
		t.Fatalf("got %v", err)
	}
	if left := out.Credentials.Expiration.Sub(c.now); left < 59*time.Minute || left > time.Hour {
		t.Errorf("keys for %v", left)
	}
	chained := aws.Credentials{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey,
		SessionToken: *out.Credentials.SessionToken,
	}
	if who, err := c.sts(chained).GetCallerIdentity(t.Context(), nil); err != nil || *who.Arn != *out.AssumedRoleUser.Arn {
		t.Errorf("the assumed role: %v", err)
	}
	for name, x := range map[string]struct {
		keys   aws.Credentials
		change func(*sts.AssumeRoleInput)
		code   string
	}{
		"not trusted":       {readOnly, nil, "AccessDenied"},
		"wrong external id": {admin, func(in *sts.AssumeRoleInput) { in.ExternalId = aws.String("other") }, "AccessDenied"},
		"unknown role": {admin, func(in *sts.AssumeRoleInput) {
			in.RoleArn = aws.String("arn:aws:iam::444455556666:role/Nope")
		}, "AccessDenied"},
		"two hours": {admin, func(in *sts.AssumeRoleInput) {
			in.DurationSeconds = aws.Int32(7200)
		}, "ValidationError"},
		"one minute": {admin, func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(60) }, "ValidationError"},
		"a name with blank": {admin, func(in *sts.AssumeRoleInput) {
			in.RoleSessionName = aws.String("a b")
		}, "ValidationError"},
	} {
		_, err := c.sts(x.keys).AssumeRole(t.Context(), in(x.change))
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != x.code {
			t.Errorf("%s: %v, want %s", name, err, x.code)
		}
	}
}
