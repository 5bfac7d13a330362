// Package store is the Identity Center's memory, as its rooms see it: entries with an id and other keys, assignments,
// and an audit that grows with each change. Implementations of Store must pass the suite in contract.
package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// ErrNotFound means that no entry has the id or key.
var ErrNotFound = errors.New("not found")

// A Conflict is a key that another entry already has.
type Conflict struct {
	Kind Kind
	Key  string
}

func (c *Conflict) Error() string { return string(c.Kind) + " " + c.Key + " is there already" }

// A Kind distinguishes entries: "user", "client", "session" …
type Kind string

// An Entry is one thing that is stored.
type Entry struct {
	Kind Kind
	ID   string
	// Keys are further names of the entry, each unique among its kind.
	Keys []string
	// Owners are what List and DeleteOwned can select by.
	Owners []string
	// Ends is when Tidy may delete the entry; zero is never.
	Ends  time.Time
	Value []byte // JSON
}

// An Assignment grants a principal (a user or group, by id) a permission set (by id)
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

// Operator is the actor for what the owner of the data directory does.
const Operator = "operator"

// A Reader reads within one transaction: what it sees does not change. Anything missing is ErrNotFound; lists are
// sorted by id and never nil.
type Reader interface {
	Get(kind Kind, id string) (Entry, error)
	Find(kind Kind, key string) (Entry, error)
	// List returns at most limit entries (0: all) whose id comes after the given one, of one owner unless that is empty.
	List(kind Kind, owner, after string, limit int) ([]Entry, error)
	// First returns the entry that ends first, among those that end.
	First(kind Kind) (Entry, error)
	// Count takes as long for many entries as for few.
	Count(kind Kind) (int, error)

	// Assignments lists those that match filter, whose empty fields match anything, sorted by account, permission set and
	// principal.
	Assignments(filter Assignment) ([]Assignment, error)
	// AccountsOf lists the accounts in which any of the principals has an assignment.
	AccountsOf(principals []string, after string, limit int) ([]string, error)
	// PermissionSetsOf lists the permission sets that the principals have in an account.
	PermissionSetsOf(principals []string, accountID string) ([]string, error)

	// Events lists the audit after a sequence number.
	Events(after int64, limit int) ([]Event, error)
}

// A Tx reads and writes within one transaction.
type Tx interface {
	Reader
	// Put adds or replaces an entry, or returns a Conflict.
	Put(Entry) error
	// Delete returns ErrNotFound if there is no such entry.
	Delete(kind Kind, id string) error
	DeleteOwned(kind Kind, owner string) error
	// Assign and Unassign report whether the assignment existed before.
	Assign(Assignment) (existed bool, err error)
	Unassign(Assignment) (existed bool, err error)
	// Record adds to the audit.
	Record(Event) error
}

// A Store is safe for concurrent use. The functions given to View and Update must call neither: they would wait for
// themselves.
type Store interface {
	View(ctx context.Context, do func(Reader) error) error
	// Update runs do while no other writer does. When it returns nil, everything written is on disk; an error of do undoes
	// all of it.
	Update(ctx context.Context, do func(Tx) error) error
	// Tidy is one small step of housekeeping, and reports whether more is left to do: it deletes a bounded number of the
	// entries that ended before now, then returns space on disk, and memory when hardly anybody asks. Other changes get in
	// between two steps.
	Tidy(ctx context.Context, now time.Time) (more bool, err error)
	// Verify looks for what was changed outside the program: in the audit, and in all else that is stored. What it finds
	// is no error.
	Verify(ctx context.Context) (Verdict, error)
	// Accept records an event, and takes everything as it is now for right, as after restoring a backup. A broken chain
	// stays broken.
	Accept(ctx context.Context, e Event) error
	// Backup writes a consistent copy to a file that must not exist.
	Backup(ctx context.Context, path string) error
	Close() error
}

// A Verdict is what Verify says: the number of sound events, the hash of the last of them, and what is wrong.
type Verdict struct {
	Events   int64
	Head     []byte
	Findings []Finding
}

// A Finding is something that the program has not done.
type Finding struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

// Kinds of findings.
const (
	ChainBroken   = "chain-broken"   // an event was changed, or taken from the middle
	EventsMissing = "events-missing" // at the end
	AuditEmptied  = "audit-emptied"
	SealMissing   = "seal-missing" // what is remembered of the end, outside the database
	SealForged    = "seal-forged"  // or of another data directory
	LedgerForged  = "ledger-forged"
	OlderCopy     = "older-copy" // of the database
	RowsChanged   = "rows-changed"
)

// Find adds a finding, unless it is empty or of a kind that is there.
func (v *Verdict) Find(f Finding) {
	for _, other := range v.Findings {
		if f.Kind == other.Kind {
			return
		}
	}
	if f.Kind != "" {
		v.Findings = append(v.Findings, f)
	}
}

// A Table is the entries of one kind, as values of a type.
type Table[T any] struct {
	Kind Kind
	// Index returns the entry of a value, without Kind and Value.
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

// First is Reader.First.
func (t Table[T]) First(r Reader) (T, error) {
	e, err := r.First(t.Kind)
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

// Delete deletes a value by its id.
func (t Table[T]) Delete(tx Tx, id string) error { return tx.Delete(t.Kind, id) }

// A keeper is a Reader that keeps decoded values of entries. They are shared, and must not be changed.
type keeper interface {
	Value(e Entry, decode func() (any, error)) (any, error)
}

// value decodes an entry, unless the reader has kept its value.
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
