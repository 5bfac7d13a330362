package idc

import (
	"net/http"
	"strings"

	"rolecall/internal/idc/admin"
)

// administrator admits the administrator's keys to the admin APIs, and refuses everybody else in the words of AWS's
// JSON services.
func (s *Server) administrator(r *http.Request, body []byte) (actor string, refusal *admin.Refusal) {
	action := actionOf(r.Header.Get("X-Amz-Target"))
	service, _, _ := strings.Cut(action, ":")
	caller, refused := s.STS.Authenticate(r, body, service)
	if refused == nil && caller.Administrator {
		return caller.ARN, nil
	}
	if refused == nil {
		return "", &admin.Refusal{
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
