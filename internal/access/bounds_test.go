package access_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/access"
	"rolecall/internal/identitycenter"
	"rolecall/internal/testbed"
)

// deniedTokens need a person's sign-in, which is denied after a while.
type deniedTokens struct {
	first identitycenter.Token
	mu    sync.Mutex
	asked int
}

func (d *deniedTokens) Token(context.Context) (identitycenter.Token, error)  { return d.first, nil }
func (d *deniedTokens) Cached(context.Context) (identitycenter.Token, error) { return d.first, nil }
func (d *deniedTokens) Renew(context.Context, identitycenter.Token) (identitycenter.Token, error) {
	time.Sleep(time.Minute)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	return identitycenter.Token{}, identitycenter.ErrAccessDenied
}

// A person who does not want to sign in is asked once, however many workers there are.
func TestADeniedSignInIsNotAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 1)
		s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
			return testbed.Refuse(w, 401, "UnauthorizedException")
		})
		first, err := s.Login.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		o, tokens := s.portal.Options, &deniedTokens{first: first}
		o.Tokens = tokens
		p := access.New(o)
		var workers sync.WaitGroup
		for range 12 {
			workers.Go(func() {
				if _, err := p.Accounts(t.Context()); !errors.Is(err, identitycenter.ErrAccessDenied) {
					t.Error(err)
				}
			})
		}
		workers.Wait()
		if tokens.asked != 1 {
			t.Errorf("asked %d times", tokens.asked)
		}
	})
}

// A list is whole, or an error.
func TestPagesHaveBounds(t *testing.T) {
	const one = `{"accountId":"111122223333","roleName":"Admin"}`
	for name, next := range map[string]func(n int) (token, list string){
		"the same page for ever": func(int) (string, string) { return "again", one },
		"two pages in turn":      func(n int) (string, string) { return fmt.Sprint("t", n%2), one },
		"ever new pages":         func(n int) (string, string) { return fmt.Sprint("t", n), one },
		"ever new empty pages":   func(n int) (string, string) { return fmt.Sprint("t", n), "" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, 1)
				s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
					token, list := next(s.requests())
					fmt.Fprintf(w, `{"nextToken":%q,"accountList":[%[2]s],"roleList":[%[2]s]}`, token, list)
					return true
				})
				if got, err := s.portal.Accounts(t.Context()); !errors.Is(err, identitycenter.ErrBadAnswer) ||
					s.requests() > access.MaxPages {
					t.Errorf("%d accounts, %v after %d requests", len(got), err, s.requests())
				}
				if got, err := s.portal.Roles(t.Context(), "111122223333"); !errors.Is(err, identitycenter.ErrBadAnswer) {
					t.Errorf("%d roles, %v", len(got), err)
				}
			})
		})
	}
}
