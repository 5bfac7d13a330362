package contract

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"rolecall/internal/idc/store"
)

func tidy(t *testing.T, s store.Store) {
	now := time.UnixMilli(1_900_000_000_000)
	update(t, s, func(tx store.Tx) error {
		return errors.Join(put(tx, "before", `1`, []string{"key"}, []string{"owner"}, now.Add(-time.Millisecond)),
			put(tx, "now", `1`, nil, nil, now), put(tx, "never", `1`, nil, nil, time.Time{}))
	})
	view(t, s, func(r store.Reader) error { _, err := r.Find(kind, "key"); return err })
	more, err := s.Tidy(t.Context(), now)
	if more || err != nil {
		t.Errorf("more: %v, %v", more, err)
	}
	view(t, s, func(r store.Reader) error {
		left, err := r.List(kind, "", "", 0)
		equal(t, "left", ids(left), []string{"never", "now"})
		_, key := r.Find(kind, "key")
		notFound(t, "key of what ended", key)
		owned, errOwned := r.List(kind, "owner", "", 0)
		equal(t, "owned", ids(owned), []string{})
		return errors.Join(err, errOwned)
	})
	steps(t, s, now)
}

// steps: what ended goes in bounded steps, and between two of them others change things.
func steps(t *testing.T, s store.Store, now time.Time) {
	const many = 1_500
	update(t, s, func(tx store.Tx) error {
		for i := range many {
			if err := put(tx, fmt.Sprint("ended", i), `1`, nil, nil, now.Add(-time.Second)); err != nil {
				return err
			}
		}
		return nil
	})
	const atOnce = 1_000
	left, more := many+2, true
	for i := 0; more; i++ {
		var err error
		if more, err = s.Tidy(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		update(t, s, func(tx store.Tx) error { return put(tx, "now", fmt.Sprint(i), nil, nil, now) })
		n := 0
		view(t, s, func(r store.Reader) (err error) { n, err = r.Count(kind); return err })
		if left-n > atOnce {
			t.Errorf("step %d deleted %d at once", i, left-n)
		}
		left = n
	}
	equal(t, "left after all steps", left, 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _ = s.Tidy(ctx, now) // returns
}

func firsts(t *testing.T, s store.Store) {
	now := time.UnixMilli(1_900_000_000_000)
	update(t, s, func(tx store.Tx) error {
		_, none := tx.First(kind)
		notFound(t, "first of nothing", none)
		return errors.Join(put(tx, "never", `1`, nil, nil, time.Time{}), put(tx, "a", `1`, nil, nil, now.Add(time.Hour)),
			put(tx, "b", `2`, nil, nil, now), put(tx, "c", `3`, nil, nil, now.Add(time.Minute)),
			tx.Put(store.Entry{Kind: "other", ID: "x", Ends: now.Add(-time.Hour), Value: []byte(`4`)}))
	})
	first := func(want string) {
		t.Helper()
		view(t, s, func(r store.Reader) error {
			e, err := r.First(kind)
			equal(t, "first", e.ID, want)
			return err
		})
	}
	first("b")
	update(t, s, func(tx store.Tx) error { return put(tx, "b", `2`, nil, nil, now.Add(2*time.Hour)) })
	first("c")
	update(t, s, func(tx store.Tx) error { return tx.Delete(kind, "c") })
	first("a")
}

// counts: the count is right after every kind of change, and after one that was undone.
func counts(t *testing.T, s store.Store) {
	now := time.UnixMilli(1_900_000_000_000)
	count := func(what string, want int) {
		t.Helper()
		view(t, s, func(r store.Reader) error {
			n, err := r.Count(kind)
			equal(t, what, n, want)
			return err
		})
	}
	count("of nothing", 0)
	update(t, s, func(tx store.Tx) error {
		err := errors.Join(put(tx, "a", `1`, nil, []string{"o"}, now), put(tx, "b", `1`, nil, []string{"o"}, now),
			put(tx, "c", `1`, nil, nil, now), put(tx, "d", `1`, nil, nil, now.Add(-time.Hour)), put(tx, "a", `2`, nil, nil, now))
		n, errCount := tx.Count(kind)
		equal(t, "within the change", n, 4)
		return errors.Join(err, errCount)
	})
	count("after puts, one of them again", 4)
	undone := errors.New("undone")
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(put(tx, "e", `1`, nil, nil, now), tx.Delete(kind, "a"), undone)
	}); !errors.Is(err, undone) {
		t.Error(err)
	}
	count("after what was undone", 4)
	update(t, s, func(tx store.Tx) error { return tx.Delete(kind, "c") })
	count("after Delete", 3)
	update(t, s, func(tx store.Tx) error { return tx.DeleteOwned(kind, "o") })
	count("after DeleteOwned", 2)
	if _, err := s.Tidy(t.Context(), now); err != nil {
		t.Error(err)
	}
	count("after Tidy", 1)
}
