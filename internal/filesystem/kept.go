package filesystem

import (
	"errors"
	"os"
	"path/filepath"
)

// A Kept is a file that is useful only while its writer runs. It is named like a temporary file, so a sweep removes it
// after a crash. It is not safe for concurrent use.
type Kept struct {
	Path string
	file *os.File
	lock *os.File
}

// Keep makes a file in dir, a folder of ours, 0600, with data. name is a part of its own.
func (f Files) Keep(dir, name string, data []byte) (*Kept, error) {
	if err := f.makeDir(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, name)
	if err := f.fault("create", path); err != nil {
		return nil, err
	}
	file, lock, err := newTemp(path)
	if err != nil {
		return nil, err
	}
	k := &Kept{file.Name(), file, lock} // on Windows an open file cannot be removed
	if err := k.Write(data); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

// Write replaces the content, in place.
func (k *Kept) Write(data []byte) error {
	if _, err := k.file.WriteAt(data, 0); err != nil {
		return err
	}
	return k.file.Truncate(int64(len(data)))
}

// Close removes the file.
func (k *Kept) Close() error {
	k.file.Close()
	err := os.Remove(k.Path)
	_ = k.lock.Close()
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// TakeAbandoned removes a kept file whose writer is gone, and returns its content, which may name more to remove.
func TakeAbandoned(path string) (data []byte, taken bool) {
	data, err := Files{}.ReadSecret(path)
	if err != nil {
		return nil, false
	}
	removeAbandoned(path)
	_, err = os.Lstat(path)
	return data, errors.Is(err, os.ErrNotExist)
}

// KeptIn returns the paths of the kept files in dir with that name, of writers that run and of those that crashed.
func KeptIn(dir, name string) []string {
	entries, err := os.ReadDir(dir) // a folder's name may be a pattern
	if err != nil {
		return nil
	}
	var all []string
	for _, entry := range entries {
		if prefix := tempPrefix(name); len(entry.Name()) > len(prefix) && entry.Name()[:len(prefix)] == prefix {
			all = append(all, filepath.Join(dir, entry.Name()))
		}
	}
	return all
}
