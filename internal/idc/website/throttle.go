package website

import (
	"crypto/hmac"
	"net/http"
	"strings"
	"sync"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/limits"
)

// deviceCookie begins the names of device cookies. Each marks a browser in which a user has signed in before, also
// after signing out: wrong passwords of others do not lock the user out of that browser (OWASP, "Blocking Brute Force
// Attacks", device cookies).
const (
	deviceCookie = "rolecall_device_"
	deviceLife   = 365 * 24 * time.Hour
)

// An attempt is what a password that may be wrong counts against.
type attempt struct {
	user  string // hashed
	where string // a browser, or an address
	// address is counted for all users together; empty for browsers that are known, and on loopback, where all share one.
	address string
}

func (a attempt) key() string { return a.user + "\x00" + a.where }

// A throttle bounds wrong passwords, by user and browser, or user and address, and by address. Nobody is locked out by
// name alone. A nil throttle allows everything.
type throttle struct {
	attempts, addresses *limits.Limiter

	mu sync.Mutex
	// arrived are the attempts that were right from an address: those no longer count against their address.
	arrived map[string]bool
}

// maxArrived bounds the table of addresses.
const maxArrived = 10_000

func newThrottle(now func() time.Time) *throttle {
	return &throttle{
		attempts: limits.New(now, 3*time.Minute, 5), addresses: limits.New(now, 18*time.Second, 50),
		arrived: map[string]bool{},
	}
}

// take counts an attempt, or returns how long to wait.
func (t *throttle) take(a attempt) (wait time.Duration, ok bool) {
	if t == nil {
		return 0, true
	}
	if !t.attempts.Allow(a.key()) {
		return t.attempts.Wait(a.key()), false
	}
	if !t.counts(a) || t.addresses.Allow(a.address) {
		return 0, true
	}
	t.attempts.Return(a.key())
	return t.addresses.Wait(a.address), false
}

// counts reports whether an attempt counts against its address.
func (t *throttle) counts(a attempt) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return a.address != "" && !t.arrived[a.key()]
}

// right takes an attempt back whose password was right.
func (t *throttle) right(a attempt) {
	if t == nil {
		return
	}
	t.attempts.Return(a.key())
	if !t.counts(a) {
		return
	}
	t.addresses.Return(a.address)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.arrived) >= maxArrived {
		clear(t.arrived)
	}
	t.arrived[a.key()] = true
}

// forget forgets the wrong passwords of a user, or of all, and those of all addresses.
func (t *throttle) forget(user string) {
	if t == nil {
		return
	}
	t.attempts.Forget(func(key string) bool { return user == "" || strings.HasPrefix(key, user+"\x00") })
	t.addresses.Forget(func(string) bool { return true })
}

func (t *throttle) tidy() {
	if t != nil {
		t.attempts.Tidy()
		t.addresses.Tidy()
	}
}

// attempt returns what a password from this browser counts against. user is zero if nobody has the name. With a new
// password, whoever set it, the count begins again.
func (s *Site) attempt(r *http.Request, user directory.User, name string) attempt {
	hash, _ := user.Password.MarshalText()
	a := attempt{user: s.guesserOf(name)}
	if id, known := s.deviceOf(r, user); known {
		a.where = s.mac("device and password", id+"\x00"+string(hash))
		return a
	}
	place := limits.Place(r.RemoteAddr)
	a.where = s.mac("place and password", place+"\x00"+string(hash))
	if place != limits.Loopback {
		a.address = place
	}
	return a
}

// guesserOf hashes a name, which may be long.
func (s *Site) guesserOf(name string) string { return s.mac("guess", directory.NameKey(name)) }

// deviceOf returns the id of a browser in which the user has signed in before.
func (s *Site) deviceOf(r *http.Request, user directory.User) (id string, known bool) {
	c, err := r.Cookie(s.deviceCookieOf(user))
	if err != nil || user.ID == "" {
		return "", false
	}
	id, sum, _ := strings.Cut(c.Value, ".")
	return id, len(id) == 32 && hmac.Equal([]byte(sum), []byte(s.deviceMAC(user, id)))
}

// deviceCookieOf is the name of the cookie for a user: one browser may be several people's.
func (s *Site) deviceCookieOf(user directory.User) string {
	return deviceCookie + s.mac("device cookie", user.ID)[:16]
}

func (s *Site) deviceMAC(user directory.User, id string) string {
	return s.mac("device", user.ID+"\x00"+id)
}

// knowDevice marks the browser as one in which the user has signed in. A mark that is there already stays, with its
// count of wrong passwords.
func (s *Site) knowDevice(w http.ResponseWriter, r *http.Request, user directory.User) {
	id, known := s.deviceOf(r, user)
	if !known {
		id = randomText()
	}
	s.setCookie(w, entrance, s.deviceCookieOf(user), id+"."+s.deviceMAC(user, id), int(deviceLife.Seconds()))
}

// Forget forgets the wrong passwords of a user by name, or with an empty name all wrong passwords, administrator's keys
// and codes. It is for the operator.
func (s *Site) Forget(userName string) {
	if userName != "" {
		s.throttle.forget(s.guesserOf(userName))
		return
	}
	s.throttle.forget("")
	s.adminGuesses.Forget(func(string) bool { return true })
	s.o.OIDC.ForgetGuesses()
}

// Tidy forgets wrong passwords and keys that no longer count.
func (s *Site) Tidy() {
	s.throttle.tidy()
	s.adminGuesses.Tidy()
	s.admins.tidy()
}
