// Package directory is the Identity Center's knowledge of who is there: users,
// accounts, permission sets, assignments, and the plain IAM roles that can be
// assumed from them. It keeps how that is stored behind Store, and passwords only
// as argon2id hashes.
package directory

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
)

// ErrNotFound is a name or id that the directory does not have.
var ErrNotFound = errors.New("not in the directory")

// A User can sign in.
type User struct {
	Name        string
	DisplayName string
	Email       string
	Password    PasswordHash
}

// An Account is an AWS account.
type Account struct{ ID, Name, Email string }

// A PermissionSet is what becomes a role in an account.
type PermissionSet struct {
	Name     string
	Duration time.Duration // of a role session
}

// An Assignment gives a user a permission set in an account.
type Assignment struct{ User, AccountID, PermissionSet string }

// A Role is a plain IAM role that may be assumed.
type Role struct {
	ARN         string
	Trusted     []string // ARNs of accounts' root or of roles, without a session
	ExternalID  string   // wanted from the caller; empty for none
	MaxDuration time.Duration
}

// A Store keeps a directory. All methods are safe for concurrent use; lists are
// sorted by id or name.
type Store interface {
	// User gives a user by name, in any case, or ErrNotFound.
	User(name string) (User, error)
	PutUser(User) error
	// Accounts lists the accounts in which user has an assignment.
	Accounts(user string) ([]Account, error)
	PutAccount(Account) error
	// PermissionSets lists what is assigned to user in an account.
	PermissionSets(user, accountID string) ([]PermissionSet, error)
	PutPermissionSet(PermissionSet) error
	// Assign and Unassign say whether the assignment was there before. Assign
	// gives ErrNotFound for a user, account or permission set that is not there.
	Assign(Assignment) (bool, error)
	Unassign(Assignment) (bool, error)
	// Role gives an IAM role by ARN, or ErrNotFound.
	Role(arn string) (Role, error)
	PutRole(Role) error
}

// A PasswordHash is an argon2id hash with its salt (RFC 9106).
type PasswordHash struct {
	salt, hash []byte
	cost       Cost
}

// Cost is how dear a guess at a password is.
type Cost struct {
	Time      uint32
	MemoryKiB uint32
}

// DefaultCost is the second recommended choice of RFC 9106, with less memory: a
// local server has few users and no attackers with time.
func DefaultCost() Cost { return Cost{Time: 2, MemoryKiB: 19 << 10} }

// HashPassword hashes password with a new salt.
func HashPassword(password string, cost Cost) PasswordHash {
	h := PasswordHash{salt: make([]byte, 16), cost: cost}
	_, _ = rand.Read(h.salt) // never fails
	h.hash = argon2.IDKey([]byte(password), h.salt, cost.Time, cost.MemoryKiB, 1, 32)
	return h
}

// Matches compares in constant time. The zero hash matches nothing, at the same
// price.
func (h PasswordHash) Matches(password string) bool {
	known := h.hash != nil
	if !known {
		h = PasswordHash{salt: make([]byte, 16), hash: make([]byte, 32), cost: DefaultCost()}
	}
	got := argon2.IDKey([]byte(password), h.salt, h.cost.Time, h.cost.MemoryKiB, 1, 32)
	return subtle.ConstantTimeCompare(got, h.hash) == 1 && known
}

// RoleName is the name of the IAM role that a permission set becomes in an
// account. The 16 digits are the same each time: people write them into trust
// policies.
func RoleName(permissionSet, accountID string) string {
	sum := sha256.Sum256([]byte(permissionSet + "\x00" + accountID))
	return "AWSReservedSSO_" + permissionSet + "_" + hex.EncodeToString(sum[:8])
}

// Memory is a Store that ends with the process.
type Memory struct {
	mu          sync.RWMutex
	users       map[string]User // by lower-case name
	accounts    map[string]Account
	sets        map[string]PermissionSet
	assignments map[Assignment]bool // user in lower case
	roles       map[string]Role
}

// NewMemory gives an empty directory.
func NewMemory() *Memory {
	return &Memory{
		users: map[string]User{}, accounts: map[string]Account{}, sets: map[string]PermissionSet{},
		assignments: map[Assignment]bool{}, roles: map[string]Role{},
	}
}

var _ Store = (*Memory)(nil)

// User is in Store.
func (m *Memory) User(name string) (User, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	u, ok := m.users[strings.ToLower(name)]
	if !ok {
		return User{}, ErrNotFound
	}
	return u, nil
}

// PutUser is in Store.
func (m *Memory) PutUser(u User) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.users[strings.ToLower(u.Name)] = u
	return nil
}

// PutAccount is in Store.
func (m *Memory) PutAccount(a Account) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accounts[a.ID] = a
	return nil
}

// PutPermissionSet is in Store.
func (m *Memory) PutPermissionSet(p PermissionSet) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sets[p.Name] = p
	return nil
}

// PutRole is in Store.
func (m *Memory) PutRole(r Role) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.roles[r.ARN] = r
	return nil
}

// Role is in Store.
func (m *Memory) Role(arn string) (Role, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r, ok := m.roles[arn]
	if !ok {
		return Role{}, ErrNotFound
	}
	return r, nil
}
