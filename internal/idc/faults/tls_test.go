package faults_test

import (
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/faults"
)

// handshakes lists what a client meets for each TLS fault.
var handshakes = map[string]func(l *lab, t *testing.T) bool{
	"expired-certificate": func(l *lab, t *testing.T) bool {
		_, err := l.secured(t, &tls.Config{})
		var invalid x509.CertificateInvalidError
		return errors.As(err, &invalid) && invalid.Reason == x509.Expired
	},
	"wrong-host": func(l *lab, t *testing.T) bool {
		_, err := l.secured(t, &tls.Config{})
		var wrong x509.HostnameError
		return errors.As(err, &wrong)
	},
	"self-signed": func(l *lab, t *testing.T) bool {
		_, err := l.secured(t, &tls.Config{})
		var unknown x509.UnknownAuthorityError
		return errors.As(err, &unknown)
	},
	"old-tls": func(l *lab, t *testing.T) bool {
		_, err := l.secured(t, &tls.Config{MinVersion: tls.VersionTLS12})
		conn, oldError := l.secured(t, &tls.Config{MinVersion: tls.VersionTLS10})
		return err != nil && oldError == nil && conn.ConnectionState().Version == tls.VersionTLS10
	},
	"client-certificate": func(l *lab, t *testing.T) bool {
		asked := false
		conn, err := l.secured(t,
			&tls.Config{GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				asked = true
				return &tls.Certificate{}, nil
			}})
		return err == nil && asked && strings.HasPrefix(exchange(conn, l.request("accounts"), bound).text, "HTTP/1.1 200")
	},
	"slow-handshake": func(l *lab, t *testing.T) bool {
		_, err := l.secured(t, &tls.Config{})
		var timeout net.Error
		return errors.As(err, &timeout) && timeout.Timeout()
	},
	"http2-flood": func(l *lab, t *testing.T) bool {
		conn, err := l.secured(t, &tls.Config{NextProtos: []string{"h2"}})
		if err != nil || conn.ConnectionState().NegotiatedProtocol != "h2" {
			return false
		}
		got := exchange(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", bound).text
		const settings, reset = "\x00\x00\x06\x04\x00\x00\x00\x00\x00", "\x00\x00\x04\x03\x00\x00\x00\x00\x01"
		return strings.HasPrefix(got, settings) && strings.Contains(got, reset) && strings.Count(got, settings) > 10_000
	},
}

func TestFaultsOfTLS(t *testing.T) {
	l := newLab(t)
	for spec, meets := range handshakes {
		if err := l.Play([]string{spec}); err != nil {
			t.Fatal(err)
		}
		if !meets(l, t) {
			t.Errorf("%s: the client does not meet it", spec)
		}
		if err := l.Play([]string{spec + "@sts"}); err != nil {
			t.Fatal(err)
		}
		conn, err := l.secured(t, &tls.Config{})
		if err != nil {
			t.Errorf("%s@sts is played on the portal: %v", spec, err)
			continue
		}
		if got := exchange(conn, l.request("accounts"), bound); !strings.HasPrefix(got.text, "HTTP/1.1 200") {
			t.Errorf("%s@sts: the portal answers %.100q %v", spec, got.text, got.err)
		}
	}
}

// Without an authority, faults use self-signed certificates.
func TestWithoutAuthority(t *testing.T) {
	p := faults.New(time.Now)
	if err := p.Play([]string{"wrong-host"}); err != nil {
		t.Fatal(err)
	}
	var config tls.Config
	p.TLS("sts.eu-west-1.amazonaws.com", &config)
	if c, err := config.GetCertificate(nil); err != nil || len(c.Certificate) != 1 {
		t.Errorf("%v %v", c, err)
	}
}

// Each fault is looked at on the wire.
func TestEachFaultIsSeen(t *testing.T) {
	for _, f := range faults.List() {
		_, seen := handshakes[f.Name]
		for _, c := range played {
			name, _, _ := strings.Cut(strings.SplitN(c.spec, "@", 2)[0], "=")
			seen = seen || name == f.Name
		}
		if !seen && f.Name != "signin-token" && f.Name != "wrong-issuer" { // which have tests of their own
			t.Errorf("%s is played in no test", f.Name)
		}
	}
}

