package website_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/website"
)

// try signs in with a password, and returns the status: 303, 403 or 429.
func (b *browser) try(user, password string) int {
	b.t.Helper()
	form := url.Values{"form": {b.get("sign-in").token()}, "user": {user}, "password": {password}}
	p := b.post("sign-in", form)
	if p.status == http.StatusTooManyRequests && p.header.Get("Retry-After") == "" {
		b.t.Error("429 without Retry-After")
	}
	return p.status
}

func (b *browser) statuses(n int, user, password string) string {
	b.t.Helper()
	var all []string
	for range n {
		all = append(all, fmt.Sprint(b.try(user, password)))
	}
	return strings.Join(all, " ")
}

func (b *browser) signOut() {
	b.t.Helper()
	b.post("sign-out", url.Values{"form": {b.get("").token()}})
}

func (b *browser) lets(what, user string, want int) {
	b.t.Helper()
	if status := b.try(user, "correct-horse-"+user); status != want {
		b.t.Errorf("%s: %s gets %d, want %d", what, user, status, want)
	}
}

const letIn, wrong, tooMany = http.StatusSeeOther, http.StatusForbidden, http.StatusTooManyRequests

func TestWrongPasswordsAreLimited(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	if got := b.statuses(7, "alice", "x"); got != "403 403 403 403 403 429 429" {
		t.Errorf("guesses: %s", got)
	}
	b.lets("after five guesses", "alice", tooMany)
	b.lets("another user", "bob", letIn)
	s.browser(t).at("127.8.9.10").lets("another address of loopback", "alice", tooMany)
	s.browser(t).at("::1").lets("loopback of IPv6", "alice", tooMany)
	s.browser(t).at("192.0.2.1").lets("another machine", "alice", letIn)
	s.now = s.now.Add(4 * time.Minute)
	b.lets("later", "alice", letIn)
}

// One stranger on loopback, where all share an address, locks nobody out of a browser that has signed in before.
func TestAKnownBrowserIsNotLockedOut(t *testing.T) {
	s := newSite(t)
	mine, stranger := s.browser(t).as("alice"), s.browser(t)
	mine.as("bob") // it is two people's
	mine.signOut()
	stranger.statuses(6, "ALICE", "x")
	stranger.statuses(6, "bob", "x")
	s.browser(t).lets("an unknown browser", "alice", tooMany)
	mine.lets("after a sign-out", "alice", letIn)
	mine.lets("the other person", "bob", letIn)
	s.now = s.now.Add(40 * 24 * time.Hour)
	stranger.statuses(6, "alice", "x")
	mine.lets("forty days later", "alice", letIn)
	if got := mine.statuses(6, "alice", "x"); got != "403 403 403 403 403 429" {
		t.Errorf("guesses in a known browser: %s", got)
	}
}

// The cookie of a browser counts for its user only, and cannot be made up.
func TestDeviceCookiesAreSigned(t *testing.T) {
	s := newSite(t)
	u, err := url.Parse(origin + entrance + "sign-in")
	if err != nil {
		t.Fatal(err)
	}
	cookie := func(b *browser) *http.Cookie {
		t.Helper()
		for _, c := range b.Jar.Cookies(u) {
			if strings.HasPrefix(c.Name, "rolecall_device_") {
				return &http.Cookie{Name: c.Name, Value: c.Value, Path: entrance}
			}
		}
		t.Fatal("no device cookie")
		return nil
	}
	form := url.Values{"form": {""}, "user": {"alice"}, "password": {"correct-horse-alice"}}
	b := s.browser(t)
	form.Set("form", b.get("sign-in").token())
	for _, line := range b.post("sign-in", form).header.Values("Set-Cookie") {
		if strings.HasPrefix(line, "rolecall_device_") && (!strings.Contains(line, "HttpOnly") ||
			!strings.Contains(line, "Max-Age=31536000") || strings.Contains(line, "alice")) {
			t.Errorf("the cookie: %s", line)
		}
	}
	good, bobs := cookie(b), cookie(s.browser(t).as("bob"))
	s.browser(t).statuses(6, "alice", "x")
	for name, c := range map[string]struct {
		cookie *http.Cookie
		want   int
	}{
		"her own": {good, letIn},
		"bob's":   {&http.Cookie{Name: good.Name, Value: bobs.Value, Path: entrance}, tooMany},
		"another id": {
			&http.Cookie{Name: good.Name, Value: strings.Repeat("A", 32) + good.Value[32:], Path: entrance}, tooMany,
		},
		"unsigned": {&http.Cookie{Name: good.Name, Value: good.Value[:32], Path: entrance}, tooMany},
		"empty":    {&http.Cookie{Name: good.Name, Path: entrance}, tooMany},
	} {
		b := s.browser(t)
		b.Jar.SetCookies(u, []*http.Cookie{c.cookie})
		b.lets(name, "alice", c.want)
	}
}

// Beyond loopback an address has fifty guesses for all users, but not on the account of who signed in from there.
func TestGuessesOfOneAddress(t *testing.T) {
	s := newSite(t)
	s.browser(t).at("198.51.100.7").as("alice")
	guess := s.browser(t).at("198.51.100.7")
	for i := range 50 {
		if status := guess.try(fmt.Sprint("user", i), "x"); status != wrong {
			t.Fatalf("guess %d: %d", i, status)
		}
	}
	guess.lets("the 51st", "bob", tooMany)
	s.browser(t).at("198.51.100.7").lets("who signed in there before", "alice", letIn)
	s.browser(t).at("198.51.100.8").lets("the next address", "bob", letIn)
	for i := range 5 {
		s.browser(t).at("2001:db8::"+fmt.Sprint(i)).try("bob", "x")
	}
	s.browser(t).at("2001:db8::ffff").lets("the same network", "bob", tooMany)
	s.browser(t).at("2001:db8:1::1").lets("another network", "bob", letIn)
	loop := s.browser(t)
	for i := range 60 {
		if status := loop.try(fmt.Sprint("user", i), "x"); status != wrong {
			t.Fatalf("guess %d on loopback: %d", i, status)
		}
	}
}

