// Package oidc is the SSO OIDC side of the Identity Center: client registrations, the device and authorization code
// grants, tokens, and the user sessions behind them. It refuses what AWS refuses, in AWS's words. It stores tokens,
// codes and client secrets as keyed hashes only.
package oidc

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"sync"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/limits"
	"rolecall/internal/idc/partition"
	"rolecall/internal/idc/refusals"
	"rolecall/internal/idc/store"
)

// Options configure the service; zero lifetimes are AWS's.
type Options struct {
	URL             string // base URL as clients see it, without a slash at the end
	Region          string
	Store           store.Store
	Secret          []byte // what the keys of the hashes are derived from
	Now             func() time.Time
	AccessTokenLife time.Duration   // of tokens that can be refreshed: 1 h
	SessionLife     time.Duration   // of a user's session: the instance's
	DeviceCodeLife  time.Duration   // 10 min
	PollInterval    time.Duration   // 1 s
	RefreshGrace    time.Duration   // how long a replaced refresh token gets the same answer: 30 s; negative: never
	NoLimits        bool            // for load tests: no bounds on guesses and floods
	NoDevice        bool            // refuse device sign-ins
	Refusals        *refusals.Book  // for the audit
	Partitions      partition.Table // whose start URLs are accepted as ours; nil: AWS's
}

const (
	registrationLife = 90 * 24 * time.Hour
	codeLife         = time.Minute // RFC 6749 section 4.1.2: short
	requestLife      = 10 * time.Minute
	plainTokenLife   = 8 * time.Hour // of tokens without sso:account:access
)

// Bounds of what callers without a sign-in can make grow: so many of strangers, and so many of known registrations; see
// pool. A registration is bounded itself.
const (
	maxClients     = 10_000
	maxDeviceCodes = 1_000
	maxRequests    = 1_000
)

// A Server answers the OIDC routes. It is safe for concurrent use. All lasting state is in the store.
type Server struct {
	o   Options
	key []byte // of the hashes

	// Keys are client ids; registrations have a bucket for each address, guesses for each session, userGuesses for each
	// user, allGuesses one for all.
	registrations, starts, requests, tokens, guesses, userGuesses, allGuesses *limits.Limiter

	mu     sync.Mutex
	counts map[string]int // answered calls, for metrics and tests
}

// A Session is a user's sign-in at the portal. Tokens end with it at the latest.
type Session struct {
	ID, UserID, UserName string
	Began, Ends          time.Time
}

// ErrNoSession means that a session or token does not exist, or has ended.
var ErrNoSession = errors.New("no such session")

func sessions() store.Table[Session] {
	return store.Table[Session]{Kind: directory.KindSession, Index: func(s Session) store.Entry {
		return store.Entry{ID: s.ID, Owners: []string{directory.OwnerUser(s.UserID)}, Ends: s.Ends}
	}}
}

