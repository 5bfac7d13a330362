package sts

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	timeFormat = "20060102T150405Z"
)

// A signature is what a request is signed with (Signature Version 4), from its headers or its query.
type signature struct {
	accessKeyID, date, region, service, terminator string
	signed                                         []string // header names, lower case, sorted
	hex                                            string
	at, token                                      string     // X-Amz-Date, X-Amz-Security-Token
	moment                                         time.Time  // at
	query                                          url.Values // what was signed of it
}

// The parts of a signature in an Authorization header are the parameters of a presigned URL after "X-Amz-".
var (
	inHeader = [...]string{"Credential", "Signature", "SignedHeaders"}
	inQuery  = [...]string{"Algorithm", "Credential", "Signature", "SignedHeaders", "Date"}
)

// readSignature finds the signature of a request, in AWS's order of refusals and in its words as far as they are known.
// It repeats nothing of the request; neither does AWS, today.
func readSignature(r *http.Request) (signature, *Refusal) {
	q := r.URL.Query()
	header, presigned := r.Header.Get("Authorization"), q.Has("X-Amz-Algorithm") || q.Has("X-Amz-Signature")
	var parts map[string]string
	var refusal *Refusal
	switch {
	case header != "" && presigned:
		return signature{}, errSignature.say("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as " +
			"HTTP header.")
	case header != "":
		parts, refusal = headerParts(header, r.Header)
	case presigned:
		parts, refusal = queryParts(q)
	default:
		refusal = errMissingToken
	}
	if refusal != nil {
		return signature{}, refusal
	}
	s := signature{
		signed: strings.Split(parts["SignedHeaders"], ";"), hex: parts["Signature"], at: parts["Date"],
		token: parts["Security-Token"], query: q,
	}
	if presigned {
		q.Del("X-Amz-Signature")
	}
	return s, s.complete(parts["Algorithm"], parts["Credential"], presigned)
}

// headerParts reads AWS4-HMAC-SHA256 Credential=ID/date/region/service/aws4_request, SignedHeaders=a;b, Signature=hex.
func headerParts(text string, headers http.Header) (map[string]string, *Refusal) {
	parts := map[string]string{"Date": headers.Get("X-Amz-Date"), "Security-Token": headers.Get("X-Amz-Security-Token")}
	algorithm, rest, _ := strings.Cut(text, " ")
	parts["Algorithm"] = algorithm
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := parts[name]; twice {
			return nil, errIncomplete
		}
		parts[name] = value
	}
	missing := ""
	for _, name := range inHeader {
		if parts[name] == "" {
			missing += "Authorization header requires '" + name + "' parameter. "
		}
	}
	if parts["Date"] == "" {
		missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
	}
	if missing != "" {
		return nil, errIncomplete.say(missing)
	}
	return parts, nil
}

// queryParts reads the same from the query of a presigned request.
func queryParts(q url.Values) (map[string]string, *Refusal) {
	parts := map[string]string{"Security-Token": q.Get("X-Amz-Security-Token")}
	missing := ""
	for _, name := range inQuery {
		if parts[name] = q.Get("X-Amz-" + name); parts[name] == "" {
			missing += "AWS query-string parameters must include 'X-Amz-" + name + "'. "
		}
	}
	if missing != "" {
		return nil, errIncomplete.say(missing + "Re-examine the query-string parameters.")
	}
	for name, values := range q {
		if strings.HasPrefix(name, "X-Amz-") && len(values) > 1 {
			return nil, errIncomplete
		}
	}
	return parts, nil
}

// complete reads the rest of the parts.
func (s *signature) complete(named, credential string, presigned bool) *Refusal {
	var err error
	if s.moment, err = time.Parse(timeFormat, s.at); err != nil || len(s.at) != len(timeFormat) {
		return errIncomplete.say("Date must be in ISO-8601 'basic format'. See http://en.wikipedia.org/wiki/ISO_8601")
	}
	if !slices.Contains(s.signed, "host") || !presigned && !slices.Contains(s.signed, "x-amz-date") {
		return errSignature.say("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	scope := strings.Split(credential, "/")
	switch {
	case named != algorithm:
		return errIncomplete.say("Unsupported AWS 'algorithm' (only AWS4-HMAC-SHA256 for now).")
	case len(scope) != 5:
		return errIncomplete.say("Credential must have exactly 5 slash-delimited elements, e.g. " +
			"keyid/date/region/service/term.")
	case !slices.IsSorted(s.signed):
		return errIncomplete
	}
	s.accessKeyID, s.date, s.region, s.service, s.terminator = scope[0], scope[1], scope[2], scope[3], scope[4]
	return nil
}

// ServiceOf returns the service that a request claims to be signed for, or "".
func ServiceOf(r *http.Request) string {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	credential, _, _ = strings.Cut(credential, ",")
	scope := strings.Split(cmp.Or(credential, r.URL.Query().Get("X-Amz-Credential")), "/")
	if len(scope) != 5 {
		return ""
	}
	return strings.Map(printable, scope[3])
}

// Authenticate returns who signed r for a service, in headers or query, or a refusal. Host, date and all X-Amz headers
// must be signed. A presigned URL is valid for as long as any other signature, 15 minutes: STS ignores X-Amz-Expires,
// whatever it says (aws-sdk-go issue 2167, aws-iam-authenticator issues 133 and 258).
func (s *Server) Authenticate(r *http.Request, body []byte, service string) (Caller, *Refusal) {
	sig, e := readSignature(r)
	if e == nil {
		e = s.checkScope(r, sig, service)
	}
	if e != nil {
		return Caller{}, e
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
	want := sign(s.secretKey(sig.accessKeyID), sig, canonicalRequest(r, sig.query, sig.signed, body))
	if !hmac.Equal([]byte(want), []byte(sig.hex)) {
		return Caller{}, errSignature
	}
	if e := s.checkClock(sig.moment); e != nil {
		return Caller{}, e
	}
	if !k.Ends.IsZero() && !s.o.Now().Before(k.Ends) {
		return Caller{}, errExpiredToken
	}
	return k.Caller, nil
}

// checkScope refuses a credential scope of another region, service, version or day, and says all that is wrong with it.
func (s *Server) checkScope(r *http.Request, sig signature, service string) *Refusal {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	wrong := ""
	if !s.o.Partitions.Signs(host, service, sig.region, s.o.Region) {
		wrong += "Credential should be scoped to a valid region. "
	}
	if sig.service != service {
		wrong += "Credential should be scoped to correct service: '" + service + "'. "
	}
	if sig.terminator != terminator {
		wrong += "Credential should be scoped with a valid terminator: '" + terminator + "'. "
	}
	if sig.date != sig.moment.Format("20060102") {
		wrong += "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP. "
	}
	if wrong != "" {
		return errSignature.say(wrong)
	}
	return nil
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
func sign(secret string, sig signature, canonical string) string {
	scope := sig.date + "/" + sig.region + "/" + sig.service + "/" + terminator
	sum := sha256.Sum256([]byte(canonical))
	text := algorithm + "\n" + sig.at + "\n" + scope + "\n" + hex.EncodeToString(sum[:])
	derived := []byte("AWS4" + secret)
	for _, part := range []string{sig.date, sig.region, sig.service, terminator} {
		derived = mac(derived, part)
	}
	return hex.EncodeToString(mac(derived, text))
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}
