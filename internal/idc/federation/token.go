package federation

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rolecall/internal/idc/sts"
	"rolecall/internal/idc/wire"
)

// tokenLife is how long a sign-in token can be used, as at AWS.
const tokenLife = 15 * time.Minute

// Bounds of the session duration that callers may ask for.
const (
	leastSession = 15 * time.Minute
	mostSession  = 12 * time.Hour
)

// ErrInvalid means that the keys or parameters do not qualify for a sign-in token.
var ErrInvalid = errors.New("invalid credentials parameter")

// A Session is role credentials in the endpoint's form.
type Session struct {
	ID    string `json:"sessionId"`
	Key   string `json:"sessionKey"`
	Token string `json:"sessionToken"`
}

// A token is the content of a sign-in token.
type token struct {
	Account, ARN string
	Good         time.Time // until when the token opens the console
	Ends         time.Time // of the console session
}

// SigninToken makes a token from keys. A life of zero stands for the keys' own.
func (s *Server) SigninToken(keys Session, life time.Duration) (string, error) {
	caller, ends, refusal := s.o.Keys.Knows(keys.ID, keys.Key, keys.Token)
	if refusal != nil || !opensConsole(caller) {
		return "", ErrInvalid
	}
	now := s.o.Now()
	if life != 0 {
		// "you cannot use the SessionDuration parameter with role chaining": AWS's guide.
		if caller.Chained || life < leastSession || life > mostSession {
			return "", ErrInvalid
		}
		ends = now.Add(life)
	}
	text, err := json.Marshal(token{caller.Account, caller.ARN, now.Add(tokenLife), ends})
	return base64.RawURLEncoding.EncodeToString(s.seal.Seal(nil, nil, text, nil)), err
}

// opensConsole accepts keys of a role only: not a user's own, nor those from GetSessionToken.
func opensConsole(caller sts.Caller) bool {
	return caller.Session && strings.Contains(caller.ARN, ":assumed-role/")
}

func (s *Server) open(text string) (t token, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return t, false
	}
	opened, err := s.seal.Open(nil, nil, sealed, nil)
	return t, err == nil && json.Unmarshal(opened, &t) == nil
}

// getSigninToken answers programs.
func (s *Server) getSigninToken(w http.ResponseWriter, r *http.Request) {
	var keys Session
	life, err := lifeOf(r.FormValue("SessionDuration"))
	if err == nil {
		err = json.Unmarshal([]byte(r.FormValue("Session")), &keys)
	}
	var made string
	if err == nil {
		made, err = s.SigninToken(keys, life)
	}
	if err != nil {
		refuse(w)
		return
	}
	wire.JSON(w, http.StatusOK, map[string]string{"SigninToken": made})
}

func lifeOf(seconds string) (time.Duration, error) {
	if seconds == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(seconds)
	if err != nil || n < int(leastSession.Seconds()) || n > int(mostSession.Seconds()) {
		return 0, ErrInvalid
	}
	return time.Duration(n) * time.Second, nil
}

// refuse answers as AWS's endpoint does, with one message for every mistake:
// https://repost.aws/knowledge-center/invalid-credentials-parameter
func refuse(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = io.WriteString(w,
		`<!doctype html><html lang="en"><head><title>Error report</title></head><body>`+
			`<h1>HTTP Status 400 - Invalid credentials parameter</h1>`+
			`<p><b>type</b> Status report</p><p><b>message</b> Invalid credentials parameter</p>`+
			`<p><b>description</b> The request sent by the client was syntactically incorrect.</p></body></html>`)
}

// LoginPath is the path on this server where a sign-in token is redeemed.
func LoginPath(issuer, destination, signinToken string) string {
	return "/federation?" + url.Values{
		"Action": {"login"}, "Issuer": {issuer}, "Destination": {destination}, "SigninToken": {signinToken},
	}.Encode()
}
