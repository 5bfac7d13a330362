package identitycenter

import (
	"errors"
	"fmt"
	"time"
)

// What Identity Center answers, as far as callers act on it. Compare with errors.Is; the APIError around it carries
// AWS's own words.
var (
	ErrAuthorizationPending = errors.New("authorization is pending")     // RFC 8628 section 3.5
	ErrSlowDown             = errors.New("polling too fast")             // RFC 8628 section 3.5
	ErrAccessDenied         = errors.New("the sign-in was denied")       // access_denied
	ErrExpiredCode          = errors.New("the code has expired")         // expired_token
	ErrInvalidGrant         = errors.New("the grant is no longer valid") // invalid_grant
	ErrInvalidClient        = errors.New("the client registration was rejected")
	ErrInvalidRequest       = errors.New("the request was rejected")
	ErrUnauthorized         = errors.New("the access token was rejected") // portal 401
	ErrRejectedKeys         = errors.New("the keys were rejected")        // STS and the console's sign-in
	ErrNoAccess             = errors.New("no access")                     // portal 403
	ErrNotFound             = errors.New("not found")                     // portal 404
	ErrThrottled            = errors.New("too many requests")             // 429
	ErrUnavailable          = errors.New("the service is unavailable")    // 5xx, no connection, timeout
	ErrWrongClock           = errors.New("this computer's clock is wrong")
	// ErrNoAnswer is an ErrUnavailable after waiting long enough: do not ask again.
	ErrNoAnswer = fmt.Errorf("%w: it does not answer", ErrUnavailable)
	// HTML, truncated, too large, impossible values
	ErrBadAnswer = errors.New("the answer is not what AWS sends")
)

// ErrLoginRequired means that a person must sign in.
var ErrLoginRequired = errors.New("login required")

// An APIError is a refusal by the service, or an answer that cannot be used.
type APIError struct {
	Operation   string // the API name, such as CreateToken
	Endpoint    string // scheme and host that were asked
	Status      int    // HTTP status; 0 when there was no answer
	Code        string // AWS's exception name or the OAuth error code; may be empty
	Description string // AWS's own words; may be empty; untrusted text
	RequestID   string
	Kind        error // one of the errors above
	// RetryAfter is how long the service asks to wait (RFC 9110 section 10.2.3);
	// 0 when it does not say.
	RetryAfter time.Duration
	Date       time.Time // of the answer; zero when it has none
}

// Error returns operation, kind and AWS's own words, without URLs or secrets.
func (e *APIError) Error() string {
	text := fmt.Sprintf("%s: %v", e.Operation, e.Kind)
	switch {
	case e.Code != "" && e.Description != "":
		return fmt.Sprintf("%s (%s: %s)", text, e.Code, e.Description)
	case e.Code != "":
		return fmt.Sprintf("%s (%s)", text, e.Code)
	case e.Description != "":
		return fmt.Sprintf("%s (%s)", text, e.Description)
	}
	return text
}

// Unwrap returns the kind.
func (e *APIError) Unwrap() error { return e.Kind }
