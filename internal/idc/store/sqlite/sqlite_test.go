package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/idc/store"
	"rolecall/internal/idc/store/contract"
)

var key = []byte("the key of the audit")

func TestContract(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		contract.Run(t, func(t *testing.T) store.Store { return must(t)(Memory(key)) })
	})
	t.Run("file", func(t *testing.T) {
		name := "a b?#%.db"
		if runtime.GOOS == "windows" {
			name = "a b#%.db"
		}
		contract.Run(t, func(t *testing.T) store.Store { return must(t)(Open(filepath.Join(t.TempDir(), name), key)) })
	})
}

// private is the mode of our files. Windows tells no other of a file that can be written.
func private() os.FileMode {
	if runtime.GOOS == "windows" {
		return 0o666
	}
	return 0o600
}

func must(t *testing.T) func(*Store, error) *Store {
	return func(s *Store, err error) *Store {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func record(action string) func(store.Tx) error {
	return func(tx store.Tx) error {
		return errors.Join(tx.Put(store.Entry{Kind: "k", ID: action, Value: []byte(`1`)}),
			tx.Record(store.Event{Time: time.Unix(1, 0), Action: action}))
	}
}

func TestWhatWasAcknowledgedIsThereAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idc.db")
	s := must(t)(Open(path, key))
	if err := s.Update(t.Context(), record("kept")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = must(t)(Open(path, key))
	defer s.Close()
	if err := s.View(t.Context(), func(r store.Reader) error { _, err := r.Get("k", "kept"); return err }); err != nil {
		t.Error(err)
	}
	if v, err := s.Verify(t.Context()); v.Events != 1 || len(v.Findings) > 0 || err != nil {
		t.Errorf("got %+v, %v", v, err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != private() {
			t.Errorf("%s: got %v, %v", name, info.Mode(), err)
		}
	}
}

// damage edits a closed database, as somebody without the key would.
func damage(t *testing.T, path, statement string) {
	t.Helper()
	if err := try(t, path, statement); err != nil {
		t.Fatal(err)
	}
}

func try(t *testing.T, path, statement string) error {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}

func TestVerifyFindsWhatWasChanged(t *testing.T) {
	for name, c := range map[string]struct{ statement, want string }{
		"an event changed": {"UPDATE audit SET actor = 'bob' WHERE seq = 2", "event 2,"},
		"an event gone":    {"DELETE FROM audit WHERE seq = 2", "event 2 is missing"},
		"the first gone":   {"DELETE FROM audit WHERE seq = 1", "event 1 is missing"},
		"two exchanged": {
			"UPDATE audit SET action = CASE seq WHEN 1 THEN 'two' ELSE 'one' END WHERE seq < 3", "event 1,",
		},
		"the details changed": {"UPDATE audit SET details = 'other' WHERE seq = 2", "event 2,"},
		"the time changed":    {"UPDATE audit SET time = time + 1 WHERE seq = 3", "event 3,"},
		"a hash overwritten":  {"UPDATE audit SET hash = zeroblob(32) WHERE seq = 1", "event 1,"},
		"text moved over":     {"UPDATE audit SET action = 'th', target = 'ree' WHERE seq = 3", "event 3,"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "idc.db")
			s := must(t)(Open(path, key))
			for _, action := range []string{"one", "two", "three"} {
				if err := s.Update(t.Context(), record(action)); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if err := try(t, path, c.statement); err == nil || !strings.Contains(err.Error(), "only added to") {
				t.Errorf("the audit can be changed by accident: %v", err)
			}
			damage(t, path, "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_cut; "+c.statement)
			s = must(t)(Open(path, key))
			defer s.Close()
			v, err := s.Verify(t.Context())
			if err != nil || len(v.Findings) == 0 || v.Findings[0].Kind != store.ChainBroken ||
				!strings.HasPrefix(v.Findings[0].Message, c.want) {
				t.Errorf("got %+v, %v, want %q", v, err, c.want)
			}
		})
	}
}

func TestDamageIsFoundAfterAnUncleanStop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idc.db")
	s := must(t)(Open(path, key))
	for i := range 200 {
		if err := s.Update(t.Context(), record(strings.Repeat("x", i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, path, "UPDATE meta SET value = 'open' WHERE name = 'state'")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(data, []byte(strings.Repeat("x", 100)))
	copy(data[at-at%4096+8:], bytes.Repeat([]byte{0xAA}, 64)) // the head of that page
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(path, key); err == nil || !strings.Contains(err.Error(), "damaged") &&
		!strings.Contains(err.Error(), "malformed") {
		t.Errorf("got %v, want the damage", err)
		_ = s.Close()
	}
}

// A full disk fails the whole batch: nothing of it is there, before and after a restart, and the store goes on once
// there is room.
func TestAFullDiskTakesAllOfABatchBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idc.db")
	s := must(t)(Open(path, key))
	if err := s.Update(t.Context(), record("before")); err != nil {
		t.Fatal(err)
	}
	pages := func(most string) {
		c := <-s.writer
		defer func() { s.writer <- c }()
		var n int
		if err := c.row("PRAGMA max_page_count = " + most).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	pages("40")
	large := func(tx store.Tx) error {
		return tx.Record(store.Event{Details: strings.Repeat("x", 1<<20)})
	}
	jobs := []*job{
		{record("a"), make(chan error, 1)},
		{large, make(chan error, 1)},
		{record("before"), make(chan error, 1)},
		{record("c"), make(chan error, 1)},
	}
	s.commit(jobs)
	for i, j := range jobs {
		if err := <-j.done; err == nil || !strings.Contains(err.Error(), "full") {
			t.Errorf("change %d: %v", i, err)
		}
	}
	pages("1000000")
	if err := s.Update(t.Context(), record("after")); err != nil {
		t.Errorf("with room again: %v", err)
	}
	there := func() {
		t.Helper()
		err := s.View(t.Context(), func(r store.Reader) error {
			all, err := r.List("k", "", "", 0)
			if len(all) != 2 || all[0].ID != "after" || all[1].ID != "before" {
				t.Errorf("there is %v", all)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if v, err := s.Verify(t.Context()); v.Events != 2 || len(v.Findings) > 0 || err != nil {
			t.Errorf("the audit: %+v, %v", v, err)
		}
	}
	there()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = must(t)(Open(path, key))
	defer s.Close()
	there()
}

// A panic in a change or a view affects only its caller.
func TestAPanicHarmsNobodyElse(t *testing.T) {
	for name, s := range map[string]*Store{
		"memory": must(t)(Memory(key)), "file": must(t)(Open(filepath.Join(t.TempDir(), "idc.db"), key)),
	} {
		for range 2 * readConnections {
			func() {
				defer func() { _ = recover() }()
				_ = s.View(t.Context(), func(r store.Reader) error {
					_, _ = r.Count("k")
					panic("in a view")
				})
			}()
			if err := s.Update(t.Context(), func(tx store.Tx) error {
				panic("in a change")
			}); err == nil || !strings.Contains(err.Error(), "in a change") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := s.Update(t.Context(), record("after")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.View(t.Context(), func(r store.Reader) error { _, err := r.Count("k"); return err }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADatabaseOfANewerRolecallIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idc.db")
	if err := must(t)(Open(path, key)).Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, path, "PRAGMA user_version = 99")
	if _, err := Open(path, key); err == nil || !strings.Contains(err.Error(), "newer rolecall") {
		t.Errorf("got %v", err)
	}
}

func TestABackupIsAStore(t *testing.T) {
	dir := t.TempDir()
	s := must(t)(Open(filepath.Join(dir, "idc.db"), key))
	defer s.Close()
	if err := s.Update(t.Context(), record("kept")); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, "copy.db")
	if err := s.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	b := must(t)(Open(copied, key))
	defer b.Close()
	v, err := b.Verify(t.Context())
	if v.Events != 1 || err != nil || len(v.Findings) != 1 || v.Findings[0].Kind != store.SealMissing {
		t.Errorf("a copy has no seal: got %+v, %v", v, err)
	}
	if err := b.Accept(t.Context(), store.Event{Action: "AcceptStore"}); err != nil {
		t.Error(err)
	}
	if v, err := b.Verify(t.Context()); v.Events != 2 || len(v.Findings) > 0 || err != nil {
		t.Errorf("accepted: got %+v, %v", v, err)
	}
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != private() {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
}

// A store in memory works under a fake clock: the login room's flows run on it.
func TestMemoryUnderTheFakeClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := must(t)(Memory(key))
		time.Sleep(24 * time.Hour)
		if err := s.Update(context.Background(), record("one")); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkDurableUpdates(b *testing.B) {
	s, err := Open(filepath.Join(b.TempDir(), "idc.db"), key)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	b.SetParallelism(25)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := s.Update(context.Background(), func(tx store.Tx) error {
				return tx.Record(store.Event{Action: "benchmark"})
			}); err != nil {
				b.Error(err)
			}
		}
	})
}
