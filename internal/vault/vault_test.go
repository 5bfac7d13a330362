package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	system "github.com/zalando/go-keyring"
)

// aKeyring is a keyring that misbehaves on demand; the tests of the programs use gnome-keyring.
type aKeyring struct {
	mu        sync.Mutex
	texts     map[string]string
	asked     int
	dismisses bool // Set reports success for what was not stored
	err       error
	blocks    chan struct{} // each call waits for it
}

func (k *aKeyring) enter() error {
	if k.blocks != nil {
		<-k.blocks
	}
	k.mu.Lock()
	k.asked++
	return k.err
}

func (k *aKeyring) Get(_, user string) (string, error) {
	err := k.enter()
	defer k.mu.Unlock()
	text, found := k.texts[user]
	if err == nil && !found {
		err = system.ErrNotFound
	}
	return text, err
}

func (k *aKeyring) Set(_, user, text string) error {
	err := k.enter()
	defer k.mu.Unlock()
	if err == nil && !k.dismisses {
		k.texts[user] = text
	}
	return err
}

func (k *aKeyring) Delete(_, user string) error {
	err := k.enter()
	defer k.mu.Unlock()
	delete(k.texts, user)
	return err
}

func newVault(t *testing.T) (*Vault, *aKeyring) {
	t.Helper()
	dir, k := t.TempDir(), &aKeyring{texts: map[string]string{}}
	return &Vault{
		Dir: filepath.Join(dir, "vault"), Locks: filepath.Join(dir, "locks"), Opened: &Opened{}, Now: time.Now,
		Getenv: func(string) string { return "" }, keyring: k,
	}, k
}

// again is the vault of another process.
func (v *Vault) again() *Vault {
	other := *v
	other.Opened = &Opened{}
	return &other
}

