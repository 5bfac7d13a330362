package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"rolecall/internal/access"
	"rolecall/internal/cache"
	"rolecall/internal/inventory"
	"rolecall/internal/terminal"
)

// The ages at which a listing is too old: to write or run something from it, and to look at.
const (
	freshForWriting = time.Hour
	freshForLooking = 24 * time.Hour
)

func (a *App) listingStore() *inventory.Store {
	return &inventory.Store{Dir: filepath.Join(cache.StateFolder(a.Getenv, a.Home), "inventory"), Now: a.Now}
}

// listingPlace identifies the listing of s.
func (a *App) listingPlace(s *session) inventory.Place {
	own := s.login.Session
	return inventory.Place{Session: own, Portal: s.endpoints.Portal, Login: s.login.Store.SignedIn(own)}
}

// storedListing returns the stored listing of a session, of any age, with the aliases, tags
// and guards of the person's settings. Without one the error is inventory.ErrNone.
func (a *App) storedListing(s *session) (*inventory.Inventory, error) {
	own, err := a.settings()
	if err != nil {
		return nil, err
	}
	inv, err := a.listingStore().Load(a.listingPlace(s))
	if err != nil {
		return nil, err
	}
	return inv.With(own.Accounts), nil
}

// currentListing returns the stored listing of a session if it is younger than maxAge and
// than the sign-in, else a new one, which may need a person to sign in.
func (a *App) currentListing(ctx context.Context, s *session, maxAge time.Duration) (*inventory.Inventory, error) {
	inv, err := a.storedListing(s)
	if err == nil && !a.listingPlace(s).Old(inv, a.Now(), maxAge) {
		return inv, nil
	}
	if err != nil && !errors.Is(err, inventory.ErrNone) {
		return nil, err
	}
	return a.newListing(ctx, s, false)
}

// listingPatience is how long a listing waits for the service to let anything through.
const listingPatience = time.Minute

// listingOptions say how to make a new listing.
type listingOptions struct {
	progress func(inventory.Progress) // called with the progress; may be nil
	waiting  func()                   // called while another process is listing; nil: tell the person
	alone    bool                     // end with errOtherLists if another process is listing
}

// runListing makes a new listing of a session.
func (a *App) runListing(ctx context.Context, s *session, o listingOptions) (*inventory.Inventory, error) {
	own, err := a.settings()
	if err != nil {
		return nil, err
	}
	if err := s.portal.SignIn(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l := &inventory.Lister{
		Place: a.listingPlace(s), Portal: s.portal.With(access.SinceLastSuccess(listingPatience)),
		Store: a.listingStore(), Progress: o.progress, Warn: s.login.Warn,
		Waiting: func() {
			switch {
			case o.alone:
				cancel(errOtherLists)
				return
			case o.waiting != nil:
				o.waiting()
				return
			}
			a.tell("waiting for another process that is listing %s", quotedLabel(s.login.Session))
		},
	}
	inv, err := l.List(ctx)
	if err != nil {
		return nil, err
	}
	return inv.With(own.Accounts), nil
}

// A progressLine shows a listing's progress on a terminal, and nothing without one.
type progressLine struct{ line *terminal.Progress }

func (a *App) progressLine() progressLine {
	if !a.Terminal || a.json || a.debug {
		return progressLine{}
	}
	return progressLine{&terminal.Progress{Out: a.Stderr, Width: func() int { return terminal.Width(a.Stdin) }}}
}

func (p progressLine) show(at inventory.Progress) {
	if p.line != nil {
		p.line.Show(progressText(at))
	}
}

func (p progressLine) clear() {
	if p.line != nil {
		p.line.Clear()
	}
}

// barWidth is the width of the bar between its brackets, in characters.
const barWidth = 24

// progressText returns a bar with rate and time left, once the number of accounts is known.
func progressText(at inventory.Progress) string {
	if !at.Found || at.Accounts == 0 {
		return fmt.Sprintf("listing: %s so far, %d with roles, %.1f requests/s",
			Counted(at.Accounts, "account"), at.Listed, at.Rate)
	}
	done := barWidth * at.Listed / at.Accounts
	text := fmt.Sprintf("listing [%s%s] %d/%s, ",
		strings.Repeat("=", done), strings.Repeat(" ", barWidth-done), at.Listed, Counted(at.Accounts, "account"))
	if at.Rate == 0 {
		return text + "waiting because of AWS's rate limit"
	}
	left := time.Duration(float64(at.Accounts-at.Listed)/at.Rate+1) * time.Second
	return text + fmt.Sprintf("%.1f requests/s, %s left", at.Rate, left)
}
