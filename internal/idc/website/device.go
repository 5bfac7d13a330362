package website

import (
	"errors"
	"net/http"

	"rolecall/internal/idc/limits"
	"rolecall/internal/idc/oidc"
)

// deviceView asks for a user code.
type deviceView struct{ UserCode, Problem string }

func (v deviceView) wrong() bool { return v.Problem != "" }

func (s *Site) device(w http.ResponseWriter, r *http.Request, who person) {
	if s.o.NoDevice {
		s.deviceIsOff(w, r)
		return
	}
	code := r.URL.Query().Get("user_code")
	ask := func(status int, problem string) {
		s.render(w, r, status, "device.html", "Enter your code", deviceView{code, problem})
	}
	if code == "" {
		ask(http.StatusOK, "")
		return
	}
	d, err := s.o.OIDC.Device(r.Context(), code, who.Session.ID)
	s.refusedCode(r, who, err)
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
			Origin: s.originOf(r, d),
		})
	}
}

// deviceOrigin is where a device sign-in was started, and where its page is open.
type deviceOrigin struct {
	From, Here string
	Elsewhere  bool // they differ
	Refused    bool // and that is not allowed
}

// originOf compares addresses. A sign-in of an older rolecall did not record its own.
func (s *Site) originOf(r *http.Request, d oidc.Device) deviceOrigin {
	elsewhere := limits.Place(d.From) != limits.Place(r.RemoteAddr)
	name := func(address string) string {
		switch {
		case address == "":
			return "an unknown address"
		case limits.Place(address) != limits.Loopback:
			return address
		case elsewhere:
			return "the server's own machine"
		}
		return limits.Loopback
	}
	return deviceOrigin{
		From: name(d.From), Here: name(limits.Address(r.RemoteAddr)), Elsewhere: elsewhere,
		Refused: elsewhere && s.o.DeviceSameAddress,
	}
}

// refusedCode brings a user code that was refused into the audit, without the code.
func (s *Site) refusedCode(r *http.Request, who person, err error) {
	switch {
	case errors.Is(err, oidc.ErrTooMany):
		s.refused(r, "user:"+who.UserName, "RefuseUserCode", "", "too many unknown codes")
	case errors.Is(err, oidc.ErrGone):
		s.refused(r, "user:"+who.UserName, "RefuseUserCode", "", "an unknown, used or ended code")
	}
}

func (s *Site) deviceIsOff(w http.ResponseWriter, r *http.Request) {
	s.Message(w, r, http.StatusNotFound, "Device sign-in is off",
		"This server can be reached from other machines, so it accepts no codes. Sign in with a browser instead, or ask "+
			"its operator to start it with --device.")
}

// fromElsewhere reports whether the answer must be refused for where it comes from. Denying is allowed from anywhere.
func (s *Site) fromElsewhere(r *http.Request, who person) (bool, error) {
	if !s.o.DeviceSameAddress || r.PostFormValue("decision") != "allow" {
		return false, nil
	}
	d, err := s.o.OIDC.Device(r.Context(), r.PostFormValue("user_code"), who.Session.ID)
	return err == nil && s.originOf(r, d).Refused, err
}

func (s *Site) decideDevice(w http.ResponseWriter, r *http.Request, who person) {
	if s.o.NoDevice {
		s.deviceIsOff(w, r)
		return
	}
	switch elsewhere, err := s.fromElsewhere(r, who); {
	case err != nil:
		s.refusedCode(r, who, err)
		s.over(w, r, err)
		return
	case elsewhere:
		s.refused(r, "user:"+who.UserName, "RefuseUserCode", "", "started at another address")
		s.Message(w, r, http.StatusForbidden, "This sign-in was started elsewhere",
			"This server accepts a code only from the address that started the sign-in. Start again on this machine.")
		return
	}
	allow := r.PostFormValue("decision") == "allow"
	switch err := s.o.OIDC.DecideDevice(r.Context(), r.PostFormValue("user_code"), who.Session.ID, allow); {
	case err != nil:
		s.refusedCode(r, who, err)
		s.over(w, r, err)
	case allow:
		s.Message(w, r, http.StatusOK, "Request approved",
			"You can close this window and go back to the program that sent you here.")
	default:
		s.Message(w, r, http.StatusOK, "Request denied", "The program that sent you here gets no access.")
	}
}
