// Package machine finds and reads what the administrator of this machine has set: policy.toml and config.toml in one
// folder. It keeps to itself where that is on each system, and who may write there: a file that others than the
// administrator could have changed is refused. No variable moves the folder.
package machine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// The files in Folder.
const (
	Policy = "policy.toml"
	Config = "config.toml"
)

// maxFile bounds a file: it is written by hand.
const maxFile = 64 << 10

// An UnsafeError says why a file of the machine cannot be trusted, or read.
type UnsafeError struct {
	Path    string // of the file
	Problem string
}

// Error names the file and the problem.
func (e *UnsafeError) Error() string { return e.Path + ": " + e.Problem }

// Exists reports whether there may be a policy: false only if there is certainly none.
func Exists() bool {
	_, err := os.Lstat(filepath.Join(Folder(), Policy))
	return !errors.Is(err, fs.ErrNotExist)
}

// Read reads a file of the folder. Without one the error is fs.ErrNotExist; otherwise it is an *UnsafeError.
func Read(folder, name string) ([]byte, error) {
	path := filepath.Join(folder, name)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fs.ErrNotExist
	}
	unsafe := func(err error) error { return &UnsafeError{path, err.Error()} }
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, unsafe(errors.New("it cannot be read: " + reason(err)))
	}
	if err := requireAdministrators(resolved); err != nil {
		return nil, unsafe(err)
	}
	file, err := openPlain(resolved)
	if err != nil {
		return nil, unsafe(errors.New("it cannot be read: " + reason(err)))
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, unsafe(errors.New("it cannot be read: " + reason(err)))
	case !info.Mode().IsRegular():
		return nil, unsafe(errors.New("it is not a regular file"))
	}
	if err := requireOpened(file); err != nil { // another one may have come between
		return nil, unsafe(err)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, unsafe(errors.New("it cannot be read: " + reason(err)))
	case len(data) > maxFile:
		return nil, unsafe(fmt.Errorf("it is larger than %d KiB", maxFile>>10))
	}
	return data, nil
}

// reason returns an error without the path, which is said already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err.Error()
}
