package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
)

// A target is what to get credentials for: a profile, or an account and role of a session.
type target struct {
	profile string // empty: use account and role
	session string // empty: the default session
	account string // id or name
	role    string
	region  string            // --region; empty: see App.located
	roles   []awsconfig.Chain // to assume on top, the first one first
	last    *awsconfig.Chain  // options for the last role of all; nil: none
}

// targetFlags are the flags that name a target without a positional argument,
// as in a credential_process line.
type targetFlags struct {
	profile, session, account, role, region string
	assumeFlags
}

func (f *targetFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.profile, "profile", "", "use this `PROFILE` from the shared config files")
	cmd.Flags().StringVar(&f.session, "session", "", "use this `SESSION`, with --account and --role")
	cmd.Flags().StringVar(&f.account, "account", "", "`ACCOUNT` id, name, alias or unique prefix")
	cmd.Flags().StringVar(&f.role, "role", "", "`ROLE` (permission set) name")
	f.assumeFlags.add(cmd)
}

// addRegion adds --region, for commands whose answer depends on it.
func (f *targetFlags) addRegion(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.region, "region", "",
		"`REGION` to work in (default: AWS_REGION, AWS_DEFAULT_REGION, the profile's, config.toml's, sso_region)")
}

// argument reads a target from flags and an argument, with the shared config files.
func (a *App) argument(f targetFlags, argument string) (target, error) {
	config, err := a.config()
	if err != nil {
		return target{}, err
	}
	return a.target(config, f, argument)
}

// target reads the target from flags and at most one argument.
func (a *App) target(config *awsconfig.Config, f targetFlags, argument string) (target, error) {
	t := target{profile: f.profile, session: f.session, account: f.account, role: f.role}
	named := 0
	for _, given := range []bool{argument != "", f.profile != "", f.session != "" || f.account != "" || f.role != ""} {
		if given {
			named++
		}
	}
	switch {
	case named > 1:
		return t, Usagef("pass only one of: TARGET, --profile, or --session with --account and --role")
	case argument != "":
		t = a.parseTarget(config, argument)
	case named == 0:
		var err error
		if t, err = a.unnamedTarget(config); err != nil {
			return t, err
		}
	}
	t.region = f.region
	if t.profile == "" && (t.account == "" || t.role == "") {
		return t, Usagef("an account needs a role, and a role needs an account: ACCOUNT/ROLE, or --account and --role")
	}
	return t, f.read(&t)
}

// unnamedTarget returns what is meant where no target is named.
func (a *App) unnamedTarget(config *awsconfig.Config) (target, error) {
	t, found, err := a.projectTarget(config)
	if err != nil || found {
		return t, err
	}
	t.profile = awsconfig.DefaultProfile(a.Getenv)
	return t, a.needsTarget(config, t.profile)
}

// parseTarget takes text for a profile if there is one of that name, which may have a slash,
// else for [SESSION:]ACCOUNT/ROLE. Account names may have a slash and a colon, role names not.
func (a *App) parseTarget(config *awsconfig.Config, text string) target {
	slash := strings.LastIndexByte(text, '/')
	if slash < 0 {
		return target{profile: text}
	}
	if _, err := config.Profile(text); !errors.Is(err, awsconfig.ErrUnknownProfile) {
		return target{profile: text}
	}
	t := target{account: text[:slash], role: text[slash+1:]}
	if session, account, ok := strings.Cut(t.account, ":"); ok {
		if hasSession(config, session) || inventory.IsAccountID(account) {
			t.session, t.account = session, account
		}
	}
	return t
}

// hasSession reports whether there is an sso-session of that name, right or wrong.
func hasSession(config *awsconfig.Config, name string) bool {
	_, err := config.Session(name)
	return !errors.Is(err, awsconfig.ErrUnknownSession)
}

// resolve turns a target into a profile, with the region of its work, and its session. It looks
// an account's name up in the stored listing, and asks the portal only if it is not there, which
// may need a sign-in.
func (a *App) resolve(ctx context.Context, t target, o options) (awsconfig.Profile, *session, error) {
	profile, s, err := a.resolveAnywhere(ctx, t, o)
	if err == nil {
		err = a.allowTarget(ctx, profile, s)
	}
	return profile, s, err
}

// resolveAnywhere is resolve whatever the working folder allows: for settings that go with keys that are there already.
func (a *App) resolveAnywhere(ctx context.Context, t target, o options) (awsconfig.Profile, *session, error) {
	o.region = t.region
	profile, s, err := a.resolveTarget(ctx, t, o)
	if err == nil {
		profile, err = stacked(profile, t)
	}
	if err == nil {
		profile, err = a.located(ctx, profile, o)
	}
	if err == nil && profile.Chain != nil {
		err = requireRegion(profile)
	}
	return profile, s, err
}

