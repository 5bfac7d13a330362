package filesystem

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// How long a file may be busy: Windows refuses to replace or remove one that another program reads, be it a virus
// scanner or a process of ours, and to open one that is just being replaced.
const (
	busyLimit = 2 * time.Second
	openLimit = 250 * time.Millisecond
)

func rename(from, to string) error {
	return whileBusy(busyLimit, func() error { return os.Rename(from, to) })
}

func remove(path string) error {
	return whileBusy(busyLimit, func() error { return os.Remove(path) })
}

func open(path string) (*os.File, error) { return openFile(path, os.O_RDONLY) }

func openFile(path string, flags int) (file *os.File, err error) {
	err = whileBusy(openLimit, func() error {
		file, err = os.OpenFile(path, flags, 0o600)
		return err
	})
	return file, err
}

func tighten(dir string) error { return os.Chmod(dir, 0o700) }

func whileBusy(limit time.Duration, do func() error) error {
	started := time.Now()
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		err := do()
		busy := errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION)
		if !busy || time.Since(started) > limit {
			return err
		}
		time.Sleep(pause)
	}
}

// refuseLink returns an error if path is a link: files of ours are never one, and Windows has no O_NOFOLLOW.
func refuseLink(path string) error {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() != 0 {
		return &os.PathError{Op: "read", Path: path, Err: ErrNoFile}
	}
	return nil
}
