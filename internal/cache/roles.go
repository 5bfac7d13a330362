package cache

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"rolecall/internal/identitycenter"
)

// providerSSO marks a file of the AWS CLI's cache that holds role credentials of Identity Center; the others are not
// ours.
const providerSSO = "sso"

func roleName(session identitycenter.SSOSession, accountID, role string) string {
	o := object{{"accountId", quote(accountID)}, {"roleName", quote(role)}}
	if session.Name != "" {
		o.set("sessionName", session.Name)
	} else {
		o.set("startUrl", session.StartURL)
	}
	return sharedName(compact(o))
}

// compact writes o without blanks, as the AWS CLI does for the name of a role
// credential file.
func compact(o object) string {
	text := "{"
	for i, m := range o {
		if i > 0 {
			text += ","
		}
		text += string(quote(m.name)) + ":" + string(m.value)
	}
	return text + "}"
}

func (s *Store) sharedRoles() string { return filepath.Join(s.Home, ".aws", "cli", "cache") }

func (s *Store) ownRoles() string { return filepath.Join(s.State, "keys") }

func (s *Store) roleDir() string {
	if s.Mode == Private {
		return s.ownRoles()
	}
	return s.sharedRoles()
}

// RolePath is the file of the role credentials: the AWS CLI's, or one of ours with its name.
func (s *Store) RolePath(session identitycenter.SSOSession, accountID, role string) string {
	return filepath.Join(s.roleDir(), roleName(session, accountID, role))
}

// RoleCredentials reads cached role credentials of the session's present sign-in, whether or not they have expired. It
// returns ErrNotFound, or a DamagedError for a file whose content cannot be used.
func (s *Store) RoleCredentials(
	session identitycenter.SSOSession, accountID, role string,
) (identitycenter.RoleCredentials, error) {
	return s.roleCredentials(session, s.SessionNote(session), accountID, role)
}

func (s *Store) roleCredentials(
	session identitycenter.SSOSession, note SessionNote, accountID, role string,
) (identitycenter.RoleCredentials, error) {
	path := s.RolePath(session, accountID, role)
	c, err := s.readRole(path)
	if err == nil && (s.isOlder(path, session, note) || s.isTooOld(path)) {
		return identitycenter.RoleCredentials{}, ErrNotFound
	}
	return c, err
}

// isOlder reports whether a file was written before the session's last sign-in, by whichever tool: its keys may be
// those of another person.
func (s *Store) isOlder(path string, session identitycenter.SSOSession, note SessionNote) bool {
	info, err := os.Stat(path)
	return err != nil || info.ModTime().Before(s.signedIn(session, note))
}

// isTooOld reports whether a file was written longer ago than cached keys may be used.
func (s *Store) isTooOld(path string) bool {
	if s.Longest == 0 {
		return false
	}
	info, err := os.Stat(path)
	return err != nil || s.Now().Sub(info.ModTime()) > s.Longest
}

// GoodRole returns cached role credentials that may be handed out without a question:
// they live for identitycenter.CachedRoleMinimum at least, and no longer than keys can: then the clock is behind, and
// they may have ended.
func (s *Store) GoodRole(
	session identitycenter.SSOSession, accountID, role string,
) (identitycenter.RoleCredentials, bool) {
	return s.GoodRoleOf(session, s.SessionNote(session), accountID, role)
}

// GoodRoleOf is GoodRole for a caller that has the session's note already.
func (s *Store) GoodRoleOf(
	session identitycenter.SSOSession, note SessionNote, accountID, role string,
) (identitycenter.RoleCredentials, bool) {
	c, err := s.roleCredentials(session, note, accountID, role)
	return c, err == nil && c.LiveFor(s.Now(), identitycenter.CachedRoleMinimum)
}

func (s *Store) readRole(path string) (identitycenter.RoleCredentials, error) {
	o, err := s.readObject(path)
	if err != nil {
		return identitycenter.RoleCredentials{}, err
	}
	if o.text("ProviderType") != providerSSO {
		return identitycenter.RoleCredentials{}, ErrNotFound
	}
	c, err := credentialsOf(o.raw("Credentials"))
	if err != nil {
		return c, &DamagedError{Path: path, Cause: err}
	}
	return c, nil
}

func credentialsOf(raw json.RawMessage) (identitycenter.RoleCredentials, error) {
	o, err := parseObject(raw)
	if err != nil {
		return identitycenter.RoleCredentials{}, errors.New("it holds no credentials")
	}
	c := identitycenter.RoleCredentials{
		AccessKeyID:     o.text("AccessKeyId"),
		SecretAccessKey: identitycenter.NewSecret(o.text("SecretAccessKey")),
		SessionToken:    identitycenter.NewSecret(o.text("SessionToken")),
		Expiration:      parseTime(o.text("Expiration")),
		AccountID:       o.text("AccountId"),
	}
	if c.AccessKeyID == "" || c.SecretAccessKey.IsZero() || c.SessionToken.IsZero() || c.Expiration.IsZero() {
		return c, errors.New("its credentials are incomplete")
	}
	return c, c.Check()
}

