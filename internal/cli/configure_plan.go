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
	"rolecall/internal/credentials"
	"rolecall/internal/discovery"
	"rolecall/internal/identitycenter"
)

// planSession finds out all that is to be written, and asks for what is missing.
func (a *App) planSession(ctx context.Context, config *awsconfig.Config, text string, f configureFlags) (setup, error) {
	given, err := a.startURL(ctx, config, text)
	if err != nil {
		return setup{}, err
	}
	p := setup{endpoint: strings.TrimRight(f.endpointURL, "/")}
	if u, err := url.Parse(given); err == nil && p.endpoint == "" && identitycenter.IsLoopback(u.Hostname()) {
		p.endpoint = u.Scheme + "://" + u.Host
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
		return p, Usagef("--scopes: there is no scope in %q", f.scopes)
	}
	return p, a.nameSession(ctx, config, &p, given, f)
}

// startURL gives the start URL that text means; the name of an sso-session stands for
// its own. Without a text the person is asked.
func (a *App) startURL(ctx context.Context, config *awsconfig.Config, text string) (string, error) {
	if text == "" {
		if !a.Terminal {
			return "", Usagef("there is nobody to ask: rolecall configure START_URL")
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

// regionOf finds the region of a start URL: the one that the person says, else what the
// start URL says itself, else what is configured already. What the person says sets no
// session wrong that is there: for those the start URL is asked in any case.
func (a *App) regionOf(ctx context.Context, config *awsconfig.Config, startURL, endpoint string, f configureFlags) (discovery.Found, error) {
	found := discovery.Found{StartURL: startURL, Region: f.region}
	u, err := url.Parse(startURL)
	if err != nil {
		return found, err
	}
	byHost := discovery.OfHost(u.Hostname())
	switch {
	case f.region == "":
	case !awsconfig.IsRegion(f.region):
		return found, Usagef("--region: %q is no region", f.region)
	case sessionOf(config, startURL) != "":
	case byHost != "" && byHost != f.region:
		return found, Usagef("--region %s contradicts the start URL, whose host says %s", f.region, byHost)
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
			Err: fmt.Errorf("--region %s is not the region of %s: that is %s (from %s)", f.region, startURL, answer.Region, answer.From), Code: ExitConfiguration,
			Hint: "rolecall configure " + Quoted(startURL),
		}
	}
	return found, nil
}

// discover asks the start URL for its region, or an Identity Center that is not AWS's.
func (a *App) discover(ctx context.Context, config *awsconfig.Config, startURL, endpoint string) (discovery.Found, error) {
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

// regionNotFound takes the region that is configured, or asks for it.
func (a *App) regionNotFound(ctx context.Context, config *awsconfig.Config, found discovery.Found, cause error, f configureFlags) (discovery.Found, error) {
	if name := sessionOf(config, found.StartURL); name != "" {
		if known, err := config.Session(name); err == nil {
			found.Region = known.Region
			return found, nil
		}
	}
	if !a.Terminal || f.yes {
		return found, &HintError{
			Err: cause, Code: ExitUsage, Facts: []string{"a proxy, or the sign-in page of a network, may have answered instead"},
			Hint: "rolecall configure " + Quoted(found.StartURL) + " --region REGION",
		}
	}
	fmt.Fprintf(a.Stderr, "rolecall: %s\n", a.Show(cause.Error()))
	region, err := a.ask(ctx, "region of the Identity Center", "us-east-1")
	if err == nil && !awsconfig.IsRegion(region) {
		err = Usagef("%q is no region", region)
	}
	found.Region = region
	return found, err
}

// settingsProfile is the default profile, for its network settings; there may be none.
func (a *App) settingsProfile(config *awsconfig.Config) awsconfig.Profile {
	settings, err := config.Profile(awsconfig.DefaultProfile(a.Getenv))
	if err != nil {
		return awsconfig.Profile{}
	}
	return credentials.Root(settings)
}

// sessionOf names the first sso-session of a start URL, in whatever form it is written;
// "" is none.
func sessionOf(config *awsconfig.Config, startURL string) string {
	for _, name := range config.SessionNames() {
		if isSession(config, name, startURL) {
			return name
		}
	}
	return ""
}

// isSession: there is an sso-session of that name, with that start URL.
func isSession(config *awsconfig.Config, name, startURL string) bool {
	s, err := config.Session(name)
	return err == nil && sameStartURL(s.StartURL, startURL)
}

func sameStartURL(configured, startURL string) bool {
	text, err := discovery.StartURL(configured)
	return identitycenter.SameStartURL(configured, startURL) || err == nil && text == startURL
}

// nameSession gives p the section that has its start URL already, else a name that is
// free.
func (a *App) nameSession(ctx context.Context, config *awsconfig.Config, p *setup, given string, f configureFlags) error {
	name := f.session
	if name == "" {
		name = cmp.Or(sessionOf(config, p.session.StartURL), sessionOf(config, given))
	}
	if isSession(config, name, p.session.StartURL) || isSession(config, name, given) {
		p.there = true
		if !leadsTo(config, name, p.endpoint) {
			return &HintError{
				Err: fmt.Errorf("[services %s] of the config file leads elsewhere than to %s", name, p.endpoint), Code: ExitConfiguration,
				Hint: "rolecall configure " + Quoted(given) + " --session " + freeName(config, *p),
			}
		}
		known, _ := config.Session(name)
		if known.Region != p.session.Region {
			p.was = known.Region
		}
		known.Region = p.session.Region
		if has := known.RegistrationScopes(); f.scopes != "" && !sameScopes(has, p.session.Scopes) {
			p.scopes, known.Scopes = strings.Join(has, ","), p.session.Scopes
		}
		p.session = known
		return nil
	}
	if name == "" {
		name = freeName(config, *p)
		if a.Terminal && !f.yes {
			var err error
			if name, err = a.ask(ctx, fmt.Sprintf("%s is in %s; name of its sso-session", p.session.StartURL, p.session.Region), name); err != nil {
				return err
			}
		}
	}
	p.session.Name = name
	switch {
	case !isSessionName(name):
		return Usagef("%q: the name of an sso-session is made of letters, digits and _.+=,@-", name)
	case !isFree(config, name, p.endpoint):
		p.session.Name = ""
		return &HintError{
			Err: fmt.Errorf("%q is in the config file with other values", name), Code: ExitConfiguration,
			Hint: "rolecall configure " + Quoted(given) + " --session " + freeName(config, *p),
		}
	}
	return nil
}

// sameScopes compares scopes without their order.
func sameScopes(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// isSessionName: letters that all readers of the file take alike, and that need no
// quotes; a colon or a slash would be a target.
func isSessionName(name string) bool {
	return name != "" && len(name) <= 64 && name[0] != '-' && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.+=,@-", r))
	})
}

// isFree: there is no session of that name, and no services section that leads elsewhere.
func isFree(config *awsconfig.Config, name, endpoint string) bool {
	return !slices.Contains(config.SessionNames(), name) && leadsTo(config, name, endpoint)
}

// leadsTo: a services section of that name, if there is one, has that endpoint.
func leadsTo(config *awsconfig.Config, name, endpoint string) bool {
	e := config.SessionEndpoints(name)
	return e == awsconfig.Endpoints{} || strings.TrimRight(e.SSO.URL, "/") == endpoint && strings.TrimRight(e.SSOOIDC.URL, "/") == endpoint
}

// freeName derives a name from the start URL: the alias, "local" for this machine, else
// "sso"; with a number behind it when that is taken.
func freeName(config *awsconfig.Config, p setup) string {
	name := "sso"
	if u, err := url.Parse(p.session.StartURL); err == nil {
		switch alias := discovery.Alias(u.Hostname()); {
		case identitycenter.IsLoopback(u.Hostname()):
			name = "local"
		case alias != "":
			name = alias
		}
	}
	for i, base := 2, name; !isFree(config, name, p.endpoint); i++ {
		name = base + "-" + strconv.Itoa(i)
	}
	return name
}
