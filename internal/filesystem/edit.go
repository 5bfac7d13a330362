package filesystem

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// An Editor changes shared files: one of our processes at a time, with a backup, and without losing what other
// programs write meanwhile.
type Editor struct {
	Files Files
	State string // our state folder, for locks and backups
	Now   func() time.Time
	// Keep returns the part of the old content that a backup keeps, nil for no backup; a nil Keep keeps all. It is for
	// files with secrets of ours.
	Keep func(old []byte) []byte
	// InPlace is told of a file that could not be replaced, and was written in place.
	InPlace func(path string)
}

// How long an edit waits for another one, and how often it tries.
const (
	editDeadline = 15 * time.Second
	editTries    = 3
)

// Edit reads a file, lets change make its new content, and replaces it. If that is nil or unchanged, the file is left
// untouched. When another program has changed the file meanwhile it starts over; after three tries the error is
// ErrChanged. It returns the backup of the old content; none for a new file.
func (e Editor) Edit(ctx context.Context, path string, change func(Shared) ([]byte, error)) (Backup, error) {
	unlock, err := e.lock(ctx, path)
	if err != nil {
		return Backup{}, err
	}
	defer unlock()
	Sweep(e.backups().Folder)
	for range editTries {
		var backup Backup
		backup, err = e.try(path, change)
		if !errors.Is(err, ErrChanged) {
			return backup, err
		}
		if ctx.Err() != nil {
			return Backup{}, context.Cause(ctx)
		}
	}
	return Backup{}, err
}

// Sweep removes what crashes have left beside the file at path, when no edit is under way.
func (e Editor) Sweep(ctx context.Context, path string) error {
	path, err := place(path)
	if err != nil || !leftBeside(path) {
		return nil // whoever edits the file says what is wrong with it
	}
	unlock, err := e.lock(ctx, path)
	if err != nil {
		return err
	}
	defer unlock()
	sweep(filepath.Dir(path), tempPrefix(path))
	return nil
}

func (e Editor) try(path string, change func(Shared) ([]byte, error)) (Backup, error) {
	s, err := e.Files.ReadShared(path)
	if err != nil {
		return Backup{}, err
	}
	sweep(filepath.Dir(s.target), tempPrefix(s.target)) // also if nothing is to change
	data, err := change(s)
	if err != nil || data == nil || bytes.Equal(data, s.Data) && !s.Missing {
		return Backup{}, err
	}
	if err := s.replaceable(); err != nil {
		return Backup{}, err
	}
	kept, backup := s, Backup{}
	if e.Keep != nil {
		kept.Data = e.Keep(s.Data)
	}
	if e.Keep == nil || kept.Data != nil {
		if backup, err = e.backups().Save(kept, data, e.Now()); err != nil {
			return Backup{}, fmt.Errorf("no backup of %s: %w", path, err)
		}
	}
	if err := e.replace(s, data); err != nil {
		if backup.Path != "" {
			_ = os.Remove(backup.Path) // its content is still in the file
		}
		return Backup{}, err
	}
	if s.Missing {
		return Backup{}, nil
	}
	return backup, nil
}

func (e Editor) replace(s Shared, data []byte) error {
	inPlace, err := e.Files.Replace(s, data)
	if inPlace && err == nil && e.InPlace != nil {
		e.InPlace(s.Path)
	}
	return err
}

// A ForeignChangeError is a file that was changed after rolecall wrote it. Backup is empty when there was no file
// before.
type ForeignChangeError struct{ Path, Backup string }

func (e *ForeignChangeError) Error() string {
	return e.Path + " has changed since rolecall wrote it: undo would lose that change"
}

// Undo restores the newest backup of a file, if the file still has what was written over it; else it returns a
// *ForeignChangeError. A file that did not exist before is removed. The next Undo goes back further.
func (e Editor) Undo(ctx context.Context, path string) error {
	unlock, err := e.lock(ctx, path)
	if err != nil {
		return err
	}
	defer unlock()
	s, err := e.Files.ReadShared(path)
	if err != nil {
		return err
	}
	backup, data, passed, err := e.backups().Last(s)
	switch {
	case err != nil:
		return err
	case !backup.Before(s) && backup.none:
		return &ForeignChangeError{Path: path}
	case !backup.Before(s):
		return &ForeignChangeError{path, backup.Path}
	case backup.none:
		err = e.Files.removeShared(s)
	default:
		err = e.replace(s, data)
	}
	for _, used := range append(passed, backup) {
		if err == nil {
			err = e.Files.Remove(used.Path)
		}
	}
	return err
}

func (e Editor) backups() Backups { return Backups{e.Files, filepath.Join(e.State, "backups")} }

// lock makes other edits of the same file wait, through whatever link they reach it.
func (e Editor) lock(ctx context.Context, path string) (unlock func(), err error) {
	if path, err = place(path); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, editDeadline, ErrLocked)
	defer cancel()
	name := filepath.Join(e.State, "locks", "edit-"+hash([]byte(path))[:16]+".lock")
	l, err := e.Files.Lock(ctx, name, fmt.Sprintf("process %d", os.Getpid()), nil)
	if err != nil {
		return nil, fmt.Errorf("lock of %s: %w", path, err)
	}
	return l.Unlock, nil
}
