package filesystem

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ErrNoFolder is returned where a folder of ours should be: secrets are kept in no other place than they seem to be.
var ErrNoFolder = errors.New("a link, or not a folder")

// ErrOtherNames is returned for a file of ours that has other names (hard links): they may be somebody's files.
var ErrOtherNames = errors.New("has other names (hard links), which may be another's files")

// Read reads a whole file of at most limit bytes that another program, or a person, has written. Links are followed.
// What is no file, such as a pipe or a device, is never waited for: the error is ErrNoFile. The null device is empty.
func Read(path string, limit int64) ([]byte, error) {
	file, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return bounded(file, limit)
}

// Open opens a file that others may be replacing, by the rules of Read.
func Open(path string) (*os.File, error) {
	file, err := open(path)
	if err != nil {
		return nil, odd(path, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() && !isNull(info) {
		err = &fs.PathError{Op: "read", Path: path, Err: ErrNoFile}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func isNull(info fs.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(info, null)
}

func bounded(file *os.File, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = &fs.PathError{Op: "read", Path: file.Name(), Err: ErrTooLarge}
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// ReadOwn is ReadSecret with another bound.
func (f Files) ReadOwn(path string, limit int64) ([]byte, error) {
	if err := f.fault("read", path); err != nil {
		return nil, err
	}
	file, err := openOwn(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return bounded(file, limit)
}

// OpenOwn opens a file of ours for writing in place, with flags as in os.OpenFile; with O_CREATE it makes the folder,
// too. A file with other names (hard links) is refused: they may be somebody's files.
func (f Files) OpenOwn(path string, flags int) (*os.File, error) {
	if flags&os.O_CREATE != 0 {
		if err := f.makeDir(filepath.Dir(path)); err != nil {
			return nil, err
		}
	}
	file, err := openOwn(path, flags)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || hardLinks(info) > 1 {
		file.Close()
		return nil, errors.Join(err, &fs.PathError{Op: "write", Path: path, Err: ErrOtherNames})
	}
	return file, nil
}

// openOwn opens a file of ours. Links are not followed, neither to the file nor to its folder, and what is no file is
// not waited for: the error is ErrNoFile or ErrNoFolder. The file of another user is refused (ErrForeignOwner), and the
// rights of others are taken away.
func openOwn(path string, flags int) (*os.File, error) {
	if err := ownFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := refuseLink(path); err != nil {
		return nil, err
	}
	file, err := openFile(path, flags|noFollow|noWait)
	if err != nil {
		return nil, odd(path, err)
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = &fs.PathError{Op: "read", Path: path, Err: ErrNoFile}
	case foreignOwner(info):
		err = &fs.PathError{Op: "read", Path: path, Err: ErrForeignOwner}
	case info.Mode().Perm()&0o077 != 0 && hardLinks(info) == 1: // other names may be somebody's files
		_ = file.Chmod(0o600) // on a read-only disk it stays as it is
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// OtherNames reports whether a file has other names (hard links), which may be somebody's files.
func OtherNames(info fs.FileInfo) bool { return info.Mode().IsRegular() && hardLinks(info) > 1 }

// SetMode changes the rights of a file or folder, not of what a link in its place leads to. A file with other names is
// refused (ErrOtherNames).
func (f Files) SetMode(path string, mode fs.FileMode) error {
	if err := f.fault("chmod", path); err != nil {
		return err
	}
	if err := refuseLink(path); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|noFollow|noWait, 0)
	if err != nil {
		return odd(path, err)
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || OtherNames(info) {
		return errors.Join(err, &fs.PathError{Op: "chmod", Path: path, Err: ErrOtherNames})
	}
	return file.Chmod(mode)
}

// odd names what an open met that is no file: a link, a folder, a socket.
func odd(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist): // on Windows a missing folder is ENOTDIR, too
	case errors.Is(err, syscall.ENOTDIR):
		return &fs.PathError{Op: "read", Path: filepath.Dir(path), Err: ErrNoFolder}
	case errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.EISDIR):
		return &fs.PathError{Op: "read", Path: path, Err: ErrNoFile}
	}
	return err
}

// OwnFolder makes a folder of ours, 0700 whoever made it. A link in its place is refused (ErrNoFolder), and so is
// another user's folder (ErrForeignOwner).
func (f Files) OwnFolder(dir string) error { return f.makeDir(dir) }

// CheckFolder returns ErrNoFolder if there is something else than a folder, such as a link.
func CheckFolder(dir string) error { return ownFolder(dir) }

func ownFolder(dir string) error {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, syscall.ENOTDIR) && !errors.Is(err, fs.ErrNotExist): // on Windows a missing one is both
		return &fs.PathError{Op: "read", Path: filepath.Dir(dir), Err: ErrNoFolder}
	case err != nil:
		return nil // what comes next reports it
	case !info.IsDir():
		return &fs.PathError{Op: "read", Path: dir, Err: ErrNoFolder}
	}
	return nil
}

// makeDir makes dir with mode 0700, and removes other users' rights from an existing one.
func (f Files) makeDir(dir string) error {
	if err := f.fault("mkdir", dir); err != nil {
		return err
	}
	if err := ownFolder(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return odd(filepath.Join(dir, "."), err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if foreignOwner(info) {
		return &fs.PathError{Op: "mkdir", Path: dir, Err: ErrForeignOwner}
	}
	if info.Mode().Perm()&0o077 != 0 {
		return tighten(dir)
	}
	return nil
}
