package credentials_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"rolecall/internal/identitycenter"
)

// Keys that STS does not accept are told from a role that is refused, by AWS's code, else by the status.
func TestRejectedKeys(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		want   error
	}{
		{403, "ExpiredToken", identitycenter.ErrRejectedKeys},
		{403, "InvalidClientTokenId", identitycenter.ErrRejectedKeys},
		{403, "SignatureDoesNotMatch", identitycenter.ErrRejectedKeys},
		{401, "Unauthorized", identitycenter.ErrRejectedKeys},
		{401, "", identitycenter.ErrRejectedKeys},
		{403, "AccessDenied", identitycenter.ErrNoAccess},
		{403, "", identitycenter.ErrNoAccess},
		{400, "MalformedPolicyDocument", identitycenter.ErrInvalidRequest},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t)
			s.answer(func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-") {
					return false
				}
				w.WriteHeader(c.status)
				if c.code != "" {
					fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>x</Message></Error></ErrorResponse>", c.code)
				}
				return true
			})
			profile := chainedFrom(role(payments, "Admin"), "arn:aws:iam::444455556666:role/Deploy", "us-east-1")
			if _, err := s.source.Retrieve(t.Context(), profile); !errors.Is(err, c.want) {
				t.Errorf("%d %s: %v", c.status, c.code, err)
			}
		})
	}
}
