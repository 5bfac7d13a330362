//go:build linux

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"rolecall/internal/hostile"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
	"rolecall/internal/proof"
)

// hostileNames returns texts that would run as code somewhere if treated as more than text; export tests them in
// shells.
func hostileNames() (names []string) {
	for _, name := range hostile.Names() {
		if name != "" {
			names = append(names, strings.ReplaceAll(name, "CANARYPATH", "javascript:parent.canary()"))
		}
	}
	// Markup has tricks of its own.
	names = append(names, `<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`,
		`' autofocus onfocus=alert(1) x='`, `</title><script>alert(1)</script>`, `</textarea><svg onload=alert(1)>`,
		`javascript:alert(1)`, `{{.}}`, `<style>*{display:none}</style>`, `--><script>alert(1)</script>`,
		`<iframe srcdoc="<script>alert(1)</script>">`, `<base href=//x>`, `<meta http-equiv=refresh content=0>`,
		`&lt;script&gt;alert(1)&lt;/script&gt;`, "\u2028</script>", `<form action=//x><button>`,
		`<math><mtext></form><mglyph><svg><mtext><style><path id="</style><img onerror=alert(1) src>">`)
	return names
}

// asText returns a text as a document has it: HTML has one line break, and no NUL.
func asText(name string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\ufffd").Replace(name)
}

// In a hostileWorld everything has a hostile name: entry number i is called names[i].
type hostileWorld struct {
	*world
	names  []string
	viewer directory.User // sees all accounts
	people *http.Client   // signed in as the viewer, and as the administrator
	// home and adminHome are the paths of their sessions.
	home, adminHome string
}

func (h *hostileWorld) account(i int) string { return fmt.Sprint(700000000000 + i) }
func (h *hostileWorld) set(i int) string     { return fmt.Sprintf("Set%04d", i) }
func (h *hostileWorld) id(i int) string      { return fmt.Sprintf("00000000-0000-0000-0000-%012d", i) }

// tagged returns a name that must be unique.
func (h *hostileWorld) tagged(i int) string { return fmt.Sprintf("%s #%04d", h.names[i], i) }

