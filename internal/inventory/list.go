package inventory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rolecall/internal/access"
	"rolecall/internal/identitycenter"
)

// A portal answers one page at a time: access.Portal, with the patience of a listing.
type portal interface {
	AccountsPage(ctx context.Context, next string) ([]identitycenter.Account, string, error)
	RolesPage(ctx context.Context, accountID, next string) ([]identitycenter.Role, string, error)
	Rate() float64
}

// A Lister lists all accounts and roles of a session.
type Lister struct {
	Place  Place
	Portal portal
	Store  *Store
	// Progress, when set, is told of each answer, by one caller at a time.
	Progress func(Progress)
	// Waiting, when set, is told that another process is listing already.
	Waiting func()
	// Warn is told what went wrong without harm to the listing.
	Warn func(error)
}

// Progress is how far a listing is.
type Progress struct {
	Accounts int  // found so far
	Found    bool // all accounts are found, Accounts is final
	Listed   int  // of them, those whose roles are known
	Asked    int  // pages asked for in this run; Listed may hold more from an earlier one
	Rate     float64
	Fresh    []Account // whose roles have become known since the last call
}

// An IncompleteError is a listing that did not come to its end. What was read is
// kept for the next try.
type IncompleteError struct {
	Session  identitycenter.SSOSession
	Progress Progress
	Cause    error
}

// Error says why.
func (e *IncompleteError) Error() string {
	return fmt.Sprintf("listing the accounts and roles of %q: %v", e.Session.Label(), e.Cause)
}

// Unwrap returns the cause.
func (e *IncompleteError) Unwrap() error { return e.Cause }

// Kept says how much was read.
func (e *IncompleteError) Kept() string {
	of := fmt.Sprint(e.Progress.Accounts)
	if !e.Progress.Found {
		of = "at least " + of
	}
	return fmt.Sprintf("%d of %s accounts were read, and are kept for the next try", e.Progress.Listed, of)
}

const (
	workers     = 24      // requests in flight: 20 a second even when an answer takes a second
	maxAccounts = 100_000 // far more than any organization has
)

// List returns the whole listing and stores it; the error is an *IncompleteError.
// Another process's listing that ends meanwhile is as good.
func (l *Lister) List(ctx context.Context) (*Inventory, error) {
	begun := l.Store.Now()
	lock, err := l.Store.lock(ctx, l.Place, func() {
		if l.Waiting != nil {
			l.Waiting()
		}
	})
	switch {
	case err == nil:
		defer lock.Unlock()
		if inv, err := l.Store.Load(l.Place); err == nil && inv.ended.After(begun) {
			return inv, nil
		}
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	} // a read-only disk: the end will tell
	r := &run{
		Lister: l,
		roles:  map[string][]string{},
		open:   map[string]bool{},
		names:  map[string]identitycenter.Account{},
		pages:  map[string]*access.Pages{},
	}
	r.changed = sync.NewCond(&r.mu)
	inv, err := r.all(ctx)
	if err != nil {
		return nil, &IncompleteError{l.Place.Session, r.progress(nil), err}
	}
	if err := l.Store.save(l.Place, inv); err != nil && l.Warn != nil {
		l.Warn(fmt.Errorf("could not save the listing: %w", err))
	}
	_ = l.Store.Files.Remove(l.Store.path(l.Place, ".partial")) // a newer listing never goes on from it
	return inv, nil
}

// A run is one listing under way.
type run struct {
	*Lister
	journal *journal

	mu      sync.Mutex
	changed *sync.Cond // a task is there, or the end
	tasks   []task
	working int   // tasks that workers have in hand
	err     error // the first that ends the run

	order   []string                          // ids as they came
	names   map[string]identitycenter.Account // by id
	roles   map[string][]string               // by id
	open    map[string]bool                   // accounts with pages to come
	pages   map[string]*access.Pages          // that came, by account; "" is ListAccounts
	found   bool                              // ListAccounts has ended
	denied  int                               // accounts whose roles are refused
	refusal error                             // the last of these that was seen now
	listed  int
	asked   int
}

// A task is a page to ask for: of ListAccounts, or of an account's roles.
type task struct{ account, next string }

// all asks for what the journal does not hold.
func (r *run) all(ctx context.Context) (*Inventory, error) {
	var before []page
	var begun time.Time
	r.journal, before, begun = r.Store.openJournal(r.Place)
	defer r.journal.close()
	r.resume(before)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { r.fail(context.Cause(ctx)) })
	defer stop()
	var all sync.WaitGroup
	for range workers {
		all.Go(func() { r.work(ctx, cancel) })
	}
	all.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return nil, r.err
	}
	if r.denied > 1 && r.denied*10 > len(r.order) {
		return nil, fmt.Errorf(
			"AWS lists %d accounts, but refuses to list their roles: %w",
			r.denied,
			cmp.Or(r.refusal, identitycenter.ErrNoAccess),
		)
	}
	accounts := make([]Account, 0, len(r.order))
	for _, id := range r.order {
		accounts = append(accounts, r.account(id))
	}
	inv := New(r.Place.Session, begun, accounts)
	inv.ended = r.Store.Now().UTC()
	return inv, nil
}

