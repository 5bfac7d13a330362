// Package oidc is the SSO OIDC side of the Identity Center: client
// registrations, the device and authorization code grants, tokens and the user
// sessions they hang on. It refuses what AWS refuses, in AWS's words. Tokens,
// codes and client secrets are kept as keyed hashes only.
package oidc

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
)

// Options are the lifetimes; zero values take AWS's.
type Options struct {
	URL             string // base URL as clients see it, without a slash at the end
	Region          string
	Now             func() time.Time
	AccessTokenLife time.Duration // of tokens that can be refreshed: 1 h
	SessionLife     time.Duration // of a user's session: 8 h
	DeviceCodeLife  time.Duration // 10 min
	PollInterval    time.Duration // 1 s
	RefreshGrace    time.Duration // how long a replaced refresh token gets the same answer: 30 s; negative: not at all
}

const (
	registrationLife = 90 * 24 * time.Hour
	codeLife         = time.Minute // RFC 6749 section 4.1.2: short
	requestLife      = 10 * time.Minute
	plainTokenLife   = 8 * time.Hour // of tokens without sso:account:access
)

// Bounds of what strangers can make grow.
const (
	maxRegistrations = 10_000
	maxDeviceCodes   = 1_000
	maxRequests      = 1_000
	maxTokens        = 100_000
)

// A Server holds the state of all grants. It is safe for concurrent use.
type Server struct {
	o   Options
	key []byte // of the hashes

	mu       sync.Mutex
	clients  map[string]*client    // by client id
	devices  map[hash]*deviceGrant // by device code
	requests map[string]*request   // by id: sign-ins that wait for consent
	codes    map[hash]*codeGrant   // by authorization code
	tokens   map[hash]*accessToken // by access token
	families map[hash]*family      // by refresh token, present or just replaced
	sessions map[string]*session   // by id
	counts   map[string]int        // answered calls, for tests and the operator
}

type hash [sha256.Size]byte

// A session is a user's stay at the portal: tokens end with it at the latest.
type session struct {
	id, user string
	ends     time.Time
}

type accessToken struct {
	session string
	scopes  []string
	ends    time.Time
}

// New makes a server without any state.
func New(o Options) *Server {
	set := func(d *time.Duration, standard time.Duration) {
		if *d == 0 {
			*d = standard
		}
	}
	set(&o.AccessTokenLife, time.Hour)
	set(&o.SessionLife, 8*time.Hour)
	set(&o.DeviceCodeLife, 10*time.Minute)
	set(&o.PollInterval, time.Second)
	set(&o.RefreshGrace, 30*time.Second)
	s := &Server{
		o: o, key: randomBytes(32), clients: map[string]*client{}, devices: map[hash]*deviceGrant{}, requests: map[string]*request{},
		codes: map[hash]*codeGrant{}, tokens: map[hash]*accessToken{}, families: map[hash]*family{},
		sessions: map[string]*session{}, counts: map[string]int{},
	}
	return s
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

func randomText(n int) string { return base64.RawURLEncoding.EncodeToString(randomBytes(n)) }

func (s *Server) hash(secret string) hash {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(secret))
	return hash(m.Sum(nil))
}

func (s *Server) count(name string) { s.counts[name]++ }

// Counts gives how many calls were answered well, by name: RegisterClient,
// StartDeviceAuthorization, and CreateToken with its grant type behind a slash.
func (s *Server) Counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := map[string]int{}
	for name, n := range s.counts {
		counts[name] = n
	}
	return counts
}

// SignIn begins a session of user and gives its id.
func (s *Server) SignIn(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	for id, other := range s.sessions {
		if !now.Before(other.ends) {
			delete(s.sessions, id)
		}
	}
	id := randomText(24)
	s.sessions[id] = &session{id: id, user: user, ends: now.Add(s.o.SessionLife)}
	return id
}

// SessionUser gives whose live session id is.
func (s *Server) SessionUser(id string) (user string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.session(id)
	if found == nil {
		return "", false
	}
	return found.user, true
}

// session gives a live session, or nil.
func (s *Server) session(id string) *session {
	found := s.sessions[id]
	if found == nil || !s.o.Now().Before(found.ends) {
		return nil
	}
	return found
}

// EndSession signs a session out: its access and refresh tokens end with it.
func (s *Server) EndSession(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, id)
}

// EndSessions signs a user out everywhere.
func (s *Server) EndSessions(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, found := range s.sessions {
		if found.user == user {
			delete(s.sessions, id)
		}
	}
}

// User gives whose live access token this is, and of which session. Only tokens
// with the scope sso:account:access, and those of registrations without scopes,
// open the portal.
func (s *Server) User(token string) (user, sessionID string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[s.hash(token)]
	if t == nil || !s.o.Now().Before(t.ends) || !opensPortal(t.scopes) {
		return "", "", false
	}
	found := s.session(t.session)
	if found == nil {
		return "", "", false
	}
	return found.user, found.id, true
}
