package client

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rolecall/internal/identitycenter"
)

// An answer is one JSON object without duplicate keys, and not nested too deeply.
func TestObjectsThatAreNone(t *testing.T) {
	deep := func(n int) string { return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}" }
	for text, want := range map[string]bool{
		`{}`: true, `{"a":[{"b":1},{"b":2}]}`: true, deep(30): true, `{"error":null}`: true,
		`{"a":1,"a":2}`: false, `{"a":{"b":1,"b":2}}`: false, `{"a":[{"b":1,"b":2}]}`: false,
		`{}x`: false, `{} {}`: false, `{}]`: false, `[]`: false, `"a"`: false, ``: false, `{"a":`: false,
		deep(40): false, deep(1000): false, `{"error":"x"}`: false, `{"Error":"x"}`: false,
	} {
		if err := CheckObject([]byte(text)); (err == nil) != want {
			t.Errorf("%.40s: %v", text, err)
		}
	}
}

func TestLivesOfTokens(t *testing.T) {
	token := identitycenter.Token{AccessToken: identitycenter.NewSecret("t")}
	for seconds, want := range map[int32]bool{
		-1: false, 0: false, 1: true, 3600: true, 366 * 24 * 3600: true, 366*24*3600 + 1: false, 1<<31 - 1: false,
	} {
		if err := checkToken(token, seconds); (err == nil) != want {
			t.Errorf("%d s: %v", seconds, err)
		}
	}
}

func TestHowLongRetryAfterIs(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, "60": time.Minute, "61": time.Minute, "3600": time.Minute, "999999999": time.Minute,
		"-5": 0, "soon": 0, "1.5": 0, "99999999999999999999": 0,
	} {
		if got := retryAfter(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

type answering func(*http.Request) (*http.Response, error)

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

func answer(status int, body string) answering {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

// Neither the log nor an error has the query of an address: it holds codes and tokens.
func TestQueriesAreNotTold(t *testing.T) {
	const secret = "the-secret"
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	response, err := Over(answer(200, "{}"), logger).Get("https://oidc.example/token?code=" + secret)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if !strings.Contains(log.String(), "/token") || strings.Contains(log.String(), secret) {
		t.Errorf("the log: %s", log.String())
	}
	err = Translate(t.Context(), "Ask", "", &url.Error{Op: "Get", URL: "https://x.example/?code=" + secret, Err: io.EOF})
	if !errors.Is(err, identitycenter.ErrUnavailable) || strings.Contains(err.Error(), secret) {
		t.Error(err)
	}
}

// An answer of more than a mebibyte is rejected, whatever its status.
func TestAnswersThatAreTooLarge(t *testing.T) {
	for _, status := range []int{200, 400, 500} {
		for size, want := range map[int]bool{maxAnswer: true, maxAnswer + 1: false, 2 * maxAnswer: false} {
			response, err := Over(answer(status, strings.Repeat("x", size)), nil).Get("https://portal.example/")
			if (err == nil) != want {
				t.Errorf("%d bytes with status %d: %v", size, status, err)
			}
			if err == nil {
				response.Body.Close()
			}
		}
	}
}

// An untrusted certificate does not count as an outage: then cached keys would be served, and requests tried again.
func TestACertificateOfSomebodyElse(t *testing.T) {
	refused := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	err := Translate(t.Context(), "ListAccounts", "https://portal.example", &url.Error{Op: "Get", URL: "x", Err: refused})
	if !errors.Is(err, identitycenter.ErrBadAnswer) || errors.Is(err, identitycenter.ErrUnavailable) {
		t.Error(err)
	}
}

// A client of the browser flow cannot be used for device codes, which anybody can ask a person to approve.
func TestWhatClientsAreRegisteredFor(t *testing.T) {
	for redirect, want := range map[string]string{
		"http://127.0.0.1/oauth/callback": `"grantTypes":["authorization_code","refresh_token"]`,
		"":                                `"grantTypes":["urn:ietf:params:oauth:grant-type:device_code","refresh_token"]`,
	} {
		var sent []byte
		c, err := New(Config{Region: "us-east-1", HTTP: Over(answering(func(r *http.Request) (*http.Response, error) {
			sent, _ = io.ReadAll(r.Body)
			return answer(200, `{"clientId":"c","clientSecret":"s","clientSecretExpiresAt":4102444800}`)(r)
		}), nil)})
		if err != nil {
			t.Fatal(err)
		}
		session := identitycenter.SSOSession{Name: "corp", StartURL: "https://d-1234567890.awsapps.com/start"}
		if _, err := c.RegisterClient(t.Context(), session, redirect); err != nil || !bytes.Contains(sent, []byte(want)) {
			t.Errorf("%v; sent %s", err, sent)
		}
	}
}
