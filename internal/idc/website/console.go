package website

import (
	"net/http"

	"rolecall/internal/idc/federation"
)

// consoleView asks before a link to the console is made.
type consoleView struct {
	Role        roleView
	Destination string
}

// console asks first: whoever followed a link need not want keys.
func (s *Site) console(w http.ResponseWriter, r *http.Request, who person) {
	q := r.URL.Query()
	role, err := s.role(r, who, q.Get("account_id"), q.Get("role_name"))
	if err != nil {
		s.noRole(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "console.html", "Open the console?", consoleView{role, q.Get("destination")})
}

// openConsole makes a sign-in link from new keys, and follows it.
func (s *Site) openConsole(w http.ResponseWriter, r *http.Request, who person) {
	account, name := roleOf(r.PostFormValue("role"))
	keys, err := s.o.Keys.HandOut(r.Context(), account, name, who.itself)
	if err != nil {
		s.noRole(w, r, err)
		return
	}
	token, err := s.o.Federation.SigninToken(federation.Session{
		ID: keys.AccessKeyID, Key: keys.SecretAccessKey,
		Token: keys.SessionToken,
	}, 0)
	if err != nil {
		s.broken(w, r)
		return
	}
	destination := r.PostFormValue("destination")
	if destination == "" {
		destination = s.o.Federation.ConsoleHome(s.o.Region)
	}
	http.Redirect(w, r, federation.LoginPath(s.o.URL+"/start", destination, token), http.StatusSeeOther)
}

// Arrived shows who would be signed in to the console.
func (s *Site) Arrived(w http.ResponseWriter, r *http.Request, a federation.Arrival) {
	s.render(w, r, http.StatusOK, "arrived.html", "Signed in to the console", a)
}
