package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/discovery"
	"rolecall/internal/identitycenter"
)

// planSession finds out what is to be written, and asks the person for what is missing.
func (a *App) planSession(ctx context.Context, config *awsconfig.Config, text string, f configureFlags) (setup, error) {
	given, err := a.startURL(ctx, config, text)
	if err != nil {
		return setup{}, err
	}
	p := setup{endpoint: strings.TrimRight(f.endpointURL, "/")}
	if p.endpoint == "" {
		if p.endpoint, err = a.localEndpoint(ctx, config, given); err != nil {
			return p, err
		}
	}
	if name := cmp.Or(f.session, sessionOf(config, given)); isSession(config, name, given) {
		p.endpoint = cmp.Or(p.endpoint, strings.TrimRight(config.SessionEndpoints(name).SSOOIDC.URL, "/"))
	}
	found, err := a.regionOf(ctx, config, given, p.endpoint, f)
	if err != nil {
		return p, err
	}
	p.from = found.From
	p.session = identitycenter.SSOSession{StartURL: found.StartURL, Region: found.Region}
	for _, scope := range strings.Split(cmp.Or(f.scopes, identitycenter.AccessScope), ",") {
		if scope = strings.TrimSpace(scope); scope != "" {
			p.session.Scopes = append(p.session.Scopes, scope)
		}
	}
	if len(p.session.Scopes) == 0 {
		return p, Usagef("--scopes %q has no scope", f.scopes)
	}
	return p, a.nameSession(ctx, config, &p, given, f)
}

// localEndpoint returns the Identity Center of a start URL on this machine, unless that leads to AWS's; "" elsewhere.
func (a *App) localEndpoint(ctx context.Context, config *awsconfig.Config, startURL string) (string, error) {
	u, err := url.Parse(startURL)
	if err != nil || !identitycenter.IsLoopback(u.Hostname()) {
		return "", err
	}
	if u.Scheme == "https" {
		asker, err := a.network(a.settingsProfile(config), a.Logger(a.Stderr))
		if err != nil {
			return "", err
		}
		if found, err := discovery.Issuer(ctx, asker, startURL); err == nil && found.StartURL != startURL {
			return "", nil
		}
	}
	return u.Scheme + "://" + u.Host, nil
}

// startURL returns the start URL that text means, which may be the name of an sso-session.
// Without a text it asks the person.
func (a *App) startURL(ctx context.Context, config *awsconfig.Config, text string) (string, error) {
	if text == "" {
		if !a.Terminal {
			return "", Usagef("without a terminal, pass a start URL: rolecall configure START_URL")
		}
		fallback := ""
		if names := config.SessionNames(); len(names) == 1 {
			if only, err := config.Session(names[0]); err == nil {
				fallback = only.StartURL
			}
		}
		var err error
		if text, err = a.ask(ctx, "start URL (the address of your AWS access portal)", fallback); err != nil {
			return "", err
		}
	}
	if known, err := config.Session(text); err == nil {
		text = known.StartURL
	}
	return discovery.StartURL(text)
}

// regionOf finds the region of a start URL: --region, else what the start URL answers, else
// what is configured. For a configured session the start URL is asked even with --region, so
// that a wrong one cannot break the session.
func (a *App) regionOf(
	ctx context.Context, config *awsconfig.Config, startURL, endpoint string, f configureFlags,
) (discovery.Found, error) {
	found := discovery.Found{StartURL: startURL, Region: f.region}
	u, err := url.Parse(startURL)
	if err != nil {
		return found, err
	}
	byHost := discovery.OfHost(u.Hostname())
	switch {
	case f.region == "":
	case !awsconfig.IsRegion(f.region):
		return found, Usagef("--region: %q is not a region", f.region)
	case sessionOf(config, startURL) != "":
	case byHost != "" && byHost != f.region:
		return found, Usagef("--region %s conflicts with the start URL, which is in %s", f.region, byHost)
	default:
		return found, nil
	}
	answer, err := a.discover(ctx, config, startURL, endpoint)
	switch {
	case f.region == "" && errors.Is(err, discovery.ErrNoRegion):
		return a.regionNotFound(ctx, config, found, err, f)
	case f.region == "":
		return answer, err
	case ctx.Err() != nil:
		return found, context.Cause(ctx)
	case err == nil && answer.Region != f.region:
		return found, &HintError{
			Err: fmt.Errorf("--region %s is not the region of %s, which is %s (from %s)",
				f.region, startURL, answer.Region, answer.From),
			Code: ExitConfiguration, Hint: "rolecall configure " + Quoted(startURL),
		}
	}
	return found, nil
}

// discover asks the start URL for its region, or the Identity Center at endpoint if that is
// not AWS's.
func (a *App) discover(
	ctx context.Context, config *awsconfig.Config, startURL, endpoint string,
) (discovery.Found, error) {
	asker, err := a.network(a.settingsProfile(config), a.Logger(a.Stderr))
	if err != nil {
		return discovery.Found{}, err
	}
	at := startURL
	if endpoint != "" {
		if at, err = discovery.StartURL(endpoint); err != nil {
			return discovery.Found{}, err
		}
	}
	answer, err := discovery.Region(ctx, asker, at)
	if err == nil && endpoint != "" {
		answer.StartURL = startURL
	}
	return answer, err
}

