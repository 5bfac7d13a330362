package filesystem

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// maxShared bounds a shared file.
const maxShared = 4096

// UpdateShared replaces the content of a small file that many processes change:
// change gets what is there, empty for a new file, and returns what shall be. It
// holds a lock beside the file (path.lock) meanwhile, and waits for it until ctx
// ends. The file is written in place without waiting for the disk, so a crash may
// leave anything in it: its content must be such that it can be checked, and lost.
func (f Files) UpdateShared(ctx context.Context, path string, change func(old []byte) []byte) error {
	if err := refuseLink(path); err != nil {
		return err
	}
	// A lock on the file itself would keep other handles from it on Windows.
	lock, err := f.Hold(ctx, path+".lock")
	if err != nil {
		return err
	}
	defer lock.Unlock()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|noFollow|noWait, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	return rewrite(file, change)
}

// Hold takes the lock at path for an instant, waiting until ctx ends; then the error is the context's cause. Unlike
// Lock it does not write into the file who holds it.
func (f Files) Hold(ctx context.Context, path string) (*Lock, error) {
	if err := f.fault("lock", path); err != nil {
		return nil, err
	}
	if err := errors.Join(ownFolder(filepath.Dir(path)), refuseLink(path)); err != nil {
		return nil, err
	}
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow|noWait), flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if errors.Is(err, fs.ErrNotExist) {
		if err := f.makeDir(filepath.Dir(path)); err != nil {
			return nil, err
		}
		ok, err = lock.TryLock()
	}
	for ; !ok && err == nil; ok, err = lock.TryLock() {
		select {
		case <-ctx.Done():
			_ = lock.Close()
			return nil, context.Cause(ctx)
		case <-time.After(time.Millisecond):
		}
	}
	if err != nil {
		_ = lock.Close()
		return nil, odd(path, err)
	}
	return &Lock{lock}, nil
}

func rewrite(file *os.File, change func(old []byte) []byte) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	switch {
	case !info.Mode().IsRegular():
		return &fs.PathError{Op: "open", Path: file.Name(), Err: ErrNoFile}
	case foreignOwner(info):
		return &fs.PathError{Op: "open", Path: file.Name(), Err: ErrForeignOwner}
	case hardLinks(info) > 1:
		return &fs.PathError{Op: "open", Path: file.Name(), Err: ErrOtherNames}
	}
	old, err := io.ReadAll(io.LimitReader(file, maxShared))
	if err != nil {
		return err
	}
	content := change(old)
	if _, err := file.WriteAt(content, 0); err != nil {
		return err
	}
	if info.Size() > int64(len(content)) {
		return file.Truncate(int64(len(content)))
	}
	return nil
}
