package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"rolecall/internal/awsconfig"
	"rolecall/internal/credentials"
	"rolecall/internal/export"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/settings"
)

// regionFlag is the origin of a region from the command line.
const regionFlag = "--region"

// located returns profile with the region of its work: --region, AWS_REGION, AWS_DEFAULT_REGION, the profile's own,
// that of config.toml for its account, or in general. Without any of them it is empty, which means sso_region.
// A credential_process hands out keys alone, and needs a region only for STS.
func (a *App) located(ctx context.Context, profile awsconfig.Profile, o options) (awsconfig.Profile, error) {
	if o.unattended && profile.Chain == nil {
		return profile, nil
	}
	said := func(p awsconfig.Profile, own settings.Settings) (string, error) { return a.accountRegion(ctx, p, own) }
	return a.locatedBy(profile, o.region, said)
}

// locatedBy is located with a given source of the region for the profile's account.
func (a *App) locatedBy(
	profile awsconfig.Profile, flag string, accountRegion func(awsconfig.Profile, settings.Settings) (string, error),
) (awsconfig.Profile, error) {
	region, origin := flag, regionFlag
	if region == "" {
		region, origin = a.setRegion()
	}
	if region == "" && profile.Name != "" {
		region, origin = profile.Region, "region of profile "+profile.Name
	}
	if region == "" {
		own, err := a.settings()
		if err != nil {
			return profile, err
		}
		if region, err = accountRegion(profile, own); err != nil {
			return profile, err
		}
		// An account without a profile has the network settings and region of the default profile.
		region, origin = cmp.Or(region, profile.Region, own.Region), a.Tidy(a.settingsFile())+": region"
	}
	profile.Region = region
	return profile, checkRegion(region, origin, profile.Root().Session)
}

// setRegion returns the region that the person has set in the environment, and the variable. One that an outer rolecall
// has set is not the person's.
func (a *App) setRegion() (region, variable string) {
	if own := a.ownRegions(); len(own) > 0 {
		return a.Getenv(own[0]), own[0]
	}
	return "", ""
}

// ownRegions returns the variables with a region that are the person's own.
func (a *App) ownRegions() []string {
	return slices.DeleteFunc(regionVariables(), func(variable string) bool {
		region := a.Getenv(variable)
		return region == "" || export.IsMarked(a.Getenv(export.RegionMark), variable, region)
	})
}

func regionVariables() []string { return []string{"AWS_REGION", "AWS_DEFAULT_REGION"} }

// accountRegion returns the region that config.toml has for the account of profile. Rules by name or tag need the
// stored listing, which has the account's name.
func (a *App) accountRegion(
	ctx context.Context, profile awsconfig.Profile, own settings.Settings,
) (string, error) {
	if !slices.ContainsFunc(own.Accounts, func(s settings.Account) bool { return s.Region != "" }) {
		return "", nil
	}
	s, err := a.session(ctx, &profile, options{unattended: true})
	if err != nil {
		return "", err
	}
	inv, err := a.storedListing(s)
	if err != nil && !errors.Is(err, inventory.ErrNone) {
		return "", err
	}
	id, session := workAccount(profile), s.login.Session
	if err == nil {
		if account, err := inv.Find(id); err == nil {
			return account.Region, nil
		}
	}
	unnamed := inventory.Named(session, []identitycenter.Account{{ID: id}}).With(own.Accounts)
	byName := func(s settings.Account) bool { return s.Match != "" && !inventory.IsAccountID(s.Match) }
	if slices.ContainsFunc(own.Accounts, byName) {
		a.warn(fmt.Errorf("the name of account %s is not known yet, so account names in %s do not apply; "+
			"to list accounts: rolecall sync%s", id, a.Tidy(a.settingsFile()), sessionArgument(session)))
	}
	return unnamed.Accounts[0].Region, nil
}

// workAccount returns the id of the account in which the work of profile is.
func workAccount(profile awsconfig.Profile) string {
	if profile.Chain != nil {
		return credentials.AccountOf(profile.Chain.RoleARN)
	}
	return profile.AccountID
}

// rowRegions returns the region of the work in each account, by account id.
func (a *App) rowRegions(
	profile awsconfig.Profile, flag string, rows []inventory.Row,
) (map[string]string, error) {
	regions := map[string]string{}
	for _, row := range rows {
		said := func(awsconfig.Profile, settings.Settings) (string, error) { return row.Region, nil }
		located, err := a.locatedBy(profile, flag, said)
		if err != nil {
			return nil, err
		}
		regions[row.ID] = located.Region
	}
	return regions, nil
}

// checkRegion refuses a region that cannot be that of the work. origin says in words where it is from.
func checkRegion(region, origin string, session identitycenter.SSOSession) error {
	err := regionError(region, origin, session)
	switch {
	case err == nil:
		return nil
	case origin == regionFlag:
		return &UsageError{err}
	}
	return &HintError{Err: err, Code: ExitConfiguration, Hint: "correct it, or pass --region REGION"}
}

// regionError says why a region does not exist, or is of no use since it is in another partition than the session: keys
// are valid in one partition only. An empty region is fine.
func regionError(region, origin string, session identitycenter.SSOSession) error {
	own, known := identitycenter.AWS().OfRegion(session.Region)
	its, _ := identitycenter.AWS().OfRegion(region)
	switch {
	case region == "":
		return nil
	case !awsconfig.IsRegion(region):
		return fmt.Errorf("%s: %q is not a region", origin, region)
	case known && its.Name != own.Name:
		return fmt.Errorf("%s: %s is not in the partition %s of session %q", origin, region, own.Name, session.Label())
	}
	return nil
}

// requireRegion returns an error for a profile without a region for STS.
func requireRegion(profile awsconfig.Profile) error {
	if credentials.Region(profile) != "" {
		return nil
	}
	return &HintError{
		Err:  fmt.Errorf("profile %q has no region, and STS needs one", profile.Name),
		Code: ExitConfiguration, Hint: "set region in the profile, AWS_REGION, or --region",
	}
}
