package sqlite

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"rolecall/internal/idc/store"
)

// View is in store.Store.
func (s *Store) View(ctx context.Context, do func(store.Reader) error) (err error) {
	select {
	case <-s.closed:
		return ErrClosed
	default:
	}
	s.asked.Add(1)
	s.changing.RLock()
	defer s.changing.RUnlock()
	v := &view{s: s, ctx: ctx}
	defer func() { err = errors.Join(err, v.close()) }() // after a panic, too
	return do(v)
}

// connection takes one of the readers' connections.
func (s *Store) connection(ctx context.Context) (*conn, error) {
	select {
	case c := <-s.readers:
		return c, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-s.closed:
		return nil, ErrClosed
	}
}

// A view is the store.Reader of one View. It answers from the memo, and begins a transaction for what the memo does not
// know. No change becomes visible while it lives, so both agree.
type view struct {
	s   *Store
	ctx context.Context
	c   *conn
}

// open returns the transaction's reader.
func (v *view) open() (reader, error) {
	if v.c == nil {
		c, err := v.s.connection(v.ctx)
		if err != nil {
			return reader{}, err
		}
		if _, err := c.exec("BEGIN"); err != nil {
			v.s.readers <- c
			return reader{}, err
		}
		v.c = c
	}
	return reader{v.c, v.s.keys}, nil
}

func (v *view) close() error {
	if v.c == nil {
		return nil
	}
	_, err := v.c.exec("COMMIT")
	v.s.readers <- v.c
	return err
}

// from runs a query in the transaction.
func from[T any](v *view, ask func(reader) (T, error)) (T, error) {
	r, err := v.open()
	if err != nil {
		var none T
		return none, err
	}
	return ask(r)
}

// Get is in store.Reader.
func (v *view) Get(kind store.Kind, id string) (store.Entry, error) {
	return v.s.memo.entry(entryName{kind, id}, func() (store.Entry, error) {
		return from(v, func(r reader) (store.Entry, error) { return r.Get(kind, id) })
	})
}

// Find is in store.Reader.
func (v *view) Find(kind store.Kind, key string) (store.Entry, error) {
	return remembered(&v.s.memo, kind, join("find", key), func() (store.Entry, error) {
		e, err := from(v, func(r reader) (store.Entry, error) { return r.Find(kind, key) })
		if err == nil {
			v.s.memo.learn(e)
		}
		return e, err
	}, always)
}

// List is in store.Reader.
func (v *view) List(kind store.Kind, owner, after string, limit int) ([]store.Entry, error) {
	question := join("list", owner, after, strconv.Itoa(limit))
	return remembered(&v.s.memo, kind, question, func() ([]store.Entry, error) {
		entries, err := from(v, func(r reader) ([]store.Entry, error) { return r.List(kind, owner, after, limit) })
		if err == nil && short(entries) {
			v.s.memo.learn(entries...)
		}
		return entries, err
	}, short)
}

// Value lets store's Tables decode an entry once.
func (v *view) Value(e store.Entry, decode func() (any, error)) (any, error) {
	return v.s.memo.value(entryName{e.Kind, e.ID}, decode)
}

// First is in store.Reader.
func (v *view) First(kind store.Kind) (store.Entry, error) {
	return from(v, func(r reader) (store.Entry, error) { return r.First(kind) })
}

// Count is in store.Reader.
func (v *view) Count(kind store.Kind) (int, error) {
	return from(v, func(r reader) (int, error) { return r.Count(kind) })
}

// Assignments is in store.Reader.
func (v *view) Assignments(filter store.Assignment) ([]store.Assignment, error) {
	return from(v, func(r reader) ([]store.Assignment, error) { return r.Assignments(filter) })
}

// AccountsOf is in store.Reader.
func (v *view) AccountsOf(principals []string, after string, limit int) ([]string, error) {
	question := join("accounts", after, strconv.Itoa(limit), join(principals...))
	return remembered(&v.s.memo, assignments, question, func() ([]string, error) {
		return from(v, func(r reader) ([]string, error) { return r.AccountsOf(principals, after, limit) })
	}, short)
}

// PermissionSetsOf is in store.Reader.
func (v *view) PermissionSetsOf(principals []string, accountID string) ([]string, error) {
	question := join("sets", accountID, join(principals...))
	return remembered(&v.s.memo, assignments, question, func() ([]string, error) {
		return from(v, func(r reader) ([]string, error) { return r.PermissionSetsOf(principals, accountID) })
	}, short)
}

// Events is in store.Reader.
func (v *view) Events(after int64, limit int) ([]store.Event, error) {
	return from(v, func(r reader) ([]store.Event, error) { return r.Events(after, limit) })
}

// join encodes texts so that different texts have different encodings.
func join(texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		b.WriteString(strconv.Itoa(len(text)))
		b.WriteByte(':')
		b.WriteString(text)
	}
	return b.String()
}