func aHostileWorld(t *testing.T) *hostileWorld {
	t.Helper()
	h := &hostileWorld{world: aWorld(t, oidc.Options{NoLimits: true}), names: hostileNames()}
	h.viewer = directory.User{
		ID: "viewer", Attributes: directory.Attributes{UserName: "mallory"},
		Password: directory.HashPassword("correct-horse-mallory", idctest.Cost()),
	}
	err := h.data.Store.Update(t.Context(), func(tx store.Tx) error {
		err := directory.Users().Put(tx, h.viewer)
		for i, name := range h.names {
			_, given := tx.Assign(store.Assignment{Principal: h.viewer.ID, AccountID: h.account(i), PermissionSet: h.set(i)})
			err = errors.Join(err, given,
				directory.Accounts().Put(tx, directory.Account{ID: h.account(i), Name: name, Email: name, OU: name}),
				directory.PermissionSets().Put(tx, directory.PermissionSet{
					ID: h.set(i), Name: h.set(i), Description: name,
					Duration: time.Hour,
				}),
				directory.Users().Put(tx, directory.User{ID: h.id(i), Attributes: directory.Attributes{
					UserName:    h.tagged(i),
					DisplayName: name, Emails: []directory.Email{{Value: h.tagged(i)}},
				}}),
				directory.Groups().Put(tx, directory.Group{ID: h.id(i), Name: h.tagged(i), Description: name}),
				directory.Memberships().Put(tx, directory.Membership{ID: h.id(i), GroupID: h.id(i), UserID: h.id(i)}),
				tx.Record(store.Event{Time: time.Now(), Actor: name, Action: name, Target: name, Details: name}))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// watch records what no page may do: run a foreign script, fail in one of ours, or violate its policy.
const watch = `{
  const found = window.top === window ? (window.found = []) : window.top.found;
  for (const name of ["alert", "confirm", "prompt", "print", "open"])
    window[name] = (...with_) => { found.push(name + "(" + with_ + ")"); };
  window.canary = (...with_) => { found.push("canary " + with_); };
  addEventListener("error", (e) => found.push("error: " + (e.message || e.target.outerHTML)), true);
  addEventListener("securitypolicyviolation",
    (e) => found.push("policy: " + e.violatedDirective + " " + e.blockedURI + " " + e.sample));
}`

func watched(t *testing.T) context.Context {
	t.Helper()
	ctx := aBrowser(t)
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument,
		page.AddScriptToEvaluateOnNewDocumentParams{Source: watch}); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// nothingRan fails if watch has recorded anything.
func nothingRan(ctx context.Context, t *testing.T, where string) {
	t.Helper()
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`window.found`))
	if err != nil || len(found) > 0 {
		t.Errorf("%s: %q %v", where, found, err)
	}
}

// texts returns the texts of all elements that the selector finds.
func texts(ctx context.Context, t *testing.T, selector string) []string {
	t.Helper()
	found, err := chromedp.Run(ctx,
		chromedp.Evaluate[[]string](`[...document.querySelectorAll("`+selector+`")].map((e) => e.textContent)`))
	if err != nil {
		t.Errorf("%s: %v", selector, err)
	}
	return found
}

// The lists, in the browser as people see them: every hostile name is shown as text, and does nothing.
func TestHostileNamesInLists(t *testing.T) {
	t.Parallel()
	ctx := watched(t)
	h := aHostileWorld(t)
	do(ctx, t, signedInAt(h.world, "mallory", ""))
	h.walk(ctx, t, "", "main h3", func(i int) string { return h.names[i] })
	do(ctx, t, chromedp.Click(`//summary`), chromedp.Click(`details[open] .star`), chromedp.WaitVisible("#favorites"))
	nothingRan(ctx, t, "a favourite")
	do(ctx, t, opens("admin/"), asAdministrator(h.world), ends("Users"))
	h.walk(ctx, t, "admin/", "td:first-child a", h.tagged, "alice", "bob", "carol", "mallory")
	h.walk(ctx, t, "admin/groups", "td:first-child a", h.tagged, "auditors", "finance")
	h.walk(ctx, t, "admin/accounts", "td:first-child a", func(i int) string { return h.names[i] }, h.sampleAccounts(t)...)
	do(ctx, t, opens("admin/audit"), ends("Audit"))
	nothingRan(ctx, t, "the audit")
	audit := texts(ctx, t, "td:last-child")
	for _, name := range h.names[len(h.names)-190:] {
		if !slices.Contains(audit, asText(name)) {
			t.Errorf("the audit's page does not say %q", name)
		}
	}
	proof.Note(t, "names", 5*len(h.names), 5*len(h.names))
}

func (h *hostileWorld) sampleAccounts(t *testing.T) (names []string) {
	t.Helper()
	err := h.data.Store.View(t.Context(), func(r store.Reader) error {
		accounts, err := directory.Accounts().List(r, "", "", 0)
		for _, a := range accounts {
			if !strings.HasPrefix(a.ID, "70000000") {
				names = append(names, a.Name)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// walk goes through a list page by page, and checks that it has exactly these texts.
func (h *hostileWorld) walk(ctx context.Context, t *testing.T, path, selector string, name func(int) string,
	more ...string,
) {
	t.Helper()
	want := make([]string, len(h.names), len(h.names)+len(more))
	for i := range h.names {
		want[i] = asText(name(i))
	}
	want = append(want, more...)
	var got []string
	for number := 1; len(got) < len(want); number++ {
		do(ctx, t, opens(fmt.Sprintf("%s?page=%d", path, number)))
		if titles := texts(ctx, t, "h1"); len(titles) != 1 {
			t.Errorf("page %d of %q has the titles %q", number, path, titles)
		}
		nothingRan(ctx, t, path)
		if t.Failed() {
			t.FailNow() // no use in waiting for each of the other pages, too
		}
		some := texts(ctx, t, selector)
		if got = append(got, some...); len(some) == 0 {
			break
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%q shows %d of %d names as they are", path, len(got), len(want))
	}
}

// consentPath starts a sign-in with the code flow as a client with that name.
func (h *hostileWorld) consentPath(t *testing.T, name string) string {
	t.Helper()
	var d deviceLogin
	const callback = "http://127.0.0.1:4711/cb"
	h.call(t, "/client/register", map[string]any{
		"clientName": name, "clientType": "public", "scopes": []string{"sso:account:access"},
		"grantTypes": []string{"authorization_code"}, "redirectUris": []string{callback},
	}, &d)
	q := url.Values{
		"response_type": {"code"}, "client_id": {d.ClientID}, "redirect_uri": {callback}, "state": {"s"},
		"code_challenge_method": {"S256"},
		"code_challenge":        {strings.Repeat("A", 43)}, "scopes": {"sso:account:access"},
	}
	answer, err := h.people.Get(h.url + "/authorize?" + q.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return strings.TrimPrefix(answer.Header.Get("Location"), "/ui/")
}

// arrivedPath returns the path of the console's page for keys of a session with that name.
func (h *hostileWorld) arrivedPath(t *testing.T, name string) string {
	t.Helper()
	server := h.current()
	keys := server.STS.MintRole(server.Instance, name, "111122223333",
		directory.PermissionSet{Name: "Admin", Duration: time.Hour})
	session, err := json.Marshal(map[string]string{
		"sessionId": keys.AccessKeyID, "sessionKey": keys.SecretAccessKey,
		"sessionToken": keys.SessionToken,
	})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.PostForm(h.url+"/federation", url.Values{
		"Action":  {"getSigninToken"},
		"Session": {string(session)},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var out struct{ SigninToken string }
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return "/federation?" + url.Values{
		"Action": {"login"}, "Issuer": {name}, "Destination": {name},
		"SigninToken": {out.SigninToken},
	}.Encode()
}
