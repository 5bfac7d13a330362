package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/settings"
	"rolecall/internal/terminal"
)

// addConfirm adds --confirm to a command that hands out keys.
func (a *App) addConfirm(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&a.confirmed, "confirm", nil,
		"confirm a guarded account by its `NAME`, alias or id; can be repeated")
}

// guard asks the person to type the name of a guarded account before keys of profile leave, unless --confirm says it,
// or this shell has had it for less than remember_guard. A role that is assumed counts by its own account.
func (a *App) guard(ctx context.Context, profile awsconfig.Profile, s *session) error {
	account, err := a.accountOf(profile, identitycenter.RoleCredentials{AccountID: accountIn(profile)})
	if err == nil && a.guardsByName() {
		account, err = a.named(ctx, profile, account, s)
	}
	if err != nil || !account.Guards(roleIn(profile)) {
		return err
	}
	switch {
	case a.isConfirmed(account):
		return a.recordPassed(profile, account, answerConfirm)
	case a.isRemembered(account):
		return a.recordPassed(profile, account, answerRemembered)
	}
	if !a.Terminal {
		err := fmt.Errorf("%s (%s) is guarded, and there is no terminal to confirm it",
			terminal.ShowLine(cmp.Or(account.Name, account.ID)), account.ID)
		return &HintError{
			Err: a.notConfirmed(err, account, roleIn(profile), answerNobody), Code: ExitRefused,
			Hint: a.again(a.end(), "--confirm", cmp.Or(account.Name, account.ID)),
		}
	}
	if err := a.typeName(ctx, account, roleIn(profile)); err != nil {
		return err
	}
	a.remember(account)
	return a.recordPassed(profile, account, answerTyped)
}

// typeName has the person type the name of a guarded account.
func (a *App) typeName(ctx context.Context, account inventory.Account, role string) error {
	label := terminal.ShowLine(cmp.Or(account.Name, account.ID))
	a.tell("%s (%s) is guarded: type %s to continue", label, account.ID, label)
	fmt.Fprint(a.Stderr, "> ")
	text, err := a.readLine(ctx)
	if err == nil && !isNameOf(account)(text) {
		err = fmt.Errorf("%q is not the name of %s: gave out no keys", text, account.ID)
		err = &HintError{Err: a.notConfirmed(err, account, role, answerWrong), Code: ExitRefused}
	}
	return err
}

// guardsByName reports whether some guard does not name an account by its id.
func (a *App) guardsByName() bool {
	own, err := a.settings()
	return err == nil && slices.ContainsFunc(own.Accounts, func(s settings.Account) bool {
		return (s.Guarded || len(s.GuardedRoles) > 0) && !inventory.IsAccountID(s.Match)
	})
}

// named returns the account of profile with its name. If no listing has it, the portal is asked: a rule that goes by
// names must not let through what has none yet. Without s, a session without a person is made for that.
func (a *App) named(
	ctx context.Context, profile awsconfig.Profile, account inventory.Account, s *session,
) (inventory.Account, error) {
	if account.Name != "" || account.ID == "" || !profile.SignsIn() {
		return account, nil
	}
	if s == nil {
		own, err := unshared(profile), error(nil)
		if s, err = a.sessionOf(ctx, &own, options{unattended: true}); err != nil {
			return account, err
		}
	}
	listed, err := s.portal.Accounts(ctx)
	if err != nil {
		return account, fmt.Errorf("a rule needs the name of account %s, which is not known yet: %w", account.ID, err)
	}
	own, err := a.settings()
	if err != nil {
		return account, err
	}
	known := inventory.Named(profile.Root().Session, listed).With(own.Accounts).Accounts
	if n := slices.IndexFunc(known, func(k inventory.Account) bool { return k.ID == account.ID }); n >= 0 {
		return known[n], nil
	}
	return account, nil
}

// isConfirmed reports whether --confirm names an account.
func (a *App) isConfirmed(account inventory.Account) bool {
	return slices.ContainsFunc(a.confirmed, isNameOf(account))
}

// isNameOf returns what tells an account's name, alias or id from other texts.
func isNameOf(account inventory.Account) func(string) bool {
	return func(text string) bool {
		return text == account.ID || text != "" && (text == account.Name || text == account.Alias)
	}
}

// accountIn returns the account that the keys of profile are for, as far as its text says.
func accountIn(profile awsconfig.Profile) string {
	if profile.Chain != nil {
		if parts := strings.Split(profile.Chain.RoleARN, ":"); len(parts) > 4 {
			return parts[4]
		}
	}
	return profile.AccountID
}

// roleIn returns the role that the keys of profile are for.
func roleIn(profile awsconfig.Profile) string {
	if profile.Chain != nil {
		return profile.Chain.RoleARN[strings.LastIndexByte(profile.Chain.RoleARN, '/')+1:]
	}
	return profile.RoleName
}

// longestRemembered bounds remember_guard: a guard that never asks protects nothing.
const longestRemembered = 12 * time.Hour

// isRemembered reports whether this shell was asked about an account a short while ago.
func (a *App) isRemembered(account inventory.Account) bool {
	own, err := a.settings()
	if err != nil || own.RememberGuard == 0 || shellID() == "" {
		return false
	}
	store, err := a.cache()
	if err != nil {
		return false
	}
	asked := store.Confirmed(shellID(), account.ID)
	return !asked.After(a.Now()) && a.Now().Sub(asked) < min(own.RememberGuard, longestRemembered)
}

// remember notes that this shell was asked. A disk that cannot keep it costs another question.
func (a *App) remember(account inventory.Account) {
	own, err := a.settings()
	if err != nil || own.RememberGuard == 0 || shellID() == "" {
		return
	}
	store, err := a.cache()
	if err == nil {
		err = store.Confirm(shellID(), account.ID)
	}
	if err != nil {
		a.warn(fmt.Errorf("could not remember the confirmation: %w", err))
	}
}
