package website

import (
	"net/http"
	"net/url"
)

// start is the start URL. It tells clients the region, and leads people in. Its script follows AWS's deep links, which
// are in the fragment that servers never see.
func (s *Site) start(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "start.html", "AWS access portal", nil)
}

func (s *Site) toDevice(w http.ResponseWriter, r *http.Request) {
	to := entrance + "device"
	if code := r.URL.Query().Get("user_code"); code != "" {
		to += "?" + url.Values{"user_code": {code}}.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
