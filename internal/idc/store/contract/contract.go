// Package contract is the contract of store.Store: one suite that each implementation must pass.
package contract

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rolecall/internal/idc/store"
)

// A Maker opens an empty store that is closed after the test.
type Maker func(t *testing.T) store.Store

// Run runs the suite.
func Run(t *testing.T, open Maker) {
	for name, test := range map[string]func(*testing.T, store.Store){
		"entries":     entries,
		"keys":        keys,
		"lists":       lists,
		"owners":      owners,
		"tidy":        tidy,
		"firsts":      firsts,
		"counts":      counts,
		"assignments": assignments,
		"rollback":    rollback,
		"audit":       audit,
		"concurrency": concurrency,
		"tables":      tables,
		"backup":      backup,
		"closed":      closed,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			test(t, s)
			if v, err := s.Verify(t.Context()); name != "closed" && (err != nil || len(v.Findings) > 0) {
				t.Errorf("afterwards: %+v, %v", v, err) // whatever was done, it was the program
			}
			if err := s.Close(); err != nil && name != "closed" {
				t.Error(err)
			}
		})
	}
}

const kind = store.Kind("thing")

func update(t *testing.T, s store.Store, do func(store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

func view(t *testing.T, s store.Store, do func(store.Reader) error) {
	t.Helper()
	if err := s.View(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func notFound(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%s: got %v, want ErrNotFound", what, err)
	}
}

func put(tx store.Tx, id, value string, keys, owners []string, ends time.Time) error {
	return tx.Put(store.Entry{Kind: kind, ID: id, Keys: keys, Owners: owners, Ends: ends, Value: []byte(value)})
}

func entries(t *testing.T, s store.Store) {
	ends := time.UnixMilli(1_900_000_000_123)
	update(t, s, func(tx store.Tx) error {
		if _, err := tx.Get(kind, "a"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("got %v before it was put", err)
		}
		err := errors.Join(put(tx, "a", `{"n":1}`, nil, nil, ends), put(tx, "a", `{"n":2}`, nil, nil, ends),
			put(tx, "ä\x00'\"", `{}`, nil, nil, time.Time{}))
		e, getErr := tx.Get(kind, "a")
		equal(t, "within its own transaction", e, store.Entry{Kind: kind, ID: "a", Ends: ends, Value: []byte(`{"n":2}`)})
		return errors.Join(err, getErr)
	})
	view(t, s, func(r store.Reader) error {
		e, err := r.Get(kind, "ä\x00'\"")
		equal(t, "a hostile id", e, store.Entry{Kind: kind, ID: "ä\x00'\"", Value: []byte(`{}`)})
		_, other := r.Get("other", "a")
		notFound(t, "of another kind", other)
		_, upper := r.Get(kind, "A")
		notFound(t, "in another case", upper)
		return err
	})
	update(t, s, func(tx store.Tx) error {
		notFound(t, "delete", tx.Delete(kind, "b"))
		return tx.Delete(kind, "a")
	})
	view(t, s, func(r store.Reader) error {
		_, err := r.Get(kind, "a")
		notFound(t, "after delete", err)
		return nil
	})
}

func keys(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) error {
		return errors.Join(put(tx, "a", `1`, []string{"name:alice", "mail:a@x"}, nil, time.Time{}),
			put(tx, "b", `2`, []string{"name:bob"}, nil, time.Time{}),
			tx.Put(store.Entry{Kind: "other", ID: "a", Keys: []string{"name:alice"}, Value: []byte(`3`)}))
	})
	err := s.Update(t.Context(), func(tx store.Tx) error {
		return put(tx, "b", `2`, []string{"name:bob", "mail:a@x"}, nil, time.Time{})
	})
	var conflict *store.Conflict
	if !errors.As(err, &conflict) || conflict.Kind != kind || conflict.Key != "mail:a@x" {
		t.Errorf("got %v, want the conflict", err)
	}
	view(t, s, func(r store.Reader) error {
		for key, id := range map[string]string{"name:alice": "a", "mail:a@x": "a", "name:bob": "b"} {
			e, err := r.Find(kind, key)
			if err != nil || e.ID != id {
				t.Errorf("%s: got %v, %v", key, e.ID, err)
			}
		}
		_, err := r.Find(kind, "name:Alice")
		notFound(t, "in another case", err)
		return nil
	})
	update(t, s, func(tx store.Tx) error { return put(tx, "a", `1`, []string{"name:anna"}, nil, time.Time{}) })
	update(t, s, func(tx store.Tx) error { return put(tx, "b", `2`, []string{"mail:a@x"}, nil, time.Time{}) })
	update(t, s, func(tx store.Tx) error { return tx.Delete(kind, "b") })
	view(t, s, func(r store.Reader) error {
		for _, key := range []string{"name:alice", "name:bob", "mail:a@x"} {
			_, err := r.Find(kind, key)
			notFound(t, key+" after it was given up", err)
		}
		return nil
	})
}

func ids(entries []store.Entry) []string {
	list := []string{}
	for _, e := range entries {
		list = append(list, e.ID)
	}
	return list
}

func lists(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) error {
		var err error
		for i := 9; i >= 0; i-- {
			err = errors.Join(err, put(tx, fmt.Sprint("id", i), `1`, nil, []string{[]string{"even", "odd"}[i%2]}, time.Time{}))
		}
		return err
	})
	view(t, s, func(r store.Reader) error {
		for _, c := range []struct {
			owner, after string
			limit        int
			want         []string
		}{
			{"", "", 3, []string{"id0", "id1", "id2"}},
			{"", "id7", 0, []string{"id8", "id9"}},
			{"odd", "", 2, []string{"id1", "id3"}},
			{"odd", "id3", 10, []string{"id5", "id7", "id9"}},
			{"", "id9", 5, []string{}},
			{"nobody", "", 5, []string{}},
		} {
			list, err := r.List(kind, c.owner, c.after, c.limit)
			if err != nil {
				return err
			}
			equal(t, fmt.Sprint(c.owner, c.after, c.limit), ids(list), c.want)
		}
		n, err := r.Count(kind)
		equal(t, "count", n, 10)
		return err
	})
}

