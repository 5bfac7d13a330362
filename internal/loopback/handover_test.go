package loopback

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAHandoverIsForOne(t *testing.T) {
	h, err := NewHandover("https://signin.aws.amazon.com/federation?SigninToken=canary", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if strings.Contains(h.Link, "canary") {
		t.Error(h.Link)
	}
	noFollow := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(change func(*http.Request)) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.Link, nil)
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		answer, err := noFollow.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer
	}
	for name, change := range map[string]func(*http.Request){
		"another path": func(r *http.Request) { r.URL.Path = "/" },
		"a guess":      func(r *http.Request) { r.URL.Path = "/" + strings.Repeat("0", 32) },
		"another name": func(r *http.Request) { r.Host = "evil.example" },
		"a post":       func(r *http.Request) { r.Method = http.MethodPost },
		"a head":       func(r *http.Request) { r.Method = http.MethodHead },
	} {
		want := http.StatusNotFound
		if name == "another name" {
			want = http.StatusForbidden
		}
		if answer := get(change); answer.StatusCode != want || answer.Header.Get("Location") != "" {
			t.Errorf("%s: %d", name, answer.StatusCode)
		}
	}
	answer := get(func(*http.Request) {})
	if answer.StatusCode != http.StatusFound || answer.Header.Get("Location") != h.target ||
		answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%d %v", answer.StatusCode, answer.Header)
	}
	if again := get(func(*http.Request) {}); again.StatusCode != http.StatusGone {
		t.Errorf("again: %d", again.StatusCode)
	}
	if err := h.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNobodyComesForTheLink(t *testing.T) {
	h, err := NewHandover("x", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	synctest.Test(t, func(t *testing.T) {
		h := &Handover{fetched: make(chan struct{}), server: &Server{http: &http.Server{}}}
		start := time.Now()
		if err := h.Wait(t.Context()); !errors.Is(err, ErrNotFetched) || time.Since(start) != HandoverLife {
			t.Error(err, time.Since(start))
		}
	})
}
