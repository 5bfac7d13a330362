package cache

import (
	"os"
	"path/filepath"
	"time"
)

// Confirmations of guarded accounts, a file for each shell and account, which holds its time.

// keptConfirmed is how long a confirmation is kept at most.
const keptConfirmed = 12 * time.Hour

// Confirm notes that a person has just confirmed an account in a shell, and forgets old confirmations.
func (s *Store) Confirm(shell, account string) error {
	dir := filepath.Join(s.State, "confirmed")
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && s.Now().Sub(info.ModTime()) > keptConfirmed {
			_ = s.Files.Remove(filepath.Join(dir, entry.Name()))
		}
	}
	return s.Files.WriteSecret(s.confirmedPath(shell, account), []byte(s.Now().Format(time.RFC3339Nano)))
}

// Confirmed returns when Confirm was last called; zero: never.
func (s *Store) Confirmed(shell, account string) time.Time {
	text, err := s.Files.ReadSecret(s.confirmedPath(shell, account))
	if err != nil {
		return time.Time{}
	}
	at, _ := time.Parse(time.RFC3339Nano, string(text))
	return at
}

func (s *Store) confirmedPath(shell, account string) string {
	return filepath.Join(s.State, "confirmed", ownName(shell, account))
}
