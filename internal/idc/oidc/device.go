package oidc

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"rolecall/internal/idc/wire"
)

// A deviceGrant is a device authorization (RFC 8628) on its way.
type deviceGrant struct {
	client   string
	userCode string
	ends     time.Time
	denied   bool
	used     bool
	session  string // set when approved
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
	code := randomText(64)
	grant, e := s.newDevice(in.ClientID, in.ClientSecret, in.StartURL, code)
	if e != nil {
		e.write(w)
		return
	}
	page := s.o.URL + "/device"
	wire.JSON(w, http.StatusOK, map[string]any{
		"deviceCode": code, "userCode": grant.userCode, "verificationUri": page,
		"verificationUriComplete": page + "?user_code=" + url.QueryEscape(grant.userCode),
		"expiresIn":               int(s.o.DeviceCodeLife.Seconds()), "interval": max(1, int(s.o.PollInterval.Seconds())),
	})
}

func (s *Server) newDevice(id, secret, startURL, code string) (*deviceGrant, *oauthError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, e := s.client(id, secret)
	switch {
	case e != nil:
		return nil, e
	case !slices.Contains(c.grants, grantDevice):
		return nil, errGrantOfClient
	case !s.isStartURL(startURL):
		return nil, errStartURL
	}
	now := s.o.Now()
	for h, d := range s.devices {
		if now.After(d.ends.Add(s.o.DeviceCodeLife)) { // for a while it is told that it expired
			delete(s.devices, h)
		}
	}
	if len(s.devices) >= maxDeviceCodes {
		return nil, errTooManyRequests
	}
	grant := &deviceGrant{client: c.id, userCode: newUserCode(), ends: now.Add(s.o.DeviceCodeLife)}
	s.devices[s.hash(code)] = grant
	s.count("StartDeviceAuthorization")
	return grant, nil
}

// userCodeLetters hold no vowels, so that no words come up, and no digits that
// look like letters (RFC 8628 section 6.1).
const userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"

func newUserCode() string {
	b := make([]byte, 9)
	for i := range b {
		b[i] = userCodeLetters[rand.N(len(userCodeLetters))]
	}
	b[4] = '-'
	return string(b)
}

// A Device is a device authorization as its page shows it.
type Device struct {
	UserCode string
	Client   string // untrusted
	Scopes   []string
}

// Device finds a waiting device authorization by the code that a person typed:
// case, blanks and dashes do not matter.
func (s *Server) Device(typed string) (Device, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.device(typed)
	if d == nil || s.clients[d.client] == nil {
		return Device{}, false
	}
	c := s.clients[d.client]
	return Device{UserCode: d.userCode, Client: c.name, Scopes: c.scopes}, true
}

func plainCode(typed string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToUpper(typed))
}

func (s *Server) device(typed string) *deviceGrant {
	for _, d := range s.devices {
		if plainCode(d.userCode) == plainCode(typed) && d.session == "" && !d.denied && s.o.Now().Before(d.ends) {
			return d
		}
	}
	return nil
}

// DecideDevice is the person's answer on the device page, in a session of theirs.
func (s *Server) DecideDevice(typed, sessionID string, allow bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.device(typed)
	if d == nil || s.session(sessionID) == nil {
		return false
	}
	if allow {
		d.session = sessionID
	} else {
		d.denied = true
	}
	return true
}

// redeemDevice is the device grant of CreateToken. A used code is unknown.
func (s *Server) redeemDevice(c *client, code string) (*session, *oauthError) {
	d := s.devices[s.hash(code)]
	switch {
	case d == nil || d.client != c.id || d.used:
		return nil, errDeviceCode
	case d.denied:
		return nil, errDenied
	case !s.o.Now().Before(d.ends):
		return nil, errExpired
	case d.session == "":
		return nil, errPending
	}
	found := s.session(d.session)
	if found == nil {
		return nil, errDenied
	}
	d.used = true
	return found, nil
}
