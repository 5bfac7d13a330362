// Package filesystem is the one way rolecall touches files that matter: whole
// and bounded reads, atomic writes, locks that end with their holder. It keeps
// to itself how a file is replaced without a moment in which it is torn.
package filesystem

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// MaxSecretFile bounds a cache file: those of real tools stay below 16 KiB.
const MaxSecretFile = 1 << 20

// ErrTooLarge is returned for a file beyond the reader's bound.
var ErrTooLarge = errors.New("file is too large")

// ErrForeignOwner is returned for a secret file that belongs to another user: its content was planted, or is not ours
// to use.
var ErrForeignOwner = errors.New("file belongs to another user")

// Files reads and writes files. The zero value uses the real file system.
type Files struct {
	// Fault, when set, is asked before each step with its name (read, mkdir,
	// create, write, sync, rename, remove, lock) and path; its error is that
	// step's. Tests fill disks with it.
	Fault func(step, path string) error
}

func (f Files) fault(step, path string) error {
	if f.Fault == nil {
		return nil
	}
	if err := f.Fault(step, path); err != nil {
		return &fs.PathError{Op: step, Path: path, Err: err}
	}
	return nil
}

// ReadSecret reads a whole file of at most MaxSecretFile bytes. A file that
// others may read is tightened to 0600; one of another owner is refused, and so is a link.
func (f Files) ReadSecret(path string) ([]byte, error) { return f.ReadOwn(path, MaxSecretFile) }

// WriteSecret replaces the file at path with data, 0600 in a folder of 0700: after a crash at any moment it has the
// old or the new content.
func (f Files) WriteSecret(path string, data []byte) error {
	p, err := f.Reserve(path, len(data))
	if err != nil {
		return err
	}
	defer p.Discard()
	return p.Commit(data)
}

// A Pending is disk space reserved for a file's next content.
type Pending struct {
	files Files
	path  string
	temp  *os.File
	// lock is a second descriptor of the temporary file, which keeps sweeps away; nil on Windows.
	lock *os.File
}

// Reserve writes size bytes beside path and waits until they are on disk, so that a full or read-only disk is noticed
// before an act that cannot be repeated. Call Commit, and Discard in any case.
func (f Files) Reserve(path string, size int) (*Pending, error) {
	dir := filepath.Dir(path)
	if err := f.makeDir(dir); err != nil {
		return nil, err
	}
	if err := f.fault("create", path); err != nil {
		return nil, err
	}
	temp, lock, err := newTemp(path)
	if err != nil {
		return nil, err
	}
	p := &Pending{files: f, path: path, temp: temp, lock: lock}
	if err := p.fill(make([]byte, size)); err != nil {
		p.Discard()
		return nil, err
	}
	return p, nil
}

func (p *Pending) fill(data []byte) error {
	if err := p.files.fault("write", p.path); err != nil {
		return err
	}
	if _, err := p.temp.WriteAt(data, 0); err != nil {
		return err
	}
	if err := p.temp.Truncate(int64(len(data))); err != nil {
		return err
	}
	if err := p.files.fault("sync", p.path); err != nil {
		return err
	}
	return p.temp.Sync()
}

// Commit puts data in the place of the file.
func (p *Pending) Commit(data []byte) error {
	if err := p.fill(data); err != nil {
		return err
	}
	if err := p.temp.Close(); err != nil {
		return err
	}
	if err := p.files.fault("rename", p.path); err != nil {
		return err
	}
	if err := rename(p.temp.Name(), p.path); err != nil {
		if info, statError := os.Lstat(p.path); statError == nil && info.IsDir() {
			err = &fs.PathError{Op: "write", Path: p.path, Err: ErrNoFile}
		}
		return err
	}
	p.done()
	return syncDir(filepath.Dir(p.path))
}

// Discard frees the space. After a Commit it does nothing.
func (p *Pending) Discard() {
	if p.temp != nil {
		p.temp.Close()
		_ = os.Remove(p.temp.Name())
		p.done()
	}
}

// done forgets the temporary file: it is gone, or has its place.
func (p *Pending) done() {
	p.temp = nil
	_ = p.lock.Close()
}

// Remove deletes the file at path, if there is one.
func (f Files) Remove(path string) error {
	if err := f.fault("remove", path); err != nil {
		return err
	}
	err := remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if info, statError := os.Lstat(path); err != nil && statError == nil && info.IsDir() {
		err = &fs.PathError{Op: "remove", Path: path, Err: ErrNoFile}
	}
	return err
}

// RemoveAll is Remove of the file and of its damaged versions that SetAside has kept.
func (f Files) RemoveAll(path string) error {
	return errors.Join(f.Remove(path), f.RemoveAside(path))
}

// RemoveAside removes the damaged versions of the file that SetAside has kept.
func (f Files) RemoveAside(path string) (err error) {
	for n := 1; n <= keptAside; n++ {
		err = errors.Join(err, f.Remove(damagedName(path, n)))
	}
	return err
}

func damagedName(path string, n int) string { return fmt.Sprintf("%s.damaged-%d", path, n) }

// keptAside is how many damaged versions of one file stay.
const keptAside = 3

// SetAside renames a damaged file by adding .damaged-N, N from 1 to 3, and returns the new name. The third is
// overwritten when all are taken. The name is empty when the file could not be moved.
func (f Files) SetAside(path string) (string, error) {
	if err := f.fault("rename", path); err != nil {
		return "", err
	}
	var aside string
	for n := 1; n <= keptAside; n++ {
		aside = damagedName(path, n)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err := rename(path, aside); err != nil {
		return "", err
	}
	return aside, nil
}

// Tidy writes home as ~ in a path that is shown to a person.
func Tidy(path, home string) string {
	if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok && home != "" {
		return filepath.Join("~", rest)
	}
	return path
}
