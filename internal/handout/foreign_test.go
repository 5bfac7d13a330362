// How a keeper treats keys of other tools, which have their own caches and lifetimes.
package handout_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/handout"
	"rolecall/internal/identitycenter"
)

// foreign keeps keys of another tool, which answers n-th requests with next(n).
func foreign(
	t *testing.T, first identitycenter.RoleCredentials, next func(n int64) identitycenter.RoleCredentials,
) (*handout.Keeper, *atomic.Int64) {
	t.Helper()
	asked := &atomic.Int64{}
	k := handout.Keep(first, handout.KeeperOptions{
		Renew:  func(context.Context) (identitycenter.RoleCredentials, error) { return next(asked.Add(1)), nil },
		SignIn: func() time.Time { return time.Time{} },
		Failed: func(err error, _ time.Time) { t.Errorf("reported: %v", err) },
		Now:    time.Now, AnyLife: true,
	})
	t.Cleanup(k.Close)
	return k, asked
}

func keysFor(id string, life time.Duration) identitycenter.RoleCredentials {
	return identitycenter.RoleCredentials{AccessKeyID: id, Expiration: time.Now().Add(life)}
}

// A source that returns cached keys is asked now and then, not at each look and request; its keys are used until their
// end, and newer ones as soon as it has them.
func TestASourceWithACache(t *testing.T) {
	for name, again := range map[string]func(first identitycenter.RoleCredentials) identitycenter.RoleCredentials{
		"the same keys": func(first identitycenter.RoleCredentials) identitycenter.RoleCredentials { return first },
		"an end a little earlier": func(first identitycenter.RoleCredentials) identitycenter.RoleCredentials {
			first.Expiration = first.Expiration.Add(-time.Second)
			return first
		},
		"other keys of the same end": func(first identitycenter.RoleCredentials) identitycenter.RoleCredentials {
			first.AccessKeyID = "OTHER"
			return first
		},
		"an end a little later": func(first identitycenter.RoleCredentials) identitycenter.RoleCredentials {
			first.Expiration = first.Expiration.Add(time.Second)
			return first
		},
		"always ten seconds": func(first identitycenter.RoleCredentials) identitycenter.RoleCredentials {
			return keysFor(first.AccessKeyID, time.Until(first.Expiration)/2)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := keysFor("FIRST", time.Hour)
				k, asked := foreign(t, first, func(int64) identitycenter.RoleCredentials {
					if time.Until(first.Expiration) < 5*time.Second {
						return keysFor("NEW", time.Hour)
					}
					return again(first)
				})
				for range int(time.Hour / time.Second) {
					if _, err := k.Keys(t.Context()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Second)
				}
				if n := asked.Load(); n < 2 || n > 40 {
					t.Errorf("asked %d times", n)
				}
				if keys, err := k.Keys(t.Context()); err != nil || keys.AccessKeyID != "NEW" {
					t.Errorf("%s, %v", keys.AccessKeyID, err)
				}
			})
		})
	}
}

// Keys of other tools may live for days; those of roles may not.
func TestKeysOfDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const week = 7 * 24 * time.Hour
		k, asked := foreign(t, keysFor("FIRST", week), func(int64) identitycenter.RoleCredentials {
			return keysFor("NEW", week)
		})
		if keys, err := k.Keys(t.Context()); err != nil || keys.AccessKeyID != "FIRST" || asked.Load() != 0 {
			t.Errorf("%s, %v, asked %d times", keys.AccessKeyID, err, asked.Load())
		}
		time.Sleep(week - 19*time.Minute)
		if keys, err := k.Keys(t.Context()); err != nil || keys.AccessKeyID != "NEW" || asked.Load() != 1 {
			t.Errorf("%s, %v, asked %d times", keys.AccessKeyID, err, asked.Load())
		}
	})
}

// The error says exactly why new keys are of no use.
func TestKeysOfNoUse(t *testing.T) {
	for want, life := range map[string]time.Duration{
		"the new keys have already expired by this computer's clock":                               -time.Minute,
		"by this computer's clock, the new keys are valid for longer than role credentials can be": 15 * time.Hour,
	} {
		synctest.Test(t, func(t *testing.T) {
			k := handout.Keep(identitycenter.RoleCredentials{}, handout.KeeperOptions{
				Renew:  func(context.Context) (identitycenter.RoleCredentials, error) { return keysFor("NEW", life), nil },
				SignIn: func() time.Time { return time.Time{} }, Now: time.Now,
			})
			defer k.Close()
			time.Sleep(time.Second)
			if _, err := k.Keys(t.Context()); err == nil || err.Error() != want {
				t.Errorf("%v, not %s", err, want)
			}
		})
	}
}
