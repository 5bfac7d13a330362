package inventory

import (
	"fmt"
	"slices"
	"strings"

	"rolecall/internal/identitycenter"
	"rolecall/internal/near"
)

// An AccountError is a text that names none of the person's accounts, or several.
type AccountError struct {
	Session identitycenter.SSOSession
	Text    string
	Matches []*Account // several
	Near    []*Account // when none matches: what may have been meant
}

// Error says whether there is none or more than one.
func (e *AccountError) Error() string {
	if len(e.Matches) > 0 {
		return fmt.Sprintf("%q matches %d of your accounts in session %q", e.Text, len(e.Matches), e.Session.Label())
	}
	return fmt.Sprintf("you have no account called %[2]q in session %[1]q", e.Session.Label(), e.Text)
}

// Unwrap returns identitycenter.ErrNoAccess: an unknown account is one without access.
func (*AccountError) Unwrap() error { return identitycenter.ErrNoAccess }

const maxCandidates = 10

// Facts are the candidates, in one line.
func (e *AccountError) Facts() []string {
	candidates, intro := e.Matches, "they are: "
	if len(candidates) == 0 {
		candidates, intro = e.Near, "did you mean: "
	}
	if len(candidates) == 0 {
		return nil
	}
	var names []string
	for _, a := range candidates[:min(len(candidates), maxCandidates)] {
		names = append(names, strings.TrimSpace(a.ID+" "+a.Name))
	}
	if more := len(candidates) - maxCandidates; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return []string{intro + strings.Join(names, ", ")}
}

// Find returns the account that text names: by id, alias or name; by name without
// regard to case; by the beginning of an alias, name or id that only one has. The
// error is an *AccountError with the candidates.
func (i *Inventory) Find(text string) (*Account, error) {
	lower := strings.ToLower(text)
	begins := func(candidate string) bool {
		return len(candidate) >= len(lower) && strings.EqualFold(candidate[:len(lower)], lower)
	}
	for _, names := range []func(a *Account) bool{
		func(a *Account) bool { return a.ID == text || a.Alias != "" && a.Alias == text },
		func(a *Account) bool { return a.Name == text },
		func(a *Account) bool { return strings.EqualFold(a.Name, text) || strings.EqualFold(a.Alias, text) },
		func(a *Account) bool { return begins(a.Name) || begins(a.Alias) || begins(a.ID) },
	} {
		var matches []*Account
		for n := range i.Accounts {
			if text != "" && (names(&i.Accounts[n]) && !IsAccountID(text) || i.Accounts[n].ID == text) {
				matches = append(matches, &i.Accounts[n])
			}
		}
		switch len(matches) {
		case 0:
		case 1:
			return matches[0], nil
		default:
			return nil, &AccountError{Session: i.Session, Text: text, Matches: matches}
		}
	}
	return nil, &AccountError{Session: i.Session, Text: text, Near: i.Near(text)}
}

// Near are accounts that text may mean: those whose names hold it, or else begin with
// nearly that.
func (i *Inventory) Near(text string) []*Account {
	text = strings.ToLower(text)
	var found []*Account
	begin := func(name string) string { return name[:min(len(name), len(text))] }
	var beginnings []string
	for n := range i.Accounts {
		a := &i.Accounts[n]
		if text != "" && !IsAccountID(text) && strings.Contains(strings.ToLower(a.Name), text) {
			found = append(found, a)
		}
		for _, name := range a.names(text) {
			beginnings = append(beginnings, begin(name))
		}
	}
	best := near.Best(text, beginnings)
	if len(found) > 0 || best == "" {
		return found
	}
	for n := range i.Accounts {
		a := &i.Accounts[n]
		if slices.ContainsFunc(a.names(text), func(name string) bool { return begin(name) == best }) {
			found = append(found, a)
		}
	}
	return found
}

// names are what text could be meant for: an id for ids alone.
func (a *Account) names(text string) []string {
	if IsAccountID(text) {
		return []string{a.ID}
	}
	return []string{a.Name, a.Alias, a.ID}
}
