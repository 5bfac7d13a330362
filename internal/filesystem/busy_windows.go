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

// Open opens a file that others may be replacing.
func Open(path string) (*os.File, error) { return open(path) }

func open(path string) (file *os.File, err error) {
	err = whileBusy(openLimit, func() error {
		file, err = os.Open(path)
		return err
	})
	return file, err
}

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

// refuseLink returns an error if path is a link: a lock file is never one, and Windows has no O_NOFOLLOW.
func refuseLink(path string) error {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() != 0 {
		return &os.PathError{Op: "lock", Path: path, Err: ErrNoFile}
	}
	return nil
}
