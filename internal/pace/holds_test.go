package pace

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/filesystem"
)

// However long the service says, and in whatever order: nothing leaves before the longest hold is over, and an hour
// counts as a minute.
func TestHowLongAHoldIs(t *testing.T) {
	for name, c := range map[string]struct {
		said []time.Duration
		want time.Duration
	}{
		"one":              {[]time.Duration{5 * time.Second}, 5 * time.Second},
		"a later one":      {[]time.Duration{2 * time.Second, 10 * time.Second}, 10 * time.Second},
		"a shorter one":    {[]time.Duration{10 * time.Second, 2 * time.Second}, 10 * time.Second},
		"an hour":          {[]time.Duration{time.Hour}, time.Minute},
		"an hour, and two": {[]time.Duration{time.Second, time.Hour, 2 * time.Hour}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := New(filesystem.Files{}, "")
				for range 5 {
					_ = p.Wait(t.Context(), time.Hour)
				}
				for _, said := range c.said {
					p.Throttled(said)
				}
				began := time.Now()
				if err := p.Wait(t.Context(), 24*time.Hour); err != nil || time.Since(began) != c.want {
					t.Errorf("left after %v, %v", time.Since(began), err)
				}
			})
		})
	}
}

// A file that holds back for longer than a minute was written under another clock.
func TestAFileThatHoldsForAnHour(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pace.json")
	content := fmt.Sprintf(`{"held":%q,"from":19.6,"to":19.6}`, time.Now().Add(55*time.Minute).Format(time.RFC3339Nano))
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := New(filesystem.Files{}, path).Wait(t.Context(), time.Second); err != nil {
		t.Error(err)
	}
}
