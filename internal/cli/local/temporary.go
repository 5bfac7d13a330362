package local

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"rolecall/internal/filesystem"
	"rolecall/internal/idc/operator"
)

// temporaryPrefix begins the folders of servers without a data directory. The proxy's CA has its key there.
const temporaryPrefix = "rolecall-idc-"

// temporaryFolder makes a folder for a server without a data directory, and removes those of servers that were killed.
// remove removes the folder.
func temporaryFolder(now time.Time) (path string, remove func() error, err error) {
	var files filesystem.Files
	all, _ := filepath.Glob(filepath.Join(os.TempDir(), temporaryPrefix+"*"))
	for _, folder := range all {
		info, err := os.Lstat(folder)
		if err != nil || now.Sub(info.ModTime()) < time.Minute || operator.RequireOurs(folder) != nil {
			continue // another user's, or one that is just being made
		}
		if lock, err := files.TryLock(filepath.Join(folder, "lock")); err == nil {
			lock.Unlock()
			_ = os.RemoveAll(folder)
		}
	}
	if path, err = os.MkdirTemp("", temporaryPrefix); err != nil {
		return "", nil, err
	}
	lock, err := files.TryLock(filepath.Join(path, "lock"))
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(path))
	}
	return path, func() error { lock.Unlock(); return os.RemoveAll(path) }, nil
}
