package oidc

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"rolecall/internal/idc/limits"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/wire"
)

// A deviceGrant is a device authorization (RFC 8628) in progress.
type deviceGrant struct {
	DeviceCode, UserCode string // hashed
	Client               string
	Began, Ends          time.Time
	From                 string // address of who asked; empty: unknown
	Denied               bool
	Session              string // set when approved
}

// devices are found by device code and user code. A grant outlives its end by a minute, so that clients learn that it
// expired.
func devices() pool[deviceGrant] {
	return newPool("device", maxDeviceCodes, func(d deviceGrant) store.Entry {
		return store.Entry{ID: d.DeviceCode, Keys: []string{d.UserCode}, Ends: d.Ends.Add(time.Minute)}
	})
}

func (s *Server) startDevice(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ClientID     string `json:"clientId"`
		ClientSecret string `json:"clientSecret"`
		StartURL     string `json:"startUrl"`
	}
	e := read(r, &in)
	if e == nil && (in.ClientID == "" || in.ClientSecret == "" || in.StartURL == "") {
		e = errRequest
	}
	if e != nil {
		e.write(w)
		return
	}
	code, userCode := randomText(64), newUserCode()
	grant := deviceGrant{
		DeviceCode: s.hash(code), UserCode: s.hash(plainCode(userCode)), From: limits.Address(r.RemoteAddr),
	}
	if err := s.newDevice(r.Context(), in.ClientID, in.ClientSecret, in.StartURL, grant); err != nil {
		writeError(w, err)
		return
	}
	s.count("StartDeviceAuthorization")
	page := s.o.URL + "/device"
	wire.JSON(w, http.StatusOK, map[string]any{
		"deviceCode": code, "userCode": userCode, "verificationUri": page,
		"verificationUriComplete": page + "?user_code=" + url.QueryEscape(userCode),
		"expiresIn":               int(s.o.DeviceCodeLife.Seconds()), "interval": max(1, int(s.o.PollInterval.Seconds())),
	})
}

func (s *Server) newDevice(ctx context.Context, id, secret, startURL string, d deviceGrant) error {
	return s.o.Store.Update(ctx, func(tx store.Tx) error {
		now := s.o.Now()
		c, known, err := s.client(tx, id, secret)
		switch {
		case err != nil:
			return err
		case !slices.Contains(c.Grants, grantDevice):
			return errGrantOfClient
		case s.o.NoDevice:
			return errNoDevice
		case !s.isStartURL(startURL):
			return errStartURL
		case !s.starts.Allow(c.ID):
			return errTooManyRequests
		}
		d.Client, d.Began, d.Ends = c.ID, now, now.Add(s.o.DeviceCodeLife)
		return devices().add(tx, d, known, s.o.NoLimits)
	})
}

// userCodeLetters has no vowels, so that no words come up, and no digits that look like letters (RFC 8628 section 6.1).
const userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"

func newUserCode() string {
	code := make([]byte, 0, 9)
	for len(code) < cap(code) {
		var random [1]byte
		_, _ = rand.Read(random[:]) // never fails
		if i := int(random[0] & 31); len(code) == 4 {
			code = append(code, '-')
		} else if i < len(userCodeLetters) {
			code = append(code, userCodeLetters[i])
		}
	}
	return string(code)
}

// A Device is a device authorization as shown on its page.
type Device struct {
	UserCode string
	Client   string // untrusted
	Scopes   []string
	Began    time.Time
	From     string // address of who asked; empty: unknown
}

// Errors of Consent, Decide, Device and DecideDevice.
var (
	// ErrGone means that the request or code was answered, ended, or never existed.
	ErrGone = errors.New("it was already answered, or took too long")
	// ErrTooMany means that there were too many wrong guesses.
	ErrTooMany = errors.New("too many attempts")
)

