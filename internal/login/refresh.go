package login

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rolecall/internal/cache"
	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
)

// refreshTimeout bounds a refresh once it is under way: from there to the saved
// answer nothing interrupts it, since the old refresh token may be spent.
const refreshTimeout = 20 * time.Second

// earlyTimeout bounds a refresh before its time: the token is good, and whoever wants it waits. An answer that takes
// longer is lost, as after a crash: the next refresh has to come while the server still takes the old refresh token.
const earlyTimeout = 5 * time.Second

// refresh renews the cached token under the session's lock, or finds that
// another process has done so. A token that is still valid is given when the
// renewal fails for a reason that may pass.
func (l *Login) refresh(ctx context.Context, rejected identitycenter.Token) (identitycenter.Token, error) {
	unlock, err := l.Store.LockRefresh(ctx, l.Session)
	if err != nil {
		return l.withoutLock(ctx, rejected, err)
	}
	defer unlock()
	token, err := l.Store.Token(ctx, l.Session)
	if err != nil {
		damage := l.setAside(err)
		if token, err = l.Store.Token(ctx, l.Session); err != nil {
			return token, l.required(damage)
		}
		l.warn("%w; the encrypted file has what is needed", damage)
	}
	if token, err = l.readable(ctx, token); err != nil {
		return token, err
	}
	if l.fresh(token) && !same(token, rejected) {
		return token, l.guard(token)
	}
	if err := l.guard(token); err != nil {
		return token, err
	}
	renewed, err := l.renew(ctx, token, rejected)
	if err != nil && l.valid(token) && !same(token, rejected) && ctx.Err() == nil {
		l.warn("the token was not refreshed; it is valid until %s: %w", token.ExpiresAt.Local().Format("15:04"), err)
		return token, nil
	}
	return renewed, err
}

// withoutLock is what is left when the lock cannot be had: a token that is good.
func (l *Login) withoutLock(
	ctx context.Context,
	rejected identitycenter.Token,
	lockError error,
) (identitycenter.Token, error) {
	if ctx.Err() != nil {
		return identitycenter.Token{}, context.Cause(ctx)
	}
	token, err := l.Store.Token(ctx, l.Session)
	if err == nil {
		token, err = l.readable(ctx, token)
	}
	switch {
	case err != nil && causesLogin(err):
		return token, l.required(err)
	case err != nil:
		return token, err
	case l.valid(token) && !same(token, rejected):
		l.warn("the token was not refreshed: %w", lockError)
		return token, l.guard(token)
	case errors.Is(lockError, filesystem.ErrLocked):
		return token, fmt.Errorf(
			"another process is still refreshing the login to %q: %w",
			l.Session.Label(),
			lockError,
		)
	}
	return token, fmt.Errorf(
		"the login to %q must be refreshed, but the answer could not be saved: %w",
		l.Session.Label(),
		lockError,
	)
}

// setAside moves a damaged token file away; other errors pass as they are.
func (l *Login) setAside(err error) error {
	var damaged *cache.DamagedError
	if errors.As(err, &damaged) {
		if aside, moveError := l.Store.SetAsideToken(damaged); moveError == nil {
			damaged.Aside = aside
		}
	}
	return err
}

// renew sends the refresh token and saves the answer. Room for it is on the disk
// before. A refusal is tried again once if another tool has put another refresh
// token into the file meanwhile.
func (l *Login) renew(ctx context.Context, token, rejected identitycenter.Token) (identitycenter.Token, error) {
	note := l.Store.SessionNote(l.Session)
	if !token.Refreshable(l.Now()) || note.Refused(token) {
		return token, l.ended(token, note)
	}
	token, err := l.unsealed(ctx, token)
	if err != nil {
		return token, err
	}
	room, err := l.Store.ReserveToken(ctx, l.Session)
	if err == nil {
		err = room.Unsealed // the key opened the file, and cannot seal the next one
	}
	if err != nil {
		return token, err
	}
	defer room.Discard()
	limit := refreshTimeout
	if l.valid(token) && !same(token, rejected) {
		limit = earlyTimeout
	}
	working, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	renewed, err := l.Service.RefreshToken(working, token.Registration, token.RefreshToken)
	if refused(err) {
		other, readError := l.Store.Token(working, l.Session)
		if readError == nil {
			other, readError = l.unsealed(working, other)
		}
		if readError == nil && !other.RefreshToken.Equal(token.RefreshToken) {
			if l.fresh(other) {
				return other, l.guard(other)
			}
			if guardError := l.guard(other); guardError != nil {
				return other, guardError
			}
			token = other
			renewed, err = l.Service.RefreshToken(working, token.Registration, token.RefreshToken)
		}
	}
	if refused(err) {
		return token, l.refuse(token, note, err)
	}
	if err != nil {
		return token, fmt.Errorf("refreshing the login to %q: %w", l.Session.Label(), err)
	}
	if err := room.Save(working, renewed); err != nil {
		return renewed, err
	}
	l.noteLife(note, renewed)
	renewed.StartURL, renewed.Region = l.Session.StartURL, l.Session.Region
	return renewed, nil
}

