package website

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
)

const (
	visitorCookie = "rolecall_visitor" // what form tokens are bound to
	sessionCookie = "rolecall_session"
	// idle is how long a browser stays signed in without a page being asked for.
	idle = 15 * time.Minute
)

func (s *Site) mac(purpose, text string) string {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(purpose + "\x00" + text))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func (s *Site) setCookie(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: s.home, MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(s.o.URL, "https:"),
	})
}

// visitor gives the random id of this browser, and a new one to a browser that has
// none yet.
func (s *Site) visitor(w http.ResponseWriter, r *http.Request) string {
	if c, err := r.Cookie(visitorCookie); err == nil && len(c.Value) == 32 {
		return c.Value
	}
	return s.newVisitor(w)
}

func (s *Site) newVisitor(w http.ResponseWriter) string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // never fails
	id := base64.RawURLEncoding.EncodeToString(b)
	s.setCookie(w, visitorCookie, id, 0)
	return id
}

func (s *Site) formToken(visitor string) string { return s.mac("form", visitor) }

// remember keeps the browser signed in for a while from now.
func (s *Site) remember(w http.ResponseWriter, session string) {
	text := session + "." + strconv.FormatInt(s.o.Now().Unix(), 10)
	s.setCookie(w, sessionCookie, text+"."+s.mac("session", text), int(idle.Seconds()))
}

// who gives the session of the person who is signed in with this browser.
func (s *Site) who(r *http.Request) (session oidc.Session, ok bool) {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return session, false
	}
	i := strings.LastIndexByte(c.Value, '.')
	if i < 0 || !hmac.Equal([]byte(c.Value[i+1:]), []byte(s.mac("session", c.Value[:i]))) {
		return session, false
	}
	id, seconds, _ := strings.Cut(c.Value[:i], ".")
	seen, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || s.o.Now().Sub(time.Unix(seen, 0)) > idle {
		return session, false
	}
	err = s.o.Store.View(r.Context(), func(reader store.Reader) (err error) { session, err = s.o.OIDC.Session(reader, id); return err })
	return session, err == nil
}

type pageHandler = func(http.ResponseWriter, *http.Request)

// personHandler is a page of a person who is signed in.
type personHandler = func(http.ResponseWriter, *http.Request, oidc.Session)

// signedIn lets through who is signed in, and sends others to sign in first, from
// where they come back.
func (s *Site) signedIn(next personHandler) pageHandler {
	return func(w http.ResponseWriter, r *http.Request) {
		if session, ok := s.who(r); ok {
			s.remember(w, session.ID)
			next(w, r, session)
			return
		}
		back := strings.TrimPrefix(r.URL.Path, s.home)
		if r.URL.RawQuery != "" {
			back += "?" + r.URL.RawQuery
		}
		http.Redirect(w, r, s.home+"sign-in?"+url.Values{"next": {back}}.Encode(), http.StatusSeeOther)
	}
}

// post lets through forms of our own pages: with this browser's token, and from
// this origin.
func (s *Site) post(next pageHandler) pageHandler {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		c, err := r.Cookie(visitorCookie)
		origin := r.Header.Get("Origin")
		switch {
		case origin != "" && origin != "null" && origin != "http://"+r.Host && origin != "https://"+r.Host,
			err != nil, !hmac.Equal([]byte(r.PostFormValue("form")), []byte(s.formToken(c.Value))):
			s.message(w, r, http.StatusForbidden, "This form is not valid any more", "Go back, load the page again, and repeat what you did.")
		default:
			next(w, r)
		}
	}
}
