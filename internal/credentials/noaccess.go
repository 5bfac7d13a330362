package credentials

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rolecall/internal/identitycenter"
	"rolecall/internal/near"
)

// A NoAccessError is a role that the person does not have, with those that they have. AWS
// answers the same to a typing mistake, a role never granted, one
// taken away, and a session older than the grant.
type NoAccessError struct {
	Session   identitycenter.SSOSession
	AccountID string
	Role      string
	Roles     []string // theirs in that account
	Accounts  []identitycenter.Account
	Known     bool // whether Roles, or Accounts, could be read
	Cause     error
}

// Error says what is not accessible.
func (e *NoAccessError) Error() string {
	return fmt.Sprintf("no access to role %q in account %s%s", e.Role, e.AccountID, e.accountName())
}

func (e *NoAccessError) accountName() string {
	for _, a := range e.Accounts {
		if a.ID == e.AccountID && a.Name != "" {
			return " (" + a.Name + ")"
		}
	}
	return ""
}

// Unwrap returns the portal's refusal.
func (e *NoAccessError) Unwrap() error { return e.Cause }

// maxListed bounds how many names a fact holds.
const maxListed = 12

// Facts are what else is known, a line each.
func (e *NoAccessError) Facts() []string {
	meant := permissionSetMeant(e.Role, e.Roles)
	facts := []string{fmt.Sprintf("you are signed in to %q, but do not have this role there", e.Session.Label())}
	switch {
	case !e.Known:
		facts[0] = fmt.Sprintf("you are signed in to %q; your roles there could not be listed", e.Session.Label())
		return append(facts, meant...)
	case len(e.Roles) > 0 && slices.Contains(e.Roles, e.Role):
		facts[0] = "the role is listed as yours, but was refused: the listing may lag behind"
	case len(e.Roles) > 0:
		suggestion := ""
		if len(meant) == 0 {
			suggestion = didYouMean(e.Role, e.Roles)
		}
		facts = append(facts, "your roles in that account: "+listed(e.Roles)+suggestion)
	case len(e.Accounts) > 0:
		facts = append(facts, "you have no role in that account; your accounts: "+e.listedAccounts())
	default:
		facts = append(facts, "you have no accounts")
	}
	facts = append(facts, meant...)
	return append(facts, "a role granted minutes ago needs a new session")
}

func (e *NoAccessError) listedAccounts() string {
	ids, names := []string{}, []string{}
	for _, a := range e.Accounts {
		ids = append(ids, a.ID)
		name := a.ID
		if a.Name != "" {
			name += " " + a.Name
		}
		names = append(names, name)
	}
	return listed(names) + didYouMean(e.AccountID, ids)
}

func listed(names []string) string {
	if rest := len(names) - maxListed; rest > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), rest)
	}
	return strings.Join(names, ", ")
}

func didYouMean(name string, candidates []string) string {
	if meant := near.Best(name, candidates); meant != "" {
		return " (did you mean " + meant + "?)"
	}
	return ""
}

// ExplainNoAccess turns the portal's refusal of a role into a *NoAccessError: it asks
// which roles and accounts the person does have.
func (s *Source) ExplainNoAccess(ctx context.Context, accountID, roleName string, cause error) error {
	e := &NoAccessError{
		Session: s.Session, AccountID: accountID, Role: roleName, Accounts: s.Accounts, Known: s.Accounts != nil,
		Cause: cause,
	}
	roles, err := s.Portal.Roles(ctx, accountID)
	switch {
	case err == nil:
		e.Known = true
	case !errors.Is(err, identitycenter.ErrNoAccess) && !errors.Is(err, identitycenter.ErrNotFound):
		e.Known = false
		return e
	}
	for _, r := range roles {
		e.Roles = append(e.Roles, r.Name)
	}
	if e.Accounts == nil {
		if accounts, err := s.Portal.Accounts(ctx); err == nil {
			e.Known, e.Accounts = true, accounts
		}
	}
	return e
}
