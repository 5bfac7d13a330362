package cli

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/inventory"
	"rolecall/internal/terminal"
)

// Completion reads the config files and the stored listings, and uses no network. A shell whose
// script inserts an offer unquoted is not offered names with characters that are special to some
// shell; an account's id is offered instead.

// completion is a list of offers to a shell.
type completion = []cobra.Completion

const (
	nothingElse = cobra.ShellCompDirectiveNoFileComp
	goesOn      = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
)

// inert reports whether text means itself to every shell.
func inert(text string) bool {
	return text != "" && text[0] != '-' && onlyLettersAnd("_.+@/-", text)
}

// onlyLettersAnd reports whether text consists of ASCII letters, digits and those of others.
func onlyLettersAnd(others, text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(others, r))
	})
}

func (a *App) offer(all completion, text, description string) completion {
	if !a.offerable(text) {
		return all
	}
	return append(all, cobra.CompletionWithDesc(text, terminal.Show(description)))
}

// completeSessions offers sessions, and profiles that have one.
func (a *App) completeSessions(_ *cobra.Command, args []string, begun string) (completion, cobra.ShellCompDirective) {
	config, err := a.config()
	if err != nil || len(args) > 0 {
		return nil, nothingElse
	}
	var all completion
	for _, name := range config.SessionNames() {
		if strings.HasPrefix(name, begun) {
			all = a.offer(all, name, "sso-session")
		}
	}
	return a.offerProfiles(all, config, begun), nothingElse
}

func (a *App) offerProfiles(all completion, config *awsconfig.Config, begun string) completion {
	for _, name := range config.ProfileNames() {
		if strings.HasPrefix(name, begun) {
			all = a.offer(all, name, "profile")
		}
	}
	return all
}

// completeProfiles offers profiles.
func (a *App) completeProfiles(_ *cobra.Command, _ []string, begun string) (completion, cobra.ShellCompDirective) {
	config, err := a.config()
	if err != nil {
		return nil, nothingElse
	}
	return a.offerProfiles(nil, config, begun), nothingElse
}

// completeTarget offers profiles, and accounts followed by a slash; after the slash, the
// account's roles.
func (a *App) completeTarget(cmd *cobra.Command, args []string, begun string) (completion, cobra.ShellCompDirective) {
	if len(args) > 0 { // a command follows exec's target
		return nil, cobra.ShellCompDirectiveDefault
	}
	config, err := a.config()
	if err != nil {
		return nil, nothingElse
	}
	all := a.offerProfiles(nil, config, begun)
	sessionName, prefix := "", ""
	directive := nothingElse
	if name, _, given := strings.Cut(begun, ":"); given {
		sessionName, prefix = name, name+":"
	} else if names := config.SessionNames(); len(names) > 1 {
		for _, name := range names { // their accounts come after the colon
			if strings.HasPrefix(name+":", begun) && a.offerable(name) {
				all, directive = append(all, cobra.CompletionWithDesc(name+":", "sso-session")), goesOn
			}
		}
	}
	inv := a.storedListingOf(cmd.Context(), config, sessionName)
	if inv == nil {
		return all, directive
	}
	for _, text := range a.accountTargets(inv, begun[len(prefix):]) {
		if strings.HasSuffix(text.what, "/") {
			directive = goesOn
		}
		if a.offerable(text.what) && (sessionName == "" || a.offerable(sessionName)) {
			all = append(all, cobra.CompletionWithDesc(prefix+text.what, terminal.Show(text.description)))
		}
	}
	return all, directive
}

// storedListingOf returns the stored listing of a session; nil without one.
func (a *App) storedListingOf(ctx context.Context, config *awsconfig.Config, name string) *inventory.Inventory {
	profile, err := a.sessionProfile(config, name)
	if err != nil {
		return nil
	}
	store, err := a.cache()
	if err != nil {
		return nil
	}
	if profile.Session.Region = knownRegion(ctx, store, profile.Session); profile.Session.Region == "" {
		return nil // a completion asks nobody
	}
	s, err := a.session(ctx, &profile, options{unattended: true})
	if err != nil {
		return nil
	}
	inv, err := a.storedListing(s)
	if err != nil {
		return nil
	}
	return a.allowedListing(inv)
}

// A suggestion is a text with its meaning.
type suggestion struct{ what, description string }

