package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
)

// A Mode says where the secrets of sign-ins lie.
type Mode string

// The modes, the weakest first.
const (
	Shared  Mode = ""        // all in the AWS CLI's files
	Split   Mode = "split"   // the access token there, the refresh token and the client secret encrypted in ours
	Private Mode = "private" // nothing in files of other tools
)

// A vault encrypts and decrypts with keys that lie elsewhere.
type vault interface {
	// Ready makes sure that there is a key, and returns its id.
	Ready(ctx context.Context) (id string, err error)
	// Seal encrypts; done says that the result is saved.
	Seal(ctx context.Context, id string, text, bound []byte) (sealed []byte, done func(), err error)
	// Open decrypts what Seal has made.
	Open(ctx context.Context, id string, sealed, bound []byte) ([]byte, error)
}

// ErrNoVault means that a program cannot decrypt.
var ErrNoVault = errors.New("the secrets are encrypted")

// ErrChanged means that a token was replaced since it was read: read it again.
var ErrChanged = errors.New("the sign-in has just changed")

// A sealedHeader is what may be read in the file of an encrypted token. The secrets are bound to it.
type sealedHeader struct {
	Format    int       `json:"format"`
	Key       string    `json:"keyId"`
	Session   string    `json:"session,omitempty"`
	StartURL  string    `json:"startUrl"`
	Region    string    `json:"region"`
	Issuer    string    `json:"oidcEndpoint,omitempty"` // as the session's note had it
	ClientID  string    `json:"clientId,omitempty"`
	Known     time.Time `json:"registrationExpiresAt,omitzero"`
	Whole     bool      `json:"whole,omitempty"` // the access token is in it
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
	Renews    bool      `json:"renews,omitempty"` // what a refresh needs is in it
}

// A sealedToken is such a file.
type sealedToken struct {
	sealedHeader
	Sealed []byte `json:"sealed"`
}

// sealedSecrets are what is encrypted.
type sealedSecrets struct {
	AccessToken  string `json:"accessToken,omitempty"`
	RefreshToken string `json:"refreshToken,omitempty"`
	ClientSecret string `json:"clientSecret,omitempty"`
}

func (h sealedHeader) bound() ([]byte, error) { return json.Marshal(h) }

// id identifies the content of the file.
func (t sealedToken) id() string {
	sum := sha256.Sum256(t.Sealed)
	return hex.EncodeToString(sum[:16])
}

func (s *Store) vaultDir() string { return filepath.Join(s.State, "vault") }

// SealedPath is the file of the session's encrypted secrets.
func (s *Store) SealedPath(session identitycenter.SSOSession) string {
	return filepath.Join(s.vaultDir(), ownName(sessionParts(session)...)+".json")
}

// sealed reads the session's encrypted file without decrypting it. A file of another session, region or start URL
// counts as none.
func (s *Store) sealed(session identitycenter.SSOSession) (t sealedToken, found bool, err error) {
	path := s.SealedPath(session)
	data, err := s.Files.ReadSecret(path)
	if errors.Is(err, fs.ErrNotExist) {
		return t, false, nil
	}
	if err != nil {
		return t, false, fmt.Errorf("cache file: %w", err)
	}
	if err := json.Unmarshal(data, &t); err != nil || t.Format != 1 || len(t.Sealed) == 0 {
		return t, false, &DamagedError{Path: path, Cause: errors.New("it is not an encrypted sign-in")}
	}
	found = identitycenter.SameStartURL(t.StartURL, session.StartURL) && t.Session == session.Name &&
		(session.Region == "" || t.Region == session.Region)
	return t, found, nil
}

// withSealed completes the token of the shared file, which is zero if there is none, by the session's encrypted file. A
// full shared file counts alone: another tool has signed in since, or the move to this mode is not done.
func (s *Store) withSealed(
	session identitycenter.SSOSession, shared identitycenter.Token,
) (token identitycenter.Token, found bool, err error) {
	alone := !shared.AccessToken.IsZero()
	if alone && (!shared.RefreshToken.IsZero() || !shared.Registration.ClientSecret.IsZero()) {
		return shared, true, nil
	}
	t, found, err := s.sealed(session)
	if err != nil || !found || alone && t.ClientID != shared.Registration.ClientID {
		return shared, alone, err
	}
	if !alone {
		shared = identitycenter.Token{
			StartURL: t.StartURL, Region: t.Region, Registration: identitycenter.ClientRegistration{ClientID: t.ClientID},
		}
		if t.Whole {
			shared.ExpiresAt = t.ExpiresAt
		}
	}
	shared.Registration.ExpiresAt = t.Known
	shared.Sealed, shared.Renews = t.id(), t.Renews
	return shared, true, nil
}

// Unseal decrypts what is missing in token, which Token has returned. A token without encrypted secrets is returned as
// it is. The error says so if the key is gone, or cannot be had now.
func (s *Store) Unseal(
	ctx context.Context, session identitycenter.SSOSession, token identitycenter.Token,
) (identitycenter.Token, error) {
	if token.Sealed == "" || !token.RefreshToken.IsZero() || !token.Renews && !token.AccessToken.IsZero() {
		return token, nil
	}
	if s.Vault == nil {
		return token, ErrNoVault
	}
	t, found, err := s.sealed(session)
	if err != nil {
		return token, err
	}
	if !found || t.id() != token.Sealed {
		return token, ErrChanged
	}
	if note := s.SessionNote(session); note.ClientID == t.ClientID && t.Issuer != "" && note.OIDC != t.Issuer {
		return token, &DamagedError{Path: s.SealedPath(session), Cause: errors.New("another endpoint issued it")}
	}
	secrets, err := s.open(ctx, t)
	if err != nil {
		return token, err
	}
	if token.AccessToken.IsZero() {
		token.AccessToken = identitycenter.NewSecret(secrets.AccessToken)
	}
	token.RefreshToken = identitycenter.NewSecret(secrets.RefreshToken)
	token.Registration.ClientSecret = identitycenter.NewSecret(secrets.ClientSecret)
	return token, nil
}

