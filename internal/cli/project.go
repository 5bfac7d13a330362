package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/policy"
	"rolecall/internal/project"
)

// The .rolecall.toml files of the working folder and those above it (decision 27). Only those count that the person has
// trusted. All that count narrow each other, so that no file, trusted or not, takes away what one above it says.

// trusted remembers what the person has trusted.
func (a *App) trusted() project.Store { return project.Store{Dir: a.StateFolder(), Now: a.Now} }

// projectFiles returns the files that were found, the nearest first.
func (a *App) projectFiles() []project.File {
	dir, err := os.Getwd()
	if err != nil {
		return nil
	}
	return project.Find(dir, a.Home)
}

// project returns what the trusted files say, the nearest first, and warns of the others, once. A credential_process
// has none: its folder is that of the program that calls it, and its target was named in a config file.
func (a *App) project() ([]policy.Narrowing, error) {
	if a.command() == "rolecall process" {
		return nil, nil
	}
	a.narrowing.Do(func() {
		files := a.projectFiles()
		a.narrowings, a.narrowingsError = a.parseTrusted(files)
		if problems := a.notCounting(files); len(problems) > 0 && !strings.HasPrefix(a.command(), "rolecall __complete") {
			a.warn(errors.New(strings.Join(problems, "; ")))
		}
	})
	return a.narrowings, a.narrowingsError
}

func (a *App) parseTrusted(files []project.File) ([]policy.Narrowing, error) {
	var all []policy.Narrowing
	for _, f := range files {
		if a.trusted().State(f) != project.Trusted {
			continue
		}
		n, err := policy.ParseNarrowing(f.Path, f.Text)
		if err != nil {
			return nil, &HintError{
				Err: err, Code: ExitConfiguration, Facts: []string{"you trusted it, so commands need it"},
				Hint: "correct it, then run: rolecall trust; or: rolecall trust --revoke " + a.quotedPath(filepath.Dir(f.Path)),
			}
		}
		all = append(all, n)
	}
	return all, nil
}

// notCounting says why files do not count.
func (a *App) notCounting(files []project.File) []string {
	var problems []string
	for _, f := range files {
		switch a.trusted().State(f) {
		case project.Ignored:
			problems = append(problems, fmt.Sprintf("%s is ignored: %s", f.Path, f.Problem))
		case project.Changed:
			problems = append(problems,
				f.Path+" has changed since you trusted it, so it is ignored; to review it: rolecall trust")
		case project.Untrusted:
			problems = append(problems, f.Path+" is not trusted, so it is ignored; to review it: rolecall trust")
		}
	}
	return problems
}

// projectTarget returns the target that is meant where none is named: the default of the nearest trusted file. The
// environment comes before it.
func (a *App) projectTarget(config *awsconfig.Config) (target, bool, error) {
	if a.Getenv("AWS_PROFILE") != "" || a.Getenv("AWS_DEFAULT_PROFILE") != "" {
		return target{}, false, nil
	}
	all, err := a.project()
	if err != nil {
		return target{}, false, err
	}
	for _, n := range all {
		if n.Default != "" {
			return a.parseTarget(config, n.Default), true, nil
		}
	}
	return target{}, false, nil
}

// projectSession returns the session of projectTarget, as namedSession takes it; empty without one. A file that cannot
// be used is for those to report who need a target: signing out goes on.
func (a *App) projectSession(config *awsconfig.Config) string {
	t, found, err := a.projectTarget(config)
	if err != nil || !found {
		return ""
	}
	if t.profile == "" {
		return t.session
	}
	profile, err := config.Profile(t.profile)
	if err != nil {
		return ""
	}
	return cmp.Or(profile.Root().Session.Name, profile.Root().Session.StartURL)
}

