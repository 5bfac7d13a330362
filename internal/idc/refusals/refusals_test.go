package refusals_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"rolecall/internal/idc/refusals"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/store/sqlite"
)

// A ledger is a book with a clock, over a store.
type ledger struct {
	*testing.T
	*refusals.Book
	store store.Store
	now   time.Time
}

func newLedger(t *testing.T) *ledger {
	t.Helper()
	s, err := sqlite.Memory(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	l := &ledger{T: t, store: s, now: time.Unix(1_900_000_000, 0)}
	l.Book = refusals.New(s, func() time.Time { return l.now })
	return l
}

func (l *ledger) write(all bool) {
	l.Helper()
	if err := l.Write(l.Context(), all); err != nil {
		l.Fatal(err)
	}
}

func (l *ledger) events() (events []store.Event) {
	l.Helper()
	err := l.store.View(l.Context(), func(r store.Reader) (err error) { events, err = r.Events(0, 0); return err })
	if err != nil {
		l.Fatal(err)
	}
	return events
}

func wrong(target, address string) refusals.Refusal {
	return refusals.Refusal{Action: "RefuseSignIn", Target: target, Reason: "a wrong password", Address: address}
}

// The first refusal is written at once, equal ones once a minute, with their number.
func TestEqualRefusalsAreOneEventAMinute(t *testing.T) {
	l := newLedger(t)
	l.Note(wrong("user:alice", "192.0.2.1:4000"))
	l.write(false)
	for range 500 {
		l.Note(wrong("user:alice", "192.0.2.1:4001"))
		l.now = l.now.Add(100 * time.Millisecond)
		l.write(false)
	}
	l.Note(wrong("user:bob", "192.0.2.1:1"))
	l.write(false)
	l.now = l.now.Add(time.Minute)
	l.write(false)
	events := l.events()
	var got []string
	for _, e := range events {
		got = append(got, e.Actor+" "+e.Action+" "+e.Target+" "+e.Details)
	}
	want := []string{
		"unknown RefuseSignIn user:alice a wrong password, from 192.0.2.1",
		"unknown RefuseSignIn user:bob a wrong password, from 192.0.2.1",
		"unknown RefuseSignIn user:alice a wrong password, from 192.0.2.1, 500 times in 1m50s",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if moment := events[2].Time; !moment.Equal(time.Unix(1_900_000_000, 0)) {
		t.Errorf("the time is %v, not that of the first", moment)
	}
}

// A flood of different refusals fills neither the disk nor the memory, and one stranger hides nobody else.
func TestAFloodStaysSmall(t *testing.T) {
	l := newLedger(t)
	total := 0
	for i := range 20_000 { // one address, many users
		l.Note(wrong(fmt.Sprint("user:", i), "192.0.2.1:1"))
		total++
	}
	l.Note(wrong("user:alice", "192.0.2.2:1"))
	for i := range 20_000 { // many addresses
		l.Note(wrong("user:bob", fmt.Sprintf("10.%d.%d.1:1", i>>8, i&255)))
		total++
	}
	l.write(false)
	events := l.events()
	if len(events) > 101 {
		t.Errorf("%d events in a minute", len(events))
	}
	counted, alice := 0, false
	for _, e := range events {
		n := 1
		if _, rest, many := strings.Cut(e.Details, ", from "); many {
			_, rest, _ = strings.Cut(rest, ", ")
			_, _ = fmt.Sscanf(rest, "%d times", &n)
		}
		counted += n
		alice = alice || e.Target == "user:alice"
	}
	if counted != total+1 || !alice {
		t.Errorf("%d of %d are counted; alice's is there: %v", counted, total+1, alice)
	}
	for range 2 { // after a quiet minute there is room again
		l.now = l.now.Add(2 * time.Minute)
		l.write(false)
	}
	l.Note(wrong("user:carol", "192.0.2.9:1"))
	l.write(false)
	if last := l.events(); last[len(last)-1].Target != "user:carol" {
		t.Errorf("afterwards: %+v", last[len(last)-1])
	}
}

// Long and strange texts are cut and made harmless.
func TestTextsAreBounded(t *testing.T) {
	l := newLedger(t)
	l.Note(refusals.Refusal{
		Actor: "a\x1b[2J\u202e", Action: "RefuseCall", Target: strings.Repeat("ä", 10_000), Reason: "x\ny", Address: "z\x00",
	})
	l.write(true)
	e := l.events()[0]
	if e.Actor != "a?[2J?" || len(e.Target) != 128 || strings.ContainsAny(e.Details, "\n\x00") {
		t.Errorf("%+v", e)
	}
}

// broken is a store whose changes fail.
type broken struct {
	store.Store
	fails bool
}

func (b *broken) Update(ctx context.Context, do func(store.Tx) error) error {
	if b.fails {
		return errors.New("the disk is full")
	}
	return b.Store.Update(ctx, do)
}

// What cannot be written is written later, and nothing is counted twice or lost when many note at once.
func TestNothingIsLost(t *testing.T) {
	l := newLedger(t)
	full := &broken{l.store, true}
	l.Book = refusals.New(full, time.Now)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				l.Note(wrong("user:alice", "192.0.2.1:1"))
				_ = l.Write(context.Background(), true)
			}
		})
	}
	wg.Wait()
	if len(l.events()) != 0 {
		t.Error("a full disk takes events")
	}
	full.fails = false
	l.write(true)
	l.write(true)
	if all := l.events(); len(all) != 1 || !strings.Contains(all[0].Details, ", 800 times in ") {
		t.Errorf("%+v", all)
	}
	var none *refusals.Book
	none.Note(wrong("", ""))
	if err := none.Write(t.Context(), true); err != nil {
		t.Error(err)
	}
}
