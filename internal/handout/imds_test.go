package handout_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/handout"
	"rolecall/internal/proof"
	"rolecall/internal/testbed"
)

const roles = "/latest/meta-data/iam/security-credentials/"

func metadata(t *testing.T, h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func metadataToken(t *testing.T, h http.Handler, ttl string) string {
	t.Helper()
	w := metadata(t, h, "PUT", "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds", ttl)
	if w.Code != http.StatusOK || w.Header().Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds") != ttl ||
		w.Header().Get("Content-Type") != "text/plain" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	return w.Body.String()
}

// With a token, as long as it lasts, the service answers all that SDKs ask; unknown paths are named.
func TestMetadata(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, time.Hour)
		var unknown []string
		imds := handout.NewIMDS(s.target, explain, func(path string) { unknown = append(unknown, path) }, s.now)
		token := metadataToken(t, imds, "60")
		for path, want := range map[string]string{
			roles: "Admin", roles[:len(roles)-1]: "Admin", roles + "Admin": `"Code":"Success"`, roles + "Admin/": "ASIA",
			"/latest/meta-data/placement/availability-zone/": "eu-west-1a", "/latest/meta-data/placement/region": "eu-west-1",
			"/latest/dynamic/instance-identity/document": `"region":"eu-west-1"`,
		} {
			w := metadata(t, imds, "GET", path, "X-aws-ec2-metadata-token", token)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
		w := metadata(t, imds, "GET", "/latest/user-data", "X-aws-ec2-metadata-token", token)
		if w.Code != http.StatusNotFound || len(unknown) != 1 || unknown[0] != "/latest/user-data" {
			t.Errorf("%d, %v", w.Code, unknown)
		}
		time.Sleep(time.Minute)
		if w := metadata(t, imds, "GET", roles, "X-aws-ec2-metadata-token", token); w.Code != http.StatusUnauthorized {
			t.Errorf("an old token: %d", w.Code)
		}
	})
}

// Requests of a page, of a version 1 client, or that a server was tricked into get no answer.
func TestMetadataForNobodyElse(t *testing.T) {
	_, targets := still(t, 1)
	imds := handout.NewIMDS(targets[0], explain, nil, time.Now)
	other := handout.NewIMDS(targets[0], explain, nil, time.Now)
	token := metadataToken(t, imds, "21600")
	cases := []struct {
		method, path string
		header       []string
		want         int
	}{
		{"GET", roles, nil, 401},
		{"GET", roles + "Admin", nil, 401},
		{"GET", "/latest/meta-data/", nil, 401},
		{"GET", roles, []string{"X-aws-ec2-metadata-token", ""}, 401},
		{"GET", roles, []string{"X-aws-ec2-metadata-token", "guess"}, 401},
		{"GET", roles, []string{"X-aws-ec2-metadata-token", metadataToken(t, other, "60")}, 401},
		{"GET", roles, []string{"X-aws-ec2-metadata-token", token[:len(token)-1]}, 401},
		{"GET", roles, []string{"X-aws-ec2-metadata-token", token, "X-Forwarded-For", "1.2.3.4"}, 403},
		{"GET", roles, []string{"X-aws-ec2-metadata-token", token, "Origin", "null"}, 403},
		{"POST", roles, []string{"X-aws-ec2-metadata-token", token}, 405},
		{"PUT", roles, []string{"X-aws-ec2-metadata-token", token}, 405},
		{"OPTIONS", "/latest/api/token", nil, 405},
		{"POST", "/latest/api/token", []string{"X-aws-ec2-metadata-token-ttl-seconds", "60"}, 405},
		{"GET", "/latest/api/token", []string{"X-aws-ec2-metadata-token-ttl-seconds", "60"}, 401},
		{"PUT", "/latest/api/token", nil, 400},
		{"PUT", "/latest/api/token", []string{"X-aws-ec2-metadata-token-ttl-seconds", "0"}, 400},
		{"PUT", "/latest/api/token", []string{"X-aws-ec2-metadata-token-ttl-seconds", "21601"}, 400},
		{"PUT", "/latest/api/token", []string{"X-aws-ec2-metadata-token-ttl-seconds", "-1"}, 400},
		{
			"PUT", "/latest/api/token",
			[]string{"X-aws-ec2-metadata-token-ttl-seconds", "60", "X-Forwarded-For", "1.2.3.4"},
			403,
		},
		{"PUT", "/latest/api/token", []string{"X-aws-ec2-metadata-token-ttl-seconds", "60", "Via", "1.1 x"}, 403},
		{
			"PUT", "/latest/api/token",
			[]string{"X-aws-ec2-metadata-token-ttl-seconds", "60", "Sec-Fetch-Site", "cross-site"},
			403,
		},
	}
	for _, c := range cases {
		w := metadata(t, imds, c.method, c.path, c.header...)
		if w.Code != c.want || strings.Contains(w.Body.String(), "anary") {
			t.Errorf("%s %s %v: %d %s", c.method, c.path, c.header, w.Code, w.Body)
		}
	}
	proof.Note(t, "endpoint", len(cases), len(cases))
}

// When keys cannot be renewed the answer is an error, never the old ones: some SDKs would lengthen their life.
func TestMetadataHasNoOldKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, time.Hour)
		imds := handout.NewIMDS(s.target, explain, nil, s.now)
		s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
			return testbed.Refuse(w, 400, "InvalidRequestException")
		})
		s.sleep(2 * time.Hour)
		token := metadataToken(t, imds, "60")
		w := metadata(t, imds, "GET", roles+"Admin", "X-aws-ec2-metadata-token", token)
		if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "ASIA") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// Keys of another tool get the target's name as their role, without characters that role names cannot have.
func TestARoleForKeysOfOtherTools(t *testing.T) {
	for name, want := range map[string]string{
		"tool": "tool", "my tool/é": "my-tool--", "a+b=c,d.e@f_g-h": "a+b=c,d.e@f_g-h",
	} {
		i := &handout.IMDS{Target: &handout.Target{Name: name}}
		if got := i.RoleName(); got != want {
			t.Errorf("%q: %q, not %q", name, got, want)
		}
	}
}
