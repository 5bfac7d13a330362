package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
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

// aDeviceLogin begins a sign-in as a program of that name does.
func aDeviceLogin(t *testing.T, w *world, client string) (d deviceLogin) {
	t.Helper()
	w.call(t, "/client/register", map[string]any{"clientName": client, "clientType": "public", "scopes": []string{"sso:account:access"}}, &d)
	w.call(t, "/device_authorization", map[string]any{"clientId": d.ClientID, "clientSecret": d.ClientSecret, "startUrl": w.url + "/start"}, &d)
	if d.UserCode == "" {
		t.Fatal("no device login began")
	}
	return d
}

// token asks for what the login brings: an access token, or an error.
func (d deviceLogin) token(t *testing.T, w *world) (accessToken, refusal string) {
	t.Helper()
	var out struct{ AccessToken, Error string }
	w.call(t, "/token", map[string]any{
		"clientId": d.ClientID, "clientSecret": d.ClientSecret, "deviceCode": d.DeviceCode, "grantType": "urn:ietf:params:oauth:grant-type:device_code",
	}, &out)
	return out.AccessToken, out.Error
}
