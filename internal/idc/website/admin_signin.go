package website

import (
	"crypto/subtle"
	"net/http"

	"rolecall/internal/idc/limits"
	"rolecall/internal/idc/store"
)

// adminPages is what the administrator signs in to, in the audit.
const adminPages = "administration pages"

type adminSignInView struct{ Problem string }

// adminEnter leads whoever comes from outside to the sign-in: the script goes on from there.
func (s *Site) adminEnter(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, entrance+"admin/sign-in", http.StatusSeeOther)
}

func (s *Site) adminSignInPage(w http.ResponseWriter, r *http.Request) {
	s.adminAsk(w, r, http.StatusOK, "")
}

func (s *Site) adminAsk(w http.ResponseWriter, r *http.Request, status int, problem string) {
	s.write(w, status, "admin-signin.html", view{
		Title: "Administrator", Layout: "card", Home: entrance, Form: s.formToken(r, s.visitor(w, r)),
		Page: adminSignInView{problem}, Wrong: problem != "",
	})
}

// adminSignIn always admits the right keys: they cannot be guessed, and a stranger's wrong ones lock nobody out.
func (s *Site) adminSignIn(w http.ResponseWriter, r *http.Request) {
	id, secret := s.o.Keys.Administrator()
	same := subtle.ConstantTimeCompare([]byte(r.PostFormValue("key")),
		[]byte(id)) & subtle.ConstantTimeCompare([]byte(r.PostFormValue("secret")), []byte(secret))
	if from := limits.Place(r.RemoteAddr); same != 1 && !s.adminGuesses.Allow(from) {
		s.refused(r, "", "RefuseSignIn", adminPages, "too many wrong keys")
		retryAfter(w, s.adminGuesses.Wait(from))
		s.adminAsk(w, r, http.StatusTooManyRequests, "Too many wrong keys. Wait a few minutes, then try again.")
		return
	}
	if same != 1 {
		s.refused(r, "", "RefuseSignIn", adminPages, "wrong keys")
		s.adminAsk(w, r, http.StatusForbidden, "These are not the administrator's keys.")
		return
	}
	if err := s.o.Store.Update(r.Context(), func(tx store.Tx) error {
		return tx.Record(s.event("SignIn", adminPages, ""))
	}); err != nil {
		s.broken(w, r)
		return
	}
	session := s.admins.begin()
	s.setAdminCookie(w, s.adminHome(session), session, int(idle.Seconds()))
	http.Redirect(w, r, s.adminHome(session)+"admin/", http.StatusSeeOther)
}

func (s *Site) adminSignOut(w http.ResponseWriter, r *http.Request) {
	if id, ok := s.admin(r); ok {
		s.admins.end(id)
	}
	s.setAdminCookie(w, entrance+r.PathValue("home")+"/", "", -1)
	if err := s.o.Store.Update(r.Context(), func(tx store.Tx) error {
		return tx.Record(s.event("SignOut", adminPages, ""))
	}); err != nil {
		s.broken(w, r)
		return
	}
	http.Redirect(w, r, entrance+"admin/sign-in?over=1", http.StatusSeeOther)
}
