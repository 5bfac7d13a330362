package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/credentials"
	"rolecall/internal/inventory"
	"rolecall/internal/picker"
	"rolecall/internal/policy"
	"rolecall/internal/settings"
)

// pickerListings are the listings that the picker shows: one of each session. Those that are old or missing are made
// while it is open.
type pickerListings struct {
	app     *App
	flags   pickFlags
	own     settings.Settings
	parts   []*pickerListing
	said    *heldOutput // the sessions' warnings
	updates chan picker.Update

	mu     sync.Mutex // guards what follows, and what the parts show
	fresh  bool       // rows have changed since the picker opened
	failed []error    // of listings that ended before the picker
}

// A pickerListing is what the picker shows of one session.
type pickerListing struct {
	name    string            // of the session, in targets; empty if there is no other
	base    awsconfig.Profile // of the session, without an account
	session *session          // without a person: nothing may appear over the picker
	used    map[string]float64
	narrow  []policy.Narrowing // what the working folder allows

	stored *inventory.Inventory // the last listing; nil: none
	age    string               // of that
	old    bool                 // a new listing is due
	lists  bool                 // and can be made

	items  []picker.Item // shown
	status string
	rows   []picker.Item // listed so far
	shown  time.Time     // the last update
}

// newPickerListings prepares the picker's listings. A session of several that fails is left out, with a warning.
func (a *App) newPickerListings(ctx context.Context, f pickFlags) (*pickerListings, error) {
	own, err := a.settings()
	if err != nil {
		return nil, err
	}
	profiles, err := a.sessionProfiles(f.session, f.allSessions)
	if err != nil {
		return nil, err
	}
	l := &pickerListings{app: a, flags: f, own: own, said: &heldOutput{}, updates: make(chan picker.Update, 1)}
	narrow, err := a.project()
	if err != nil {
		return nil, err
	}
	several := len(profiles) > 1
	var failed []error
	for _, profile := range profiles {
		part := &pickerListing{base: profile, narrow: narrow}
		if several {
			part.name = cmp.Or(profile.Session.Name, profile.Name)
		}
		if err := l.prepare(ctx, part); err != nil {
			failed = append(failed, err)
			continue
		}
		l.parts = append(l.parts, part)
	}
	if len(l.parts) == 0 {
		return nil, a.firstOf(failed)
	}
	for _, err := range failed {
		a.recordRefusal(a.command(), err)
		a.warn(err)
	}
	return l, nil
}

// prepare finds the session and the stored listing of a part.
func (l *pickerListings) prepare(ctx context.Context, part *pickerListing) (err error) {
	part.session, err = l.sessionOf(ctx, part, options{unattended: true, stderr: l.said})
	if err != nil {
		return err
	}
	own := part.session.login.Session
	part.base.Session, part.used = own, l.app.listingStore().Frecency(own)
	part.stored, err = l.app.storedListing(part.session)
	if errors.Is(err, inventory.ErrNone) {
		return nil
	}
	if err == nil {
		part.items = part.itemsOf(part.stored, l.flags.filter())
		part.age = "listed " + ago(l.app.Now().Sub(part.stored.TakenAt))
	}
	return err
}

// sessionOf returns the session of a part.
func (l *pickerListings) sessionOf(ctx context.Context, part *pickerListing, o options) (*session, error) {
	if part.name == "" {
		return l.app.sessionNamed(ctx, l.flags.session, o)
	}
	profile := part.base
	return l.app.session(ctx, &profile, o)
}

// open opens the picker, after a sign-in if nothing can be shown without one.
func (l *pickerListings) open(ctx context.Context, o picker.Options) (picker.Choice, error) {
	lists, err := l.plan(ctx)
	if err != nil {
		return picker.Choice{}, err
	}
	o.Update, o.Facts = l.update(), l.facts
	if !lists && len(o.Items) == 0 {
		return picker.Choice{}, &HintError{Err: errors.New(l.nothing()), Code: ExitNoAccess, Hint: "rolecall ls"}
	}
	if lists {
		o.Updates = l.updates
	}
	stop := l.start(ctx)
	choice, err := picker.Pick(ctx, o)
	stop()
	if errors.Is(err, picker.ErrNothing) && len(l.failed) > 0 && len(l.update().Items) == 0 {
		err = l.failed[0] // there was nothing to choose
	}
	return choice, err
}

// plan decides which listings are made. The person signs in first if the only session needs it, or if none of several
// has anything to show; a session that is not signed in says so.
func (l *pickerListings) plan(ctx context.Context) (lists bool, err error) {
	empty := true
	for _, part := range l.parts {
		part.old = part.stored == nil || l.app.listingPlace(part.session).Old(part.stored, l.app.Now(), freshForLooking)
		part.lists = part.old && l.app.canList(ctx, part.session)
		empty = empty && part.stored == nil && !part.lists
	}
	first := l.parts[0]
	if empty || len(l.parts) == 1 && first.old && (first.stored == nil || !first.lists) {
		s, err := l.sessionOf(ctx, first, options{})
		if err == nil {
			err = s.portal.SignIn(ctx)
		}
		if err != nil {
			return false, err
		}
		first.lists = true
	}
	for _, part := range l.parts {
		lists = lists || part.lists
		part.status = part.statusOf("")
	}
	return lists, nil
}

