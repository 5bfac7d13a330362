package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"rolecall/internal/awsconfig"
	"rolecall/internal/browser"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/settings"
)

// window returns where the console of profile opens: as the command line says, else as config.toml says for its
// account.
func (a *App) window(profile awsconfig.Profile, role string, said browser.Window) (browser.Window, error) {
	account, err := a.accountOf(profile, identitycenter.RoleCredentials{})
	if err != nil {
		return said, err
	}
	return a.accountWindow(account, role, said)
}

func (a *App) accountWindow(account inventory.Account, role string, said browser.Window) (browser.Window, error) {
	own, err := a.settings()
	if err != nil {
		return said, err
	}
	w := said
	for n := len(own.Consoles) - 1; n >= 0 && said.Browser == "" && said.Container == ""; n-- {
		if !applies(own.Consoles[n], account, role) {
			continue
		}
		w, err = windowOf(own.Consoles[n], account, role)
		if empty := (*emptyError)(nil); errors.As(err, &empty) {
			return w, &HintError{Err: err, Code: ExitConfiguration, Hint: "rolecall sync, if the account has one"}
		}
		if err == nil {
			w.Profile = cmp.Or(said.Profile, w.Profile)
			err = w.Check()
		}
		if err != nil {
			return w, &HintError{
				Err: err, Code: ExitConfiguration, Hint: "correct [[console]] in " + a.Tidy(a.settingsFile()),
			}
		}
		break
	}
	return w, nil
}

func applies(c settings.Console, account inventory.Account, role string) bool {
	return (c.Match == "" || c.Match == account.ID || inventory.Matches(c.Match, account.Name)) &&
		(c.Tag == "" || slices.Contains(account.Tags, c.Tag)) && (c.Role == "" || inventory.Matches(c.Role, role))
}

// An emptyError is a template that expands to nothing: the console must not open elsewhere instead.
type emptyError struct{ template, account string }

func (e *emptyError) Error() string {
	return fmt.Sprintf("[[console]]: %q is empty for account %s", e.template, e.account)
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
		filled := strings.TrimSpace(out.String())
		if err == nil && filled == "" && text != "" {
			err = &emptyError{text, account.ID}
		}
		return filled, err
	}
	w := browser.Window{Browser: c.Browser, Color: c.Color, Icon: c.Icon}
	var one, two error
	w.Profile, one = fill(c.Profile)
	w.Container, two = fill(c.Container)
	return w, errors.Join(one, two)
}

// agreeToContainers asks once whether the add-on is there: without it Firefox would search the web for the address.
func (a *App) agreeToContainers(ctx context.Context) error {
	const addOn = `the Firefox add-on "Open external links in a container"`
	return a.agreeOnce(ctx, agreement{
		name: "firefox-containers", attended: a.Terminal,
		refusal: &HintError{
			Err:  errors.New("containers need " + addOn + ", and you have not confirmed yet that it is installed"),
			Code: ExitRefused, Hint: "run the command at a terminal once, to confirm that it is installed",
		},
		explain:  func() { a.note("containers need %s; without it Firefox searches the web for the address", addOn) },
		question: "is it installed?",
	})
}
