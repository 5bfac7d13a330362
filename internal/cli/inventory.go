package cli

import (
	"cmp"
	"context"
	"path/filepath"
	"time"

	"rolecall/internal/credentials"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/settings"
)

// settings reads rolecall's own settings.
func (a *App) settings() (settings.Settings, error) {
	return settings.Load(a.settingsFile())
}

func (a *App) settingsFile() string {
	dir := a.getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(a.Home, ".config")
	}
	return filepath.Join(dir, "rolecall", "config.toml")
}

// inventoryOf gives the accounts and roles of a session, with what the person's
// settings say about them: the stored listing if it is younger than maxAge, else a
// new one, which may need a sign-in.
func (a *App) inventoryOf(ctx context.Context, s *session, maxAge time.Duration) (*inventory.Inventory, error) {
	own, err := a.settings()
	if err != nil {
		return nil, err
	}
	_ = cmp.Or(maxAge, 0)
	accounts, err := credentials.WithToken(ctx, s.login, func(t identitycenter.Token) ([]inventory.Account, error) {
		listed, err := s.client.Accounts(ctx, t.AccessToken)
		var all []inventory.Account
		for _, l := range listed {
			roles, err := s.client.Roles(ctx, t.AccessToken, l.ID)
			if err != nil {
				return nil, err
			}
			account := inventory.Account{ID: l.ID, Name: l.Name, Email: l.Email}
			for _, r := range roles {
				account.Roles = append(account.Roles, r.Name)
			}
			all = append(all, account)
		}
		return all, err
	})
	if err != nil {
		return nil, err
	}
	return inventory.New(s.login.Session, a.Now(), accounts).With(own.Accounts), nil
}
