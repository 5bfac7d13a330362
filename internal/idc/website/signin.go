package website

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/limits"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
)

// signInView is the sign-in page.
type signInView struct{ Next, User, Problem string }

func (s *Site) signInPage(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "signin.html", "Sign in", signInView{Next: r.URL.Query().Get("next")})
}

func (s *Site) signIn(w http.ResponseWriter, r *http.Request) {
	name, next := r.PostFormValue("user"), r.PostFormValue("next")
	refuse := func(status int, problem string) {
		s.render(w, r, status, "signin.html", "Sign in", signInView{next, name, problem})
	}
	guess := strings.ToLower(name) + "\x00" + addressOf(r)
	if tooMany(w, s.guesses, guess) {
		refuse(http.StatusTooManyRequests, "Too many wrong passwords. Wait a few minutes, then try again.")
		return
	}
	var user directory.User
	err := s.o.Store.View(r.Context(), func(reader store.Reader) (err error) {
		user, err = directory.Users().Find(reader, directory.NameKey(name))
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.broken(w, r)
		return
	}
	if !s.matches(user, r.PostFormValue("password")) { // an unknown user takes as long
		refuse(http.StatusForbidden, "The user name or password is incorrect.")
		return
	}
	s.guesses.Return(guess) // only wrong ones count
	id, err := s.o.OIDC.SignIn(r.Context(), user)
	if errors.Is(err, oidc.ErrNoSession) {
		refuse(http.StatusForbidden, "The user name or password is incorrect.")
		return
	}
	if err != nil {
		s.broken(w, r)
		return
	}
	s.newVisitor(w) // ids from before a sign-in are void
	s.remember(w, id)
	http.Redirect(w, r, s.within(next), http.StatusSeeOther)
}

// tooMany counts a guess for key, and reports whether there were too many; then it sets Retry-After.
func tooMany(w http.ResponseWriter, guesses *limits.Limiter, key string) bool {
	if guesses.Allow(key) {
		return false
	}
	w.Header().Set("Retry-After", strconv.Itoa(int(guesses.Wait(key).Seconds())+1))
	return true
}

// addressOf is the caller's address without its port.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// matches checks a password. A disabled user's never matches.
func (s *Site) matches(user directory.User, password string) bool {
	s.hashing <- struct{}{}
	defer func() { <-s.hashing }()
	return user.Password.Matches(password) && !user.Disabled
}

// within returns the path if it is one of our own pages, and otherwise the home page: a sign-in leads nowhere else.
func (s *Site) within(next string) string {
	path, query, _ := strings.Cut(next, "?")
	if !slices.Contains([]string{"", "consent", "device", "keys", "console"}, path) {
		return s.home
	}
	values, err := url.ParseQuery(query)
	if err != nil || len(values) == 0 {
		return s.home + path
	}
	return s.home + path + "?" + values.Encode()
}

func (s *Site) signOut(w http.ResponseWriter, r *http.Request) {
	if who, err := s.person(r); err == nil {
		if err := s.o.OIDC.EndSession(r.Context(), who.Session.ID, "user:"+who.UserName); err != nil {
			s.broken(w, r)
			return
		}
	}
	s.setCookie(w, sessionCookie, "", -1)
	r.Header.Del("Cookie") // the next page belongs to nobody
	s.render(w, r, http.StatusOK, "signedout.html", "Signed out", nil)
}
