package cache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
)

// A ForeignTokenError is a token in the session's file that belongs to another start URL or region.
type ForeignTokenError struct {
	Path string
	Key  string // startUrl or region
	Have string // what the file says; untrusted text
	Want string // what the configuration says
}

// Error says what the file holds and what the session asks for.
func (e *ForeignTokenError) Error() string {
	return fmt.Sprintf("the cached token is for %s %q, the session needs %q", e.Key, e.Have, e.Want)
}

// TokenPath is the AWS CLI's file for the session's token: named after the
// sso-session, or after the start URL of a legacy profile.
func (s *Store) TokenPath(session identitycenter.SSOSession) string {
	return filepath.Join(s.Home, ".aws", "sso", "cache", sharedName(session.Label()))
}

// AccessTokenPath is the file in which the store's mode has the session's access token.
func (s *Store) AccessTokenPath(session identitycenter.SSOSession) string {
	if s.Mode == Private {
		return s.SealedPath(session)
	}
	return s.TokenPath(session)
}

// Token reads the session's token, without decrypting anything: what is encrypted is missing in it until Unseal. It
// returns ErrNotFound, a DamagedError for a file that stayed unreadable for a quarter of a second (other tools rewrite
// theirs in place), or a ForeignTokenError.
func (s *Store) Token(ctx context.Context, session identitycenter.SSOSession) (identitycenter.Token, error) {
	shared, err := s.sharedToken(ctx, session)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return shared, err
	}
	token, found, sealedError := s.withSealed(session, shared)
	if sealedError != nil {
		return token, sealedError
	}
	if !found {
		return token, err
	}
	return token, nil
}

// sharedToken reads the AWS CLI's file.
func (s *Store) sharedToken(ctx context.Context, session identitycenter.SSOSession) (identitycenter.Token, error) {
	path := s.TokenPath(session)
	o, err := s.readTorn(ctx, path)
	if err != nil {
		return identitycenter.Token{}, err
	}
	token := tokenOf(o)
	switch {
	case token.AccessToken.IsZero():
		return identitycenter.Token{}, &DamagedError{Path: path, Cause: errors.New("it holds no access token")}
	case token.StartURL != "" && !identitycenter.SameStartURL(token.StartURL, session.StartURL):
		return token, &ForeignTokenError{path, "startUrl", token.StartURL, session.StartURL}
	case token.Region != "" && session.Region != "" && token.Region != session.Region:
		return token, &ForeignTokenError{path, "region", token.Region, session.Region}
	}
	return token, nil
}

func tokenOf(o object) identitycenter.Token {
	return identitycenter.Token{
		AccessToken:  identitycenter.NewSecret(o.text("accessToken")),
		ExpiresAt:    parseTime(o.text("expiresAt")),
		RefreshToken: identitycenter.NewSecret(o.text("refreshToken")),
		StartURL:     o.text("startUrl"),
		Region:       o.text("region"),
		Registration: identitycenter.ClientRegistration{
			ClientID:     o.text("clientId"),
			ClientSecret: identitycenter.NewSecret(o.text("clientSecret")),
			ExpiresAt:    parseTime(o.text("registrationExpiresAt")),
		},
	}
}

// tornReads and tornWait bound how often to read a file again that another tool may be writing.
const (
	tornReads = 5
	tornWait  = 50 * time.Millisecond
)

// readTorn reads the object at path, and tries again when it does not parse.
func (s *Store) readTorn(ctx context.Context, path string) (object, error) {
	for reads := 1; ; reads++ {
		o, err := s.readObject(path)
		var damaged *DamagedError
		if !errors.As(err, &damaged) || reads == tornReads {
			return o, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(tornWait):
		}
	}
}

func (s *Store) readObject(path string) (object, error) {
	data, err := s.Files.ReadSecret(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNotFound
	case errors.Is(err, filesystem.ErrTooLarge):
		return nil, &DamagedError{Path: path, Cause: filesystem.ErrTooLarge}
	case err != nil:
		return nil, fmt.Errorf("cache file: %w", err)
	}
	o, err := parseObject(data)
	if err != nil {
		return nil, &DamagedError{Path: path, Cause: err}
	}
	return o, nil
}

// A TokenRoom is disk space reserved for a future token.
type TokenRoom struct {
	// Unsealed is why a refresh token could not be encrypted, and will not be kept; nil if it can.
	Unsealed error

	store   *Store
	session identitycenter.SSOSession
	shared  *filesystem.Pending // nil if the mode is Private
	sealed  *filesystem.Pending // nil if nothing is encrypted
	key     string
}

// tokenRoom is more than any token file needs: two tokens and a client secret of a few KiB each.
const tokenRoom = 16 << 10

// ReserveToken makes sure that a token can be saved before its predecessor is used up: there is space, and there is a
// key. Without a key a token in Split is saved without its refresh token, as Unsealed says. Call Save, and Discard in
// any case.
func (s *Store) ReserveToken(ctx context.Context, session identitycenter.SSOSession) (*TokenRoom, error) {
	r := &TokenRoom{store: s, session: session}
	if err := r.reserve(ctx); err != nil {
		r.Discard()
		return nil, err
	}
	return r, nil
}

