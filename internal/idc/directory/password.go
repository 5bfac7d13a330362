package directory

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// A PasswordHash is an argon2id hash with its salt (RFC 9106). As text it has the
// form of the reference implementation: $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH.
type PasswordHash struct {
	salt, hash []byte
	cost       Cost
}

// Cost is what one guess at a password costs.
type Cost struct {
	Time      uint32
	MemoryKiB uint32
}

// DefaultCost is the second recommended choice of RFC 9106, with less memory: a local server has few users, and no
// patient attackers.
func DefaultCost() Cost { return Cost{Time: 2, MemoryKiB: 19 << 10} }

// HashPassword hashes password with a new salt.
func HashPassword(password string, cost Cost) PasswordHash {
	h := PasswordHash{salt: make([]byte, 16), cost: cost}
	_, _ = rand.Read(h.salt) // never fails
	h.hash = argon2.IDKey([]byte(password), h.salt, cost.Time, cost.MemoryKiB, 1, 32)
	return h
}

// IsZero reports whether no password is set: nobody can sign in.
func (h PasswordHash) IsZero() bool { return h.hash == nil }

// Equal reports whether two hashes are copies of one: even hashes of the same password differ in their salt.
func (h PasswordHash) Equal(other PasswordHash) bool {
	return bytes.Equal(h.salt, other.salt) && bytes.Equal(h.hash, other.hash)
}

// Matches compares in constant time. The zero hash matches nothing, and takes as long.
func (h PasswordHash) Matches(password string) bool {
	known := !h.IsZero()
	if !known {
		h = PasswordHash{salt: make([]byte, 16), hash: make([]byte, 32), cost: DefaultCost()}
	}
	got := argon2.IDKey([]byte(password), h.salt, h.cost.Time, h.cost.MemoryKiB, 1, 32)
	return subtle.ConstantTimeCompare(got, h.hash) == 1 && known
}

// MarshalText returns the text form, which is empty for the zero hash.
func (h PasswordHash) MarshalText() ([]byte, error) {
	if h.IsZero() {
		return nil, nil
	}
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Appendf(nil, "$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, h.cost.MemoryKiB, h.cost.Time,
		encode(h.salt), encode(h.hash)), nil
}

// Bounds of what a hash from a file may cost this machine.
const (
	maxTime      = 100
	maxMemoryKiB = 1 << 20
)

// UnmarshalText reads the text form.
func (h *PasswordHash) UnmarshalText(text []byte) error {
	*h = PasswordHash{}
	if len(text) == 0 {
		return nil
	}
	parts := strings.Split(string(text), "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return errors.New("not an argon2id hash like $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH")
	}
	var cost Cost
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=1", &cost.MemoryKiB, &cost.Time); err != nil ||
		cost.Time < 1 || cost.Time > maxTime || cost.MemoryKiB < 8 || cost.MemoryKiB > maxMemoryKiB {
		return errors.New("the cost of the argon2id hash is not like m=19456,t=2,p=1")
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(parts[4])
	hash, errHash := base64.RawStdEncoding.DecodeString(parts[5])
	if err := errors.Join(errSalt, errHash); err != nil || len(salt) < 8 || len(hash) != 32 {
		return errors.New("salt or hash of the argon2id hash are not base64 without padding, of 8 and 32 bytes")
	}
	*h = PasswordHash{salt, hash, cost}
	return nil
}
