package cli

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"time"

	"rolecall/internal/cache"
	"rolecall/internal/export"
	"rolecall/internal/identitycenter"
)

// isShortStatus reports whether a command line is the one that prompts run: it is answered without building the other
// commands.
func isShortStatus(args []string) bool { return slices.Equal(args, []string{"status", "--short"}) }

// printShort prints whose credentials this shell has, and for how long: "payments-prod/Admin 43m"; or nothing. A prompt
// has no place for errors.
func (a *App) printShort() {
	if line := a.shortStatus(); line != "" {
		_, _ = io.WriteString(a.Stdout, line+"\n")
	}
}

// shortStatus reads the environment, else the config files and the cache for AWS_PROFILE. Its text is fit for prompts.
func (a *App) shortStatus() string {
	if a.Getenv("AWS_ACCESS_KEY_ID") == "" {
		return a.shortProfile(cmp.Or(a.Getenv("AWS_PROFILE"), a.Getenv("AWS_DEFAULT_PROFILE")))
	}
	who := shortName(
		cmp.Or(a.Getenv("ROLECALL_ACCOUNT_NAME"), a.Getenv("ROLECALL_ACCOUNT_ID")), a.Getenv("ROLECALL_ROLE"))
	end, err := time.Parse(time.RFC3339, a.Getenv("AWS_CREDENTIAL_EXPIRATION"))
	if who == "" || err != nil {
		return who
	}
	return who + " " + left(end.Sub(a.Now()))
}

func shortName(account, role string) string {
	if account == "" || role == "" {
		return ""
	}
	return export.Harmless(account) + "/" + export.Harmless(role)
}

// shortProfile is the short status of a profile, with the time that its cached keys have left, if there are any.
func (a *App) shortProfile(name string) string {
	if name == "" || a.Home == "" {
		return ""
	}
	config, err := a.config()
	if err != nil {
		return ""
	}
	profile, err := config.Profile(name)
	if err != nil || profile.Chain != nil || profile.RequireRole() != nil {
		return ""
	}
	account := a.Getenv("ROLECALL_ACCOUNT_NAME") // of rc --mode profile
	if export.Harmless(name) != a.Getenv("ROLECALL_PROFILE") || account == "" {
		known, err := a.accountOf(profile, identitycenter.RoleCredentials{})
		if err != nil {
			return ""
		}
		account = cmp.Or(known.Name, profile.AccountID)
	}
	who := shortName(account, profile.RoleName)
	store := cache.Store{Home: a.Home, State: cache.StateFolder(a.Getenv, a.Home), Now: a.Now}
	if store.Check() != nil {
		return who
	}
	c, err := store.RoleCredentials(profile.Session, profile.AccountID, profile.RoleName)
	if err != nil { // the settings are not read for a prompt
		store.Mode = cache.Private
		c, err = store.RoleCredentials(profile.Session, profile.AccountID, profile.RoleName)
	}
	if err != nil || !c.Expiration.After(a.Now()) { // SDKs get new ones
		return who
	}
	return strings.TrimSpace(who + " " + left(c.Expiration.Sub(a.Now())))
}
