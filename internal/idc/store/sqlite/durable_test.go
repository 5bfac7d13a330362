package sqlite

import (
	"path/filepath"
	"testing"
)

// What was acknowledged is on disk, and what was deleted is not: each connection syncs at each commit, and overwrites.
func TestEveryConnectionSyncs(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "idc.db"), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all := []*conn{<-s.writer}
	defer func() { s.writer <- all[0] }()
	for range readConnections {
		c := <-s.readers
		defer func() { s.readers <- c }()
		all = append(all, c)
	}
	const full = 2
	for i, c := range all {
		var synchronous int
		var deletes int
		if err := c.row("PRAGMA secure_delete").Scan(&deletes); err != nil || deletes != 1 {
			t.Errorf("connection %d: secure_delete = %d, %v", i, deletes, err)
		}
		var journal string
		if err := c.row("PRAGMA synchronous").Scan(&synchronous); err != nil || synchronous != full {
			t.Errorf("connection %d: synchronous = %d, %v", i, synchronous, err)
		}
		if err := c.row("PRAGMA journal_mode").Scan(&journal); err != nil || journal != "wal" {
			t.Errorf("connection %d: the journal is %q, %v", i, journal, err)
		}
	}
}
