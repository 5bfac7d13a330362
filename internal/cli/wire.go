package cli

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/cache"
	"rolecall/internal/credentials"
	"rolecall/internal/discovery"
	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
	"rolecall/internal/login"
	"rolecall/internal/pace"
)

// config reads the shared config files of the app's world.
func (a *App) config() (*awsconfig.Config, error) {
	return awsconfig.Open(awsconfig.Locate(a.getenv, a.Home))
}

// store is the person's caches. Locks lie in the state folder, not in a runtime
// folder: cron, systemd and ssh see different ones of those.
func (a *App) store() (*cache.Store, error) {
	if a.Home == "" {
		return nil, &hintError{error: errors.New("there is no home folder"), code: exitConfiguration, hint: "set HOME"}
	}
	return &cache.Store{Home: a.Home, State: StateFolder(a.getenv, a.Home), Now: a.Now}, nil
}

// StateFolder is where rolecall keeps its own files.
func StateFolder(getenv func(string) string, home string) string {
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "rolecall")
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "rolecall")
	case "windows":
		if dir := getenv("LocalAppData"); dir != "" {
			return filepath.Join(dir, "rolecall")
		}
	}
	return filepath.Join(home, ".local", "state", "rolecall")
}

// endpoints are the overrides in force, and what sets them.
type endpoints struct {
	oidc, portal, sts string
	override          string // in words; empty without an override of OIDC or portal
}

// endpoints reads the overrides: variables of the services before the services
// section of the profile. The global AWS_ENDPOINT_URL and a profile's
// endpoint_url are not among them: one stray value must not collect tokens.
func (a *App) endpoints(profile awsconfig.Profile) endpoints {
	var e endpoints
	if a.ignoresEndpoints(profile) {
		return e
	}
	var origins []string
	pick := func(variable string, configured awsconfig.Endpoint, names bool) string {
		value, origin := configured.URL, configured.Origin.String()
		if fromEnv := a.getenv(variable); fromEnv != "" {
			value, origin = fromEnv, variable
		}
		if value != "" && names {
			origins = append(origins, origin)
		}
		return strings.TrimRight(value, "/")
	}
	e.oidc = pick("AWS_ENDPOINT_URL_SSO_OIDC", profile.Endpoints.SSOOIDC, true)
	e.portal = pick("AWS_ENDPOINT_URL_SSO", profile.Endpoints.SSO, true)
	e.sts = pick("AWS_ENDPOINT_URL_STS", profile.Endpoints.STS, false)
	e.override = strings.Join(origins, " and ")
	return e
}

func (a *App) ignoresEndpoints(profile awsconfig.Profile) bool {
	return strings.EqualFold(a.getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true") || profile.IgnoreEndpointURLs
}

// options are what a command line says about a sign-in.
type options struct {
	endpointURL  string // --endpoint-url: an explicit Identity Center
	deviceCode   bool
	callbackPort int
	browser      browserOptions
	unattended   bool // never ask a person
}

// A session is one sso-session with all that is needed to use it.
type session struct {
	login  *login.Login
	client *client.Client
	source *credentials.Source
	pace   *pace.Pacer // of requests that are many
}

// session builds the rooms for profile's session. profile gives the network
// settings, too: a profile of no name has just a session.
func (a *App) session(profile awsconfig.Profile, o options) (*session, error) {
	root := credentials.Root(profile)
	store, err := a.store()
	if err != nil {
		return nil, err
	}
	e := a.endpoints(root)
	if o.endpointURL != "" {
		e.oidc, e.portal, e.override = o.endpointURL, o.endpointURL, "--endpoint-url"
	}
	httpClient, err := a.network(root)
	if err != nil {
		return nil, err
	}
	c, err := client.New(client.Config{
		Region: root.Session.Region, OIDC: e.oidc, Portal: e.portal,
		FIPS: root.UseFIPS, DualStack: root.UseDualStack, HTTP: httpClient, Now: a.Now,
	})
	if err != nil {
		return nil, &hintError{error: err, code: exitConfiguration, hint: "rolecall config show"}
	}
	l := &login.Login{
		Session: root.Session, Service: c, Store: store, Standard: standard(root.Session.Region), Override: e.override,
		Explicit: o.endpointURL != "", Person: a.person(o), DeviceCode: o.deviceCode, CallbackPort: o.callbackPort,
		Warn: a.warn, Now: a.Now,
	}
	l.FindRegion = func(ctx context.Context, text string) (string, error) {
		startURL, err := discovery.StartURL(text)
		if err != nil {
			return "", err
		}
		found, err := discovery.Region(ctx, httpClient, startURL)
		return found.Region, err
	}
	source := &credentials.Source{
		Login: l, Portal: c, Cache: store, Warn: a.warn, Now: a.Now,
		STS: credentials.STS{HTTP: httpClient, Endpoint: e.sts, FIPS: profile.UseFIPS, DualStack: profile.UseDualStack},
	}
	return &session{l, c, source, pace.New()}, nil
}

// network is the HTTP client for AWS and for local endpoints.
func (a *App) network(profile awsconfig.Profile) (*http.Client, error) {
	asker, err := client.NewHTTP(client.HTTPOptions{CABundle: a.bundle(profile), Log: a.logger()})
	if err != nil {
		return nil, &hintError{error: err, code: exitConfiguration, hint: "check AWS_CA_BUNDLE and ca_bundle"}
	}
	return asker, nil
}

// bundle is the certificate file to trust: AWS_CA_BUNDLE before ca_bundle.
func (a *App) bundle(profile awsconfig.Profile) string {
	if path := a.getenv("AWS_CA_BUNDLE"); path != "" {
		return path
	}
	return profile.CABundle
}

// standard are AWS's own endpoints of a region, in all forms: a token of one is
// at home at the others.
func standard(region string) []identitycenter.Endpoints {
	var all []identitycenter.Endpoints
	for _, fips := range []bool{false, true} {
		for _, dualStack := range []bool{false, true} {
			if e, err := client.Standard(region, fips, dualStack); err == nil {
				all = append(all, e)
			}
		}
	}
	return all
}

// retrieve gets role credentials for a target.
func (a *App) retrieve(ctx context.Context, t target, o options) (awsconfig.Profile, identitycenter.RoleCredentials, error) {
	profile, s, err := a.resolve(ctx, t, o)
	if err != nil {
		return profile, identitycenter.RoleCredentials{}, err
	}
	s.source.Tags = t.tags
	c, err := s.source.Retrieve(ctx, profile)
	if root := credentials.Root(profile); err == nil && !o.unattended && root.AccountID != "" {
		// For the picker's order: a full disk costs that, and nothing else.
		_ = a.listings().Used(s.login.Session, root.AccountID, root.RoleName)
	}
	return profile, c, err
}
