package access_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
	"rolecall/internal/login"
)

// A page that came before ends a listing at once, and so do ten empty pages.
func TestRepeatedPagesEndAtOnce(t *testing.T) {
	const one = `{"accountId":"111122223333","roleName":"Admin"}`
	for name, c := range map[string]struct {
		list   string
		tokens []string // of the pages, in turn and again
		want   int      // requests
	}{
		"the same page":          {one, []string{"a"}, 2},
		"two in turn":            {one, []string{"a", "b"}, 3},
		"an earlier one":         {one, []string{"a", "b", "c", "d", "b", "e"}, 5},
		"the same page, empty":   {"", []string{"a"}, 2},
		"ten empty ones":         {"", []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}, 10},
		"an earlier one, empty ": {"", []string{"a", "b", "c", "a"}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, 1)
				s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
					token := c.tokens[(s.requests()-1)%len(c.tokens)]
					fmt.Fprintf(w, `{"nextToken":%q,"accountList":[%[2]s],"roleList":[%[2]s]}`, token, c.list)
					return true
				})
				if _, err := s.portal.Accounts(t.Context()); !errors.Is(err, identitycenter.ErrBadAnswer) ||
					s.requests() != c.want {
					t.Errorf("accounts: %v after %d requests", err, s.requests())
				}
				before := s.requests()
				s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
					token := c.tokens[(s.requests()-before-1)%len(c.tokens)]
					fmt.Fprintf(w, `{"nextToken":%q,"accountList":[%[2]s],"roleList":[%[2]s]}`, token, c.list)
					return true
				})
				if _, err := s.portal.Roles(t.Context(), "111122223333"); !errors.Is(err, identitycenter.ErrBadAnswer) ||
					s.requests()-before != c.want {
					t.Errorf("roles: %v after %d requests", err, s.requests()-before)
				}
			})
		})
	}
}

// A page is asked for once more with its own token: the same token in the answer is an error, whatever is in it.
func TestAPageThatNamesItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 1)
		s.answer(func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprint(w, `{"nextToken":"a","accountList":[{"accountId":"111122223333"}]}`)
			return true
		})
		if _, _, err := s.portal.AccountsPage(t.Context(), "a"); !errors.Is(err, identitycenter.ErrBadAnswer) {
			t.Error(err)
		}
	})
}

// A sign-out sends the token to its issuer, or not at all.
func TestASignOutAtAnotherEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 1)
		asked := 0
		s.Before(func(http.ResponseWriter, *http.Request) bool { asked++; return false })
		elsewhere, err := client.New(client.Config{
			Region: "us-east-1", OIDC: "http://127.0.0.1:9912", Portal: "http://127.0.0.1:9912", HTTP: s.HTTP,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Login.Service = elsewhere
		s.portal.Client = elsewhere
		var endpoint *login.EndpointError
		if err := s.portal.SignOut(t.Context()); !errors.As(err, &endpoint) || asked != 0 {
			t.Errorf("%v after %d requests", err, asked)
		}
	})
}
