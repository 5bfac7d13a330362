package faults_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/faults"
)

func TestTheListIsSound(t *testing.T) {
	var names []string
	for _, f := range faults.List() {
		if slices.Contains(names, f.Name) {
			t.Errorf("%s stands there twice", f.Name)
		}
		names = append(names, f.Name)
		for _, text := range []string{f.Does, f.Client, f.Routes} {
			if text == "" || strings.HasSuffix(text, ".") || strings.Contains(text, "\n") {
				t.Errorf("%s: %q is no line of the list", f.Name, text)
			}
		}
		if err := faults.Check([]string{f.Name, f.Name + "@" + f.Routes + "#3~2"}); err != nil {
			t.Error(err)
		}
	}
}

func TestMistakesAreExplained(t *testing.T) {
	for spec, want := range map[string]string{
		"":                         `unknown fault ""`,
		"throtle":                  `unknown fault "throtle"; did you mean throttle?`,
		"html@tokn":                `unknown route "tokn"; did you mean token?`,
		"html@token+":              `unknown route ""`,
		"html=1":                   "fault html takes no value",
		"throttle=":                "the value after = is missing",
		"throttle=soon":            `"soon" is not a number up to 3600; it takes seconds`,
		"throttle#0":               "0 is not a number of requests",
		"throttle~0":               "0 is not a number of requests",
		"status=200":               "200 is below 400",
		"status=500:a b":           "is not an exception name",
		"unavailable=404":          "404 is below 500",
		"account-name=x@token":     "cannot be played on token: it is for accounts",
		"expires-in=soon":          "is not JSON",
		"access-token=other":       "; it takes empty, huge or line-break",
		"clock=late":               `"late" is not a duration`,
		`account-name="\x"`:        "a JSON string",
		"retry-after=\"a\\nb\"":    "cannot contain line breaks",
		"html@portal/111122223333": "only requests to roles+credentials name an account",
		"account-name=two\nrows":   "expected NAME[=VALUE]",
	} {
		err := faults.Check([]string{"html", spec})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", spec, err, want)
		}
		p := faults.New(time.Now)
		if p.Play([]string{"html"}) != nil || p.Play([]string{"throttle", spec}) == nil ||
			!slices.Equal(p.Playing(), []string{"html"}) {
			t.Errorf("%q: a mistake changed what is played: %q", spec, p.Playing())
		}
	}
}

// accounts sends requests to a player's handler, and returns their statuses.
func accounts(h http.Handler, times int) string {
	var all []string
	for range times {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/assignment/accounts", nil))
		all = append(all, fmt.Sprint(w.Code))
	}
	return strings.Join(all, " ")
}

func TestAFaultForOneAccount(t *testing.T) {
	p := faults.New(time.Now)
	h := p.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }))
	if err := p.Play([]string{"forbidden@credentials+roles/111122223333#2"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		want int
	}{
		{"/federation/credentials?account_id=444455556666", 200},
		{"/federation/credentials", 200},
		{"/federation/credentials?account_id=111122223333", 403},
		{"/assignment/roles?account_id=111122223333", 403},
		{"/assignment/roles?account_id=111122223333", 200},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", c.path, nil))
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d", c.path, w.Code, c.want)
		}
	}
}

func TestCounts(t *testing.T) {
	p := faults.New(time.Now)
	h := p.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }))
	for _, c := range []struct {
		specs []string
		want  string
	}{
		{nil, "200 200 200 200 200 200"},
		{[]string{"throttle"}, "429 429 429 429 429 429"},
		{[]string{"throttle#2"}, "429 429 200 200 200 200"},
		{[]string{"throttle~3"}, "200 200 429 200 200 429"},
		{[]string{"throttle#1~2"}, "200 429 200 200 200 200"},
		{[]string{"throttle#2~2"}, "200 429 200 429 200 200"},
		{[]string{"throttle@token"}, "200 200 200 200 200 200"},
		{[]string{"forbidden#1", "throttle~2"}, "403 200 429 200 429 200"},
		{[]string{"throttle@all#1", "unavailable=599@accounts+roles#1"}, "429 599 200 200 200 200"},
	} {
		if err := p.Play(c.specs); err != nil {
			t.Fatal(err)
		}
		if got := accounts(h, 6); got != c.want {
			t.Errorf("%q: %s, want %s", c.specs, got, c.want)
		}
	}
}

// Pages and unknown routes are left alone.
func TestOtherAddresses(t *testing.T) {
	p := faults.New(time.Now)
	if err := p.Play([]string{"throttle@all"}); err != nil {
		t.Fatal(err)
	}
	h := p.Handler(http.NotFoundHandler())
	for _, r := range []*http.Request{
		httptest.NewRequest("GET", "/", nil), httptest.NewRequest("GET", "/start", nil),
		httptest.NewRequest("GET", "/health", nil),
	} {
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != 404 {
			t.Errorf("%s: %d", r.URL, w.Code)
		}
	}
}

func BenchmarkNothingPlayed(b *testing.B) {
	h := faults.New(time.Now).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequest("GET", "/assignment/accounts", nil)
	for b.Loop() {
		h.ServeHTTP(nil, r)
	}
}

var update = flag.Bool("update", false, "write docs/faults.md anew")

// docs/faults.md is generated: go test ./internal/idc/faults -update.
func TestTheDocument(t *testing.T) {
	const path = "../../../docs/faults.md"
	want := faults.Document()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/faults.md is not what the list says (%v): go test ./internal/idc/faults -update", err)
	}
}
