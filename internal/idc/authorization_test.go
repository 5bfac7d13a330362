package idc_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
	"rolecall/internal/proof"
)

// A principal is a kind of caller, with everything it can present: a bearer token, a browser session, keys to sign
// with.
type principal struct {
	name           string
	bearer, cookie string
	home           string // the path of the cookie
	keys           aws.Credentials
}

// principals are every kind of caller there is.
func (c *center) principals(t *testing.T) []principal {
	t.Helper()
	_, _, expired := c.deviceTokens(t)
	c.now = c.now.Add(2 * time.Hour)
	_, clientSecret := c.register(t, false)
	_, _, alice := c.deviceTokens(t)
	_, _, out := c.deviceTokens(t)
	c.portal(t, "POST", "/logout", out.text("accessToken"))
	carol, bob, dave := c.tokenOf(t, "carol"), c.tokenOf(t, "bob"), c.newUser(t, "dave")
	c.disable(t, "bob")
	c.unassign(t, "dave")
	aliceCookie, aliceHome := c.cookie(t, "alice")
	carolCookie, carolHome := c.cookie(t, "carol")
	other := newCenter(t, oidc.Options{})
	otherCookie, otherHome := other.cookie(t, "alice")
	_, _, foreign := other.deviceTokens(t)
	id, secret := c.STS.Administrator()
	return []principal{
		{name: "anonymous"},
		{name: "registered client", bearer: clientSecret},
		{name: "alice", bearer: alice.text("accessToken"), cookie: aliceCookie, home: aliceHome},
		{name: "user with nothing", bearer: carol, cookie: carolCookie, home: carolHome},
		{name: "expired", bearer: expired.text("accessToken")},
		{name: "signed out", bearer: out.text("accessToken")},
		{name: "disabled", bearer: bob},
		{name: "unassigned", bearer: dave},
		{name: "role", keys: c.keys(t, "111122223333", "Admin")},
		{name: "administrator", keys: aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}},
		{
			name: "of another instance", bearer: foreign.text("accessToken"), cookie: otherCookie, home: otherHome,
			keys: other.keys(t, "111122223333", "Admin"),
		},
	}
}

func (c *center) tokenOf(t *testing.T, name string) string {
	t.Helper()
	id, secret := c.register(t, false)
	d := c.call(t, "POST", "/device_authorization", members{
		"clientId": id, "clientSecret": secret, "startUrl": origin + "/start",
	})
	c.approve(t, d.text("userCode"), name)
	return c.token(t, id, secret,
		members{
			"grantType": "urn:ietf:params:oauth:grant-type:device_code", "deviceCode": d.text("deviceCode"),
		}).text("accessToken")
}

