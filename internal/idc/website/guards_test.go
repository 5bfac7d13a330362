package website_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Forms are refused without their token, with another browser's token, and from another origin, whoever is signed in.
func TestEveryFormIsGuarded(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).as("alice").asAdministrator()
	person, administrator, visitor := b.get("").token(), b.get("admin/").token(), b.get("sign-in").token()
	foreign := s.browser(t).as("bob").get("").token()
	walked := 0
	for _, pattern := range s.routes {
		path, ok := strings.CutPrefix(pattern, "POST "+entrance)
		if !ok { // for programs, with keys and without cookies
			continue
		}
		walked++
		path = strings.TrimPrefix(path, "{home}/")
		token, other := person, administrator
		switch {
		case strings.HasSuffix(path, "sign-in"):
			token, other = visitor, person
		case strings.HasPrefix(path, "admin/"):
			token, other = administrator, person
		}
		form := func(token string) url.Values {
			return url.Values{
				"form": {token}, "user": {"alice"}, "password": {"correct-horse-alice"}, "role": {"111122223333/Admin"},
			}
		}
		for name, p := range map[string]page{
			"no token":          b.post(path, url.Values{}),
			"an empty token":    b.post(path, form("")),
			"a foreign token":   b.post(path, form(foreign)),
			"the other's token": b.post(path, form(other)),
			"another origin":    b.post(path, form(token), "Origin", "https://example.com"),
			"another port":      b.post(path, form(token), "Origin", "http://127.0.0.1:9912"),
			"from another site": b.post(path, form(token), "Sec-Fetch-Site", "cross-site"),
			"from another port": b.post(path, form(token), "Sec-Fetch-Site", "same-site"),
			"nobody's cookies":  s.browser(t).post(path, form(token)),
		} {
			if p.status != http.StatusForbidden || !strings.Contains(p.body, "This form is no longer valid") {
				t.Errorf("POST %s with %s: %d", path, name, p.status)
			}
		}
		own := s.browser(t).as("alice").asAdministrator() // which some forms sign out
		token = map[string]string{
			person: own.get("").token(), administrator: own.get("admin/").token(), visitor: own.get("sign-in").token(),
		}[token]
		if p := own.post(path, form(token)); strings.Contains(p.body, "This form is no longer valid") {
			t.Errorf("POST %s with its own token: %d", path, p.status)
		}
	}
	if walked < 12 {
		t.Errorf("only %d forms", walked)
	}
	if p := b.get("keys?account_id=111122223333&role_name=Admin"); p.status != http.StatusOK || p.token() != person {
		t.Errorf("what was refused had an effect: %d", p.status)
	}
}

// Pages behind a sign-in lead to it, and every page has the protective headers.
func TestEveryPageIsGuarded(t *testing.T) {
	s := newSite(t)
	person, administrator := s.browser(t).as("alice"), s.browser(t).asAdministrator()
	for _, pattern := range s.routes {
		path, ok := strings.CutPrefix(pattern, "GET "+entrance+"{home}/")
		if !ok {
			continue
		}
		path = strings.TrimSuffix(path, "{$}")
		who, others := person, administrator
		to := entrance + "sign-in?"
		if strings.HasPrefix(path, "admin/") {
			who, others, to = administrator, person, entrance+"admin/sign-in"
		}
		for _, b := range []*browser{s.browser(t), others} {
			if p := b.get(path); p.status != http.StatusSeeOther || !strings.HasPrefix(p.header.Get("Location"), to) {
				t.Errorf("GET %s: %d to %q", path, p.status, p.header.Get("Location"))
			}
		}
		p := who.get(path)
		policy := p.header.Get("Content-Security-Policy")
		if p.status == http.StatusSeeOther || p.header.Get("Cache-Control") != "no-store" ||
			p.header.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(policy, "default-src 'none'; style-src 'self'; script-src 'self';") ||
			!strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("GET %s: %d %v", path, p.status, p.header)
		}
		if !strings.Contains(p.body, "For development and tests. Not AWS.") {
			t.Errorf("GET %s says not what this is", path)
		}
	}
}

