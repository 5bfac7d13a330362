package website

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"rolecall/internal/idc/oidc"
)

// authorize starts a sign-in of the code flow. It never redirects without a known client and redirect URI (RFC 6749
// section 4.1.2.1).
func (s *Site) authorize(w http.ResponseWriter, r *http.Request) {
	id, refusal, err := s.o.OIDC.Authorize(r.Context(), r.URL.Query())
	var problem *oidc.AuthorizeError
	switch {
	case errors.As(err, &problem):
		s.Message(w, r, http.StatusBadRequest, "This sign-in cannot continue", problem.Problem)
	case err != nil:
		s.broken(w, r)
	case refusal != "":
		http.Redirect(w, r, refusal, http.StatusSeeOther)
	default:
		http.Redirect(w, r, entrance+"consent?"+url.Values{"request": {id}}.Encode(), http.StatusSeeOther)
	}
}

// decisionView asks a person to allow or deny a client.
type decisionView struct {
	oidc.Consent
	Request  string // of the code flow
	UserCode string // of the device flow
	Origin   deviceOrigin
}

// over is the page for a question that can no longer be answered.
func (s *Site) over(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, oidc.ErrGone) || errors.Is(err, oidc.ErrNoSession) {
		s.Message(w, r, http.StatusNotFound, "This sign-in is over",
			"It was already answered, or took too long. Start again from the program that sent you here.")
		return
	}
	if errors.Is(err, oidc.ErrTooMany) {
		s.Message(w, r, http.StatusTooManyRequests, "Too many attempts",
			"Wait a few minutes, then start again from the program that sent you here.")
		return
	}
	s.broken(w, r)
}

func (s *Site) consent(w http.ResponseWriter, r *http.Request, _ person) {
	id := r.URL.Query().Get("request")
	c, err := s.o.OIDC.Consent(r.Context(), id)
	if err != nil {
		s.over(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "consent.html", "Allow access?", decisionView{Consent: c, Request: id},
		formTargets(c.Redirect)...)
}

// formTargets is the origin that answering the consent form leads to. A policy cannot contain IPv6 literals.
func formTargets(redirect string) []string {
	u, err := url.Parse(redirect)
	if err != nil || strings.HasPrefix(u.Host, "[") {
		return nil
	}
	return []string{u.Scheme + "://" + u.Host}
}

func (s *Site) decideConsent(w http.ResponseWriter, r *http.Request, who person) {
	location,
		err := s.o.OIDC.Decide(r.Context(), r.PostFormValue("request"), who.Session.ID,
		r.PostFormValue("decision") == "allow")
	switch {
	case err != nil:
		s.over(w, r, err)
	case len(formTargets(location)) == 0:
		s.render(w, r, http.StatusOK, "continue.html", "One more step", location)
	default:
		http.Redirect(w, r, location, http.StatusSeeOther)
	}
}
