package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"rolecall/internal/access"
	"rolecall/internal/inventory"
	"rolecall/internal/terminal"
)

// Ages from which a listing is made anew: before something is written or run with
// it, and where it is looked at.
const (
	freshForWriting = time.Hour
	freshForLooking = 24 * time.Hour
)

func (a *App) listingStore() *inventory.Store {
	return &inventory.Store{Dir: filepath.Join(StateFolder(a.Getenv, a.Home), "inventory"), Now: a.Now}
}

// place says what a listing of s is of.
func (a *App) listingPlace(s *session) inventory.Place {
	return inventory.Place{Session: s.login.Session, Portal: s.endpoints.Portal, Login: s.login.Store.SignedIn(s.login.Session)}
}

// stored gives the stored listing of a session, of whatever age, with what the
// person's settings say about its accounts. Without one it is inventory.ErrNone.
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

// currentListing gives the accounts and roles of a session: the stored listing if it is
// younger than maxAge and than the sign-in, else a new one, which may need a person
// to sign in.
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

// listing is how a new listing is made.
type listingOptions struct {
	progress func(inventory.Progress) // is told how far it is; may be nil
	waiting  func()                   // is told that another process is listing; nil: the person is
	alone    bool                     // end with errOtherLists when another process is listing
}

// list makes a new listing of a session.
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
			a.tell("another process is listing %s already; waiting for it", quotedLabel(s.login.Session))
		},
	}
	inv, err := l.List(ctx)
	if err != nil {
		return nil, err
	}
	return inv.With(own.Accounts), nil
}

// A progressLine shows a listing's progress on a terminal, and nothing elsewhere.
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

// barWidth is the width of the bar between its brackets.
const barWidth = 24

// progressText is a bar with rate and time left, once it is known how much there is.
func progressText(at inventory.Progress) string {
	if !at.Found || at.Accounts == 0 {
		return fmt.Sprintf("listing: %d accounts so far, %d with their roles, %.1f requests/s", at.Accounts, at.Listed, at.Rate)
	}
	done := barWidth * at.Listed / at.Accounts
	text := fmt.Sprintf("listing [%s%s] %d/%d accounts, ", strings.Repeat("=", done), strings.Repeat(" ", barWidth-done), at.Listed, at.Accounts)
	if at.Rate == 0 {
		return text + "held back by the service"
	}
	left := time.Duration(float64(at.Accounts-at.Listed)/at.Rate+1) * time.Second
	return text + fmt.Sprintf("%.1f requests/s, %s left", at.Rate, left)
}
