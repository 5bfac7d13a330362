package cli

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"

	"rolecall/internal/access"
	"rolecall/internal/awsconfig"
	"rolecall/internal/cache"
	"rolecall/internal/credentials"
	"rolecall/internal/discovery"
	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
	"rolecall/internal/inventory"
	"rolecall/internal/login"
	"rolecall/internal/pace"
	"rolecall/internal/settings"
)

// config returns the shared config files. A command reads them once, and again only after
// EditConfig.
func (a *App) config() (*awsconfig.Config, error) {
	if a.shared != nil {
		return a.shared, nil
	}
	files := awsconfig.Locate(a.Getenv, a.Home)
	if files.Config == "" {
		return nil, errHomeless()
	}
	config, err := awsconfig.Open(files)
	if err != nil {
		return nil, err
	}
	more, err := a.machineSessions()
	if err != nil {
		return nil, err
	}
	a.shared = config.WithSessions(more)
	return a.shared, nil
}

// settings returns rolecall's own settings. A command reads them once.
func (a *App) settings() (settings.Settings, error) {
	if a.own != nil {
		return *a.own, nil
	}
	defaults, err := a.machineDefaults()
	if err != nil {
		return defaults, err
	}
	s, err := settings.Load(a.settingsFile(), defaults)
	if err != nil {
		return s, &HintError{Err: err, Code: ExitConfiguration, Hint: "correct " + a.Tidy(a.settingsFile())}
	}
	if s, err = a.guardedByPolicy(s); err != nil {
		return s, err
	}
	a.own = &s
	return s, nil
}

// settingsFile is the path of config.toml; empty without a home folder.
func (a *App) settingsFile() string { return cache.SettingsFile(a.Getenv, a.Home) }

// cache returns the person's caches. Locks are in the state folder, because cron, systemd and
// ssh see different runtime folders.
func (a *App) cache() (*cache.Store, error) {
	if a.Home == "" {
		return nil, errHomeless()
	}
	store := &cache.Store{Home: a.Home, State: cache.StateFolder(a.Getenv, a.Home), Now: a.Now}
	if err := store.Check(); err != nil {
		return nil, err
	}
	a.limitCache(store)
	a.storeBy(store)
	a.sweep.Do(func() {
		a.sweepServe()
		a.sweepCredentials(store)
		a.sweepWatched(store)
		store.Sweep()
	})
	return store, nil
}

// StateFolder is where rolecall keeps its own files; empty without a home folder.
func (a *App) StateFolder() string {
	if a.Home == "" {
		return ""
	}
	return cache.StateFolder(a.Getenv, a.Home)
}

// errHomeless is for a person without a home folder: a relative path would mean somebody's files in the working
// directory.
func errHomeless() error {
	return &HintError{Err: errors.New("no home folder"), Code: ExitConfiguration, Hint: "set HOME"}
}

// GiveEndpoints notes that the person gave the Identity Center at url to a start URL, in a step of its own: tokens for
// that start URL may go there. A disk that cannot keep it costs a question at the sign-in.
func (a *App) GiveEndpoints(startURL, url string) {
	store, err := a.cache()
	if err == nil {
		err = store.GiveEndpoints(startURL, identitycenter.Endpoints{OIDC: url, Portal: url})
	}
	if err != nil {
		a.warn(fmt.Errorf("could not remember %s as the Identity Center of %s: %w", url, startURL, err))
	}
}

// endpoints are the overrides in force, and where they are set.
type endpoints struct {
	oidc, portal, sts string
	override          string // where, in words; empty without an override of OIDC or portal
}

