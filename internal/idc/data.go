package idc

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rolecall/internal/filesystem"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/seed"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/store/sqlite"
)

// Data is what an Identity Center stores: the store itself, and the secret that all keys are derived from.
type Data struct {
	Store  store.Store
	Secret []byte
	Dir    string // empty: in memory
	Fresh  bool   // just made

	lock *filesystem.Lock
}

// ErrInUse means that another process has the data directory open.
var ErrInUse = errors.New("another rolecall is using this data directory")

// OpenData opens a data directory, or makes it, for this process alone (ErrInUse).
func OpenData(dir string) (*Data, error) {
	files := filesystem.Files{}
	if err := files.OwnFolder(dir); err != nil { // it holds secrets, whoever made it
		return nil, err
	}
	lock, err := files.TryLock(filepath.Join(dir, "lock"))
	switch {
	case errors.Is(err, filesystem.ErrLocked):
		return nil, fmt.Errorf("%s: %w", dir, ErrInUse)
	case err != nil:
		return nil, err
	}
	filesystem.Sweep(dir)
	d := &Data{Dir: dir, lock: lock}
	if err := d.open(); err != nil {
		lock.Unlock()
		return nil, err
	}
	return d, nil
}

func (d *Data) open() (err error) {
	path := filepath.Join(d.Dir, "idc.db")
	_, missing := os.Stat(path)
	d.Fresh = errors.Is(missing, os.ErrNotExist)
	if d.Secret, err = readSecret(filepath.Join(d.Dir, "secret"), d.Fresh); err != nil {
		return err
	}
	key, err := auditKey(d.Secret)
	if err != nil {
		return err
	}
	d.Store, err = sqlite.Open(path, key)
	return err
}

// readSecret reads the secret. It makes a new one only in a fresh directory: a database is useless without its own.
func readSecret(path string, fresh bool) ([]byte, error) {
	text, err := filesystem.Files{}.ReadSecret(path)
	if errors.Is(err, os.ErrNotExist) && fresh {
		secret := newSecret()
		return secret, filesystem.Files{}.WriteSecret(path, []byte(hex.EncodeToString(secret)+"\n"))
	}
	if err != nil {
		return nil, err
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) != 32 {
		return nil, fmt.Errorf("%s: not 64 hexadecimal digits", path)
	}
	return secret, nil
}

func newSecret() []byte {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return secret
}

func auditKey(secret []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "audit chain", 32)
}

// InMemory returns data that ends with the process, holding the sample directory. Cost is that of its password hashes.
func InMemory(ctx context.Context, region string, cost directory.Cost, now time.Time) (*Data, seed.SampleData, error) {
	text, sample := seed.Sample(region)
	d, err := EmptyMemory()
	if err != nil {
		return nil, sample, err
	}
	if _, err := seed.Load(ctx, d.Store, "sample.yaml", text, seed.Options{Cost: cost}, store.Operator, now); err != nil {
		return nil, sample, errors.Join(err, d.Close())
	}
	return d, sample, nil
}

// Close closes the store and releases the directory.
func (d *Data) Close() error {
	err := d.Store.Close()
	if d.lock != nil {
		d.lock.Unlock()
	}
	return err
}

// EmptyMemory returns empty data that ends with the process.
func EmptyMemory() (*Data, error) {
	d := &Data{Secret: newSecret(), Fresh: true}
	key, err := auditKey(d.Secret)
	if err == nil {
		d.Store, err = sqlite.Memory(key)
	}
	return d, err
}
