package inventory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
)

// ErrNone means that no listing of the session is stored.
var ErrNone = errors.New("no listing is stored")

// A Store keeps one person's listings. Its files, each of a session at a portal:
//
//	Dir/<sha256>.json     the last complete listing
//	Dir/<sha256>.partial  the pages of a listing that has not ended yet
//	Dir/<sha256>.lock     held while one is made
//	Dir/uses.log          which roles were used when
type Store struct {
	Dir   string // of rolecall's state folder
	Files filesystem.Files
	Now   func() time.Time
}

// A Place is what a listing is of: a session, and the portal that was asked.
type Place struct {
	Session identitycenter.SSOSession
	Portal  string    // endpoint
	Login   time.Time // the last sign-in that is known of; zero: none
}

func (s *Store) path(p Place, ending string) string {
	sum := sha256.Sum256(
		[]byte(strings.Join([]string{p.Session.Name, p.Session.StartURL, p.Session.Region, p.Portal}, "\x00")),
	)
	return filepath.Join(s.Dir, hex.EncodeToString(sum[:])+ending)
}

// A stored listing. Role names repeat in every account, so an account holds their
// places in Roles.
type storedListing struct {
	Version  int             `json:"version"`
	Session  string          `json:"session,omitempty"`
	StartURL string          `json:"startUrl"`
	Region   string          `json:"region"`
	Portal   string          `json:"portalEndpoint"`
	TakenAt  time.Time       `json:"takenAt"`
	EndedAt  time.Time       `json:"endedAt"`
	Roles    []string        `json:"roles"`
	Accounts []storedAccount `json:"accounts"`
}

type storedAccount struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Roles []int  `json:"roles"`
}

const storedVersion = 1

// maxStored bounds the file: a hundred thousand accounts with long names.
const maxStored = 64 << 20

// Load returns the last complete listing, or ErrNone: there is none, or it cannot be used
// (written by a newer rolecall, or damaged), so the portal has to be asked.
func (s *Store) Load(p Place) (*Inventory, error) {
	data, err := s.read(s.path(p, ".json"))
	if err != nil {
		return nil, err
	}
	var f storedListing
	if json.Unmarshal(data, &f) != nil || f.Version != storedVersion || f.Accounts == nil {
		return nil, ErrNone
	}
	accounts := make([]Account, len(f.Accounts))
	roles := make([]string, 0, 8*len(accounts)) // one piece of memory for most
	for i, a := range f.Accounts {
		if !IsAccountID(a.ID) {
			return nil, ErrNone
		}
		from := len(roles)
		for _, n := range a.Roles {
			if n < 0 || n >= len(f.Roles) {
				return nil, ErrNone
			}
			roles = append(roles, f.Roles[n])
		}
		accounts[i] = Account{ID: a.ID, Name: a.Name, Email: a.Email, Roles: roles[from:len(roles):len(roles)]}
	}
	return &Inventory{Session: p.Session, TakenAt: f.TakenAt, Accounts: accounts, ended: f.EndedAt}, nil
}

func (s *Store) read(path string) ([]byte, error) {
	data, err := s.Files.ReadOwn(path, maxStored)
	if err != nil {
		return nil, ErrNone
	}
	return data, nil
}

// save stores a complete listing in one step.
func (s *Store) save(p Place, inv *Inventory) error {
	f := storedListing{
		Version: storedVersion, Session: p.Session.Name, StartURL: p.Session.StartURL, Region: p.Session.Region,
		Portal:  p.Portal,
		TakenAt: inv.TakenAt, EndedAt: inv.ended, Roles: []string{}, Accounts: make([]storedAccount, len(inv.Accounts)),
	}
	places := map[string]int{}
	for i, a := range inv.Accounts {
		numbers := make([]int, len(a.Roles))
		for n, role := range a.Roles {
			place, known := places[role]
			if !known {
				place = len(f.Roles)
				places[role], f.Roles = place, append(f.Roles, role)
			}
			numbers[n] = place
		}
		f.Accounts[i] = storedAccount{a.ID, a.Name, a.Email, numbers}
	}
	data, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return s.Files.WriteSecret(s.path(p, ".json"), append(data, '\n'))
}

