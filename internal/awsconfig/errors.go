package awsconfig

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"rolecall/internal/near"
)

// What an Error is about, for errors.Is.
var (
	ErrUnknownProfile = errors.New("unknown profile")
	ErrUnknownSession = errors.New("unknown sso-session")
	ErrInvalid        = errors.New("invalid configuration")
)

// An Origin is a place: a file, and a line from 1; line 0 is the file as a whole.
type Origin struct {
	File string
	Line int
}

// String returns file:line.
func (o Origin) String() string {
	if o.Line == 0 {
		return o.File
	}
	return o.File + ":" + strconv.Itoa(o.Line)
}

// An Error says what is wrong with the shared files, and where.
type Error struct {
	Origin     Origin
	Profile    string // may be empty
	Session    string // may be empty
	Key        string // may be empty
	Problem    string
	Remedy     string // what to write or do, a line each; may be empty
	kind       error
	limit      bool            // other tools can use it
	wanted     string          // a name that does not exist
	candidates func() []string // the names that do
}

func invalid(format string, args ...any) *Error {
	return &Error{Problem: fmt.Sprintf(format, args...), kind: ErrInvalid}
}

// Nearest returns the name that may have been meant, or "". It is computed on demand, since most callers do not need
// it.
func (e *Error) Nearest() string {
	if e.candidates == nil {
		return ""
	}
	return near.Best(e.wanted, e.candidates())
}

// Error reads like ~/.aws/config:12: profile "dev": sso_session: ….
func (e *Error) Error() string {
	var b strings.Builder
	if e.Origin.File != "" {
		fmt.Fprintf(&b, "%s: ", e.Origin)
	}
	if e.Profile != "" {
		fmt.Fprintf(&b, "profile %q: ", e.Profile)
	}
	if e.Session != "" {
		fmt.Fprintf(&b, "sso-session %q: ", e.Session)
	}
	if e.Key != "" {
		fmt.Fprintf(&b, "%s: ", e.Key)
	}
	b.WriteString(e.Problem)
	return b.String()
}

// id names what the error is about, as in Problem.
func (e *Error) id() string {
	switch {
	case e.wanted == "":
		return "config.invalid-value"
	case e.wantedKind() == kindSession:
		return "config.unknown-session"
	case e.wantedKind() == kindServices:
		return "config.unknown-services"
	}
	return "config.unknown-profile"
}

// Unwrap returns one of the kinds above.
func (e *Error) Unwrap() error { return e.kind }