// endpoints reads the overrides: the services' variables, else the services section of the
// profile. The global AWS_ENDPOINT_URL and a profile's endpoint_url do not count: one stray
// value must not collect tokens.
func (a *App) endpoints(profile awsconfig.Profile) endpoints {
	var e endpoints
	if a.ignoresEndpoints(profile) {
		return e
	}
	var origins []string
	pick := func(variable string, configured awsconfig.Endpoint, names bool) string {
		value, origin := configured.URL, configured.Origin.String()
		if fromEnv := a.Getenv(variable); fromEnv != "" {
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
	return strings.EqualFold(a.Getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true") || profile.IgnoreEndpointURLs
}

// options say what kind of session a command needs.
type options struct {
	endpointURL  string // --endpoint-url: an explicit Identity Center
	deviceCode   bool
	callbackPort int
	browser      browserOptions
	unattended   bool // never prompt
	leaving      bool // only signs out, which no policy forbids

	region      string                // --region
	ssoRegion   string                // used instead of sso_region
	accessToken identitycenter.Secret // used instead of the session's own
	patience    access.Patience       // with the service's limit
	accounts    []identitycenter.Account
	stderr      io.Writer // takes warnings and the log; nil: the app's stderr
}

// A session is an sso-session with everything needed to use it.
type session struct {
	login     *login.Login
	portal    *access.Portal
	source    *credentials.Source
	endpoints identitycenter.Endpoints // in force
}

// session builds the rooms for the session of profile, with its network settings. A session without sso_region gets
// its region in profile, too.
func (a *App) session(ctx context.Context, profile *awsconfig.Profile, o options) (*session, error) {
	root := profile.Root()
	store, err := a.cache()
	if err != nil {
		return nil, err
	}
	store.Vault = a.vault(o)
	a.inForce = *root
	e := a.endpoints(*root)
	if o.endpointURL != "" {
		e.oidc, e.portal, e.override = o.endpointURL, o.endpointURL, "--endpoint-url"
	}
	stderr := cmp.Or(o.stderr, a.Stderr)
	httpClient, err := a.network(*root, a.Logger(stderr))
	if err != nil {
		return nil, err
	}
	if err := a.findRegion(ctx, &root.Session, store, httpClient, e.oidc); err != nil {
		return nil, err
	}
	if err := checkRegion(o.region, regionFlag, root.Session); err != nil {
		return nil, err
	}
	c, err := client.New(client.Config{
		Region: root.Session.Region, OIDC: e.oidc, Portal: e.portal,
		FIPS: a.fips(*root), DualStack: a.dualStackPortal(*root), HTTP: httpClient, Now: a.Now,
	})
	if err != nil {
		return nil, &HintError{Err: err, Code: ExitConfiguration, Hint: "rolecall config show"}
	}
	if !o.leaving {
		if err := a.allowSession(root.Session, c.Endpoints(), e, o); err != nil {
			return nil, err
		}
	}
	warn := func(err error) { a.warnTo(stderr, err) }
	l := &login.Login{
		Session: root.Session, Service: c, Store: store, Standard: standard(root.Session.Region), Override: e.override,
		Explicit: o.endpointURL != "", Person: a.person(o), DeviceCode: o.deviceCode, CallbackPort: o.callbackPort,
		FindRegion: regionFinder(httpClient), FindIssuer: issuerFinder(httpClient, e.override == ""), Warn: warn, Now: a.Now,
	}
	s := &session{login: l, endpoints: c.Endpoints()}
	s.portal = a.portal(s, c, o)
	s.source = &credentials.Source{
		Session: root.Session, Portal: s.portal, Cache: store, Accounts: o.accounts, Warn: warn, Now: a.Now,
		Others: a.others(o),
		STS: credentials.STS{
			HTTP: httpClient, Endpoint: e.sts, FIPS: a.fips(*profile), DualStack: a.dualStack(*profile), Now: a.Now,
		},
	}
	return s, nil
}

// portal returns the access portal of s, with the token of s or that of o.
func (a *App) portal(s *session, c *client.Client, o options) *access.Portal {
	p := access.Options{
		Session: s.login.Session, Client: c, Tokens: s.login, Patience: o.patience, Now: a.Now,
		Pace: pace.New(filesystem.Files{}, a.pacePath(s)),
	}
	if !o.accessToken.IsZero() {
		p.Tokens = access.GivenToken(o.accessToken, a.Now())
	}
	return access.New(p)
}

// pacePath returns the file through which a person's processes share the pace of a portal.
func (a *App) pacePath(s *session) string {
	sum := sha256.Sum256([]byte(s.login.Session.StartURL + "\x00" + s.endpoints.Portal))
	return filepath.Join(cache.StateFolder(a.Getenv, a.Home), "pace", hex.EncodeToString(sum[:16])+".json")
}

// regionFinder returns a function that asks a start URL for its region.
func regionFinder(httpClient *http.Client) func(ctx context.Context, startURL string) (string, error) {
	return func(ctx context.Context, text string) (string, error) {
		found, err := discovery.Region(ctx, httpClient, text)
		return found.Region, err
	}
}

// issuerFinder returns a function that finds the start URL which AWS knows, and the region that its host holds. An
// Identity Center that is not AWS's may know one that leads nowhere.
func issuerFinder(
	httpClient *http.Client, isAWS bool,
) func(ctx context.Context, startURL string) (issuer, region string, err error) {
	return func(ctx context.Context, startURL string) (string, string, error) {
		found, err := discovery.Issuer(ctx, httpClient, startURL)
		if leadsNowhere := errors.Is(err, discovery.ErrNoRegion) || errors.Is(err, identitycenter.ErrUnavailable); !isAWS &&
			leadsNowhere && ctx.Err() == nil {
			return startURL, "", nil
		}
		return found.StartURL, found.Region, err
	}
}

// standard returns AWS's own endpoints in a region, in all forms. A token issued by one is
// valid at the others.
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

// retrieve returns the profile and role credentials of a target.
func (a *App) retrieve(
	ctx context.Context, t target, o options,
) (awsconfig.Profile, identitycenter.RoleCredentials, error) {
	profile, c, good := a.cachedKeys(ctx, t)
	var err error
	if good {
		o.region = t.region
		if profile, err = a.located(ctx, profile, o); err == nil && !o.unattended {
			err = a.guard(ctx, profile, nil)
		}
		a.renewInTime(ctx, profile)
	} else {
		var s *session
		profile, s, err = a.resolve(ctx, t, o)
		if err == nil && !o.unattended {
			err = a.guard(ctx, profile, s)
		}
		if err == nil {
			c, err = s.source.Retrieve(ctx, profile)
		}
		if err == nil && !o.unattended {
			a.checkPerson(ctx, s, profile, c)
		}
	}
	if err == nil {
		err = a.checkExpected(ctx, profile, c, o)
	}
	if err != nil {
		return profile, identitycenter.RoleCredentials{}, err
	}
	if root := *profile.Root(); !o.unattended && root.AccountID != "" {
		// For the picker's order, which alone suffers if the disk is full.
		_ = a.listingStore().Used(root.Session, root.AccountID, root.RoleName)
	}
	return profile, c, nil
}

// cachedKeys returns a plain target's role credentials if the cache has good ones:
// nothing else is built for them. Whatever is unusual, errors included, is left to resolve.
func (a *App) cachedKeys(
	ctx context.Context, t target,
) (profile awsconfig.Profile, c identitycenter.RoleCredentials, good bool) {
	config, err := a.config()
	if err != nil || t.assumes() {
		return profile, c, false
	}
	if rules, err := a.policy(); err != nil || !rules.IsEmpty() {
		return profile, c, false
	}
	if narrow, err := a.project(); err != nil || len(narrow) > 0 {
		return profile, c, false
	}
	if t.profile != "" {
		profile, err = config.Profile(t.profile)
	} else if profile, err = a.sessionProfile(config, t.session); err == nil {
		profile.AccountID, profile.RoleName = t.account, t.role
	}
	if err != nil || profile.Chain != nil || profile.RequireRole() != nil || !inventory.IsAccountID(profile.AccountID) {
		return profile, c, false
	}
	store, err := a.cache()
	if err != nil {
		return profile, c, false
	}
	profile.Session.Region = knownRegion(ctx, store, profile.Session)
	c, good = store.GoodRole(profile.Session, profile.AccountID, profile.RoleName)
	return profile, c, good
}

// sessionNamed returns the session with the given name, or the default one.
func (a *App) sessionNamed(ctx context.Context, name string, o options) (*session, error) {
	config, err := a.config()
	if err != nil {
		return nil, err
	}
	profile, err := a.sessionProfile(config, name)
	if err != nil {
		return nil, err
	}
	if name != "" {
		if p, err := config.Profile(name); err == nil && p.Root().Session.Label() == profile.Session.Label() {
			profile = *p.Root() // its services section and network settings count
		}
	}
	if o.ssoRegion != "" {
		profile.Session.Region = o.ssoRegion
	}
	return a.session(ctx, &profile, o)
}