// What the operator does ends a lock-out.
func TestTheOperatorEndsALockOut(t *testing.T) {
	s := newSite(t)
	locked := func() *browser {
		b := s.browser(t)
		b.statuses(6, "alice", "x")
		b.statuses(6, "bob", "x")
		return b
	}
	b := locked()
	s.pages.Forget("Alice")
	b.lets("forgotten by name", "alice", letIn)
	b.lets("another's name", "bob", tooMany)
	s.pages.Forget("")
	b.lets("all forgotten", "bob", letIn)
	b = locked()
	u := s.user(t, "alice")
	u.Password = directory.HashPassword("correct-horse-alice", idctest.Cost())
	if err := s.store.Update(t.Context(), func(tx store.Tx) error { return directory.PutUser(tx, u) }); err != nil {
		t.Fatal(err)
	}
	b.lets("a new password", "alice", letIn)
	b.lets("who has the old one", "bob", tooMany)
	s.now = s.now.Add(time.Hour)
	s.pages.Tidy()
	b.lets("an hour later", "bob", letIn)
	none := newSiteWith(t, website.Options{NoLimits: true}).browser(t)
	none.statuses(10, "alice", "x")
	none.lets("without limits", "alice", letIn)
}

// Wrong keys of the administrator are slowed down, but lock nobody out who has the right ones.
func TestWrongKeysAreLimited(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	bad := url.Values{"form": {b.get("admin/sign-in").token()}, "key": {"x"}, "secret": {"x"}}
	for i := range 7 {
		want := wrong
		if i >= 5 {
			want = tooMany
		}
		if p := b.post("admin/sign-in", bad); p.status != want {
			t.Errorf("guess %d: %d", i, p.status)
		}
	}
	b.asAdministrator()
}

// The device page names both addresses when they differ, and refuses there if so configured.
func TestADeviceSignInFromElsewhere(t *testing.T) {
	for _, strict := range []bool{false, true} {
		s := newSiteWith(t, website.Options{DeviceSameAddress: strict})
		b := s.browser(t).at("192.0.2.9").as("alice")
		code := s.deviceCode(t, "203.0.113.5:1234")
		p := b.get("device?user_code=" + code)
		for _, text := range []string{"203.0.113.5", "192.0.2.9", "another address than yours"} {
			if !strings.Contains(p.body, text) {
				t.Errorf("strict %v: the page lacks %q", strict, text)
			}
		}
		if strings.Contains(p.body, `value="allow"`) == strict {
			t.Errorf("strict %v: the page offers otherwise", strict)
		}
		form := url.Values{"form": {p.token()}, "user_code": {code}, "decision": {"allow"}}
		want := http.StatusOK
		if strict {
			want = http.StatusForbidden
		}
		if p := b.post("device", form); p.status != want {
			t.Errorf("strict %v: allowed from elsewhere: %d", strict, p.status)
		}
		own := s.deviceCode(t, "192.0.2.9:77")
		if p := b.get("device?user_code=" + own); strings.Contains(p.body, "another address") ||
			!strings.Contains(p.body, "192.0.2.9") {
			t.Errorf("strict %v: warns of the same address", strict)
		}
		form.Set("user_code", own)
		if p := b.post("device", form); p.status != http.StatusOK {
			t.Errorf("strict %v: allowed from the same address: %d", strict, p.status)
		}
		form["user_code"], form["decision"] = []string{s.deviceCode(t, "203.0.113.5:1")}, []string{"deny"}
		if p := b.post("device", form); p.status != http.StatusOK {
			t.Errorf("strict %v: denied from elsewhere: %d", strict, p.status)
		}
	}
}

func TestTheDevicePageIsOff(t *testing.T) {
	s := newSiteWith(t, website.Options{NoDevice: true})
	b := s.browser(t).as("alice")
	code := s.deviceCode(t, "127.0.0.1:5")
	form := url.Values{"form": {b.get("").token()}, "user_code": {code}, "decision": {"allow"}}
	for what, p := range map[string]page{
		"the page": b.get("device"), "with a code": b.get("device?user_code=" + code), "the answer": b.post("device", form),
	} {
		if p.status != http.StatusNotFound || !strings.Contains(p.body, "Device sign-in is off") {
			t.Errorf("%s: %d", what, p.status)
		}
	}
}

// deviceCode starts a device sign-in from an address, and returns its user code.
func (s *site) deviceCode(t *testing.T, from string) string {
	t.Helper()
	mux := http.NewServeMux()
	s.oidc.Mount(mux)
	call := func(path string, in map[string]any) (out struct{ ClientID, ClientSecret, UserCode string }) {
		t.Helper()
		body, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != http.StatusOK {
			t.Fatal(w.Code, w.Body, err)
		}
		return out
	}
	c := call("/client/register", map[string]any{"clientName": "test", "clientType": "public"})
	return call("/device_authorization", map[string]any{
		"clientId": c.ClientID, "clientSecret": c.ClientSecret, "startUrl": origin + "/start",
	}).UserCode
}
