package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"rolecall/internal/awsconfig"
	"rolecall/internal/browser"
	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/login"
	"rolecall/internal/settings"
)

// window returns where the console of profile opens: as the command line says, else as config.toml says for its
// account.
func (a *App) window(
	ctx context.Context, profile awsconfig.Profile, role string, said browser.Window,
) (browser.Window, error) {
	account, err := a.accountOf(profile, identitycenter.RoleCredentials{})
	if err != nil {
		return said, err
	}
	return a.accountWindow(ctx, account, role, said)
}

func (a *App) accountWindow(
	ctx context.Context, account inventory.Account, role string, said browser.Window,
) (browser.Window, error) {
	own, err := a.settings()
	if err != nil {
		return said, err
	}
	w := said
	for n := len(own.Consoles) - 1; n >= 0 && said.Browser == "" && said.Container == ""; n-- {
		if !applies(own.Consoles[n], account, role) {
			continue
		}
		if w, err = windowOf(own.Consoles[n], account, role); err == nil {
			if said.Profile != "" {
				w.Profile = said.Profile
			}
			err = w.Check()
		}
		if err != nil {
			return w, &HintError{
				Err: err, Code: ExitConfiguration, Hint: "correct [[console]] in " + a.Tidy(a.settingsFile()),
			}
		}
		break
	}
	if w.Container != "" {
		return w, a.agreeToContainers(ctx)
	}
	return w, nil
}

func applies(c settings.Console, account inventory.Account, role string) bool {
	return (c.Match == "" || c.Match == account.ID || inventory.Matches(c.Match, account.Name)) &&
		(c.Tag == "" || slices.Contains(account.Tags, c.Tag)) && (c.Role == "" || inventory.Matches(c.Role, role))
}

// windowOf fills the templates of c.
func windowOf(c settings.Console, account inventory.Account, role string) (browser.Window, error) {
	fill := func(text string) (string, error) {
		t, err := template.New("[[console]]").Option("missingkey=error").Parse(text)
		if err != nil {
			return "", err
		}
		var out strings.Builder
		err = t.Execute(&out, struct{ AccountName, AccountID, Alias, RoleName string }{
			account.Name, account.ID, account.Alias, role,
		})
		return strings.TrimSpace(out.String()), err
	}
	w := browser.Window{Browser: c.Browser, Color: c.Color, Icon: c.Icon}
	var one, two error
	w.Profile, one = fill(c.Profile)
	w.Container, two = fill(c.Container)
	return w, errors.Join(one, two)
}

// agreeToContainers asks once whether the add-on is there: without it Firefox would search the web for the address.
func (a *App) agreeToContainers(ctx context.Context) error {
	path := filepath.Join(a.StateFolder(), "agreed", "firefox-containers")
	var files filesystem.Files
	if _, err := files.ReadSecret(path); err == nil {
		return nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	const addOn = `the Firefox add-on "Open external links in a container"`
	if !a.Terminal {
		return &HintError{
			Err:  errors.New("containers need " + addOn + ", and nobody has said yet that it is installed"),
			Code: ExitRefused, Hint: "run the command at a terminal once",
		}
	}
	a.note("containers need %s; without it Firefox searches the web for the address", addOn)
	yes, err := (&atTerminal{app: a}).Confirm(ctx, "is it installed?")
	if err != nil {
		return err
	}
	if !yes {
		return login.ErrDeclined
	}
	return files.WriteSecret(path, nil)
}