// Remove forgets the listings of a session, whole and begun ones.
func (s *Store) Remove(p Place) error {
	return errors.Join(s.Files.Remove(s.path(p, ".json")), s.Files.Remove(s.path(p, ".partial")))
}

// lock lets one process list a session at a time.
func (s *Store) lock(ctx context.Context, p Place, waiting func()) (*filesystem.Lock, error) {
	return s.Files.Lock(ctx, s.path(p, ".lock"), "", func(string) { waiting() })
}

// Old reports whether a listing should be made again: it is older than maxAge, or
// than the last sign-in, which may be another person's or know of new roles, or of a
// time that has not come yet.
func (p Place) Old(inv *Inventory, now time.Time, maxAge time.Duration) bool {
	age := now.Sub(inv.TakenAt)
	return age > maxAge || age < -time.Minute || inv.TakenAt.Before(p.Login)
}

// journalLife is how long the pages of an interrupted listing are good for.
const journalLife = time.Hour

// A journal holds the pages that came, in lines of JSON, so that an interrupted
// listing goes on where it was. What cannot be written is asked for again: that is
// all that a full disk costs.
type journal struct {
	file *os.File // nil: nothing is kept
}

// journalHead is the first line: pages of another listing are of no use.
type journalHead struct {
	Version  int       `json:"version"`
	StartURL string    `json:"startUrl"`
	Login    time.Time `json:"signedInAt"`
	Begun    time.Time `json:"begun"`
}

// A page is an answer of the portal: of ListAccounts, or of ListAccountRoles when it
// names an account.
type page struct {
	Account  string                   `json:"account,omitempty"`
	Accounts []identitycenter.Account `json:"accounts,omitempty"`
	Roles    []string                 `json:"roles,omitempty"`
	Denied   bool                     `json:"denied,omitempty"` // the roles were refused
	Next     string                   `json:"next,omitempty"`   // token of the next page
	refusal  error                    // in the portal's words, if it was just asked
}

// openJournal returns the journal to go on with, the pages that are in it, and when it was
// begun.
func (s *Store) openJournal(p Place) (*journal, []page, time.Time) {
	path := s.path(p, ".partial")
	head := journalHead{storedVersion, p.Session.StartURL, p.Login.UTC(), s.Now().UTC()}
	pages, length, begun := s.readJournal(path, head)
	if begun.IsZero() {
		begun = head.Begun
		first, err := json.Marshal(head)
		if err != nil || s.Files.WriteSecret(path, append(first, '\n')) != nil {
			return &journal{}, nil, begun
		}
		length = int64(len(first)) + 1
	}
	file, err := s.Files.OpenOwn(path, os.O_WRONLY)
	if err != nil {
		return &journal{}, pages, begun
	}
	// A line that a kill cut short is written over.
	err = file.Truncate(length)
	if _, seekError := file.Seek(length, io.SeekStart); err != nil || seekError != nil {
		file.Close()
		return &journal{}, pages, begun
	}
	return &journal{file}, pages, begun
}

// readJournal reads the whole lines of a journal that is good for head, and when it was
// begun; zero: there is none.
func (s *Store) readJournal(path string, head journalHead) (pages []page, length int64, begun time.Time) {
	data, err := s.read(path)
	if err != nil {
		return nil, 0, begun
	}
	var there journalHead
	for line := range strings.Lines(string(data)) {
		if !strings.HasSuffix(line, "\n") {
			break
		}
		if length == 0 {
			if json.Unmarshal([]byte(line), &there) != nil || there.Version != head.Version || there.StartURL != head.StartURL ||
				!there.Login.Equal(head.Login) || head.Begun.Sub(there.Begun) > journalLife || there.Begun.After(head.Begun) {
				return nil, 0, begun
			}
		} else {
			var next page
			if json.Unmarshal([]byte(line), &next) != nil {
				break
			}
			pages = append(pages, next)
		}
		length += int64(len(line))
	}
	return pages, length, there.Begun
}

// add keeps a page. After a failure nothing is added any more: a gap must not be taken
// for whole.
func (j *journal) add(p page) {
	if j.file == nil {
		return
	}
	line, err := json.Marshal(p)
	if err == nil {
		_, err = j.file.Write(append(line, '\n'))
	}
	if err != nil {
		j.close()
	}
}

func (j *journal) close() {
	if j.file != nil {
		j.file.Close()
		j.file = nil
	}
}
