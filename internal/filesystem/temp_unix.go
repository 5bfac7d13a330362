//go:build unix

package filesystem

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// hold locks a new temporary file until the returned descriptor of it is closed. It is one of its own, so that the file
// can be closed before it is renamed. Where files cannot be locked, its age says whether it is in use.
func hold(name string) (*os.File, error) {
	file, err := os.OpenFile(name, os.O_RDWR|noFollow|noWait, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errSwept
	}
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	info, statError := file.Stat()
	if errors.Is(err, unix.EWOULDBLOCK) || statError != nil || hardLinks(info) == 0 {
		file.Close()
		return nil, errSwept
	}
	return file, nil
}

// removeAbandoned removes a temporary file if its writer is gone: then nobody holds its lock.
func removeAbandoned(name string) {
	file, err := os.OpenFile(name, os.O_RDONLY|noFollow|noWait, 0)
	if err != nil {
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || foreignOwner(info) {
		return
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	cannotLock := err != nil && !errors.Is(err, syscall.EWOULDBLOCK)
	if err == nil || cannotLock && old(info, time.Hour) {
		_ = os.Remove(name)
	}
}
