// Package store is what the Identity Center remembers, as its rooms see it:
// entries with an id and other keys, assignments, and an audit that grows with each
// change. A store is written against Store and shown right by the suite in contract.
package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// ErrNotFound is an id or key that no entry has.
var ErrNotFound = errors.New("not found")

// A Conflict is a key that another entry has already.
type Conflict struct {
	Kind Kind
	Key  string
}

func (c *Conflict) Error() string { return string(c.Kind) + " " + c.Key + " is there already" }

// A Kind tells entries apart: "user", "client", "session" …
type Kind string

// An Entry is one thing that is remembered.
type Entry struct {
	Kind Kind
	ID   string
	// Keys are other names of the entry, each unique in its kind.
	Keys []string
	// Owners are what List and DeleteOwned can go by.
	Owners []string
	// Ends is when Sweep may take it away; zero is never.
	Ends  time.Time
	Value []byte // JSON
}

// An Assignment gives a principal (a user or group, by id) a permission set (by id)
// in an account.
type Assignment struct {
	Principal     string
	AccountID     string
	PermissionSet string
}

// An Event is a line of the audit.
type Event struct {
	Seq     int64     `json:"seq"` // from 1, set by the store
	Time    time.Time `json:"time"`
	Actor   string    `json:"actor"`  // who did it: user:NAME, admin, operator
	Action  string    `json:"action"` // what: SignIn, GetRoleCredentials, CreateUser …
	Target  string    `json:"target,omitempty"`
	Details string    `json:"details,omitempty"`
	// Hash is keyed, over the event and the hash before it; set by the store.
	Hash []byte `json:"hash"`
}

// Operator is the actor of what the owner of the data directory does.
const Operator = "operator"

// A Reader reads within one transaction: what it sees does not change under it.
// What is not there is ErrNotFound; lists are sorted by id and never nil.
type Reader interface {
	Get(kind Kind, id string) (Entry, error)
	Find(kind Kind, key string) (Entry, error)
	// List gives at most limit entries (0: all) whose id comes after the given
	// one, of one owner if that is not empty.
	List(kind Kind, owner, after string, limit int) ([]Entry, error)
	Count(kind Kind) (int, error)

	// Assignments lists those that agree with filter, whose empty fields stand for
	// anything, sorted by account, permission set and principal.
	Assignments(filter Assignment) ([]Assignment, error)
	// AccountsOf lists the accounts in which one of the principals has anything.
	AccountsOf(principals []string, after string, limit int) ([]string, error)
	// PermissionSetsOf lists what the principals have in an account.
	PermissionSetsOf(principals []string, accountID string) ([]string, error)

	// Events lists the audit after a sequence number.
	Events(after int64, limit int) ([]Event, error)
}

// A Tx reads and writes within one transaction.
type Tx interface {
	Reader
	// Put adds or replaces an entry, or gives a Conflict.
	Put(Entry) error
	// Delete is ErrNotFound for an entry that is not there.
	Delete(kind Kind, id string) error
	DeleteOwned(kind Kind, owner string) error
	// Sweep takes away entries that ended before now.
	Sweep(now time.Time) error
	// Assign and Unassign say whether the assignment was there before.
	Assign(Assignment) (existed bool, err error)
	Unassign(Assignment) (existed bool, err error)
	// Record adds to the audit.
	Record(Event) error
}

// A Store keeps all of it. It is safe for concurrent use, but what View and Update
// run must not call either: it would wait for itself.
type Store interface {
	View(ctx context.Context, do func(Reader) error) error
	// Update runs do alone among writers. When it gives nil, what was written is
	// on disk, all of it; an error of do takes all of it back.
	Update(ctx context.Context, do func(Tx) error) error
	// Verify follows the audit's chain of hashes from its beginning, and gives how
	// many events are sound; the error names the first that is not.
	Verify(ctx context.Context) (events int64, head []byte, err error)
	// Backup writes a copy, consistent in itself, to a file that is not there yet.
	Backup(ctx context.Context, path string) error
	Close() error
}

// A Table is the entries of one kind as values of a type.
type Table[T any] struct {
	Kind Kind
	// Index gives the entry of a value, but for Kind and Value.
	Index func(T) Entry
}

// Get finds a value by id.
func (t Table[T]) Get(r Reader, id string) (T, error) {
	e, err := r.Get(t.Kind, id)
	return value[T](r, e, err)
}

// Find finds a value by one of its keys.
func (t Table[T]) Find(r Reader, key string) (T, error) {
	e, err := r.Find(t.Kind, key)
	return value[T](r, e, err)
}

// List is Reader.List.
func (t Table[T]) List(r Reader, owner, after string, limit int) ([]T, error) {
	entries, err := r.List(t.Kind, owner, after, limit)
	if err != nil {
		return nil, err
	}
	values := make([]T, len(entries))
	for i, e := range entries {
		if values[i], err = value[T](r, e, nil); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Put adds or replaces a value.
func (t Table[T]) Put(tx Tx, v T) error {
	e := t.Index(v)
	e.Kind = t.Kind
	var err error
	if e.Value, err = json.Marshal(v); err != nil {
		return err
	}
	return tx.Put(e)
}

// Delete takes a value away by its id.
func (t Table[T]) Delete(tx Tx, id string) error { return tx.Delete(t.Kind, id) }

// A keeper is a Reader that keeps the values of entries, so that each is decoded once. They are shared, and never
// changed.
type keeper interface {
	Value(e Entry, decode func() (any, error)) (any, error)
}

// value decodes an entry, unless the reader has its value.
func value[T any](r Reader, e Entry, err error) (T, error) {
	var v T
	if err != nil {
		return v, err
	}
	k, keeps := r.(keeper)
	if !keeps {
		return v, json.Unmarshal(e.Value, &v)
	}
	kept, err := k.Value(e, func() (any, error) {
		var fresh T
		err := json.Unmarshal(e.Value, &fresh)
		return fresh, err
	})
	if err != nil {
		return v, err
	}
	return kept.(T), nil
}
