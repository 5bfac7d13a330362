package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/profiles"
)

// configureFlags are the flags of configure.
type configureFlags struct {
	options
	session, region, scopes            string
	profiles, noProfiles, noLogin, yes bool
	look                               profileFlags
}

func (a *App) configureCommand() *cobra.Command {
	var f configureFlags
	cmd := &cobra.Command{
		Use:   "configure [START_URL]",
		Short: "Set up an sso-session from its start URL, and sign in",
		Long: `Write an [sso-session] into the shared config file, and sign in.

  rolecall configure https://d-1234567890.awsapps.com/start
  rolecall configure example-corp --session corp --yes
  rolecall configure http://127.0.0.1:9911 --no-login         a local Identity Center

The start URL is enough: rolecall finds the region. You can pass the address of your AWS access
portal in any form, just the part before .awsapps.com, or the name of an existing sso-session.
Nothing else in the file changes. If the session exists, configure corrects its region, and its
scopes if you pass --scopes. After the sign-in it offers, at a terminal, to write a profile for each
of your accounts and roles.

--region is the region of the Identity Center; --default-region is the region of your profiles, which
the AWS CLI needs. It defaults to the one in config.toml; else configure asks, or uses sso_region.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.configure(cmd.Context(), firstArg(args), f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.session, "session", "", "`NAME` of the sso-session (default: derived from the start URL)")
	flags.StringVar(&f.region, "region", "", "`REGION` of the Identity Center (default: found from the start URL)")
	flags.StringVar(&f.scopes, "scopes", "",
		"registration `SCOPES`, separated by commas (default "+identitycenter.AccessScope+")")
	flags.BoolVar(&f.profiles, "profiles", false, "also write a profile for each account and role")
	flags.BoolVar(&f.noProfiles, "no-profiles", false, "write no profiles")
	flags.StringVar(&f.look.template, "template", "", "`TEMPLATE` for profile names")
	flags.StringVar(&f.look.region, "default-region", "",
		"`REGION` for the profiles to work in (default: config.toml's, else asked for, else sso_region)")
	flags.StringVar(&f.look.output, "output", "", "output `FORMAT` to set in the profiles, for the AWS CLI")
	flags.BoolVar(&f.noLogin, "no-login", false, "write the session, but do not sign in")
	flags.BoolVarP(&f.yes, "yes", "y", false, "do not prompt: accept the proposed answers")
	f.addSignIn(cmd)
	return cmd
}

// A setup is what configure is about to write.
type setup struct {
	session  identitycenter.SSOSession
	from     string // where the region comes from, in words; empty: given by the person
	endpoint string // of an Identity Center other than AWS's
	there    bool   // the section is already in the file
	was      string // its region, if wrong
	scopes   string // its scopes, if others are requested
}

func (a *App) configure(ctx context.Context, text string, f configureFlags) error {
	if f.profiles && (f.noProfiles || f.noLogin) {
		return Usagef("--profiles cannot be used with --no-profiles or --no-login")
	}
	config, err := a.config()
	if err != nil {
		return err
	}
	p, err := a.planSession(ctx, config, text, f)
	if err != nil {
		return err
	}
	if f.profiles = f.profiles || f.yes && !f.noProfiles && !f.noLogin; f.profiles {
		if err := a.checkLook(p.session, f.look); err != nil {
			return err
		}
	}
	f.endpointURL = p.endpoint
	s, err := a.session(ctx, p.profile(config, a), f.options)
	if err != nil {
		return err
	}
	if !f.noLogin {
		if err := s.login.Check(ctx); err != nil { // nothing is written that cannot work
			return err
		}
	}
	file := awsconfig.Locate(a.Getenv, a.Home).Config
	written, err := a.writeSetup(ctx, file, p, config)
	if err != nil {
		return err
	}
	result := configureResult{
		Session: p.session.Name, StartURL: p.session.StartURL, Region: p.session.Region, RegionFrom: p.from,
		Endpoint: p.endpoint, File: file, Written: written, RegionWas: p.was, ScopesWere: p.scopes,
	}
	if !f.noLogin {
		if result.ExpiresAt, err = a.signInTo(ctx, s, p.scopes != ""); err != nil {
			return err
		}
		if err := a.configureProfiles(ctx, s, f); err != nil {
			return err
		}
	}
	if a.json {
		return a.printJSON(result)
	}
	return a.sayNext(ctx, p.session, f.noLogin)
}

// configureProfiles writes the profiles of a session that was just signed in to. Without a flag it asks a person at a
// terminal, with their number.
func (a *App) configureProfiles(ctx context.Context, s *session, f configureFlags) error {
	if f.profiles {
		_, err := a.applyProfiles(ctx, s, f.look)
		return err
	}
	if f.noProfiles || !a.Terminal || a.json {
		return nil
	}
	j, err := a.profileJob(ctx, s, f.look, freshForWriting)
	if err != nil {
		return err
	}
	before, err := filesystem.Files{}.ReadShared(j.files.Config)
	if err != nil {
		return err
	}
	plan, err := j.plan(before)
	if errors.Is(err, profiles.ErrNoRoles) || errors.Is(err, profiles.ErrNoMatch) {
		a.note("wrote no profiles: %s", noProfiles(err))
		return nil
	}
	if err != nil || plan.Data == nil {
		return err
	}
	yes, err := a.agree(ctx, profilesQuestion(plan, a.Tidy(j.files.Config)))
	if err != nil || !yes {
		return err
	}
	if f.look.fallbackRegion, err = a.askProfilesRegion(ctx, s.login.Session, f); err != nil {
		return err
	}
	_, err = a.applyProfiles(ctx, s, f.look)
	return err
}

// noProfiles says why there are no profiles to write.
func noProfiles(err error) string {
	if errors.Is(err, profiles.ErrNoRoles) {
		return "no account is assigned to you"
	}
	return err.Error()
}

// profilesQuestion asks for the profiles of a plan.
func profilesQuestion(plan *profiles.Plan, file string) string {
	add := plan.Count(profiles.Added)
	if other := len(plan.Changes) - add; other > 0 || plan.Unchanged > 0 {
		return fmt.Sprintf("update the profiles in %s (%s)?", file, counts(plan))
	}
	if add == 1 {
		return fmt.Sprintf("write a profile for your account and role to %s?", file)
	}
	return fmt.Sprintf("write %d profiles to %s, one for each of your accounts and roles?", add, file)
}

// sayNext says what a person does after configure.
func (a *App) sayNext(ctx context.Context, session identitycenter.SSOSession, noLogin bool) error {
	if noLogin {
		a.note("next: %s", loginHint(session))
		return nil
	}
	config, err := a.config()
	if err != nil {
		return err
	}
	if inv := a.storedListingOf(ctx, config, session.Name); inv != nil && len(inv.Accounts) == 0 {
		a.note("next: ask for an account assignment, then run: rolecall sync%s", sessionArgument(session))
		return nil
	}
	pick, list := "rolecall", "rolecall ls"
	if len(config.SessionNames()) > 1 {
		pick, list = "rolecall pick --session "+Quoted(session.Name), list+sessionArgument(session)
	}
	for _, name := range config.ProfileNames() {
		if p, err := config.Profile(name); err == nil && p.Session.Name == session.Name && p.AccountID != "" {
			a.note("next: %s, to pick a role; or name one: rolecall exec %s -- aws sts get-caller-identity", pick, Quoted(name))
			return nil
		}
	}
	a.note("next: %s, to pick a role; or %s, to list them", pick, list)
	return nil
}

// configureResult is what configure prints with --json.
type configureResult struct {
	Session    string     `json:"session"`
	StartURL   string     `json:"startUrl"`
	Region     string     `json:"region"`
	RegionFrom string     `json:"regionFrom,omitempty"`
	RegionWas  string     `json:"regionWas,omitempty"`
	ScopesWere string     `json:"scopesWere,omitempty"`
	Endpoint   string     `json:"endpoint,omitempty"`
	File       string     `json:"file"`
	Written    bool       `json:"written"`
	ExpiresAt  *time.Time `json:"expiresAt,omitempty"` // of the token, after a sign-in
}

// profile returns what the sign-in uses: the session, and the network settings of the
// default profile.
func (p setup) profile(config *awsconfig.Config, a *App) *awsconfig.Profile {
	settings := a.settingsProfile(config)
	settings.Session, settings.Name, settings.AccountID, settings.RoleName = p.session, "", "", ""
	if own := config.SessionEndpoints(p.session.Name); p.there && own != (awsconfig.Endpoints{}) {
		settings.Endpoints = own
	}
	return &settings
}

// writeSetup writes what is not in the file yet, and tells the person.
func (a *App) writeSetup(
	ctx context.Context, file string, p setup, config *awsconfig.Config,
) (written bool, err error) {
	var sections []configSection
	var lines []string
	name, in, region := p.session.Name, a.Tidy(file), p.session.Region
	if p.from != "" {
		region += " (from " + p.from + ")"
	}
	header, scopes := "sso-session "+name, strings.Join(p.session.Scopes, ",")
	if !p.there {
		keys := []awsconfig.Key{
			{Name: "sso_start_url", Value: p.session.StartURL},
			{Name: "sso_region", Value: p.session.Region},
			{Name: "sso_registration_scopes", Value: scopes},
		}
		sections = append(sections, configSection{"sso-session", name, keys})
		lines = append(lines, fmt.Sprintf("wrote [%[2]s] to %[1]s: %[3]s, region %[4]s",
			in, header, p.session.StartURL, region))
	}
	change := func(key, was, value, said string) {
		if was != "" {
			sections = append(sections, configSection{"sso-session", name, []awsconfig.Key{{Name: key, Value: value}}})
			lines = append(lines, fmt.Sprintf("changed %s of [%s] in %s from %s to %s", key, header, in, was, said))
		}
	}
	change("sso_region", p.was, p.session.Region, region)
	change("sso_registration_scopes", p.scopes, scopes, scopes)
	if p.there && len(lines) == 0 {
		lines = append(lines, fmt.Sprintf("%s is already [%s] in %s, region %s", p.session.StartURL, header, in, region))
	}
	if p.endpoint != "" && config.SessionEndpoints(name) == (awsconfig.Endpoints{}) {
		block := []awsconfig.Key{{Name: "endpoint_url", Value: p.endpoint}}
		services := []awsconfig.Key{
			{Name: "sso", Block: block}, {Name: "sso_oidc", Block: block}, {Name: "sts", Block: block},
		}
		sections = append(sections, configSection{"services", name, services})
		lines = append(lines, fmt.Sprintf("wrote [services %[2]s] to %[1]s: %[3]s, for profiles with services = %[4]s",
			in, name, p.endpoint, name))
	}
	if len(sections) > 0 {
		err = a.writeSections(ctx, file, sections)
	}
	if strings.HasPrefix(p.session.StartURL, "http://") && !p.there {
		lines = append(lines, fmt.Sprintf("AWS CLI 2.35.13 and later reject an http start URL; for those: "+
			"rolecall idc configure --url %s", p.endpoint))
	}
	for _, line := range lines {
		if err == nil {
			a.note("%s", line)
		}
	}
	return len(sections) > 0, err
}

// signInTo signs in as the login command does, and returns when the token expires. A token
// with other scopes has to be a fresh one.
func (a *App) signInTo(ctx context.Context, s *session, fresh bool) (*time.Time, error) {
	token, already, err := s.signIn(ctx, fresh)
	if err != nil {
		return nil, err
	}
	if !a.json {
		err = a.sayLogin(s, token, already, "")
	}
	return &token.ExpiresAt, err
}

// askProfilesRegion asks for the region of the profiles, if neither a flag nor config.toml has one. Without a person it
// is empty.
func (a *App) askProfilesRegion(
	ctx context.Context, session identitycenter.SSOSession, f configureFlags,
) (string, error) {
	own, err := a.settings()
	if err != nil || f.look.region+own.Profiles.Region+own.Region != "" || f.yes || !a.Terminal {
		return "", err
	}
	for {
		region, err := a.ask(ctx, "region for the profiles", session.Region)
		if err != nil {
			return "", err
		}
		wrong := regionError(region, "region for the profiles", session)
		if wrong == nil {
			return region, nil
		}
		a.note("%v", wrong)
	}
}

// checkLook rejects a look that the profiles of a session cannot have.
func (a *App) checkLook(session identitycenter.SSOSession, look profileFlags) error {
	o, err := a.profileOptions(look)
	if err != nil {
		return err
	}
	err = o.Check(session)
	var option *profiles.OptionError
	if !errors.As(err, &option) {
		return err
	}
	flag := option.Option
	given := map[string]string{"template": look.template, "region": look.region, "output": look.output}
	if given[flag] == "" { // then it comes from the settings
		return (&profileJob{app: a, all: &inventory.Inventory{Session: session}}).explain(err)
	}
	if flag == "region" {
		flag = "default-region"
	}
	return &HintError{
		Err: fmt.Errorf("--%s: %s", flag, option.Problem), Code: ExitConfiguration, Hint: "rolecall configure --help",
	}
}
