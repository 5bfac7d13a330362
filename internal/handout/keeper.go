// Package handout hands out role credentials over HTTP, as AWS's container credentials and as version 2 of EC2's
// metadata service, to programs that ask again before keys end. It hides when keys are renewed, who may ask, and the
// form of the answers (docs/decisions/017). It never prints or prompts: its caller says how to get keys.
package handout

import (
	"context"
	"errors"
	"sync"
	"time"

	"rolecall/internal/identitycenter"
)

const (
	// Ahead is how long before their end keys are renewed. botocore asks at every use with less than 15 minutes left.
	Ahead = 20 * time.Minute
	// Least is the least life that renewed keys have left.
	Least = Ahead + time.Second
	// Enough is the remaining life at which keys are handed out without waiting for newer ones.
	Enough = 15 * time.Minute
	// Patience is how long a request waits for a renewal: some SDKs hang up after a second.
	Patience = 900 * time.Millisecond

	renewalLimit = time.Minute            // of one renewal
	pauseAsked   = 2 * time.Second        // after a renewal that failed, if somebody asks
	pauseFirst   = 15 * time.Second       // the same, if nobody asks; doubled each time
	pauseLongest = 5 * time.Minute        //
	longestSleep = 30 * time.Second       // the clock may be set, and a laptop may sleep
	shortestLook = 500 * time.Millisecond // between two looks at the clock
)

// ErrRenewing means that there are no keys yet, and that a renewal is under way: asking again finds its result.
var ErrRenewing = errors.New("the keys are being renewed; ask again")

// Why new keys are of no use.
var (
	errEnded = errors.New("the new keys have already expired by this computer's clock")
	errLong  = errors.New("by this computer's clock, the new keys are valid for longer than role credentials can be")
)

// KeeperOptions say how a keeper gets keys. All but Failed and Look are required.
type KeeperOptions struct {
	// Renew returns new keys, or others that have Least left.
	Renew func(ctx context.Context) (identitycenter.RoleCredentials, error)
	// SignIn returns when the sign-in in force was made. Keys from an earlier sign-in are not handed out.
	SignIn func() time.Time
	// Failed is told why a renewal failed, and until when the keys at hand are good; zero: there are none.
	Failed func(err error, until time.Time)
	// Look is called now and then, with the end of the keys at hand.
	Look func(until time.Time)
	Now  func() time.Time
	// AnyLife is for keys of other tools: those of roles cannot live longer than identitycenter.MaxRoleLife.
	AnyLife bool
}

// A Keeper holds the newest keys of one target, and renews them ahead. It is safe for concurrent use.
type Keeper struct {
	o    KeeperOptions
	ctx  context.Context // ends with Close
	stop context.CancelFunc
	work sync.WaitGroup

	mu       sync.Mutex
	keys     identitycenter.RoleCredentials
	life     time.Duration // how long keys had left when they came
	signIn   time.Time     // of keys
	renewing chan struct{} // closed at the end of the renewal under way; nil: none
	err      error         // of the last renewal
	failed   time.Time     // when it failed, or brought nothing new
	pause    time.Duration // until the next one, if nobody asks; also if the last one brought nothing new
}

// Keep begins to keep keys, which may be the zero value. Close ends it.
func Keep(keys identitycenter.RoleCredentials, o KeeperOptions) *Keeper {
	k := &Keeper{o: o, signIn: o.SignIn()}
	k.ctx, k.stop = context.WithCancel(context.Background())
	k.take(keys, k.signIn)
	k.work.Go(k.watch)
	return k
}

// Close ends a renewal that is under way.
func (k *Keeper) Close() {
	k.stop()
	k.work.Wait()
}