func sealed(t *testing.T, v *Vault, text string) (id string, data []byte) {
	t.Helper()
	id, err := v.Ready(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, done, err := v.Seal(t.Context(), id, []byte(text), []byte("bound"))
	if err != nil {
		t.Fatal(err)
	}
	done()
	return id, data
}

// What is sealed opens again, with its key and what it is bound to, in another process as well; each asks once.
func TestSealed(t *testing.T) {
	v, k := newVault(t)
	id, data := sealed(t, v, "canary")
	if bytes.Contains(data, []byte("canary")) {
		t.Error("it is in clear")
	}
	asked := k.asked
	other := v.again()
	for range 3 {
		text, err := other.Open(t.Context(), id, data, []byte("bound"))
		if string(text) != "canary" || err != nil {
			t.Fatalf("%q, %v", text, err)
		}
	}
	if k.asked != asked+1 {
		t.Errorf("the keyring was asked %d times, want once", k.asked-asked)
	}
	changed := bytes.Clone(data)
	changed[len(changed)-1] ^= 1
	for name, err := range map[string]error{
		"bound to something else": openError(t, other, id, data, "Bound"),
		"changed":                 openError(t, other, id, changed, "bound"),
		"cut":                     openError(t, other, id, data[:5], "bound"),
		"another key's":           openError(t, other, "0123456789abcdef", data, "bound"),
		"no id":                   openError(t, other, "../../etc/passwd", data, "bound"),
	} {
		if !errors.Is(err, ErrGone) {
			t.Errorf("%s: %v, want ErrGone", name, err)
		}
	}
	err := filepath.WalkDir(filepath.Dir(v.Dir), func(path string, _ os.DirEntry, err error) error {
		if text, _ := os.ReadFile(path); strings.Contains(string(text), k.texts["split:"+id]) {
			t.Errorf("%s holds the key", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func openError(t *testing.T, v *Vault, id string, data []byte, bound string) error {
	t.Helper()
	text, err := v.Open(t.Context(), id, data, []byte(bound))
	if err == nil {
		t.Errorf("it opened: %q", text)
	}
	return err
}

// A key that the keyring has not really stored seals nothing.
func TestADismissedQuestionStoresNothing(t *testing.T) {
	v, k := newVault(t)
	k.dismisses = true
	_, err := v.Ready(t.Context())
	if unavailable := (*UnavailableError)(nil); !errors.As(err, &unavailable) || unavailable.Backend != Keyring {
		t.Fatalf("%v, want an UnavailableError", err)
	}
	if v.Current() != "" || v.Backend() != "" {
		t.Error("there is a key all the same")
	}
	k.dismisses = false
	sealed(t, v, "canary")
}

// A key that is gone, or another one in its place, is ErrGone; what is sealed next has a new key, and the old one is
// not touched.
func TestAKeyThatIsGone(t *testing.T) {
	for name, replace := range map[string]func(k *aKeyring, user string){
		"deleted":   func(k *aKeyring, user string) { delete(k.texts, user) },
		"another":   func(k *aKeyring, user string) { k.texts[user] = strings.Repeat("A", 43) + "=" },
		"too short": func(k *aKeyring, user string) { k.texts[user] = "AAAA" },
		"no base64": func(k *aKeyring, user string) { k.texts[user] = "%" },
		"empty":     func(k *aKeyring, user string) { k.texts[user] = "" },
	} {
		v, k := newVault(t)
		id, data := sealed(t, v, "canary")
		replace(k, "split:"+id)
		was := k.texts["split:"+id]
		other := v.again()
		if err := openError(t, other, id, data, "bound"); !errors.Is(err, ErrGone) {
			t.Errorf("%s: %v, want ErrGone", name, err)
		}
		next, _ := sealed(t, other, "next")
		if next == id || k.texts["split:"+id] != was {
			t.Errorf("%s: the old key was overwritten", name)
		}
	}
}

// Whatever else a keyring says means that it cannot be used now; nothing is made anew for that.
func TestAKeyringThatCannotBeUsed(t *testing.T) {
	v, k := newVault(t)
	id, data := sealed(t, v, "canary")
	k.err = errors.New("échec du déverrouillage")
	other := v.again()
	if err := openError(t, other, id, data, "bound"); errors.Is(err, ErrGone) {
		t.Errorf("%v: a sign-in would not help", err)
	}
	var unavailable *UnavailableError
	if _, err := other.Ready(t.Context()); !errors.As(err, &unavailable) {
		t.Errorf("%v, want an UnavailableError", err)
	}
	if len(k.texts) != 1 || v.Current() != id {
		t.Error("there is a new key")
	}
}

// A keyring that does not answer costs three seconds, and 60 when a person may be typing; then others are spared.
func TestAKeyringThatDoesNotAnswer(t *testing.T) {
	for person, want := range map[Person]time.Duration{nil: unattended, &silentPerson{}: attended} {
		v, k := newVault(t)
		id, data := sealed(t, v, "canary")
		synctest.Test(t, func(t *testing.T) {
			k.blocks = make(chan struct{})
			defer close(k.blocks)
			other := v.again()
			other.Person, other.Now = person, time.Now
			start := time.Now()
			err := openError(t, other, id, data, "bound")
			if unavailable := (*UnavailableError)(nil); !errors.As(err, &unavailable) || unavailable.Kind != Silent ||
				time.Since(start) != want {
				t.Errorf("after %v: %v, want %v", time.Since(start), err, want)
			}
			if p, told := person.(*silentPerson); told && p.told != 1 {
				t.Errorf("the person was told %d times", p.told)
			}
			start = time.Now()
			if err := openError(t, other, id, data, "bound"); errors.Is(err, ErrGone) || time.Since(start) != 0 {
				t.Errorf("the second call of a process waits %v: %v", time.Since(start), err)
			}
		})
		k.blocks = nil
	}
}

type silentPerson struct{ told int }

func (*silentPerson) AskSecret(context.Context, string) (string, error) {
	return "", errors.New("no answer")
}
func (p *silentPerson) Tell(string) { p.told++ }

// A passphrase becomes the key by argon2id with the parameters of its file, within bounds.
func TestAPassphrase(t *testing.T) {
	v, _ := newVault(t)
	file := filepath.Join(t.TempDir(), "passphrase")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("correct horse battery\r\n")
	v.Getenv = func(name string) string {
		if name == PassphraseFile {
			return file
		}
		return ""
	}
	id, err := v.Create(t.Context(), Passphrase)
	if err != nil || v.Backend() != Passphrase {
		t.Fatal(err)
	}
	data, done, err := v.Seal(t.Context(), id, []byte("canary"), nil)
	if err != nil {
		t.Fatal(err)
	}
	done()
	write("correct horse battery")
	if text, err := v.again().Open(t.Context(), id, data, nil); string(text) != "canary" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	write("correct horse batteries")
	var unavailable *UnavailableError
	if _, err := v.again().Open(t.Context(), id, data, nil); !errors.As(err, &unavailable) || unavailable.Kind != Wrong {
		t.Errorf("%v, want Wrong", err)
	}
	write("short")
	if _, err := v.Create(t.Context(), Passphrase); !errors.As(err, &unavailable) {
		t.Errorf("a short one: %v", err)
	}
	for member, value := range map[string]any{
		"memoryKiB": 4 << 20, "time": 1 << 20, "threads": 0, "salt": "", "backend": "none", "format": 2, "id": "x",
	} {
		other := v.again()
		spoilPlace(t, other, id, member, value)
		if _, err := other.Open(t.Context(), id, data, nil); !errors.Is(err, ErrGone) {
			t.Errorf("%s = %v: %v, want ErrGone", member, value, err)
		}
	}
}

// spoilPlace changes a member in a copy of the folder.
func spoilPlace(t *testing.T, v *Vault, id, member string, value any) {
	t.Helper()
	text, err := os.ReadFile(v.placePath(id))
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	inner, _ := whole["argon2id"].(map[string]any)
	if _, found := inner[member]; found {
		inner[member] = value
	} else {
		whole[member] = value
	}
	v.Dir = t.TempDir()
	if text, err = json.Marshal(whole); err == nil {
		err = os.WriteFile(v.placePath(id), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A key that seals nothing any more is removed, in the keyring, too; the current one when there is no other.
func TestPrune(t *testing.T) {
	v, k := newVault(t)
	first, _ := sealed(t, v, "canary")
	second, err := v.Create(t.Context(), Keyring)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		keeps bool
		used  []string
		want  []string
	}{
		{false, []string{first}, []string{first, second}},
		{false, []string{second}, []string{second}},
		{true, nil, []string{second}},
		{false, nil, nil},
	} {
		used := map[string]bool{}
		for _, id := range x.used {
			used[id] = true
		}
		if err := v.Prune(t.Context(), x.keeps, func() map[string]bool { return used }); err != nil {
			t.Fatal(err)
		}
		if len(k.texts) != len(x.want) {
			t.Errorf("%v are in use: %d keys are left, want %v", x.used, len(k.texts), x.want)
		}
		for _, id := range x.want {
			if _, err := v.place(id); err != nil || k.texts["split:"+id] == "" {
				t.Errorf("%v are in use: %s is gone: %v", x.used, id, err)
			}
		}
	}
	if v.Current() != "" {
		t.Error("the key is gone, and still the current one")
	}
}

// What is sealed while a process removes keys has one: Seal and Prune exclude each other.
func TestSealKeepsItsKeyUntilDone(t *testing.T) {
	v, k := newVault(t)
	id, _ := sealed(t, v, "canary")
	_, done, err := v.Seal(t.Context(), id, []byte("canary"), nil)
	if err != nil {
		t.Fatal(err)
	}
	pruned := make(chan error)
	go func() { pruned <- v.again().Prune(t.Context(), false, func() map[string]bool { return nil }) }()
	select {
	case err := <-pruned:
		t.Fatalf("keys were removed meanwhile: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	done()
	if err := <-pruned; err != nil || len(k.texts) != 0 {
		t.Errorf("%d keys are left: %v", len(k.texts), err)
	}
	if _, _, err := v.Seal(t.Context(), id, []byte("canary"), nil); err == nil {
		t.Error("it was sealed with a key that is gone")
	}
}
