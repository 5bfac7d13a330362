package website

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
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

func (s *Site) portal(w http.ResponseWriter, r *http.Request, who oidc.Session) {
	var views []accountView
	err := s.o.Store.View(r.Context(), func(reader store.Reader) error {
		accounts, err := directory.AccountsOf(reader, who.UserID, "", 0)
		for _, a := range accounts {
			roles, e := directory.PermissionSetsOf(reader, who.UserID, a.ID)
			views, err = append(views, accountView{a, roles}), errors.Join(err, e)
		}
		return err
	})
	if err != nil {
		s.broken(w, r)
		return
	}
	s.render(w, r, http.StatusOK, "portal.html", "Your accounts", views)
}

// authorize begins a sign-in of the code flow. Without a known client and redirect
// URI the browser is never sent anywhere (RFC 6749 section 4.1.2.1).
func (s *Site) authorize(w http.ResponseWriter, r *http.Request) {
	id, refusal, err := s.o.OIDC.Authorize(r.Context(), r.URL.Query())
	var problem *oidc.AuthorizeError
	switch {
	case errors.As(err, &problem):
		s.message(w, r, http.StatusBadRequest, "This sign-in cannot go on", problem.Problem)
	case err != nil:
		s.broken(w, r)
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

// over is the page for what the person cannot answer (any more).
func (s *Site) over(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, oidc.ErrGone) || errors.Is(err, oidc.ErrNoSession) {
		s.message(w, r, http.StatusNotFound, "This sign-in is over", "It was answered already, or took too long. Start again from the program that sent you here.")
		return
	}
	s.broken(w, r)
}

func (s *Site) consent(w http.ResponseWriter, r *http.Request, _ oidc.Session) {
	id := r.URL.Query().Get("request")
	c, err := s.o.OIDC.Consent(r.Context(), id)
	if err != nil {
		s.over(w, r, err)
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

func (s *Site) decideConsent(w http.ResponseWriter, r *http.Request, who oidc.Session) {
	location, err := s.o.OIDC.Decide(r.Context(), r.PostFormValue("request"), who.ID, r.PostFormValue("decision") == "allow")
	switch {
	case err != nil:
		s.over(w, r, err)
	case len(formTargets(location)) == 0:
		s.render(w, r, http.StatusOK, "continue.html", "One more step", location)
	default:
		http.Redirect(w, r, location, http.StatusSeeOther)
	}
}

// deviceView asks for a user code.
type deviceView struct{ UserCode, Problem string }

func (s *Site) device(w http.ResponseWriter, r *http.Request, who oidc.Session) {
	code := r.URL.Query().Get("user_code")
	if code == "" {
		s.render(w, r, http.StatusOK, "device.html", "Enter your code", deviceView{})
		return
	}
	d, err := s.o.OIDC.Device(r.Context(), code, who.ID)
	switch {
	case errors.Is(err, oidc.ErrTooMany):
		s.render(w, r, http.StatusTooManyRequests, "device.html", "Enter your code", deviceView{code, "Too many codes that do not exist. Wait a few minutes, then try again."})
	case errors.Is(err, oidc.ErrGone):
		s.render(w, r, http.StatusNotFound, "device.html", "Enter your code", deviceView{code, "There is no such code, or it is over. Codes are good for ten minutes, and once."})
	case err != nil:
		s.broken(w, r)
	default:
		s.render(w, r, http.StatusOK, "consent.html", "Allow access?", decisionView{Consent: oidc.Consent{Client: d.Client, Scopes: d.Scopes}, UserCode: d.UserCode})
	}
}

func (s *Site) decideDevice(w http.ResponseWriter, r *http.Request, who oidc.Session) {
	allow := r.PostFormValue("decision") == "allow"
	switch err := s.o.OIDC.DecideDevice(r.Context(), r.PostFormValue("user_code"), who.ID, allow); {
	case err != nil:
		s.over(w, r, err)
	case allow:
		s.message(w, r, http.StatusOK, "Request approved", "You can close this window and go back to the program that sent you here.")
	default:
		s.message(w, r, http.StatusOK, "Request denied", "The program that sent you here gets no access.")
	}
}
