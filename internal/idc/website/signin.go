package website

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"rolecall/internal/idc/directory"
)

// signInView is the sign-in page.
type signInView struct{ Next, User, Problem string }

func (s *Site) signInPage(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "signin.html", "Sign in", signInView{Next: r.URL.Query().Get("next")})
}

func (s *Site) signIn(w http.ResponseWriter, r *http.Request) {
	name, next := r.PostFormValue("user"), r.PostFormValue("next")
	user, err := s.o.Directory.User(name)
	if err != nil && !errors.Is(err, directory.ErrNotFound) {
		s.message(w, r, http.StatusInternalServerError, "Something is wrong here", "The directory cannot be read.")
		return
	}
	if !s.matches(user, r.PostFormValue("password")) { // an unknown user takes as long
		s.render(w, r, http.StatusForbidden, "signin.html", "Sign in", signInView{next, name, "User name or password is not right."})
		return
	}
	s.newVisitor(w) // ids from before a sign-in count no more
	s.remember(w, s.o.OIDC.SignIn(user.Name))
	http.Redirect(w, r, s.within(next), http.StatusSeeOther)
}

func (s *Site) matches(user directory.User, password string) bool {
	s.hashing <- struct{}{}
	defer func() { <-s.hashing }()
	return user.Password.Matches(password)
}

// within gives the address of one of our own pages, or home: a sign-in leads
// nowhere else.
func (s *Site) within(next string) string {
	path, query, _ := strings.Cut(next, "?")
	if path != "consent" && path != "device" {
		return s.home
	}
	values, err := url.ParseQuery(query)
	if err != nil || len(values) == 0 {
		return s.home + path
	}
	return s.home + path + "?" + values.Encode()
}

func (s *Site) signOut(w http.ResponseWriter, r *http.Request) {
	if _, session, ok := s.who(r); ok {
		s.o.OIDC.EndSession(session)
	}
	s.setCookie(w, sessionCookie, "", -1)
	r.Header.Del("Cookie") // the page that follows is nobody's
	s.message(w, r, http.StatusOK, "Signed out", "Access tokens of this session have ended, too. Role credentials that were handed out are good until they expire.")
}
