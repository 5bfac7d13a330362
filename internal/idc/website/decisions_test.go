package website_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/website"
)

// client registers a client with a redirect URI, and returns its id.
func (s *site) client(t *testing.T, redirect string) string {
	t.Helper()
	mux := http.NewServeMux()
	s.oidc.Mount(mux)
	body, err := json.Marshal(map[string]any{
		"clientName": "test", "clientType": "public", "scopes": []string{"sso:account:access"},
		"grantTypes": []string{"authorization_code"}, "redirectUris": []string{redirect},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/client/register", bytes.NewReader(body)))
	var out struct{ ClientID string }
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body, err)
	}
	return out.ClientID
}

func authorization(client, redirect string) url.Values {
	return url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {redirect}, "state": {"the-state"},
		"code_challenge_method": {"S256"}, "code_challenge": {strings.Repeat("a", 43)}, "scopes": {"sso:account:access"},
	}
}

// A person's answer goes to the client's own redirect URI, once. Nothing else is sent anywhere.
func TestConsents(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).as("alice")
	for _, redirect := range []string{"http://127.0.0.1:4711/cb", "http://[::1]:4711/cb"} {
		client := s.client(t, redirect)
		for decision, want := range map[string]string{
			"allow": "code=", "deny": "error=access_denied", "": "error=access_denied", "Allow": "error=access_denied",
		} {
			to := b.get("/authorize?" + authorization(client, redirect).Encode()).header.Get("Location")
			u, err := url.Parse(to)
			if err != nil || u.Path != entrance+"consent" {
				t.Fatalf("authorize leads to %q", to)
			}
			p := b.get("consent?" + u.RawQuery)
			v6 := strings.Contains(redirect, "[") // which no policy can name
			policy := p.header.Get("Content-Security-Policy")
			if strings.Contains(policy, "form-action 'self' http://127.0.0.1:4711;") == v6 || !strings.Contains(p.body, "test") {
				t.Errorf("%s: the page's policy is %s", redirect, policy)
			}
			form := url.Values{"form": {p.token()}, "request": {u.Query().Get("request")}, "decision": {decision}}
			p = b.post("consent", form)
			end := p.header.Get("Location")
			if v6 {
				end = redirect + "?" + strings.SplitN(strings.SplitAfter(p.body, redirect+"?")[1], `"`, 2)[0]
			}
			if !strings.HasPrefix(end, redirect+"?") || !strings.Contains(end, want) ||
				!strings.Contains(end, "state=the-state") {
				t.Errorf("%s, %q: %d leads to %q", redirect, decision, p.status, end)
			}
			if p := b.post("consent", form); p.status != http.StatusNotFound || !strings.Contains(p.body, "is over") {
				t.Errorf("%q again: %d", decision, p.status)
			}
		}
	}
	if p := b.get("consent?request=unknown"); p.status != http.StatusNotFound {
		t.Errorf("an unknown request: %d", p.status)
	}
}

// A client that is not registered, or asks for another redirect URI, gets no redirect.
func TestRequestsThatLeadNowhere(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	const redirect = "http://127.0.0.1:4711/cb"
	client := s.client(t, redirect)
	for name, q := range map[string]url.Values{
		"an unknown client":    authorization("unknown", redirect),
		"another redirect URI": authorization(client, "http://127.0.0.1:4711/elsewhere"),
		"another machine":      authorization(client, "http://evil.example/cb"),
	} {
		if p := b.get("/authorize?" + q.Encode()); p.status != http.StatusBadRequest || p.header.Get("Location") != "" {
			t.Errorf("%s: %d to %q", name, p.status, p.header.Get("Location"))
		}
	}
	q := authorization(client, redirect)
	q.Set("scopes", "admin")
	to := b.get("/authorize?" + q.Encode()).header.Get("Location")
	if !strings.HasPrefix(to, redirect+"?error=invalid_scope") {
		t.Errorf("a scope that was not registered leads to %q", to)
	}
}

// The console opens with a role of one's own, after a click.
func TestTheConsoleOpensWithOnesOwnRole(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).as("alice")
	const role = "account_id=111122223333&role_name=Admin"
	p := b.get("console?" + role)
	if p.status != http.StatusOK || !strings.Contains(p.body, "Open the console?") {
		t.Fatalf("%d", p.status)
	}
	for destination, want := range map[string]string{
		"": "console/home", "https://us-east-1.console.aws.amazon.com/s3/home": "s3",
	} {
		open := b.post("console", url.Values{
			"form": {p.token()}, "role": {"111122223333/Admin"}, "destination": {destination},
		})
		link := open.header.Get("Location")
		if open.status != http.StatusSeeOther || !strings.HasPrefix(link, "/federation?Action=login&") {
			t.Fatalf("%d to %q", open.status, link)
		}
		arrived := b.get(link)
		if arrived.status != http.StatusOK || !strings.Contains(arrived.body, "Signed in to the console") ||
			!strings.Contains(arrived.body, want) || !strings.Contains(arrived.body, "111122223333") {
			t.Errorf("%q: %d", destination, arrived.status)
		}
	}
	for _, other := range []string{"111122223333/Nothing", "999999999999/Admin", ""} {
		account, name, _ := strings.Cut(other, "/")
		q := url.Values{"account_id": {account}, "role_name": {name}}
		if p := b.get("console?" + q.Encode()); p.status != http.StatusForbidden {
			t.Errorf("the page of %q: %d", other, p.status)
		}
		open := b.post("console", url.Values{"form": {p.token()}, "role": {other}})
		if open.status != http.StatusForbidden || open.header.Get("Location") != "" {
			t.Errorf("%q: %d to %q", other, open.status, open.header.Get("Location"))
		}
	}
}

