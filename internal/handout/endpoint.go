package handout

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"sync"
	"time"

	"rolecall/internal/identitycenter"
)

// A Target is the role whose keys one path hands out.
type Target struct {
	Name                  string // as a person names it
	Account, Role, Region string
	RoleARN               string // of a chained role; that of Identity Center's is not known
	Keeper                *Keeper
	// Handing is told of keys before a client gets them for the first time; with an error it gets none. It may be nil.
	Handing func(identitycenter.RoleCredentials) error

	path  string
	token identitycenter.Secret
	hash  [sha256.Size]byte // of the token

	mu    sync.Mutex
	given string // the id of the keys that Handing was told of last
}

// keys returns the keys for a client.
func (t *Target) keys(ctx context.Context) (identitycenter.RoleCredentials, error) {
	keys, err := t.Keeper.Keys(ctx)
	if err != nil || t.Handing == nil {
		return keys, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if keys.AccessKeyID != t.given {
		if err := t.Handing(keys); err != nil {
			return identitycenter.RoleCredentials{}, err
		}
		t.given = keys.AccessKeyID
	}
	return keys, nil
}

// Path is the path of the target's address: 128 random bits.
func (t *Target) Path() string { return t.path }

// Token is what a client must send as Authorization: 256 random bits.
func (t *Target) Token() identitycenter.Secret { return t.token }

// An Endpoint is a container-credentials endpoint for several targets. It is safe for concurrent use.
type Endpoint struct {
	// Explain says what to answer instead of keys.
	Explain func(error) Refusal
	Now     func() time.Time

	mu      sync.RWMutex
	targets []*Target
}

// Mint gives t a path and a token of its own. They do not work before Add.
func (t *Target) Mint() {
	path, token := make([]byte, 16), make([]byte, 32)
	_, _ = rand.Read(path) // never fails
	_, _ = rand.Read(token)
	t.path = "/" + hex.EncodeToString(path)
	text := base64.RawURLEncoding.EncodeToString(token)
	t.token, t.hash = identitycenter.NewSecret(text), sha256.Sum256([]byte(text))
}

// Add makes the endpoint answer at t's path. A target without one gets a path and a token.
func (e *Endpoint) Add(t *Target) {
	if t.path == "" {
		t.Mint()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.targets = append(e.targets, t)
}

// Targets returns what is handed out, in the order of Add.
func (e *Endpoint) Targets() []*Target {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return append([]*Target(nil), e.targets...)
}

// Close ends all renewals.
func (e *Endpoint) Close() {
	for _, t := range e.Targets() {
		t.Keeper.Close()
	}
}

// ServeHTTP answers one request. Who connected, and the Host, have been checked.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case !FromProgram(r):
		forbidden.write(w)
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		wrongMethod.write(w)
	default:
		e.answer(w, r)
	}
}

func (e *Endpoint) answer(w http.ResponseWriter, r *http.Request) {
	t, refusal := e.open(r)
	if t == nil {
		refusal.write(w)
		return
	}
	keys, err := t.keys(r.Context())
	if err != nil {
		refusalOf(err, e.Explain).write(w)
		return
	}
	writeJSON(w, http.StatusOK, answerOf(keys, t.RoleARN, e.Now()))
}

func refusalOf(err error, explain func(error) Refusal) Refusal {
	if errors.Is(err, ErrRenewing) {
		return Refusal{http.StatusServiceUnavailable, "ServiceUnavailable", err.Error()}
	}
	return explain(err)
}

// open returns the target of a request's path, if its token is that target's; nil and the refusal otherwise. All tokens
// are compared, in constant time.
func (e *Endpoint) open(r *http.Request) (*Target, Refusal) {
	given := r.Header["Authorization"]
	switch len(given) {
	case 0:
		return nil, noToken
	case 1:
	default:
		return nil, badToken
	}
	hash := sha256.Sum256([]byte(given[0]))
	var at, owner *Target
	for _, t := range e.Targets() {
		if subtle.ConstantTimeCompare([]byte(t.path), []byte(r.URL.Path)) == 1 {
			at = t
		}
		if subtle.ConstantTimeCompare(t.hash[:], hash[:]) == 1 {
			owner = t
		}
	}
	switch {
	case owner == nil, at != nil && at != owner:
		return nil, badToken
	case at == nil:
		return nil, unknownPath
	}
	return at, Refusal{}
}
