package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/terminal"
)

// addConfirm adds --confirm to a command that hands out keys.
func (a *App) addConfirm(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&a.confirmed, "confirm", nil,
		"this guarded account is meant: its `NAME`, alias or id; can be repeated")
}

// guard asks the person to type the name of a guarded account before keys of profile leave, unless --confirm says it,
// or this shell has had it for less than remember_guard. A role that is assumed counts by its own account.
func (a *App) guard(ctx context.Context, profile awsconfig.Profile) error {
	account, err := a.accountOf(profile, identitycenter.RoleCredentials{AccountID: accountIn(profile)})
	if err != nil || !account.Guards(roleIn(profile)) {
		return err
	}
	switch {
	case a.isConfirmed(account):
		return a.recordPassed(profile, account, answerConfirm)
	case a.isRemembered(account):
		return a.recordPassed(profile, account, answerRemembered)
	}
	label := terminal.ShowLine(cmp.Or(account.Name, account.ID))
	guarded := fmt.Sprintf("%s (%s) is guarded", label, account.ID)
	if !a.Terminal {
		return &HintError{
			Err: a.notConfirmed(errors.New(guarded+", and there is no terminal to type its name at"), account, roleIn(profile),
				answerNobody),
			Code: ExitRefused,
			Hint: a.again(a.end(), "--confirm", cmp.Or(account.Name, account.ID)),
		}
	}
	a.tell("%s: type %s to go on", guarded, label)
	fmt.Fprint(a.Stderr, "> ")
	text, err := a.readLine(ctx)
	switch {
	case err != nil:
		return err
	case !isNameOf(account)(text):
		err := fmt.Errorf("%q is not the name of %s: no keys", text, account.ID)
		return &HintError{Err: a.notConfirmed(err, account, roleIn(profile), answerWrong), Code: ExitRefused}
	}
	a.remember(account)
	return a.recordPassed(profile, account, answerTyped)
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
		a.warn(fmt.Errorf("the confirmation was not noted: %w", err))
	}
}