func (a *App) resolveTarget(ctx context.Context, t target, o options) (awsconfig.Profile, *session, error) {
	config, err := a.config()
	if err != nil {
		return awsconfig.Profile{}, nil, err
	}
	if t.profile != "" {
		return a.resolveProfile(ctx, config, t.profile, o)
	}
	profile, err := a.sessionProfile(config, t.session)
	if err != nil {
		return profile, nil, err
	}
	profile.AccountID, profile.RoleName = t.account, t.role
	s, err := a.session(ctx, &profile, o)
	if err == nil && !inventory.IsAccountID(t.account) {
		profile.AccountID, err = a.accountID(ctx, s, t.account, o)
	}
	return profile, s, err
}

func (a *App) resolveProfile(
	ctx context.Context, config *awsconfig.Config, name string, o options,
) (awsconfig.Profile, *session, error) {
	profile, err := config.Profile(name)
	if errors.Is(err, awsconfig.ErrUnknownProfile) {
		if len(config.ProfileNames())+len(config.SessionNames()) == 0 {
			return profile, nil, a.nothingConfigured(config, err)
		}
		return a.resolveAccount(ctx, config, name, err, o)
	}
	if err != nil {
		return profile, nil, err
	}
	s, err := a.sessionOf(ctx, &profile, o)
	return profile, s, err
}

// resolveAccount takes a text that names no profile for an account of the default session, if
// the stored listing has it with a single role. unknown is the error for the profile.
func (a *App) resolveAccount(
	ctx context.Context, config *awsconfig.Config, text string, unknown error, o options,
) (awsconfig.Profile, *session, error) {
	session := ""
	if name, account, ok := strings.Cut(text, ":"); ok && hasSession(config, name) {
		session, text = name, account
	}
	profile, err := a.sessionProfile(config, session)
	if err != nil {
		return profile, nil, unknown
	}
	s, err := a.session(ctx, &profile, o)
	if err != nil {
		return profile, nil, unknown
	}
	inv, err := a.storedListing(s)
	if errors.Is(err, inventory.ErrNone) {
		return profile, nil, a.unlisted(unknown, s.login.Session)
	}
	if err != nil {
		return profile, nil, unknown
	}
	account, err := inv.Find(text)
	var wrong *inventory.AccountError
	switch {
	case errors.As(err, &wrong) && len(wrong.Matches) > 0:
		return profile, nil, err
	case errors.As(err, &wrong):
		return profile, nil, a.unknownTarget(unknown, wrong)
	case len(account.Roles) > 1:
		return profile, nil, &HintError{
			Err:   fmt.Errorf("%q is account %s, where you have %d roles: name one", text, account.ID, len(account.Roles)),
			Code:  ExitUsage,
			Facts: []string{"your roles there: " + strings.Join(account.Roles, ", ")},
			Hint:  "rolecall ls" + sessionArgument(s.login.Session) + " --match " + account.ID,
		}
	}
	a.sayAccount(s, inv, text, account, o)
	profile.AccountID, profile.RoleName = account.ID, account.Roles[0]
	return profile, s, nil
}

// unknownTarget adds to the error for an unknown profile the accounts that may have been meant.
func (a *App) unknownTarget(unknown error, accounts *inventory.AccountError) error {
	facts := accounts.Facts()
	var profile *awsconfig.Error
	if errors.As(unknown, &profile) {
		facts = append(a.configFacts(profile), facts...)
	}
	return &HintError{
		Err: unknown, Code: ExitConfiguration, Facts: facts, Hint: "rolecall ls" + sessionArgument(accounts.Session),
	}
}

// sayAccount tells the person which account a text was taken for, unless it is the account's
// whole name in a recent listing.
func (a *App) sayAccount(s *session, inv *inventory.Inventory, text string, account *inventory.Account, o options) {
	old := a.listingPlace(s).Old(inv, a.Now(), freshForLooking)
	if o.unattended || !old && (account.ID == text || strings.EqualFold(account.Name, text) || account.Alias == text) {
		return
	}
	a.tell("%s is account %s; listed %s",
		text, strings.TrimSpace(account.ID+" "+account.Name), ago(a.Now().Sub(inv.TakenAt)))
}

// accountID returns the id of the account that text means. If the stored listing does not have
// it, or is old, it asks the portal; if that does not answer, the old listing will do.
func (a *App) accountID(ctx context.Context, s *session, text string, o options) (string, error) {
	inv, err := a.storedListing(s)
	if err != nil && !errors.Is(err, inventory.ErrNone) {
		return "", err
	}
	var account *inventory.Account
	if err == nil {
		var wrong *inventory.AccountError
		old := a.listingPlace(s).Old(inv, a.Now(), freshForLooking)
		switch account, err = inv.Find(text); {
		case err == nil && !old:
			a.sayAccount(s, inv, text, account, o)
			return account.ID, nil
		case errors.As(err, &wrong) && len(wrong.Matches) > 0 && !old:
			return "", err
		}
	}
	id, err := a.askedAccountID(ctx, s, text)
	silent := errors.Is(err, identitycenter.ErrUnavailable) || errors.Is(err, identitycenter.ErrThrottled) ||
		errors.Is(err, identitycenter.ErrLoginRequired)
	if account != nil && silent {
		a.sayAccount(s, inv, text, account, o)
		return account.ID, nil
	}
	return id, err
}

