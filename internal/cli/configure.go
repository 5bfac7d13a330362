package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
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

The start URL is enough: rolecall finds the region. It accepts the address of your AWS access
portal in any form, just the part before .awsapps.com, or the name of an existing sso-session.
Nothing else in the file changes. If the session exists, its region is corrected, and so are
its scopes if you pass --scopes.

--region is that of the Identity Center, --default-region that of your profiles: the AWS CLI
needs one. Without it, it is that of config.toml, else asked at a terminal, else sso_region.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.configure(cmd.Context(), firstArg(args), f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.session, "session", "", "`NAME` of the sso-session (default derived from the start URL)")
	flags.StringVar(&f.region, "region", "", "`REGION` of the Identity Center (default found from the start URL)")
	flags.StringVar(&f.scopes, "scopes", "",
		"registration `SCOPES`, separated by commas (default "+identitycenter.AccessScope+")")
	flags.BoolVar(&f.profiles, "profiles", false, "also write a profile for each account and role")
	flags.BoolVar(&f.noProfiles, "no-profiles", false, "write no profiles")
	flags.StringVar(&f.look.template, "template", "", "`TEMPLATE` of the profiles' names")
	flags.StringVar(&f.look.region, "default-region", "",
		"`REGION` of the profiles, to work in (default config.toml's, else asked for, else sso_region)")
	flags.StringVar(&f.look.output, "output", "", "output `FORMAT` of the AWS CLI in the profiles")
	flags.BoolVar(&f.noLogin, "no-login", false, "write the session, but do not sign in")
	flags.BoolVarP(&f.yes, "yes", "y", false, "do not ask: take the proposed answers")
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
		return Usagef("--profiles excludes --no-profiles and --no-login")
	}
	config, err := a.config()
	if err != nil {
		return err
	}
	p, err := a.planSession(ctx, config, text, f)
	if err != nil {
		return err
	}
	if f.profiles, err = a.wantsProfiles(ctx, f); err != nil {
		return err
	}
	if f.profiles {
		if f.look.fallbackRegion, err = a.askProfilesRegion(ctx, p.session, f); err != nil {
			return err
		}
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
		if f.profiles {
			if _, err := a.applyProfiles(ctx, s, f.look); err != nil {
				return err
			}
		}
	}
	if a.json {
		return a.printJSON(result)
	}
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
	settings.Session, settings.Name, settings.Chain, settings.AccountID, settings.RoleName = p.session, "", nil, "", ""
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
		lines = append(lines, fmt.Sprintf("written to %s: [%s] with %s, region %s", in, header, p.session.StartURL, region))
	}
	change := func(key, was, value, said string) {
		if was != "" {
			sections = append(sections, configSection{"sso-session", name, []awsconfig.Key{{Name: key, Value: value}}})
			lines = append(lines, fmt.Sprintf("%s of [%s] in %s was %s, and is now %s", key, header, in, was, said))
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
		lines = append(lines, fmt.Sprintf("written to %s: [services %s] with %s, for profiles with services = %s",
			in, name, p.endpoint, name))
	}
	if len(sections) > 0 {
		err = a.writeSections(ctx, file, sections)
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
		err = a.sayLogin(s, token, already)
	}
	return &token.ExpiresAt, err
}

// wantsProfiles asks before the sign-in, so that the person may leave after it.
func (a *App) wantsProfiles(ctx context.Context, f configureFlags) (bool, error) {
	switch {
	case f.noProfiles, f.noLogin:
		return false, nil
	case f.profiles, f.yes, !a.Terminal:
		return f.profiles || f.yes, nil
	}
	return a.agree(ctx, "also write a profile for each of your accounts and roles?")
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
	region, err := a.ask(ctx, "region of the profiles", session.Region)
	if err != nil {
		return "", err
	}
	if err := regionError(region, "region of the profiles", session); err != nil {
		return "", &UsageError{err}
	}
	return region, nil
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
