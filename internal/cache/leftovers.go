package cache

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
)

// folders are all that hold files of ours: the shared caches, and those of the state folder.
func (s *Store) folders() []string {
	all := []string{filepath.Dir(s.TokenPath(identitycenter.SSOSession{})), s.sharedRoles(), s.State}
	entries, _ := os.ReadDir(s.State)
	for _, entry := range entries {
		if entry.IsDir() {
			all = append(all, filepath.Join(s.State, entry.Name()))
		}
	}
	return all
}

// Check returns filesystem.ErrNoFolder if a link, or something else, is in the place of the state folder or of a shared
// cache: secrets are neither read nor written there.
func (s *Store) Check() error {
	token := filepath.Dir(s.TokenPath(identitycenter.SSOSession{}))
	for _, dir := range []string{s.State, token, filepath.Dir(token), s.sharedRoles(), filepath.Dir(s.sharedRoles())} {
		if err := filesystem.CheckFolder(dir); err != nil {
			return err
		}
	}
	return nil
}

// Sweep removes the temporary files that crashes have left in the caches and in the state folder.
func (s *Store) Sweep() {
	for _, dir := range s.folders() {
		filesystem.Sweep(dir)
	}
}

// ForgetAll removes every secret that rolecall has saved, also of sessions that are in no config file any more:
// tokens, role credentials, client registrations, what was damaged, and what crashes have left. Files that only other
// tools have written stay.
func (s *Store) ForgetAll() error {
	failures := []error{
		s.forgetTokens(), s.RemoveChained(""), s.RemoveRegistrations(), s.removeAll(s.ownRoles()), s.removeSealed(),
	}
	notes, err := filepath.Glob(filepath.Join(s.State, "roles", "*.json"))
	failures = append(failures, err)
	for _, note := range notes {
		failures = append(failures, s.RemoveRole(filepath.Join(s.sharedRoles(), filepath.Base(note))))
	}
	for _, dir := range s.folders() {
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			if isDamaged(entry.Name()) {
				failures = append(failures, s.Files.Remove(filepath.Join(dir, entry.Name())))
			}
		}
	}
	s.Sweep()
	return errors.Join(failures...)
}

// isDamaged reports whether name is one that a damaged file of a cache is given.
func isDamaged(name string) bool {
	hash, number, found := strings.Cut(name, ".json.damaged-")
	return found && (len(hash) == 2*sha1.Size || len(hash) == 2*sha256.Size) &&
		strings.Trim(hash, "0123456789abcdef") == "" && len(number) == 1 && strings.Contains("123", number)
}

// forgetTokens removes the tokens that rolecall saved, and the notes about them.
func (s *Store) forgetTokens() error {
	notes, err := filepath.Glob(filepath.Join(s.State, "sessions", "*.json"))
	failures := []error{err}
	for _, path := range notes {
		var note SessionNote
		forget := func() error { return s.Files.Remove(path) }
		if data, err := s.Files.ReadSecret(path); err == nil && json.Unmarshal(data, &note) == nil {
			session := identitycenter.SSOSession{Name: note.Session, StartURL: note.StartURL, Region: note.Region}
			o, err := s.readObject(s.TokenPath(session))
			if err == nil && fingerprint(identitycenter.NewSecret(o.text("accessToken"))) == note.SavedToken {
				failures = append(failures, s.RemoveToken(session))
			}
			if s.notePath(session) == path {
				forget = func() error { return s.ForgetSignIn(session) }
			}
		}
		failures = append(failures, forget())
	}
	return errors.Join(failures...)
}

func (s *Store) removeAll(dir string) error {
	entries, _ := os.ReadDir(dir)
	var failures []error
	for _, entry := range entries {
		failures = append(failures, s.Files.Remove(filepath.Join(dir, entry.Name())))
	}
	return errors.Join(failures...)
}
