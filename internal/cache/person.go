package cache

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"

	"rolecall/internal/identitycenter"
)

// Named reports whether it is known who made the last sign-in here.
func (n SessionNote) Named() bool { return n.Person != "" && n.PersonOf.Equal(n.Login) }

// NotePerson notes that name is who made the session's last sign-in here, as a keyed hash, and reports whether the
// sign-in before was another person's.
func (s *Store) NotePerson(
	ctx context.Context, session identitycenter.SSOSession, name string,
) (another bool, err error) {
	unlock, err := s.LockRefresh(ctx, session) // which guards the note
	if err != nil {
		return false, err
	}
	defer unlock()
	note := s.SessionNote(session)
	if note.Login.IsZero() {
		return false, nil // another tool's sign-in
	}
	key, err := s.noteKey()
	if err != nil {
		return false, err
	}
	m := hmac.New(sha256.New, key)
	m.Write([]byte(name))
	hash := hex.EncodeToString(m.Sum(nil))
	another = note.Person != "" && note.Person != hash
	note.Person, note.PersonOf = hash, note.Login
	return another, s.SaveSessionNote(session, note)
}

// noteKey returns the key of hashes in notes, which is made when it is first needed. A file that is no key is replaced.
func (s *Store) noteKey() ([]byte, error) {
	path := filepath.Join(s.State, "note.key")
	if key, err := s.Files.ReadSecret(path); err == nil && len(key) == sha256.Size {
		return key, nil
	}
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return key, s.Files.WriteSecret(path, key)
}
