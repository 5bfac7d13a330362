package sqlite

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"rolecall/internal/idc/store"
)

// A reader is store.Reader on a connection within a transaction.
type reader struct {
	c    *conn
	keys keys
}

// Get is in store.Reader.
func (r reader) Get(kind store.Kind, id string) (store.Entry, error) {
	return entryOf(kind, r.c.row("SELECT id, ends, value FROM entry WHERE kind = ? AND id = ?", kind, id))
}

// Find is in store.Reader.
func (r reader) Find(kind store.Kind, key string) (store.Entry, error) {
	return entryOf(kind,
		r.c.row("SELECT e.id, e.ends, e.value FROM entry_key k JOIN entry e USING (kind, id) WHERE k.kind = ? AND k.key = ?",
			kind, key))
}

// entryOf reads an entry without its keys and owners: callers know them from the value.
func entryOf(kind store.Kind, row scanner) (store.Entry, error) {
	e := store.Entry{Kind: kind}
	var ends int64
	err := row.Scan(&e.ID, &ends, &e.Value)
	if errors.Is(err, sql.ErrNoRows) {
		return e, store.ErrNotFound
	}
	if ends != 0 {
		e.Ends = time.UnixMilli(ends)
	}
	return e, err
}

// List is in store.Reader.
func (r reader) List(kind store.Kind, owner, after string, limit int) ([]store.Entry, error) {
	entries := []store.Entry{}
	add := func(row scanner) error {
		e, err := entryOf(kind, row)
		entries = append(entries, e)
		return err
	}
	if limit == 0 {
		limit = -1 // SQLite's word for no limit
	}
	if owner == "" {
		return entries, r.c.each(add, "SELECT id, ends, value FROM entry WHERE kind = ? AND id > ? ORDER BY id LIMIT ?",
			kind, after, limit)
	}
	return entries, r.c.each(add,
		"SELECT e.id, e.ends, e.value FROM entry_owner o JOIN entry e USING (kind, id) WHERE o.kind = ? AND o.owner = ? "+
			"AND o.id > ? ORDER BY o.id LIMIT ?",
		kind, owner, after, limit)
}

// Queries that anybody may cause take as long for many entries as for few.
const (
	firstQuery = "SELECT id, ends, value FROM entry WHERE kind = ? AND ends > 0 ORDER BY ends LIMIT 1"
	countQuery = "SELECT n FROM entry_count WHERE kind = ?"
)

// First is in store.Reader.
func (r reader) First(kind store.Kind) (store.Entry, error) {
	return entryOf(kind, r.c.row(firstQuery, kind))
}

// Count is in store.Reader.
func (r reader) Count(kind store.Kind) (n int, err error) {
	if err = r.c.row(countQuery, kind).Scan(&n); errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return n, err
}

// Assignments is in store.Reader.
func (r reader) Assignments(filter store.Assignment) ([]store.Assignment, error) {
	var where []string
	var args []any
	for _, f := range []struct{ column, value string }{
		{"principal", filter.Principal}, {"account", filter.AccountID}, {"permission_set", filter.PermissionSet},
	} {
		if f.value != "" {
			where, args = append(where, f.column+" = ?"), append(args, f.value)
		}
	}
	list := []store.Assignment{}
	err := r.c.each(func(row scanner) error {
		var a store.Assignment
		err := row.Scan(&a.Principal, &a.AccountID, &a.PermissionSet)
		list = append(list, a)
		return err
	}, "SELECT principal, account, permission_set FROM assignment WHERE "+cmp.Or(strings.Join(where, " AND "),
		"true")+" ORDER BY account, permission_set, principal", args...)
	return list, err
}

// AccountsOf is in store.Reader.
func (r reader) AccountsOf(principals []string, after string, limit int) ([]string, error) {
	if limit == 0 {
		limit = -1
	}
	in, args := placeholders(principals)
	return r.texts("SELECT DISTINCT account FROM assignment WHERE principal IN ("+in+") AND account > ? ORDER BY "+
		"account LIMIT ?", append(args, after, limit)...)
}

// PermissionSetsOf is in store.Reader.
func (r reader) PermissionSetsOf(principals []string, accountID string) ([]string, error) {
	in, args := placeholders(principals)
	return r.texts("SELECT DISTINCT permission_set FROM assignment WHERE principal IN ("+in+") AND account = ? ORDER "+
		"BY permission_set", append(args, accountID)...)
}

// placeholders returns question marks, rounded up to a power of two so that there are few different statements. The
// last value is repeated.
func placeholders(values []string) (in string, args []any) {
	n := 1
	for n < len(values) {
		n *= 2
	}
	args = make([]any, n, n+2)
	for i := range args {
		if len(values) > 0 {
			args[i] = values[min(i, len(values)-1)]
		}
	}
	return strings.Repeat("?, ", n-1) + "?", args
}

func (r reader) texts(query string, args ...any) ([]string, error) {
	list := []string{}
	err := r.c.each(func(row scanner) error {
		var text string
		err := row.Scan(&text)
		list = append(list, text)
		return err
	}, query, args...)
	return list, err
}

// Events is in store.Reader.
func (r reader) Events(after int64, limit int) ([]store.Event, error) {
	if limit == 0 {
		limit = -1
	}
	events := []store.Event{}
	err := r.c.each(func(row scanner) error {
		e, err := eventOf(row)
		events = append(events, e)
		return err
	}, "SELECT seq, time, actor, action, target, details, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", after,
		limit)
	return events, err
}

func eventOf(row scanner) (store.Event, error) {
	var e store.Event
	var moment int64
	err := row.Scan(&e.Seq, &moment, &e.Actor, &e.Action, &e.Target, &e.Details, &e.Hash)
	e.Time = time.UnixMicro(moment).UTC()
	return e, err
}

// head is the last event, or a zero one before the first.
func (r reader) head() (store.Event, error) {
	e, err := eventOf(r.c.row("SELECT seq, time, actor, action, target, details, hash FROM audit ORDER BY seq DESC " +
		"LIMIT 1"))
	if errors.Is(err, sql.ErrNoRows) {
		return store.Event{}, nil
	}
	return e, err
}

// chain is the hash of an event, over all its fields, each with its length, and the previous hash.
func chain(key, before []byte, e store.Event) []byte {
	m := hmac.New(sha256.New, key)
	var b []byte
	for _, field := range []string{string(before), e.Actor, e.Action, e.Target, e.Details} {
		b = binary.AppendUvarint(b, uint64(len(field)))
		b = append(b, field...)
	}
	b = binary.AppendVarint(b, e.Seq)
	b = binary.AppendVarint(b, e.Time.UnixMicro())
	m.Write(b)
	return m.Sum(nil)
}
