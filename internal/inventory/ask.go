package inventory

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"rolecall/internal/identitycenter"
)

const (
	patience   = time.Minute            // of nothing but refusals
	maxTries   = 5                      // of a request that finds no server
	firstPause = 200 * time.Millisecond // before the second try, at most
)

// ask asks for a page until it comes: refusals for the pace are waited out, a token
// that is not accepted is renewed once, an outage is given a few tries.
func (r *run) ask(ctx context.Context, t task) (page, error) {
	renewed := false
	for tries := 1; ; {
		if err := r.Pace.Wait(ctx); err != nil {
			return page{}, err
		}
		token := r.current()
		p, err := r.once(ctx, token, t)
		var answer *identitycenter.APIError
		switch {
		case err == nil:
			r.Pace.Succeeded()
			r.succeeded()
			return p, nil
		case ctx.Err() != nil:
			return page{}, context.Cause(ctx)
		case errors.Is(err, identitycenter.ErrThrottled):
			wait := time.Duration(0)
			if errors.As(err, &answer) {
				wait = answer.RetryAfter
			}
			r.Pace.Throttled(wait)
			if r.tooLong() {
				return page{}, err
			}
		case errors.Is(err, identitycenter.ErrUnauthorized) && !renewed:
			renewed = true
			if err := r.renew(ctx, token); err != nil {
				return page{}, err
			}
		case errors.Is(err, identitycenter.ErrInvalidRequest) && t.next != "":
			t.next = "" // the token of an interrupted listing has ended: this list from its beginning
		case errors.Is(err, identitycenter.ErrUnavailable) && tries < maxTries:
			tries++
			if err := pause(ctx, rand.N(firstPause<<tries)); err != nil {
				return page{}, err
			}
		default:
			return page{}, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// once asks for a page.
func (r *run) once(ctx context.Context, token identitycenter.Token, t task) (page, error) {
	p := page{Account: t.account}
	var err error
	if t.account == "" {
		p.Accounts, p.Next, err = r.Portal.AccountsPage(ctx, token.AccessToken, t.next)
		return p, err
	}
	roles, next, err := r.Portal.RolesPage(ctx, token.AccessToken, t.account, t.next)
	if errors.Is(err, identitycenter.ErrNoAccess) || errors.Is(err, identitycenter.ErrNotFound) {
		p.Denied = true // most likely it was taken away since it was listed
		return p, nil
	}
	for _, role := range roles {
		p.Roles = append(p.Roles, role.Name)
	}
	p.Next = next
	return p, err
}

func (r *run) current() identitycenter.Token {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	return r.token
}

func (r *run) succeeded() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = time.Now()
}

func (r *run) tooLong() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.last) > patience
}

// renew replaces rejected, unless another worker has done it.
func (r *run) renew(ctx context.Context, rejected identitycenter.Token) error {
	r.renewing.Lock()
	defer r.renewing.Unlock()
	r.mu.Lock()
	token := r.token
	r.mu.Unlock()
	if !token.AccessToken.Equal(rejected.AccessToken) {
		return nil
	}
	token, err := r.Tokens.Renew(ctx, rejected)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.token = token
	}
	return err
}
