package federation_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/federation"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/seed"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/sts"
)

// A door is the endpoint, with a clock that the test moves. Its pages are plain text.
type door struct {
	*http.ServeMux
	signin *federation.Server
	keys   *sts.Server
	now    time.Time
	sample seed.SampleData
	store  store.Store
}

func newDoor(t *testing.T) *door {
	t.Helper()
	data, sample, err := idctest.Sample()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	d := &door{ServeMux: http.NewServeMux(), now: time.Now(), sample: sample, store: data.Store}
	now := func() time.Time { return d.now }
	err = data.Store.Update(t.Context(), func(tx store.Tx) error {
		_, err := directory.Open(tx, "us-east-1", d.now)
		return err
	})
	var errKeys, errDoor error
	d.keys, errKeys = sts.New(sts.Options{Store: data.Store, Secret: data.Secret, Now: now})
	d.signin, errDoor = federation.New(federation.Options{Secret: data.Secret, Keys: d.keys, Now: now})
	if err := errors.Join(err, errKeys, errDoor); err != nil {
		t.Fatal(err)
	}
	d.signin.Mount(d, plain{})
	return d
}

type plain struct{}

func (plain) Arrived(w http.ResponseWriter, _ *http.Request, a federation.Arrival) {
	_ = json.NewEncoder(w).Encode(a)
}

func (plain) Message(w http.ResponseWriter, _ *http.Request, status int, title, _ string) {
	http.Error(w, title, status)
}

// alice returns keys of her Admin role in payments-dev.
func (d *door) alice(t *testing.T) sts.Credentials {
	t.Helper()
	var c sts.Credentials
	err := d.store.View(t.Context(), func(r store.Reader) error {
		instance, err := directory.TheInstance(r)
		if err != nil {
			return err
		}
		set, err := directory.PermissionSets().Find(r, "name:Admin")
		c = d.keys.MintRole(instance, "alice", "111122223333", set)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func session(c sts.Credentials) string {
	text, _ := json.Marshal(federation.Session{ID: c.AccessKeyID, Key: c.SecretAccessKey, Token: c.SessionToken})
	return string(text)
}

func (d *door) get(q url.Values) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/federation?"+q.Encode(), nil))
	return w
}

func (d *door) post(q url.Values) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/federation", strings.NewReader(q.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	d.ServeHTTP(w, r)
	return w
}

func (d *door) token(t *testing.T, q url.Values) string {
	t.Helper()
	w := d.get(q)
	var out struct{ SigninToken string }
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != http.StatusOK || out.SigninToken == "" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return out.SigninToken
}

func login(token, destination string) url.Values {
	return url.Values{
		"Action": {"login"}, "Issuer": {"https://example.com/"}, "Destination": {destination}, "SigninToken": {token},
	}
}

func TestATokenSaysWhoArrives(t *testing.T) {
	d := newDoor(t)
	q := url.Values{"Action": {"getSigninToken"}, "Session": {session(d.alice(t))}}
	if w := d.post(q); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "SigninToken") {
		t.Errorf("POST: %d %s", w.Code, w.Body)
	}
	token := d.token(t, q)
	var a federation.Arrival
	w := d.get(login(token, "https://eu-west-1.console.aws.amazon.com/ec2/home?x=1"))
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	want := "arn:aws:sts::111122223333:assumed-role/" + directory.RoleName("Admin", "111122223333") + "/alice"
	if a.ARN != want || a.Account != "111122223333" || a.Role() != "Admin" || a.Region != "eu-west-1" ||
		a.Service != "ec2" || !a.Console {
		t.Errorf("%+v", a)
	}
	if left := a.Ends.Sub(d.now); left < 59*time.Minute || left > time.Hour {
		t.Errorf("the session lasts %v", left)
	}
	long := d.token(t, url.Values{"Action": q["Action"], "Session": q["Session"], "SessionDuration": {"43200"}})
	if err := json.Unmarshal(d.get(login(long, "https://console.aws.amazon.com/")).Body.Bytes(), &a); err != nil ||
		a.Ends.Sub(d.now) != 12*time.Hour {
		t.Errorf("12 hours are %v: %v", a.Ends.Sub(d.now), err)
	}
	for name, q := range map[string]url.Values{
		"cut off":        login(token[:len(token)-3], "https://console.aws.amazon.com/"),
		"changed":        login("AAAA"+token[4:], "https://console.aws.amazon.com/"),
		"none":           login("", "https://console.aws.amazon.com/"),
		"no destination": login(token, ""),
	} {
		if w := d.get(q); w.Code != http.StatusBadRequest || strings.Contains(w.Body.String(), "alice") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	d.now = d.now.Add(15*time.Minute + time.Second)
	if w := d.get(login(token, "https://console.aws.amazon.com/")); w.Code != http.StatusBadRequest ||
		!strings.Contains(w.Body.String(), "expired") {
		t.Errorf("after a quarter of an hour: %d %s", w.Code, w.Body)
	}
}

func TestWhatGetsNoToken(t *testing.T) {
	d := newDoor(t)
	c := d.alice(t)
	adminID, adminSecret := d.keys.Administrator()
	change := func(change func(*sts.Credentials)) string { c := c; change(&c); return session(c) }
	for name, q := range map[string]url.Values{
		"no session":     {},
		"no JSON":        {"Session": {"{"}},
		"other secret":   {"Session": {change(func(c *sts.Credentials) { c.SecretAccessKey = "x" })}},
		"other key":      {"Session": {change(func(c *sts.Credentials) { c.AccessKeyID = "ASIAAAAAAAAAAAAAAAAA" })}},
		"no token":       {"Session": {change(func(c *sts.Credentials) { c.SessionToken = "" })}},
		"long-term keys": {"Session": {session(sts.Credentials{AccessKeyID: adminID, SecretAccessKey: adminSecret})}},
		"14 minutes":     {"Session": {session(c)}, "SessionDuration": {"840"}},
		"13 hours":       {"Session": {session(c)}, "SessionDuration": {"46800"}},
		"no number":      {"Session": {session(c)}, "SessionDuration": {"long"}},
	} {
		q.Set("Action", "getSigninToken")
		for method, w := range map[string]*httptest.ResponseRecorder{"GET": d.get(q), "POST": d.post(q)} {
			if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "Invalid credentials parameter") {
				t.Errorf("%s %s: %d %s", method, name, w.Code, w.Body)
			}
		}
	}
	d.now = d.now.Add(2 * time.Hour)
	if w := d.get(url.Values{"Action": {"getSigninToken"}, "Session": {session(c)}}); w.Code != http.StatusBadRequest {
		t.Errorf("expired keys: %d", w.Code)
	}
	if w := d.get(url.Values{"Action": {"somethingElse"}}); w.Code != http.StatusBadRequest {
		t.Errorf("another action: %d", w.Code)
	}
}

