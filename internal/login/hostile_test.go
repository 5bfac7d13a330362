package login_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/idc/idctest"
	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
	"rolecall/internal/login"
)

// A browsing person has a browser here, or pastes, and records what they are told.
type browsing struct {
	person
	shown  chan login.Authorization
	pastes chan string

	mu   sync.Mutex
	told []string
}

func newBrowsing() *browsing {
	return &browsing{shown: make(chan login.Authorization, 1), pastes: make(chan string)}
}

func (b *browsing) Authorize(a login.Authorization) { b.shown <- a }

func (b *browsing) Paste(ctx context.Context) (string, error) {
	select {
	case text := <-b.pastes:
		return text, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func (b *browsing) Tell(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told = append(b.told, line)
}

func (b *browsing) said() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.told, "\n")
}

// begin begins a code sign-in, and returns its redirect URI with and without its state, and how it will end.
func (b *browsing) begin(t *testing.T, s *scene) (redirect *url.URL, state string, ended chan error) {
	t.Helper()
	s.Person = b
	ended = make(chan error, 1)
	go func() {
		_, _, err := s.SignIn(t.Context(), nil)
		ended <- err
	}()
	select {
	case a := <-b.shown:
		u, err := url.Parse(a.URL)
		if err != nil {
			t.Fatal(err)
		}
		if redirect, err = url.Parse(u.Query().Get("redirect_uri")); err != nil {
			t.Fatal(err)
		}
		return redirect, u.Query().Get("state"), ended
	case err := <-ended:
		t.Fatalf("the sign-in ended: %v", err)
	}
	return nil, "", nil
}

// refusedBy is the query with which the browser comes back when the person has said no: with the right state it ends
// the sign-in, which shows that it was still waiting.
func refusedBy(state string) string {
	return url.Values{"error": {"access_denied"}, "state": {state}}.Encode()
}

// paste pastes a text into a sign-in that must be waiting.
func (b *browsing) paste(t *testing.T, text string, ended chan error) {
	t.Helper()
	select {
	case b.pastes <- text:
	case err := <-ended:
		t.Fatalf("the sign-in has ended before %.80q was pasted: %v", text, err)
	case <-time.After(5 * time.Second):
		t.Fatalf("nobody reads what is pasted: %.80q", text)
	}
}

// finish lets the browser come back, which must end the sign-in.
func finish(t *testing.T, redirect *url.URL, state string, ended chan error) {
	t.Helper()
	select {
	case err := <-ended:
		t.Fatalf("the sign-in has ended: %v", err)
	default:
	}
	if status := call(t, http.MethodGet, redirect, refusedBy(state), ""); status != http.StatusOK {
		t.Errorf("the browser's own answer: %d", status)
	}
	ends(t, ended)
}

