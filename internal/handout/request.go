package handout

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"rolecall/internal/identitycenter"
)

// A Refusal is an answer without keys, in the form that SDKs show: botocore the whole body, the Go SDK "code: message".
type Refusal struct {
	Status        int
	Code, Message string
}

var (
	forbidden = Refusal{http.StatusForbidden, "Forbidden", "this request is not from an AWS SDK on this machine"}
	badToken  = Refusal{
		http.StatusForbidden, "Forbidden", "the Authorization header does not match this address's token",
	}
	noToken = Refusal{
		http.StatusForbidden, "Forbidden", "this request has no token; AWS CLIs before 2.15, and SDKs from before 2024, do " +
			"not read AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE; for those: rolecall exec --serve --token-variable",
	}
	unknownPath = Refusal{http.StatusNotFound, "NotFound", "there are no keys at this path"}
	wrongMethod = Refusal{http.StatusMethodNotAllowed, "MethodNotAllowed", "only GET is supported here"}
)

func (f Refusal) write(w http.ResponseWriter) {
	// Go reads code and message, others Code and Message.
	writeJSON(w, f.Status, map[string]string{
		"Code": f.Code, "Message": f.Message, "code": f.Code, "message": f.Message,
	})
}

// Refuse answers with 403, and says why.
func Refuse(w http.ResponseWriter, reason string) {
	Refusal{http.StatusForbidden, "Forbidden", reason}.write(w)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "{}", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// FromProgram reports whether a request can be that of an SDK: not a browser's, whose page may have rebound a name to
// this address, and not one that a proxy passes on (security.md R6; the forbidden request headers of the Fetch
// standard, which no page can leave out or forge).
func FromProgram(r *http.Request) bool {
	for name := range r.Header {
		switch {
		case name == "Origin", name == "Referer", name == "Forwarded", name == "Via", name == "Cookie",
			strings.HasPrefix(name, "X-Forwarded"), strings.HasPrefix(name, "Access-Control-"),
			strings.HasPrefix(name, "X-Real-Ip"):
			return false
		case strings.HasPrefix(name, "Sec-Fetch-") && name != "Sec-Fetch-Site":
			return false
		}
	}
	for _, site := range r.Header["Sec-Fetch-Site"] {
		if site != "none" {
			return false
		}
	}
	// It has a body, or its address has the form that proxies get.
	return r.ContentLength == 0 && len(r.TransferEncoding) == 0 && r.URL.Host == "" && r.URL.User == nil
}

// Forwarded reports whether host is one that SDKs send over plain http to a forwarder in a container's network: an
// address of loopback, or one of those that AWS has reserved. It is never a name, so a page cannot have rebound it.
func Forwarded(host string) bool {
	name := host
	if withoutPort, _, err := net.SplitHostPort(host); err == nil {
		name = withoutPort
	} else {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	}
	if name == "localhost" {
		return true // browsers do not rebind it
	}
	address, err := netip.ParseAddr(name)
	return err == nil && address.Zone() == "" && Local(address)
}

// Local reports whether SDKs send the token to an address over plain http.
func Local(address netip.Addr) bool {
	switch address {
	case netip.AddrFrom4([4]byte{169, 254, 170, 2}), netip.AddrFrom4([4]byte{169, 254, 170, 23}),
		netip.MustParseAddr("fd00:ec2::23"):
		return true
	}
	return address.IsLoopback()
}

// An answer holds keys as AWS's container credentials, and EC2's, have them.
type answer struct {
	Code            string
	LastUpdated     string
	Type            string
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	Token           string
	Expiration      string
	AccountID       string `json:"AccountId,omitempty"`
	RoleArn         string `json:",omitempty"`
}

func answerOf(c identitycenter.RoleCredentials, roleARN string, now time.Time) answer {
	return answer{
		Code: "Success", LastUpdated: moment(now), Type: "AWS-HMAC",
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), Token: c.SessionToken.Reveal(),
		Expiration: moment(c.Expiration), AccountID: c.AccountID, RoleArn: roleARN,
	}
}

// moment formats t in the one way that all SDKs read: JavaScript's accepts Z, but no offsets.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