func TestDestinationsThatAreNoConsole(t *testing.T) {
	d := newDoor(t)
	token := d.token(t, url.Values{"Action": {"getSigninToken"}, "Session": {session(d.alice(t))}})
	for text, console := range map[string]bool{
		"https://console.aws.amazon.com/console/home?region=us-east-1": true,
		"https://console.amazonaws.cn/":                                true,
		"https://us-gov-east-1.console.amazonaws-us-gov.com/s3/":       true,
		"http://console.aws.amazon.com/":                               false,
		"javascript:alert(1)//console.aws.amazon.com":                  false,
		"https://console.aws.amazon.com.evil.example/":                 false,
		"https://evilconsole.aws.amazon.com/":                          false,
		"https://console.aws.amazon.com@evil.example/":                 false,
		"https://console.aws.amazon.com:99/":                           false, "//x": false, "\x00": false,
	} {
		var a federation.Arrival
		if err := json.Unmarshal(d.get(login(token, text)).Body.Bytes(), &a); err != nil || a.Console != console ||
			a.URL != text {
			t.Errorf("%q: %+v, %v", text, a, err)
		}
	}
}

func TestLogoutLeadsNowhere(t *testing.T) {
	d := newDoor(t)
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/oauth?Action=logout&redirect_uri=https://example.com/", nil))
	if w.Code != http.StatusOK || w.Header().Get("Location") != "" || !strings.Contains(w.Body.String(), "Signed out") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// Keys from a chain open the console, but cannot choose the session's duration.
func TestChainedKeys(t *testing.T) {
	d := newDoor(t)
	chained := d.assume(t, d.alice(t))
	q := url.Values{"Action": {"getSigninToken"}, "Session": {session(chained)}}
	d.token(t, q)
	q.Set("SessionDuration", "900")
	if w := d.get(q); w.Code != http.StatusBadRequest {
		t.Errorf("with a duration: %d", w.Code)
	}
}

// Keys from GetSessionToken are a user's, and open no console.
func TestKeysOfGetSessionToken(t *testing.T) {
	d := newDoor(t)
	server := httptest.NewServer(d.keys)
	t.Cleanup(server.Close)
	id, secret := d.keys.Administrator()
	client := awssts.New(awssts.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
		}),
	})
	out, err := client.GetSessionToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := sts.Credentials{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey,
		SessionToken: *out.Credentials.SessionToken,
	}
	if w := d.get(url.Values{"Action": {"getSigninToken"}, "Session": {session(keys)}}); w.Code != http.StatusBadRequest {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// assume assumes, through the SDK, the role that alice's role may assume, and returns its keys.
func (d *door) assume(t *testing.T, c sts.Credentials) sts.Credentials {
	t.Helper()
	server := httptest.NewServer(d.keys)
	t.Cleanup(server.Close)
	client := awssts.New(awssts.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
			}, nil
		}),
	})
	out, err := client.AssumeRole(t.Context(),
		&awssts.AssumeRoleInput{
			RoleArn: &d.sample.ChainRole, RoleSessionName: aws.String("release"), ExternalId: &d.sample.ExternalID,
		})
	if err != nil {
		t.Fatal(err)
	}
	return sts.Credentials{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey,
		SessionToken: *out.Credentials.SessionToken,
	}
}
