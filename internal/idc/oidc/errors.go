package oidc

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"rolecall/internal/idc/wire"
)

// An oauthError is a refusal in OAuth's and AWS's words: the status, the code in the body, and the exception, whose
// name is only in a header.
type oauthError struct {
	status                       int
	code, exception, description string
}

var (
	errPending = &oauthError{
		400, "authorization_pending", "AuthorizationPendingException", "Authorization is still pending",
	}
	errDenied        = &oauthError{400, "access_denied", "AccessDeniedException", "Access denied"}
	errExpired       = &oauthError{400, "expired_token", "ExpiredTokenException", "Device code has expired"}
	errDeviceCode    = &oauthError{400, "invalid_grant", "InvalidGrantException", "Invalid device code provided"}
	errCode          = &oauthError{400, "invalid_grant", "InvalidGrantException", "Invalid authorization code provided"}
	errRefresh       = &oauthError{400, "invalid_grant", "InvalidGrantException", "Invalid refresh token provided"}
	errClient        = &oauthError{401, "invalid_client", "InvalidClientException", "Invalid client provided"}
	errGrantOfClient = &oauthError{
		400, "unauthorized_client", "UnauthorizedClientException", "Client is not registered for this grant type",
	}
	errNoDevice = &oauthError{
		400, "unauthorized_client", "UnauthorizedClientException",
		"Device sign-in is off beyond the server's own machine: sign in with the authorization code, or start the server " +
			"with rolecall idc serve --device",
	}
	errGrantType = &oauthError{
		400, "unsupported_grant_type", "UnsupportedGrantTypeException", "Grant type is not supported",
	}
	errRequest        = &oauthError{400, "invalid_request", "InvalidRequestException", "Invalid request"}
	errStartURL       = &oauthError{400, "invalid_request", "InvalidRequestException", "Invalid start URL provided"}
	errClientMetadata = &oauthError{
		400, "invalid_client_metadata", "InvalidClientMetadataException", "Invalid client metadata provided",
	}
	errRedirectURI = &oauthError{
		400, "invalid_redirect_uri", "InvalidRedirectUriException", "Invalid redirect URI provided",
	}
	errRegion          = &oauthError{400, "invalid_request", "InvalidRequestException", "Invalid token provided"}
	errUnknown         = &oauthError{404, "invalid_request", "UnknownOperationException", ""}
	errServer          = &oauthError{500, "server_error", "InternalServerException", "Internal error"}
	errTooManyRequests = &oauthError{429, "too_many_requests", "TooManyRequestsException", "Too many requests"}
)

func (e *oauthError) Error() string { return e.code + ": " + e.description }

// writeError answers with a refusal, or with errServer for failures of our own.
func writeError(w http.ResponseWriter, err error) {
	var e *oauthError
	if !errors.As(err, &e) {
		e = errServer
	}
	e.write(w)
}

// write answers with e. The exception is only in the header, as at AWS.
func (e *oauthError) write(w http.ResponseWriter) {
	w.Header().Set("x-amzn-ErrorType", e.exception+":http://internal.amazon.com/coral/com.amazonaws.sso.oidc/")
	wire.JSON(w, e.status, map[string]string{"error": e.code, "error_description": e.description})
}

// missing returns the same error for an operation that does not exist here.
func (e *oauthError) missing(operation string) *oauthError {
	other := *e
	other.description = wire.Missing("sso-oidc", operation)
	return &other
}

// Unknown answers a request that no operation matches.
func Unknown(w http.ResponseWriter, request string) { errUnknown.missing(request).write(w) }

// read decodes a JSON body of at most 64 KiB. It does not require a content type: old AWS CLIs send none.
func read(r *http.Request, v any) *oauthError {
	body, err := wire.Body(r)
	if err != nil || json.Unmarshal(body, v) != nil {
		return errRequest
	}
	return nil
}

// RefuseRegion answers for a region without this instance, as AWS does for a refresh token there.
func RefuseRegion(w http.ResponseWriter) { errRegion.write(w) }

// tooMany refuses with Retry-After.
func tooMany(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
	errTooManyRequests.write(w)
}
