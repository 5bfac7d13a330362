package client

import (
	"fmt"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"rolecall/internal/identitycenter"
)

// maxSkew is how far off a clock may be: AWS refuses requests that were signed earlier or later.
const maxSkew = 5 * time.Minute

// CheckExpiration rejects role credentials that end too early or too late to be true: either our clock is wrong, which
// the date of the answer shows, or the answer is. A date alone proves nothing.
func CheckExpiration(operation, endpoint string, ends time.Time, answer middleware.Metadata, now time.Time) error {
	left := ends.Sub(now)
	if left >= minRoleLife && left <= identitycenter.MaxRoleLife {
		return nil
	}
	e := &identitycenter.APIError{
		Operation: operation, Endpoint: endpoint, Kind: identitycenter.ErrBadAnswer,
		Description: fmt.Sprintf("keys that end at %s", ends.UTC().Format(time.RFC3339)),
	}
	e.Date, _ = awsmiddleware.GetServerTime(answer)
	if e.Date.IsZero() && left < minRoleLife || !e.Date.IsZero() && now.Sub(e.Date).Abs() > maxSkew {
		BlameClock(e, now)
	}
	return e
}

// BlameClock makes e an error of our clock, with the difference from the answer's date.
func BlameClock(e *identitycenter.APIError, now time.Time) {
	e.Kind = identitycenter.ErrWrongClock
	ahead, direction := now.Sub(e.Date).Round(time.Minute), "ahead of"
	if e.Date.IsZero() || ahead == 0 {
		return
	}
	if ahead < 0 {
		ahead, direction = -ahead, "behind"
	}
	e.Kind = fmt.Errorf("%w: it is %s %s the service's", e.Kind, strings.TrimSuffix(ahead.String(), "0s"), direction)
}