// A person's browser is signed out after a quarter of an hour without a request, and not before.
func TestAPersonsStayEnds(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).as("alice")
	for range 4 { // busy for an hour
		s.now = s.now.Add(14 * time.Minute)
		if p := b.get(""); p.status != http.StatusOK {
			t.Fatalf("while it is busy: %d", p.status)
		}
	}
	u, err := url.Parse(origin + b.home)
	if err != nil {
		t.Fatal(err)
	}
	kept := b.Jar.Cookies(u) // a browser whose clock stands still would send them
	s.now = s.now.Add(16 * time.Minute)
	b.Jar.SetCookies(u, kept)
	if p := b.get(""); p.status != http.StatusSeeOther || !strings.Contains(p.header.Get("Location"), "sign-in") {
		t.Errorf("after a quarter of an hour: %d", p.status)
	}
}

func TestAdministratorsStayEnds(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).asAdministrator()
	out := func(when string) {
		t.Helper()
		if p := b.get("admin/"); p.status != http.StatusSeeOther {
			t.Errorf("%s: %d", when, p.status)
		}
	}
	for range 40 { // busy all day
		s.now = s.now.Add(14 * time.Minute)
		b.get("admin/")
	}
	out("after eight hours")
	b.asAdministrator()
	s.now = s.now.Add(16 * time.Minute)
	out("after a quarter of an hour")
	b.asAdministrator()
	u, _ := url.Parse(origin + b.adminHome + "admin/")
	stolen := b.Jar.Cookies(u)
	b.post("admin/sign-out", url.Values{"form": {b.get("admin/").token()}})
	b.Jar.SetCookies(u, stolen)
	out("with the cookie of a stay that was ended")
}

func TestAssetsNeverChangeUnderTheirName(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	start := b.get("/start").body
	for _, file := range []string{"style", "portal", "icon"} {
		i := strings.Index(start, "/assets/"+file+".")
		if i < 0 {
			t.Fatalf("the page has no %s", file)
		}
		path, _, _ := strings.Cut(start[i:], `"`)
		p := b.get(path)
		if p.status != http.StatusOK || !strings.Contains(p.header.Get("Cache-Control"), "immutable") ||
			p.header.Get("X-Content-Type-Options") != "nosniff" || len(path) < len("/assets/x.0123456789abcdef.js") {
			t.Errorf("%s: %d %v", path, p.status, p.header)
		}
	}
	if p := b.get("/assets/style.0000000000000000.css"); p.status != http.StatusNotFound {
		t.Errorf("another version: %d", p.status)
	}
}

// A session's cookie opens pages below its own path only, whoever sends it elsewhere.
func TestASessionIsForItsPath(t *testing.T) {
	s := newSite(t)
	alice, bob := s.browser(t).as("alice").asAdministrator(), s.browser(t).as("bob").asAdministrator()
	for _, x := range []struct{ own, other, page string }{
		{alice.home, bob.home, ""},
		{alice.adminHome, bob.adminHome, "admin/"},
		{alice.home, nobodys, ""},
		{alice.adminHome, nobodys, "admin/"},
	} {
		u, err := url.Parse(origin + x.own + x.page)
		if err != nil {
			t.Fatal(err)
		}
		elsewhere := s.browser(t)
		to, err := url.Parse(origin + x.other)
		if err != nil {
			t.Fatal(err)
		}
		elsewhere.Jar.SetCookies(to, alice.Jar.Cookies(u))
		if p := elsewhere.get(x.other + x.page); p.status != http.StatusSeeOther ||
			!strings.Contains(p.header.Get("Location"), "sign-in") {
			t.Errorf("the cookie of %s at %s: %d", x.own, x.other, p.status)
		}
		if p := alice.get(x.own + x.page); p.status != http.StatusOK {
			t.Errorf("at its own path: %d", p.status)
		}
	}
}

// What a visitor's page is given is no token for the forms of a session, in the same browser.
func TestASessionsFormsAreItsOwn(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).as("alice")
	star := func(token string) int {
		return b.post("favorite", url.Values{"form": {token}, "star": {"111122223333/Admin"}}).status
	}
	if status := star(b.get("sign-in").token()); status != http.StatusForbidden {
		t.Errorf("with the visitor's token: %d", status)
	}
	if status := star(b.get("").token()); status != http.StatusSeeOther {
		t.Errorf("with its own: %d", status)
	}
}
