package pace

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/filesystem"
)

// No request leaves before Retry-After is over, from this process or others, however many ask; then they leave one by
// one. An hour counts as a minute.
func TestNothingLeavesBeforeRetryAfterIsOver(t *testing.T) {
	for asked, held := range map[time.Duration]time.Duration{
		time.Second: time.Second, 20 * time.Second: 20 * time.Second, time.Minute: time.Minute,
		time.Hour: time.Minute, 1 << 62: time.Minute,
	} {
		synctest.Test(t, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pace.json")
			one, other := New(filesystem.Files{}, path), New(filesystem.Files{}, path)
			if err := one.Wait(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
			refused := time.Now()
			one.Throttled(asked)
			var all sync.WaitGroup
			for _, p := range []*Pacer{one, other} {
				for range 10 {
					all.Go(func() {
						if err := p.Wait(context.Background(), 2*time.Minute); err != nil {
							t.Error(err)
						}
						if after := time.Since(refused); after < held || after > held+10*time.Second {
							t.Errorf("Retry-After %v: a request leaves after %v", asked, after)
						}
					})
				}
			}
			all.Wait()
		})
	}
}