func ends(t *testing.T, ended chan error) {
	t.Helper()
	select {
	case err := <-ended:
		if !errors.Is(err, identitycenter.ErrAccessDenied) {
			t.Errorf("the sign-in ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the sign-in goes on")
	}
}

// call makes a browser's request.
func call(t *testing.T, method string, redirect *url.URL, query, host string) int {
	t.Helper()
	u := *redirect
	u.RawQuery = query
	r, err := http.NewRequestWithContext(t.Context(), method, u.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || strings.Contains(string(body), "CANARY") {
		t.Errorf("the answer repeats what was sent: %s, %v", body, err)
	}
	return answer.StatusCode
}

// Callbacks of other sign-ins, pages and hosts are refused, and this sign-in goes on waiting.
func TestForeignCallbacks(t *testing.T) {
	s, b := newScene(t), newBrowsing()
	redirect, state, ended := b.begin(t, s)
	_, port, err := net.SplitHostPort(redirect.Host)
	if err != nil || redirect.Hostname() != "127.0.0.1" || len(state) < 43 {
		t.Fatalf("%s, %q, %v", redirect, state, err)
	}
	other := strings.Repeat("A", len(state))
	for _, query := range []string{
		"code=CANARY&state=" + other, "code=CANARY", "code=CANARY&state=", "code=CANARY&state=" + state[:len(state)-1],
		"code=CANARY&state=" + state + "x", "code=CANARY&state=" + strings.ToUpper(state) + "&state=" + state,
		"code=CANARY&state=" + state + "&state=" + other, "error=access_denied&state=" + other, "error=access_denied",
		"code=CANARY&code=CANARY2&state=" + state, "code=&state=" + state, "state=" + state, "%zz&state=" + state, "",
		"code=CANARY;state=" + state,
	} {
		if status := call(t, http.MethodGet, redirect, query, ""); status != http.StatusBadRequest {
			t.Errorf("%q: %d", query, status)
		}
	}
	for _, host := range []string{
		"localhost:" + port, "127.0.0.1", "127.0.0.1:1", "evil.example", "evil.example:" + port, "127.0.0.1." + port,
		"[::1]:" + port, "127.0.0.1:" + port + ".evil.example",
	} {
		for _, query := range []string{"code=CANARY&state=" + state, refusedBy(state)} {
			if status := call(t, http.MethodGet, redirect, query, host); status != http.StatusForbidden {
				t.Errorf("host %q with the right state: %d", host, status)
			}
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodHead, http.MethodPut, http.MethodOptions} {
		if status := call(t, method, redirect, refusedBy(state), ""); status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, status)
		}
	}
	finish(t, redirect, state, ended)
}

// A pasted address must be this sign-in's own, in every part; anything else is refused without being repeated, and the
// sign-in goes on waiting.
func TestForeignPastes(t *testing.T) {
	for name, paste := range map[string]func(redirect url.URL, state string) string{
		"another host": func(u url.URL, s string) string { return with(u, s, func(u *url.URL) { u.Host = "evil.example" }) },
		"localhost": func(u url.URL, s string) string {
			return with(u, s, func(u *url.URL) { u.Host = "localhost:" + u.Port() })
		},
		"another port": func(u url.URL, s string) string { return with(u, s, func(u *url.URL) { u.Host = "127.0.0.1:1" }) },
		"no port":      func(u url.URL, s string) string { return with(u, s, func(u *url.URL) { u.Host = "127.0.0.1" }) },
		"https":        func(u url.URL, s string) string { return with(u, s, func(u *url.URL) { u.Scheme = "https" }) },
		"another path": func(u url.URL, s string) string { return with(u, s, func(u *url.URL) { u.Path = "/callback" }) },
		"a user": func(u url.URL, s string) string {
			return with(u, s, func(u *url.URL) { u.User = url.User("127.0.0.1") })
		},
		"a host before an @": func(u url.URL, s string) string {
			return "http://" + u.Host + "@evil.example" + u.Path + "?" + refusedBy(s)
		},
		"another state":         func(u url.URL, s string) string { return with(u, strings.Repeat("A", len(s)), nil) },
		"no state":              func(u url.URL, _ string) string { return u.String() + "?code=CANARY" },
		"two codes":             func(u url.URL, s string) string { return u.String() + "?code=CANARY&code=2&state=" + s },
		"a bare code":           func(url.URL, string) string { return "CANARY" },
		"a code and a state":    func(_ url.URL, s string) string { return "code=CANARY&state=" + s },
		"a query in a fragment": func(u url.URL, s string) string { return u.String() + "#code=CANARY&state=" + s },
		"12,000 bytes": func(u url.URL, _ string) string {
			return u.String() + "?code=CANARY" + strings.Repeat("x", 12_000)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, b := newScene(t), newBrowsing()
			redirect, state, ended := b.begin(t, s)
			text := paste(*redirect, state)
			b.paste(t, text, ended)
			b.paste(t, "", ended) // read once the first has been judged
			if said := b.said(); said == "" || strings.Contains(said, "CANARY") || strings.Contains(said, state) {
				t.Errorf("told %q", said)
			}
			b.paste(t, redirect.String()+"?"+refusedBy(state), ended)
			ends(t, ended)
		})
	}
}

func with(u url.URL, state string, change func(*url.URL)) string {
	u.RawQuery = refusedBy(state)
	if change != nil {
		change(&u)
	}
	return u.String()
}