// resume takes what came before, and puts down what is to be asked.
func (r *run) resume(before []page) {
	next := map[string]string{"": ""} // by account: where its list goes on
	for _, p := range before {
		if r.bound(p) != nil { // only happens where a list was begun again
			delete(r.pages, p.Account)
			_ = r.bound(p)
		}
		r.take(p)
		next[p.Account] = p.Next
	}
	if !r.found {
		r.tasks = append(r.tasks, task{next: next[""]})
	}
	for _, id := range r.order {
		if r.open[id] {
			r.tasks = append(r.tasks, task{id, next[id]})
		}
	}
	var fresh []Account
	for _, id := range r.order {
		if !r.open[id] {
			fresh = append(fresh, r.account(id))
		}
	}
	if len(fresh) > 0 && r.Progress != nil {
		r.Progress(r.progress(fresh))
	}
}

func (r *run) account(id string) Account {
	a := r.names[id]
	return Account{ID: id, Name: a.Name, Email: a.Email, Roles: r.roles[id]}
}

// take puts a page where it belongs. An account that comes twice is one.
func (r *run) take(p page) {
	if p.Account != "" {
		r.roles[p.Account] = append(r.roles[p.Account], p.Roles...)
		if p.Denied {
			r.denied, r.refusal = r.denied+1, cmp.Or(p.refusal, r.refusal)
		}
		if p.Next == "" && r.open[p.Account] {
			r.open[p.Account] = false
			r.listed++
		}
		return
	}
	for _, a := range p.Accounts {
		if _, known := r.names[a.ID]; !known {
			r.order = append(r.order, a.ID)
			r.names[a.ID], r.open[a.ID] = a, true
		}
	}
	r.found = p.Next == ""
}

// work takes tasks until there are none and nobody can make new ones.
func (r *run) work(ctx context.Context, cancel context.CancelFunc) {
	for {
		t, ok := r.next()
		if !ok {
			return
		}
		p, err := r.page(ctx, t)
		if err == nil {
			err = r.done(t, p)
		}
		if err != nil {
			r.fail(err)
			cancel()
			return
		}
	}
}

// page asks for a page.
func (r *run) page(ctx context.Context, t task) (page, error) {
	r.count()
	p := page{Account: t.account}
	var err error
	if t.account == "" {
		p.Accounts, p.Next, err = r.Portal.AccountsPage(ctx, t.next)
	} else {
		var roles []identitycenter.Role
		roles, p.Next, err = r.Portal.RolesPage(ctx, t.account, t.next)
		for _, role := range roles {
			p.Roles = append(p.Roles, role.Name)
		}
	}
	switch {
	case errors.Is(err, identitycenter.ErrInvalidRequest) && t.next != "":
		// The token of an interrupted listing has ended: this list from its beginning.
		r.beginAgain(t.account)
		return r.page(ctx, task{account: t.account})
	case t.account != "" && (errors.Is(err, identitycenter.ErrNoAccess) || errors.Is(err, identitycenter.ErrNotFound)):
		p.Denied, p.refusal = true, err // most likely it was taken away since it was listed
		return p, nil
	}
	return p, err
}

func (r *run) beginAgain(account string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.pages, account)
}

func (r *run) count() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
}

func (r *run) next() (task, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.tasks) == 0 && r.working > 0 && r.err == nil {
		r.changed.Wait()
	}
	if len(r.tasks) == 0 || r.err != nil {
		return task{}, false
	}
	t := r.tasks[0]
	r.tasks = r.tasks[1:]
	r.working++
	return t, true
}

func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
	r.changed.Broadcast()
}

// done keeps an answer, and puts down what it leads to: the next page before all
// else, so that the roles of its accounts are not waited for.
func (r *run) done(t task, p page) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.changed.Broadcast()
	r.working--
	if err := r.bound(p); err != nil {
		return err
	}
	r.journal.add(p)
	before := len(r.order)
	r.take(p)
	if p.Next != "" {
		r.tasks = append([]task{{t.account, p.Next}}, r.tasks...)
	}
	for _, id := range r.order[before:] {
		r.tasks = append(r.tasks, task{account: id})
	}
	if r.Progress != nil {
		var fresh []Account
		if t.account != "" && p.Next == "" {
			fresh = []Account{r.account(t.account)}
		}
		r.Progress(r.progress(fresh))
	}
	return nil
}

// bound bounds what a server can make us do. A page that leads to one that came before ends the run.
func (r *run) bound(p page) error {
	operation := "ListAccounts"
	if p.Account != "" {
		operation = "ListAccountRoles"
	}
	if len(r.order)+len(p.Accounts) > maxAccounts {
		return &identitycenter.APIError{
			Operation: operation, Endpoint: r.Place.Portal, Kind: identitycenter.ErrBadAnswer,
			Description: fmt.Sprintf("more than %d accounts", maxAccounts),
		}
	}
	pages := r.pages[p.Account]
	if pages == nil {
		pages = &access.Pages{}
		r.pages[p.Account] = pages
	}
	return pages.Add(operation, len(p.Accounts)+len(p.Roles), p.Next)
}

// progress is how far the run is; the caller holds mu, or is alone.
func (r *run) progress(fresh []Account) Progress {
	return Progress{
		Accounts: len(r.order),
		Found:    r.found,
		Listed:   r.listed,
		Asked:    r.asked,
		Rate:     r.Portal.Rate(),
		Fresh:    fresh,
	}
}
