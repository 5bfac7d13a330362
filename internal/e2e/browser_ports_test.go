//go:build linux

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"rolecall/internal/idc/oidc"
	"rolecall/internal/proof"
)

// Browsers send cookies to every port of a host. Another program on 127.0.0.1 that leads a signed-in browser to all
// paths that it can know collects nothing that opens a session, neither a person's nor the administrator's: the
// session's own path is in no public page. As a control, it gets a session's cookie at the path that only the browser
// knows.
func TestAnotherPortCollectsNoSession(t *testing.T) {
	t.Parallel()
	browser := aBrowser(t)
	w := aWorld(t, oidc.Options{})
	d := aDeviceLogin(t, w, "laptop")
	collector := &collector{t: t}
	thief := httptest.NewServer(collector)
	t.Cleanup(thief.Close)
	do(browser, t, signedInAt(w, "alice", ""), ends("Your accounts"))
	at, err := chromedp.Run(browser, chromedp.Location())
	if err != nil {
		t.Fatal(err)
	}
	home := strings.TrimPrefix(homeOf(at), w.url)
	do(browser, t, opens("admin/"), asAdministrator(w), ends("Users"))

	// What a stranger finds in the public pages, and what he can guess.
	public := fetch(t, w.url+"/start") + fetch(t, w.url+"/ui/") + fetch(t, w.url+"/ui/sign-in") +
		fetch(t, w.url+"/ui/admin/sign-in") + fetch(t, w.url+"/ui/device?user_code="+d.UserCode)
	if strings.Contains(public, home) {
		t.Error("a public page holds the session's path")
	}
	for _, path := range []string{
		"/", "/ui/", "/ui/sign-in", "/ui/device", "/ui/admin/", "/ui/admin/sign-in", "/ui/x/", "/start", "/device",
		"/authorize",
	} {
		do(browser, t, chromedp.Navigate(thief.URL+path), chromedp.WaitVisible("#collected"))
	}
	collected := collector.take()
	if !strings.Contains(strings.Join(collected, ";"), "rolecall_visitor=") {
		t.Errorf("the browser sent nothing at all, which proves nothing: %v", collected)
	}
	for _, cookies := range collected {
		if strings.Contains(cookies, "rolecall_session") || strings.Contains(cookies, "rolecall_admin") {
			t.Errorf("another port collected %s", cookies)
		}
		if opened := use(t, w.url, cookies); opened != "" {
			t.Errorf("%q opens %s", cookies, opened)
		}
	}

	do(browser, t, chromedp.Navigate(thief.URL+home), chromedp.WaitVisible("#collected"))
	if known := collector.take(); !strings.Contains(strings.Join(known, ";"), "rolecall_session=") {
		t.Errorf("the control: %v", known)
	}

	// The browser itself is still signed in, wherever it comes from.
	do(browser, t, chromedp.Navigate(w.url+"/start"), chromedp.Click("a[data-home]"), ends("Your accounts"),
		chromedp.Navigate(w.url+"/device?user_code="+d.UserCode), ends("Allow access?"),
		chromedp.Navigate(w.url+"/ui/admin/"), ends("Users"))
	proof.Note(t, "users", len(collected), len(collected))
}

// A page that another program leads to with a session of its own, which its port can set as a cookie for the whole
// host, does not become where this browser is signed in.
func TestAnotherPortPlantsNoSession(t *testing.T) {
	t.Parallel()
	browser := aBrowser(t)
	w := aWorld(t, oidc.Options{})
	home, cookies := signInWithHTTP(t, w.url, "bob")
	thief := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		for _, c := range cookies {
			c.Path = home
			http.SetCookie(rw, c)
		}
		fmt.Fprintf(rw, `<!doctype html><a id="go" href="%s">go</a>`, w.url+home)
	}))
	t.Cleanup(thief.Close)
	do(browser, t, chromedp.Navigate(thief.URL), chromedp.Click("#go"), ends("Your accounts"), // bob's
		chromedp.Navigate(w.url+"/start"), chromedp.Click("a[data-home]"), asPerson("alice", "correct-horse-alice"),
		ends("Your accounts"), chromedp.WaitVisible(`//span[@title="alice"]`),
		chromedp.Navigate(w.url+home), ends("Your accounts"),
		chromedp.Navigate(w.url+"/start"), chromedp.Click("a[data-home]"), chromedp.WaitVisible(`//span[@title="alice"]`))
	proof.Note(t, "users", 1, 1)
}

// A collector keeps the cookies that browsers send it.
type collector struct {
	t    *testing.T
	mu   sync.Mutex
	sent []string
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, r.Header.Get("Cookie"))
	_, _ = io.WriteString(w, `<!doctype html><p id="collected">thanks</p>`)
}

func (c *collector) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	sent := c.sent
	c.sent = nil
	return sent
}

func fetch(t *testing.T, address string) string {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	return bodyOf(t, answer)
}

// use tries cookies at every page that a stranger can name, and returns the first that knows a person.
func use(t *testing.T, address, cookies string) string {
	t.Helper()
	for _, path := range []string{
		"/ui/", "/ui/device", "/ui/keys", "/ui/x/", "/ui/x/device", "/ui/x/admin/", "/ui/admin/",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", cookies)
		answer, err := (&http.Client{}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(bodyOf(t, answer), "Sign out") {
			return path
		}
	}
	return ""
}

// signInWithHTTP signs in without a browser, and returns the session's path and cookies.
func signInWithHTTP(t *testing.T, address, user string) (home string, cookies []*http.Cookie) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	page, err := client.Get(address + "/ui/sign-in")
	if err != nil {
		t.Fatal(err)
	}
	token := formToken.FindStringSubmatch(bodyOf(t, page))
	answer, err := client.PostForm(address+"/ui/sign-in", url.Values{
		"form": {token[1]}, "user": {user}, "password": {"correct-horse-" + user},
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	home = answer.Header.Get("Location")
	u, err := url.Parse(address + home)
	if err != nil || home == "" {
		t.Fatalf("%s is not let in: %d, %v", user, answer.StatusCode, err)
	}
	return home, jar.Cookies(u)
}
