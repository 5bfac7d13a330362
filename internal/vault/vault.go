// Package vault encrypts secrets for files of ours. Its keys lie in the keyring of the person's system, or come from a
// passphrase. It keeps to itself where a key is, how it is asked for, and what each keyring says instead of "no". It
// never falls back: without its key nothing is sealed and nothing is opened.
package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"rolecall/internal/filesystem"
)

// The backends of a key.
const (
	Keyring    = "keyring"
	Passphrase = "passphrase"
)

// ErrGone means that the key is not in the keyring any more, or that another one is in its place: what it sealed
// cannot be opened.
var ErrGone = errors.New("its key no longer exists")

// A Person can unlock a keyring, and knows the passphrase.
type Person interface {
	// AskSecret asks for a text that the terminal does not show.
	AskSecret(ctx context.Context, question string) (string, error)
	// Tell says one line.
	Tell(line string)
}

// A keyring keeps one text for each user of a service. Its calls may block for ever, and wait for a person.
type keyring interface {
	Get(service, user string) (string, error)
	Set(service, user, text string) error
	Delete(service, user string) error
}

// A Vault seals and opens with the keys of one person. Its files, none of which holds a key:
//
//	Dir/current       the id of the key that seals
//	Dir/key-ID.json   where the key with that id is
//	Dir/unanswered    when and why the keyring last did not answer
type Vault struct {
	Dir    string
	Locks  string // the folder of lock files
	Files  filesystem.Files
	Getenv func(string) string
	Person Person // nil: nobody is asked
	Opened *Opened
	Now    func() time.Time

	keyring keyring // nil: the system's
}

// Opened are the keys that a process has asked for: it asks for each one once.
type Opened struct {
	mu    sync.Mutex
	keys  map[string][]byte
	stuck bool // a call of the keyring has not come back
}

func (o *Opened) get(id string) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.keys[id]
}

func (o *Opened) put(id string, key []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.keys == nil {
		o.keys = map[string][]byte{}
	}
	o.keys[id] = key
}

// keySize is that of AES-256, in bytes.
const keySize = 32

// Current returns the id of the key that seals; empty before there is one.
func (v *Vault) Current() string {
	text, err := v.Files.ReadSecret(filepath.Join(v.Dir, "current"))
	id := strings.TrimSpace(string(text))
	if err != nil || !isID(id) {
		return ""
	}
	return id
}

// isID reports whether a text has the form of a key's id: it becomes part of a file's name.
func isID(text string) bool {
	return len(text) == 16 && strings.Trim(text, "0123456789abcdef") == ""
}

// Ready makes sure that there is a key to seal with, and returns its id. The first key is made in the keyring; so is a
// new one if the last is gone. The error is an *UnavailableError if it cannot be had.
func (v *Vault) Ready(ctx context.Context) (id string, err error) {
	if id = v.Current(); id != "" {
		_, err = v.key(ctx, id)
		if !errors.Is(err, ErrGone) {
			return id, err
		}
	}
	unlock, err := v.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	if other := v.Current(); other != id { // another process made one meanwhile
		_, err = v.key(ctx, other)
		return other, err
	}
	return v.create(ctx, Keyring)
}

// Create makes a new key, with which is sealed from now on. Older ones open what they have sealed.
func (v *Vault) Create(ctx context.Context, backend string) (id string, err error) {
	unlock, err := v.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	return v.create(ctx, backend)
}

// create needs the vault's lock. The key is where it will be looked for before a file says so.
func (v *Vault) create(ctx context.Context, backend string) (id string, err error) {
	name := make([]byte, 8)
	_, _ = rand.Read(name) // never fails
	id = hex.EncodeToString(name)
	place := place{Format: 1, ID: id, Backend: backend}
	var key []byte
	if backend == Passphrase {
		key, err = v.newPassphrase(ctx, &place)
	} else {
		key = make([]byte, keySize)
		_, _ = rand.Read(key)
		err = v.putKeyring(ctx, id, key)
	}
	if err != nil {
		return "", err
	}
	place.Check = seal(key, nil, []byte(id))
	if err := v.savePlace(place); err != nil {
		return "", err
	}
	if err := v.Files.WriteSecret(filepath.Join(v.Dir, "current"), []byte(id+"\n")); err != nil {
		return "", err
	}
	v.Opened.put(id, key)
	return id, nil
}

