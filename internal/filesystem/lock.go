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
	l := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow), flock.SetPermissions(0o600))
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		ok, err := l.TryLock()
		if err != nil {
			return nil, err
		}
		if ok {
			// A hint for those who wait. On Windows a locked file cannot be written by name, so there is none.
			_ = os.WriteFile(path, []byte(holder), 0o600)
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

func readHolder(path string) string {
	data, _ := os.ReadFile(path)
	holder, _, _ := strings.Cut(string(data), "\n")
	return holder
}

// Unlock releases the lock.
func (l *Lock) Unlock() { _ = l.flock.Close() }
