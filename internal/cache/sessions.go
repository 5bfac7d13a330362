package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
)

// A SessionNote is what rolecall remembers about a session beside the shared token file. It holds no secret.
type SessionNote struct {
	Session  string `json:"session"`
	StartURL string `json:"startUrl"`
	Region   string `json:"region"`
	// OIDC and Portal are the endpoints that issued the token, ClientID the
	// registration that it belongs to.
	OIDC     string `json:"oidcEndpoint"`
	Portal   string `json:"portalEndpoint"`
	ClientID string `json:"clientId,omitempty"`
	// Explicit means that a person named these endpoints on a command line for this session, so tokens of other tools
	// may be sent there, too.
	Explicit bool `json:"explicit,omitempty"`
	// Login is the last sign-in here.
	Login time.Time `json:"signedInAt,omitzero"`
	// Life is the lifetime of this session's access tokens in seconds.
	Life int64 `json:"tokenLifeSeconds,omitempty"`
	// SavedToken is a hash of the access token that rolecall saved last: a different one in the file comes from another
	// tool's sign-in or refresh.
	SavedToken string `json:"savedToken,omitempty"`
	// RefusedToken is a hash of the refresh token that was refused at RefusedAt for the reason Refusal, RefusedSealed
	// the encrypted file that it lay in.
	RefusedToken  string    `json:"refusedToken,omitempty"`
	RefusedSealed string    `json:"refusedSealed,omitempty"`
	RefusedAt     time.Time `json:"refusedAt,omitzero"`
	Refusal       string    `json:"refusal,omitempty"`
	// Person is a keyed hash of who made the sign-in at PersonOf, which is Login unless nobody has asked since.
	Person   string    `json:"person,omitempty"`
	PersonOf time.Time `json:"personOf,omitzero"`
	// Asked is when that was last asked without an answer.
	Asked time.Time `json:"askedWhoAt,omitzero"`
}

// Refused reports whether token's refresh token was refused before.
func (n SessionNote) Refused(token identitycenter.Token) bool {
	if token.RefreshToken.IsZero() && token.Sealed != "" {
		return n.RefusedSealed == token.Sealed
	}
	return n.RefusedToken != "" && n.RefusedToken == fingerprint(token.RefreshToken)
}

// Refuse notes that the server refused token's refresh token.
func (n *SessionNote) Refuse(token identitycenter.Token, at time.Time, reason string) {
	n.RefusedToken, n.RefusedAt, n.Refusal = fingerprint(token.RefreshToken), at.UTC().Truncate(time.Second), reason
	n.RefusedSealed = token.Sealed
}

// Saved notes that rolecall saves token.
func (n *SessionNote) Saved(token identitycenter.Token) {
	n.SavedToken = fingerprint(token.AccessToken)
}

// SignedIn returns when somebody last signed in to session, as far as is known: at a sign-in here, or when another
// tool wrote the present token. Zero means never.
func (s *Store) SignedIn(session identitycenter.SSOSession) time.Time {
	return s.signedIn(session, s.SessionNote(session))
}

func (s *Store) signedIn(session identitycenter.SSOSession, note SessionNote) time.Time {
	path := s.TokenPath(session)
	data, err := s.Files.ReadSecret(path)
	if err != nil {
		return note.Login
	}
	o, err := parseObject(data)
	if err != nil || fingerprint(identitycenter.NewSecret(o.text("accessToken"))) == note.SavedToken {
		return note.Login
	}
	if info, err := os.Stat(path); err == nil {
		return info.ModTime()
	}
	return note.Login
}

// fingerprint tells tokens apart without storing them: tokens are long and random, so their hash reveals nothing.
func fingerprint(secret identitycenter.Secret) string {
	sum := sha256.Sum256([]byte(secret.Reveal()))
	return hex.EncodeToString(sum[:])
}

func (s *Store) notePath(session identitycenter.SSOSession) string {
	return filepath.Join(s.State, "sessions", ownName(sessionParts(session)...)+".json")
}

// SessionNote reads the note for session, which is zero if there is none. An unreadable note counts as none: that can
// only make rolecall more careful.
func (s *Store) SessionNote(session identitycenter.SSOSession) SessionNote {
	var note SessionNote
	data, err := s.Files.ReadSecret(s.notePath(session))
	if err != nil {
		return SessionNote{}
	}
	o, err := parseObject(data)
	if err != nil || !o.into(&note) || session.Region != "" && note.Region != session.Region ||
		!identitycenter.SameStartURL(note.StartURL, session.StartURL) {
		return SessionNote{}
	}
	return note
}

// SaveSessionNote saves the note for session.
func (s *Store) SaveSessionNote(session identitycenter.SSOSession, note SessionNote) error {
	note.Session, note.StartURL, note.Region = session.Name, session.StartURL, session.Region
	data, err := json.Marshal(note)
	if err != nil {
		return err
	}
	return s.Files.WriteSecret(s.notePath(session), append(data, '\n'))
}

// ForgetSignIn clears the note for session, but keeps who signed in, to compare the next sign-in with.
func (s *Store) ForgetSignIn(session identitycenter.SSOSession) error {
	note := s.SessionNote(session)
	if note.Person == "" {
		return s.Files.Remove(s.notePath(session))
	}
	return s.SaveSessionNote(session, SessionNote{Person: note.Person, PersonOf: note.PersonOf})
}