// New makes a server.
func New(o Options) (*Server, error) {
	set := func(d *time.Duration, standard time.Duration) {
		if *d == 0 {
			*d = standard
		}
	}
	if o.Partitions == nil {
		o.Partitions = partition.AWS()
	}
	set(&o.AccessTokenLife, time.Hour)
	set(&o.DeviceCodeLife, 10*time.Minute)
	set(&o.PollInterval, time.Second)
	set(&o.RefreshGrace, 30*time.Second)
	key, err := hkdf.Key(sha256.New, o.Secret, nil, "oidc hashes", 32)
	s := &Server{o: o, key: key, counts: map[string]int{}}
	if !o.NoLimits {
		s.registrations = limits.New(o.Now, time.Second/10, 600)
		s.starts = limits.New(o.Now, 6*time.Second, 60)
		s.requests = limits.New(o.Now, time.Second, 60)
		s.tokens = limits.New(o.Now, time.Second/5, 300)
		s.guesses = limits.New(o.Now, time.Minute, 5)
		s.userGuesses = limits.New(o.Now, 2*time.Minute, 10)
		s.allGuesses = limits.New(o.Now, time.Hour/300, 300)
	}
	return s, err
}

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// hash returns a secret's stored form.
func (s *Server) hash(secret string) string {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func (s *Server) count(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[name]++
}

// Counts returns the number of successful calls since the start, by name: RegisterClient, StartDeviceAuthorization, and
// CreateToken/ with the grant type.
func (s *Server) Counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// Tidy forgets limits that no longer count.
func (s *Server) Tidy() {
	for _, l := range []*limits.Limiter{
		s.registrations, s.starts, s.requests, s.tokens, s.guesses, s.userGuesses, s.allGuesses,
	} {
		l.Tidy()
	}
}

// ForgetGuesses forgets all wrong codes.
func (s *Server) ForgetGuesses() {
	for _, l := range []*limits.Limiter{s.guesses, s.userGuesses, s.allGuesses} {
		l.Forget(func(string) bool { return true })
	}
}

// record adds to the audit, in the transaction of the recorded change.
func (s *Server) record(tx store.Tx, actor, action, target, details string) error {
	return tx.Record(store.Event{Time: s.o.Now(), Actor: actor, Action: action, Target: target, Details: details})
}

// SignIn begins a session of a user whose password was checked, and returns its id. If the user was disabled or got
// another password meanwhile, it returns ErrNoSession.
func (s *Server) SignIn(ctx context.Context, user directory.User) (id string, err error) {
	id = randomText(24)
	err = s.o.Store.Update(ctx, func(tx store.Tx) error {
		present, err := directory.Users().Get(tx, user.ID)
		switch {
		case errors.Is(err, store.ErrNotFound), err == nil && (present.Disabled || !present.Password.Equal(user.Password)):
			return ErrNoSession
		case err != nil:
			return err
		}
		life, now := s.o.SessionLife, s.o.Now()
		if life == 0 {
			instance, err := directory.TheInstance(tx)
			if err != nil {
				return err
			}
			life = instance.SessionLife
		}
		began := Session{ID: id, UserID: user.ID, UserName: present.UserName, Began: now, Ends: now.Add(life)}
		return errors.Join(sessions().Put(tx, began),
			s.record(tx, "user:"+present.UserName, "SignIn", id[:8], ""))
	})
	return id, err
}

// Session returns a live session by id, or ErrNoSession.
func (s *Server) Session(r store.Reader, id string) (Session, error) {
	found, err := sessions().Get(r, id)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !s.o.Now().Before(found.Ends):
		return Session{}, ErrNoSession
	}
	return found, err
}

// holder returns a live session whose user may still have tokens, or ErrNoSession.
func (s *Server) holder(r store.Reader, id string) (Session, error) {
	found, err := s.Session(r, id)
	if err != nil {
		return Session{}, err
	}
	user, err := directory.Users().Get(r, found.UserID)
	if errors.Is(err, store.ErrNotFound) || err == nil && user.Disabled {
		return Session{}, ErrNoSession
	}
	return found, err
}

// Sessions lists the live sessions of a user, or of all.
func (s *Server) Sessions(r store.Reader, userID string) ([]Session, error) {
	owner := ""
	if userID != "" {
		owner = directory.OwnerUser(userID)
	}
	all, err := sessions().List(r, owner, "", 0)
	live := all[:0]
	for _, found := range all {
		if s.o.Now().Before(found.Ends) {
			live = append(live, found)
		}
	}
	return live, err
}

// EndSession signs a session out: its access and refresh tokens end with it. Ending an unknown session is not an error.
func (s *Server) EndSession(ctx context.Context, id, actor string) error {
	return s.o.Store.Update(ctx, func(tx store.Tx) error {
		found, err := s.Session(tx, id)
		if errors.Is(err, ErrNoSession) {
			return nil
		}
		if err != nil {
			return err
		}
		return errors.Join(sessions().Delete(tx, id), s.record(tx, actor, "SignOut", "user:"+found.UserName, id[:8]))
	})
}

// User returns the live session of an access token, or ErrNoSession. Only tokens with the scope sso:account:access, and
// those of registrations without scopes, open the portal.
func (s *Server) User(r store.Reader, token string) (Session, error) {
	t, err := accessTokens().Get(r, s.hash(token))
	if errors.Is(err, store.ErrNotFound) || err == nil && (!s.o.Now().Before(t.Ends) || !opensPortal(t.Scopes)) {
		return Session{}, ErrNoSession
	}
	if err != nil {
		return Session{}, err
	}
	return s.Session(r, t.Session)
}
