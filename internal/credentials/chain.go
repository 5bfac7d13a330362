package credentials

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
)

// Region is where STS is asked for profile: its region, else that of its
// Identity Center.
func Region(profile awsconfig.Profile) string {
	if profile.Region != "" {
		return profile.Region
	}
	return profile.Root().Session.Region
}

// chained assumes the profile's role with the credentials of its source. STS is asked for every link
// in the same region, as in botocore. Source
// keys that STS no longer accepts, though they are cached as good, are fetched once
// more.
func (s *Source) chained(
	ctx context.Context,
	profile awsconfig.Profile,
	region string,
) (identitycenter.RoleCredentials, error) {
	links := s.links(profile)
	cached, err := s.Cache.ChainedCredentials(s.Session, links)
	if err == nil && s.goodFor(cached, s.least()) {
		return cached, nil
	}
	c, err := s.assume(ctx, profile, region)
	if err != nil {
		if s.lastResort(cached, err) && ctx.Err() == nil {
			return cached, nil
		}
		return c, err
	}
	if err := s.Cache.SaveChainedCredentials(links, c); err != nil {
		s.warn("%w", err)
	}
	return c, nil
}

func (s *Source) assume(
	ctx context.Context,
	profile awsconfig.Profile,
	region string,
) (identitycenter.RoleCredentials, error) {
	chain := profile.Chain
	if chain.Source == nil {
		return s.STS.assumeWithToken(ctx, *chain, region)
	}
	code := ""
	for again := false; ; again = true {
		source, err := s.retrieve(ctx, *chain.Source, region)
		if err != nil {
			return source, err
		}
		if chain.MFASerial != "" {
			if code, err = s.Others.Code(ctx, chain.MFASerial); err != nil {
				return source, err
			}
		}
		c, err := s.STS.assumeRole(ctx, source, *chain, region, code)
		if !errors.Is(err, identitycenter.ErrRejectedKeys) || again {
			if err != nil {
				of := ""
				if profile.Name != "" {
					of = fmt.Sprintf(" of profile %q", profile.Name)
				}
				err = fmt.Errorf("role %s%s: %w", chain.RoleARN, of, err)
			}
			return c, err
		}
		if !chain.Source.SignsIn() || code != "" { // nothing of it is cached, or the code is spent
			return c, err
		}
		if err := s.forget(*chain.Source); err != nil {
			return c, err
		}
	}
}

// forget drops the cached credentials of profile and of the profiles it chains
// from.
func (s *Source) forget(profile awsconfig.Profile) error {
	for profile.Chain != nil {
		if err := s.Cache.RemoveChainedCredentials(s.links(profile)); err != nil {
			return err
		}
		profile = *profile.Chain.Source
	}
	return s.Cache.RemoveRole(s.Cache.RolePath(s.Session, profile.AccountID, profile.RoleName))
}

// links names a chain and all that is asked of each link: the key of its
// cache file. It begins with the session, and ends with whose keys assume the first role.
func (s *Source) links(profile awsconfig.Profile) []string {
	links := []string{s.Session.Label()}
	for {
		c := profile.Chain
		if c == nil {
			break
		}
		for _, t := range c.Tags {
			links = append(links, "tag", t.Key, t.Value)
		}
		for _, part := range []struct {
			name string
			of   []string
		}{{"transitive", c.TransitiveTags}, {"policy", c.PolicyARNs}} {
			for _, text := range part.of {
				links = append(links, part.name, text)
			}
		}
		if c.Policy+c.SourceIdentity != "" {
			links = append(links, "narrowed", c.Policy, c.SourceIdentity)
		}
		if c.MFASerial+c.TokenFile != "" {
			links = append(links, "by", c.MFASerial, c.TokenFile)
		}
		links = append(links, "role", c.RoleARN, c.RoleSessionName, c.ExternalID, c.Duration.String())
		if c.Source == nil {
			return links
		}
		profile = *c.Source
	}
	switch {
	case profile.Static != nil:
		return append(links, "keys", profile.Static.AccessKeyID)
	case profile.Environment && s.Others.Getenv != nil:
		return append(links, "environment", s.Others.Getenv("AWS_ACCESS_KEY_ID"))
	case !profile.SignsIn():
		return append(links, "profile", profile.Origin.String(), profile.Name, profile.CredentialProcess)
	}
	return append(links, "account", profile.AccountID, profile.RoleName)
}

// AccountOf cuts the account id out of an ARN; empty if it has none.
func AccountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}
