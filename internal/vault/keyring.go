package vault

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	system "github.com/zalando/go-keyring"
)

// service is what the keyring's items are filed under.
const service = "rolecall"

func user(id string) string { return "split:" + id }

// The time for an answer of the keyring: a person may have to type its password.
const (
	unattended = 3 * time.Second
	attended   = 60 * time.Second
)

// spared is how long other processes do not wait for a keyring that has just not answered: they ask for its state only.
const spared = 30 * time.Second

// The time for a keyring's state: for somebody who looks, and for a process that is spared the wait.
const (
	stateLimit = 700 * time.Millisecond
	quickLimit = time.Second
)

type systemKeyring struct{}

func (systemKeyring) Get(service, user string) (string, error) { return system.Get(service, user) }
func (systemKeyring) Set(service, user, text string) error     { return system.Set(service, user, text) }

func (systemKeyring) Delete(service, user string) error { return system.Delete(service, user) }

func (v *Vault) ring() keyring {
	if v.keyring != nil {
		return v.keyring
	}
	return systemKeyring{}
}

func (v *Vault) getKeyring(ctx context.Context, id string) ([]byte, error) {
	text, err := v.call(ctx, func() (string, error) { return v.ring().Get(service, user(id)) })
	if errors.Is(err, system.ErrNotFound) {
		return nil, fmt.Errorf("%w from the keyring", ErrGone)
	}
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("%w: the keyring has something else in its place", ErrGone)
	}
	return key, nil
}

// putKeyring stores a new key and reads it back: some keyrings report success for what a person has dismissed.
func (v *Vault) putKeyring(ctx context.Context, id string, key []byte) error {
	text := base64.StdEncoding.EncodeToString(key)
	got, err := v.call(ctx, func() (string, error) {
		if err := v.ring().Set(service, user(id), text); err != nil {
			return "", err
		}
		return v.ring().Get(service, user(id))
	})
	if errors.Is(err, system.ErrNotFound) || err == nil && got != text {
		return &UnavailableError{Backend: Keyring, Kind: Locked, Why: "it did not store the key"}
	}
	return err
}

func (v *Vault) deleteKeyring(ctx context.Context, id string) error {
	_, err := v.call(ctx, func() (string, error) { return "", v.ring().Delete(service, user(id)) })
	if errors.Is(err, system.ErrNotFound) {
		return nil
	}
	return err
}

// call asks the keyring, one process at a time: some jam when several ask a locked one. It waits for an answer no
// longer than its time; what comes later is lost. Except for system.ErrNotFound its errors are UnavailableErrors.
func (v *Vault) call(ctx context.Context, ask func() (string, error)) (string, error) {
	limit := unattended
	if v.Person != nil {
		limit = attended
	}
	began := v.Now()
	if v.Person == nil && v.unanswered(began.Add(-spared)) != nil {
		if err := v.state(ctx, quickLimit); err != nil {
			return "", err
		}
		_ = v.Files.Remove(v.notePath()) // it would only cost time
	}
	unlock, err := v.lockOf(ctx, "keyring.lock", lockLimit)
	if err != nil {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		return "", &UnavailableError{Backend: Keyring, Kind: Silent, Why: "another process is waiting for it"}
	}
	defer unlock()
	if err := v.unanswered(began); err != nil && v.Person == nil { // while this process waited for the lock
		return "", err
	}
	text, err := v.within(ctx, limit, ask)
	if unavailable := (*UnavailableError)(nil); errors.As(err, &unavailable) {
		v.noteUnanswered(unavailable)
	}
	return text, err
}

// within runs ask beside, since nothing can interrupt it.
func (v *Vault) within(ctx context.Context, limit time.Duration, ask func() (string, error)) (string, error) {
	if !v.Opened.begin() {
		return "", &UnavailableError{Backend: Keyring, Kind: Silent, Why: "it still does not answer"}
	}
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	go func() {
		defer v.Opened.end()
		if v.keyring == nil {
			if err := v.reach(ctx); err != nil {
				answers <- answer{err: err}
				return
			}
		}
		text, err := ask()
		answers <- answer{text, err}
	}()
	var slow <-chan time.Time
	if v.Person != nil {
		slow = time.After(unattended / 3)
	}
	for {
		select {
		case a := <-answers:
			return a.text, asUnavailable(a.err)
		case <-slow:
			v.Person.Tell("waiting for the keyring, which may be asking")
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return "", &UnavailableError{Backend: Keyring, Kind: Silent, Why: fmt.Sprintf("no answer in %v", limit)}
			}
			return "", context.Cause(ctx)
		}
	}
}

func (o *Opened) begin() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stuck {
		return false
	}
	o.stuck = true
	return true
}

func (o *Opened) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stuck = false
}

// asUnavailable makes an UnavailableError of whatever a keyring says but "not found". Their texts are localised, so
// only types and D-Bus names tell more.
func asUnavailable(err error) error {
	if unavailable := (*UnavailableError)(nil); err == nil || errors.Is(err, system.ErrNotFound) ||
		errors.As(err, &unavailable) {
		return err
	}
	kind, why := kindOf(err), err.Error()
	if kind == Locked {
		why = "it is locked (" + why + ")"
	}
	return &UnavailableError{Backend: Keyring, Kind: kind, Why: why}
}

// An unanswered note spares other processes the wait.
type unansweredNote struct {
	At   time.Time `json:"at"`
	Kind Kind      `json:"kind"`
	Why  string    `json:"why"`
}

func (v *Vault) notePath() string { return filepath.Join(v.Dir, "unanswered") }

func (v *Vault) noteUnanswered(e *UnavailableError) {
	data, err := json.Marshal(unansweredNote{v.Now(), e.Kind, e.Why})
	if err == nil && e.Kind == Silent { // all else is found out in no time
		_ = v.Files.WriteSecret(v.notePath(), data) // without it the others wait
	}
}

// unanswered returns that the keyring has not answered another process since then.
func (v *Vault) unanswered(since time.Time) error {
	var note unansweredNote
	data, err := v.Files.ReadSecret(v.notePath())
	if err != nil || json.Unmarshal(data, &note) != nil || note.At.After(v.Now()) || note.At.Before(since) {
		return nil
	}
	return &UnavailableError{Backend: Keyring, Kind: note.Kind, Why: note.Why}
}

// State returns why the keyring could not be asked now; nil if it can. It asks for no key, and wakes nobody.
func (v *Vault) State(ctx context.Context) error { return v.state(ctx, stateLimit) }

func (v *Vault) state(ctx context.Context, limit time.Duration) error {
	other := *v
	other.Person, other.Opened = nil, &Opened{}
	_, err := other.within(ctx, limit, func() (string, error) { return "", nil })
	return err
}
