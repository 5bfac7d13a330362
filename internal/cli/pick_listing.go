package cli

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/credentials"
	"rolecall/internal/inventory"
	"rolecall/internal/picker"
	"rolecall/internal/settings"
)

// A pickerListing is a listing that runs while the picker is open.
type pickerListing struct {
	app     *App
	session *session    // without a person: nothing may appear over the picker
	said    *heldOutput // the session's warnings
	own     settings.Settings
	filter  inventory.Filter
	used    map[string]float64 // by RowKey
	age     string             // of the rows shown meanwhile; empty without rows
	updates chan picker.Update

	base  awsconfig.Profile // the session's, without an account
	rows  []picker.Item     // listed so far
	shown time.Time         // the last update
}

// newPickerListing prepares a listing beside the picker, which shows inv meanwhile, or
// nothing if inv is nil.
func (a *App) newPickerListing(
	ctx context.Context, f pickFlags, inv *inventory.Inventory,
) (*pickerListing, error) {
	own, err := a.settings()
	if err != nil {
		return nil, err
	}
	said := &heldOutput{}
	s, err := a.sessionNamed(ctx, f.session, options{unattended: true, stderr: said})
	if err != nil {
		return nil, err
	}
	l := &pickerListing{
		app: a, session: s, said: said, own: own, filter: f.filter(),
		used: a.listingStore().Frecency(s.login.Session), updates: make(chan picker.Update, 1),
	}
	if config, err := a.config(); err == nil {
		l.base, _ = a.sessionProfile(config, f.session) // only facts need it
		l.base.Session = s.login.Session
	}
	if inv != nil {
		l.age = "listed " + ago(a.Now().Sub(inv.TakenAt))
	}
	return l, nil
}

// items are the rows of an inventory.
func (l *pickerListing) items(inv *inventory.Inventory) []picker.Item {
	rows := inv.Select(l.filter)
	items := make([]picker.Item, 0, len(rows))
	var last *inventory.Account
	var account *picker.Account
	for _, r := range rows {
		if r.Account != last {
			last = r.Account
			account = &picker.Account{
				ID: r.ID, Name: r.Name, Alias: r.Alias, Email: r.Email, Tags: r.Tags, Roles: r.Roles, Guarded: r.Guarded,
				Region: r.Region,
			}
		}
		items = append(items, picker.Item{Account: account, Role: r.Role, Frecency: l.used[inventory.RowKey(r.ID, r.Role)]})
	}
	return items
}

// facts returns the region that an item would be used in, and how long its cached keys are good for.
func (l *pickerListing) facts(i picker.Item) string {
	own := l.session.login.Session
	said := func(awsconfig.Profile, settings.Settings) (string, error) { return i.Region, nil }
	profile, err := l.app.locatedBy(l.base, "", said)
	facts := credentials.Region(profile)
	if err != nil {
		facts = own.Region
	}
	c, err := l.session.login.Store.RoleCredentials(own, i.ID, i.Role)
	if err == nil && c.Expiration.After(l.app.Now()) {
		facts += ", keys for " + left(c.Expiration.Sub(l.app.Now()))
	}
	return facts
}

// start starts the listing. It never prompts, and its warnings wait until the picker has
// closed. stop ends it, and returns its error if it has failed by then.
func (l *pickerListing) start(ctx context.Context) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		defer close(l.updates)
		err := l.list(ctx)
		if err != nil {
			l.post(picker.Update{Status: l.status(err.Error())})
		}
		ended <- err
	}()
	return func() (failed error) {
		select {
		case failed = <-ended:
		default:
			cancel()
			for range l.updates { // closed at the end of the listing
			}
		}
		cancel()
		_, _ = l.app.Stderr.Write(l.said.Bytes())
		return failed
	}
}

// list makes the listing.
func (l *pickerListing) list(ctx context.Context) error {
	inv, err := l.app.runListing(ctx, l.session, listingOptions{waiting: func() {}, progress: func(p inventory.Progress) {
		fresh := &inventory.Inventory{Session: l.session.login.Session, Accounts: p.Fresh}
		l.rows = append(l.rows, l.items(fresh.With(l.own.Accounts))...)
		l.progress(p)
	}})
	if err != nil {
		return err
	}
	l.post(picker.Update{Items: l.items(inv), Status: "listed just now"})
	return nil
}

// refreshRate is the least time between updates of the picker.
const refreshRate = 300 * time.Millisecond

func (l *pickerListing) progress(p inventory.Progress) {
	now := time.Now()
	if now.Sub(l.shown) < refreshRate {
		return
	}
	l.shown = now
	text := fmt.Sprintf("listing: %s so far", Counted(p.Listed, "account"))
	if p.Found {
		text = fmt.Sprintf("listing %d of %s", p.Listed, Counted(p.Accounts, "account"))
	}
	u := picker.Update{Status: l.status(text)}
	if l.age == "" {
		u.Items = l.rows[:len(l.rows):len(l.rows)]
	}
	l.post(u)
}

func (l *pickerListing) status(text string) string {
	switch {
	case l.age == "" && text == "":
		return "listing your accounts and roles"
	case l.age == "":
		return text
	case text == "":
		return l.age + ", refreshing"
	}
	return l.age + "; " + text
}

// post replaces an update that the picker has not taken yet.
func (l *pickerListing) post(u picker.Update) {
	select {
	case <-l.updates:
	default:
	}
	l.updates <- u
}

// heldOutput keeps output until the picker has left the screen.
type heldOutput struct {
	mu sync.Mutex
	bytes.Buffer
}

func (h *heldOutput) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.Buffer.Write(p)
}