// Keys returns keys that are good by the wall clock. It waits for a renewal only while those at hand have less than
// Enough left, and never longer than Patience. The error is ErrRenewing, or that of the last renewal.
func (k *Keeper) Keys(ctx context.Context) (identitycenter.RoleCredentials, error) {
	k.mu.Lock()
	keys, left := k.good()
	if left > 0 && left >= k.margin() {
		k.mu.Unlock()
		return keys, nil
	}
	if k.renewing == nil && k.mayAsk(left) {
		k.begin()
	}
	renewing := k.renewing
	k.mu.Unlock()
	if renewing != nil && left < Enough {
		select {
		case <-renewing:
		case <-time.After(Patience):
		case <-ctx.Done():
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch keys, left = k.good(); {
	case left > 0:
		return keys, nil
	case k.renewing != nil, k.err == nil:
		return keys, ErrRenewing
	}
	return keys, k.err
}

// mayAsk reports whether a request may begin a renewal. A source that returned keys from its cache is left
// alone while these are good.
func (k *Keeper) mayAsk(left time.Duration) bool {
	switch {
	case k.err != nil:
		return time.Since(k.failed) >= pauseAsked
	case left > 0:
		return time.Since(k.failed) >= k.pause
	}
	return true
}

// Until returns the end of the keys at hand; zero if there are none, or they are no longer good.
func (k *Keeper) Until() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.until()
}

func (k *Keeper) until() time.Time {
	if keys, left := k.good(); left > 0 {
		return keys.Expiration
	}
	return time.Time{}
}

// now is the wall clock: the monotonic clock stands still while a laptop sleeps.
func (k *Keeper) now() time.Time { return k.o.Now().Round(0) }

// good returns the keys at hand and the life that they have left; none if they have ended, are of another sign-in, or
// seem to live longer than keys can, since then the clock is behind.
func (k *Keeper) good() (identitycenter.RoleCredentials, time.Duration) {
	left := k.keys.Expiration.Sub(k.now())
	if k.keys.AccessKeyID == "" || left <= 0 || k.tooLong(left) || !k.signIn.Equal(k.o.SignIn()) {
		return identitycenter.RoleCredentials{}, 0
	}
	return k.keys, left
}

func (k *Keeper) tooLong(left time.Duration) bool {
	return !k.o.AnyLife && left > identitycenter.MaxRoleLife
}

// margin is the remaining life at which keys are renewed. Keys that came with less than Ahead were new, and are used
// for three quarters of it. Those that came with a little more may be the rest of longer ones.
func (k *Keeper) margin() time.Duration {
	if k.life <= Ahead {
		return k.life / 4
	}
	return min(Ahead, k.life/2)
}

func (k *Keeper) take(keys identitycenter.RoleCredentials, signIn time.Time) {
	if keys.AccessKeyID != k.keys.AccessKeyID || keys.Expiration.After(k.keys.Expiration) {
		k.life = keys.Expiration.Sub(k.now())
	}
	k.keys, k.signIn = keys, signIn
	k.err, k.pause = nil, 0
}

// takeRenewed is take after a renewal. If the new keys do not last longer than those at hand, as when another tool has
// a cache of its own, the next renewal waits as after a failure, but not past the end.
func (k *Keeper) takeRenewed(keys identitycenter.RoleCredentials, signIn time.Time) {
	old, left := k.good()
	pause := k.nextPause()
	k.take(keys, signIn)
	if left > 0 && !keys.Expiration.After(old.Expiration) {
		k.failed, k.pause = time.Now(), min(pause, left/2)
	}
}

func (k *Keeper) nextPause() time.Duration { return min(max(2*k.pause, pauseFirst), pauseLongest) }

// unfit says why new keys cannot be used; nil if they can.
func (k *Keeper) unfit(keys identitycenter.RoleCredentials) error {
	switch left := keys.Expiration.Sub(k.now()); {
	case left < time.Second:
		return errEnded
	case k.tooLong(left):
		return errLong
	}
	return nil
}

// begin starts a renewal, which goes on when the request for it has gone.
func (k *Keeper) begin() {
	if k.ctx.Err() != nil {
		return
	}
	done := make(chan struct{})
	k.renewing = done
	k.work.Go(func() { k.renew(done) })
}

func (k *Keeper) renew(done chan struct{}) {
	ctx, cancel := context.WithTimeout(k.ctx, renewalLimit)
	defer cancel()
	keys, signIn, err := k.fetch(ctx)
	k.mu.Lock()
	if err == nil {
		err = k.unfit(keys)
	}
	if err == nil {
		k.takeRenewed(keys, signIn)
	} else {
		k.err, k.failed, k.pause = err, time.Now(), k.nextPause()
	}
	k.renewing = nil
	until := k.until()
	k.mu.Unlock()
	close(done)
	if err != nil && k.ctx.Err() == nil && k.o.Failed != nil {
		k.o.Failed(err, until)
	}
}

// fetch gets keys of one sign-in: if another one was made meanwhile, they may be those of the one before.
func (k *Keeper) fetch(ctx context.Context) (keys identitycenter.RoleCredentials, signIn time.Time, err error) {
	for range 3 {
		signIn = k.o.SignIn()
		keys, err = k.o.Renew(ctx)
		if err != nil || k.o.SignIn().Equal(signIn) {
			break
		}
	}
	return keys, signIn, err
}

// watch renews keys that nobody asks for. Those that could not be renewed before their end wait for a request.
func (k *Keeper) watch() {
	for {
		next := k.look()
		if k.o.Look != nil {
			k.o.Look(k.Until())
		}
		select {
		case <-k.ctx.Done():
			return
		case <-time.After(next):
		}
	}
}

// look begins a renewal if one is due, and returns how long to wait for the next look.
func (k *Keeper) look() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, left := k.good()
	ahead := min(left, left-k.margin())
	switch {
	case k.renewing != nil || ahead > 0:
	case left <= 0 && k.err != nil:
		return longestSleep / 2
	case time.Since(k.failed) < k.pause:
		return min(max(k.pause-time.Since(k.failed), shortestLook), longestSleep/2)
	default:
		k.begin()
	}
	return min(max(ahead, shortestLook), longestSleep)
}