// A code is answered once, as the person says. Without one, the page asks for it.
func TestDeviceCodesAreAnswered(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).as("alice")
	ask := b.get("device")
	if ask.status != http.StatusOK || !strings.Contains(ask.body, "Enter your code") {
		t.Fatalf("%d", ask.status)
	}
	for decision, want := range map[string]string{
		"allow": "Request approved", "deny": "Request denied", "": "Request denied", "Allow": "Request denied",
	} {
		form := url.Values{
			"form": {ask.token()}, "user_code": {s.deviceCode(t, "127.0.0.1:1")}, "decision": {decision},
		}
		if p := b.post("device", form); p.status != http.StatusOK || !strings.Contains(p.body, want) {
			t.Errorf("%q: %d without %q", decision, p.status, want)
		}
		if p := b.post("device", form); p.status != http.StatusNotFound {
			t.Errorf("%q again: %d", decision, p.status)
		}
	}
	if p := b.get("device?user_code=BBBB-BBBB"); p.status != http.StatusNotFound {
		t.Errorf("an unknown code: %d", p.status)
	}
	for range 5 {
		b.get("device?user_code=BBBB-BBBB")
	}
	if p := b.get("device?user_code=BBBB-BBBB"); p.status != http.StatusTooManyRequests {
		t.Errorf("too many unknown codes: %d", p.status)
	}
	form := url.Values{"form": {ask.token()}, "user_code": {"BBBB-BBBB"}, "decision": {"allow"}}
	if p := b.post("device", form); p.status != http.StatusTooManyRequests {
		t.Errorf("too many unknown codes, answered: %d", p.status)
	}
}

// The administrator has both keys, whole: one of them, or the beginning of one, lets nobody in.
func TestHalfTheAdministratorsKeys(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	id, secret := s.keys.Administrator()
	for name, keys := range map[string][2]string{
		"the id alone": {id, ""}, "the secret alone": {"", secret}, "another secret": {id, strings.ToLower(secret)},
		"another id": {strings.ToLower(id), secret},
	} {
		form := url.Values{"form": {b.get("admin/sign-in").token()}, "key": {keys[0]}, "secret": {keys[1]}}
		if p := b.post("admin/sign-in", form); p.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, p.status)
		}
	}
}

// Cookies that the site has not signed are nobody's.
func TestForgedCookies(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).as("alice")
	home, err := url.Parse(origin + b.home)
	if err != nil {
		t.Fatal(err)
	}
	var cookie http.Cookie
	for _, c := range b.Jar.Cookies(home) {
		if c.Name == "rolecall_session" {
			cookie = *c
		}
	}
	at := strings.LastIndexByte(cookie.Value, '.')
	sum := cookie.Value[at+1:]
	later := strings.SplitN(cookie.Value, ".", 2)[0] + ".99999999999." + sum
	for name, value := range map[string]string{
		"another sum":    cookie.Value[:at+1] + strings.Repeat("A", len(sum)),
		"another moment": later,
		"no sum":         cookie.Value[:at],
	} {
		b.Jar.SetCookies(home, []*http.Cookie{{Name: cookie.Name, Value: value, Path: b.home}})
		if p := b.get(""); p.status != http.StatusSeeOther {
			t.Errorf("%s: %d", name, p.status)
		}
	}
	b.Jar.SetCookies(home, []*http.Cookie{{Name: cookie.Name, Value: cookie.Value, Path: b.home}})
	if p := b.get(""); p.status != http.StatusOK {
		t.Errorf("the site's own: %d", p.status)
	}
}

// Whoever is disabled, or has signed out, sees no page of the session, whatever cookie the browser keeps.
func TestSessionsThatAreOver(t *testing.T) {
	for name, end := range map[string]func(s *site, b *browser){
		"disabled": func(s *site, _ *browser) {
			user := s.user(t, "alice")
			user.Disabled = true
			if err := s.store.Update(t.Context(), func(tx store.Tx) error { return directory.PutUser(tx, user) }); err != nil {
				t.Fatal(err)
			}
		},
		"signed out": func(_ *site, b *browser) { b.post("sign-out", url.Values{"form": {b.get("").token()}}) },
	} {
		s := newSite(t)
		b := s.browser(t).as("alice")
		home, err := url.Parse(origin + b.home)
		if err != nil {
			t.Fatal(err)
		}
		kept := b.Jar.Cookies(home)
		for _, c := range kept {
			c.Path = b.home
		}
		end(s, b)
		b.Jar.SetCookies(home, kept)
		if p := b.get(""); p.status != http.StatusSeeOther {
			t.Errorf("%s: %d", name, p.status)
		}
	}
}

// Cookies of a site with TLS go over TLS alone, and scripts read none.
func TestCookiesAreKeptClose(t *testing.T) {
	for address, secure := range map[string]bool{origin: false, "https://sso.example.com": true} {
		p := newSiteWith(t, website.Options{URL: address}).browser(t).get("sign-in")
		cookie := p.header.Get("Set-Cookie")
		if strings.Contains(cookie, "; Secure") != secure || !strings.Contains(cookie, "; HttpOnly") ||
			!strings.Contains(cookie, "; SameSite=Lax") {
			t.Errorf("%s: %s", address, cookie)
		}
	}
}
