package sqlite

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"rolecall/internal/idc/store"
)

// Bounds of one step of Tidy, and what it leaves alone.
const (
	tidyRows  = 256
	tidyPages = 256
	// sparePages stay in the file for the next entries.
	sparePages = 64
	// quiet is the number of Views and Updates between two steps below which the memo may be dropped.
	quiet = 100
)

// tidied is what Tidy remembers between two steps.
type tidied struct {
	mu     sync.Mutex
	asked  int64 // at the last step
	rested bool  // since somebody asked much
}

// Tidy is in store.Store.
func (s *Store) Tidy(ctx context.Context, now time.Time) (more bool, err error) {
	s.tidied.mu.Lock()
	defer s.tidied.mu.Unlock()
	swept := 0
	err = s.Update(ctx, func(t store.Tx) (err error) {
		swept, err = t.(*tx).sweep(now, tidyRows)
		return err
	})
	if err != nil || swept == tidyRows {
		return swept == tidyRows, err
	}
	if more, err = s.shrink(ctx); more || err != nil {
		return more, err
	}
	asked := s.asked.Load()
	calm := asked-s.tidied.asked < quiet
	s.tidied.asked = asked
	if !calm || s.tidied.rested {
		s.tidied.rested = calm
		return false, nil
	}
	s.tidied.rested = true
	return false, s.rest(ctx)
}

// sweep deletes entries that ended before now, those first that ended first, and returns how many.
func (t *tx) sweep(now time.Time, most int) (n int, err error) {
	return t.deleted("DELETE FROM entry WHERE (kind, id) IN (SELECT kind, id FROM entry WHERE ends > 0 AND ends < ? "+
		"ORDER BY ends LIMIT ?) RETURNING kind, id, mac", now.UnixMilli(), most)
}

// shrink returns free pages to the system, and reports whether there are more.
func (s *Store) shrink(ctx context.Context) (more bool, err error) {
	c, err := s.takeWriter(ctx)
	if err != nil {
		return false, err
	}
	defer func() { s.writer <- c }()
	free := 0
	if err := c.row("PRAGMA freelist_count").Scan(&free); err != nil || free <= sparePages {
		return false, err
	}
	if _, err := c.exec("PRAGMA incremental_vacuum(256)"); err != nil {
		return false, err
	}
	left := 0
	err = c.row("PRAGMA freelist_count").Scan(&left)
	return left > sparePages && left < free, err
}

func (s *Store) takeWriter(ctx context.Context) (*conn, error) {
	select {
	case c := <-s.writer:
		return c, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-s.closed:
		return nil, ErrClosed
	}
}

// rest forgets what was remembered, cuts the log, and returns memory to the system.
func (s *Store) rest(ctx context.Context) error {
	s.memo.clear()
	c, err := s.takeWriter(ctx)
	if err != nil {
		return err
	}
	if err = c.shrink(); err == nil && !s.memory {
		err = c.checkpoint()
	}
	s.writer <- c
	for range readConnections { // those at rest; the others are in use
		select {
		case r := <-s.readers:
			if err == nil {
				err = r.shrink()
			}
			s.readers <- r
		default:
		}
	}
	debug.FreeOSMemory()
	return err
}

// shrink frees the pages that the connection remembers.
func (c *conn) shrink() error {
	_, err := c.exec("PRAGMA shrink_memory")
	return err
}

// checkpoint moves the log into the database, and cuts both to size, unless a long reader such as Backup is in the way.
func (c *conn) checkpoint() error {
	if _, err := c.exec("PRAGMA busy_timeout = 100"); err != nil {
		return err
	}
	_, _ = c.exec("PRAGMA wal_checkpoint(TRUNCATE)")
	_, err := c.exec("PRAGMA busy_timeout = 10000")
	return err
}

// makeShrinkable lets a database shrink step by step. Those of older rolecalls are rewritten once; one that has no room
// for that, on a full disk, stays as it is until the next start.
func makeShrinkable(c *conn) error {
	const incremental = 2
	mode := 0
	if err := c.row("PRAGMA auto_vacuum").Scan(&mode); err != nil || mode == incremental {
		return err
	}
	if _, err := c.exec("PRAGMA auto_vacuum = INCREMENTAL"); err != nil {
		return err
	}
	_, _ = c.exec("VACUUM")
	return nil
}
