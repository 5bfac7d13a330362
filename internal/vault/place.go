package vault

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/argon2"

	"rolecall/internal/filesystem"
)

// A place says where a key is. It is no secret.
type place struct {
	Format  int    `json:"format"`
	ID      string `json:"id"`
	Backend string `json:"backend"`
	Argon2  *argon `json:"argon2id,omitempty"` // how the passphrase becomes the key
	Check   []byte `json:"check"`              // nothing, sealed with the key: it tells whether a key is the one
}

// argon are the parameters of argon2id (RFC 9106).
type argon struct {
	Salt    []byte `json:"salt"`
	Time    uint32 `json:"time"`
	Memory  uint32 `json:"memoryKiB"`
	Threads uint8  `json:"threads"`
}

// recommended is the second choice of RFC 9106 section 4, for machines of every size.
func recommended() *argon {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	return &argon{Salt: salt, Time: 3, Memory: 64 << 10, Threads: 4}
}

// bearable refuses parameters that would take a machine's memory, or a minute.
func (a *argon) bearable() bool {
	return a != nil && len(a.Salt) >= 8 && a.Time >= 1 && a.Time <= 16 && a.Memory >= 8*uint32(a.Threads) &&
		a.Memory <= 1<<20 && a.Threads >= 1
}

func (a *argon) key(passphrase string) []byte {
	return argon2.IDKey([]byte(passphrase), a.Salt, a.Time, a.Memory, a.Threads, keySize)
}

func (p place) isOf(key []byte) bool {
	_, err := open(key, p.Check, []byte(p.ID))
	return err == nil
}

func (v *Vault) placePath(id string) string { return filepath.Join(v.Dir, "key-"+id+".json") }

func (v *Vault) place(id string) (place, error) {
	var p place
	if !isID(id) {
		return p, errors.New("no key has this id")
	}
	path := v.placePath(id)
	data, err := v.Files.ReadSecret(path)
	if err != nil {
		return p, err
	}
	if json.Unmarshal(data, &p) != nil || p.Format != 1 || p.ID != id ||
		p.Backend != Keyring && p.Backend != Passphrase || p.Backend == Passphrase && !p.Argon2.bearable() {
		return p, fmt.Errorf("%s is damaged", path)
	}
	return p, nil
}

func (v *Vault) savePlace(p place) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return v.Files.WriteSecret(v.placePath(p.ID), append(data, '\n'))
}

// Backend returns where the current key is; empty before there is one.
func (v *Vault) Backend() string {
	p, err := v.place(v.Current())
	if err != nil {
		return ""
	}
	return p.Backend
}

// PassphraseFile is the variable that names a file with the passphrase, for processes without a person.
const PassphraseFile = "ROLECALL_PASSPHRASE_FILE"

// shortest is the length of the shortest passphrase that is taken, in bytes.
const shortest = 12

// newPassphrase has a person choose a passphrase.
func (v *Vault) newPassphrase(ctx context.Context, p *place) ([]byte, error) {
	text, given, err := v.passphraseFile()
	if err == nil && !given {
		text, err = v.choose(ctx)
	}
	if err != nil {
		return nil, err
	}
	if len(text) < shortest {
		return nil, &UnavailableError{
			Backend: Passphrase, Kind: Wrong, Why: fmt.Sprintf("a passphrase must have at least %d characters", shortest),
		}
	}
	p.Argon2 = recommended()
	return p.Argon2.key(text), nil
}

func (v *Vault) choose(ctx context.Context) (string, error) {
	if v.Person == nil {
		return "", noPassphrase()
	}
	text, err := v.Person.AskSecret(ctx, "passphrase for the encrypted sign-ins")
	if err != nil {
		return "", err
	}
	again, err := v.Person.AskSecret(ctx, "repeat the passphrase")
	if err == nil && again != text {
		err = &UnavailableError{Backend: Passphrase, Kind: Wrong, Why: "the two passphrases differ"}
	}
	return text, err
}

// tries is how often a person may mistype the passphrase.
const tries = 3

func (v *Vault) fromPassphrase(ctx context.Context, p place) ([]byte, error) {
	text, given, err := v.passphraseFile()
	if err != nil {
		return nil, err
	}
	if given {
		if key := p.Argon2.key(text); p.isOf(key) {
			return key, nil
		}
		return nil, &UnavailableError{
			Backend: Passphrase, Kind: Wrong, Why: "the passphrase in " + v.Getenv(PassphraseFile) + " is wrong",
		}
	}
	if v.Person == nil {
		return nil, noPassphrase()
	}
	question := "passphrase for the encrypted sign-ins"
	for range tries {
		text, err := v.Person.AskSecret(ctx, question)
		if err != nil {
			return nil, err
		}
		if key := p.Argon2.key(text); p.isOf(key) {
			return key, nil
		}
		question = "wrong passphrase; try again"
	}
	return nil, &UnavailableError{Backend: Passphrase, Kind: Wrong, Why: "the passphrase is wrong"}
}

func noPassphrase() error {
	return &UnavailableError{
		Backend: Passphrase, Kind: NoPerson, Why: "the passphrase for the encrypted sign-ins is required",
	}
}

// maxPassphrase bounds the file, in bytes.
const maxPassphrase = 4096

// passphraseFile reads the file that the variable names, without the end of its line.
func (v *Vault) passphraseFile() (text string, given bool, err error) {
	path := v.Getenv(PassphraseFile)
	if path == "" {
		return "", false, nil
	}
	data, err := filesystem.Read(path, maxPassphrase)
	if err != nil {
		return "", false, &UnavailableError{
			Backend: Passphrase, Kind: Wrong, Why: PassphraseFile + ": " + err.Error(),
		}
	}
	return strings.TrimRight(string(data), "\r\n"), true, nil
}
