package client

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rolecall/internal/identitycenter"
)

var (
	secret       = identitycenter.NewSecret
	registration = identitycenter.ClientRegistration{ClientID: "c", ClientSecret: secret("s")}
	session      = identitycenter.SSOSession{
		Name:     "corp",
		StartURL: "https://d-1234567890.awsapps.com/start",
		Region:   "us-east-1",
	}
)

// against gives a client of a server on this machine, over the real transport.
func against(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	httpClient, err := NewHTTP(HTTPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Config{Region: "us-east-1", OIDC: server.URL, Portal: server.URL, HTTP: httpClient})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answers(status int, exception, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if exception != "" {
			w.Header().Set("x-amzn-ErrorType", exception)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// The endpoints are those of botocore's rules for each partition.
func TestStandardEndpoints(t *testing.T) {
	for _, c := range []struct {
		region          string
		fips, dualStack bool
		oidc, portal    string
	}{
		{"us-east-1", false, false, "https://oidc.us-east-1.amazonaws.com", "https://portal.sso.us-east-1.amazonaws.com"},
		{
			"eu-central-1", true, false, "https://oidc-fips.eu-central-1.amazonaws.com",
			"https://portal.sso-fips.eu-central-1.amazonaws.com",
		},
		{"eu-central-1", false, true, "https://oidc.eu-central-1.api.aws", "https://portal.sso.eu-central-1.api.aws"},
		{
			"us-gov-west-1", false, false, "https://oidc.us-gov-west-1.amazonaws.com",
			"https://portal.sso.us-gov-west-1.amazonaws.com",
		},
		{
			"us-gov-west-1", true, false, "https://oidc.us-gov-west-1.amazonaws.com",
			"https://portal.sso.us-gov-west-1.amazonaws.com",
		},
		{
			"cn-north-1", false, false, "https://oidc.cn-north-1.amazonaws.com.cn",
			"https://portal.sso.cn-north-1.amazonaws.com.cn",
		},
		{
			"eusc-de-east-1", false, false, "https://oidc.eusc-de-east-1.amazonaws.eu",
			"https://portal.sso.eusc-de-east-1.amazonaws.eu",
		},
	} {
		e, err := Standard(c.region, c.fips, c.dualStack)
		if err != nil || e.OIDC != c.oidc || e.Portal != c.portal {
			t.Errorf("%s fips %v dual-stack %v: %v, %v", c.region, c.fips, c.dualStack, e, err)
		}
	}
}

// The SDK prints OIDC errors empty; ours carry AWS's own words.
func TestErrorsCarryAWSsOwnWords(t *testing.T) {
	header := func(name string) string { return name + ":http://internal.amazon.com/coral/com.amazonaws.sso.oidc/" }
	for name, c := range map[string]struct {
		status          int
		exception, body string
		want            error
		says            string
	}{
		"pending": {
			400, header("AuthorizationPendingException"),
			`{"error":"authorization_pending","error_description":"Authorization is still pending"}`,
			identitycenter.ErrAuthorizationPending, "Authorization is still pending",
		},
		"slow down": {
			400, header("SlowDownException"), `{"error":"slow_down","error_description":"x"}`,
			identitycenter.ErrThrottled, "",
		},
		"denied": {
			400, header("AccessDeniedException"), `{"error":"access_denied","error_description":"no"}`,
			identitycenter.ErrAccessDenied, "access_denied: no",
		},
		"expired": {
			400, header("ExpiredTokenException"), `{"error":"expired_token","error_description":""}`,
			identitycenter.ErrExpiredCode, "",
		},
		"invalid grant": {
			400, header("InvalidGrantException"),
			`{"error":"invalid_grant","error_description":"Invalid refresh token provided"}`, identitycenter.ErrInvalidGrant,
			"Invalid refresh token provided",
		},
		"no header": {
			400, "", `{"error":"invalid_grant","error_description":"words"}`, identitycenter.ErrInvalidGrant,
			"words",
		},
		"only a header": {
			401, header("InvalidClientException"), ``, identitycenter.ErrInvalidClient,
			"InvalidClientException",
		},
		"another region": {
			400, header("InvalidRequestException"),
			`{"error":"invalid_request","error_description":"Invalid token provided"}`, identitycenter.ErrInvalidRequest,
			"Invalid token provided",
		},
		"unknown type": {400, "NewException", `{}`, identitycenter.ErrInvalidRequest, "NewException"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := against(t, answers(c.status, c.exception, c.body)).RefreshToken(t.Context(), registration, secret("r"))
			var api *identitycenter.APIError
			if !errors.As(err, &api) || !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) ||
				api.Operation != "CreateToken" {
				t.Errorf("got %v", err)
			}
		})
	}
	slow := against(t, answers(400, header("SlowDownException"), `{"error":"slow_down","error_description":"x"}`))
	if _, err := slow.DeviceToken(t.Context(), registration, secret("d")); !errors.Is(err, identitycenter.ErrSlowDown) {
		t.Errorf("a poll: %v", err)
	}
	for name, c := range map[string]struct {
		status int
		kind   string
		want   error
	}{
		"unauthorized":               {401, "UnauthorizedException", identitycenter.ErrUnauthorized},
		"forbidden, in no model":     {403, "ForbiddenException", identitycenter.ErrNoAccess},
		"not found":                  {404, "ResourceNotFoundException", identitycenter.ErrNotFound},
		"bad parameter":              {400, "InvalidRequestException", identitycenter.ErrInvalidRequest},
		"a redirect is not followed": {302, "", identitycenter.ErrBadAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			body := fmt.Sprintf(`{"message":"words of AWS","__type":"com.amazonaws.switchboard.portal#%s"}`, c.kind)
			handler := func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/federation/credentials" {
					t.Errorf("asked for %s", r.URL.Path)
				}
				w.Header().Set("Location", "/elsewhere")
				answers(c.status, "", body)(w, r)
			}
			_, err := against(t, handler).GetRoleCredentials(t.Context(), secret("t"), "111122223333", "Admin")
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), "words of AWS") {
				t.Errorf("got %v", err)
			}
		})
	}
}

