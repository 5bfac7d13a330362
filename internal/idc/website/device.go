package website

import (
	"errors"
	"net/http"

	"rolecall/internal/idc/oidc"
)

// deviceView asks for a user code.
type deviceView struct{ UserCode, Problem string }

func (s *Site) device(w http.ResponseWriter, r *http.Request, who person) {
	code := r.URL.Query().Get("user_code")
	ask := func(status int, problem string) {
		s.render(w, r, status, "device.html", "Enter your code", deviceView{code, problem})
	}
	if code == "" {
		ask(http.StatusOK, "")
		return
	}
	d, err := s.o.OIDC.Device(r.Context(), code, who.Session.ID)
	switch {
	case errors.Is(err, oidc.ErrTooMany):
		ask(http.StatusTooManyRequests, "Too many unknown codes. Wait a few minutes, then try again.")
	case errors.Is(err, oidc.ErrGone):
		ask(http.StatusNotFound, "This code is unknown or has expired. Codes are valid for ten minutes, and work once.")
	case err != nil:
		s.broken(w, r)
	default:
		s.render(w, r, http.StatusOK, "consent.html", "Allow access?", decisionView{
			Consent: oidc.Consent{Client: d.Client, Scopes: d.Scopes, Began: d.Began}, UserCode: d.UserCode,
		})
	}
}

func (s *Site) decideDevice(w http.ResponseWriter, r *http.Request, who person) {
	allow := r.PostFormValue("decision") == "allow"
	switch err := s.o.OIDC.DecideDevice(r.Context(), r.PostFormValue("user_code"), who.Session.ID, allow); {
	case err != nil:
		s.over(w, r, err)
	case allow:
		s.Message(w, r, http.StatusOK, "Request approved",
			"You can close this window and go back to the program that sent you here.")
	default:
		s.Message(w, r, http.StatusOK, "Request denied", "The program that sent you here gets no access.")
	}
}