// A refresh token that is not replaced stays valid, although the real one is.
func TestRefreshTokensStay(t *testing.T) {
	for spec, answered := range map[string]any{"same-refresh-token": "same", "no-refresh-token": nil} {
		l := newLab(t)
		if err := l.Play([]string{spec}); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for range 4 {
			out := l.ask(t, "/token", l.client("grantType", "refresh_token", "refreshToken", l.refresh))
			if want := answered; want == "same" && out["refreshToken"] != l.refresh || want == nil &&
				out["refreshToken"] != nil {
				t.Errorf("%s: %v", spec, out["refreshToken"])
			}
			seen[out["accessToken"].(string)] = true
		}
		if len(seen) != 4 {
			t.Errorf("%s: %d access tokens, want 4", spec, len(seen))
		}
	}
}

// The clock of answers is off by the given amount.
func TestTheClock(t *testing.T) {
	l := newLab(t)
	if err := l.Play([]string{"clock=-24h"}); err != nil {
		t.Fatal(err)
	}
	got := l.see(t, "credentials")
	_, body, _ := strings.Cut(got.text, "\r\n\r\n")
	var out struct{ RoleCredentials struct{ Expiration int64 } }
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatal(err)
	}
	if life := time.Until(time.UnixMilli(out.RoleCredentials.Expiration)); life > -22*time.Hour || life < -24*time.Hour {
		t.Errorf("the keys end in %s", life)
	}
	if date := time.Now().Add(-24 * time.Hour).UTC().Format("Date: Mon, 02 Jan 2006"); !strings.Contains(got.text, date) {
		t.Errorf("no %s in %q", date, got.text)
	}
}

// Stopping a fault releases hanging answers.
func TestStopLetsGo(t *testing.T) {
	l := newLab(t)
	for _, spec := range []string{"silence", "hanging", "slow-body=1h", "endless-continue"} {
		if err := l.Play([]string{spec}); err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", l.host)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, l.request("accounts")); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(50*time.Millisecond, func() { _ = l.Play(nil) })
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Errorf("%s: %v", spec, err)
		}
		_ = conn.Close()
	}
}

// The browser is sent back with a foreign issuer; the console gets a token that contains &.
func TestAnswersOfPages(t *testing.T) {
	p := faults.New(time.Now)
	if err := p.Play([]string{"wrong-issuer", "signin-token"}); err != nil {
		t.Fatal(err)
	}
	h := p.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/federation" {
			_, _ = io.WriteString(w, `{"SigninToken":"good"}`)
			return
		}
		http.Redirect(w, r, "http://127.0.0.1:1/oauth/callback?code=c&state=s", http.StatusSeeOther)
	}))
	for _, r := range []*http.Request{
		httptest.NewRequest("GET", "/authorize?x=y", nil),
		httptest.NewRequest("POST", "/home/consent", nil),
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if to := w.Header().Get("Location"); w.Code != 303 ||
			to != "http://127.0.0.1:1/oauth/callback?code=c&state=s&iss=https%3A%2F%2Felsewhere.example.com" {
			t.Errorf("%s: %d %s", r.URL, w.Code, to)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/federation?Action=getSigninToken", nil))
	if !strings.Contains(w.Body.String(), `"SigninToken":"played\u0026Destination=`) {
		t.Error(w.Body)
	}
}

// What a bomb unpacks to is as long as it says.
func TestTheBomb(t *testing.T) {
	l := newLab(t)
	if err := l.Play([]string{"gzip-bomb=16"}); err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(l.see(t, "accounts").text, "\r\n\r\n")
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatalf("%s: %v", head, err)
	}
	if n, err := io.Copy(io.Discard, z); err != nil || n != 16<<20 || len(body) > 16<<20/900 {
		t.Errorf("%d bytes from %d, %v", n, len(body), err)
	}
}