// registrationFile is one of our client registrations on disk. It has a file of its own because the AWS CLI uses
// whatever registration it finds in its own file, without checking the grant types.
type registrationFile struct {
	Endpoint              string    `json:"endpoint"`
	ClientID              string    `json:"clientId"`
	ClientSecret          string    `json:"clientSecret"`
	ExpiresAt             time.Time `json:"expiresAt"`
	AuthorizationEndpoint string    `json:"authorizationEndpoint,omitempty"`
	GrantTypes            []string  `json:"grantTypes"`
	Scopes                []string  `json:"scopes"`
}

func (s *Store) registrationPath(session identitycenter.SSOSession, endpoint, flow string) string {
	parts := []string{endpoint, session.IssuerURL(), session.Region, flow}
	return filepath.Join(s.State, "registrations", ownName(append(parts, session.RegistrationScopes()...)...)+".json")
}

// Registration reads the client registration at endpoint for session and flow (code or device), or returns
// ErrNotFound; one that expires within an hour counts as missing, and so does an unreadable one.
func (s *Store) Registration(
	session identitycenter.SSOSession, endpoint, flow string,
) (identitycenter.ClientRegistration, error) {
	var f registrationFile
	data, err := s.Files.ReadSecret(s.registrationPath(session, endpoint, flow))
	if err != nil || json.Unmarshal(data, &f) != nil || f.Endpoint != endpoint || f.ClientID == "" ||
		f.ClientSecret == "" ||
		f.ExpiresAt.Before(s.Now().Add(time.Hour)) {
		return identitycenter.ClientRegistration{}, ErrNotFound
	}
	return identitycenter.ClientRegistration{
		ClientID:              f.ClientID,
		ClientSecret:          identitycenter.NewSecret(f.ClientSecret),
		ExpiresAt:             f.ExpiresAt,
		AuthorizationEndpoint: f.AuthorizationEndpoint,
		GrantTypes:            f.GrantTypes,
		Scopes:                f.Scopes,
	}, nil
}

// SaveRegistration keeps r for its 90 days. In other modes than Shared nothing is kept, since its secret would be in
// clear: each sign-in registers anew.
func (s *Store) SaveRegistration(
	session identitycenter.SSOSession, endpoint, flow string, r identitycenter.ClientRegistration,
) error {
	if s.Mode != Shared {
		return nil
	}
	data, err := json.Marshal(registrationFile{
		Endpoint: endpoint, ClientID: r.ClientID, ClientSecret: r.ClientSecret.Reveal(), ExpiresAt: r.ExpiresAt.UTC(),
		AuthorizationEndpoint: r.AuthorizationEndpoint, GrantTypes: r.GrantTypes, Scopes: r.Scopes,
	})
	if err != nil {
		return err
	}
	return s.Files.WriteSecret(s.registrationPath(session, endpoint, flow), append(data, '\n'))
}

// RemoveRegistrations forgets all client registrations.
func (s *Store) RemoveRegistrations() error {
	return s.removeAll(filepath.Join(s.State, "registrations"))
}

// RemoveRegistration forgets the registration at endpoint for session and flow.
func (s *Store) RemoveRegistration(session identitycenter.SSOSession, endpoint, flow string) error {
	return s.Files.Remove(s.registrationPath(session, endpoint, flow))
}

// refreshDeadline bounds the wait for another process's refresh.
const refreshDeadline = 15 * time.Second

// LockRefresh takes the lock that covers read, refresh and save of the session's token. It waits at most 15 seconds,
// then returns filesystem.ErrLocked.
func (s *Store) LockRefresh(ctx context.Context, session identitycenter.SSOSession) (unlock func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, refreshDeadline, filesystem.ErrLocked)
	defer cancel()
	return s.lock(ctx, "refresh", session, nil)
}

// LockLogin takes the lock that covers a person's sign-in to session. If another process holds it, waiting is called
// once with the holder.
func (s *Store) LockLogin(
	ctx context.Context, session identitycenter.SSOSession, waiting func(holder string),
) (unlock func(), err error) {
	return s.lock(ctx, "login", session, waiting)
}

func (s *Store) lockPath(kind string, session identitycenter.SSOSession) string {
	return filepath.Join(s.State, "locks", kind+"-"+ownName(sessionParts(session)...)+".lock")
}

func (s *Store) lock(
	ctx context.Context, kind string, session identitycenter.SSOSession, waiting func(string),
) (func(), error) {
	lock, err := s.Files.Lock(ctx, s.lockPath(kind, session), fmt.Sprintf("process %d", os.Getpid()), waiting)
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
			return nil, err
		}
		return nil, fmt.Errorf("lock of session %q: %w", session.Label(), err)
	}
	return lock.Unlock, nil
}

// LockRole takes the lock that lets one process at a time request a role's credentials, so that the others find them
// cached.
func (s *Store) LockRole(
	ctx context.Context, session identitycenter.SSOSession, accountID, role string,
) (unlock func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, refreshDeadline, filesystem.ErrLocked)
	defer cancel()
	parts := append(sessionParts(session), accountID, role)
	lock, err := s.Files.Lock(ctx, filepath.Join(s.State, "locks", "role-"+ownName(parts...)+".lock"), "", nil)
	if err != nil {
		return nil, err
	}
	return lock.Unlock, nil
}
