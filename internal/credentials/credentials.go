// Package credentials is the main job: a profile, or an account and a role, to
// role credentials. They come from the cache while they are good, else from the
// portal; those of chained roles from STS. It decides how a refusal is explained,
// and prints nothing.
package credentials

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"rolecall/internal/access"
	"rolecall/internal/awsconfig"
	"rolecall/internal/cache"
	"rolecall/internal/identitycenter"
)

// A portal is the access portal as the signed-in person sees it: access.Portal.
type portal interface {
	RoleCredentials(
		ctx context.Context, accountID, roleName string, attempt access.Attempt,
	) (identitycenter.RoleCredentials, error)
	Roles(ctx context.Context, accountID string) ([]identitycenter.Role, error)
	Accounts(ctx context.Context) ([]identitycenter.Account, error)
}

// A Source returns role credentials of one session.
type Source struct {
	Session identitycenter.SSOSession
	Portal  portal
	STS     STS
	Cache   *cache.Store
	// Accounts are the person's, when they are known: the portal is not asked for
	// them again to explain a refusal.
	Accounts []identitycenter.Account
	// Others are the ways to keys of profiles that do not sign in.
	Others Others
	// Least is the least life that credentials have left, for a caller that keeps its old ones when it cannot get new
	// ones. 0: identitycenter.CachedRoleMinimum, and less as a last resort.
	Least time.Duration
	// Warn is told what went wrong without harm to the answer.
	Warn func(error)
	Now  func() time.Time
}

// Retrieve returns credentials for profile. With a chain (role_arn and
// source_profile) it gets those of the source first, and assumes the role with
// them. The errors are those of package login, a NoAccessError, or an APIError.
func (s *Source) Retrieve(ctx context.Context, profile awsconfig.Profile) (identitycenter.RoleCredentials, error) {
	return s.retrieve(ctx, profile, Region(profile))
}

func (s *Source) retrieve(
	ctx context.Context,
	profile awsconfig.Profile,
	region string,
) (identitycenter.RoleCredentials, error) {
	if profile.Chain != nil {
		return s.chained(ctx, profile, region)
	}
	if !profile.SignsIn() {
		return s.other(ctx, profile)
	}
	if err := profile.RequireRole(); err != nil {
		return identitycenter.RoleCredentials{}, err
	}
	return s.role(ctx, profile.AccountID, profile.RoleName)
}

// role returns the credentials of one role of the session's user.
func (s *Source) role(ctx context.Context, accountID, roleName string) (identitycenter.RoleCredentials, error) {
	cached := s.cached(accountID, roleName)
	if s.goodFor(cached, s.least()) {
		return cached, nil
	}
	fresh, err := s.fetch(ctx, accountID, roleName)
	if err != nil && s.lastResort(cached, err) && ctx.Err() == nil {
		return cached, nil
	}
	return fresh, err
}

// cached reads the role credentials that are there, good or not; none is the
// zero value. A damaged file is set aside and named: the new one takes its place.
func (s *Source) cached(accountID, roleName string) identitycenter.RoleCredentials {
	c, err := s.Cache.RoleCredentials(s.Session, accountID, roleName)
	var damaged *cache.DamagedError
	if errors.As(err, &damaged) {
		damaged.Aside, _ = s.Cache.Files.SetAside(damaged.Path) // on a read-only disk it stays
		s.warn("%w", damaged)
	} else if err != nil && !errors.Is(err, cache.ErrNotFound) {
		s.warn("%w", err)
	}
	return c
}

// least is the life that cached credentials must have left to be used without a request.
func (s *Source) least() time.Duration { return cmp.Or(s.Least, identitycenter.CachedRoleMinimum) }

func (s *Source) goodFor(c identitycenter.RoleCredentials, least time.Duration) bool {
	return c.LiveFor(s.Now(), least)
}

// lastResort reports whether cached is served although err came instead of new
// credentials: while it lives, with a dead session or without a network. It says
// until when.
func (s *Source) lastResort(cached identitycenter.RoleCredentials, err error) bool {
	passing := errors.Is(err, identitycenter.ErrLoginRequired) || errors.Is(err, identitycenter.ErrUnavailable) ||
		errors.Is(err, identitycenter.ErrThrottled) || errors.Is(err, identitycenter.ErrBadAnswer)
	if s.Least > 0 || !passing || !s.goodFor(cached, identitycenter.LastResortMinimum) {
		return false
	}
	s.warn("could not renew the keys, which are valid until %s: %w", cached.Expiration.Local().Format("15:04:05"), err)
	return true
}

// fetch asks the portal. While a person signs in, before or between two attempts, nobody
// else waits for the role.
func (s *Source) fetch(ctx context.Context, accountID, roleName string) (identitycenter.RoleCredentials, error) {
	c, err := s.Portal.RoleCredentials(ctx, accountID, roleName,
		func(ask func() (identitycenter.RoleCredentials, error)) (identitycenter.RoleCredentials, error) {
			return s.askAlone(ctx, accountID, roleName, ask)
		})
	if errors.Is(err, identitycenter.ErrNoAccess) {
		return c, s.ExplainNoAccess(ctx, accountID, roleName, err)
	}
	return c, err
}

// askAlone lets one process at a time ask for a role: the others find the answer in
// the cache.
func (s *Source) askAlone(
	ctx context.Context, accountID, roleName string, ask func() (identitycenter.RoleCredentials, error),
) (identitycenter.RoleCredentials, error) {
	unlock, err := s.Cache.LockRole(ctx, s.Session, accountID, roleName)
	switch {
	case err == nil:
		defer unlock()
		if c, err := s.Cache.RoleCredentials(s.Session, accountID, roleName); err == nil && s.goodFor(c, s.least()) {
			return c, nil
		}
	case ctx.Err() != nil:
		return identitycenter.RoleCredentials{}, context.Cause(ctx)
	} // without the lock (a read-only disk) several may ask, and that is all
	c, err := ask()
	if err != nil {
		return c, err
	}
	if err := s.Cache.SaveRoleCredentials(s.Session, accountID, roleName, c); err != nil {
		s.warn("%w", err)
	}
	return c, nil
}

func (s *Source) warn(format string, args ...any) {
	if s.Warn != nil {
		s.Warn(fmt.Errorf(format, args...))
	}
}