// askedAccountID asks the portal for the id of the account that text means.
func (a *App) askedAccountID(ctx context.Context, s *session, text string) (string, error) {
	listed, err := s.portal.Accounts(ctx)
	if err != nil {
		return "", err
	}
	own, err := a.settings()
	if err != nil {
		return "", err
	}
	account, err := inventory.Named(s.login.Session, listed).With(own.Accounts).Find(text)
	if err != nil {
		return "", err
	}
	return account.ID, nil
}

// sessionProfile returns a nameless profile for a session: the named one, or the default.
// Region and network settings are the default profile's; a services section with the name of
// the session comes before the default profile's.
func (a *App) sessionProfile(config *awsconfig.Config, name string) (awsconfig.Profile, error) {
	if name == "" {
		name = a.projectSession(config)
	}
	settings, settingsError := config.Profile(awsconfig.DefaultProfile(a.Getenv))
	chosen, err := a.findSession(config, name, settings, settingsError)
	if err != nil {
		return awsconfig.Profile{}, err
	}
	profile := awsconfig.Profile{Session: chosen}
	if settingsError == nil {
		profile = settings
		profile.Session, profile.Name, profile.Chain, profile.AccountID, profile.RoleName = chosen, "", nil, "", ""
	}
	if own := config.SessionEndpoints(chosen.Name); own != (awsconfig.Endpoints{}) {
		profile.Endpoints = own
	}
	return profile, nil
}

// beginHint is for people who have not configured anything yet.
const beginHint = "rolecall configure; to try it out: rolecall demo"

// findSession finds a session by the name of a section or profile, or by a legacy start URL;
// without a name it is the default profile's, else the only one. settings is the default
// profile, with its error.
func (a *App) findSession(
	config *awsconfig.Config, name string, settings awsconfig.Profile, settingsError error,
) (identitycenter.SSOSession, error) {
	if name != "" {
		return a.namedSession(config, name)
	}
	if root := *settings.Root(); settingsError == nil && root.Session.StartURL != "" {
		return root.Session, nil
	}
	if settingsError != nil && !errors.Is(settingsError, awsconfig.ErrUnknownProfile) {
		return identitycenter.SSOSession{}, settingsError
	}
	own, err := a.settings()
	if err != nil {
		return identitycenter.SSOSession{}, err
	}
	names := config.SessionNames()
	switch {
	case own.DefaultSession != "" && !slices.Contains(names, own.DefaultSession):
		return identitycenter.SSOSession{}, &HintError{
			Err:  fmt.Errorf("%s: default_session: there is no [sso-session %s]", a.Tidy(a.settingsFile()), own.DefaultSession),
			Code: ExitConfiguration, Facts: append(sessionFacts(names), a.problemFacts(config.Meant("sso-session"))...),
			Hint: "correct it, or: rolecall configure",
		}
	case own.DefaultSession != "":
		return config.Session(own.DefaultSession)
	case len(names) == 1:
		return config.Session(names[0])
	case len(names) == 0:
		return identitycenter.SSOSession{}, a.nothingConfigured(config, errors.New("no [sso-session] is configured"))
	}
	return identitycenter.SSOSession{}, &HintError{
		Err:  errors.New("no session named, and the default profile has none"),
		Code: ExitConfiguration, Facts: sessionFacts(names),
		Hint: fmt.Sprintf("%s; to make it the default: default_session = %q in %s", a.withSession(names[0]), names[0],
			a.Tidy(a.settingsFile())),
	}
}

func sessionFacts(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	return []string{"sessions: " + strings.Join(names, ", ")}
}

func (a *App) namedSession(config *awsconfig.Config, name string) (identitycenter.SSOSession, error) {
	found, err := config.Session(name)
	if !errors.Is(err, awsconfig.ErrUnknownSession) {
		return found, err
	}
	profile, profileError := config.Profile(name)
	switch {
	case profileError == nil && profile.Root().Session.StartURL != "":
		return profile.Root().Session, nil
	case profileError == nil:
		return found, profile.RequireRole()
	case !errors.Is(profileError, awsconfig.ErrUnknownProfile):
		return found, profileError
	}
	for _, other := range config.ProfileNames() {
		if p, err := config.Profile(other); err == nil && p.Session.Name == "" && p.Session.StartURL == name {
			return p.Session, nil
		}
	}
	return found, err
}
