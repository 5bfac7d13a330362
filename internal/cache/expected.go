package cache

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Checks that keys are whose a profile expects: an empty file for each, named by a hash.

// keptExpected is how long a check is kept: no role session is longer.
const keptExpected = 12 * time.Hour

// NoteExpected records a check, and forgets old ones.
func (s *Store) NoteExpected(check ...string) error {
	dir := filepath.Join(s.State, "expected")
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && s.Now().Sub(info.ModTime()) > keptExpected {
			_ = s.Files.Remove(filepath.Join(dir, entry.Name()))
		}
	}
	return s.Files.WriteSecret(filepath.Join(dir, ownName(check...)), nil)
}

// WasExpected reports whether NoteExpected was called with the same check.
func (s *Store) WasExpected(check ...string) bool {
	_, err := s.Files.ReadSecret(filepath.Join(s.State, "expected", ownName(check...)))
	return err == nil
}
