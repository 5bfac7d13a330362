package idc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/partition"
	"rolecall/internal/idc/seed"
	"rolecall/internal/idc/store"
)

// newCenterIn makes a center with its data in a directory.
func newCenterIn(t *testing.T, dir string, change func(*idc.Options)) *center {
	t.Helper()
	data, err := idc.OpenData(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	if data.Fresh {
		text, _ := seed.Sample(idc.DefaultRegion)
		if _, err := seed.Load(t.Context(), data.Store, "sample.yaml", text, seed.Options{Cost: idctest.Cost()}, "operator",
			time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	c := &center{data: data, now: time.Now()}
	o := idc.Options{URL: origin, Store: data.Store, Secret: data.Secret, Now: func() time.Time { return c.now }}
	if change != nil {
		change(&o)
	}
	if c.Server, err = idc.New(o); err != nil {
		t.Fatal(err)
	}
	c.http = &http.Client{Transport: inProcess{c}, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return c
}

// A session may last from 15 minutes to 90 days; its tokens end with it.
func TestTheSessionsLengthIsTheInstances(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	for _, life := range []time.Duration{15 * time.Minute, 90 * 24 * time.Hour} {
		c.update(t, func(tx store.Tx) error {
			i, err := directory.TheInstance(tx)
			i.SessionLife = life
			return errors.Join(err, directory.Instances().Put(tx, i))
		})
		id, secret := c.register(t, false)
		d := c.call(t, "POST", "/device_authorization", members{
			"clientId": id, "clientSecret": secret, "startUrl": origin + "/start",
		})
		c.approve(t, d.text("userCode"), "alice")
		tokens := c.token(t, id, secret, members{
			"grantType": "urn:ietf:params:oauth:grant-type:device_code", "deviceCode": d.text("deviceCode"),
		})
		if want := min(life, time.Hour).Seconds(); tokens.json["expiresIn"] != want {
			t.Errorf("sessions of %v: a token for %v s, want %v", life, tokens.json["expiresIn"], want)
		}
		before := c.now
		c.now = c.now.Add(life - time.Minute)
		renewed := c.refresh(t, id, secret, tokens.text("refreshToken"))
		if renewed.status != 200 || renewed.json["expiresIn"] != 60.0 {
			t.Errorf("a minute before the end of %v: %d %s", life, renewed.status, renewed.body)
		}
		c.now = c.now.Add(2 * time.Minute)
		if a := c.refresh(t, id, secret, renewed.text("refreshToken")); a.status == 200 {
			t.Errorf("after the end of %v: %d", life, a.status)
		}
		c.now = before
	}
}

// Nothing that grants access is on disk in clear: not in the database, its log, or a backup.
func TestNoSecretIsOnDisk(t *testing.T) {
	dir := t.TempDir()
	c := newCenterIn(t, dir, nil)
	_, secret, tokens := c.deviceTokens(t)
	codeID, codeSecret := c.register(t, true)
	code := c.authorizationCode(t, codeID)
	redeemed := c.redeem(t, codeID, codeSecret, code)
	keys := c.keys(t, "111122223333", "Admin")
	adminID, adminSecret := c.STS.Administrator()
	if err := c.data.Store.Backup(t.Context(), filepath.Join(dir, "backup.db")); err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{
		"client secret": secret, "access token": tokens.text("accessToken"), "refresh token": tokens.text("refreshToken"),
		"authorization code":  code,
		"second access token": redeemed.text("accessToken"), "secret key": keys.SecretAccessKey,
		"session token":          keys.SessionToken,
		"administrator's secret": adminSecret, "administrator's key id": adminID, "password": "correct-horse-alice",
		"client's other secret": codeSecret,
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.db*"))
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range secrets {
			if value == "" {
				t.Fatalf("there is no %s to look for", name)
			}
			if bytes.Contains(content, []byte(value)) {
				t.Errorf("%s has the %s in clear", filepath.Base(path), name)
			}
		}
		if strings.HasSuffix(path, "backup.db") && !bytes.Contains(content, []byte("alice")) {
			t.Error("the search does not find what is there: it proves nothing")
		}
	}
}

// authorizationCode returns a code that alice consented to.
func (c *center) authorizationCode(t *testing.T, clientID string) string {
	t.Helper()
	id, refusal, err := c.OIDC.Authorize(t.Context(), authorizeQuery(clientID))
	if err != nil || refusal != "" {
		t.Fatal(refusal, err)
	}
	location, err := c.OIDC.Decide(t.Context(), id, c.signIn(t, "alice"), true)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("code")
}

func (c *center) redeem(t *testing.T, id, secret, code string) answer {
	t.Helper()
	return c.token(t, id, secret, members{
		"grantType": "authorization_code", "code": code, "redirectUri": authorizeQuery(id).Get("redirect_uri"),
		"codeVerifier": verifier,
	})
}

// Registrations, waiting device codes, unredeemed codes, tokens and keys survive a restart; used or replaced ones stay
// so.
func TestEverythingOutlivesARestart(t *testing.T) {
	dir := t.TempDir()
	c := newCenterIn(t, dir, nil)
	id, secret, tokens := c.deviceTokens(t)
	waiting := c.call(t, "POST", "/device_authorization", members{
		"clientId": id, "clientSecret": secret, "startUrl": origin + "/start",
	})
	codeID, codeSecret := c.register(t, true)
	code, used := c.authorizationCode(t, codeID), c.authorizationCode(t, codeID)
	c.redeem(t, codeID, codeSecret, used)
	request, _, err := c.OIDC.Authorize(t.Context(), authorizeQuery(codeID))
	if err != nil {
		t.Fatal(err)
	}
	replaced := c.refresh(t, id, secret, tokens.text("refreshToken"))
	keys := c.keys(t, "111122223333", "Admin")
	session := c.signIn(t, "alice")
	if err := c.data.Close(); err != nil {
		t.Fatal(err)
	}

	c = newCenterIn(t, dir, nil)
	if a := c.portal(t, "GET", "/assignment/accounts", tokens.text("accessToken")); a.status != 200 {
		t.Errorf("the access token: %d", a.status)
	}
	if again := c.refresh(t, id, secret, tokens.text("refreshToken")); again.body != replaced.body {
		t.Errorf("the replaced refresh token within its grace: %d %s", again.status, again.body)
	}
	if a := c.refresh(t, id, secret, replaced.text("refreshToken")); a.status != 200 {
		t.Errorf("the present refresh token: %d %s", a.status, a.body)
	}
	if a := c.redeem(t, codeID, codeSecret, code); a.status != 200 {
		t.Errorf("the code: %d %s", a.status, a.body)
	}
	if a := c.redeem(t, codeID, codeSecret, used); a.status != 400 {
		t.Errorf("a used code: %d", a.status)
	}
	if _, err := c.OIDC.Decide(t.Context(), request, session, true); err != nil {
		t.Errorf("the request that waited for consent: %v", err)
	}
	c.approve(t, waiting.text("userCode"), "alice")
	if a := c.token(t, id, secret,
		members{
			"grantType": "urn:ietf:params:oauth:grant-type:device_code", "deviceCode": waiting.text("deviceCode"),
		}); a.status != 200 {
		t.Errorf("the device code: %d %s", a.status, a.body)
	}
	if _, err := c.sts(keys).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Errorf("the keys: %v", err)
	}
	c.now = c.now.Add(91 * 24 * time.Hour)
	if a := c.refresh(t, id, secret, "x"); a.text("error") != "invalid_client" {
		t.Errorf("a registration after 91 days: %s", a.body)
	}
}

func TestADataDirectoryIsOpenOnce(t *testing.T) {
	dir := t.TempDir()
	newCenterIn(t, dir, nil)
	if _, err := idc.OpenData(dir); !errors.Is(err, idc.ErrInUse) {
		t.Errorf("got %v", err)
	}
	for path, want := range map[string]os.FileMode{"": 0o700, "secret": 0o600, "idc.db": 0o600, "lock": 0o600} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil || info.Mode().Perm() != want && runtime.GOOS != "windows" { // there the folder's access list holds
			t.Errorf("%q: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestWithoutItsSecretADatabaseIsNotOpened(t *testing.T) {
	dir := t.TempDir()
	data, err := idc.OpenData(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(data.Close(), os.Remove(filepath.Join(dir, "secret"))); err != nil {
		t.Fatal(err)
	}
	if _, err := idc.OpenData(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// After five wrong codes in a row a session has to wait; other sessions do not.
func TestCodesCannotBeGuessed(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	session, other := c.signIn(t, "alice"), c.signIn(t, "bob")
	for range 5 {
		if _, err := c.OIDC.Device(t.Context(), "BBBB-BBBB", session); !errors.Is(err, oidc.ErrGone) {
			t.Fatalf("got %v", err)
		}
	}
	if _, err := c.OIDC.Device(t.Context(), "BBBB-BBBB", session); !errors.Is(err, oidc.ErrTooMany) {
		t.Errorf("the sixth: %v", err)
	}
	if err := c.OIDC.DecideDevice(t.Context(), "BBBB-BBBB", session, false); !errors.Is(err, oidc.ErrTooMany) {
		t.Errorf("a decision instead: %v", err)
	}
	if _, err := c.OIDC.Device(t.Context(), "BBBB-BBBB", other); !errors.Is(err, oidc.ErrGone) {
		t.Errorf("another session: %v", err)
	}
	c.now = c.now.Add(5 * time.Minute)
	if _, err := c.OIDC.Device(t.Context(), "BBBB-BBBB", session); !errors.Is(err, oidc.ErrGone) {
		t.Errorf("five minutes later: %v", err)
	}
}

func TestThePortalsLimit(t *testing.T) {
	c := newCenterIn(t, t.TempDir(), func(o *idc.Options) { o.PortalLimit = true })
	_, _, tokens := c.deviceTokens(t)
	statuses := map[int]int{}
	for range 25 {
		statuses[c.portal(t, "GET", "/assignment/accounts", tokens.text("accessToken")).status]++
	}
	if statuses[200] != 20 || statuses[429] != 5 {
		t.Errorf("got %v", statuses)
	}
	c.now = c.now.Add(time.Second)
	if a := c.portal(t, "GET", "/assignment/accounts", tokens.text("accessToken")); a.status != 200 {
		t.Errorf("a second later: %d", a.status)
	}
}

// A presigned URL is as good as a signed request, for 15 minutes.
func TestPresignedAddresses(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	keys := c.keys(t, "111122223333", "Admin")
	presign := sts.NewPresignClient(c.sts(keys))
	request, err := presign.PresignGetCallerIdentity(t.Context(), nil, func(o *sts.PresignOptions) {
		o.Presigner = at{signer.NewSigner(), c.now}
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(address string) answer {
		t.Helper()
		return c.call(t, "GET", strings.TrimPrefix(address, origin), nil)
	}
	if a := ask(request.URL); a.status != 200 || !strings.Contains(a.body, "/alice</Arn>") {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	if a := ask(strings.Replace(request.URL, "GetCallerIdentity", "GetSessionToken", 1)); a.status != 403 ||
		!strings.Contains(a.body, "SignatureDoesNotMatch") {
		t.Errorf("changed: %d %s", a.status, a.body)
	}
	c.now = c.now.Add(16 * time.Minute)
	if a := ask(request.URL); a.status != 403 || !strings.Contains(a.body, "Signature expired") {
		t.Errorf("after 16 minutes: %d %s", a.status, a.body)
	}
}

// Keys past their end get exactly ExpiredToken when the request is signed at the server's time.
func TestKeysPastTheirEnd(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	id, secret := c.STS.Administrator()
	out, err := c.sts(aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}).
		GetSessionToken(t.Context(), &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)})
	if err != nil {
		t.Fatal(err)
	}
	for what, keys := range map[string]aws.Credentials{
		"of a role": c.keys(t, "111122223333", "Admin"),
		"of a session": {
			AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey,
			SessionToken: *out.Credentials.SessionToken,
		},
	} {
		ask := func() answer {
			t.Helper()
			request, err := sts.NewPresignClient(c.sts(keys)).PresignGetCallerIdentity(t.Context(), nil,
				func(o *sts.PresignOptions) { o.Presigner = at{signer.NewSigner(), c.now} })
			if err != nil {
				t.Fatal(err)
			}
			return c.call(t, "GET", strings.TrimPrefix(request.URL, origin), nil)
		}
		if a := ask(); a.status != 200 {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
		before := c.now
		c.now = c.now.Add(13 * time.Hour)
		if a := ask(); a.status != 403 || !strings.Contains(a.body, "<Code>ExpiredToken</Code>") {
			t.Errorf("%s, past their end: %d %s", what, a.status, a.body)
		}
		c.now = before
	}
}

// at signs at a moment.
type at struct {
	*signer.Signer
	now time.Time
}

func (a at) PresignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service,
	region string, _ time.Time, o ...func(*signer.SignerOptions),
) (string, http.Header, error) {
	return a.Signer.PresignHTTP(ctx, credentials, r, payloadHash, service, region, a.now, o...)
}

func TestSessionTokens(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	code := func(err error) string {
		var api smithy.APIError
		if !errors.As(err, &api) {
			return fmt.Sprint(err)
		}
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	role := c.sts(c.keys(t, "111122223333", "Admin"))
	_, err := role.GetSessionToken(t.Context(), nil)
	if code(err) != "AccessDenied: Cannot call GetSessionToken with session credentials" {
		t.Errorf("with session credentials: %v", err)
	}
	_, err = role.GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("x2")})
	if code(err) != "AccessDenied: Cannot call GetFederationToken with session credentials" {
		t.Errorf("with session credentials: %v", err)
	}
	id, secret := c.STS.Administrator()
	admin := c.sts(aws.Credentials{AccessKeyID: id, SecretAccessKey: secret})
	out, err := admin.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)})
	if err != nil || out.Credentials.Expiration.Sub(c.now) > 15*time.Minute {
		t.Fatalf("with the administrator's keys: %v, %v", out, err)
	}
	temporary := c.sts(aws.Credentials{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey,
		SessionToken: *out.Credentials.SessionToken,
	})
	if who, err := temporary.GetCallerIdentity(t.Context(), nil); err != nil ||
		!strings.HasSuffix(*who.Arn, ":user/administrator") {
		t.Errorf("they are %v, %v", who, err)
	}
	c.now = c.now.Add(16 * time.Minute)
	if _, err := temporary.GetCallerIdentity(t.Context(), nil); !strings.HasPrefix(code(err), "ExpiredToken") &&
		!strings.HasPrefix(code(err), "SignatureDoesNotMatch") {
		t.Errorf("after their end: %v", err)
	}
	if _, err := role.AssumeRoleWithWebIdentity(t.Context(),
		&sts.AssumeRoleWithWebIdentityInput{
			RoleArn: aws.String("arn:aws:iam::111122223333:role/x"), RoleSessionName: aws.String("xx"),
			WebIdentityToken: aws.String("1234"),
		}); err == nil {
		t.Error("AssumeRoleWithWebIdentity was answered")
	}
}

// Through the proxy, a region without an instance does not know our tokens.
func TestOtherRegionsThroughTheProxy(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	id, secret, tokens := c.deviceTokens(t)
	transport := throughProxy(t, partition.AWS(), c)
	ask := func(method, address, body string) (int, string) {
		got := fetch(t, transport, method, address, body, "x-amz-sso_bearer_token", tokens.text("accessToken"))
		return got.status, got.body
	}
	refresh := fmt.Sprintf(`{"clientId":%q,"clientSecret":%q,"grantType":"refresh_token","refreshToken":%q}`, id, secret,
		tokens.text("refreshToken"))
	for region, want := range map[string][2]int{"us-east-1": {200, 200}, "eu-west-1": {401, 400}} {
		if status,
			body := ask("GET", "https://portal.sso."+region+".amazonaws.com/assignment/accounts", ""); status != want[0] {
			t.Errorf("the portal of %s: %d %s", region, status, body)
		}
		if status, body := ask("POST", "https://oidc."+region+".amazonaws.com/token", refresh); status != want[1] ||
			status == 400 && !strings.Contains(body, "Invalid token provided") {
			t.Errorf("a refresh in %s: %d %s", region, status, body)
		}
	}
}

// The secret path of a session is in neither metrics nor logs.
func TestThePagesPathStaysSecret(t *testing.T) {
	var log bytes.Buffer
	c := newCenterIn(t, t.TempDir(), func(o *idc.Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	cookie, home := c.cookie(t, "alice")
	c.call(t, "GET", home+"device", nil, "Cookie", cookie)
	metrics := c.call(t, "GET", "/metrics", nil).body
	for name, text := range map[string]string{"metrics": metrics, "log": log.String()} {
		if strings.Contains(text, home) || !strings.Contains(text, "/ui/…/device") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// Pages of other sites cannot call the APIs, not even blindly.
func TestOtherSitesCannotCall(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	register := members{"clientName": "x", "clientType": "public"}
	for origin, want := range map[string]int{
		"https://evil.example": 403, "http://127.0.0.1:1": 403, "null": 403, "http://127.0.0.1:9911": 200,
	} {
		if a := c.call(t, "POST", "/client/register", register, "Origin", origin); a.status != want {
			t.Errorf("%s: %d", origin, a.status)
		}
	}
}

func TestFloodsAreBounded(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	statuses := map[int]int{}
	for range 610 {
		statuses[c.call(t, "POST", "/client/register", members{"clientName": "x", "clientType": "public"}).status]++
	}
	if statuses[200] != 600 || statuses[429] != 10 {
		t.Errorf("registrations: %v", statuses)
	}
	c.now = c.now.Add(time.Minute)
	for name, in := range map[string]members{
		"many scopes": {
			"clientName": "x", "clientType": "public", "scopes": strings.Split(strings.Repeat("a,", 40), ","),
		},
		"a long scope": {"clientName": "x", "clientType": "public", "scopes": []string{strings.Repeat("a", 200)}},
		"a fragment": {
			"clientName": "x", "clientType": "public", "redirectUris": []string{"http://127.0.0.1/oauth/callback#"},
		},
		"an empty query": {
			"clientName": "x", "clientType": "public", "redirectUris": []string{"http://127.0.0.1/oauth/callback?"},
		},
		"a port too high": {"clientName": "x", "clientType": "public", "redirectUris": []string{"http://127.0.0.1:70000/"}},
	} {
		if a := c.call(t, "POST", "/client/register", in); a.status != 400 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	id, _ := c.register(t, true)
	if _, _, err := c.OIDC.Authorize(t.Context(), authorizeQuery(id, "state", strings.Repeat("x", 3000))); err == nil {
		t.Error("a state of 3000 bytes is kept")
	}
	refused := 0
	for range 70 {
		if _, _, err := c.OIDC.Authorize(t.Context(), authorizeQuery(id)); err != nil {
			refused++
		}
	}
	if refused < 8 {
		t.Errorf("%d of 70 calls of authorize were refused", refused)
	}
	c.now = c.now.Add(11 * time.Minute)
	if _, _, err := c.OIDC.Authorize(t.Context(), authorizeQuery(id)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.data.Store.Tidy(t.Context(), c.now); err != nil {
		t.Fatal(err)
	}
	err := c.data.Store.View(t.Context(), func(r store.Reader) error {
		if n, err := r.Count("strange-request"); n != 1 || err != nil {
			t.Errorf("%d requests are kept, %v", n, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A user who is disabled between password check and session gets no session.
func TestASignInLooksAgain(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	var alice directory.User
	c.change(t, "alice", func(tx store.Tx, u directory.User) error {
		alice = u
		u.Disabled = true
		return directory.Users().Put(tx, u)
	})
	if _, err := c.OIDC.SignIn(t.Context(), alice); !errors.Is(err, oidc.ErrNoSession) {
		t.Errorf("disabled: %v", err)
	}
	c.change(t, "alice", func(tx store.Tx, u directory.User) error {
		u.Disabled, u.Password = false, directory.HashPassword("another", idctest.Cost())
		return directory.Users().Put(tx, u)
	})
	if _, err := c.OIDC.SignIn(t.Context(), alice); !errors.Is(err, oidc.ErrNoSession) {
		t.Errorf("with another password: %v", err)
	}
}

// The replay of a code revokes what it was exchanged for, as long as that lives.
func TestALateReplayTakesTokensBack(t *testing.T) {
	c := newCenter(t, oidc.Options{SessionLife: 30 * 24 * time.Hour})
	id, secret := c.register(t, true)
	code := c.authorizationCode(t, id)
	tokens := c.redeem(t, id, secret, code)
	c.now = c.now.Add(20 * 24 * time.Hour)
	if _, err := c.data.Store.Tidy(t.Context(), c.now); err != nil {
		t.Fatal(err)
	}
	if a := c.redeem(t, id, secret, code); a.status != 400 {
		t.Errorf("the replay: %d", a.status)
	}
	if a := c.refresh(t, id, secret, tokens.text("refreshToken")); a.status != 400 {
		t.Errorf("a refresh after it: %d", a.status)
	}
}

// Each change is in the audit, with who made it and when, but without secrets.
func TestTheAudit(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	id, secret, tokens := c.deviceTokens(t)
	refreshed := c.refresh(t, id, secret, tokens.text("refreshToken"))
	c.portal(t, "GET", "/federation/credentials?account_id=111122223333&role_name=Admin", refreshed.text("accessToken"))
	c.portal(t, "POST", "/logout", refreshed.text("accessToken"))
	var events []store.Event
	err := c.data.Store.View(t.Context(), func(r store.Reader) (err error) { events, err = r.Events(0, 0); return err })
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range events {
		if !strings.HasPrefix(e.Action, "Apply") {
			told = append(told, e.Actor+" "+e.Action)
		}
		for _, hidden := range []string{secret, tokens.text("accessToken"), tokens.text("refreshToken")} {
			if strings.Contains(fmt.Sprint(e), hidden) {
				t.Errorf("a secret stands in %v", e)
			}
		}
	}
	want := []string{
		"user:alice SignIn", "user:alice ApproveDevice", "user:alice CreateToken", "user:alice RefreshToken",
		"user:alice GetRoleCredentials", "user:alice SignOut",
	}
	if strings.Join(told, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
}
