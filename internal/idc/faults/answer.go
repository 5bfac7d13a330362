package faults

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"unicode"
)

// An answer is a complete answer that has not been sent.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// A recorder records what a handler answers.
type recorder struct {
	answer
	buffer bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.buffer.Write(p)
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// well has the request answered normally, and returns the answer unsent.
func (c *call) well() answer {
	r := &recorder{answer: answer{header: http.Header{}}}
	c.next.ServeHTTP(r, c.r)
	r.WriteHeader(http.StatusOK)
	r.body = r.buffer.Bytes()
	return r.answer
}

// send sends an answer.
func (c *call) send(a answer) {
	for name, values := range a.header {
		c.w.Header()[name] = values
	}
	c.w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	c.w.WriteHeader(a.status)
	_, _ = c.w.Write(a.body)
}

// text sends a body of a content type, with status 200.
func (c *call) text(kind, body string) {
	c.send(answer{http.StatusOK, http.Header{"Content-Type": {kind}}, []byte(body)})
}

// A refusal is an error answer in AWS's words.
type refusal struct {
	status        int
	kind, message string
}

// refuse answers with an error in the form of the route's service.
func (c *call) refuse(r refusal) {
	header := http.Header{
		"Content-Type": {"application/json"}, "X-Amzn-Requestid": {"00000000-0000-4000-8000-000000000000"},
	}
	var body any
	switch c.route {
	case "register", "device", "token", "refresh", "authorize":
		header.Set("X-Amzn-Errortype", r.kind+":http://internal.amazon.com/coral/com.amazonaws.sso.oidc/")
		body = map[string]string{"error": oauthCode(r.kind), "error_description": r.message}
	case "sts":
		c.send(answer{r.status, http.Header{"Content-Type": {"text/xml"}}, stsError(r)})
		return
	case "admin":
		body = map[string]string{"__type": r.kind, "Message": r.message}
	default:
		header.Set("X-Amzn-Errortype", r.kind)
		body = map[string]string{"message": r.message, "__type": "com.amazonaws.switchboard.portal#" + r.kind}
	}
	text, _ := json.Marshal(body) // maps of strings
	c.send(answer{r.status, header, text})
}

// oauthCode is the body's code for an exception: AuthorizationPending is authorization_pending.
func oauthCode(kind string) string {
	if kind == "InternalServerException" {
		return "server_error"
	}
	var b strings.Builder
	for i, r := range strings.TrimSuffix(kind, "Exception") {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func stsError(r refusal) []byte {
	type problem struct {
		Type    string
		Code    string
		Message string
	}
	text, _ := xml.Marshal(struct {
		XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
		Error     problem
		RequestID string `xml:"RequestId"`
	}{ // texts alone
		Error:     problem{"Sender", strings.TrimSuffix(r.kind, "Exception"), r.message},
		RequestID: "00000000-0000-4000-8000-000000000000",
	})
	return text
}

// ofStatus is the usual exception for a status on a route.
func ofStatus(route string, status int) refusal {
	oidc := strings.Contains("+"+oidcRoutes+"+authorize+", "+"+route+"+")
	kinds := map[int]string{
		400: "InvalidRequestException", 401: "UnauthorizedException", 403: "ForbiddenException",
		404: "ResourceNotFoundException",
		409: "ConflictException", 429: "TooManyRequestsException", 503: "ServiceUnavailableException",
	}
	if oidc {
		kinds[401], kinds[403], kinds[503] = "InvalidClientException", "AccessDeniedException", "InternalServerException"
	}
	kind := kinds[status]
	switch {
	case kind == "" && status >= 500:
		kind = "InternalServerException"
	case kind == "":
		kind = "InvalidRequestException"
	}
	messages := map[int]string{401: "Session token not found or invalid", 403: "No access", 429: "HTTP 429 Unknown Code"}
	message := messages[status]
	if message == "" || oidc {
		message = http.StatusText(status)
	}
	return refusal{status, kind, message}
}
