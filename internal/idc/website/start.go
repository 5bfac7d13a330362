package website

import (
	"net/http"
	"net/url"
)

// start is the start URL: it tells clients the region, and people the way in. Its
// script follows AWS's deep links, which stand behind a # that no server sees.
func (s *Site) start(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "start.html", "AWS access portal", nil)
}

func (s *Site) toDevice(w http.ResponseWriter, r *http.Request) {
	to := s.home + "device"
	if code := r.URL.Query().Get("user_code"); code != "" {
		to += "?" + url.Values{"user_code": {code}}.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
