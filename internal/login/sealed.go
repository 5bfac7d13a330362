package login

import (
	"context"
	"errors"

	"rolecall/internal/identitycenter"
	"rolecall/internal/vault"
)

// readable decrypts the access token, if it is encrypted.
func (l *Login) readable(ctx context.Context, token identitycenter.Token) (identitycenter.Token, error) {
	if !token.AccessToken.IsZero() {
		return token, nil
	}
	return l.unsealed(ctx, token)
}

// unsealed decrypts what is encrypted of token. If its key is gone, only a sign-in helps; the file stays, for the key
// may be in a keyring that is not here now.
func (l *Login) unsealed(ctx context.Context, token identitycenter.Token) (identitycenter.Token, error) {
	opened, err := l.Store.Unseal(ctx, l.Session, token)
	if errors.Is(err, vault.ErrGone) {
		return token, &RequiredError{
			Session: l.Session, Reason: "its encrypted file cannot be opened", Cause: err,
			Facts: []string{l.Store.SealedPath(l.Session) + ": " + err.Error()},
		}
	}
	if err != nil && causesLogin(err) {
		return token, l.required(err)
	}
	return opened, err
}

// adopt moves what another tool has left in its file at a sign-in to where this mode has it.
func (l *Login) adopt(ctx context.Context) {
	moved, err := l.move(ctx)
	switch {
	case err != nil:
		l.warn("another tool signed in to %q, and its secrets are still in %s: %w", l.Session.Label(),
			l.Store.TokenPath(l.Session), err)
	case moved:
		l.warn("another tool signed in to %q; moved its secrets to the encrypted file", l.Session.Label())
	}
}

// Move writes the session's token anew, to where the store's mode has it. It returns cache.ErrNotFound without one.
func (l *Login) Move(ctx context.Context) error {
	unlock, err := l.Store.LockRefresh(ctx, l.Session)
	if err != nil {
		return err
	}
	defer unlock()
	token, err := l.Store.Token(ctx, l.Session)
	if err != nil {
		return err
	}
	return l.rewrite(ctx, token)
}

// move is Move if the token is bare. moved says that the refresh token went along.
func (l *Login) move(ctx context.Context) (moved bool, err error) {
	unlock, err := l.Store.LockRefresh(ctx, l.Session)
	if err != nil {
		return false, err
	}
	defer unlock()
	token, err := l.Store.Token(ctx, l.Session)
	if err != nil || !l.Store.IsBare(token) {
		return false, nil // another process has done it
	}
	note := l.Store.SessionNote(l.Session)
	note.Login = l.Store.SignedIn(l.Session)
	note.Saved(token)
	if err := l.Store.SaveSessionNote(l.Session, note); err != nil {
		return false, err
	}
	return true, l.rewrite(ctx, token)
}

// rewrite needs the refresh lock. A keyring that does not answer now may do so later; without any keyring the refresh
// token is dropped, and it is said.
func (l *Login) rewrite(ctx context.Context, token identitycenter.Token) error {
	token, err := l.unsealed(ctx, token)
	if err != nil {
		return err
	}
	room, err := l.Store.ReserveToken(ctx, l.Session)
	if err != nil {
		return err
	}
	defer room.Discard()
	if room.Unsealed != nil && !token.RefreshToken.IsZero() {
		if unavailable := (*vault.UnavailableError)(nil); !errors.As(room.Unsealed, &unavailable) ||
			unavailable.Kind != vault.Missing {
			return room.Unsealed
		}
		l.warn("without a key, the refresh token of %q is dropped; sign in again when the access token expires: %w",
			l.Session.Label(), room.Unsealed)
	}
	return room.Save(ctx, token)
}