const goodKeys = `"accessKeyId":"ASIAAAAAAAAAAAAAAAAA",` +
	`"secretAccessKey":"sssssssssssssssssssssssssssssssssssssssss","sessionToken":"IQoJ"`

// Whatever a server answers ends in an error of one line, and soon.
func TestAnswersThatAWSDoesNotGive(t *testing.T) {
	soon := time.Now().Add(time.Hour).UnixMilli()
	for name, body := range map[string]string{
		"empty": "", "null": "null", "list": "[]", "no members": "{}", "HTML": "<html>", "cut": `{"roleCredentials":{`,
		"text behind it": fmt.Sprintf(`{"roleCredentials":{%s,"expiration":%d}} x`, goodKeys, soon),
		"duplicate keys": fmt.Sprintf(`{"roleCredentials":{%s,"expiration":1,"expiration":%d}}`, goodKeys, soon),
		"deep":           strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000),
		"number for text": fmt.Sprintf(`{"roleCredentials":{"accessKeyId":1,"secretAccessKey":"s","sessionToken":"t",`+
			`"expiration":%d}}`, soon),
		"text for object": `{"roleCredentials":"x"}`,
		"no expiration":   `{"roleCredentials":{` + goodKeys + `}}`,
		"seconds":         fmt.Sprintf(`{"roleCredentials":{%s,"expiration":%d}}`, goodKeys, soon/1000),
		"expired":         fmt.Sprintf(`{"roleCredentials":{%s,"expiration":%d}}`, goodKeys, soon-7200_000),
		"year 9999":       `{"roleCredentials":{` + goodKeys + `,"expiration":253402300799000}}`,
		"float":           `{"roleCredentials":{` + goodKeys + `,"expiration":1e400}}`,
		"newline in the token": fmt.Sprintf(`{"roleCredentials":{"accessKeyId":"A","secretAccessKey":"s",`+
			`"sessionToken":"a\nb",`+
			`"expiration":%d}}`, soon),
		"huge":          `{"x":"` + strings.Repeat("x", 2<<20) + `"}`,
		"invalid UTF-8": "{\"roleCredentials\":{\"accessKeyId\":\"\xff\xfe\"}}",
		"UTF-16":        "\xff\xfe{\x00}\x00",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := against(t, answers(200, "", body)).GetRoleCredentials(t.Context(), secret("t"), "111122223333", "Admin")
			if !errors.Is(err, identitycenter.ErrBadAnswer) || strings.Contains(err.Error(), "\n") ||
				strings.Contains(err.Error(), "\xff") ||
				len(err.Error()) > 500 {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTokensThatAWSDoesNotGive(t *testing.T) {
	for name, body := range map[string]string{
		"error with 200":   `{"error":"invalid_grant"}`,
		"empty token":      `{"accessToken":"","expiresIn":3600}`,
		"line break":       `{"accessToken":"a\r\nb","expiresIn":3600}`,
		"no life":          `{"accessToken":"a"}`,
		"negative life":    `{"accessToken":"a","expiresIn":-1}`,
		"huge life":        `{"accessToken":"a","expiresIn":9223372036854775807}`,
		"life as text":     `{"accessToken":"a","expiresIn":"3600"}`,
		"a token of 1 MB":  `{"accessToken":"` + strings.Repeat("a", 1<<19) + `","expiresIn":3600}`,
		"bad refreshToken": `{"accessToken":"a","expiresIn":3600,"refreshToken":"a b"}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := against(t, answers(200, "", body)).RefreshToken(t.Context(), registration, secret("r"))
			if !errors.Is(err, identitycenter.ErrBadAnswer) {
				t.Errorf("got %v", err)
			}
		})
	}
	good := `{"accessToken":"a","expiresIn":3600,"refreshToken":null,"idToken":null,"somethingNew":{}}`
	token, err := against(t, answers(200, "", good)).RefreshToken(t.Context(), registration, secret("old"))
	if err != nil || token.RefreshToken.Reveal() != "old" {
		t.Errorf("an answer without a refresh token: %v", err)
	}
}

func TestDeviceAuthorizationsThatAWSDoesNotGive(t *testing.T) {
	body := func(uri string) string {
		return `{"deviceCode":"d","userCode":"ABCD-EFGH","verificationUri":"` + uri + `","expiresIn":600}`
	}
	d, err := against(
		t,
		answers(200, "", body("https://device.sso.us-east-1.amazonaws.com/")),
	).StartDeviceAuthorization(t.Context(), registration, session.StartURL)
	if err != nil || d.Interval != 5*time.Second {
		t.Errorf("without an interval: %v, %v", d.Interval, err)
	}
	for _, uri := range []string{
		"file:///etc/passwd", "javascript:alert(1)", "http://example.com/",
		"https://u:p@example.com/", "", "https://" + strings.Repeat("x", 9000), `https://x/\u001b[31m`,
	} {
		_, err := against(t, answers(200, "", body(uri))).StartDeviceAuthorization(t.Context(), registration,
			session.StartURL)
		if !errors.Is(err, identitycenter.ErrBadAnswer) {
			t.Errorf("%.40q: got %v", uri, err)
		}
	}
}

func TestPagesThatAWSDoesNotSend(t *testing.T) {
	page := func(body string) *Client { return against(t, answers(200, "", body)) }
	got, after, err := page(`{"nextToken":"t1","accountList":[{"accountId":"111122223333","accountName":"a"}]}`).
		ListAccounts(t.Context(), secret("t"), "")
	if err != nil || after != "t1" || len(got) != 1 || got[0].Name != "a" || got[0].Email != "" {
		t.Errorf("a page: %v, %q, %v", got, after, err)
	}
	if got, after, err := page(`{"accountList":[]}`).ListAccounts(t.Context(), secret("t"), "t1"); err != nil ||
		after != "" ||
		len(got) != 0 {
		t.Errorf("an empty last page: %v, %q, %v", got, after, err)
	}
	for _, body := range []string{
		`{"nextToken":"a\r\nb","accountList":[]}`,
		`{"accountList":[{"accountId":"11112222333"}]}`,
		`{"accountList":[{"accountId":"11112222333x"}]}`,
		`{"accountList":null}`, `{}`, // not the same as nothing
	} {
		got, _, err := page(body).ListAccounts(t.Context(), secret("t"), "")
		if !errors.Is(err, identitycenter.ErrBadAnswer) {
			t.Errorf("%s: %v, %v", body, got, err)
		}
	}
	for _, body := range []string{
		`{"roleList":[{"roleName":"Admin","accountId":"999999999999"}]}`, // of another account
		`{"roleList":[{"accountId":"111122223333"}]}`,
		`{"roleList":null}`, `{}`,
	} {
		got, _, err := page(body).ListAccountRoles(t.Context(), secret("t"), "111122223333", "")
		if !errors.Is(err, identitycenter.ErrBadAnswer) {
			t.Errorf("%s: %v, %v", body, got, err)
		}
	}
}

// The portal is asked once: package access decides what is tried again.
func TestThePortalIsAskedOnce(t *testing.T) {
	asked := 0
	c := against(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	if _, _, err := c.ListAccounts(t.Context(), secret("t"), ""); !errors.Is(err, identitycenter.ErrUnavailable) ||
		asked != 1 {
		t.Errorf("%v after %d requests", err, asked)
	}
}

func TestConnectionsThatBreak(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"closed at once": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		},
		"cut in the middle": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"roleCredentials"`)
		},
		"503":        answers(503, "", "busy"),
		"503 + HTML": answers(503, "", "<html>"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := against(t, handler).GetRoleCredentials(t.Context(), secret("t"), "1", "A")
			if !errors.Is(err, identitycenter.ErrUnavailable) {
				t.Errorf("got %v", err)
			}
		})
	}
	c := against(t, func(http.ResponseWriter, *http.Request) {})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the cause"))
	if _, _, err := c.ListAccounts(ctx, secret("t"), ""); err == nil || err.Error() != "the cause" {
		t.Errorf("cancelled: %v", err)
	}
}

// In clear only to this machine, whatever its name resolves to.
func TestClearHTTPStaysOnThisMachine(t *testing.T) {
	httpClient, err := NewHTTP(HTTPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, endpoint := range []string{"http://192.0.2.1", "http://[2001:db8::1]:80"} {
		c, err := New(Config{Region: "us-east-1", OIDC: endpoint, Portal: endpoint, HTTP: httpClient})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.ListAccounts(t.Context(), secret("t"), ""); err == nil ||
			!strings.Contains(err.Error(), "http without TLS to") {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	for _, endpoint := range []string{
		"ftp://127.0.0.1", "127.0.0.1:80", "http://u:p@127.0.0.1", "http://127.0.0.1/?x",
		"https://",
	} {
		if _, err := New(Config{Region: "us-east-1", OIDC: endpoint, Portal: endpoint, HTTP: httpClient}); err == nil {
			t.Errorf("%s was taken for an endpoint", endpoint)
		}
	}
}

// A private certificate counts through the bundle only.
func TestCABundle(t *testing.T) {
	server := httptest.NewTLSServer(answers(200, "", `{"accountList":[]}`))
	defer server.Close()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(bundle, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	list := func(o HTTPOptions) error {
		httpClient, err := NewHTTP(o)
		if err != nil {
			return err
		}
		c, err := New(Config{Region: "us-east-1", OIDC: server.URL, Portal: server.URL, HTTP: httpClient})
		if err != nil {
			return err
		}
		_, _, err = c.ListAccounts(t.Context(), secret("t"), "")
		return err
	}
	if err := list(HTTPOptions{}); err == nil {
		t.Error("a private certificate was accepted without the bundle")
	}
	if err := list(HTTPOptions{CABundle: bundle}); err != nil {
		t.Errorf("with the bundle: %v", err)
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), os.Args[0]} {
		if err := list(HTTPOptions{CABundle: path}); err == nil || !strings.Contains(err.Error(), "certificate bundle") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// A request with a secret never follows a redirect, whichever redirect it is and wherever it leads.
func TestRedirectsGetNoSecret(t *testing.T) {
	var mu sync.Mutex
	var arrived []string
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		arrived = append(arrived, fmt.Sprintf("%s %s %v %s", r.Method, r.URL, r.Header, body))
	}))
	defer sink.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		handler := func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				mu.Lock()
				arrived = append(arrived, r.Method+" "+r.URL.String())
				mu.Unlock()
				return
			}
			target := sink.URL + "/"
			if status%2 == 0 {
				target = "/elsewhere"
			}
			http.Redirect(w, r, target, status)
		}
		c := against(t, handler)
		registration := identitycenter.ClientRegistration{ClientID: "c", ClientSecret: secret("s")}
		for name, ask := range map[string]func() error{
			"refresh": func() error { _, err := c.RefreshToken(t.Context(), registration, secret("r")); return err },
			"code": func() error {
				_, err := c.CodeToken(t.Context(), registration, secret("c"), secret("v"), "u")
				return err
			},
			"device": func() error { _, err := c.DeviceToken(t.Context(), registration, secret("d")); return err },
			"credentials": func() error {
				_, err := c.GetRoleCredentials(t.Context(), secret("t"), "111122223333", "A")
				return err
			},
			"accounts": func() error { _, _, err := c.ListAccounts(t.Context(), secret("t"), ""); return err },
			"roles": func() error {
				_, _, err := c.ListAccountRoles(t.Context(), secret("t"), "111122223333", "")
				return err
			},
			"logout": func() error { return c.Logout(t.Context(), secret("t")) },
		} {
			if err := ask(); err == nil {
				t.Errorf("%s: a redirect %d is an answer", name, status)
			}
		}
	}
	if len(arrived) > 0 {
		t.Errorf("redirects were followed: %q", arrived)
	}
}