// guess runs do, which looks up a code typed in a session. Wrong codes count against the session, and against all
// sessions together. When those have used up their number, sessions without a wrong code are still served, up to a
// number for each user, whose sessions are many.
func (s *Server) guess(ctx context.Context, sessionID string, do func() error) error {
	clean := s.guesses.Full(sessionID)
	if !s.guesses.Allow(sessionID) {
		return ErrTooMany
	}
	took, key := s.allGuesses, ""
	if !took.Allow(key) {
		took, key = s.userGuesses, s.userOf(ctx, sessionID)
		if !clean || !took.Allow(key) {
			s.guesses.Return(sessionID)
			return ErrTooMany
		}
	}
	err := do()
	if !errors.Is(err, ErrGone) {
		s.guesses.Return(sessionID)
		took.Return(key)
	}
	return err
}

// userOf returns the id of a session's user, or nothing.
func (s *Server) userOf(ctx context.Context, sessionID string) (id string) {
	_ = s.o.Store.View(ctx, func(r store.Reader) error {
		found, err := s.Session(r, sessionID)
		id = found.UserID
		return err
	})
	return id
}

// Device finds a waiting device authorization by the code that a person typed; case, blanks and dashes do not matter.
// It returns ErrGone or ErrTooMany.
func (s *Server) Device(ctx context.Context, typed, sessionID string) (found Device, err error) {
	err = s.guess(ctx, sessionID, func() error {
		return s.o.Store.View(ctx, func(r store.Reader) error {
			d, err := s.device(r, typed)
			if err != nil {
				return err
			}
			c, _, err := clients().get(r, d.Client)
			code := plainCode(typed)
			found = Device{
				UserCode: code[:4] + "-" + code[4:], Client: c.Name, Scopes: c.Scopes, Began: d.Began, From: d.From,
			}
			return goneIfNotFound(err)
		})
	})
	return found, err
}

func goneIfNotFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrGone
	}
	return err
}

func plainCode(typed string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToUpper(typed))
}

func (s *Server) device(r store.Reader, typed string) (deviceGrant, error) {
	code := plainCode(typed)
	if len(code) != 8 {
		return deviceGrant{}, ErrGone
	}
	d, err := devices().find(r, s.hash(code))
	if err == nil && (d.Session != "" || d.Denied || !s.o.Now().Before(d.Ends)) {
		err = ErrGone
	}
	return d, goneIfNotFound(err)
}

// DecideDevice records the person's answer on the device page. It returns ErrGone or ErrTooMany.
func (s *Server) DecideDevice(ctx context.Context, typed, sessionID string, allow bool) error {
	return s.guess(ctx, sessionID, func() error {
		return s.o.Store.Update(ctx, func(tx store.Tx) error {
			d, err := s.device(tx, typed)
			if err != nil {
				return err
			}
			who, err := s.holder(tx, sessionID)
			if err != nil {
				return err
			}
			action := "DenyDevice"
			if d.Denied = !allow; allow {
				d.Session, action = sessionID, "ApproveDevice"
				if err := allowed(tx, d.Client); err != nil {
					return err
				}
			}
			return errors.Join(devices().keep(tx, d), s.record(tx, "user:"+who.UserName, action, "client:"+d.Client, ""))
		})
	})
}

// redeemDevice is CreateToken's device grant. A used code is unknown.
func (s *Server) redeemDevice(tx store.Tx, c client, code string) (Session, error) {
	d, _, err := devices().get(tx, s.hash(code))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Session{}, errDeviceCode
	case err != nil:
		return Session{}, err
	case d.Client != c.ID:
		return Session{}, errDeviceCode
	case d.Denied:
		return Session{}, errDenied
	case !s.o.Now().Before(d.Ends):
		return Session{}, errExpired
	case d.Session == "":
		return Session{}, errPending
	}
	found, err := s.holder(tx, d.Session)
	if errors.Is(err, ErrNoSession) {
		return Session{}, errDenied
	}
	return found, errors.Join(err, devices().remove(tx, d.DeviceCode))
}
