package website_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

func TestAUserWithThousandsOfAccounts(t *testing.T) {
	s := newSite(t)
	carol := s.user(t, "carol")
	err := s.store.Update(t.Context(), func(tx store.Tx) error {
		set, err := directory.PermissionSets().Find(tx, "name:ReadOnly")
		for i := range 5000 {
			a := directory.Account{
				ID: fmt.Sprint(600000000000 + i), Name: fmt.Sprintf("team-%04d", i), Email: fmt.Sprintf("team-%d@example.com", i),
			}
			if err == nil {
				err = directory.Accounts().Put(tx, a)
			}
			if err == nil {
				_, err = tx.Assign(store.Assignment{Principal: carol.ID, AccountID: a.ID, PermissionSet: set.ID})
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser(t).as("carol")
	s.store.asked = 0
	p := b.get("")
	shown := strings.Count(p.body, "<details")
	if shown != 50 || len(p.body) > 200_000 || s.store.asked > 20 || !strings.Contains(p.body, "5,000 accounts") {
		t.Errorf("%d accounts in %d bytes, %d questions to the store", shown, len(p.body), s.store.asked)
	}
	for query, want := range map[string]string{
		"":                      `href="?page=2"`,
		"?q=team-1&page=2":      `href="?page=3&amp;q=team-1"`,
		"?q=team-4322":          `keys?account_id=600000004322&amp;role_name=ReadOnly"`,
		"?page=2":               `<h3>team-0050</h3>`,
		"?page=100":             `<h3>team-4999</h3>`,
		"?page=9999":            `<h3>team-4999</h3>`,
		"?page=-1":              `<h3>team-0000</h3>`,
		"?q=team-4321":          `<h3>team-4321</h3>`,
		"?q=600000004321":       `<h3>team-4321</h3>`,
		"?q=READONLY+team-432":  `11 accounts`,
		"?q=nothing-like-this":  `None of your accounts or roles match.`,
		"?q=team-00&page=2":     `<h3>team-0099</h3>`,
		"?q=team-12&open=60000": `<h3>team-1200</h3>`,
	} {
		if p := b.get(query); p.status != http.StatusOK || !strings.Contains(p.body, want) {
			t.Errorf("%s: %d, without %s", query, p.status, want)
		}
	}
	// The administrator sees a part of such a list, and how long it is.
	about := s.browser(t).asAdministrator().get("admin/user?id=" + carol.ID)
	for _, want := range []string{"assignments</span>", "Only 500 of them are shown."} {
		if !strings.Contains(about.body, want) || strings.Contains(about.body, ">500 assignments") {
			t.Errorf("no %s in\n%.2000s", want, about.body)
		}
	}
}

func TestFavoritesAreOnesOwnRoles(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).as("alice")
	star := func(b *browser, name, role string) page {
		t.Helper()
		return b.post("favorite", url.Values{"form": {b.get("").token()}, name: {role}, "back": {"q=pay&page=1"}})
	}
	if p := star(b, "star", "111122223333/Admin"); p.status != http.StatusSeeOther ||
		p.header.Get("Location") != b.home+"?open=111122223333&page=1&q=pay" {
		t.Errorf("starred: %d to %q", p.status, p.header.Get("Location"))
	}
	star(b, "star", "222233334444/Admin") // she has only ReadOnly there
	star(b, "star", "nonsense")
	home := b.get("").body
	if strings.Count(home, `aria-pressed="true"`) != 2 ||
		strings.Index(home, "Favourites") > strings.Index(home, "All accounts") {
		t.Errorf("%d stars", strings.Count(home, `aria-pressed="true"`))
	}
	if strings.Contains(s.browser(t).as("bob").get("").body, `aria-pressed="true"`) {
		t.Error("a star of alice's is bob's")
	}
	star(b, "unstar", "111122223333/Admin")
	if strings.Contains(b.get("").body, `aria-pressed="true"`) {
		t.Error("the star stays")
	}
}

func TestKeysAreRecordedAndOnlyOnesOwn(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).as("alice")
	ask := b.get("keys?account_id=111122223333&role_name=Admin")
	if before := s.audit(t, "user:alice"); slices.Contains(before, "GetRoleCredentials 111122223333/Admin") ||
		strings.Contains(ask.body, "ASIA") {
		t.Error("asking gave keys already")
	}
	p := b.post("keys", url.Values{"form": {ask.token()}, "role": {"111122223333/Admin"}})
	if p.status != http.StatusOK || !strings.Contains(p.body, "export AWS_ACCESS_KEY_ID=&#39;ASIA") ||
		p.header.Get("Cache-Control") != "no-store" {
		t.Errorf("keys: %d", p.status)
	}
	if !slices.Contains(s.audit(t, "user:alice"), "GetRoleCredentials 111122223333/Admin") {
		t.Error("not in the audit")
	}
	for _, role := range []string{"222233334444/Admin", "111122223333/Nothing", "999999999999/Admin", "", "111122223333"} {
		account, name, _ := strings.Cut(role, "/")
		form := url.Values{"form": {ask.token()}, "role": {role}}
		for what, p := range map[string]page{
			"asked":   b.get("keys?" + url.Values{"account_id": {account}, "role_name": {name}}.Encode()),
			"keys":    b.post("keys", form),
			"console": b.post("console", form),
		} {
			if p.status != http.StatusForbidden || strings.Contains(p.body, "ASIA") {
				t.Errorf("%s of %q: %d", what, role, p.status)
			}
		}
	}
}

// Disabling a user, or revoking a session, takes effect at once.
func TestTheAdministratorPutsPeopleOut(t *testing.T) {
	s := newSite(t)
	alice, b := s.browser(t).as("alice"), s.browser(t).asAdministrator()
	id := s.user(t, "alice").ID
	act := func(action string, more ...string) {
		t.Helper()
		form := url.Values{"form": {b.get("admin/user?id=" + id).token()}, "user": {id}}
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		if p := b.post("admin/"+action, form); p.status != http.StatusSeeOther {
			t.Errorf("%s: %d", action, p.status)
		}
	}
	in := func(want bool) {
		t.Helper()
		if got := alice.get("").status == http.StatusOK; got != want {
			t.Errorf("alice is in: %v", got)
		}
	}
	in(true)
	user := b.get("admin/user?id=" + id).body
	_, ref, _ := strings.Cut(user, `name="session" value="`)
	ref, _, _ = strings.Cut(ref, `"`)
	act("revoke", "session", "something-else")
	in(true)
	act("revoke", "session", ref)
	in(false)
	alice.as("alice")
	act("revoke-all")
	in(false)
	alice.as("alice")
	act("disable")
	in(false)
	form := url.Values{"form": {alice.get("sign-in").token()}, "user": {"alice"}, "password": {"correct-horse-alice"}}
	if p := alice.post("sign-in", form); p.status != http.StatusForbidden {
		t.Errorf("disabled, she signs in: %d", p.status)
	}
	act("enable")
	alice.as("alice")
	in(true)
	want := []string{
		"SignIn administration pages", "SignOut user:alice", "SignOut user:alice", "DisableUser user:alice",
		"EnableUser user:alice",
	}
	if got := s.audit(t, "administrator"); !slices.Equal(got, want) {
		t.Errorf("the audit has %q", got)
	}
	if p := b.get("admin/audit"); !strings.Contains(p.body, "EnableUser") || strings.Count(p.body, "<tr>") > 201 {
		t.Errorf("the audit's page: %d, %d rows", p.status, strings.Count(p.body, "<tr>"))
	}
}

// The audit's page shows the last events of a long audit.
func TestALongAudit(t *testing.T) {
	s := newSite(t)
	err := s.store.Update(t.Context(), func(tx store.Tx) error {
		for i := range 1000 {
			if err := tx.Record(store.Event{Time: s.now, Actor: "test", Action: fmt.Sprintf("Act%04d", i)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p := s.browser(t).asAdministrator().get("admin/audit")
	if !strings.Contains(p.body, "Act0999") || !strings.Contains(p.body, "Act0801") ||
		strings.Contains(p.body, "Act0800") {
		t.Error("not the last 200 events")
	}
}
