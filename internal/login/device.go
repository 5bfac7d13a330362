package login

import (
	"context"
	"errors"
	"time"

	"rolecall/internal/identitycenter"
)

// deviceFlow is RFC 8628: the person types a code on any device.
func (l *Login) deviceFlow(
	ctx context.Context, session identitycenter.SSOSession,
) (identitycenter.Token, error) {
	r, err := l.registration(ctx, session, "device", "")
	if err != nil {
		return identitycenter.Token{}, err
	}
	d, err := l.Service.StartDeviceAuthorization(ctx, r, session.IssuerURL())
	if errors.Is(err, identitycenter.ErrInvalidClient) {
		if err := l.Store.RemoveRegistration(session, l.Service.Endpoints().OIDC, "device"); err != nil {
			return identitycenter.Token{}, err
		}
		if r, err = l.registration(ctx, session, "device", ""); err != nil {
			return identitycenter.Token{}, err
		}
		d, err = l.Service.StartDeviceAuthorization(ctx, r, session.IssuerURL())
	}
	if err != nil {
		return identitycenter.Token{}, l.explainStartURL(ctx, err)
	}
	l.Person.Device(l.Session, d)
	return l.poll(ctx, r, d)
}

// slowDownStep is RFC 8628 section 3.5: "the interval MUST be increased by 5
// seconds for this and all subsequent requests".
const slowDownStep = 5 * time.Second

// maxOutage is how long a server may be unreachable while the person signs in.
const maxOutage = time.Minute

// poll asks for the token until the person has answered, the code has expired, or
// the server stays unreachable. RFC 8628 section 3.5 wants fewer requests also
// while the server cannot be reached.
func (l *Login) poll(
	ctx context.Context,
	r identitycenter.ClientRegistration,
	d identitycenter.DeviceAuthorization,
) (identitycenter.Token, error) {
	ctx, cancel := context.WithDeadlineCause(ctx, d.ExpiresAt, &identitycenter.APIError{
		Operation: "CreateToken", Kind: identitycenter.ErrExpiredCode,
	})
	defer cancel()
	var awaySince time.Time // zero: it has answered
	interval := d.Interval
	for pause := interval; ; {
		select {
		case <-ctx.Done():
			return identitycenter.Token{}, context.Cause(ctx)
		case <-time.After(pause):
		}
		token, err := l.Service.DeviceToken(ctx, r, d.DeviceCode)
		away := errors.Is(err, identitycenter.ErrUnavailable) || errors.Is(err, identitycenter.ErrThrottled)
		switch {
		case !away:
			awaySince = time.Time{}
		case awaySince.IsZero():
			awaySince = time.Now()
		}
		switch {
		case errors.Is(err, identitycenter.ErrNoAnswer), away && time.Since(awaySince) >= maxOutage:
			return token, err
		case errors.Is(err, identitycenter.ErrAuthorizationPending):
			pause = interval
		case errors.Is(err, identitycenter.ErrSlowDown):
			interval += slowDownStep
			pause = interval
		case away:
			pause = min(2*pause, maxOutage)
		default:
			return token, err
		}
	}
}
