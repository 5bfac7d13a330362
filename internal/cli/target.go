package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/credentials"
	"rolecall/internal/identitycenter"
)

// A target is what the person wants credentials for: a profile, or an account
// and a role of a session.
type target struct {
	profile string // empty: account and role
	session string // empty: the default one
	account string // id or name
	role    string
	tags    []credentials.Tag
}

// targetFlags are the flags that name a target without a positional argument,
// as in a credential_process line.
type targetFlags struct {
	profile, session, account, role string
	tags                            []string
}

func (f *targetFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.profile, "profile", "", "profile of the shared config files")
	cmd.Flags().StringVar(&f.session, "session", "", "sso-session, with --account and --role")
	cmd.Flags().StringVar(&f.account, "account", "", "account id or name")
	cmd.Flags().StringVar(&f.role, "role", "", "role (permission set) name")
	f.addTags(cmd)
}

func (f *targetFlags) addTags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.tags, "session-tag", nil, "`KEY=VALUE` for the last role of a chain; can be repeated")
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
		return t, &usageError{errors.New("a TARGET, --profile, and --session with --account and --role exclude each other")}
	case argument != "":
		t = a.parseTarget(config, argument)
	case named == 0:
		t.profile = awsconfig.DefaultProfile(a.getenv)
	}
	if t.profile == "" && (t.account == "" || t.role == "") {
		return t, &usageError{errors.New("an account and a role belong together: ACCOUNT/ROLE, or --account and --role")}
	}
	for _, tag := range f.tags {
		key, value, ok := strings.Cut(tag, "=")
		if !ok || key == "" {
			return t, &usageError{fmt.Errorf("--session-tag %q is not KEY=VALUE", tag)}
		}
		t.tags = append(t.tags, credentials.Tag{Key: key, Value: value})
	}
	return t, nil
}

// parseTarget understands a profile name before [SESSION:]ACCOUNT/ROLE, since
// profile names may hold a slash. Role names do not, account names may hold one,
// and a colon.
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
		if _, err := config.Session(session); !errors.Is(err, awsconfig.ErrUnknownSession) || isAccountID(account) {
			t.session, t.account = session, account
		}
	}
	return t
}

// resolve turns a target into a profile and its session. An account name is
// looked up, which may need a sign-in.
func (a *App) resolve(ctx context.Context, t target, o options) (awsconfig.Profile, *session, error) {
	config, err := a.config()
	if err != nil {
		return awsconfig.Profile{}, nil, err
	}
	if t.profile != "" {
		profile, err := config.Profile(t.profile)
		if errors.Is(err, awsconfig.ErrUnknownProfile) && len(config.ProfileNames())+len(config.SessionNames()) == 0 {
			return profile, nil, &hintError{error: err, code: exitConfiguration, facts: []string{"there is nothing of IAM Identity Center in that file"}, hint: beginHint}
		}
		if err != nil {
			return profile, nil, err
		}
		if credentials.Root(profile).Session.StartURL == "" {
			return profile, nil, profile.RequireRole()
		}
		s, err := a.session(profile, o)
		return profile, s, err
	}
	profile, err := a.sessionProfile(config, t.session)
	if err != nil {
		return profile, nil, err
	}
	profile.AccountID, profile.RoleName = t.account, t.role
	s, err := a.session(profile, o)
	if err == nil && !isAccountID(t.account) {
		profile.AccountID, err = s.source.AccountID(ctx, t.account)
	}
	return profile, s, err
}

func isAccountID(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

// sessionProfile is a profile of no name for a session: the named one, or the
// one a person means without a name. The default profile gives region and
// network settings, when it has any.
func (a *App) sessionProfile(config *awsconfig.Config, name string) (awsconfig.Profile, error) {
	settings, settingsError := config.Profile(awsconfig.DefaultProfile(a.getenv))
	chosen, err := a.chooseSession(config, name, settings, settingsError)
	if err != nil {
		return awsconfig.Profile{}, err
	}
	profile := awsconfig.Profile{Session: chosen}
	if settingsError == nil {
		profile = settings
		profile.Session, profile.Name, profile.Chain, profile.AccountID, profile.RoleName = chosen, "", nil, "", ""
	}
	if own, ok := config.SessionEndpoints(chosen.Name); ok && profile.Endpoints == (awsconfig.Endpoints{}) {
		profile.Endpoints = own
	}
	return profile, nil
}

// beginHint is for who has not configured anything yet.
const beginHint = "aws configure sso-session, or write the section into ~/.aws/config; to try it out: rolecall demo"

// chooseSession finds a session by the name of a section or profile, or by a
// legacy start URL; without a name it is the default profile's, else the only
// one.
func (a *App) chooseSession(config *awsconfig.Config, name string, settings awsconfig.Profile, settingsError error) (identitycenter.SSOSession, error) {
	if name != "" {
		return a.namedSession(config, name)
	}
	if root := credentials.Root(settings); settingsError == nil && root.Session.StartURL != "" {
		return root.Session, nil
	}
	if settingsError != nil && !errors.Is(settingsError, awsconfig.ErrUnknownProfile) {
		return identitycenter.SSOSession{}, settingsError
	}
	names := config.SessionNames()
	if len(names) == 1 {
		return config.Session(names[0])
	}
	e := &hintError{error: errors.New("no session is named, and there is no default profile that has one"), code: exitConfiguration, hint: "rolecall login SESSION"}
	if len(names) > 0 {
		e.facts = []string{"sessions: " + strings.Join(names, ", ")}
	} else {
		e.error = errors.New("no [sso-session] is configured")
		e.hint = beginHint
	}
	return identitycenter.SSOSession{}, e
}

func (a *App) namedSession(config *awsconfig.Config, name string) (identitycenter.SSOSession, error) {
	found, err := config.Session(name)
	if !errors.Is(err, awsconfig.ErrUnknownSession) {
		return found, err
	}
	profile, profileError := config.Profile(name)
	switch {
	case profileError == nil && credentials.Root(profile).Session.StartURL != "":
		return credentials.Root(profile).Session, nil
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