func (r *TokenRoom) reserve(ctx context.Context) (err error) {
	s := r.store
	if s.Mode != Private {
		if r.shared, err = s.Files.Reserve(s.TokenPath(r.session), tokenRoom); err != nil {
			return fmt.Errorf("the token cache cannot be written: %w", err)
		}
	}
	if s.Mode == Shared {
		return nil
	}
	if r.key, err = s.Vault.Ready(ctx); err != nil {
		if s.Mode == Private || ctx.Err() != nil {
			return err
		}
		r.Unsealed = err
		return nil
	}
	if r.sealed, err = s.Files.Reserve(s.SealedPath(r.session), tokenRoom); err != nil {
		return fmt.Errorf("the encrypted file cannot be written: %w", err)
	}
	return nil
}

// Discard frees the space; after Save it does nothing.
func (r *TokenRoom) Discard() {
	for _, pending := range []*filesystem.Pending{r.shared, r.sealed} {
		if pending != nil {
			pending.Discard()
		}
	}
}

// Save writes token to where the store's mode has it, and nowhere else. After a crash at any moment the session can be
// read: the encrypted file is written first, and what must not be in a file is removed last.
func (r *TokenRoom) Save(ctx context.Context, token identitycenter.Token) error {
	s := r.store
	if s.Mode == Shared && token.AccessToken.IsZero() { // it was encrypted, and its file removed: a refresh writes it
		return nil
	}
	seals := r.sealed != nil && (s.Mode == Private || !token.RefreshToken.IsZero())
	if seals && s.Mode == Split && !token.AccessToken.IsZero() {
		if err := s.passOn(ctx, r, token); err != nil {
			return err
		}
	}
	if seals {
		if err := s.seal(ctx, r.sealed, r.key, r.session, token, s.Mode == Private); err != nil {
			return fmt.Errorf("the encrypted file cannot be written: %w", err)
		}
	}
	if s.Mode == Private {
		return s.Files.RemoveAll(s.TokenPath(r.session))
	}
	if token.AccessToken.IsZero() {
		return nil
	}
	if s.Mode == Split {
		token.RefreshToken, token.Registration.ClientSecret = identitycenter.Secret{}, identitycenter.Secret{}
	}
	err := r.saveShared(token)
	if s.Mode == Split {
		err = errors.Join(err, s.Files.RemoveAside(s.TokenPath(r.session)))
	}
	if err != nil || seals {
		return err
	}
	return s.Files.RemoveAll(s.SealedPath(r.session))
}

// passOn puts the access token into the shared file while the encrypted one still has it, too: whole, with the new
// tokens. It is for a token that comes from Private.
func (s *Store) passOn(ctx context.Context, r *TokenRoom, token identitycenter.Token) error {
	if t, found, _ := s.sealed(r.session); !found || !t.Whole { // nor has one that cannot be read
		return nil
	}
	whole, err := s.Files.Reserve(s.SealedPath(r.session), tokenRoom)
	if err != nil {
		return fmt.Errorf("the encrypted file cannot be written: %w", err)
	}
	defer whole.Discard()
	if err := s.seal(ctx, whole, r.key, r.session, token, true); err != nil {
		return fmt.Errorf("the encrypted file cannot be written: %w", err)
	}
	shared, err := s.Files.Reserve(s.TokenPath(r.session), tokenRoom)
	if err != nil {
		return fmt.Errorf("the token cache cannot be written: %w", err)
	}
	defer shared.Discard()
	token.RefreshToken, token.Registration.ClientSecret = identitycenter.Secret{}, identitycenter.Secret{}
	return r.writeShared(shared, token)
}

// saveShared writes token as the AWS CLI does. Unknown members of the file are kept.
func (r *TokenRoom) saveShared(token identitycenter.Token) error {
	return r.writeShared(r.shared, token)
}

func (r *TokenRoom) writeShared(into *filesystem.Pending, token identitycenter.Token) error {
	o, err := r.store.readObject(r.store.TokenPath(r.session))
	if err != nil {
		o = nil // missing, or damaged and to be replaced
	}
	for _, m := range []struct{ name, text string }{
		{"startUrl", r.session.StartURL},
		{"region", r.session.Region},
		{"accessToken", token.AccessToken.Reveal()},
		{"expiresAt", formatTime(token.ExpiresAt)},
		{"clientId", token.Registration.ClientID},
		{"clientSecret", token.Registration.ClientSecret.Reveal()},
		{"registrationExpiresAt", formatTime(token.Registration.ExpiresAt)},
		{"refreshToken", token.RefreshToken.Reveal()},
	} {
		o.set(m.name, m.text)
	}
	if err := into.Commit(o.bytes()); err != nil {
		return fmt.Errorf("the token cache cannot be written: %w", err)
	}
	return nil
}

// SetAsideToken moves a damaged token file out of the way and returns its new name. Call it under the session's
// refresh lock.
func (s *Store) SetAsideToken(damaged *DamagedError) (string, error) {
	return s.Files.SetAside(damaged.Path)
}

// RemoveToken deletes the session's token, if there is one, and the damaged ones that were set aside: they may hold it,
// too.
func (s *Store) RemoveToken(session identitycenter.SSOSession) error {
	return errors.Join(s.Files.RemoveAll(s.TokenPath(session)), s.Files.RemoveAll(s.SealedPath(session)))
}
