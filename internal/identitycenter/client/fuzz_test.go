package client

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"rolecall/internal/identitycenter"
)

// same answers everything with the same bytes.
type same struct {
	status int
	body   []byte
}

func (a same) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: a.status, Header: http.Header{"Content-Type": {"application/json"}}, Request: r, ProtoMajor: 1,
		ProtoMinor: 1, Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)),
	}, nil
}

// Whatever a server answers to any call, it is refused, or what is returned can be used: tokens and keys are visible
// ASCII, and errors hold no secret.
func FuzzAnswers(f *testing.F) {
	for _, text := range []string{
		"", "null", "{}", `{"clientId":"c","clientSecret":"s","clientSecretExpiresAt":1900000000}`,
		`{"accessToken":"a","expiresIn":28800,"tokenType":"Bearer","refreshToken":"r"}`,
		`{"deviceCode":"d","userCode":"AAAA-BBBB","verificationUri":"https://x/","expiresIn":600,"interval":1}`,
		`{"accountList":[{"accountId":"111122223333","accountName":"\u001b[2J"}],"nextToken":"n"}`,
		`{"roleList":[{"roleName":"Admin","accountId":"111122223333"}]}`,
		`{"roleCredentials":{"accessKeyId":"ASIA2222222222222222","secretAccessKey":"s/+=","sessionToken":"t",` +
			`"expiration":1900000000000}}`,
		`{"error":"invalid_grant","error_description":"\u202e"}`, `{"a":1,"a":2}`,
		`{"message":"` + strings.Repeat("x", 2000) + `"}`,
	} {
		f.Add(200, []byte(text))
		f.Add(400, []byte(text))
	}
	now := func() time.Time { return time.Unix(1_899_990_000, 0) }
	secret := identitycenter.NewSecret("canary")
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 499 || status == 429 || status/100 == 3 {
			return // tried again, which takes its time
		}
		c, err := New(Config{
			Region: "us-east-1", OIDC: "http://127.0.0.1:1", Portal: "http://127.0.0.1:1", Now: now,
			HTTP: Over(same{status, body}, nil),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		fail := func(err error) {
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("%q: the error is %q", body, err)
			}
		}
		token, err := c.RefreshToken(ctx, identitycenter.ClientRegistration{ClientID: "c", ClientSecret: secret}, secret)
		fail(err)
		if err == nil && (token.AccessToken.IsZero() || !visible(token.AccessToken.Reveal())) {
			t.Errorf("%q: a token that cannot be sent", body)
		}
		keys, err := c.GetRoleCredentials(ctx, secret, "111122223333", "Admin")
		fail(err)
		if err == nil && keys.Check() != nil {
			t.Errorf("%q: keys that cannot be used", body)
		}
		accounts, _, err := c.ListAccounts(ctx, secret, "")
		fail(err)
		for _, a := range accounts {
			if !isAccountID(a.ID) {
				t.Errorf("%q: the account %q", body, a.ID)
			}
		}
		_, _, err = c.ListAccountRoles(ctx, secret, "111122223333", "")
		fail(err)
		_, err = c.RegisterClient(ctx, identitycenter.SSOSession{StartURL: "https://corp.awsapps.com/start"}, "")
		fail(err)
	})
}
