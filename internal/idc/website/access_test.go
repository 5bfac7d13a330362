package website_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Style and script come compressed to browsers that take it, and are the same otherwise.
func TestAssetsAreCompressed(t *testing.T) {
	s := newSite(t)
	page := s.browser(t).get("sign-in").body
	for _, kind := range []string{"css", "js"} {
		address := regexp.MustCompile(`/assets/[\w.]+\.` + kind).FindString(page)
		ask := func(accept string) *httptest.ResponseRecorder {
			r := httptest.NewRequest("GET", address, nil)
			r.Header.Set("Accept-Encoding", accept)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != http.StatusOK || w.Header().Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s, %q: %d, %v", kind, accept, w.Code, w.Header())
			}
			return w
		}
		plain := ask("").Body.String()
		for accept, want := range map[string]bool{
			"gzip": true, "gzip, deflate, br": true, "deflate, GZIP;q=0.5": true, "gzip;q=1": true,
			"br": false, "gzip;q=0": false, "gzip; q=0.0": false, "xgzip": false, "identity": false,
		} {
			w := ask(accept)
			if got := w.Header().Get("Content-Encoding") == "gzip"; got != want {
				t.Errorf("%s, %q: compressed is %v", kind, accept, got)
				continue
			}
			text, size := w.Body.String(), w.Body.Len()
			if want {
				if z, err := gzip.NewReader(w.Body); err != nil {
					t.Fatal(err)
				} else if data, err := io.ReadAll(z); err != nil {
					t.Error(err)
				} else if text = string(data); size > len(plain)/2 {
					t.Errorf("%s: %d bytes of %d", kind, size, len(plain))
				}
			}
			if text != plain {
				t.Errorf("%s, %q: other content", kind, accept)
			}
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/assets/none.css", nil))
	if w.Code != http.StatusNotFound || w.Body.Len() == 0 {
		t.Errorf("no such file: %d %q", w.Code, w.Body)
	}
}

// What was filled in wrong is tied to its fields, and said first in the title.
func TestErrorsAreTiedToTheirFields(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	for name, p := range map[string]page{
		"sign-in": b.post("sign-in", url.Values{"form": {b.get("sign-in").token()}, "user": {"alice"}, "password": {"x"}}),
		"administrator": b.post("admin/sign-in", url.Values{
			"form": {b.get("admin/sign-in").token()}, "key": {"x"}, "secret": {"x"},
		}),
		"device": s.browser(t).as("alice").get("device?user_code=BCDF-GHJK"),
	} {
		fields := strings.Count(p.body, "<label ")
		if got := strings.Count(p.body, `aria-invalid="true" aria-describedby="problem"`); got != fields || fields == 0 {
			t.Errorf("%s: %d of %d fields are tied to the error", name, got, fields)
		}
		if !strings.Contains(p.body, `<p class="problem" id="problem" role="alert">`) ||
			!strings.Contains(p.body, "<title>Error: ") {
			t.Errorf("%s: %s", name, p.body)
		}
	}
	if body := b.get("sign-in").body; strings.Contains(body, "aria-invalid") || strings.Contains(body, "Error:") {
		t.Error("a page without an error says that there is one")
	}
}
