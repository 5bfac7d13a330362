package project

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rolecall/internal/filesystem"
)

// A State is how a file stands with the person.
type State string

// The states of a file.
const (
	Trusted   State = "trusted"
	Untrusted State = "untrusted"
	Changed   State = "changed" // since it was trusted
	Ignored   State = "ignored" // it has a problem
	Missing   State = "missing" // it was trusted, and is gone
)

// An Entry is a file that was trusted with some content.
type Entry struct {
	Path string    `json:"path"`
	Hash string    `json:"sha256"`
	At   time.Time `json:"trustedAt"`
}

// A Store remembers what a person has trusted, in a file of rolecall's state folder. Without a folder it remembers
// nothing.
type Store struct {
	Dir   string
	Files filesystem.Files
	Now   func() time.Time
}

const (
	storeName = "trusted.json"
	lockName  = "trusted.lock"
	maxStore  = 4 << 20
	// maxWait is how long another process may hold the lock, which takes it for one write.
	maxWait = 5 * time.Second
)

// State returns how a file stands.
func (s Store) State(f File) State {
	if f.Problem != "" {
		return Ignored
	}
	for _, e := range s.List() {
		switch {
		case e.Path != f.Path:
		case e.Hash == f.Hash:
			return Trusted
		default:
			return Changed
		}
	}
	return Untrusted
}

// Look returns how an entry's file stands today.
func (s Store) Look(e Entry) State {
	f, err := In(filepath.Dir(e.Path))
	switch {
	case err != nil || f.Path != e.Path:
		return Missing
	case f.Problem != "":
		return Ignored
	case f.Hash != e.Hash:
		return Changed
	}
	return Trusted
}

// List returns what was trusted, by path. A list that cannot be read is an empty one: nothing counts then.
func (s Store) List() []Entry {
	if s.Dir == "" {
		return nil
	}
	data, err := s.Files.ReadOwn(filepath.Join(s.Dir, storeName), maxStore)
	var all []Entry
	if err != nil || json.Unmarshal(data, &all) != nil {
		return nil
	}
	return all
}

// Trust remembers a file with the content that was read. It takes the place of what was trusted at that path before.
func (s Store) Trust(ctx context.Context, f File) error {
	if f.Problem != "" {
		return errors.New(f.Problem)
	}
	return s.change(ctx, func(all []Entry) []Entry {
		return append(without(all, f.Path), Entry{f.Path, f.Hash, s.Now().UTC().Truncate(time.Second)})
	})
}

// Revoke forgets the file of a folder, which may be gone, and reports whether it was trusted.
func (s Store) Revoke(ctx context.Context, dir string) (path string, found bool, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return "", false, err
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	path = filepath.Join(dir, Name)
	if !slices.ContainsFunc(s.List(), func(e Entry) bool { return e.Path == path }) {
		return path, false, nil
	}
	err = s.change(ctx, func(all []Entry) []Entry {
		rest := without(all, path)
		found = len(rest) < len(all)
		return rest
	})
	return path, found, err
}

func without(all []Entry, path string) []Entry {
	return slices.DeleteFunc(all, func(e Entry) bool { return e.Path == path })
}

// change replaces the list, one process at a time.
func (s Store) change(ctx context.Context, change func([]Entry) []Entry) error {
	if s.Dir == "" {
		return fs.ErrNotExist
	}
	ctx, cancel := context.WithTimeoutCause(ctx, maxWait, filesystem.ErrLocked)
	defer cancel()
	lock, err := s.Files.Hold(ctx, filepath.Join(s.Dir, lockName))
	if err != nil {
		return err
	}
	defer lock.Unlock()
	all := change(s.List())
	slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	if all == nil {
		all = []Entry{}
	}
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return s.Files.WriteSecret(filepath.Join(s.Dir, storeName), append(data, '\n'))
}
