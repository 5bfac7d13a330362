package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"rolecall/internal/awsconfig"
	"rolecall/internal/cache"
	"rolecall/internal/discovery"
	"rolecall/internal/identitycenter"
	"rolecall/internal/login"
)

// findRegion fills in the region of a session without sso_region: the one that is known here, else the one on its start
// page, or on that of the Identity Center at endpoint.
func (a *App) findRegion(
	ctx context.Context, s *identitycenter.SSOSession, store *cache.Store, httpClient *http.Client, endpoint string,
) error {
	if s.Region != "" {
		return nil
	}
	if s.Region = knownRegion(ctx, store, *s); s.Region != "" {
		return nil
	}
	at := s.StartURL
	if endpoint != "" {
		at = endpoint
	}
	found, err := discovery.Region(ctx, httpClient, at)
	if errors.Is(err, discovery.ErrNoRegion) {
		return &HintError{
			Err: fmt.Errorf("session %q has no sso_region: %w", s.Label(), err), Code: ExitConfiguration,
			Hint: "rolecall configure " + Quoted(s.StartURL) + " --region REGION",
		}
	}
	s.Region = found.Region
	return err
}

// knownRegion returns the region of a session without sso_region as far as it is known without a request: that of its
// token, or the one in the host of its start URL.
func knownRegion(ctx context.Context, store *cache.Store, s identitycenter.SSOSession) string {
	if s.Region != "" {
		return s.Region
	}
	if token, err := store.Token(ctx, s); err == nil && awsconfig.IsRegion(token.Region) {
		return token.Region
	}
	u, err := url.Parse(s.StartURL)
	if err != nil {
		return ""
	}
	return discovery.OfHost(u.Hostname())
}

// signInWhereItIs signs in to the session with that name. If its start URL leads to another region than sso_region,
// which only one at a host of the person's own can do, it signs in there, as the AWS CLI does.
func (a *App) signInWhereItIs(
	ctx context.Context, name string, o options, fresh bool,
) (s *session, token identitycenter.Token, already bool, err error) {
	if s, err = a.sessionNamed(ctx, name, o); err != nil {
		return s, token, false, err
	}
	token, already, err = s.signIn(ctx, fresh)
	if moved := (*login.StartURLError)(nil); errors.As(err, &moved) && moved.Moved {
		o.ssoRegion = moved.Found
		if s, err = a.sessionNamed(ctx, name, o); err == nil {
			token, already, err = s.signIn(ctx, fresh)
		}
	}
	return s, token, already, err
}

// keepRegion writes the region of a session that was signed in to where the config file has none or another one: other
// tools need it there.
func (a *App) keepRegion(ctx context.Context, name string, signedIn identitycenter.SSOSession) error {
	config, err := a.config()
	if err != nil {
		return err
	}
	profile, err := a.sessionProfile(config, name)
	if err != nil || profile.Session.Region == signedIn.Region {
		return err
	}
	region := []awsconfig.Key{{Name: "sso_region", Value: signedIn.Region}}
	sections := []configSection{{"sso-session", signedIn.Name, region}}
	if signedIn.Name == "" {
		sections = nil
		for _, name := range legacyProfiles(config, signedIn) {
			sections = append(sections, configSection{"profile", name, region})
		}
	}
	file := awsconfig.Locate(a.Getenv, a.Home).Config
	if err := a.writeSections(ctx, file, sections); err != nil {
		return err
	}
	for _, s := range sections {
		a.note("wrote sso_region = %s to %s in %s", signedIn.Region, config.Title(s.kind, s.name), a.Tidy(file))
	}
	return nil
}

// legacyProfiles lists the profiles that have the start URL of a session without a section, and not its region.
func legacyProfiles(config *awsconfig.Config, session identitycenter.SSOSession) []string {
	return slices.DeleteFunc(config.ProfileNames(), func(name string) bool {
		p, err := config.Profile(name)
		s := p.Session
		return err != nil || p.Chain != nil || s.Name != "" || s.StartURL != session.StartURL || s.Region == session.Region
	})
}
