package credentials

import (
	"context"
	"fmt"
	"strings"

	"rolecall/internal/identitycenter"
)

// An AccountError is an account name that names none of the person's accounts,
// or several.
type AccountError struct {
	Session identitycenter.SSOSession
	Name    string
	Matches []identitycenter.Account // several, or none
	Nearest string
}

// Error says whether there is none or more than one.
func (e *AccountError) Error() string {
	if len(e.Matches) > 1 {
		ids := []string{}
		for _, a := range e.Matches {
			ids = append(ids, a.ID)
		}
		return fmt.Sprintf("account name %q of session %q stands for several accounts: %s", e.Name, e.Session.Label(), strings.Join(ids, ", "))
	}
	text := fmt.Sprintf("no account of yours in session %q is named %q", e.Session.Label(), e.Name)
	if e.Nearest != "" {
		text += fmt.Sprintf(" (did you mean %q?)", e.Nearest)
	}
	return text
}

// Unwrap gives identitycenter.ErrNoAccess: an account that is not there is one
// without access.
func (*AccountError) Unwrap() error { return identitycenter.ErrNoAccess }

// AccountID gives the id of the account that the person calls name: equal, or
// else equal but for case.
func (s *Source) AccountID(ctx context.Context, name string) (string, error) {
	accounts, err := WithToken(ctx, s.Login, func(t identitycenter.Token) ([]identitycenter.Account, error) {
		return s.Portal.Accounts(ctx, t.AccessToken)
	})
	if err != nil {
		return "", err
	}
	for _, equal := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		var matches []identitycenter.Account
		for _, a := range accounts {
			if equal(a.Name, name) {
				matches = append(matches, a)
			}
		}
		if len(matches) == 1 {
			return matches[0].ID, nil
		}
		if len(matches) > 1 {
			return "", &AccountError{Session: s.Login.Session, Name: name, Matches: matches}
		}
	}
	names := []string{}
	for _, a := range accounts {
		names = append(names, a.Name)
	}
	return "", &AccountError{Session: s.Login.Session, Name: name, Nearest: identitycenter.Nearest(name, names)}
}