func credentialsObject(c identitycenter.RoleCredentials) object {
	var o object
	o.set("AccessKeyId", c.AccessKeyID)
	o.set("SecretAccessKey", c.SecretAccessKey.Reveal())
	o.set("SessionToken", c.SessionToken.Reveal())
	o.set("Expiration", formatTime(c.Expiration))
	o.set("AccountId", c.AccountID)
	return o
}

// roleNote says whose role credentials a shared file holds: its name is a hash.
type roleNote struct {
	Session  string `json:"session,omitempty"`
	StartURL string `json:"startUrl"`
	Account  string `json:"accountId"`
	Role     string `json:"roleName"`
}

func (s *Store) roleNotePath(name string) string { return filepath.Join(s.State, "roles", name) }

// SaveRoleCredentials caches c where the AWS CLI looks for it, and notes the role.
func (s *Store) SaveRoleCredentials(
	session identitycenter.SSOSession, accountID, role string, c identitycenter.RoleCredentials,
) error {
	name := roleName(session, accountID, role)
	var o object
	o.set("ProviderType", providerSSO)
	o.setRaw("Credentials", credentialsObject(c).bytes())
	if err := s.Files.WriteSecret(filepath.Join(s.roleDir(), name), o.bytes()); err != nil {
		return fmt.Errorf("could not cache the role credentials: %w", err)
	}
	note, err := json.Marshal(roleNote{session.Name, session.StartURL, accountID, role})
	if err != nil {
		return err
	}
	if _, err := os.Stat(s.roleNotePath(name)); err == nil {
		return nil // its name determines its content
	}
	return s.Files.WriteSecret(s.roleNotePath(name), append(note, '\n'))
}

// A CachedRole is one file of role credentials.
type CachedRole struct {
	Path        string
	Session     string // of the note; empty when another tool wrote the file
	StartURL    string
	AccountID   string
	Role        string
	Credentials identitycenter.RoleCredentials
	Err         error // when the file could not be read
}

// CachedRoles lists the role credentials of Identity Center in the shared cache. Files of other tools, for which
// there is no note, have neither session nor role.
func (s *Store) CachedRoles() ([]CachedRole, error) {
	entries, err := os.ReadDir(s.roleDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var roles []CachedRole
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".json" || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		path := filepath.Join(s.roleDir(), entry.Name())
		c, err := s.readRole(path)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		var note roleNote
		if data, err := s.Files.ReadSecret(s.roleNotePath(entry.Name())); err == nil {
			_ = json.Unmarshal(data, &note) // without it the role has no name
		}
		roles = append(roles, CachedRole{path, note.Session, note.StartURL, note.Account, note.Role, c, err})
	}
	return roles, nil
}

// RemoveRole deletes one file of role credentials and its note.
func (s *Store) RemoveRole(path string) error {
	return errors.Join(s.Files.RemoveAll(path), s.Files.Remove(s.roleNotePath(filepath.Base(path))))
}

// chainedPath returns the path of a file of our own: chain names every link with its parameters.
func (s *Store) chainedPath(chain []string) string {
	return filepath.Join(s.State, "chained", ownName(chain...)+".json")
}

// ChainedCredentials reads cached credentials of a chained role, of the session's present
// sign-in. chain begins with the session's label.
func (s *Store) ChainedCredentials(
	session identitycenter.SSOSession, chain []string,
) (identitycenter.RoleCredentials, error) {
	path := s.chainedPath(chain)
	o, err := s.readObject(path)
	if err == nil && (s.isOlder(path, session, s.SessionNote(session)) || s.isTooOld(path)) {
		err = ErrNotFound
	}
	if err != nil {
		return identitycenter.RoleCredentials{}, err
	}
	return credentialsOf(o.raw("Credentials"))
}

// SaveChainedCredentials caches credentials of a chained role.
func (s *Store) SaveChainedCredentials(chain []string, c identitycenter.RoleCredentials) error {
	var o object
	o.set("Session", chain[0])
	o.setRaw("Credentials", credentialsObject(c).bytes())
	if err := s.Files.WriteSecret(s.chainedPath(chain), o.bytes()); err != nil {
		return fmt.Errorf("could not cache the role credentials: %w", err)
	}
	return nil
}

// RemoveChainedCredentials deletes the credentials of one chain.
func (s *Store) RemoveChainedCredentials(chain []string) error {
	return s.Files.RemoveAll(s.chainedPath(chain))
}

// RemoveChained deletes the chained credentials of a session, or of all when
// label is empty.
func (s *Store) RemoveChained(label string) error {
	paths, err := filepath.Glob(filepath.Join(s.State, "chained", "*.json"))
	if err != nil {
		return err
	}
	var failures []error
	for _, path := range paths {
		if o, err := s.readObject(path); label == "" || err == nil && o.text("Session") == label {
			failures = append(failures, s.Files.RemoveAll(path))
		}
	}
	return errors.Join(failures...)
}
