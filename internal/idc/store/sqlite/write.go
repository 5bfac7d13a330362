package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"rolecall/internal/idc/store"
)

// A job is a change that waits for the writer.
type job struct {
	do   func(store.Tx) error
	done chan error
}

// maxBatch bounds how many changes share a commit, and so how long it takes.
const maxBatch = 256

// Update is in store.Store.
func (s *Store) Update(ctx context.Context, do func(store.Tx) error) error {
	s.asked.Add(1)
	j := &job{do, make(chan error, 1)}
	select {
	case s.jobs <- j:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.closed:
		return ErrClosed
	}
	select {
	case err := <-j.done:
		return err
	case <-s.done: // it may have been taken on the way out
		select {
		case err := <-j.done:
			return err
		default:
			return ErrClosed
		}
	}
}

// write is the writer: it commits all waiting changes together, since a commit costs a sync.
func (s *Store) write() {
	defer close(s.done)
	for {
		select {
		case j := <-s.jobs:
			s.commit(s.batch(j))
		case <-s.closed:
			for {
				select {
				case j := <-s.jobs:
					s.commit(s.batch(j))
				default:
					return
				}
			}
		}
	}
}

func (s *Store) batch(first *job) []*job {
	jobs := []*job{first}
	for len(jobs) < maxBatch {
		select {
		case j := <-s.jobs:
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// commit runs changes one after the other, each in a savepoint of its own, and answers when all are on disk. If the
// commit fails, none of them happened.
func (s *Store) commit(jobs []*job) {
	if s.memory { // a View may hold the only connection
		s.changing.Lock()
		defer s.changing.Unlock()
	}
	c := <-s.writer
	defer func() { s.writer <- c }()
	made := newChanges()
	results, err := s.run(c, made, jobs)
	s.memo.forget(made) // even after a failure: SQLite may have kept it
	if err != nil {
		s.catchUp(c)
	}
	for i, j := range jobs {
		if err != nil {
			results[i] = err
		}
		j.done <- results[i]
	}
}

// run returns the result of each change, or an error for all of them.
func (s *Store) run(c *conn, made *changes, jobs []*job) (results []error, err error) {
	results = make([]error, len(jobs))
	if _, err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return results, err
	}
	tx := &tx{reader{c, s.keys}, made, s.ledger}
	for i, j := range jobs {
		if results[i], err = savepoint(c, tx, j.do); err != nil {
			return results, rollback(c, err)
		}
	}
	if tx.ledger.Sum != s.ledger.Sum || tx.ledger.Problem != s.ledger.Problem {
		tx.ledger.Generation++
		if err := tx.writeLedger(); err != nil {
			return results, rollback(c, err)
		}
	}
	// Changes to answers that the memo may have wait for running Views; the audit alone does not.
	if len(made.kinds) > 0 && !s.memory {
		s.changing.Lock()
		defer s.changing.Unlock()
		defer s.memo.forget(made) // before the next View
	}
	if _, err := c.exec("COMMIT"); err != nil {
		return results, rollback(c, err)
	}
	s.committed(tx.ledger)
	return results, nil
}

// rollback undoes a whole batch. On a full disk SQLite has done so already.
func rollback(c *conn, err error) error {
	_, _ = c.exec("ROLLBACK")
	return err
}

// savepoint runs one change. An error in broken ends the whole batch: SQLite has rolled the transaction back, as it
// does when a disk is full.
func savepoint(c *conn, tx *tx, do func(store.Tx) error) (result, broken error) {
	if _, err := c.exec("SAVEPOINT change"); err != nil {
		return nil, err
	}
	before := tx.ledger
	result = guarded(tx, do)
	if result != nil {
		tx.ledger = before
		if _, err := c.exec("ROLLBACK TO change"); err != nil {
			return result, errors.Join(result, err)
		}
	}
	_, broken = c.exec("RELEASE change")
	return result, broken
}

// guarded turns a panic of one change into an error, so that the writer goes on.
func guarded(tx store.Tx, do func(store.Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a change panicked: %v", p)
		}
	}()
	return do(tx)
}

// A tx is store.Tx on the writer's connection.
type tx struct {
	reader
	changes *changes
	ledger  ledger
}

// Put is in store.Tx.
func (t *tx) Put(e store.Entry) error {
	t.changes.entry(e.Kind, e.ID)
	ends := int64(0)
	if !e.Ends.IsZero() {
		ends = e.Ends.UnixMilli()
	}
	keys, owners := listed(e.Keys), listed(e.Owners)
	mac := t.keys.rowOf(e.Kind, e.ID, ends, e.Value, keys, owners)
	var oldMAC []byte
	var oldKeys, oldOwners string
	err := t.c.row("SELECT mac, "+keysAndOwners+" FROM entry e WHERE kind = ? AND id = ?", e.Kind, e.ID).Scan(&oldMAC,
		&oldKeys, &oldOwners)
	existed := err == nil
	switch {
	case errors.Is(err, sql.ErrNoRows):
		_, err = t.c.exec("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", e.Kind, e.ID, ends, e.Value, mac)
	case existed:
		t.ledger.Sum.subtract(oldMAC)
		_, err = t.c.exec("UPDATE entry SET ends = ?3, value = ?4, mac = ?5 WHERE kind = ?1 AND id = ?2", e.Kind, e.ID, ends,
			e.Value, mac)
	}
	t.ledger.Sum.add(mac)
	if err == nil && keys != oldKeys {
		err = t.putKeys(e, existed)
	}
	if err == nil && owners != oldOwners {
		err = t.putOwners(e, existed)
	}
	return err
}

func (t *tx) putKeys(e store.Entry, replace bool) error {
	if replace {
		if _, err := t.c.exec("DELETE FROM entry_key WHERE kind = ? AND id = ?", e.Kind, e.ID); err != nil {
			return err
		}
	}
	for _, key := range e.Keys {
		switch added, err := t.c.exec("INSERT INTO entry_key VALUES (?, ?, ?) ON CONFLICT DO NOTHING", e.Kind, key, e.ID); {
		case err != nil:
			return err
		case added == 0:
			return &store.Conflict{Kind: e.Kind, Key: key}
		}
	}
	return nil
}

func (t *tx) putOwners(e store.Entry, replace bool) error {
	if replace {
		if _, err := t.c.exec("DELETE FROM entry_owner WHERE kind = ? AND id = ?", e.Kind, e.ID); err != nil {
			return err
		}
	}
	for _, owner := range e.Owners {
		if _, err := t.c.exec("INSERT INTO entry_owner VALUES (?, ?, ?) ON CONFLICT DO NOTHING", e.Kind, owner,
			e.ID); err != nil {
			return err
		}
	}
	return nil
}

// Delete is in store.Tx.
func (t *tx) Delete(kind store.Kind, id string) error {
	t.changes.entry(kind, id)
	n, err := t.deleted("DELETE FROM entry WHERE kind = ? AND id = ? RETURNING kind, id, mac", kind, id)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

// DeleteOwned is in store.Tx.
func (t *tx) DeleteOwned(kind store.Kind, owner string) error {
	_, err := t.deleted("DELETE FROM entry WHERE kind = ?1 AND id IN (SELECT id FROM entry_owner WHERE kind = ?1 AND "+
		"owner = ?2) RETURNING kind, id, mac", kind, owner)
	return err
}

// deleted runs a statement that returns what it deleted, and returns how many.
func (t *tx) deleted(query string, args ...any) (n int, err error) {
	err = t.c.each(func(row scanner) error {
		var name entryName
		var mac []byte
		err := row.Scan(&name.kind, &name.id, &mac)
		t.ledger.Sum.subtract(mac)
		t.changes.entry(name.kind, name.id)
		n++
		return err
	}, query, args...)
	return n, err
}

// Assign is in store.Tx.
func (t *tx) Assign(a store.Assignment) (existed bool, err error) {
	t.changes.kinds[assignments] = true
	n, err := t.c.exec("INSERT INTO assignment VALUES (?, ?, ?) ON CONFLICT DO NOTHING", a.Principal, a.AccountID,
		a.PermissionSet)
	if n > 0 {
		t.ledger.Sum.add(t.keys.assignmentOf(a))
	}
	return n == 0, err
}

// Unassign is in store.Tx.
func (t *tx) Unassign(a store.Assignment) (existed bool, err error) {
	t.changes.kinds[assignments] = true
	n, err := t.c.exec("DELETE FROM assignment WHERE principal = ? AND account = ? AND permission_set = ?", a.Principal,
		a.AccountID, a.PermissionSet)
	if n > 0 {
		t.ledger.Sum.subtract(t.keys.assignmentOf(a))
	}
	return n > 0, err
}

// Record is in store.Tx.
func (t *tx) Record(e store.Event) error {
	e.Seq = t.ledger.events + 1
	e.Hash = chain(t.keys.chain, t.ledger.head, e)
	_, err := t.c.exec("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)",
		e.Seq, e.Time.UnixMicro(), e.Actor, e.Action, e.Target, e.Details, e.Hash)
	if err == nil {
		t.ledger.events, t.ledger.head = e.Seq, e.Hash
	}
	return err
}