func owners(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) error {
		return errors.Join(put(tx, "a", `1`, nil, []string{"x", "y"}, time.Time{}),
			put(tx, "b", `1`, nil, []string{"x"}, time.Time{}), put(tx, "c", `1`, []string{"key"}, []string{"y"}, time.Time{}))
	})
	update(t, s, func(tx store.Tx) error { return put(tx, "b", `1`, nil, []string{"z"}, time.Time{}) })
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.DeleteOwned(kind, "y"), tx.DeleteOwned(kind, "nobody"), tx.DeleteOwned("other", "z"))
	})
	view(t, s, func(r store.Reader) error {
		all, err := r.List(kind, "", "", 0)
		equal(t, "after DeleteOwned", ids(all), []string{"b"})
		x, errX := r.List(kind, "x", "", 0)
		equal(t, "of an owner who lost all", ids(x), []string{})
		_, key := r.Find(kind, "key")
		notFound(t, "key of an owned entry", key)
		return errors.Join(err, errX)
	})
}

func tables(t *testing.T, s store.Store) {
	type person struct{ ID, Name string }
	people := store.Table[person]{Kind: "person", Index: func(p person) store.Entry {
		return store.Entry{ID: p.ID, Keys: []string{p.Name}, Owners: []string{"all"}}
	}}
	update(t, s, func(tx store.Tx) error {
		return errors.Join(people.Put(tx, person{"1", "Zoë"}), people.Put(tx, person{"2", "Bo"}))
	})
	view(t, s, func(r store.Reader) error {
		one, err := people.Get(r, "1")
		equal(t, "get", one, person{"1", "Zoë"})
		bo, errBo := people.Find(r, "Bo")
		equal(t, "find", bo, person{"2", "Bo"})
		all, errAll := people.List(r, "all", "1", 5)
		equal(t, "list", all, []person{{"2", "Bo"}})
		_, none := people.Get(r, "3")
		notFound(t, "get", none)
		return errors.Join(err, errBo, errAll)
	})
	update(t, s, func(tx store.Tx) error { return people.Delete(tx, "1") })
}

func backup(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) error { return put(tx, "a", `1`, nil, nil, time.Time{}) })
	path := filepath.Join(t.TempDir(), "copy")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), path); err == nil {
		t.Error("a backup replaced a file")
	}
}

func closed(t *testing.T, s store.Store) {
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	nothing := func(store.Reader) error { return nil }
	if s.View(t.Context(), nothing) == nil || s.Update(t.Context(), func(store.Tx) error {
		return nil
	}) == nil || s.Close() == nil {
		t.Error("a closed store answers")
	}
}
