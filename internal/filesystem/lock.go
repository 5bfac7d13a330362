package filesystem

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// ErrLocked means that another process held the lock until the deadline.
var ErrLocked = errors.New("locked by another process")

// A Lock is held by one process at a time, and released when it ends.
type Lock struct{ flock *flock.Flock }

// Lock takes the lock at path, waiting until ctx ends; then the error is the context's cause. waiting, when not nil,
// is called once before the first wait with what the holder wrote about itself. The file is never deleted: that would
// make two locks.
func (f Files) Lock(ctx context.Context, path, holder string, waiting func(holder string)) (*Lock, error) {
	if err := f.fault("lock", path); err != nil {
		return nil, err
	}
	if err := f.makeDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := refuseLink(path); err != nil {
		return nil, err
	}
	l := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow|noWait), flock.SetPermissions(0o600))
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		ok, err := l.TryLock()
		if err != nil {
			return nil, odd(path, err)
		}
		if ok {
			if err := f.sign(path, holder); err != nil {
				_ = l.Close()
				return nil, err
			}
			return &Lock{l}, nil
		}
		if waiting != nil {
			waiting(readHolder(path))
			waiting = nil
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(pause/2 + rand.N(pause/2)):
		}
	}
}

// sign writes the holder into the lock's file, as a hint for those who wait: on Windows a locked file cannot be
// written, so the hint is missing there. A file with other owners or names is refused.
func (f Files) sign(path, holder string) error {
	file, err := f.OpenOwn(path, os.O_WRONLY)
	if err != nil {
		return err
	}
	defer file.Close()
	_ = file.Truncate(0)
	_, _ = file.WriteString(holder)
	return nil
}

// TryLock takes the lock at path if it is free; else the error is ErrLocked.
func (f Files) TryLock(path string) (*Lock, error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(ErrLocked)
	return f.Lock(ctx, path, "", nil)
}

func readHolder(path string) string {
	data, _ := Files{}.ReadOwn(path, 4096)
	holder, _, _ := strings.Cut(string(data), "\n")
	return holder
}

// Unlock releases the lock.
func (l *Lock) Unlock() { _ = l.flock.Close() }
