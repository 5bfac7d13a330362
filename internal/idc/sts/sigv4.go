package sts

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
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
	return s, s.accessKeyID != "" && len(s.signed) > 0 && s.hex != "" && slices.IsSorted(s.signed)
}

// parseQuery reads the same from the query of a presigned request.
func parseQuery(q url.Values) (signature, bool) {
	return parseAuthorization(q.Get("X-Amz-Algorithm") + " Credential=" + q.Get("X-Amz-Credential") + ", SignedHeaders=" +
		q.Get("X-Amz-SignedHeaders") +
		", Signature=" + q.Get("X-Amz-Signature"))
}

// ServiceOf returns the service that a request claims to be signed for, or "".
func ServiceOf(r *http.Request) string {
	s, _ := parseAuthorization(r.Header.Get("Authorization"))
	if s.service == "" {
		s, _ = parseQuery(r.URL.Query())
	}
	return strings.Map(printable, s.service)
}

// A signedRequest is a request's signature, from its headers or its query.
type signedRequest struct {
	signature
	moment, token string
	query         url.Values // what was signed of it
}

func readSignature(r *http.Request) (signedRequest, *Refusal) {
	q := r.URL.Query()
	s := signedRequest{query: q}
	ok := false
	switch text := r.Header.Get("Authorization"); {
	case text != "":
		s.signature, ok = parseAuthorization(text)
		s.moment, s.token = r.Header.Get("X-Amz-Date"), r.Header.Get("X-Amz-Security-Token")
		ok = ok && slices.Contains(s.signed, "x-amz-date")
	case q.Has("X-Amz-Signature"):
		s.signature, ok = parseQuery(q)
		s.moment, s.token = q.Get("X-Amz-Date"), q.Get("X-Amz-Security-Token")
		q.Del("X-Amz-Signature")
	default:
		return s, errMissingToken
	}
	if !ok || !slices.Contains(s.signed, "host") || !strings.HasPrefix(s.moment, s.date) {
		return s, errIncomplete
	}
	return s, nil
}

// Authenticate returns who signed r for a service, in headers or query, or a refusal. Host, date and all X-Amz headers
// must be signed. A presigned URL is valid as long as any other signature: like AWS's, the service ignores
// X-Amz-Expires.
func (s *Server) Authenticate(r *http.Request, body []byte, service string) (Caller, *Refusal) {
	sig, e := readSignature(r)
	if e != nil {
		return Caller{}, e
	}
	if sig.service != service {
		return Caller{}, errSignature.say("Credential should be scoped to correct service: '" + service + "'.")
	}
	for name := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-amz-") && !slices.Contains(sig.signed, name) {
			return Caller{}, errSignature.say("The header " + name + " is not signed.")
		}
	}
	k, e := s.key(sig.accessKeyID, sig.token)
	if e != nil {
		return Caller{}, e
	}
	moment, err := time.Parse(timeFormat, sig.moment)
	if err != nil {
		return Caller{}, errIncomplete
	}
	want := sign(s.secretKey(sig.accessKeyID), sig.signature, moment, canonicalRequest(r, sig.query, sig.signed, body))
	if !hmac.Equal([]byte(want), []byte(sig.hex)) {
		return Caller{}, errSignature
	}
	if e := s.checkClock(moment); e != nil {
		return Caller{}, e
	}
	if !k.Ends.IsZero() && !s.o.Now().Before(k.Ends) {
		return Caller{}, errExpiredToken
	}
	return k.Caller, nil
}

// checkClock refuses requests that are too old, or from the future, in AWS's words.
func (s *Server) checkClock(moment time.Time) *Refusal {
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

// canonicalRequest is step 1 of signing: method, path, query, headers, body.
func canonicalRequest(r *http.Request, query url.Values, signed []string, body []byte) string {
	sum := sha256.Sum256(body)
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	var b strings.Builder
	b.WriteString(r.Method + "\n" + path + "\n" + canonicalQuery(query) + "\n")
	for _, name := range signed {
		b.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	b.WriteString("\n" + strings.Join(signed, ";") + "\n" + hex.EncodeToString(sum[:]))
	return b.String()
}

func canonicalQuery(q url.Values) string {
	return strings.ReplaceAll(q.Encode(), "+", "%20")
}

// headerValue returns a header as it was signed. Go's server keeps Host and Content-Length apart from other headers.
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
