package client

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"rolecall/internal/identitycenter"
)

// oauthKinds are the error codes of the token endpoint (RFC 6749 section 5.2,
// RFC 8628 section 3.5) and what they mean to a caller.
func oauthKind(code string) error {
	switch code {
	case "authorization_pending", "AuthorizationPendingException":
		return identitycenter.ErrAuthorizationPending
	case "slow_down", "SlowDownException":
		return identitycenter.ErrSlowDown
	case "access_denied", "AccessDeniedException":
		return identitycenter.ErrAccessDenied
	case "expired_token", "ExpiredTokenException":
		return identitycenter.ErrExpiredCode
	case "invalid_grant", "InvalidGrantException":
		return identitycenter.ErrInvalidGrant
	case "invalid_client", "InvalidClientException", "unauthorized_client", "UnauthorizedClientException":
		return identitycenter.ErrInvalidClient
	case "TooManyRequestsException":
		return identitycenter.ErrThrottled
	}
	return nil
}

// StatusKind is what an HTTP status says where no code does. 403 is in no model
// of the portal, so status and not type decides there.
func StatusKind(status int) error {
	switch {
	case status == http.StatusUnauthorized:
		return identitycenter.ErrUnauthorized
	case status == http.StatusForbidden:
		return identitycenter.ErrNoAccess
	case status == http.StatusNotFound:
		return identitycenter.ErrNotFound
	case status == http.StatusTooManyRequests:
		return identitycenter.ErrThrottled
	case status >= 500:
		return identitycenter.ErrUnavailable
	case status >= 400:
		return identitycenter.ErrInvalidRequest
	}
	return identitycenter.ErrBadAnswer // a redirect, or a success that does not parse
}

// Translate turns what the SDK says into an APIError with AWS's own words.
// For a context that has ended it returns the cause. Without endpoint, it is the one that the network was asked for.
func Translate(ctx context.Context, operation, endpoint string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e := &identitycenter.APIError{Operation: operation, Endpoint: endpoint}
	if asked := (*url.Error)(nil); endpoint == "" && errors.As(err, &asked) {
		if u, err := url.Parse(asked.URL); err == nil {
			e.Endpoint = u.Scheme + "://" + u.Host
		}
	}
	var answer *smithyhttp.ResponseError
	var bad *answerError
	var silent *silentError
	switch {
	case errors.As(err, &silent):
		e.Kind, e.Description = identitycenter.ErrNoAnswer, silent.problem
	case errors.As(err, &bad):
		e.Kind, e.Description = identitycenter.ErrBadAnswer, bad.problem
	case errors.As(err, &answer) && answer.HTTPStatusCode() != 0:
		fromAnswer(e, answer.Response)
		fromSDK(e, err)
	case unavailable(err) && !untrusted(err):
		e.Kind, e.Description = identitycenter.ErrUnavailable, withoutURL(err)
	default:
		e.Kind, e.Description = identitycenter.ErrBadAnswer, withoutURL(err)
	}
	return e
}

// fromAnswer fills e from a refusal: the exception name is in a header (or in
// __type), AWS's words in error_description or message.
func fromAnswer(e *identitycenter.APIError, r *smithyhttp.Response) {
	var body struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Message     string `json:"message"`
		Type        string `json:"__type"`
	}
	if whole, ok := r.Body.(*wholeBody); ok {
		_ = json.Unmarshal(whole.all, &body) // HTML and the like: the status decides
	}
	e.Status = r.StatusCode
	e.Date, _ = http.ParseTime(r.Header.Get("Date"))
	e.RequestID = r.Header.Get("X-Amzn-Requestid")
	e.RetryAfter = retryAfter(r.Header.Get("Retry-After"))
	exception := exceptionName(r.Header.Get("X-Amzn-Errortype"))
	if exception == "" {
		exception = exceptionName(body.Type)
	}
	e.Code, e.Description = body.Error, body.Description
	if e.Code == "" {
		e.Code = exception
	}
	if e.Description == "" {
		e.Description = body.Message
	}
	portal := strings.HasPrefix(e.Operation, "Get") || strings.HasPrefix(e.Operation, "List") || e.Operation == "Logout"
	if !portal {
		if e.Kind = oauthKind(body.Error); e.Kind == nil {
			e.Kind = oauthKind(exception)
		}
		if e.Kind == identitycenter.ErrSlowDown && e.Operation != "CreateToken" {
			e.Kind = identitycenter.ErrThrottled // only polls can be too fast
		}
	}
	if e.Kind == nil {
		e.Kind = StatusKind(r.StatusCode)
	}
}

// maxRetryAfter bounds what a server can make anybody wait.
const maxRetryAfter = time.Minute

// retryAfter reads seconds; a date, or nonsense, says nothing.
func retryAfter(text string) time.Duration {
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(min(seconds, 3600))*time.Second, maxRetryAfter)
}

// unnamed is the SDK's code for an error without a name.
const unnamed = "UnknownError"

// fromSDK adds what the SDK has read where the body is no JSON: STS answers XML.
func fromSDK(e *identitycenter.APIError, err error) {
	var api smithy.APIError
	if e.Code == "" && e.Description == "" && errors.As(err, &api) && api.ErrorCode() != unnamed {
		e.Code, e.Description = api.ErrorCode(), api.ErrorMessage()
	}
	if e.Code == "" && e.Description == "" && e.Status/100 != 2 {
		e.Description = fmt.Sprintf("HTTP status %d", e.Status)
	}
	switch e.Code {
	case "Throttling", "ThrottlingException", "RequestLimitExceeded": // STS says so with status 400
		e.Kind = identitycenter.ErrThrottled
	}
}

// untrusted reports whether a certificate was not accepted: it is not AWS that
// answers, or a proxy is in between.
func untrusted(err error) bool {
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &certificate)
}

// exceptionName cuts AuthorizationPendingException out of
// "AuthorizationPendingException:http://internal…" and of "com.amazonaws…#Name".
func exceptionName(t string) string {
	t, _, _ = strings.Cut(t, ":")
	if i := strings.LastIndexByte(t, '#'); i >= 0 {
		t = t[i+1:]
	}
	return t
}

// withoutURL returns the innermost reason: URLs repeat what is known and may hold
// more than a person should see. So does net/http about an answer that it cannot
// read: it repeats the line, which may be role credentials.
func withoutURL(err error) string {
	var urlError *url.Error
	if errors.As(err, &urlError) {
		err = urlError.Err
	}
	text := err.Error()
	if _, reason, broken := strings.Cut(text, "HTTP/1.x transport connection broken: "); broken &&
		!strings.HasSuffix(reason, "exceeded "+strconv.Itoa(maxAnswerHeader)+" bytes; aborted") {
		return "the answer does not begin as HTTP does"
	}
	return text
}
