// Package inventory is which accounts and roles a person has in a session: listed
// from the portal at the pace that its limit allows, complete or not at all, kept
// with its age, and searched without a network. It never asks a person, and keeps to
// itself how a listing is stored and resumed.
package inventory

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"rolecall/internal/identitycenter"
	"rolecall/internal/settings"
)

// An Inventory is a complete listing of one session. It is not changed once made.
type Inventory struct {
	Session identitycenter.SSOSession // whose it is
	TakenAt time.Time                 // when the listing was begun
	ended   time.Time                 // when it was complete
	// Accounts are sorted by name (without regard to case), then id. Each has at
	// least one role.
	Accounts []Account
}

// An Account is one with the person's roles there. Name and Email are AWS's, may be
// empty, and are untrusted text; Alias, Tags, Region and Guarded are from the person's
// own settings.
type Account struct {
	ID      string // twelve digits
	Name    string
	Email   string
	Roles   []string // sorted
	Alias   string
	Tags    []string
	Region  string // empty: the settings name none for this account
	Guarded bool
	// GuardedRoles are patterns of roles that are guarded here, if not all are.
	GuardedRoles []string
}

// IsAccountID reports whether text is an account id: then it is nothing else, whatever
// accounts are called.
func IsAccountID(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

// Label names the account to a person: its alias, else its name, else its id.
func (a Account) Label() string { return cmp.Or(a.Alias, a.Name, a.ID) }

// A Row is one role in one account: what a person can choose.
type Row struct {
	*Account
	Role string
}

// Guarded reports whether keys of the role are handed out only after a confirmation.
func (r Row) Guarded() bool { return r.Guards(r.Role) }

// Guards reports whether keys of a role in the account are handed out only after a confirmation.
func (a *Account) Guards(role string) bool {
	return a.Guarded || slices.ContainsFunc(a.GuardedRoles, func(pattern string) bool { return Matches(pattern, role) })
}

// Rows lists all roles of all accounts, in order.
func (i *Inventory) Rows() []Row {
	rows := make([]Row, 0, i.RoleCount())
	for n := range i.Accounts {
		for _, role := range i.Accounts[n].Roles {
			rows = append(rows, Row{&i.Accounts[n], role})
		}
	}
	return rows
}

// RoleCount is the number of rows.
func (i *Inventory) RoleCount() int {
	n := 0
	for _, a := range i.Accounts {
		n += len(a.Roles)
	}
	return n
}

// New makes an inventory of accounts in any order. Accounts without a role are left
// out: they are nothing that a person could use. Of those with the same id the first counts.
func New(session identitycenter.SSOSession, takenAt time.Time, accounts []Account) *Inventory {
	kept := make([]Account, 0, len(accounts))
	seen := make(map[string]bool, len(accounts))
	for _, a := range accounts {
		if len(a.Roles) > 0 && !seen[a.ID] {
			seen[a.ID] = true
			a.Roles = slices.Compact(slices.Sorted(slices.Values(a.Roles)))
			kept = append(kept, a)
		}
	}
	slices.SortFunc(kept, func(a, b Account) int {
		return cmp.Or(
			strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)),
			strings.Compare(a.Name, b.Name),
			strings.Compare(a.ID, b.ID),
		)
	})
	return &Inventory{Session: session, TakenAt: takenAt, Accounts: kept}
}

// Named holds accounts whose roles were not listed: it serves to find one, and is no listing.
func Named(session identitycenter.SSOSession, accounts []identitycenter.Account) *Inventory {
	i := &Inventory{Session: session}
	seen := make(map[string]bool, len(accounts))
	for _, a := range accounts {
		if !seen[a.ID] {
			seen[a.ID] = true
			i.Accounts = append(i.Accounts, Account{ID: a.ID, Name: a.Name, Email: a.Email})
		}
	}
	return i
}

// With returns the inventory with what the person's settings say about its accounts.
func (i *Inventory) With(said []settings.Account) *Inventory {
	if len(said) == 0 {
		return i
	}
	with := &Inventory{i.Session, i.TakenAt, i.ended, slices.Clone(i.Accounts)}
	for n := range with.Accounts {
		a := &with.Accounts[n]
		a.Tags, a.GuardedRoles = nil, nil
		for _, s := range said { // entries by tag may precede those that set the tag
			if s.Tag == "" && a.isMeant(s) {
				a.Tags = append(a.Tags, s.Tags...)
			}
		}
		slices.Sort(a.Tags)
		a.Tags = slices.Compact(a.Tags)
		for _, s := range said {
			if a.isMeant(s) {
				a.Alias, a.Region = cmp.Or(s.Alias, a.Alias), cmp.Or(s.Region, a.Region)
				a.Guarded = a.Guarded || s.Guarded
				a.GuardedRoles = append(a.GuardedRoles, s.GuardedRoles...)
			}
		}
	}
	return with
}

// isMeant reports whether an entry of the settings is about the account, whose tags are known.
func (a *Account) isMeant(s settings.Account) bool {
	matches := s.Match == "" || s.Match == a.ID || !IsAccountID(s.Match) && Matches(s.Match, a.Name)
	return matches && (s.Tag == "" || slices.Contains(a.Tags, s.Tag))
}

// Matches reports whether text matches a pattern with * (any text) and ? (any
// character), without regard to case.
func Matches(pattern, text string) bool {
	p, t := []rune(strings.ToLower(pattern)), []rune(strings.ToLower(text))
	star, from := -1, 0 // the last *, and where the text that it stands for ends
	i, j := 0, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, from = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == t[j]):
			i, j = i+1, j+1
		case star >= 0: // the * stands for one more
			from++
			i, j = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(string(p[i:]), "*") == ""
}

// A Filter chooses rows; what is empty does not restrict. Patterns are those of
// Matches.
type Filter struct {
	Accounts []string // patterns of names and aliases, or ids: one of them
	Roles    []string // patterns of role names: one of them
	Tags     []string // all of them
}

// MatchRole reports whether a role passes, whatever its account.
func (f Filter) MatchRole(role string) bool {
	return len(f.Roles) == 0 || slices.ContainsFunc(f.Roles, func(p string) bool { return Matches(p, role) })
}

// MatchAccount reports whether an account passes, whatever its roles.
func (f Filter) MatchAccount(a *Account) bool {
	for _, tag := range f.Tags {
		if !slices.Contains(a.Tags, tag) {
			return false
		}
	}
	return len(f.Accounts) == 0 || slices.ContainsFunc(f.Accounts, func(p string) bool {
		return p == a.ID || !IsAccountID(p) && (Matches(p, a.Name) || a.Alias != "" && Matches(p, a.Alias))
	})
}

// Select returns the rows that pass.
func (i *Inventory) Select(f Filter) []Row {
	var rows []Row
	for n := range i.Accounts {
		a := &i.Accounts[n]
		if !f.MatchAccount(a) {
			continue
		}
		for _, role := range a.Roles {
			if f.MatchRole(role) {
				rows = append(rows, Row{a, role})
			}
		}
	}
	return rows
}
