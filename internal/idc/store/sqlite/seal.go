package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"rolecall/internal/filesystem"
	"rolecall/internal/idc/store"
)

// A seal is the ledger in a file beside the database. It is written after the commit, so it never knows more than the
// database, whenever the process is killed; and soon, so that a cut of what was committed before is noticed.
type seal struct {
	Events, Generation int64
	Head               []byte
}

const (
	// sealAfter is how long a commit waits for its seal, and with it all commits meanwhile.
	sealAfter = time.Second
	// sealWord begins the file.
	sealWord = "rolecall-audit-seal-1 "
)

// errForged means that a seal or ledger was written with another key.
var errForged = errors.New("not written with this data directory's secret")

// readSeal returns the seal, or an error: fs.ErrNotExist, errForged.
func (s *Store) readSeal() (kept seal, err error) {
	content, err := filesystem.Files{}.ReadSecret(s.sealPath)
	if err != nil {
		return kept, err
	}
	text, known := strings.CutPrefix(strings.TrimSuffix(string(content), "\n"), sealWord)
	text, own := opened(s.keys.seal, text)
	if !known || !own {
		return kept, errForged
	}
	return kept, json.Unmarshal([]byte(text), &kept)
}

func (s *Store) putSeal(kept seal) error {
	text, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return filesystem.Files{}.WriteSecret(s.sealPath, []byte(sealWord+signed(s.keys.seal, string(text))+"\n"))
}

// writeSeal seals what is committed, unless that is in doubt, or sealed already.
func (s *Store) writeSeal() error {
	s.sealing.Lock()
	defer s.sealing.Unlock()
	s.known.Lock()
	l := s.ledger
	s.known.Unlock()
	if s.memory || l.Problem.Kind != "" || l.Generation == s.sealed.Generation && l.events == s.sealed.Events {
		return nil
	}
	now := seal{l.events, l.Generation, l.head}
	if err := s.putSeal(now); err != nil {
		return err
	}
	s.sealed = now
	return nil
}

// keepSealed seals what was committed, a second later, until the store is closed. What cannot be written now is written
// after the next commit, or by Close, which says so.
func (s *Store) keepSealed() {
	defer close(s.rested)
	for {
		select {
		case <-s.done:
			return
		case <-s.changed:
		}
		select {
		case <-s.done:
			return
		case <-time.After(sealAfter):
		}
		_ = s.writeSeal()
	}
}

// committed is told the ledger after each commit.
func (s *Store) committed(l ledger) {
	s.known.Lock()
	s.ledger = l
	s.known.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// catchUp reads the ledger after a commit that failed, but is in the database all the same. Going back is not possible.
func (s *Store) catchUp(c *conn) {
	l, _, own, err := readLedger(reader{c, s.keys})
	if err == nil && own && l.events >= s.ledger.events && l.Generation >= s.ledger.Generation {
		s.committed(l)
	}
}

// openLedger reads the ledger at the start. What does not fit the seal is remembered until Accept; meanwhile the seal
// stays as it is, so that going on hides nothing.
func (s *Store) openLedger(c *conn) error {
	r := reader{c, s.keys}
	l, made, own, err := readLedger(r)
	if err != nil {
		return err
	}
	kept, missing, found, err := s.doubts(r, l, made, own)
	if err != nil {
		return err
	}
	t := &tx{r, newChanges(), l}
	if _, err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if !made && found.Kind == "" {
		err = t.takeAll()
		if missing && err == nil { // before the database says that there is one
			kept = seal{l.events, 0, l.head}
			err = s.putSeal(kept)
		}
	}
	if t.ledger.Problem = found; err == nil && (!made || found != l.Problem) {
		t.ledger.Generation++
		err = t.writeLedger()
	}
	if err == nil {
		_, err = c.exec("COMMIT")
	}
	if err != nil {
		return rollback(c, err)
	}
	if s.ledger = t.ledger; found.Kind == "" {
		s.sealed = kept
		return s.writeSeal() // what a crash left unsealed
	}
	return nil
}

// doubts returns the seal, whether it is missing, and what is wrong with the database beside it. A new database, or one
// of an older rolecall, has none.
func (s *Store) doubts(r reader, l ledger, made, own bool) (kept seal, missing bool, found store.Finding, err error) {
	if !s.memory {
		kept, err = s.readSeal()
		missing = errors.Is(err, fs.ErrNotExist)
	}
	switch {
	case l.Problem.Kind != "":
		return kept, missing, l.Problem, nil
	case !own:
		found = forgedLedger()
	case s.memory || missing && !made:
	case err != nil:
		found = unreadable(err)
	default:
		at, err := r.hashOf(kept.Events)
		return kept, false, compare(kept, l, at), err
	}
	return kept, missing, found, nil
}

func forgedLedger() store.Finding {
	return store.Finding{Kind: store.LedgerForged, Message: "the ledger of rows is missing, or " + errForged.Error()}
}

// unreadable is the finding for a seal that cannot be read.
func unreadable(err error) store.Finding {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return store.Finding{Kind: store.SealMissing, Message: "the seal beside the database is missing"}
	case errors.Is(err, errForged):
		return store.Finding{Kind: store.SealForged, Message: "the seal beside the database was " + errForged.Error()}
	}
	return store.Finding{Kind: store.SealForged, Message: "the seal beside the database cannot be read"}
}

// compare returns what is wrong with a database beside a seal: with its ledger, and the hash of the last event that is
// sealed.
func compare(kept seal, l ledger, at []byte) store.Finding {
	had := max(kept.Events, l.rows.Events)
	switch {
	case l.events == 0 && had > 0:
		return store.Finding{Kind: store.AuditEmptied, Message: fmt.Sprintf("the audit was emptied: it had %d events", had)}
	case l.Generation < kept.Generation:
		return store.Finding{Kind: store.OlderCopy, Message: fmt.Sprintf(
			"the database is an older copy: it has %d events, and had %d", l.events, max(had, l.events))}
	case l.events < had:
		return store.Finding{Kind: store.EventsMissing, Message: fmt.Sprintf(
			"events %d to %d are missing at the end: cut off, or the database is an older copy", l.events+1, had)}
	case !bytes.Equal(at, kept.Head):
		return store.Finding{Kind: store.OlderCopy, Message: fmt.Sprintf(
			"event %d is not the one that was sealed: an older copy was restored and used", kept.Events)}
	}
	return store.Finding{}
}

// hashOf is the hash of an event; nil if there is none.
func (r reader) hashOf(seq int64) ([]byte, error) {
	events, err := r.Events(seq-1, 1)
	if err != nil || len(events) == 0 || events[0].Seq != seq {
		return nil, err
	}
	return events[0].Hash, nil
}

// Accept is in store.Store.
func (s *Store) Accept(ctx context.Context, e store.Event) error {
	err := s.Update(ctx, func(any store.Tx) error {
		t := any.(*tx)
		err := errors.Join(t.takeAll(), t.Record(e))
		t.ledger.Generation++
		return errors.Join(err, t.writeLedger()) // even if only the database has lost it
	})
	if err != nil {
		return err
	}
	return s.writeSeal()
}
