package website

import (
	"crypto/hmac"
	"net/http"
)

// post admits forms of our own pages, with this browser's token and from this origin.
func (s *Site) post(next pageHandler) pageHandler {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie(visitorCookie)
		if !ours(w, r) || err != nil || !hmac.Equal([]byte(r.PostFormValue("form")), []byte(s.formToken(r, c.Value))) {
			s.foreign(w, r)
			return
		}
		next(w, r)
	}
}

func (s *Site) foreign(w http.ResponseWriter, r *http.Request) {
	s.Message(w, r, http.StatusForbidden, "This form is no longer valid",
		"Go back, reload the page, and try again.")
}

// ours reports whether a form comes from this origin, as far as the browser says, and bounds its size. Browsers send
// the origin null under no-referrer; newer ones add Sec-Fetch-Site.
func ours(w http.ResponseWriter, r *http.Request) bool {
	const mostForm = 64 << 10
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	switch r.Header.Get("Origin") {
	case "", "null", "http://" + r.Host, "https://" + r.Host:
	default:
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return true
	}
	return false
}
