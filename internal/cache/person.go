package cache

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"time"

	"rolecall/internal/identitycenter"
)

// askAgainAfter is how long to wait, after no answer, before asking again who signed in: asking delays the command.
const askAgainAfter = 10 * time.Minute

// Unnamed reports whether to ask who made the last sign-in here.
func (n SessionNote) Unnamed(now time.Time) bool {
	named := n.Person != "" && n.PersonOf.Equal(n.Login)
	return !n.Login.IsZero() && !named && now.Sub(n.Asked).Abs() >= askAgainAfter
}

// PersonKey returns the beginning of the keyed hash of who made the last sign-in here; empty if nobody has asked since.
func (n SessionNote) PersonKey() string {
	const length = 16
	if len(n.Person) < length || !n.PersonOf.Equal(n.Login) {
		return ""
	}
	return n.Person[:length]
}

// NotePerson records, as a keyed hash, that name made the session's sign-in of login, and reports whether the sign-in
// before it was another person's. Without a name it records that there was no answer.
func (s *Store) NotePerson(
	ctx context.Context, session identitycenter.SSOSession, login time.Time, name string,
) (another bool, err error) {
	unlock, err := s.LockRefresh(ctx, session) // which guards the note
	if err != nil {
		return false, err
	}
	defer unlock()
	note := s.SessionNote(session)
	if !note.Login.Equal(login) {
		return false, nil // somebody has signed in since, or out
	}
	if name == "" {
		note.Asked = s.Now().UTC()
		return false, s.SaveSessionNote(session, note)
	}
	key, err := s.noteKey(ctx)
	if err != nil {
		return false, err
	}
	m := hmac.New(sha256.New, key)
	m.Write([]byte(name))
	hash := hex.EncodeToString(m.Sum(nil))
	another = note.Person != "" && note.Person != hash
	note.Person, note.PersonOf = hash, login
	return another, s.SaveSessionNote(session, note)
}

// noteKey returns the key of hashes in notes, which is made when it is first needed. A file that is no key is replaced.
func (s *Store) noteKey(ctx context.Context) ([]byte, error) {
	path := filepath.Join(s.State, "note.key")
	if key, err := s.Files.ReadSecret(path); err == nil && len(key) == sha256.Size {
		return key, nil
	}
	lock, err := s.Files.Lock(ctx, filepath.Join(s.State, "locks", "note-key.lock"), "", nil)
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	key, err := s.Files.ReadSecret(path)
	if err == nil && len(key) == sha256.Size || err != nil && !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	key = make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return key, s.Files.WriteSecret(path, key)
}
