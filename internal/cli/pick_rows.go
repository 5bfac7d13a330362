package cli

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/picker"
	"rolecall/internal/settings"
)

// pickRows are the rows of a picker whose listing may still be coming in.
type pickRows struct {
	session identitycenter.SSOSession
	filter  inventory.Filter
	scores  map[string]float64 // of uses, by inventory.RowKey

	mu      sync.Mutex
	shown   *inventory.Inventory // nil: nothing has come yet
	partly  bool                 // none was stored: shown is what has come in
	coming  []inventory.Account  // of the listing under way
	at      inventory.Progress
	listing bool
	failed  error // how it ended
	changed bool  // since the last update
}

// add takes what has come in of the listing under way.
func (p *pickRows) add(at inventory.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at, p.changed = at, true
	p.coming = append(p.coming, at.Fresh...)
}

// end takes the whole listing, or why there is none.
func (p *pickRows) end(inv *inventory.Inventory, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listing, p.failed, p.changed = false, err, true
	if err == nil {
		p.shown, p.partly = inv, false
	}
}

// update gives what has changed since the last one. Rows change while there are no
// others, and at the end.
func (p *pickRows) update(a *App, own []settings.Account) (u picker.Update, changed bool) {
	p.mu.Lock()
	changed, p.changed = p.changed, false
	if changed && p.partly {
		p.shown = inventory.New(p.session, time.Time{}, slices.Clone(p.coming)).With(own)
	}
	rows := p.partly || !p.listing
	p.mu.Unlock()
	if changed {
		u.Status = p.status(a)
		if rows {
			u.Items = p.items()
		}
	}
	return u, changed
}

// items are the rows to show: those of the stored listing, or without one those that
// have come in.
func (p *pickRows) items() []picker.Item {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown == nil {
		return []picker.Item{}
	}
	rows := p.shown.Select(p.filter)
	items := make([]picker.Item, len(rows))
	for i, r := range rows {
		key := inventory.RowKey(r.ID, r.Role)
		items[i] = picker.Item{
			Key: key, Name: r.Name, Alias: r.Alias, ID: r.ID, Role: r.Role, Email: r.Email, Tags: r.Tags, Roles: r.Roles, Guarded: r.Guarded, Score: p.scores[key],
		}
	}
	return items
}

// status says how old the rows are, and what goes on.
func (p *pickRows) status(a *App) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := ""
	if p.shown != nil && !p.shown.TakenAt.IsZero() {
		text = "listed " + ago(a.Now().Sub(p.shown.TakenAt))
	}
	switch {
	case p.failed != nil:
		return text + "; " + p.failed.Error()
	case p.listing && text == "":
		return progressText(p.at)
	case p.listing:
		return text + "; " + progressText(p.at)
	}
	return text
}

// everySoOften is how often rows that come in are shown.
const everySoOften = 250 * time.Millisecond

// listMeanwhile makes a new listing while the picker is open, and tells it. stop ends
// both; the pages that came are kept for the next listing.
func (a *App) listMeanwhile(ctx context.Context, s *session, rows *pickRows) (updates chan picker.Update, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	updates = make(chan picker.Update)
	own, _ := a.settings() // they were read a moment ago
	rows.partly, rows.listing = rows.shown == nil, true
	person, warn := s.login.Person, s.login.Warn
	s.login.Person, s.login.Warn = nil, func(error) {} // the screen is the picker's
	var all sync.WaitGroup
	done := make(chan struct{})
	all.Go(func() {
		defer close(done)
		inv, err := a.list(ctx, s, listing{quiet: true, progress: rows.add})
		rows.end(inv, err)
	})
	all.Go(func() {
		for ended := false; !ended; {
			select {
			case <-ctx.Done():
				return
			case <-done:
				ended = true
			case <-time.After(everySoOften):
			}
			if u, changed := rows.update(a, own.Accounts); changed {
				select {
				case updates <- u:
				case <-ctx.Done():
					return
				}
			}
		}
	})
	return updates, func() {
		cancel(errors.New("the picker was left"))
		all.Wait()
		s.login.Person, s.login.Warn = person, warn
	}
}