func (c *center) update(t *testing.T, do func(store.Tx) error) {
	t.Helper()
	if err := c.data.Store.Update(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

// newUser makes a user with alice's Admin role, and returns a token.
func (c *center) newUser(t *testing.T, name string) string {
	t.Helper()
	c.update(t, func(tx store.Tx) error {
		set, err := directory.PermissionSets().Find(tx, "name:Admin")
		if err != nil {
			return err
		}
		u := directory.User{
			ID: c.Instance.NewPrincipalID(), Attributes: directory.Attributes{UserName: name, DisplayName: name},
		}
		if _, err := tx.Assign(store.Assignment{
			Principal: u.ID, AccountID: "111122223333",
			PermissionSet: set.ID,
		}); err != nil {
			return err
		}
		return directory.Users().Put(tx, u)
	})
	return c.tokenOf(t, name)
}

func (c *center) change(t *testing.T, name string, change func(store.Tx, directory.User) error) {
	t.Helper()
	c.update(t, func(tx store.Tx) error {
		u, err := directory.Users().Find(tx, directory.NameKey(name))
		if err != nil {
			return err
		}
		return change(tx, u)
	})
}

// disable leaves the sessions: the user's state alone must suffice for a refusal.
func (c *center) disable(t *testing.T, name string) {
	t.Helper()
	c.change(t, name, func(tx store.Tx, u directory.User) error { u.Disabled = true; return directory.Users().Put(tx, u) })
}

func (c *center) unassign(t *testing.T, name string) {
	t.Helper()
	c.change(t, name, func(tx store.Tx, u directory.User) error {
		given, err := tx.Assignments(store.Assignment{Principal: u.ID})
		if err != nil {
			return err
		}
		_, err = tx.Unassign(given[0])
		return err
	})
}

// cookie is a browser's cookie after a sign-in on the page, and its path.
func (c *center) cookie(t *testing.T, name string) (cookie, home string) {
	t.Helper()
	page := c.call(t, "GET", "/ui/sign-in", nil)
	_, token, _ := strings.Cut(page.body, `name="form" value="`)
	token, _, _ = strings.Cut(token, `"`)
	visitor, _, _ := strings.Cut(page.header.Get("Set-Cookie"), ";")
	a := c.call(t, "POST", "/ui/sign-in", "form="+token+"&user="+name+"&password=correct-horse-"+name,
		"Content-Type", "application/x-www-form-urlencoded", "Cookie", visitor)
	var cookies []string
	for _, line := range a.header.Values("Set-Cookie") {
		cookie, _, _ := strings.Cut(line, ";")
		cookies = append(cookies, cookie)
	}
	if a.status != 303 {
		t.Fatalf("the sign-in of %s: %d", name, a.status)
	}
	return strings.Join(cookies, "; "), a.header.Get("Location")
}

// ask sends a request with everything that a principal has.
func (c *center) ask(t *testing.T, p principal, method, path, body string, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, origin+path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if p.bearer != "" {
		r.Header.Set("x-amz-sso_bearer_token", p.bearer)
	}
	if p.cookie != "" {
		r.Header.Set("Cookie", p.cookie)
	}
	if p.keys.AccessKeyID != "" {
		sum := sha256.Sum256([]byte(body))
		if err := signer.NewSigner().SignHTTP(context.Background(), p.keys, r, hex.EncodeToString(sum[:]), serviceOf(r),
			"us-east-1", c.now); err != nil {
			t.Fatal(err)
		}
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return answer{status: w.Code, header: w.Header(), body: w.Body.String()}
}

// serviceOf is the name by which requests are signed.
func serviceOf(r *http.Request) string {
	switch target := r.Header.Get("X-Amz-Target"); {
	case strings.HasPrefix(target, "AWSIdentityStore."):
		return "identitystore"
	case strings.HasPrefix(target, "AWSOrganizations"):
		return "organizations"
	case target != "":
		return "sso"
	}
	return "sts"
}

// A row is a route's answer to everybody, and its exceptions.
type row struct {
	path, body string // path: empty for that of the pattern
	form       bool
	everybody  int
	but        map[string]int
}

// rows lists all routes; %s in a pattern is the path of a session.
func rows() map[string]row {
	lists := map[string]int{"alice": 200, "user with nothing": 200, "unassigned": 200}
	browser := map[string]int{"alice": 200, "user with nothing": 200}
	elsewhere := row{everybody: 303} // to a sign-in
	post := row{everybody: 403}      // without the page's own form token
	return map[string]row{
		// what anybody may call
		"POST /client/register":      {body: `{}`, everybody: 400},
		"POST /device_authorization": {body: `{}`, everybody: 400},
		"POST /token":                {body: `{}`, everybody: 400},
		"GET /authorize":             {everybody: 400},
		"GET /start":                 {everybody: 200},
		"GET /start/{$}":             {path: "/start/", everybody: 200},
		"GET /device":                {everybody: 303},
		"GET /assets/{name}":         {path: "/assets/none", everybody: 404},
		"GET /.well-known/rolecall":  {everybody: 200},
		"GET /health":                {everybody: 200},
		"GET /metrics":               {everybody: 200},
		"GET /{$}":                   {path: "/", everybody: 303},
		"GET /federation":            {everybody: 400},
		"POST /federation":           {everybody: 400},
		"GET /oauth":                 {path: "/oauth?Action=logout", everybody: 200},
		"/":                          {path: "/nowhere", everybody: 404},
		// the portal: bearer tokens
		"GET /federation/credentials": {
			path: "/federation/credentials?account_id=111122223333&role_name=Admin", everybody: 401, but: map[string]int{
				"alice": 200, "user with nothing": 403, "unassigned": 403,
			},
		},
		"GET /assignment/accounts": {everybody: 401, but: lists},
		"GET /assignment/roles": {
			path: "/assignment/roles?account_id=111122223333", everybody: 401, but: map[string]int{
				"alice": 200, "user with nothing": 403, "unassigned": 403,
			},
		},
		"POST /logout": {
			everybody: 401, but: map[string]int{"alice": 200, "user with nothing": 200, "disabled": 200, "unassigned": 200},
		},
		"/federation/credentials": {path: "PUT", everybody: 405},
		"/assignment/accounts":    {path: "PUT", everybody: 405},
		"/assignment/roles":       {path: "PUT", everybody: 405},
		"/logout":                 {path: "PUT", everybody: 405},
		// STS and the admin APIs: signatures
		"POST /{$}": {
			path: "/", body: "Action=GetCallerIdentity&Version=2011-06-15", form: true, everybody: 403, but: map[string]int{
				"role": 200, "administrator": 200,
			},
		},
		// pages: a browser's session
		"GET %s{$}":        {path: "%s", everybody: 303, but: browser},
		"GET /ui/{$}":      {path: "/ui/", everybody: 303},
		"GET /ui/{page}":   elsewhere,
		"GET /ui/sign-in":  {everybody: 200},
		"POST /ui/sign-in": post, "POST %ssign-out": post, "POST %sfavorite": post, "POST %skeys": post,
		"POST %sconsole": post, "POST %sconsent": post, "POST %sdevice": post,
		"GET %skeys": {
			path: "%skeys?account_id=111122223333&role_name=Admin", everybody: 303, but: map[string]int{
				"alice": 200, "user with nothing": 403,
			},
		},
		"GET %sconsole": {
			path: "%sconsole?account_id=111122223333&role_name=Admin", everybody: 303, but: map[string]int{
				"alice": 200, "user with nothing": 403,
			},
		},
		"GET %sconsent": {everybody: 303, but: map[string]int{"alice": 404, "user with nothing": 404}},
		"GET %sdevice":  {everybody: 303, but: browser},
		// the administrator's pages have a session of their own
		"GET /ui/admin/{$}":     {path: "/ui/admin/", everybody: 303},
		"GET /ui/admin/sign-in": {everybody: 200}, "POST /ui/admin/sign-in": post, "POST %sadmin/sign-out": post,
		"GET %sadmin/{$}": elsewhere, "GET %sadmin/user": elsewhere, "GET %sadmin/disable": elsewhere,
		"GET %sadmin/groups": elsewhere, "GET %sadmin/group": elsewhere,
		"GET %sadmin/accounts": elsewhere, "GET %sadmin/account": elsewhere, "GET %sadmin/audit": elsewhere,
		"POST %sadmin/revoke": post, "POST %sadmin/revoke-all": post, "POST %sadmin/disable": post,
		"POST %sadmin/enable": post,
	}
}

// The authorization matrix: each kind of caller at each route. A route without a row fails the test.
func TestAuthorizationMatrix(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	callers := c.principals(t)
	table := rows()
	cells := 0
	for _, pattern := range c.Routes {
		name := strings.Replace(pattern, "/ui/{home}/", "%s", 1)
		r, listed := table[name]
		if !listed {
			t.Errorf("%s stands not in the matrix", name)
			continue
		}
		for _, p := range callers {
			cells++
			want := r.everybody
			if status, ok := r.but[p.name]; ok {
				want = status
			}
			if got := c.cell(t, p, pattern, r); got != want {
				t.Errorf("%s as %s: %d, want %d", name, p.name, got, want)
			}
		}
		delete(table, name)
	}
	for name := range table {
		t.Errorf("%s is no route", name)
	}
	t.Logf("%d routes, %d cells", len(c.Routes), cells)
	proof.Note(t, "matrix", cells, cells)
}

func (c *center) cell(t *testing.T, p principal, pattern string, r row) int {
	t.Helper()
	method, path, found := strings.Cut(pattern, " ")
	if !found {
		method, path = "GET", pattern
	}
	switch {
	case r.path == "PUT":
		method = "PUT"
	case r.path != "":
		path = strings.Replace(r.path, "%s", "/ui/{home}/", 1)
	}
	home := cmp.Or(p.home, "/ui/"+strings.Repeat("x", 22)+"/")
	path = strings.NewReplacer("/ui/{home}/", home, "{page}", "keys", "{id}", "none", "{$}", "").Replace(path)
	var headers []string
	if r.form {
		headers = []string{"Content-Type", "application/x-www-form-urlencoded"}
	}
	return c.ask(t, p, method, path, r.body, headers...).status
}

// A signature for one thing is not valid for another.
func TestASignatureIsForItsServiceAndOperation(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	id, secret := c.STS.Administrator()
	keys := aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}
	sum := sha256.Sum256([]byte("{}"))
	for name, x := range map[string]struct {
		service string
		late    bool // the target is added after signing
		want    string
	}{
		"right":               {"sso", false, ""},
		"of another service":  {"s3", false, "InvalidSignatureException"},
		"with another target": {"sso", true, "InvalidSignatureException"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", origin+"/", strings.NewReader("{}"))
		if !x.late {
			r.Header.Set("X-Amz-Target", "SWBExternalService.ListInstances")
		}
		if err := signer.NewSigner().SignHTTP(t.Context(), keys, r, hex.EncodeToString(sum[:]), x.service, "us-east-1",
			c.now); err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Target", "SWBExternalService.ListInstances")
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if got := w.Header().Get("x-amzn-ErrorType"); got != x.want {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// Only the administrator may call the admin APIs.
func TestAdminOperationsAreTheAdministrators(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	callers := c.principals(t)
	refusals := map[string]string{"role": "AccessDeniedException", "of another instance": "UnrecognizedClientException"}
	operations := c.Admin.Operations()
	if len(operations) < 60 {
		t.Fatalf("only %d operations", len(operations))
	}
	for _, target := range operations {
		for _, p := range callers {
			a := c.ask(t, p, "POST", "/", "{}", "X-Amz-Target", target, "Content-Type", "application/x-amz-json-1.1")
			exception := a.header.Get("x-amzn-ErrorType")
			want := "MissingAuthenticationTokenException"
			if refusal := refusals[p.name]; refusal != "" {
				want = refusal
			}
			if p.name == "administrator" {
				if strings.Contains(exception, "AccessDenied") && !strings.Contains(a.body, "Organizations") ||
					slices.Contains([]string{"MissingAuthenticationTokenException", "InvalidSignatureException"}, exception) {
					t.Errorf("%s as %s: %d %s", target, p.name, a.status, a.body)
				}
			} else if a.status != http.StatusBadRequest || exception != want {
				t.Errorf("%s as %s: %d %s", target, p.name, a.status, a.body)
			}
		}
	}
	t.Logf("%d operations, %d cells", len(operations), len(operations)*len(callers))
}
