package website

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
)

const (
	visitorCookie = "rolecall_visitor" // what form tokens are bound to
	sessionCookie = "rolecall_session"
	// idle is how long a browser stays signed in without a request.
	idle = 15 * time.Minute
)

func (s *Site) mac(purpose, text string) string {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(purpose + "\x00" + text))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func randomText() string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// setCookie scopes a cookie to the secret path. The prefix __Host- would keep other hosts of the domain from setting
// it, but requires Path=/, and on loopback such a cookie goes to every port of this machine. So even with https the
// cookie keeps its path, and is Secure.
func (s *Site) setCookie(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: s.home, MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(s.o.URL, "https:"),
	})
}

// visitor returns this browser's random id, and sets one if it has none.
func (s *Site) visitor(w http.ResponseWriter, r *http.Request) string {
	if c, err := r.Cookie(visitorCookie); err == nil && len(c.Value) == 32 {
		return c.Value
	}
	return s.newVisitor(w)
}

func (s *Site) newVisitor(w http.ResponseWriter) string {
	id := randomText()
	s.setCookie(w, visitorCookie, id, 0)
	return id
}

func (s *Site) formToken(visitor string) string { return s.mac("form", visitor) }

// remember keeps the browser signed in for a while.
func (s *Site) remember(w http.ResponseWriter, session string) {
	text := session + "." + strconv.FormatInt(s.o.Now().Unix(), 10)
	s.setCookie(w, sessionCookie, text+"."+s.mac("session", text), int(idle.Seconds()))
}

// A person is who is signed in with this browser.
type person struct {
	Session oidc.Session
	directory.User
}

// itself returns the user that was found already.
func (p person) itself(store.Reader) (directory.User, error) { return p.User, nil }

// FullName is the name to display.
func (p person) FullName() string {
	if p.DisplayName != "" {
		return p.DisplayName
	}
	return p.UserName
}

var errNobody = errors.New("nobody is signed in")

type personKey struct{}

// person returns who is signed in, unless that user has been disabled since.
func (s *Site) person(r *http.Request) (p person, err error) {
	if p, known := r.Context().Value(personKey{}).(person); known {
		return p, nil
	}
	id, ok := s.sessionOf(r)
	if !ok {
		return p, errNobody
	}
	err = s.o.Store.View(r.Context(), func(reader store.Reader) (err error) {
		if p.Session, err = s.o.OIDC.Session(reader, id); err == nil {
			p.User, err = directory.Users().Get(reader, p.Session.UserID)
		}
		return err
	})
	if errors.Is(err, oidc.ErrNoSession) || errors.Is(err, store.ErrNotFound) || err == nil && p.Disabled {
		err = errNobody
	}
	return p, err
}

// sessionOf reads the session id from the cookie.
func (s *Site) sessionOf(r *http.Request) (id string, ok bool) {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return "", false
	}
	i := strings.LastIndexByte(c.Value, '.')
	if i < 0 || !hmac.Equal([]byte(c.Value[i+1:]), []byte(s.mac("session", c.Value[:i]))) {
		return "", false
	}
	id, seconds, _ := strings.Cut(c.Value[:i], ".")
	seen, err := strconv.ParseInt(seconds, 10, 64)
	return id, err == nil && s.o.Now().Sub(time.Unix(seen, 0)) <= idle
}

type pageHandler = func(http.ResponseWriter, *http.Request)

// personHandler is a page for a signed-in person.
type personHandler = func(http.ResponseWriter, *http.Request, person)

// signedIn admits signed-in people. Others sign in first, and come back.
func (s *Site) signedIn(next personHandler) pageHandler {
	return func(w http.ResponseWriter, r *http.Request) {
		who, err := s.person(r)
		switch {
		case err == nil:
			s.remember(w, who.Session.ID)
			next(w, r.WithContext(context.WithValue(r.Context(), personKey{}, who)), who)
		case !errors.Is(err, errNobody):
			s.broken(w, r)
		default:
			back := strings.TrimPrefix(r.URL.Path, s.home)
			if r.URL.RawQuery != "" {
				back += "?" + r.URL.RawQuery
			}
			http.Redirect(w, r, s.home+"sign-in?"+url.Values{"next": {back}}.Encode(), http.StatusSeeOther)
		}
	}
}
