package credentials

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"rolecall/internal/identitycenter"
)

// A oncePortal asks the access portal once for each call.
type oncePortal interface {
	RoleCredentialsOnce(ctx context.Context, token identitycenter.Secret, accountID, roleName string) (identitycenter.RoleCredentials, error)
	RolesPage(ctx context.Context, token identitycenter.Secret, accountID, next string) (page []identitycenter.Role, after string, err error)
}

// A pacer says when a request may leave, and hears what the limit made of it.
type pacer interface {
	Wait(ctx context.Context) error
	Succeeded()
	Throttled(retryAfter time.Duration)
}

// A PacedPortal is the portal of a Source that gets credentials of many roles. All its
// requests leave at the pace; those that the limit refuses come again, for as long as
// the patience lasts.
type PacedPortal struct {
	Portal oncePortal
	Pace   pacer
	// Patience is how long the limit may refuse one and the same request.
	Patience time.Duration
	// Listed are the person's accounts: they are not asked for again to explain a refusal.
	Listed []identitycenter.Account
}

// RoleCredentials is GetRoleCredentials.
func (p *PacedPortal) RoleCredentials(ctx context.Context, token identitycenter.Secret, accountID, roleName string) (identitycenter.RoleCredentials, error) {
	return paced(ctx, p, func() (identitycenter.RoleCredentials, error) {
		return p.Portal.RoleCredentialsOnce(ctx, token, accountID, roleName)
	})
}

// Roles is ListAccountRoles, its first page: it is to explain a refusal.
func (p *PacedPortal) Roles(ctx context.Context, token identitycenter.Secret, accountID string) ([]identitycenter.Role, error) {
	return paced(ctx, p, func() ([]identitycenter.Role, error) {
		page, _, err := p.Portal.RolesPage(ctx, token, accountID, "")
		return page, err
	})
}

// Accounts gives those that were listed.
func (p *PacedPortal) Accounts(context.Context, identitycenter.Secret) ([]identitycenter.Account, error) {
	return p.Listed, nil
}

const (
	// unavailableTries is how often a portal is asked that fails or is not reached.
	unavailableTries = 4
	// stalledAfter is a try that took so long that another one would be of no use.
	stalledAfter = 4 * time.Second
)

// paced asks until there is an answer.
func paced[T any](ctx context.Context, p *PacedPortal, ask func() (T, error)) (T, error) {
	var none T
	var refusal error // the limit's
	patient := ctx    // until the patience ends, from the first refusal on
	for failures := 0; ; {
		if err := p.Pace.Wait(patient); err != nil {
			if ctx.Err() == nil {
				err = refusal
			}
			return none, err
		}
		began := time.Now()
		answer, err := ask()
		var api *identitycenter.APIError
		if err != nil && !errors.As(err, &api) {
			return none, err // ctx has ended
		}
		switch {
		case errors.Is(err, identitycenter.ErrThrottled):
			p.Pace.Throttled(api.RetryAfter)
			if refusal == nil {
				var end context.CancelFunc
				patient, end = context.WithTimeout(ctx, p.Patience)
				defer end()
			}
			refusal = err
			continue
		case err == nil || api.Status != 0:
			p.Pace.Succeeded()
		}
		failures++
		if !errors.Is(err, identitycenter.ErrUnavailable) || failures == unavailableTries || time.Since(began) > stalledAfter {
			return answer, err
		}
		select {
		case <-time.After(rand.N(100 * time.Millisecond << failures)): // full jitter, as the SDK's
		case <-ctx.Done():
			return none, context.Cause(ctx)
		}
	}
}
