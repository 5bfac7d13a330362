package cache

import (
	"strings"
	"time"
)

// sharedTime is how the AWS CLI writes times: UTC in whole seconds, with Z.
const sharedTime = "2006-01-02T15:04:05Z"

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(sharedTime)
}

// parseTime reads a time in every form that is in use: RFC 3339 with Z, fraction or offset, and "…UTC" of older
// tools. Anything else, a local time without a zone included, is the zero time: expired.
func parseTime(text string) time.Time {
	if start, ok := strings.CutSuffix(text, "UTC"); ok {
		text = start + "Z"
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
