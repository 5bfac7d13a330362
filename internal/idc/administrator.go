package idc

import (
	"net/http"
	"strings"

	"rolecall/internal/idc/admin"
	"rolecall/internal/idc/refusals"
)

// administrator admits the administrator's keys to the admin APIs, and refuses everybody else in the words of AWS's
// JSON services. It returns whose signature it was, also with AccessDeniedException.
func (s *Server) administrator(r *http.Request, body []byte) (actor string, refusal *admin.Refusal) {
	action := actionOf(r.Header.Get("X-Amz-Target"))
	service, _, _ := strings.Cut(action, ":")
	caller, refused := s.STS.Authenticate(r, body, service)
	if refused == nil && caller.Administrator {
		return caller.ARN, nil
	}
	if refused == nil {
		return caller.ARN, &admin.Refusal{
			Status: http.StatusBadRequest, Code: "AccessDeniedException",
			Message: "User: " + caller.ARN + " is not authorized to perform: " + action,
		}
	}
	status, code := http.StatusBadRequest, map[string]string{
		"InvalidClientTokenId":       "UnrecognizedClientException",
		"SignatureDoesNotMatch":      "InvalidSignatureException",
		"MissingAuthenticationToken": "MissingAuthenticationTokenException",
		"IncompleteSignature":        "IncompleteSignatureException",
		"ExpiredToken":               "ExpiredTokenException",
	}[refused.Code]
	if code == "" {
		status, code = http.StatusInternalServerError, "InternalServerException"
	}
	return "", &admin.Refusal{Status: status, Code: code, Message: refused.Message}
}

// refusedAdmin brings a refused call of an admin API into the audit.
func (s *Server) refusedAdmin(r *http.Request, actor, operation, code string) {
	s.Refusals.Note(refusals.Refusal{
		Actor: actor, Action: "RefuseCall", Target: operation, Reason: code, Address: r.RemoteAddr,
	})
}

// actionOf is an operation's name in policies.
func actionOf(target string) string {
	prefix, operation, _ := strings.Cut(target, ".")
	switch prefix {
	case "AWSIdentityStore":
		return "identitystore:" + operation
	case "AWSOrganizationsV20161128":
		return "organizations:" + operation
	}
	return "sso:" + operation
}