// accountTargets returns completions of begun, an ACCOUNT/ROLE: accounts with their slash, or
// the roles of one account.
func (a *App) accountTargets(inv *inventory.Inventory, begun string) []suggestion {
	if slash := strings.LastIndexByte(begun, '/'); slash >= 0 {
		account, err := inv.Find(begun[:slash])
		if err != nil {
			return nil
		}
		var all []suggestion
		for _, role := range account.Roles {
			if strings.HasPrefix(role, begun[slash+1:]) {
				all = append(all, suggestion{begun[:slash+1] + role, account.ID + " " + account.Name})
			}
		}
		return all
	}
	var all []suggestion
	called := map[string]int{} // the number of accounts with a name
	for _, account := range inv.Accounts {
		called[strings.ToLower(account.Name)]++
	}
	for i := range inv.Accounts {
		account := &inv.Accounts[i]
		name := account.ID
		for _, candidate := range []string{account.Alias, account.Name} {
			unique := candidate == account.Alias || called[strings.ToLower(candidate)] == 1
			plain := a.offerable(candidate) && !inventory.IsAccountID(candidate) && !strings.Contains(candidate, "/")
			if unique && plain && begins(candidate, begun) {
				name = candidate
				break
			}
		}
		if !begins(name, begun) {
			continue
		}
		what := name + "/"
		if len(account.Roles) == 1 {
			what += account.Roles[0]
		}
		description := strings.TrimSpace(account.ID + " " + account.Name + " " + strings.Join(account.Tags, " "))
		all = append(all, suggestion{what, description})
	}
	return all
}

// begins reports whether text begins with begun, ignoring case.
func begins(text, begun string) bool {
	return len(text) >= len(begun) && strings.EqualFold(text[:len(begun)], begun)
}

// complete sets the completions of cmd, going by the arguments in its usage line.
func (a *App) complete(cmd *cobra.Command) {
	switch {
	case strings.Contains(cmd.Use, "[TARGET"):
		cmd.ValidArgsFunction = a.completeTarget
		a.completeFlags(cmd)
	case strings.Contains(cmd.Use, "[SESSION"):
		cmd.ValidArgsFunction = a.completeSessions
	}
}

// completeFlags completes the values of those flags that cmd has; none of them is a file.
func (a *App) completeFlags(cmd *cobra.Command) {
	for name, complete := range map[string]cobra.CompletionFunc{
		"profile": a.completeProfiles, "session": a.completeSessionFlag, "account": a.completeAccountFlag,
		"match": a.completeAccountFlag, "role": a.completeRoleFlag, "region": a.completeRegionFlag,
		"tag": cobra.NoFileCompletions, "parallel": cobra.NoFileCompletions, "patience": cobra.NoFileCompletions,
	} {
		_ = cmd.RegisterFlagCompletionFunc(name, complete) // an error means that it has no such flag
	}
}

// completeRegionFlag offers the regions in the config files.
func (a *App) completeRegionFlag(
	_ *cobra.Command, _ []string, begun string,
) (all completion, _ cobra.ShellCompDirective) {
	config, err := a.config()
	if err != nil {
		return nil, nothingElse
	}
	known := map[string]bool{}
	for _, name := range config.ProfileNames() {
		if p, err := config.Profile(name); err == nil {
			known[p.Region], known[p.Root().Session.Region] = true, true
		}
	}
	for _, region := range slices.Sorted(maps.Keys(known)) {
		if begins(region, begun) {
			all = a.offer(all, region, "region")
		}
	}
	return all, nothingElse
}

func (a *App) completeSessionFlag(
	cmd *cobra.Command, _ []string, begun string,
) (completion, cobra.ShellCompDirective) {
	return a.completeSessions(cmd, nil, begun)
}

func (a *App) completeAccountFlag(
	cmd *cobra.Command, _ []string, begun string,
) (all completion, _ cobra.ShellCompDirective) {
	for _, s := range a.accountTargets(a.storedListingFor(cmd), begun) {
		account, _, _ := strings.Cut(s.what, "/")
		all = a.offer(all, account, s.description)
	}
	return all, nothingElse
}

// completeRoleFlag offers the roles of --account, else all roles.
func (a *App) completeRoleFlag(
	cmd *cobra.Command, _ []string, begun string,
) (all completion, _ cobra.ShellCompDirective) {
	inv := a.storedListingFor(cmd)
	accounts := inv.Accounts
	if one, err := inv.Find(cmd.Flag("account").Value.String()); err == nil {
		accounts = []inventory.Account{*one}
	}
	roles := map[string]bool{}
	for _, account := range accounts {
		for _, role := range account.Roles {
			roles[role] = begins(role, begun)
		}
	}
	for _, role := range slices.Sorted(maps.Keys(roles)) {
		if roles[role] {
			all = a.offer(all, role, "role")
		}
	}
	return all, nothingElse
}

// storedListingFor returns the stored listing of a command's --session; an empty one without it.
func (a *App) storedListingFor(cmd *cobra.Command) *inventory.Inventory {
	if config, err := a.config(); err == nil {
		if inv := a.storedListingOf(cmd.Context(), config, cmd.Flag("session").Value.String()); inv != nil {
			return inv
		}
	}
	return &inventory.Inventory{}
}
