// Package testbed is for the tests of the client's rooms: a person who is signed in at an
// embedded Identity Center of their own, without a socket in between, so that the clock of
// testing/synctest runs on both sides. No program imports it.
package testbed

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rolecall/internal/access"
	"rolecall/internal/cache"
	"rolecall/internal/filesystem"
	"rolecall/internal/idc"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
	"rolecall/internal/login"
	"rolecall/internal/pace"
)

// URL is where every Bed's Identity Center is said to be.
const URL = "http://127.0.0.1:9911"

// Corp is the sso-session of every Bed.
func Corp() identitycenter.SSOSession {
	return identitycenter.SSOSession{Name: "corp", StartURL: URL + "/start", Region: "us-east-1"}
}

// Portal tells a portal's request from others.
func Portal(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/assignment/") || strings.HasPrefix(r.URL.Path, "/federation/credentials")
}

// A Bed is alice of the sample directory, signed in.
type Bed struct {
	Server *idc.Server
	Data   *idc.Data
	HTTP   *http.Client // reaches the server
	Client *client.Client
	Login  *login.Login // asks nobody
	Home   string

	mu     sync.Mutex
	before func(http.ResponseWriter, *http.Request) bool
}

// New makes a Bed whose server has o's options, and signs alice in.
func New(t *testing.T, o idc.Options) *Bed {
	t.Helper()
	data, _, err := idctest.Sample()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	o.URL, o.Store, o.Secret = URL, data.Store, data.Secret
	b := &Bed{Data: data, Home: t.TempDir()}
	if b.Server, err = idc.New(o); err != nil {
		t.Fatal(err)
	}
	b.HTTP = client.Over(idctest.InProcess{Handler: b}, nil)
	b.Client, err = client.New(client.Config{Region: "us-east-1", OIDC: URL, Portal: URL, HTTP: b.HTTP})
	if err != nil {
		t.Fatal(err)
	}
	store := &cache.Store{Home: b.Home, State: filepath.Join(b.Home, "state"), Now: time.Now}
	l := login.Login{Session: Corp(), Service: b.Client, Store: store, Override: "the test", Now: time.Now}
	alice := l
	alice.DeviceCode, alice.Person = true, person{b}
	if _, _, err := alice.SignIn(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	b.Login = &l
	return b
}

// Portal makes the access portal of the person.
func (b *Bed) Portal(patience access.Patience) *access.Portal {
	return access.New(access.Options{
		Session: Corp(), Tokens: b.Login, Client: b.Client, Pace: pace.New(filesystem.Files{}, ""),
		Patience: patience, Now: time.Now,
	})
}

// Before has each request shown to before first; true means that it is answered.
func (b *Bed) Before(before func(http.ResponseWriter, *http.Request) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.before = before
}

// ServeHTTP answers a request.
func (b *Bed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	before := b.before
	b.mu.Unlock()
	if before == nil || !before(w, r) {
		b.Server.ServeHTTP(w, r)
	}
}

// Refuse answers as AWS's services refuse.
func Refuse(w http.ResponseWriter, status int, exception string) bool {
	w.Header().Set("X-Amzn-Errortype", exception)
	w.WriteHeader(status)
	return true
}

// person approves device codes as alice.
type person struct{ *Bed }

func (p person) Device(_ identitycenter.SSOSession, d identitycenter.DeviceAuthorization) {
	go func() {
		session, err := idctest.SignIn(p.Server, p.Data, "alice")
		if err == nil {
			err = p.Server.OIDC.DecideDevice(context.Background(), d.UserCode, session, true)
		}
		if err != nil {
			panic(err) // the person is not the test's own goroutine
		}
	}()
}

func (person) Authorize(login.Authorization) {}

func (person) Paste(ctx context.Context) (string, error) {
	<-ctx.Done()
	return "", context.Cause(ctx)
}

func (person) Waiting(identitycenter.SSOSession, string)     {}
func (person) Confirm(context.Context, string) (bool, error) { return true, nil }
func (person) Tell(string)                                   {}