// The address that a person is sent to is at the OIDC endpoint, or on this machine over http, whatever the registration
// says; and nothing in it changes what a terminal shows.
func TestForeignAuthorizationEndpoints(t *testing.T) {
	for _, endpoint := range []string{
		"https://evil.example/authorize", "http://evil.example/authorize", "https://127.0.0.1.evil.example/authorize",
		"https://127.0.0.1:9911@evil.example/authorize", "http://user@127.0.0.1:9911/authorize", "//evil.example/authorize",
		"https://evil.example#@127.0.0.1:9911/authorize", "https://evil.example\\@127.0.0.1:9911/authorize",
		"file:///etc/passwd",
		"javascript:alert(1)", "http://127.0.0.1:9911/authorize?redirect=https://evil.example",
		"https://localhost.evil.example/",
		"http://127.0.0.1:9911/\u202eezirohtua", "http://127.0.0.1:9911/a\u200b\u009b", "https://127.0.0.1:1/authorize",
	} {
		s, b := newScene(t), newBrowsing()
		s.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/client/register" {
				return false
			}
			record := httptest.NewRecorder()
			s.server.ServeHTTP(record, r)
			var answer map[string]any
			if err := json.Unmarshal(record.Body.Bytes(), &answer); err != nil {
				t.Error(err)
			}
			answer["authorizationEndpoint"] = endpoint
			_ = json.NewEncoder(w).Encode(answer)
			return true
		}
		s.Person = b
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, _, err := s.SignIn(ctx, nil)
			ended <- err
		}()
		select {
		case a := <-b.shown:
			u, err := url.Parse(a.URL)
			if err != nil || u.User != nil || u.Scheme != "http" || !identitycenter.IsLoopback(u.Hostname()) ||
				strings.Contains(a.URL, "evil") || strings.ContainsFunc(a.URL, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("%q: the person is sent to %q", endpoint, a.URL)
			}
		case err := <-ended:
			t.Errorf("%q: %v", endpoint, err)
			ended <- err
		}
		cancel()
		if err := <-ended; err == nil {
			t.Errorf("%q: signed in", endpoint)
		}
	}
}

// A token of the server on this machine goes to no portal elsewhere, even if its OIDC endpoint is that server; and a
// sign-in there is not made without asking.
func TestALocalEndpointWithAForeignPortal(t *testing.T) {
	for _, c := range []struct{ oidc, portal string }{
		{center, "https://portal.evil.example"}, {"https://oidc.evil.example", center}, {center, "http://127.0.0.1:9912"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := signedIn(t)
			asked := 0
			sink := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ })
			mixed, err := client.New(client.Config{
				Region: "us-east-1", OIDC: c.oidc, Portal: c.portal,
				HTTP: client.Over(idctest.InProcess{Handler: sink}, nil),
			})
			if err != nil {
				t.Fatal(err)
			}
			s.Service = mixed
			var endpoint *login.EndpointError
			for _, note := range []string{"with our note", "of another tool"} {
				if _, err := s.Token(t.Context()); !errors.As(err, &endpoint) {
					t.Errorf("%v, %s: %v", c, note, err)
				}
				if err := s.AtHome(t.Context()); !errors.As(err, &endpoint) {
					t.Errorf("%v, %s, keys: %v", c, note, err)
				}
				if err := s.Store.ForgetSignIn(corp); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Store.RemoveToken(corp); err != nil {
				t.Fatal(err)
			}
			no := &declining{}
			s.Person = no
			if _, _, err := s.SignIn(t.Context(), nil); !errors.Is(err, login.ErrDeclined) || no.asked != 1 || asked != 0 {
				t.Errorf("%v: a sign-in: %v, asked %d times, %d requests", c, err, no.asked, asked)
			}
		})
	}
}

// declining is a person who says no.
type declining struct {
	person
	asked int
}

func (d *declining) Confirm(context.Context, string) (bool, error) { d.asked++; return false, nil }

func (d *declining) Device(identitycenter.SSOSession, identitycenter.DeviceAuthorization) {
	panic(fmt.Sprint("asked ", d.asked))
}
