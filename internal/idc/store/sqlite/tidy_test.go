package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/store"
)

// What strangers may ask often reads one row, however many there are.
func TestFirstAndCountSearchAnIndex(t *testing.T) {
	s := must(t)(Memory(key))
	defer s.Close()
	c := <-s.writer
	defer func() { s.writer <- c }()
	for query, want := range map[string]string{
		firstQuery: "SEARCH entry USING INDEX entry_kind_ends (kind=? AND ends>?)",
		countQuery: "SEARCH entry_count USING PRIMARY KEY (kind=?)",
	} {
		var plan []string
		err := c.each(func(row scanner) error {
			var id, parent, unused int
			var detail string
			err := row.Scan(&id, &parent, &unused, &detail)
			plan = append(plan, detail)
			return err
		}, "EXPLAIN QUERY PLAN "+query, "k")
		if err != nil || len(plan) != 1 || plan[0] != want {
			t.Errorf("%s: %q, %v", query, plan, err)
		}
	}
}

// flood puts entries of 1 KiB that end at a moment.
func flood(t *testing.T, s *Store, n int, ends time.Time) {
	t.Helper()
	value := []byte(`"` + strings.Repeat("x", 1<<10) + `"`)
	err := s.Update(t.Context(), func(tx store.Tx) error {
		var err error
		for i := range n {
			err = errors.Join(err, tx.Put(store.Entry{Kind: "k", ID: fmt.Sprint("flood", i), Ends: ends, Value: value}))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func tidyAll(t *testing.T, s *Store, now time.Time) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = s.Tidy(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
}

// After a flood the database, its log and the memo are small again: those of a new database, and those of an older
// rolecall, whose databases did not shrink.
func TestWhatEndedGivesItsSpaceBack(t *testing.T) {
	for _, version := range []int{0, 1} {
		path := filepath.Join(t.TempDir(), "idc.db")
		if version > 0 {
			old, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = old.ExecContext(t.Context(), "PRAGMA journal_mode = WAL;"+migrations[0]+
				"PRAGMA user_version = 1; INSERT INTO entry VALUES ('k', 'old', 0, '1')")
			if err := errors.Join(err, old.Close()); err != nil {
				t.Fatal(err)
			}
		}
		s := must(t)(Open(path, key))
		now := time.UnixMilli(1_900_000_000_000)
		flood(t, s, 1_000, now.Add(-time.Minute))
		if err := s.View(t.Context(), func(r store.Reader) error { _, err := r.Get("k", "flood7"); return err }); err != nil {
			t.Fatal(err)
		}
		tidyAll(t, s, now)
		tidyAll(t, s, now) // nobody has asked since
		if n := size(t, path) + size(t, path+"-wal"); n > 1<<19 {
			t.Errorf("version %d: %d bytes are left of 1,000 entries", version, n)
		}
		if s.memo.size != 0 || len(s.memo.entries) != 0 {
			t.Errorf("version %d: the memo still has %d answers", version, s.memo.size)
		}
		if err := s.View(t.Context(), func(r store.Reader) error {
			n, err := r.Count("k")
			if n != version { // the entry that was there before the upgrade
				t.Errorf("version %d: %d entries", version, n)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// While many ask, the memo stays.
func TestTheMemoStaysWhileItIsUsed(t *testing.T) {
	s := must(t)(Memory(key))
	defer s.Close()
	now := time.UnixMilli(1_900_000_000_000)
	flood(t, s, 1, now.Add(time.Hour))
	tidyAll(t, s, now)
	for range quiet + 1 {
		if err := s.View(t.Context(), func(r store.Reader) error { _, err := r.Get("k", "flood0"); return err }); err != nil {
			t.Fatal(err)
		}
	}
	tidyAll(t, s, now)
	if s.memo.size == 0 {
		t.Error("a busy server forgot what it knew")
	}
	tidyAll(t, s, now)
	if s.memo.size != 0 {
		t.Error("a quiet server remembers")
	}
}

func TestTidyAfterClose(t *testing.T) {
	s := must(t)(Memory(key))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Tidy(context.Background(), time.UnixMilli(0)); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}
