//go:build linux

package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"rolecall/internal/idc/oidc"
)

// A deviceLogin is a device authorization that a program began.
type deviceLogin struct {
	ClientID, ClientSecret string
	DeviceCode, UserCode   string
}

// call posts JSON to the Identity Center and reads the answer into out.
func (w *world) call(t *testing.T, path string, in, out any) (status int) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(w.url+path, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(out); err != nil {
		t.Fatalf("%s: %d, %v", path, answer.StatusCode, err)
	}
	return answer.StatusCode
}

// aDeviceLogin starts a sign-in as a program with that name.
func aDeviceLogin(t *testing.T, w *world, client string) (d deviceLogin) {
	t.Helper()
	w.call(t, "/client/register", map[string]any{
		"clientName": client, "clientType": "public",
		"scopes": []string{"sso:account:access"},
	}, &d)
	w.call(t, "/device_authorization", map[string]any{
		"clientId": d.ClientID, "clientSecret": d.ClientSecret,
		"startUrl": w.url + "/start",
	}, &d)
	if d.UserCode == "" {
		t.Fatal("no device login began")
	}
	return d
}

// token requests the login's access token, or its error.
func (d deviceLogin) token(t *testing.T, w *world) (accessToken, refusal string) {
	t.Helper()
	var out struct{ AccessToken, Error string }
	w.call(t, "/token", map[string]any{
		"clientId": d.ClientID, "clientSecret": d.ClientSecret, "deviceCode": d.DeviceCode,
		"grantType": "urn:ietf:params:oauth:grant-type:device_code",
	}, &out)
	return out.AccessToken, out.Error
}

// portalStatus returns the portal's HTTP status for the token.
func (w *world) portalStatus(t *testing.T, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/assignment/accounts", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("x-amz-sso_bearer_token", token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func TestDeviceLoginInChromium(t *testing.T) {
	t.Parallel()
	page := aBrowser(t)
	w := aWorld(t, oidc.Options{})
	yes, no := aDeviceLogin(t, w, "laptop"), aDeviceLogin(t, w, "stranger")
	do(page, t, signedInAt(w, "alice", "device?user_code="+yes.UserCode), ends("Allow access?"),
		chromedp.WaitVisible(`//strong[text()="laptop"]`))
	if warning, facts := textOf(page, t, ".warning"), textOf(page, t, ".facts"); !strings.Contains(warning,
		"just now, on a device you hold") || !strings.Contains(facts, "Started") {
		t.Errorf("the page says %q and %q", warning, facts)
	}
	do(page, t, chromedp.Click(`button[value="allow"]`), ends("Request approved"))
	if token, refusal := yes.token(t, w); token == "" {
		t.Errorf("approved: %s", refusal)
	}
	do(page, t, opens("device?user_code="+no.UserCode), chromedp.Click(`button[value="deny"]`), ends("Request denied"))
	if _, refusal := no.token(t, w); refusal != "access_denied" {
		t.Errorf("denied: %q", refusal)
	}
	do(page, t, opens("device?user_code="+no.UserCode), chromedp.WaitVisible(".problem")) // a decision counts once

	short := aWorld(t, oidc.Options{DeviceCodeLife: 10 * time.Second})
	late := aDeviceLogin(t, short, "slow")
	do(page, t, signedInAt(short, "alice", "device?user_code="+late.UserCode), ends("Allow access?"),
		chromedp.Sleep(10*time.Second), chromedp.Click(`button[value="allow"]`), ends("This sign-in is over"),
		opens("device?user_code="+late.UserCode), chromedp.WaitVisible(".problem"))
	if _, refusal := late.token(t, short); refusal != "expired_token" {
		t.Errorf("expired: %q", refusal)
	}
}

// When the administrator ends a session, its access token ends at once.
func TestTheAdministratorRevokesInChromium(t *testing.T) {
	t.Parallel()
	page := aBrowser(t)
	w := aWorld(t, oidc.Options{})
	d := aDeviceLogin(t, w, "laptop")
	do(page, t, signedInAt(w, "alice", "device?user_code="+d.UserCode), chromedp.Click(`button[value="allow"]`),
		ends("Request approved"))
	token, refusal := d.token(t, w)
	if status := w.portalStatus(t, token); status != http.StatusOK {
		t.Fatalf("the token opens nothing: %d %s", status, refusal)
	}
	do(page, t, opens("admin/"), asAdministrator(w), ends("Users"), chromedp.SendKeys("#find", "ALICE\n"),
		chromedp.WaitVisible(`//p[text()="1 user"]`),
		chromedp.Click(`//a[text()="alice"]`), ends("alice"), chromedp.Click(`//button[starts-with(text(),"Revoke")]`),
		chromedp.WaitVisible(`//p[text()="Not signed in anywhere."]`))
	if status := w.portalStatus(t, token); status != http.StatusUnauthorized {
		t.Errorf("the token of a session that was ended: %d", status)
	}
	do(page, t, opens("admin/audit"),
		chromedp.WaitVisible(`//tr[td[text()="administrator"] and td[text()="SignOut"] and td[text()="user:alice"]]`),
		opens(""), chromedp.Click(`//button[text()="Sign out"]`), ends("Administrator"), chromedp.NavigateBack(),
		ends("Administrator"))
}

func TestTooManyWrongPasswords(t *testing.T) {
	t.Parallel()
	page := aBrowser(t)
	w := aWorld(t, oidc.Options{})
	do(page, t, chromedp.Navigate(w.url+"/start"), chromedp.Click("a[data-home]"), ends("Sign in"))
	for range 5 {
		do(page, t, chromedp.Navigate(w.url+"/ui/sign-in"), asPerson("alice", "wrong"),
			chromedp.WaitVisible(`//p[contains(text(),"is incorrect")]`))
	}
	do(page, t, chromedp.Navigate(w.url+"/ui/sign-in"), asPerson("alice", "correct-horse-alice"),
		chromedp.WaitVisible(`//p[contains(text(),"Too many wrong passwords")]`))
}