// Seal encrypts text with the key of that id, and binds it to bound. done must be called when the result has been
// saved: until then no other process removes the key.
func (v *Vault) Seal(ctx context.Context, id string, text, bound []byte) (sealed []byte, done func(), err error) {
	key, err := v.key(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	done, err = v.lock(ctx)
	if err != nil {
		return nil, nil, err
	}
	if _, err := v.place(id); err != nil { // removed since: with the last session that needed it
		done()
		return nil, nil, fmt.Errorf("the key of the encrypted file was removed meanwhile: %w", err)
	}
	return seal(key, text, bound), done, nil
}

// Open decrypts what Seal has made with the key of that id, bound to the same. The error is ErrGone without that key,
// and for what was changed since.
func (v *Vault) Open(ctx context.Context, id string, sealed, bound []byte) ([]byte, error) {
	key, err := v.key(ctx, id)
	if err != nil {
		return nil, err
	}
	text, err := open(key, sealed, bound)
	if err != nil {
		return nil, fmt.Errorf("it was changed, or sealed with another key: %w", ErrGone)
	}
	return text, nil
}

// key returns the key with that id, from wherever it is.
func (v *Vault) key(ctx context.Context, id string) ([]byte, error) {
	if key := v.Opened.get(id); key != nil {
		return key, nil
	}
	place, err := v.place(id)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrGone, err)
	}
	var key []byte
	if place.Backend == Passphrase {
		key, err = v.fromPassphrase(ctx, place)
	} else if key, err = v.getKeyring(ctx, id); err == nil && !place.isOf(key) {
		err = fmt.Errorf("%w: the keyring has another one in its place", ErrGone)
	}
	if err != nil {
		return nil, err
	}
	v.Opened.put(id, key)
	return key, nil
}

// Prune removes the keys that seal nothing any more: inUse returns the ids of those that do. The current one stays if
// another is in use, or if it keeps: the next token will be sealed with it.
func (v *Vault) Prune(ctx context.Context, keeps bool, inUse func() map[string]bool) error {
	unlock, err := v.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	used := inUse()
	if current := v.Current(); keeps || len(used) > 0 {
		used[current] = true
	}
	paths, err := filepath.Glob(filepath.Join(v.Dir, "key-*.json"))
	failures := []error{err}
	for _, path := range paths {
		id := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "key-"), ".json")
		if !isID(id) || used[id] {
			continue
		}
		place, err := v.place(id)
		if err == nil && place.Backend == Keyring {
			failures = append(failures, v.deleteKeyring(ctx, id))
		}
		failures = append(failures, v.Files.Remove(path))
	}
	if len(used) == 0 {
		failures = append(failures, v.Files.Remove(filepath.Join(v.Dir, "current")))
	}
	return errors.Join(failures...)
}

// lockLimit bounds the wait for another process that makes or removes a key, or asks the keyring.
const lockLimit = 15 * time.Second

// lock covers what makes and removes keys.
func (v *Vault) lock(ctx context.Context) (unlock func(), err error) {
	return v.lockOf(ctx, "vault.lock", lockLimit)
}

func (v *Vault) lockOf(ctx context.Context, name string, limit time.Duration) (unlock func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, filesystem.ErrLocked)
	defer cancel()
	lock, err := v.Files.Lock(ctx, filepath.Join(v.Locks, name), fmt.Sprintf("process %d", os.Getpid()), nil)
	if err != nil {
		return nil, err
	}
	return lock.Unlock, nil
}

// seal encrypts with AES-256-GCM; the nonce is random, and in front.
func seal(key, text, bound []byte) []byte {
	return gcm(key).Seal(nil, nil, text, bound)
}

func open(key, sealed, bound []byte) ([]byte, error) {
	return gcm(key).Open(nil, nil, sealed, bound)
}

func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // every key has keySize
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}
