package pace

import (
	"testing"
	"time"
)

// Whatever a crash or a wrong clock leaves in the file that processes share: nobody waits for longer than a minute.
func FuzzState(f *testing.F) {
	for _, text := range []string{"", "{}", "null", `{"next": "9999-01-01T00:00:00Z"}`, `{"from": -1, "to": 1e308}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
		s := readState(text, now)
		if wait := s.leave(now); wait < 0 || wait > time.Minute {
			t.Errorf("%q: a wait of %s", text, wait)
		}
		if rate := s.rate(now); rate < 0 || rate > 1e6 {
			t.Errorf("%q: a rate of %g", text, rate)
		}
	})
}
