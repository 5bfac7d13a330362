package cli

import (
	"cmp"
	"context"
	"fmt"

	"rolecall/internal/awsconfig"
	"rolecall/internal/credentials"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
)

// expected returns whose keys a profile must lead to, by [[profile]] in config.toml and by the comments above its
// header, which count first.
func (a *App) expected(profile awsconfig.Profile) (awsconfig.Expectation, error) {
	var e awsconfig.Expectation
	if profile.Name == "" {
		return e, nil
	}
	config, err := a.config()
	if err != nil {
		return e, err
	}
	own, err := a.settings()
	if err != nil {
		return e, err
	}
	e = config.Expected(profile.Name)
	for _, p := range own.ProfilePins {
		if p.Name == profile.Name {
			e = awsconfig.Expectation{
				Account: cmp.Or(e.Account, p.Account), Role: cmp.Or(e.Role, p.Role), User: cmp.Or(e.User, p.User),
			}
		}
	}
	return e, nil
}

// checkExpected asks STS whose keys c are, once for each profile and key, if the profile says whose they must be.
func (a *App) checkExpected(
	ctx context.Context, profile awsconfig.Profile, c identitycenter.RoleCredentials, o options,
) error {
	e, err := a.expected(profile)
	if err != nil || e == (awsconfig.Expectation{}) {
		return err
	}
	store, err := a.cache()
	if err != nil {
		return err
	}
	check := []string{profile.Name, c.AccessKeyID, e.Account, e.Role, e.User}
	if store.WasExpected(check...) {
		return nil
	}
	s, err := a.sessionOf(ctx, &profile, o)
	if err != nil {
		return err
	}
	got, err := s.source.STS.CallerIdentity(ctx, c, credentials.Region(profile))
	if err != nil {
		return fmt.Errorf("could not check the keys that profile %q expects: %w", profile.Name, err)
	}
	for _, part := range []struct{ key, want, got string }{
		{"expect_account", e.Account, got.Account}, {"expect_role", e.Role, got.Role()}, {"expect_user", e.User, got.User()},
	} {
		if part.want != "" && part.want != part.got {
			return &HintError{
				Err: &refused{
					error: fmt.Errorf("profile %q leads to %s, but %s is %s: gave out no keys",
						profile.Name, got.ARN, part.key, part.want),
					account: inventory.Account{ID: got.Account}, role: got.Role(), rule: part.key + " = " + part.want,
				},
				Code: ExitRefused, Hint: "rolecall config show",
			}
		}
	}
	if err := store.NoteExpected(check...); err != nil {
		a.warn(fmt.Errorf("could not remember the check of profile %q: %w", profile.Name, err))
	}
	return nil
}