// nothing says why there are no rows.
func (l *pickerListings) nothing() string {
	var reasons []string
	for _, part := range l.parts {
		if part.stored != nil {
			reasons = append(reasons, nothingListed(part.stored))
		}
	}
	return strings.Join(reasons, "; ")
}

// update returns what is to be shown now.
func (l *pickerListings) update() picker.Update {
	var u picker.Update
	statuses := make([]string, len(l.parts))
	for n, part := range l.parts {
		u.Items = append(u.Items, part.items...)
		statuses[n] = part.status
	}
	u.Status = statuses[0]
	if slices.ContainsFunc(statuses, func(s string) bool { return s != u.Status }) {
		for n, part := range l.parts {
			statuses[n] = part.name + ": " + statuses[n]
		}
		u.Status = strings.Join(statuses, "; ")
	}
	return u
}

// post shows what a part has to show now, in place of an update that the picker has not taken yet. Without items, the
// part's stay.
func (l *pickerListings) post(part *pickerListing, items []picker.Item, status string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	part.status = status
	if items != nil {
		part.items, l.fresh = items, true
	}
	u := l.update()
	if !l.fresh {
		u.Items = nil
	}
	select {
	case <-l.updates:
	default:
	}
	l.updates <- u
}

// start makes the listings of the parts. They never prompt, and their warnings wait until stop is called, which ends
// them.
func (l *pickerListings) start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	for _, part := range l.parts {
		if !part.lists {
			continue
		}
		all.Go(func() {
			err := l.list(ctx, part)
			if err == nil || ctx.Err() != nil {
				return
			}
			l.mu.Lock()
			l.failed = append(l.failed, err)
			l.mu.Unlock()
			l.post(part, nil, part.statusOf(err.Error()))
		})
	}
	go func() {
		all.Wait()
		close(l.updates)
	}()
	return func() {
		cancel()
		for range l.updates { // closed at the end of the listings
		}
		_, _ = l.app.Stderr.Write(l.said.Bytes())
	}
}

// list makes the listing of a part.
func (l *pickerListings) list(ctx context.Context, part *pickerListing) error {
	filter := l.flags.filter()
	progress := func(p inventory.Progress) {
		fresh := &inventory.Inventory{Session: part.base.Session, Accounts: p.Fresh}
		part.rows = append(part.rows, part.itemsOf(fresh.With(l.own.Accounts), filter)...)
		l.progress(part, p)
	}
	inv, err := l.app.runListing(ctx, part.session, listingOptions{waiting: func() {}, progress: progress})
	if err != nil {
		return err
	}
	l.post(part, part.itemsOf(inv, filter), "listed just now")
	return nil
}

// refreshRate is the least time between updates of a part.
const refreshRate = 300 * time.Millisecond

func (l *pickerListings) progress(part *pickerListing, p inventory.Progress) {
	now := time.Now()
	if now.Sub(part.shown) < refreshRate {
		return
	}
	part.shown = now
	text := fmt.Sprintf("listing: %s so far", Counted(p.Listed, "account"))
	if p.Found {
		text = fmt.Sprintf("listing %d of %s", p.Listed, Counted(p.Accounts, "account"))
	}
	var items []picker.Item
	if part.stored == nil {
		items = part.rows[:len(part.rows):len(part.rows)]
	}
	l.post(part, items, part.statusOf(text))
}

// facts returns the region that an item would be used in, and how long its cached keys are good for.
func (l *pickerListings) facts(i picker.Item) string {
	part := l.parts[slices.IndexFunc(l.parts, func(part *pickerListing) bool { return part.name == i.Session })]
	own := part.session.login.Session
	said := func(awsconfig.Profile, settings.Settings) (string, error) { return i.Region, nil }
	profile, err := l.app.locatedBy(part.base, "", said)
	facts := credentials.Region(profile)
	if err != nil {
		facts = own.Region
	}
	c, err := part.session.login.Store.RoleCredentials(own, i.ID, i.Role)
	if err == nil && c.Expiration.After(l.app.Now()) {
		facts += ", keys for " + left(c.Expiration.Sub(l.app.Now()))
	}
	return facts
}

// itemsOf returns the rows of an inventory.
func (p *pickerListing) itemsOf(inv *inventory.Inventory, filter inventory.Filter) []picker.Item {
	rows := allowedRows(p.narrow, inv.Select(filter))
	items := make([]picker.Item, 0, len(rows))
	var last *inventory.Account
	var account *picker.Account
	for _, r := range rows {
		if r.Account != last {
			last = r.Account
			account = &picker.Account{
				Session: p.name, ID: r.ID, Name: r.Name, Alias: r.Alias, Email: r.Email, Tags: r.Tags, Roles: r.Roles,
				Region: r.Region,
			}
		}
		items = append(items, picker.Item{
			Account: account, Role: r.Role, Guarded: r.Guarded(), Frecency: p.used[inventory.RowKey(r.ID, r.Role)],
		})
	}
	return items
}

// statusOf returns the age of the rows shown, and what is new.
func (p *pickerListing) statusOf(news string) string {
	switch {
	case news == "" && p.old && !p.lists:
		news = "not signed in"
	case news == "" && p.old && p.stored == nil:
		news = "listing your accounts and roles"
	case news == "" && p.old:
		news = "refreshing"
	}
	switch {
	case p.stored == nil:
		return news
	case news == "":
		return p.age
	}
	return p.age + "; " + news
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
