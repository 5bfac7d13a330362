package access_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rolecall/internal/access"
	"rolecall/internal/cache"
	"rolecall/internal/idc"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
	"rolecall/internal/login"
	"rolecall/internal/pace"
)

const (
	center = "http://127.0.0.1:9911"
	bearer = "X-Amz-Sso_bearer_token"
)

var corp = identitycenter.SSOSession{Name: "corp", StartURL: center + "/start", Region: "us-east-1"}

// A scene is a person who is signed in at an Identity Center of their own.
type scene struct {
	server *idc.Server
	data   *idc.Data
	login  *login.Login
	portal *access.Portal

	mu     sync.Mutex
	asked  int                                           // requests of the portal
	before func(http.ResponseWriter, *http.Request) bool // sees them first; true is answered
}

// newScene has alice signed in, with two roles in each of so many accounts.
func newScene(t *testing.T, accounts int) *scene {
	t.Helper()
	data, _, err := idctest.Sample()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	err = idctest.Fill(data, "alice", accounts, 2, func(i int) string { return fmt.Sprintf("team-%04d", i) })
	if err != nil {
		t.Fatal(err)
	}
	server, err := idc.New(idc.Options{URL: center, Store: data.Store, Secret: data.Secret})
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{server: server, data: data}
	c, err := client.New(client.Config{
		Region: "us-east-1", OIDC: center, Portal: center, HTTP: client.Over(idctest.InProcess{Handler: s}, nil),
	})
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	store := &cache.Store{Home: home, State: filepath.Join(home, "state"), Now: time.Now}
	signIn := &login.Login{
		Session: corp, Service: c, Store: store, Override: "the test", Now: time.Now, DeviceCode: true, Person: s,
	}
	if _, _, err := signIn.SignIn(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	s.login = &login.Login{Session: corp, Service: c, Store: store, Override: "the test", Now: time.Now}
	s.portal = access.New(access.Options{Session: corp, Tokens: s.login, Client: c, Pace: pace.New(), Now: time.Now})
	return s
}

func (s *scene) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	portal := strings.HasPrefix(r.URL.Path, "/assignment/") || strings.HasPrefix(r.URL.Path, "/federation/")
	before := s.before
	if portal {
		s.asked++
	}
	s.mu.Unlock()
	if before == nil || !portal || !before(w, r) {
		s.server.ServeHTTP(w, r)
	}
}

// answer counts the portal's requests from here on, and shows them to before first.
func (s *scene) answer(before func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked, s.before = 0, before
}

func (s *scene) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func refuse(w http.ResponseWriter, status int, kind string) bool {
	w.Header().Set("X-Amzn-Errortype", kind)
	w.WriteHeader(status)
	return true
}

func (s *scene) cached(t *testing.T) string {
	t.Helper()
	token, err := s.login.Store.Token(t.Context(), corp)
	if err != nil {
		t.Fatal(err)
	}
	return token.AccessToken.Reveal()
}

// Device approves the code as alice.
func (s *scene) Device(_ identitycenter.SSOSession, d identitycenter.DeviceAuthorization) {
	go func() {
		session, err := idctest.SignIn(s.server, s.data, "alice")
		if err == nil {
			err = s.server.OIDC.DecideDevice(context.Background(), d.UserCode, session, true)
		}
		if err != nil {
			panic(err) // the person is not the test's own goroutine
		}
	}()
}

func (*scene) Authorize(login.Authorization) {}
func (*scene) Paste(ctx context.Context) (string, error) {
	<-ctx.Done()
	return "", context.Cause(ctx)
}
func (*scene) Waiting(identitycenter.SSOSession, string)     {}
func (*scene) Confirm(context.Context, string) (bool, error) { return true, nil }
func (*scene) Tell(string)                                   {}