// allowTarget returns an error if the files of the working folder do not allow what profile leads to. If its account
// has no name yet, the portal is asked for it.
func (a *App) allowTarget(ctx context.Context, profile awsconfig.Profile, s *session) error {
	narrow, err := a.project()
	if err != nil || !slices.ContainsFunc(narrow, func(n policy.Narrowing) bool { return n.Targets != nil }) {
		return err
	}
	account, err := a.accountOf(profile, identitycenter.RoleCredentials{AccountID: accountIn(profile)})
	if err != nil {
		return err
	}
	role := roleIn(profile)
	refused := allowedBy(narrow, account, role)
	if refused == nil || s == nil {
		return refused
	}
	if account, err = a.named(ctx, profile, account, s); err != nil {
		return err
	}
	return allowedBy(narrow, account, role)
}

// allowedBy returns an error if not all of them allow a role in an account.
func allowedBy(narrow []policy.Narrowing, account inventory.Account, role string) error {
	what := strings.TrimSpace(account.Name+" "+account.ID) + "/" + role
	if account.ID == "" {
		what = "a profile without an account"
	}
	for _, n := range narrow {
		if err := n.Allow(what, func(pattern string) bool { return isTargetOf(pattern, account, role) }); err != nil {
			return &refused{error: err, account: account, role: role}
		}
	}
	return nil
}

// isTargetOf reports whether a pattern, ACCOUNT or ACCOUNT/ROLE, is of a role in an account.
func isTargetOf(pattern string, account inventory.Account, role string) bool {
	var f inventory.Filter
	if slash := strings.LastIndexByte(pattern, '/'); slash >= 0 {
		pattern, f.Roles = pattern[:slash], []string{pattern[slash+1:]}
	}
	f.Accounts = []string{pattern}
	return f.MatchAccount(&account) && f.MatchRole(role)
}

// allowedListed returns what the files of the working folder allow of a selection, and says how much they leave out. If
// that is all of it, the error is that of the first role.
func (a *App) allowedListed(found []listed) ([]listed, error) {
	narrow, err := a.project()
	if err != nil {
		return nil, err
	}
	var allowed []listed
	var refused error
	left := 0
	for _, l := range found {
		rows := allowedRows(narrow, l.rows)
		if left += len(l.rows) - len(rows); len(rows) < len(l.rows) && refused == nil {
			n := slices.IndexFunc(l.rows, func(r inventory.Row) bool { return allowedBy(narrow, *r.Account, r.Role) != nil })
			refused = allowedBy(narrow, *l.rows[n].Account, l.rows[n].Role)
		}
		if l.rows = rows; len(rows) > 0 {
			allowed = append(allowed, l)
		}
	}
	if len(allowed) == 0 && refused != nil {
		return nil, refused
	}
	a.sayLeftOut(left)
	return allowed, nil
}

// allowedRows returns the rows that narrow allows.
func allowedRows(narrow []policy.Narrowing, rows []inventory.Row) []inventory.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r inventory.Row) bool {
		return allowedBy(narrow, *r.Account, r.Role) != nil
	})
}

// allowedListing returns what the files of the working folder allow of a listing.
func (a *App) allowedListing(inv *inventory.Inventory) *inventory.Inventory {
	narrow, err := a.project()
	if err != nil || len(narrow) == 0 {
		return inv
	}
	allowed := *inv
	allowed.Accounts = nil
	for _, account := range inv.Accounts {
		account.Roles = slices.DeleteFunc(slices.Clone(account.Roles), func(role string) bool {
			return allowedBy(narrow, account, role) != nil
		})
		if len(account.Roles) > 0 {
			allowed.Accounts = append(allowed.Accounts, account)
		}
	}
	return &allowed
}

// sayLeftOut says how many roles the files of the working folder have left out.
func (a *App) sayLeftOut(n int) {
	if n == 0 {
		return
	}
	var files []string
	for _, narrowing := range a.narrowings {
		if narrowing.Targets != nil {
			files = append(files, a.Tidy(narrowing.File))
		}
	}
	a.tell("left out %s that %s does not allow", Counted(n, "role"), strings.Join(files, " or "))
}
