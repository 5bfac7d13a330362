package sts

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	timeFormat = "20060102T150405Z"
)

// A signature is the Authorization header of Signature Version 4.
type signature struct {
	accessKeyID, date, region, service string
	signed                             []string // header names, lower case, sorted
	hex                                string
}

// parseAuthorization reads
// AWS4-HMAC-SHA256 Credential=ID/date/region/service/aws4_request, SignedHeaders=a;b, Signature=hex.
func parseAuthorization(text string) (signature, bool) {
	rest, ok := strings.CutPrefix(text, algorithm+" ")
	if !ok {
		return signature{}, false
	}
	var s signature
	for _, part := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			scope := strings.Split(value, "/")
			if len(scope) != 5 || scope[4] != "aws4_request" {
				return s, false
			}
			s.accessKeyID, s.date, s.region, s.service = scope[0], scope[1], scope[2], scope[3]
		case "SignedHeaders":
			s.signed = strings.Split(value, ";")
		case "Signature":
			s.hex = value
		}
	}
	return s, s.accessKeyID != "" && len(s.signed) > 0 && s.hex != "" && sort.StringsAreSorted(s.signed)
}

// verify gives who signed r, or a refusal. Host, date and token must be signed.
func (s *Server) verify(r *http.Request, body []byte) (Caller, *stsError) {
	text := r.Header.Get("Authorization")
	if text == "" {
		return Caller{}, errMissingToken
	}
	sig, ok := parseAuthorization(text)
	if !ok {
		return Caller{}, errIncomplete
	}
	k, known := s.key(sig.accessKeyID, r.Header.Get("X-Amz-Security-Token"))
	if !known {
		return Caller{}, errInvalidToken
	}
	moment, err := time.Parse(timeFormat, r.Header.Get("X-Amz-Date"))
	if err != nil || !strings.HasPrefix(r.Header.Get("X-Amz-Date"), sig.date) || !contains(sig.signed, "host") || !contains(sig.signed, "x-amz-date") {
		return Caller{}, errIncomplete
	}
	want := sign(s.secretKey(sig.accessKeyID), sig, moment, canonicalRequest(r, sig.signed, body))
	if !hmac.Equal([]byte(want), []byte(sig.hex)) {
		return Caller{}, errSignature
	}
	if e := s.checkClock(moment); e != nil {
		return Caller{}, e
	}
	if !s.o.Now().Before(k.ends) {
		return Caller{}, errExpiredToken
	}
	return k.caller, nil
}

// checkClock refuses requests that are too old, or from the future, in AWS's
// words.
func (s *Server) checkClock(moment time.Time) *stsError {
	now := s.o.Now().UTC()
	minutes := strconv.Itoa(int(s.o.ClockSkew.Minutes())) + " min.)"
	switch {
	case now.Sub(moment) > s.o.ClockSkew:
		return errSignature.say("Signature expired: " + moment.Format(timeFormat) + " is now earlier than " +
			now.Add(-s.o.ClockSkew).Format(timeFormat) + " (" + now.Format(timeFormat) + " - " + minutes)
	case moment.Sub(now) > s.o.ClockSkew:
		return errSignature.say("Signature not yet current: " + moment.Format(timeFormat) + " is still later than " +
			now.Add(s.o.ClockSkew).Format(timeFormat) + " (" + now.Format(timeFormat) + " + " + minutes)
	}
	return nil
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// canonicalRequest is step 1 of signing: method, path, query, headers, body.
func canonicalRequest(r *http.Request, signed []string, body []byte) string {
	sum := sha256.Sum256(body)
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	var b strings.Builder
	b.WriteString(r.Method + "\n" + path + "\n" + canonicalQuery(r.URL.Query()) + "\n")
	for _, name := range signed {
		b.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	b.WriteString("\n" + strings.Join(signed, ";") + "\n" + hex.EncodeToString(sum[:]))
	return b.String()
}

func canonicalQuery(q url.Values) string {
	return strings.ReplaceAll(q.Encode(), "+", "%20")
}

// headerValue gives a header as it was signed. The Go server keeps Host and
// Content-Length apart from the others.
func headerValue(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	}
	values := r.Header.Values(name)
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(trimmed, ",")
}

// sign is steps 2 to 4: the text to sign, the derived key, the signature.
func sign(secret string, sig signature, moment time.Time, canonical string) string {
	scope := sig.date + "/" + sig.region + "/" + sig.service + "/aws4_request"
	sum := sha256.Sum256([]byte(canonical))
	text := algorithm + "\n" + moment.Format(timeFormat) + "\n" + scope + "\n" + hex.EncodeToString(sum[:])
	derived := []byte("AWS4" + secret)
	for _, part := range []string{sig.date, sig.region, sig.service, "aws4_request"} {
		derived = mac(derived, part)
	}
	return hex.EncodeToString(mac(derived, text))
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}