// regionNotFound takes the configured region, or asks for it.
func (a *App) regionNotFound(
	ctx context.Context, config *awsconfig.Config, found discovery.Found, cause error, f configureFlags,
) (discovery.Found, error) {
	if name := sessionOf(config, found.StartURL); name != "" {
		if known, err := config.Session(name); err == nil {
			found.Region = known.Region
			return found, nil
		}
	}
	if !a.Terminal || f.yes {
		return found, &HintError{
			Err: cause, Code: ExitUsage,
			Facts: []string{"a proxy or a network's sign-in page may have answered instead"},
			Hint:  "rolecall configure " + Quoted(found.StartURL) + " --region REGION",
		}
	}
	a.note("%v", cause)
	region, err := a.ask(ctx, "region of the Identity Center", "us-east-1")
	if err == nil && !awsconfig.IsRegion(region) {
		err = Usagef("%q is not a region", region)
	}
	found.Region = region
	return found, err
}

// settingsProfile returns the default profile for its network settings; an empty one without it.
func (a *App) settingsProfile(config *awsconfig.Config) awsconfig.Profile {
	settings, err := config.Profile(awsconfig.DefaultProfile(a.Getenv))
	if err != nil {
		return awsconfig.Profile{}
	}
	return *settings.Root()
}

// sessionOf names the first sso-session with a start URL, in whatever form it is written;
// "" without one.
func sessionOf(config *awsconfig.Config, startURL string) string {
	for _, name := range config.SessionNames() {
		if isSession(config, name, startURL) {
			return name
		}
	}
	return ""
}

// isSession reports whether there is an sso-session with that name and start URL.
func isSession(config *awsconfig.Config, name, startURL string) bool {
	s, err := config.Session(name)
	return err == nil && sameStartURL(s.StartURL, startURL)
}

func sameStartURL(configured, startURL string) bool {
	text, err := discovery.StartURL(configured)
	return identitycenter.SameStartURL(configured, startURL) || err == nil && text == startURL
}

// nameSession gives p the section that already has its start URL, else a free name.
func (a *App) nameSession(
	ctx context.Context, config *awsconfig.Config, p *setup, given string, f configureFlags,
) error {
	name := f.session
	if name == "" {
		name = cmp.Or(sessionOf(config, p.session.StartURL), sessionOf(config, given))
	}
	other := "rolecall configure " + Quoted(given) + " --session " + freeName(config, *p)
	if isSession(config, name, p.session.StartURL) || isSession(config, name, given) {
		if !leadsTo(config, name, p.endpoint) {
			return &HintError{
				Err:  fmt.Errorf("[services %s] in the config file does not point to %s", name, p.endpoint),
				Code: ExitConfiguration, Hint: other,
			}
		}
		p.adopt(config, name, f)
		return nil
	}
	if name == "" {
		name = freeName(config, *p)
		if a.Terminal && !f.yes {
			question := fmt.Sprintf("%s is in %s; name for its sso-session", p.session.StartURL, p.session.Region)
			var err error
			if name, err = a.ask(ctx, question, name); err != nil {
				return err
			}
		}
	}
	switch {
	case !isSessionName(name):
		return Usagef("%q: an sso-session name can have only letters, digits and _.+=,@-", name)
	case !isFree(config, name, p.endpoint):
		return &HintError{
			Err: fmt.Errorf("%q is already in the config file with other values", name), Code: ExitConfiguration, Hint: other,
		}
	}
	p.session.Name = name
	return nil
}

// adopt takes the section in the file, and records what is to change there.
func (p *setup) adopt(config *awsconfig.Config, name string, f configureFlags) {
	p.there = true
	known, _ := config.Session(name)
	if known.Region != p.session.Region {
		p.was = known.Region
	}
	known.Region = p.session.Region
	if has := known.RegistrationScopes(); f.scopes != "" && !sameScopes(has, p.session.Scopes) {
		p.scopes, known.Scopes = strings.Join(has, ","), p.session.Scopes
	}
	p.session = known
}

// sameScopes compares scopes regardless of their order.
func sameScopes(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// isSessionName reports whether all readers of the file understand name alike, without quotes.
// A colon or a slash would make it a target.
func isSessionName(name string) bool {
	return name != "" && len(name) <= 64 && name[0] != '-' && onlyLettersAnd("_.+=,@-", name)
}

// isFree reports whether no session has that name, and no services section of that name
// points elsewhere.
func isFree(config *awsconfig.Config, name, endpoint string) bool {
	return !slices.Contains(config.SessionNames(), name) && leadsTo(config, name, endpoint)
}

// leadsTo reports whether the services section of that name, if there is one, has that endpoint.
func leadsTo(config *awsconfig.Config, name, endpoint string) bool {
	e := config.SessionEndpoints(name)
	return e == awsconfig.Endpoints{} ||
		strings.TrimRight(e.SSO.URL, "/") == endpoint && strings.TrimRight(e.SSOOIDC.URL, "/") == endpoint
}

// freeName derives a name from the start URL: "local" for this machine, else its alias, or the id of its directory or
// instance; with a number appended if that is taken.
func freeName(config *awsconfig.Config, p setup) string {
	name := "sso"
	if u, err := url.Parse(p.session.StartURL); err == nil {
		switch alias := discovery.Alias(u.Hostname()); {
		case identitycenter.IsLoopback(u.Hostname()):
			name = "local"
		case alias != "":
			name = alias
		case discovery.ID(u) != "":
			name = discovery.ID(u)
		}
	}
	for i, base := 2, name; !isFree(config, name, p.endpoint); i++ {
		name = base + "-" + strconv.Itoa(i)
	}
	return name
}
