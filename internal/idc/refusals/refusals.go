// Package refusals brings what was refused into the audit: wrong passwords, keys and codes, calls without access. A
// stranger can cause any number of refusals, so they cost no transaction each: equal ones become one event a minute
// with their number, written in the background.
package refusals

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"rolecall/internal/idc/limits"
	"rolecall/internal/idc/store"
)

// A Refusal is what was refused to whom. It must contain no secret, and nothing that a stranger has typed: a password
// may be typed as a user name.
type Refusal struct {
	Actor   string // as far as it is proven; empty: unknown
	Action  string // RefuseSignIn, RefuseUserCode, RefuseToken, RefuseCall, RefuseOperator
	Target  string
	Reason  string
	Address string // host and port of who asked
}

// key is what makes refusals equal.
type key struct{ actor, action, target, reason, place string }

type tally struct {
	count   int
	since   time.Time
	written time.Time // when the last event with this key was
}

// Bounds of what is kept apart in a minute: of one place, so that one stranger does not hide others, and in all. What
// is beyond them is counted together.
const (
	perPlace = 10
	most     = 100
	window   = time.Minute
	maxText  = 128
)

// A Book counts refusals until they are written. A nil Book forgets them. It is safe for concurrent use.
type Book struct {
	store store.Store
	now   func() time.Time

	mu     sync.Mutex
	counts map[key]*tally
	places map[string]int // how many keys each place has
}

// New makes a book that writes to a store's audit.
func New(s store.Store, now func() time.Time) *Book {
	return &Book{store: s, now: now, counts: map[key]*tally{}, places: map[string]int{}}
}

// Note counts a refusal.
func (b *Book) Note(r Refusal) {
	if b == nil {
		return
	}
	k := key{
		short(cmp.Or(r.Actor, "unknown")), short(r.Action), short(r.Target), short(r.Reason), short(limits.Place(r.Address)),
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.counts[k] == nil && b.places[k.place] >= perPlace {
		k = key{"several", k.action, "several", "several reasons", k.place}
	}
	if b.counts[k] == nil && len(b.counts) >= most {
		k = key{"several", k.action, "several", "several reasons", "several places"}
	}
	t := b.counts[k]
	if t == nil {
		t = &tally{}
		b.counts[k] = t
		b.places[k.place]++
	}
	if t.count == 0 {
		t.since = b.now()
	}
	t.count++
}

// short bounds a text, and keeps out what is not printable ASCII.
func short(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	return text[:min(len(text), maxText)]
}

// Write brings into the audit what was not written in the last minute, in one transaction; everything, if all is set.
// What cannot be written is kept.
func (b *Book) Write(ctx context.Context, all bool) error {
	if b == nil {
		return nil
	}
	events, taken := b.due(all)
	if len(events) == 0 {
		return nil
	}
	err := b.store.Update(ctx, func(tx store.Tx) error {
		for _, e := range events {
			if err := tx.Record(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.giveBack(taken)
	}
	return err
}

// due takes what is to be written, and forgets what has been quiet for a minute.
func (b *Book) due(all bool) (events []store.Event, taken map[key]tally) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	taken = map[key]tally{}
	for k, t := range b.counts {
		rested := now.Sub(t.written).Abs() >= window
		switch {
		case t.count > 0 && (all || rested):
			taken[k] = *t
			events = append(events, event(k, *t, now))
			t.count, t.written = 0, now
		case t.count == 0 && rested:
			delete(b.counts, k)
			if b.places[k.place]--; b.places[k.place] == 0 {
				delete(b.places, k.place)
			}
		}
	}
	slices.SortFunc(events, func(a, b store.Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Action+a.Target+a.Details, b.Action+b.Target+b.Details))
	})
	return events, taken
}

// giveBack undoes due. Its keys are there still, unless they were forgotten meanwhile.
func (b *Book) giveBack(taken map[key]tally) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, was := range taken {
		t := b.counts[k]
		if t == nil {
			t = &tally{}
			b.counts[k] = t
			b.places[k.place]++
		}
		t.count, t.since, t.written = t.count+was.count, was.since, was.written
	}
}

func event(k key, t tally, now time.Time) store.Event {
	details := k.reason + ", from " + k.place
	if t.count > 1 {
		details += fmt.Sprintf(", %d times in %v", t.count, now.Sub(t.since).Round(time.Second))
	}
	return store.Event{Time: t.since, Actor: k.actor, Action: k.action, Target: k.target, Details: details}
}