// refused reports whether asking again is of no use.
func refused(err error) bool {
	return errors.Is(err, identitycenter.ErrInvalidGrant) || errors.Is(err, identitycenter.ErrInvalidClient) ||
		errors.Is(err, identitycenter.ErrInvalidRequest) || errors.Is(err, identitycenter.ErrUnauthorized) ||
		errors.Is(err, identitycenter.ErrAccessDenied) || errors.Is(err, identitycenter.ErrExpiredCode)
}

// noteLife remembers how long tokens of this session live, and that token is of the
// same sign-in.
func (l *Login) noteLife(note cache.SessionNote, token identitycenter.Token) {
	life := int64(token.ExpiresAt.Sub(l.Now()).Round(time.Second).Seconds())
	if note.OIDC == "" {
		return
	}
	note.Life = life
	note.Saved(token)
	if err := l.Store.SaveSessionNote(l.Session, note); err != nil {
		l.warn("%w", err)
	}
}

// refuse remembers that the refresh token of token is dead, so that no other
// process asks for the same, and says so.
func (l *Login) refuse(token identitycenter.Token, note cache.SessionNote, err error) error {
	note.Refuse(token, l.Now(), reasonOf(err))
	if saveError := l.Store.SaveSessionNote(l.Session, note); saveError != nil {
		l.warn("%w", saveError)
	}
	return l.ended(token, note)
}

func reasonOf(err error) string {
	var api *identitycenter.APIError
	if errors.As(err, &api) && api.Code != "" {
		return api.Code
	}
	return err.Error()
}

// ended says why token cannot be renewed.
func (l *Login) ended(token identitycenter.Token, note cache.SessionNote) error {
	e := &RequiredError{Session: l.Session, Reason: "its token has expired and cannot be refreshed"}
	if l.valid(token) {
		e.Reason = "its token was rejected and cannot be refreshed"
	} else if !token.ExpiresAt.IsZero() {
		e.Facts = append(e.Facts, "the token expired at "+clock(token.ExpiresAt))
	}
	if !note.Login.IsZero() {
		e.Facts = append(e.Facts, "signed in here at "+clock(note.Login))
	}
	switch {
	case note.Refused(token):
		e.Reason = "its token was rejected"
		e.Facts = append(
			e.Facts,
			fmt.Sprintf(
				"refresh refused at %s (%s): most likely %s",
				clock(note.RefusedAt),
				note.Refusal,
				l.likely(note.Refusal),
			),
		)
	case token.RefreshToken.IsZero():
		e.Facts = append(
			e.Facts,
			"no refresh token: legacy profiles and sessions without the scope "+identitycenter.AccessScope+" get none",
		)
	case token.Registration.ClientID == "" || token.Registration.ClientSecret.IsZero():
		e.Facts = append(e.Facts, "the cache file has no client registration to refresh with")
	default:
		e.Facts = append(e.Facts, "the client registration expired at "+clock(token.Registration.ExpiresAt))
	}
	return e
}

// likely says what a refusal most likely means. Asked in another region than the
// session's, AWS says "Invalid token provided" with invalid_request.
func (l *Login) likely(refusal string) string {
	if refusal == "invalid_request" || refusal == "InvalidRequestRegionException" {
		return "sso_region " + l.Session.Region + " is not the region of this Identity Center"
	}
	return "the session has ended, or was signed out elsewhere"
}

// clock writes a moment as a person reads it: local time, with the day.
func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
