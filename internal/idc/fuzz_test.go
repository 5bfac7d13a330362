package idc_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"rolecall/internal/idc"
	"rolecall/internal/idc/idctest"
)

// Whatever anybody sends to any route of the Identity Center: it is answered, with a status of HTTP, and nothing is
// handed out.
func FuzzRequests(f *testing.F) {
	for _, x := range [][4]string{
		{"POST", "/token", `{"clientId":"c","clientSecret":"s","grantType":"refresh_token"}`, ""},
		{"POST", "/client/register", `{"clientName":"x","clientType":"public"}`, ""},
		{
			"POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", "AWS4-HMAC-SHA256 " +
				"Credential=A/20261128/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0",
		},
		{
			"GET", "/?Action=GetCallerIdentity&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20261128%2F" +
				"us-east-1%2Fsts%2Faws4_request&X-Amz-Date=20261128T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&" +
				"X-Amz-Signature=0", "", "",
		},
		{"GET", "/federation/credentials?account_id=111122223333&role_name=Admin", "", "x"},
		{"GET", "/authorize?response_type=code&client_id=c&redirect_uri=http%3A%2F%2F127.0.0.1%2F&state=s", "", ""},
		{"POST", "/ui/sign-in", "user=alice&password=x", ""},
		{"GET", "/device?user_code=AAAA-BBBB", "", ""},
		{"POST", "/device_authorization", "null", ""},
		{"GET", "/federation?Action=login&SigninToken=x", "", ""},
	} {
		f.Add(x[0], x[1], x[2], x[3])
	}
	data, _, err := idctest.Sample()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = data.Close() })
	server, err := idc.New(idc.Options{URL: origin, Store: data.Store, Secret: data.Secret})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, target, body, authorization string) {
		if method == "" || strings.ContainsFunc(method, func(r rune) bool { return r < 'A' || r > 'Z' }) ||
			!strings.HasPrefix(target, "/") || strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return // no request line
		}
		defer func() {
			if p := recover(); p != nil && strings.Contains(target, "%") {
				if _, invalid := p.(string); invalid && strings.Contains(p.(string), "invalid NewRequest arguments") {
					return
				}
				panic(p)
			}
		}()
		r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
		r.Host = "127.0.0.1:9911"
		r.Header.Set("Authorization", authorization)
		r.Header.Set("x-amz-sso_bearer_token", authorization)
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code < 200 || w.Code > 599 || w.Code == 500 {
			t.Errorf("%s %s: %d %s", method, target, w.Code, w.Body)
		}
		if text := w.Body.String(); strings.Contains(text, "secretAccessKey") || strings.Contains(text, `"accessToken"`) {
			t.Errorf("%s %s: %s", method, target, text)
		}
	})
}
