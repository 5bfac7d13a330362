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

// Browsers send cookies to every port of a host, and every user of this machine can listen on one. So the cookie of a
// session is for a path that nobody else knows: it is derived from the session, and on no page before the sign-in. The
// script keeps it for the browser, in storage that is separate for each port; without the script, people sign in
// again where they come from another program.
const (
	// entrance is the path of the pages for whoever is not signed in.
	entrance = "/ui/"
	// inside is the pattern of a session's own path.
	inside = entrance + "{home}/"
)

// homeOf returns a session's own path.
func (s *Site) homeOf(session string) string { return entrance + s.mac("home", session)[:22] + "/" }

// at reports whether the request is for that path.
func at(r *http.Request, home string) bool {
	return hmac.Equal([]byte(entrance+r.PathValue("home")+"/"), []byte(home))
}

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

// setCookie sets a cookie for a path. The prefix __Host- would keep other hosts of the domain from setting it, but
// requires Path=/. So even with https the cookie keeps its path, and is Secure.
func (s *Site) setCookie(w http.ResponseWriter, path, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: path, MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode,
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
	s.setCookie(w, entrance, visitorCookie, id, 0)
	return id
}

// formToken returns what a form of this browser must carry: of its session, or before a sign-in of the visitor.
func (s *Site) formToken(r *http.Request, visitor string) string {
	if id, ok := s.sessionOf(r); ok {
		return s.mac("form of session", id)
	}
	return s.mac("form", visitor)
}

// remember keeps the browser signed in for a while.
func (s *Site) remember(w http.ResponseWriter, session string) {
	text := session + "." + strconv.FormatInt(s.o.Now().Unix(), 10)
	s.setCookie(w, s.homeOf(session), sessionCookie, text+"."+s.mac("session", text), int(idle.Seconds()))
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

// sessionOf reads the session id from the cookie, on the session's own path only.
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
	return id, err == nil && s.o.Now().Sub(time.Unix(seen, 0)) <= idle && at(r, s.homeOf(id))
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
			back := strings.TrimPrefix(r.URL.Path, entrance+r.PathValue("home")+"/")
			toSignIn(w, r, back, url.Values{"over": {"1"}})
		}
	}
}

// enter leads whoever comes from outside to a page, by way of the sign-in: the script goes on from there if the browser
// is signed in.
func (s *Site) enter(w http.ResponseWriter, r *http.Request) {
	toSignIn(w, r, r.PathValue("page"), url.Values{})
}

// toSignIn leads to the sign-in, and from there back to page with this request's query.
func toSignIn(w http.ResponseWriter, r *http.Request, page string, query url.Values) {
	if r.URL.RawQuery != "" {
		page += "?" + r.URL.RawQuery
	}
	query.Set("next", page)
	http.Redirect(w, r, entrance+"sign-in?"+query.Encode(), http.StatusSeeOther)
}
