// Package sqlite keeps the Identity Center in one SQLite database: in memory, or in a file with a write-ahead log that
// is synced before a change is acknowledged. One writer commits for everybody who waits. Readers remember what they
// have read, and wait only while a commit that changes it becomes visible.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	_ "modernc.org/sqlite" // the driver

	"rolecall/internal/filesystem"
	"rolecall/internal/idc/store"
)

// A Store is a store.Store in SQLite.
type Store struct {
	keys    keys
	db      *sql.DB
	readers chan *conn
	// writer holds the only connection that writes; in memory the readers share it.
	writer chan *conn
	jobs   chan *job
	memory bool
	memo   memo
	// changing is held by Views, and by the writer while a commit becomes visible that changes answers the memo may have.
	changing sync.RWMutex

	// asked counts Views and Updates; tidied is the state of Tidy.
	asked  atomic.Int64
	tidied tidied

	// ledger is that of the last commit, under known; sealed is in the file, under sealing.
	sealPath       string
	known, sealing sync.Mutex
	ledger         ledger
	sealed         seal
	changed        chan struct{} // a commit
	rested         chan struct{} // nobody seals any more

	closing sync.Once
	closed  chan struct{}
	done    chan struct{}
}

var _ store.Store = (*Store)(nil)

// readConnections bounds the concurrent readers.
const readConnections = 4

// ErrClosed means that the store was closed.
var ErrClosed = errors.New("the store is closed")

// Memory opens a store that ends with the process.
func Memory(key []byte) (*Store, error) { return open(":memory:", "", key) }

// Open opens the database at path, or makes it, readable by us only. key is that of the audit's hashes, and must be
// kept elsewhere. Beside the database is its seal. After a stop without Close it checks the whole database first.
func Open(path string, key []byte) (*Store, error) {
	file, err := filesystem.Files{}.OpenOwn(path, os.O_RDWR|os.O_CREATE) // SQLite copies the mode to its other files
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	s, err := open("file:"+(&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(), path+".seal", key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// pragmas are run on each connection. A negative cache_size is in KiB.
const pragmas = `PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;`

// open opens a database: in memory, if it has no seal.
func open(name, sealPath string, key []byte) (*Store, error) {
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	memory := sealPath == ""
	s := &Store{
		keys: newKeys(key), sealPath: sealPath, changed: make(chan struct{}, 1), rested: make(chan struct{}),
		db: db, memory: memory, jobs: make(chan *job, maxBatch),
		readers: make(chan *conn, readConnections), writer: make(chan *conn, 1),
		closed: make(chan struct{}), done: make(chan struct{}),
	}
	first, err := s.connect()
	if err == nil {
		err = s.prepare(first)
	}
	if err != nil {
		if first != nil {
			err = errors.Join(err, first.close())
		}
		return nil, errors.Join(err, db.Close())
	}
	s.writer <- first
	if memory {
		s.readers = s.writer
	} else if err := s.openReaders(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	go s.write()
	if memory {
		close(s.rested)
	} else {
		go s.keepSealed()
	}
	return s, nil
}

func (s *Store) openReaders() error {
	for range readConnections {
		c, err := s.connect()
		if err != nil {
			return err
		}
		s.readers <- c
	}
	return nil
}

func (s *Store) connect() (*conn, error) {
	c, err := s.db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	if _, err := c.ExecContext(context.Background(), pragmas); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &conn{c: c, prepared: map[string]*sql.Stmt{}}, nil
}

// prepare upgrades the schema, checks the database after an unclean stop, and marks it as in use.
func (s *Store) prepare(c *conn) error {
	if !s.memory {
		if _, err := c.exec("PRAGMA journal_mode = WAL"); err != nil {
			return err
		}
	}
	if err := migrate(c); err != nil {
		return err
	}
	var state string
	switch err := c.row("SELECT value FROM meta WHERE name = 'state'").Scan(&state); {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	case state == "open":
		if err := check(c); err != nil {
			return err
		}
	}
	if err := errors.Join(makeShrinkable(c), s.openLedger(c)); err != nil {
		return err
	}
	_, err := c.exec("INSERT INTO meta VALUES ('state', 'open') ON CONFLICT DO UPDATE SET value = excluded.value")
	return err
}

func migrate(c *conn) error {
	var version int
	if err := c.row("PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(migrations) {
		return fmt.Errorf("the database was written by a newer rolecall (version %d; this one knows up to %d)", version,
			len(migrations))
	}
	for i, text := range migrations[version:] {
		step := fmt.Sprintf("BEGIN IMMEDIATE;\n%s\nPRAGMA user_version = %d;\nCOMMIT;", text, version+i+1)
		if _, err := c.c.ExecContext(context.Background(), step); err != nil {
			_, rollback := c.exec("ROLLBACK")
			return errors.Join(fmt.Errorf("schema version %d: %w", version+i+1, err), rollback)
		}
	}
	return nil
}

// check reads the whole database after a stop without Close.
func check(c *conn) error {
	rows, err := c.c.QueryContext(context.Background(), "PRAGMA integrity_check")
	if err != nil {
		return err
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			found = append(found, line)
		}
	}
	if len(found) > 0 {
		return fmt.Errorf("the database is damaged: %s", strings.Join(found, "; "))
	}
	return rows.Err()
}

// Close writes what was accepted, and marks the database as cleanly closed.
func (s *Store) Close() error {
	err := ErrClosed
	s.closing.Do(func() {
		close(s.closed)
		<-s.done
		<-s.rested
		c := <-s.writer
		_, err = c.exec("UPDATE meta SET value = 'closed' WHERE name = 'state'")
		if !s.memory {
			_, checkpoint := c.exec("PRAGMA wal_checkpoint(TRUNCATE)")
			err = errors.Join(err, checkpoint)
			for range readConnections {
				r := <-s.readers
				err = errors.Join(err, r.close())
			}
		}
		err = errors.Join(err, c.close(), s.db.Close(), s.writeSeal())
	})
	return err
}

// Backup is in store.Store.
func (s *Store) Backup(ctx context.Context, path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	c, err := s.connection(ctx)
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	defer func() { s.readers <- c }()
	if _, err := c.exec("VACUUM INTO ?", path); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// A conn is a connection with its prepared statements.
type conn struct {
	c        *sql.Conn
	prepared map[string]*sql.Stmt
}

// close closes the statements first: SQLite keeps the files open for them.
func (c *conn) close() error {
	var err error
	for _, s := range c.prepared {
		err = errors.Join(err, s.Close())
	}
	return errors.Join(err, c.c.Close())
}

func (c *conn) stmt(query string) (*sql.Stmt, error) {
	if s := c.prepared[query]; s != nil {
		return s, nil
	}
	s, err := c.c.PrepareContext(context.Background(), query)
	if err == nil {
		c.prepared[query] = s
	}
	return s, err
}

func (c *conn) exec(query string, args ...any) (changed int64, err error) {
	s, err := c.stmt(query)
	if err != nil {
		return 0, err
	}
	result, err := s.Exec(args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// row returns the only row of a query.
func (c *conn) row(query string, args ...any) scanner {
	s, err := c.stmt(query)
	if err != nil {
		return failed{err}
	}
	return s.QueryRow(args...)
}

type scanner interface{ Scan(...any) error }

type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }

// each calls scan for each row.
func (c *conn) each(scan func(scanner) error, query string, args ...any) error {
	s, err := c.stmt(query)
	if err != nil {
		return err
	}
	rows, err := s.Query(args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
