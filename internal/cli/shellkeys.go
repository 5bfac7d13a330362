package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"rolecall/internal/audit"
	"rolecall/internal/awsconfig"
	"rolecall/internal/console"
	"rolecall/internal/credentials"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
)

// shellKeys returns the keys in the environment, if no target is named: they are what a command without one means, as
// in the SDKs, which prefer them to a profile.
func (a *App) shellKeys(f targetFlags, args []string) (keys identitycenter.RoleCredentials, found bool) {
	id, secret := a.Getenv("AWS_ACCESS_KEY_ID"), a.Getenv("AWS_SECRET_ACCESS_KEY")
	named := firstArg(args) != "" || f.profile != "" || f.session != "" || f.account != "" || f.role != ""
	if id == "" || secret == "" || named || f.given() {
		return keys, false
	}
	if profile := cmp.Or(a.Getenv("AWS_PROFILE"), a.Getenv("AWS_DEFAULT_PROFILE")); profile != "" {
		a.note("the keys in the environment take precedence over AWS_PROFILE, %s", Quoted(profile))
	}
	return identitycenter.RoleCredentials{
		AccessKeyID: id, SecretAccessKey: identitycenter.NewSecret(secret),
		SessionToken: identitycenter.NewSecret(a.Getenv("AWS_SESSION_TOKEN")),
	}, true
}

// shellProfile returns the settings that go with keys in the environment, which are no profile's: those of the target
// that ROLECALL_TARGET says they are of, else those of the default profile, if there is one; with the region of the
// environment. The endpoints of a session that nothing names do not count: keys of unknown origin go to AWS.
func (a *App) shellProfile(ctx context.Context) (awsconfig.Profile, error) {
	config, err := a.config()
	if err != nil {
		return awsconfig.Profile{}, err
	}
	region := ""
	if of, err := a.sessionProfile(config, ""); err == nil {
		region = credentials.Region(of)
	}
	profile, err := config.Profile(awsconfig.DefaultProfile(a.Getenv))
	if err != nil {
		profile = awsconfig.Profile{}
	}
	if text, err := remembered(config, a.Getenv("ROLECALL_TARGET")); err == nil && text != "" {
		if of, _, err := a.resolveAnywhere(ctx, a.parseTarget(config, text), options{unattended: true}); err == nil {
			profile = *of.Root()
		}
	}
	profile.Region = cmp.Or(a.Getenv("AWS_REGION"), a.Getenv("AWS_DEFAULT_REGION"), credentials.Region(profile), region)
	if profile.Region == "" {
		return profile, &HintError{
			Err: errors.New("the keys in the environment have no region"), Code: ExitConfiguration, Hint: "set AWS_REGION",
		}
	}
	return profile, nil
}

// shellIdentity asks STS whose keys these are.
func (a *App) shellIdentity(
	ctx context.Context, keys identitycenter.RoleCredentials, profile awsconfig.Profile,
) (credentials.Identity, error) {
	httpClient, err := a.network(profile, a.Logger(a.Stderr))
	if err != nil {
		return credentials.Identity{}, err
	}
	a.inForce = profile
	sts := credentials.STS{
		HTTP: httpClient, Endpoint: a.endpoints(profile).sts, FIPS: a.fips(profile), DualStack: a.dualStack(profile),
	}
	identity, err := sts.CallerIdentity(ctx, keys, profile.Region)
	if errors.Is(err, identitycenter.ErrRejectedKeys) {
		hint := "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN, or name a TARGET"
		if target := a.Getenv("ROLECALL_TARGET"); target != "" {
			hint = switchTo(target)
		}
		err = fmt.Errorf("this shell's keys have expired, or are wrong: %w", err)
		err = &HintError{Err: err, Code: ExitLogin, Hint: hint}
	}
	return identity, err
}

func (a *App) whoamiShell(ctx context.Context, keys identitycenter.RoleCredentials) error {
	profile, err := a.shellProfile(ctx)
	if err != nil {
		return err
	}
	identity, err := a.shellIdentity(ctx, keys, profile)
	if err != nil {
		return err
	}
	return a.printIdentity(identity)
}

// consoleShell opens the console with the keys in the environment. If they are those that their target has now, it is
// opened as that target. Keys of unknown origin go to AWS only.
func (a *App) consoleShell(ctx context.Context, keys identitycenter.RoleCredentials, o consoleOptions) error {
	t, s, same := a.shellTarget(ctx, keys)
	foreign := false
	if s != nil {
		portal, err := url.Parse(s.endpoints.Portal)
		foreign = err != nil || !isAWS(s.endpoints, s.login.Session.Region, portal.Hostname())
	}
	switch {
	case same:
		return a.console(ctx, t, o)
	case foreign:
		return &HintError{
			Err:  errors.New("the keys in the environment are no longer their target's"),
			Code: ExitRefused, Hint: "rolecall console " + Quoted(a.Getenv("ROLECALL_TARGET")),
		}
	case o.portal:
		return Usagef("the access portal's link needs a TARGET, which the keys in the environment do not name")
	case keys.SessionToken.Reveal() == "":
		return Usagef("the console does not accept long-term keys, such as those in the environment: name a TARGET")
	}
	profile, err := a.shellProfile(ctx)
	if err != nil {
		return err
	}
	identity, err := a.shellIdentity(ctx, keys, profile)
	if err != nil {
		return err
	}
	of := profile
	of.Chain, of.AccountID, of.RoleName = nil, identity.Account, identity.Role()
	if err := a.allowTarget(ctx, of, nil); err != nil {
		return err
	}
	r := consoleResult{Account: identity.Account, Role: identity.ARN[strings.LastIndexByte(identity.ARN, ':')+1:]}
	if r.Destination, err = a.destination(o.destination, profile.Region); err != nil {
		return err
	}
	if o.window, err = a.accountWindow(inventory.Account{ID: r.Account}, r.Role, o.window); err != nil {
		return err
	}
	own, err := console.Signin(profile.Region)
	if err != nil {
		return &HintError{Err: err, Code: ExitConfiguration, Hint: "set AWS_REGION"}
	}
	signin, err := a.signinAt(own, true, profile, profile.Region)
	if err != nil {
		return err
	}
	if err := a.record(profile.Session, audit.Record{
		How: howConsole, Command: a.command(), Session: profile.Session.Label(), Account: r.Account, Role: lastPart(r.Role),
		KeyID: keys.AccessKeyID,
	}); err != nil {
		return err
	}
	return a.openConsole(ctx, profile, console.Request{
		Credentials: keys, Signin: signin, Issuer: profile.Session.StartURL, Destination: r.Destination, Duration: o.duration,
	}, r, o)
}

// shellTarget returns the target and session that the environment says its keys are of, and whether keys are still
// those that the target has. The session is nil if the environment says nothing that fits the config files.
func (a *App) shellTarget(
	ctx context.Context, keys identitycenter.RoleCredentials,
) (t target, s *session, same bool) {
	config, err := a.config()
	text := a.Getenv("ROLECALL_TARGET")
	if err != nil || text == "" {
		return t, nil, false
	}
	if text, err = remembered(config, text); err != nil {
		return t, nil, false
	}
	t = a.parseTarget(config, text)
	profile, s, err := a.resolveAnywhere(ctx, t, options{unattended: true})
	if err != nil || profile.RequireRole() != nil {
		return t, nil, false
	}
	c, err := s.source.Retrieve(ctx, profile)
	return t, s, err == nil && c.AccessKeyID == keys.AccessKeyID && c.SecretAccessKey.Equal(keys.SecretAccessKey) &&
		c.SessionToken.Equal(keys.SessionToken)
}
