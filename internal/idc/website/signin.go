package website

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/refusals"
	"rolecall/internal/idc/store"
)

// signInView is the sign-in page.
type signInView struct{ Next, User, Problem string }

func (v signInView) wrong() bool { return v.Problem != "" }

func (s *Site) signInPage(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "signin.html", "Sign in", signInView{Next: r.URL.Query().Get("next")})
}

func (s *Site) signIn(w http.ResponseWriter, r *http.Request) {
	name, next := r.PostFormValue("user"), r.PostFormValue("next")
	var user directory.User
	refuse := func(status int, problem, reason string) {
		s.refused(r, "", "RefuseSignIn", targetOf(user), reason)
		s.render(w, r, status, "signin.html", "Sign in", signInView{next, name, problem})
	}
	err := s.o.Store.View(r.Context(), func(reader store.Reader) (err error) {
		user, err = directory.Users().Find(reader, directory.NameKey(name))
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.broken(w, r)
		return
	}
	guess := s.attempt(r, user, name)
	if wait, ok := s.throttle.take(guess); !ok {
		retryAfter(w, wait)
		refuse(http.StatusTooManyRequests, "Too many wrong passwords. Wait a few minutes, then try again.",
			"too many wrong passwords")
		return
	}
	if !s.matches(user, r.PostFormValue("password")) { // an unknown user takes as long
		refuse(http.StatusForbidden, "The user name or password is incorrect.", "a wrong password")
		return
	}
	s.throttle.right(guess) // only wrong ones count
	id, err := s.o.OIDC.SignIn(r.Context(), user)
	if errors.Is(err, oidc.ErrNoSession) {
		refuse(http.StatusForbidden, "The user name or password is incorrect.", "disabled or changed meanwhile")
		return
	}
	if err != nil {
		s.broken(w, r)
		return
	}
	s.newVisitor(w) // ids from before a sign-in are void
	s.remember(w, id)
	s.knowDevice(w, r, user)
	http.Redirect(w, r, s.homeOf(id)+within(next), http.StatusSeeOther)
}

// refused brings a refusal into the audit.
func (s *Site) refused(r *http.Request, actor, action, target, reason string) {
	s.o.Refusals.Note(refusals.Refusal{
		Actor: actor, Action: action, Target: target, Reason: reason, Address: r.RemoteAddr,
	})
}

// targetOf names a user who exists. Other names may be anything, such as a password in the wrong field.
func targetOf(user directory.User) string {
	if user.ID == "" {
		return "an unknown user"
	}
	return "user:" + user.UserName
}

func retryAfter(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
}

// matches checks a password. A disabled user's never matches.
func (s *Site) matches(user directory.User, password string) bool {
	s.hashing <- struct{}{}
	defer func() { <-s.hashing }()
	return user.Password.Matches(password) && !user.Disabled
}

// within returns next if it is one of our own pages, with its query, and otherwise "", the home page: a sign-in leads
// nowhere else.
func within(next string) string {
	path, query, _ := strings.Cut(next, "?")
	if !slices.Contains([]string{"", "consent", "device", "keys", "console"}, path) {
		return ""
	}
	values, err := url.ParseQuery(query)
	if err != nil || len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

func (s *Site) signOut(w http.ResponseWriter, r *http.Request) {
	if who, err := s.person(r); err == nil {
		if err := s.o.OIDC.EndSession(r.Context(), who.Session.ID, "user:"+who.UserName); err != nil {
			s.broken(w, r)
			return
		}
	}
	s.setCookie(w, entrance+r.PathValue("home")+"/", sessionCookie, "", -1)
	r.Header.Del("Cookie") // the next page belongs to nobody
	s.render(w, r, http.StatusOK, "signedout.html", "Signed out", nil)
}
