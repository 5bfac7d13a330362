package cache

import (
	"errors"
	"path/filepath"
	"time"

	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
)

// SigningIn reports whether a process holds the lock of LockLogin.
func (s *Store) SigningIn(session identitycenter.SSOSession) bool {
	lock, err := s.Files.TryLock(s.lockPath("login", session))
	if err == nil {
		lock.Unlock()
	}
	return errors.Is(err, filesystem.ErrLocked)
}

// TryLockAsking takes the lock for starting a sign-in that nobody at a terminal asked for.
func (s *Store) TryLockAsking(session identitycenter.SSOSession) (unlock func(), ok bool) {
	lock, err := s.Files.TryLock(s.lockPath("asking", session))
	if err != nil {
		return nil, false
	}
	return lock.Unlock, true
}

func (s *Store) noPath(session identitycenter.SSOSession) string {
	return filepath.Join(s.State, "asked", ownName(sessionParts(session)...))
}

// NoteNo records that a sign-in in the background came to nothing.
func (s *Store) NoteNo(session identitycenter.SSOSession) error {
	return s.Files.WriteSecret(s.noPath(session), []byte(s.Now().UTC().Format(time.RFC3339Nano)))
}

// ForgetNo undoes NoteNo, after a sign-in.
func (s *Store) ForgetNo(session identitycenter.SSOSession) error {
	return s.Files.Remove(s.noPath(session))
}

// LastNo returns when NoteNo was last called; zero: never, or somebody has signed in since.
func (s *Store) LastNo(session identitycenter.SSOSession) time.Time {
	text, err := s.Files.ReadSecret(s.noPath(session))
	if err != nil {
		return time.Time{}
	}
	at, _ := time.Parse(time.RFC3339Nano, string(text))
	if at.After(s.Now()) || s.SignedIn(session).After(at) {
		return time.Time{}
	}
	return at
}
