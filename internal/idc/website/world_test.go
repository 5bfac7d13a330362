package website_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/federation"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/sts"
	"rolecall/internal/idc/website"
)

const origin = "http://127.0.0.1:9911"

// A site is the website with the rooms it needs, and a clock that the test moves.
type site struct {
	*http.ServeMux
	store  *counting
	oidc   *oidc.Server
	keys   *sts.Server
	now    time.Time
	pages  *website.Site
	routes []string // patterns
}

func (s *site) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	s.routes = append(s.routes, pattern)
	s.ServeMux.HandleFunc(pattern, handler)
}

func newSite(t testing.TB) *site {
	t.Helper()
	return newSiteWith(t, website.Options{})
}

// newSiteWith makes a site with some options of its own.
func newSiteWith(t testing.TB, o website.Options) *site {
	t.Helper()
	data, _, err := idctest.Sample()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	s := &site{ServeMux: http.NewServeMux(), store: &counting{Store: data.Store}, now: time.Now()}
	now := func() time.Time { return s.now }
	err = s.store.Update(t.Context(), func(tx store.Tx) error {
		_, err := directory.Open(tx, "us-east-1", s.now)
		return err
	})
	var errKeys, errFederation, errSite error
	s.oidc, errSite = oidc.New(oidc.Options{
		URL: origin, Region: "us-east-1", Store: s.store, Secret: data.Secret,
		Now: now,
	})
	err = errors.Join(err, errSite)
	s.keys, errKeys = sts.New(sts.Options{Store: s.store, Secret: data.Secret, Now: now})
	signin, errFederation := federation.New(federation.Options{Secret: data.Secret, Keys: s.keys, Now: now})
	o.URL = cmp.Or(o.URL, origin)
	o.Region, o.Store, o.Secret = "us-east-1", s.store, data.Secret
	o.OIDC, o.Federation, o.Keys, o.Now = s.oidc, signin, s.keys, now
	pages, errSite := website.New(o)
	s.pages = pages
	if err := errors.Join(err, errKeys, errFederation, errSite); err != nil {
		t.Fatal(err)
	}
	pages.Mount(s)
	signin.Mount(s, pages)
	return s
}

// counting counts what is asked of a store.
type counting struct {
	store.Store
	asked int
}

func (c *counting) View(ctx context.Context, do func(store.Reader) error) error {
	return c.Store.View(ctx, func(r store.Reader) error { return do(countingReader{r, c}) })
}

type countingReader struct {
	store.Reader
	c *counting
}

func (r countingReader) Get(k store.Kind, id string) (store.Entry, error) {
	r.c.asked++
	return r.Reader.Get(k, id)
}

func (r countingReader) List(k store.Kind, owner, after string, limit int) ([]store.Entry, error) {
	r.c.asked++
	return r.Reader.List(k, owner, after, limit)
}

func (r countingReader) Assignments(filter store.Assignment) ([]store.Assignment, error) {
	r.c.asked++
	return r.Reader.Assignments(filter)
}

func (r countingReader) AccountsOf(principals []string, after string, limit int) ([]string, error) {
	r.c.asked++
	return r.Reader.AccountsOf(principals, after, limit)
}

func (r countingReader) PermissionSetsOf(principals []string, account string) ([]string, error) {
	r.c.asked++
	return r.Reader.PermissionSetsOf(principals, account)
}

// A browser keeps cookies, and follows nothing.
type browser struct {
	t    testing.TB
	site *site
	from string // address and port
	// home and adminHome are the paths of its sessions, which the script would know.
	home, adminHome string
	*http.Client
}

func (s *site) browser(t testing.TB) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, site: s, from: "127.0.0.1:5000", home: nobodys, adminHome: nobodys}
	b.Client = &http.Client{Jar: jar, Transport: inProcess{b}, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return b
}

// at moves the browser to another address.
func (b *browser) at(address string) *browser {
	b.from = net.JoinHostPort(address, "5000")
	return b
}

type inProcess struct{ *browser }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.Host, in.RemoteAddr = r.URL.Host, p.from
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	p.site.ServeHTTP(w, in)
	answer := w.Result()
	answer.Request = r
	return answer, nil
}

type page struct {
	status int
	header http.Header
	body   string
}

// token returns the form token of the page's last form.
func (p page) token() string {
	all := regexp.MustCompile(`name="form" value="([^"]*)"`).FindAllStringSubmatch(p.body, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1][1]
}

func (b *browser) do(r *http.Request) page {
	b.t.Helper()
	answer, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if home := homeIn.FindString(answer.Header.Get("Location")); home != "" {
		if strings.HasPrefix(answer.Header.Get("Location"), home+"admin/") {
			b.adminHome = home
		} else {
			b.home = home
		}
	}
	return page{answer.StatusCode, answer.Header, string(body)}
}

// entrance is the path of the pages for whoever is not signed in.
const entrance = "/ui/"

// nobodys is a path that belongs to no session.
const nobodys = entrance + "xxxxxxxxxxxxxxxxxxxxxx/"

var homeIn = regexp.MustCompile(`^/ui/[\w-]{22}/`)

// get opens a page; a path without a slash is below that of the browser's session.
func (b *browser) get(path string) page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, origin+b.path(path), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

func (b *browser) path(path string) string {
	switch {
	case strings.HasPrefix(path, "/"):
		return path
	case path == "sign-in" || path == "admin/sign-in":
		return entrance + path
	case strings.HasPrefix(path, "admin/"):
		return b.adminHome + path
	}
	return b.home + path
}

// post sends a form; headers are names and values.
func (b *browser) post(path string, form url.Values, headers ...string) page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, origin+b.path(path),
		strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.do(r)
}

// as signs in with the sample's passwords.
func (b *browser) as(user string) *browser {
	b.t.Helper()
	form := url.Values{"form": {b.get("sign-in").token()}, "user": {user}, "password": {"correct-horse-" + user}}
	if p := b.post("sign-in", form); p.status != http.StatusSeeOther {
		b.t.Fatalf("%s is not let in: %d", user, p.status)
	}
	return b
}

// asAdministrator signs in with the administrator's keys.
func (b *browser) asAdministrator() *browser {
	b.t.Helper()
	id, secret := b.site.keys.Administrator()
	form := url.Values{"form": {b.get("admin/sign-in").token()}, "key": {id}, "secret": {secret}}
	if p := b.post("admin/sign-in", form); p.status != http.StatusSeeOther {
		b.t.Fatalf("the administrator is not let in: %d", p.status)
	}
	return b
}

// user finds a user by name.
func (s *site) user(t testing.TB, name string) (u directory.User) {
	t.Helper()
	err := s.store.View(t.Context(), func(r store.Reader) (err error) {
		u, err = directory.Users().Find(r, directory.NameKey(name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// audit are the actions of an actor, in order.
func (s *site) audit(t testing.TB, actor string) (actions []string) {
	t.Helper()
	err := s.store.View(t.Context(), func(r store.Reader) error {
		events, err := r.Events(0, 0)
		for _, e := range events {
			if e.Actor == actor {
				actions = append(actions, strings.TrimSpace(e.Action+" "+e.Target))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return actions
}