func (s *Store) open(ctx context.Context, t sealedToken) (secrets sealedSecrets, err error) {
	bound, err := t.bound()
	if err != nil {
		return secrets, err
	}
	text, err := s.Vault.Open(ctx, t.Key, t.Sealed, bound)
	if err != nil {
		return secrets, err
	}
	return secrets, json.Unmarshal(text, &secrets)
}

// seal encrypts the secrets of token into the reserved file: all of them if it is whole.
func (s *Store) seal(
	ctx context.Context, into *filesystem.Pending, key string, session identitycenter.SSOSession,
	token identitycenter.Token, whole bool,
) error {
	secrets := sealedSecrets{
		RefreshToken: token.RefreshToken.Reveal(), ClientSecret: token.Registration.ClientSecret.Reveal(),
	}
	h := sealedHeader{
		Format: 1, Key: key, Session: session.Name, StartURL: session.StartURL, Region: session.Region,
		ClientID: token.Registration.ClientID, Known: token.Registration.ExpiresAt.UTC(),
		Renews: secrets.RefreshToken != "" && secrets.ClientSecret != "",
	}
	if note := s.SessionNote(session); note.ClientID == h.ClientID {
		h.Issuer = note.OIDC
	}
	if whole {
		h.Whole, h.ExpiresAt, secrets.AccessToken = true, token.ExpiresAt.UTC(), token.AccessToken.Reveal()
	}
	text, err := json.Marshal(secrets)
	if err != nil {
		return err
	}
	bound, err := h.bound()
	if err != nil {
		return err
	}
	sealed, done, err := s.Vault.Seal(ctx, key, text, bound)
	if err != nil {
		return err
	}
	defer done()
	data, err := json.Marshal(sealedToken{h, sealed})
	if err != nil {
		return err
	}
	return into.Commit(append(data, '\n'))
}

// IsBare reports whether token, which Token has returned, has secrets in the shared file that do not belong there in
// this mode: another tool has signed in.
func (s *Store) IsBare(token identitycenter.Token) bool {
	switch s.Mode {
	case Split:
		return !token.RefreshToken.IsZero() || !token.Registration.ClientSecret.IsZero()
	case Private:
		return !token.AccessToken.IsZero()
	}
	return false
}

// due is the life of an access token below which rolecall renews it: botocore asks for another one with less than 15
// minutes left.
const due = 16 * time.Minute

// renewalPause is how long nobody tries again to renew a token in the background.
const renewalPause = time.Minute

func (s *Store) renewalPath(session identitycenter.SSOSession) string {
	return filepath.Join(s.State, "renewed", ownName(sessionParts(session)...))
}

// IsDue reports whether the session's access token is about to end or has ended, only rolecall can renew it, and nobody
// has just tried: NoteRenewal.
func (s *Store) IsDue(ctx context.Context, session identitycenter.SSOSession) bool {
	if _, err := os.Lstat(s.SealedPath(session)); err != nil {
		return false
	}
	token, err := s.Token(ctx, session)
	if err != nil || token.Sealed == "" || token.AccessToken.IsZero() || !token.Refreshable(s.Now()) {
		return false
	}
	note := s.SessionNote(session)
	window := due
	if life := time.Duration(note.Life) * time.Second; life > 0 {
		window = min(window, life/2)
	}
	if token.ExpiresAt.Sub(s.Now()) > window || note.Refused(token) {
		return false
	}
	info, err := os.Stat(s.renewalPath(session))
	return err != nil || s.Now().Sub(info.ModTime()).Abs() > renewalPause
}

// NoteRenewal keeps others from renewing the session's token in the background for a minute.
func (s *Store) NoteRenewal(session identitycenter.SSOSession) error {
	return s.Files.WriteSecret(s.renewalPath(session), nil)
}

// SealedKeys returns the ids of the keys that encrypted files need.
func (s *Store) SealedKeys() map[string]bool {
	keys := map[string]bool{}
	paths, _ := filepath.Glob(filepath.Join(s.vaultDir(), "*.json"))
	for _, path := range paths {
		var t sealedToken
		if len(filepath.Base(path)) != 2*sha256.Size+len(".json") {
			continue
		}
		if data, err := s.Files.ReadSecret(path); err == nil && json.Unmarshal(data, &t) == nil {
			keys[t.Key] = true
		}
	}
	return keys
}

// removeSealed removes the encrypted files of all sessions.
func (s *Store) removeSealed() error {
	paths, _ := filepath.Glob(filepath.Join(s.vaultDir(), "*.json"))
	var failures []error
	for _, path := range paths {
		if len(filepath.Base(path)) == 2*sha256.Size+len(".json") {
			failures = append(failures, s.Files.RemoveAll(path))
		}
	}
	return errors.Join(failures...)
}

// RemoveOtherRoles removes the role credentials that rolecall has cached where other modes have them.
func (s *Store) RemoveOtherRoles() error {
	if s.Mode != Private {
		return s.removeAll(s.ownRoles())
	}
	notes, err := filepath.Glob(filepath.Join(s.State, "roles", "*.json"))
	failures := []error{err}
	for _, note := range notes {
		failures = append(failures, s.Files.RemoveAll(filepath.Join(s.sharedRoles(), filepath.Base(note))))
	}
	return errors.Join(failures...)
}
