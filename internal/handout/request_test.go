package handout_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rolecall/internal/handout"
	"rolecall/internal/identitycenter"
	"rolecall/internal/proof"
)

// still hands out keys that need no renewal.
func still(t testing.TB, n int) (*handout.Endpoint, []*handout.Target) {
	t.Helper()
	e := &handout.Endpoint{Explain: explain, Now: time.Now}
	for i := range n {
		e.Add(&handout.Target{
			Name: fmt.Sprint(i), Account: payments, Role: "Admin", Region: "eu-west-1",
			Keeper: handout.Keep(identitycenter.RoleCredentials{
				AccessKeyID: fmt.Sprintf("ASIACANARY%d", i), SecretAccessKey: identitycenter.NewSecret("canary-secret"),
				SessionToken: identitycenter.NewSecret("canary-token"), Expiration: time.Now().Add(time.Hour), AccountID: payments,
			}, handout.KeeperOptions{SignIn: func() time.Time { return time.Time{} }, Now: time.Now}),
		})
	}
	t.Cleanup(e.Close)
	return e, e.Targets()
}

// What SDKs send is answered, in the form that all of them read.
func TestTheAnswer(t *testing.T) {
	e, targets := still(t, 1)
	a := ask(t, e, request(t, targets[0]))
	if a.status != http.StatusOK || a.Code != "Success" || a.AccessKeyID != "ASIACANARY0" || a.Token != "canary-token" ||
		a.AccountID != payments || !strings.HasSuffix(a.Expiration, "Z") || len(a.Expiration) != 20 {
		t.Errorf("%+v", a)
	}
	if a.header.Get("Content-Type") != "application/json" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", a.header)
	}
	for _, query := range []string{"?", "?a", "?a="} { // JavaScript's SDK rewrites it
		r := request(t, targets[0])
		r.URL.RawQuery = strings.TrimPrefix(query, "?")
		if a := ask(t, e, r); a.status != http.StatusOK {
			t.Errorf("%s: %+v", query, a)
		}
	}
}

// Whatever a page, a proxy, or another target's client sends, the answer has no keys, and no page can read it.
func TestNobodyElseIsAnswered(t *testing.T) {
	e, targets := still(t, 2)
	var cases []func(r *http.Request) int
	set := func(status int, name string, values ...string) {
		for _, value := range values {
			cases = append(cases, func(r *http.Request) int { r.Header.Set(name, value); return status })
		}
	}
	set(403, "Origin", "null", "http://evil.example", "http://127.0.0.1:80", "")
	set(403, "Referer", "http://evil.example/", "")
	set(403, "X-Forwarded-For", "127.0.0.1", "", "10.0.0.1, 10.0.0.2")
	set(403, "X-Forwarded-Host", "127.0.0.1")
	set(403, "X-Forwarded-Proto", "https")
	set(403, "X-Real-IP", "127.0.0.1")
	set(403, "Forwarded", "for=127.0.0.1")
	set(403, "Via", "1.1 proxy")
	set(403, "Cookie", "a=b")
	set(403, "Sec-Fetch-Site", "cross-site", "same-origin", "same-site", "", "None")
	set(403, "Sec-Fetch-Mode", "navigate", "no-cors", "websocket")
	set(403, "Sec-Fetch-Dest", "document")
	set(403, "Access-Control-Request-Method", "GET")
	set(403, "Authorization", "", "wrong", "Bearer "+targets[0].Token().Reveal(), targets[0].Token().Reveal()+" ",
		strings.ToLower(targets[0].Token().Reveal()), targets[1].Token().Reveal(), targets[0].Token().Reveal()[:42])
	for _, method := range []string{"POST", "OPTIONS", "PUT", "DELETE", "HEAD", "TRACE", "CONNECT", "get", "PROPFIND"} {
		cases = append(cases, func(r *http.Request) int { r.Method = method; return 405 })
	}
	cases = append(cases,
		func(r *http.Request) int { r.Header.Del("Authorization"); return 403 },
		func(r *http.Request) int {
			r.Header.Add("Authorization", r.Header.Get("Authorization"))
			return 403
		},
		func(r *http.Request) int { r.ContentLength = 5; return 403 },
		func(r *http.Request) int { r.TransferEncoding = []string{"chunked"}; return 403 },
		func(r *http.Request) int { r.URL.Host = "127.0.0.1:1"; return 403 },
		func(r *http.Request) int { r.URL.Path = "/"; return 404 },
		func(r *http.Request) int { r.URL.Path += "/"; return 404 },
		func(r *http.Request) int { r.URL.Path = strings.ToUpper(r.URL.Path); return 404 },
		func(r *http.Request) int { r.URL.Path = "/../" + r.URL.Path; return 404 },
		func(r *http.Request) int { r.URL.Path = targets[1].Path(); return 403 },
		func(r *http.Request) int {
			r.URL.Path = "/latest/meta-data/"
			r.Header.Del("Authorization")
			return 403
		},
	)
	for i, change := range cases {
		r := request(t, targets[0])
		want := change(r)
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		if w.Code != want || strings.Contains(w.Body.String(), "anary") ||
			!strings.HasPrefix(w.Body.String(), `{"Code":"`) || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%d, %s %s %v: %d %s", i, r.Method, r.URL, r.Header, w.Code, w.Body)
		}
		for name := range w.Header() {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%v: %s", r.Header, name)
			}
		}
	}
	if len(cases) < 40 {
		t.Errorf("only %d cases", len(cases))
	}
	proof.Note(t, "endpoint", len(cases), len(cases))
}

// A forwarder in a container passes on the Host that the SDK knows it by. No page can have that: it is an address.
func TestHostsOfForwarders(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.0.0.1:8080": true, "127.9.9.9:1": true, "localhost": true, "localhost:80": true,
		"[::1]": true, "[::1]:80": true, "169.254.170.2": true, "169.254.170.2:80": true, "169.254.170.23": true,
		"[fd00:ec2::23]": true, "[fd00:ec2::23]:80": true,
		"": false, "evil.example": false, "127.0.0.1.evil.example": false, "10.0.0.1": false, "169.254.169.254": false,
		"0.0.0.0:80": false, "[::]:80": false, "[::ffff:127.0.0.1]": true, "localhost.evil.example": false,
		"127.0.0.1:80:80": false, "127.1": false, "2130706433": false, "host.docker.internal": false, "LOCALHOST": false,
		"127.0.0.1 ": false, "[::1%lo]": false,
	} {
		if got := handout.Forwarded(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

// No request without a target's own path and token is answered with keys.
func FuzzRequest(f *testing.F) {
	e, targets := still(f, 2)
	path, token := targets[0].Path(), targets[0].Token().Reveal()
	f.Add("GET", path, token, "Origin", "null")
	f.Add("GET", path, "", "", "")
	f.Add("GET", targets[1].Path(), token, "", "")
	f.Add("GET", "/latest/meta-data/", "", "X-Aws-Ec2-Metadata-Token", "x")
	f.Add("PUT", "/latest/api/token", "", "X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
	imds := handout.NewIMDS(targets[0], explain, nil, time.Now)
	f.Fuzz(func(t *testing.T, method, at, authorization, name, value string) {
		if method == http.MethodGet && at == path && authorization == token {
			t.Skip("this is the one request that gets keys")
		}
		for _, h := range []http.Handler{e, imds} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.Method, r.URL.Path = method, at
			r.Header.Set("Authorization", authorization)
			r.Header[http.CanonicalHeaderKey(name)] = []string{value}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if strings.Contains(w.Body.String(), "anary") || h == http.Handler(e) && w.Code == http.StatusOK {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
	})
}
