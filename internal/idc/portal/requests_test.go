package portal_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/portal"
	"rolecall/internal/idc/store"
)

// call sends a request, and returns its status and body.
func (h *house) call(method, path, body, token string) (int, map[string]any) {
	h.Helper()
	r, err := http.NewRequestWithContext(h.Context(), method, origin+path, strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	r.Header.Set("x-amz-sso_bearer_token", token)
	answer, err := h.http.Do(r)
	if err != nil {
		h.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		h.Fatal(err)
	}
	var got map[string]any
	_ = json.Unmarshal(text, &got) // a sign-out has no body
	return answer.StatusCode, got
}

// token signs a user in by the device grant.
func (h *house) token(user string) *string {
	h.Helper()
	_, client := h.call("POST", "/client/register",
		`{"clientName":"test","clientType":"public","scopes":["sso:account:access"]}`, "")
	ask := map[string]any{
		"clientId": client["clientId"], "clientSecret": client["clientSecret"], "startUrl": origin + "/start",
	}
	body, _ := json.Marshal(ask)
	_, device := h.call("POST", "/device_authorization", string(body), "")
	var u directory.User
	err := h.data.Store.View(h.Context(), func(r store.Reader) (err error) {
		u, err = directory.Users().Find(r, directory.NameKey(user))
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	session, err := h.oidc.SignIn(h.Context(), u)
	if err != nil {
		h.Fatal(err)
	}
	if err := h.oidc.DecideDevice(h.Context(), device["userCode"].(string), session, true); err != nil {
		h.Fatal(err)
	}
	ask["grantType"], ask["deviceCode"] = "urn:ietf:params:oauth:grant-type:device_code", device["deviceCode"]
	body, _ = json.Marshal(ask)
	_, tokens := h.call("POST", "/token", string(body), "")
	token := tokens["accessToken"].(string)
	return &token
}

func (h *house) unassign(user string) error {
	_, err := idctest.Unassign(h.data, user, "111122223333", "ReadOnly")
	return err
}

func TestRequestsThatNoSDKSends(t *testing.T) {
	h := newHouse(t)
	token := *h.token("alice")
	for path, want := range map[string]struct {
		status int
		kind   string
	}{
		"/federation/credentials?account_id=111122223333":                   {400, "InvalidRequestException"},
		"/federation/credentials?role_name=Admin":                           {400, "InvalidRequestException"},
		"/assignment/roles":                                                 {400, "InvalidRequestException"},
		"/assignment/accounts?max_result=0":                                 {400, "InvalidRequestException"},
		"/assignment/accounts?max_result=101":                               {400, "InvalidRequestException"},
		"/assignment/accounts?next_token=!":                                 {400, "InvalidRequestException"},
		"/assignment/roles?account_id=111122223333&next_token=!":            {400, "InvalidRequestException"},
		"/assignment/roles?account_id=111122223333&max_result=1&next_token": {200, ""},
		"/logout": {405, "MethodNotAllowedException"},
	} {
		status, body := h.call("GET", path, "", token)
		kind, _ := body["__type"].(string)
		if status != want.status || strings.TrimPrefix(kind, "com.amazonaws.switchboard.portal#") != want.kind {
			t.Errorf("%s: %d %v", path, status, body)
		}
	}
}

func TestOtherRegionsAndOperations(t *testing.T) {
	for want, write := range map[string]func(http.ResponseWriter){
		"Session token not found or invalid":    portal.RefuseToken,
		"idc does not implement sso GET /token": func(w http.ResponseWriter) { portal.Unknown(w, "GET /token") },
	} {
		w := httptest.NewRecorder()
		write(w)
		if !strings.Contains(w.Body.String(), want) || w.Header().Get("x-amzn-ErrorType") == "" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}

// A failure of the store is no refusal.
func TestAStoreThatFails(t *testing.T) {
	h := newHouse(t)
	token := *h.token("alice")
	if err := h.data.Store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"/assignment/accounts", "/assignment/roles?account_id=111122223333",
		"/federation/credentials?account_id=1&role_name=x",
	} {
		if status, body := h.call("GET", path, "", token); status != 500 || body["message"] != "Internal error" {
			t.Errorf("%s: %d %v", path, status, body)
		}
	}
	if status, _ := h.call("POST", "/logout", "", token); status != 500 {
		t.Errorf("a sign-out: %d", status)
	}
	if err := h.data.Store.View(context.Background(), func(store.Reader) error { return nil }); err == nil {
		t.Error("the store is open")
	}
}
