package contract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"rolecall/internal/idc/store"
)

func assignments(t *testing.T, s store.Store) {
	given := []store.Assignment{
		{Principal: "alice", AccountID: "111", PermissionSet: "admin"},
		{Principal: "alice", AccountID: "111", PermissionSet: "read"},
		{Principal: "group", AccountID: "111", PermissionSet: "read"},
		{Principal: "group", AccountID: "222", PermissionSet: "read"},
		{Principal: "bob", AccountID: "333", PermissionSet: "admin"},
	}
	update(t, s, func(tx store.Tx) error {
		for i := range given {
			existed, err := tx.Assign(given[len(given)-1-i])
			again, errAgain := tx.Assign(given[len(given)-1-i])
			if existed || !again || err != nil || errAgain != nil {
				t.Errorf("got %v, %v, %v, %v", existed, again, err, errAgain)
			}
		}
		return nil
	})
	view(t, s, func(r store.Reader) error {
		for _, c := range []struct {
			filter store.Assignment
			want   []store.Assignment
		}{
			{store.Assignment{}, given},
			{store.Assignment{Principal: "group"}, given[2:4]},
			{store.Assignment{AccountID: "111", PermissionSet: "read"}, given[1:3]},
			{store.Assignment{PermissionSet: "admin"}, []store.Assignment{given[0], given[4]}},
			{store.Assignment{Principal: "carol"}, []store.Assignment{}},
		} {
			got, err := r.Assignments(c.filter)
			if err != nil {
				return err
			}
			equal(t, fmt.Sprint(c.filter), got, c.want)
		}
		who := []string{"alice", "group", "other"}
		accounts, err := r.AccountsOf(who, "", 0)
		equal(t, "accounts", accounts, []string{"111", "222"})
		page, errPage := r.AccountsOf(who, "111", 1)
		equal(t, "page", page, []string{"222"})
		sets, errSets := r.PermissionSetsOf(who, "111")
		equal(t, "sets", sets, []string{"admin", "read"})
		none, errNone := r.PermissionSetsOf(nil, "111")
		equal(t, "of nobody", none, []string{})
		return errors.Join(err, errPage, errSets, errNone)
	})
	update(t, s, func(tx store.Tx) error {
		existed, err := tx.Unassign(given[0])
		again, errAgain := tx.Unassign(given[0])
		if !existed || again {
			t.Errorf("got %v, %v", existed, again)
		}
		return errors.Join(err, errAgain)
	})
}

func rollback(t *testing.T, s store.Store) {
	broken := errors.New("broken")
	update(t, s, func(tx store.Tx) error { return put(tx, "a", `1`, []string{"k"}, []string{"o"}, time.Time{}) })
	err := s.Update(t.Context(), func(tx store.Tx) error {
		_, assign := tx.Assign(store.Assignment{Principal: "p", AccountID: "a", PermissionSet: "s"})
		return errors.Join(put(tx, "b", `1`, nil, nil, time.Time{}), tx.Delete(kind, "a"),
			tx.Record(store.Event{Action: "lost"}), assign, broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	view(t, s, func(r store.Reader) error {
		all, err := r.List(kind, "o", "", 0)
		equal(t, "entries", ids(all), []string{"a"})
		_, key := r.Find(kind, "k")
		given, errGiven := r.Assignments(store.Assignment{})
		equal(t, "assignments", given, []store.Assignment{})
		events, errEvents := r.Events(0, 0)
		equal(t, "events", events, []store.Event{})
		return errors.Join(err, key, errGiven, errEvents)
	})
}

func audit(t *testing.T, s store.Store) {
	moment := time.UnixMicro(1_900_000_000_000_123).UTC()
	for i := range 5 {
		update(t, s, func(tx store.Tx) error {
			return tx.Record(store.Event{
				Time: moment, Actor: "user:alice", Action: "SignIn", Target: fmt.Sprint(i), Details: "from a test",
			})
		})
	}
	view(t, s, func(r store.Reader) error {
		events, err := r.Events(2, 2)
		if len(events) != 2 || bytes.Equal(events[0].Hash, events[1].Hash) || len(events[0].Hash) != 32 {
			t.Fatalf("got %v", events)
		}
		events[0].Hash = nil
		equal(t, "event", events[0], store.Event{
			Seq: 3, Time: moment, Actor: "user:alice", Action: "SignIn", Target: "2", Details: "from a test",
		})
		return err
	})
	if v := verify(t, s); v.Events != 5 || len(v.Head) != 32 || len(v.Findings) > 0 {
		t.Errorf("verify: got %+v", v)
	}
}

func verify(t *testing.T, s store.Store) store.Verdict {
	t.Helper()
	v, err := s.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// concurrency: changes happen one after the other; a reader sees all of a change
// or nothing of it.
func concurrency(t *testing.T, s store.Store) {
	const workers, rounds = 8, 25
	update(t, s, func(tx store.Tx) error {
		return errors.Join(put(tx, "left", `0`, nil, nil, time.Time{}), put(tx, "right", `0`, nil, nil, time.Time{}))
	})
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range rounds {
				if err := s.Update(context.Background(), count); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range rounds {
				if err := s.View(context.Background(), sameOnBothSides(t)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	view(t, s, func(r store.Reader) error {
		e, err := r.Get(kind, "left")
		equal(t, "count", string(e.Value), fmt.Sprint(workers*rounds))
		return err
	})
	if v := verify(t, s); v.Events != workers*rounds || len(v.Findings) > 0 {
		t.Errorf("verify: got %+v", v)
	}
}

func count(tx store.Tx) error {
	left, err := tx.Get(kind, "left")
	if err != nil {
		return err
	}
	var n int
	if _, err := fmt.Sscan(string(left.Value), &n); err != nil {
		return err
	}
	next := fmt.Sprint(n + 1)
	return errors.Join(put(tx, "left", next, nil, nil, time.Time{}), put(tx, "right", next, nil, nil, time.Time{}),
		tx.Record(store.Event{Action: "count"}))
}

func sameOnBothSides(t *testing.T) func(store.Reader) error {
	return func(r store.Reader) error {
		left, err := r.Get(kind, "left")
		right, errRight := r.Get(kind, "right")
		equal(t, "both sides", string(left.Value), string(right.Value))
		return errors.Join(err, errRight)
	}
}
