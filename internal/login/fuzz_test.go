package login

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"rolecall/internal/loopback"
)

func fuzzed() *callback {
	return &callback{
		state: "the-state", server: &loopback.Server{Host: "127.0.0.1:4711", Port: 4711},
		answers: make(chan callbackAnswer, 1), shown: make(chan struct{}),
	}
}

// mayAnswer reports whether a query has this sign-in's state, once.
func mayAnswer(query string) bool {
	q, err := url.ParseQuery(query)
	return err == nil && len(q["state"]) == 1 && q.Get("state") == "the-state"
}

// Whatever the person pastes: only an address of this sign-in answers it, and no message repeats it.
func FuzzPasted(f *testing.F) {
	for _, text := range []string{
		"", "http://127.0.0.1:4711/oauth/callback?state=the-state&code=c",
		"http://127.0.0.1:4711/oauth/callback?state=other&code=c",
		"http://127.0.0.1:4712/oauth/callback?state=the-state&code=c",
		"http://me@127.0.0.1:4711/oauth/callback?state=the-state&code=c",
		"https://127.0.0.1:4711/oauth/callback?state=the-state",
		"http://127.0.0.1:4711/oauth/callback?state=the-state&code=a&code=b", "%zz", "\x00",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := fuzzed()
		err := c.pasted(text)
		u, bad := url.Parse(text)
		theirs := bad == nil && u.Scheme == "http" && u.Host == "127.0.0.1:4711" && u.Path == "/oauth/callback" &&
			u.User == nil && mayAnswer(u.RawQuery)
		if (err == nil || len(c.answers) > 0) && !theirs {
			t.Errorf("%q answers the sign-in", text)
		}
	})
}

// Whatever calls the listener: only the state of this sign-in answers it.
func FuzzCallback(f *testing.F) {
	for _, x := range [][3]string{
		{"GET", "/oauth/callback", "state=the-state&code=c"},
		{"POST", "/oauth/callback", "state=the-state&code=c"},
		{"GET", "/oauth/callback", "state=the-state&state=the-state&code=c"},
		{"GET", "/oauth/callback", "code=c&state="},
		{"GET", "/", ""},
		{"HEAD", "/oauth/done", "x=%00"},
		{"GET", "//oauth/callback", "state=the-state&code=c"},
		{"GET", "/oauth/callback", "state=the-state&error=access_denied&error_description=%1b[2J"},
	} {
		f.Add(x[0], x[1], x[2])
	}
	f.Fuzz(func(t *testing.T, method, path, query string) {
		c := fuzzed()
		r := &http.Request{
			Method: method, URL: &url.URL{Path: path, RawQuery: query}, Host: c.server.Host, Header: http.Header{},
		}
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if len(c.answers) > 0 && (method != http.MethodGet || path != "/oauth/callback" || !mayAnswer(query)) {
			t.Errorf("%s %s?%s answers the sign-in", method, path, query)
		}
		if w.Code < 400 && len(c.answers) == 0 && path != donePath {
			t.Errorf("%s %s?%s: %d without an answer", method, path, query, w.Code)
		}
	})
}
