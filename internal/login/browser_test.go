package login_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"rolecall/internal/cache"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/identitycenter"
	"rolecall/internal/login"
)

// A reader is a person who also pastes, and hears what is told.
type reader struct {
	person
	pastes chan string // what they paste, in turn; then nothing more

	mu   sync.Mutex
	told []string
}

func (r *reader) Paste(ctx context.Context) (string, error) {
	select {
	case text := <-r.pastes:
		return text, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func (r *reader) Tell(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = append(r.told, line)
}

func (r *reader) heard() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.told)
}

// approve is alice's browser, as far as the address that it ends on.
func (s *scene) approve(a login.Authorization) string {
	u, err := url.Parse(a.URL)
	if err != nil {
		panic(err) // the person is not the test's own goroutine
	}
	id, refusal, err := s.server.OIDC.Authorize(context.Background(), u.Query())
	if err != nil || refusal != "" {
		panic(fmt.Sprint(refusal, err))
	}
	session, err := idctest.SignIn(s.server, s.data, "alice")
	if err != nil {
		panic(err)
	}
	end, err := s.server.OIDC.Decide(context.Background(), id, session, true)
	if err != nil {
		panic(err)
	}
	return end
}

func visit(address string) int {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		panic(err)
	}
	r.Close = true
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return 0
	}
	answer.Body.Close()
	return answer.StatusCode
}

// foreign are addresses that a sign-in's listener, or its prompt, can get and that are not its answer.
func foreign(end string) map[string]string {
	return map[string]string{
		"another state":             strings.Replace(end, "state=", "state=x", 1),
		"an error without a state":  strings.SplitAfter(end, "?")[0] + "error=access_denied",
		"an error of another state": strings.SplitAfter(end, "?")[0] + "error=access_denied&state=x",
		"two codes":                 end + "&code=another",
	}
}

// What is not the answer gets 400, and the sign-in goes on waiting for it.
func TestASignInGoesOnAfterForeignAnswers(t *testing.T) {
	s := newScene(t)
	s.Person = &reader{person: person{authorize: func(a login.Authorization) {
		end := s.approve(a)
		for name, address := range foreign(end) {
			if got := visit(address); got != http.StatusBadRequest {
				t.Errorf("%s: %d", name, got)
			}
		}
		if got := visit(end); got != http.StatusSeeOther {
			t.Errorf("the answer: %d", got)
		}
	}}}
	if token, _, err := s.SignIn(t.Context(), nil); err != nil || !token.AccessToken.Equal(s.cached(t).AccessToken) {
		t.Error(err)
	}
}

// Only the address of this sign-in is taken from the prompt. No message repeats what was pasted.
func TestPastedAddresses(t *testing.T) {
	s := newScene(t)
	p := &reader{pastes: make(chan string, 10)}
	const wrong = 4
	p.authorize = func(a login.Authorization) {
		end := s.approve(a)
		u, _ := url.Parse(end)
		for _, text := range []string{
			strings.Replace(end, "http:", "https:", 1), strings.Replace(end, "127.0.0.1", "localhost", 1),
			strings.Replace(end, "state=", "state=x", 1), u.Query().Get("code"), end,
		} {
			p.pastes <- text
		}
	}
	s.Person = p
	if _, _, err := s.SignIn(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if told := p.heard(); len(told) != wrong || strings.Contains(strings.Join(told, "\n"), "code") {
		t.Errorf("told %q", told)
	}
}

// After five addresses of something else the prompt takes no more, and the browser still can answer.
func TestTooManyPastes(t *testing.T) {
	s := newScene(t)
	p := &reader{pastes: make(chan string, 10)}
	p.authorize = func(a login.Authorization) {
		for range 10 {
			p.pastes <- "http://127.0.0.1/another"
		}
		for len(p.heard()) < 6 && len(p.pastes) > 0 {
			visit("http://127.0.0.1:1/") // refused at once
		}
		visit(s.approve(a))
	}
	s.Person = p
	if _, _, err := s.SignIn(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if left := len(p.pastes); left != 5 {
		t.Errorf("%d of 10 addresses were not read; told %q", left, p.heard())
	}
}

// The authorization endpoint of a registration is used on the OIDC endpoint's own host, or on this machine.
func TestWhereTheBrowserIsSent(t *testing.T) {
	own := center + "/authorize"
	for given, want := range map[string]string{
		"":                                    own,
		"http://127.0.0.1:9999/authorize":     "http://127.0.0.1:9999/authorize",
		"https://127.0.0.1:9911/a":            "https://127.0.0.1:9911/a",
		"https://evil.example/authorize":      own,
		"http://evil.example/authorize":       own,
		"https://127.0.0.1:9911.evil.example": own,
		"https://me@127.0.0.1:9911/a":         own,
		"http://127.0.0.1@evil.example/a":     own,
		"https://127.0.0.1:9911/a?next=b":     own,
		"javascript:alert(1)//127.0.0.1:9911": own,
	} {
		s := newScene(t)
		s.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/client/register" {
				return false
			}
			answer := httptest.NewRecorder()
			s.server.ServeHTTP(answer, r)
			var members map[string]any
			if err := json.Unmarshal(answer.Body.Bytes(), &members); err != nil {
				t.Error(err)
			}
			members["authorizationEndpoint"] = given
			body, _ := json.Marshal(members)
			_, _ = bytes.NewReader(body).WriteTo(w)
			return true
		}
		ctx, cancel := context.WithCancel(t.Context())
		sent := make(chan string, 1)
		s.Person = person{authorize: func(a login.Authorization) { sent <- a.URL; cancel() }}
		_, _, err := s.SignIn(ctx, nil)
		if got, _, _ := strings.Cut(<-sent, "?"); got != want {
			t.Errorf("%q: the browser is sent to %s, %v", given, got, err)
		}
	}
}

// A person who does not want to sign in at an endpoint that is not AWS's is asked, and heard.
func TestAnEndpointThatIsNotAWSIsConfirmed(t *testing.T) {
	s := newScene(t)
	s.Session.StartURL = "https://corp.awsapps.com/start"
	p := &asked{person: person{device: func(d identitycenter.DeviceAuthorization) { s.decide(d, true) }}}
	s.DeviceCode, s.Person = true, p
	_, _, err := s.SignIn(t.Context(), nil)
	if !errors.Is(err, login.ErrDeclined) || !strings.Contains(p.question, center+", which is not AWS") {
		t.Errorf("%v; asked %q", err, p.question)
	}
	if n := len(s.server.OIDC.Counts()); n != 0 {
		t.Errorf("%d kinds of request after a no", n)
	}
}

type asked struct {
	person
	answer   bool
	question string
}

func (a *asked) Confirm(_ context.Context, question string) (bool, error) {
	a.question = question
	return a.answer, nil
}

// A sign-in whose note cannot be written leaves no token: it would count as another endpoint's.
func TestASignInWithoutItsNote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.Store.Files.Fault = func(step, path string) error {
			if step == "create" && strings.Contains(path, "sessions") {
				return errors.New("no space left on device")
			}
			return nil
		}
		s.DeviceCode, s.Person = true, person{device: func(d identitycenter.DeviceAuthorization) { s.decide(d, true) }}
		_, _, err := s.SignIn(t.Context(), nil)
		if _, there := s.Store.Token(t.Context(), corp); err == nil || !errors.Is(there, cache.ErrNotFound) {
			t.Errorf("%v; the token: %v", err, there)
		}
	})
}
