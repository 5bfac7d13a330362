// Package federation is the sign-in endpoint of the AWS console: it turns role credentials into sign-in tokens, and
// shows where a console would have opened. There is no console behind it. All state is sealed in the tokens; the room
// stores nothing.
package federation

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"net/http"
	"strings"
	"time"

	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/partition"
	"rolecall/internal/idc/sts"
)

// Options configure the endpoint.
type Options struct {
	Secret []byte // what the key of the tokens is derived from
	Keys   *sts.Server
	Now    func() time.Time
	// Partitions know the console's hosts; nil: AWS's.
	Partitions partition.Table
}

// A Server answers the endpoint. It is safe for concurrent use.
type Server struct {
	o    Options
	seal cipher.AEAD
}

// Pages renders answers for people.
type Pages interface {
	Arrived(http.ResponseWriter, *http.Request, Arrival)
	Message(w http.ResponseWriter, r *http.Request, status int, title, text string)
}

// An Arrival is a person who would now be at the console.
type Arrival struct {
	Account, ARN string
	Ends         time.Time // of the console session
	Issuer       string    // untrusted, as is the destination
	Destination
}

// Role is the permission set or role of the ARN.
func (a Arrival) Role() string {
	parts := strings.Split(a.ARN, "/")
	if len(parts) < 2 {
		return ""
	}
	if name, ok := strings.CutPrefix(parts[1], "AWSReservedSSO_"); ok {
		return name[:max(0, strings.LastIndexByte(name, '_'))]
	}
	return parts[1]
}

// New makes a server.
func New(o Options) (*Server, error) {
	key, err := hkdf.Key(sha256.New, o.Secret, nil, "sign-in tokens", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if o.Partitions == nil {
		o.Partitions = partition.AWS()
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	return &Server{o: o, seal: seal}, err
}

// Mount lists the routes.
func (s *Server) Mount(m oidc.Mux, pages Pages) {
	answer := func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, pages) }
	m.HandleFunc("GET /federation", answer)
	m.HandleFunc("POST /federation", answer)
	m.HandleFunc("GET /oauth", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("Action") != "logout" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		pages.Message(w, r, http.StatusOK, "Signed out of the console",
			"There was no console session to end: this server only shows where it would have opened.")
	})
}

// answer dispatches on the action. Programs ask for a sign-in token, with parameters in the query or a form; the
// sign-in itself is a page.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, pages Pages) {
	const mostForm = 64 << 10
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	action := r.FormValue("Action")
	switch {
	case action == "getSigninToken":
		s.getSigninToken(w, r)
	case action == "login" && r.Method == http.MethodGet:
		s.login(w, r, pages)
	default:
		refuse(w)
	}
}

// login shows who would be signed in to the console, and where.
func (s *Server) login(w http.ResponseWriter, r *http.Request, pages Pages) {
	q := r.URL.Query()
	t, ok := s.open(q.Get("SigninToken"))
	switch {
	case !ok:
		pages.Message(w, r, http.StatusBadRequest, "This link is not valid",
			"Its sign-in token is not from this server, or was truncated. Make a new link.")
	case !s.o.Now().Before(t.Good):
		pages.Message(w, r, http.StatusBadRequest, "This link has expired",
			"Links to the console are valid for fifteen minutes. Make a new one.")
	case q.Get("Destination") == "":
		pages.Message(w, r, http.StatusBadRequest, "This link leads nowhere",
			"The Destination parameter is missing: it says which page of the console to open.")
	default:
		pages.Arrived(w, r, Arrival{
			Account: t.Account, ARN: t.ARN, Ends: t.Ends, Issuer: q.Get("Issuer"),
			Destination: s.destination(q.Get("Destination")),
		})
	}
}
