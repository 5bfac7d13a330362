package website

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/oidc"
)

// start is the start URL: it tells clients the region, and people the way in.
func (s *Site) start(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "start.html", "AWS access portal", nil)
}

// An accountView is an account of the person's with its roles.
type accountView struct {
	directory.Account
	Roles []directory.PermissionSet
}

func (s *Site) portal(w http.ResponseWriter, r *http.Request) {
	user, _, _ := s.who(r)
	accounts, err := s.o.Directory.Accounts(user)
	views := make([]accountView, len(accounts))
	for i, a := range accounts {
		roles, e := s.o.Directory.PermissionSets(user, a.ID)
		views[i], err = accountView{a, roles}, errors.Join(err, e)
	}
	if err != nil {
		s.message(w, r, http.StatusInternalServerError, "Something is wrong here", "The directory cannot be read.")
		return
	}
	s.render(w, r, http.StatusOK, "portal.html", "Your accounts", views)
}

// authorize begins a sign-in of the code flow. Without a known client and redirect
// URI the browser is never sent anywhere (RFC 6749 section 4.1.2.1).
func (s *Site) authorize(w http.ResponseWriter, r *http.Request) {
	id, refusal, err := s.o.OIDC.Authorize(r.URL.Query())
	var problem *oidc.AuthorizeError
	switch {
	case errors.As(err, &problem):
		s.message(w, r, http.StatusBadRequest, "This sign-in cannot go on", problem.Problem)
	case refusal != "":
		http.Redirect(w, r, refusal, http.StatusSeeOther)
	default:
		http.Redirect(w, r, s.home+"consent?"+url.Values{"request": {id}}.Encode(), http.StatusSeeOther)
	}
}

// decisionView asks a yes or no for a client.
type decisionView struct {
	oidc.Consent
	Request  string // of the code flow
	UserCode string // of the device flow
}

const goneText = "It was answered already, or took too long. Start again from the program that sent you here."

func (s *Site) consent(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("request")
	c, ok := s.o.OIDC.Consent(id)
	if !ok {
		s.message(w, r, http.StatusNotFound, "This sign-in is over", goneText)
		return
	}
	s.render(w, r, http.StatusOK, "consent.html", "Allow access?", decisionView{Consent: c, Request: id}, formTargets(c.Redirect)...)
}

// formTargets is the origin that the answer of the consent form leads to. IPv6
// literals cannot stand in a policy.
func formTargets(redirect string) []string {
	u, err := url.Parse(redirect)
	if err != nil || strings.HasPrefix(u.Host, "[") {
		return nil
	}
	return []string{u.Scheme + "://" + u.Host}
}

func (s *Site) decideConsent(w http.ResponseWriter, r *http.Request) {
	_, session, _ := s.who(r)
	location, ok := s.o.OIDC.Decide(r.PostFormValue("request"), session, r.PostFormValue("decision") == "allow")
	switch {
	case !ok:
		s.message(w, r, http.StatusNotFound, "This sign-in is over", goneText)
	case len(formTargets(location)) == 0:
		s.render(w, r, http.StatusOK, "continue.html", "One more step", location)
	default:
		http.Redirect(w, r, location, http.StatusSeeOther)
	}
}

// deviceView asks for a user code.
type deviceView struct{ UserCode, Problem string }

func (s *Site) device(w http.ResponseWriter, r *http.Request) {
	code := r.URL.Query().Get("user_code")
	if code == "" {
		s.render(w, r, http.StatusOK, "device.html", "Enter your code", deviceView{})
		return
	}
	d, ok := s.o.OIDC.Device(code)
	if !ok {
		s.render(w, r, http.StatusNotFound, "device.html", "Enter your code", deviceView{code, "There is no such code, or it is over. Codes are good for ten minutes, and once."})
		return
	}
	s.render(w, r, http.StatusOK, "consent.html", "Allow access?", decisionView{
		Consent: oidc.Consent{Client: d.Client, Scopes: slices.Clone(d.Scopes)}, UserCode: d.UserCode,
	})
}

func (s *Site) decideDevice(w http.ResponseWriter, r *http.Request) {
	_, session, _ := s.who(r)
	allow := r.PostFormValue("decision") == "allow"
	switch ok := s.o.OIDC.DecideDevice(r.PostFormValue("user_code"), session, allow); {
	case !ok:
		s.message(w, r, http.StatusNotFound, "This sign-in is over", goneText)
	case allow:
		s.message(w, r, http.StatusOK, "Request approved", "You can close this window and go back to the program that sent you here.")
	default:
		s.message(w, r, http.StatusOK, "Request denied", "The program that sent you here gets no access.")
	}
}
