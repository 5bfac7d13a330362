package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/credentials"
	"rolecall/internal/handout"
	"rolecall/internal/identitycenter"
)

// A handedOut is what exec --serve and serve hand out: the endpoint, and what they say about it.
type handedOut struct {
	app      *App
	endpoint *handout.Endpoint
	stderr   *calm
	endless  string // the hint for keys that never expire
	command  string // that gets the keys, for the audit log
	lastCall lastCall
	refused  sync.Map // the targets of which a refused renewal is on record
}

func (a *App) newHandedOut() *handedOut {
	h := &handedOut{
		app: a, command: a.command(), stderr: &calm{to: a.Stderr, said: map[string]time.Time{}},
		endless: "use a profile with role_arn, which assumes a role with these keys",
	}
	h.lastCall.app = a
	h.endpoint = &handout.Endpoint{Explain: a.refusal, Now: a.Now}
	return h
}

// handoutFolder holds the files of commands that hand out keys, while they run.
func (a *App) handoutFolder() string { return filepath.Join(a.StateFolder(), "handout") }

// add starts handing out profile's keys, beginning with keys. It never prompts from then on.
func (h *handedOut) add(
	name string, profile awsconfig.Profile, keys identitycenter.RoleCredentials, id, role string,
) (*handout.Target, error) {
	added, err := h.prepare(name, profile, keys, id, role)
	if err == nil {
		h.endpoint.Add(added)
	}
	return added, err
}

// prepare returns a target with a path, a token and a keeper of its keys; the endpoint does not answer for it yet.
func (h *handedOut) prepare(
	name string, profile awsconfig.Profile, keys identitycenter.RoleCredentials, id, role string,
) (*handout.Target, error) {
	if keys.Expiration.IsZero() {
		return nil, &HintError{
			Err:  fmt.Errorf("%s has keys that never expire; serve hands out only temporary keys", cmp.Or(name, id+"/"+role)),
			Code: ExitUsage, Hint: h.endless,
		}
	}
	store, err := h.app.cache()
	if err != nil {
		return nil, err
	}
	name = cmp.Or(name, id+"/"+role)
	session := profile.Root().Session
	added := &handout.Target{Name: name, Account: id, Role: role, Region: credentials.Region(profile)}
	if profile.Chain != nil {
		added.RoleARN = profile.Chain.RoleARN
	}
	added.Keeper = handout.Keep(keys, handout.KeeperOptions{
		Renew: func(ctx context.Context) (identitycenter.RoleCredentials, error) {
			return h.renew(ctx, profile)
		},
		SignIn: func() time.Time { return store.SignedIn(session) },
		Failed: func(err error, until time.Time) { h.sayFailed(name, err, until) },
		Look: func(until time.Time) {
			h.lastCall.look(session, name, until)
			h.app.renewInTime(context.Background(), profile)
		},
		Now: h.app.Now,
		// Keys of other tools; all others are a role's.
		AnyLife: !profile.SignsIn() && profile.Chain == nil,
	})
	account := h.app.accountFor(profile, keys)
	added.Handing = func(keys identitycenter.RoleCredentials) error {
		return h.app.recordKeys(howServe, h.command, profile, account, keys)
	}
	added.Mint()
	return added, nil
}

// renew gets new keys for the same profile, even if the config files have changed. Each renewal is a command of its
// own: time waited in vain does not count against the next one.
func (h *handedOut) renew(ctx context.Context, profile awsconfig.Profile) (identitycenter.RoleCredentials, error) {
	a := &App{World: h.app.World, debug: h.app.debug, shared: h.app.shared, own: h.app.own, opened: h.app.opened}
	profile = unshared(profile)
	s, err := a.sessionOf(ctx, &profile, options{unattended: true, stderr: h.stderr})
	if err != nil {
		h.recordRefusal(a, err)
		return identitycenter.RoleCredentials{}, err
	}
	s.source.Least = handout.Least
	c, err := s.source.Retrieve(ctx, profile)
	if err == nil {
		err = a.checkExpected(ctx, profile, c, options{unattended: true, stderr: h.stderr})
		h.recordRefusal(a, err)
	}
	return c, err
}

// recordRefusal records that a renewal was refused: once, as it is tried again and again.
func (h *handedOut) recordRefusal(a *App, err error) {
	if err == nil {
		return
	}
	if _, again := h.refused.LoadOrStore(err.Error(), true); !again {
		a.recordRefusal(h.command, err)
	}
}

// unshared copies p and its chain: a session may change them.
func unshared(p awsconfig.Profile) awsconfig.Profile {
	if p.Chain != nil {
		chain := *p.Chain
		if chain.Source != nil {
			source := unshared(*chain.Source)
			chain.Source = &source
		}
		p.Chain = &chain
	}
	return p
}

// refusal tells an SDK what fail would tell a person.
func (a *App) refusal(err error) handout.Refusal {
	r := a.explain(context.Background(), err)
	f := handout.Refusal{Status: 403, Message: a.Show(withHint(r))}
	switch r.Code {
	case ExitLogin:
		f.Code = "LoginRequired"
	case ExitNoAccess:
		f.Code = "AccessDenied"
	case ExitRefused:
		f.Code = "Refused"
	case ExitConfiguration:
		f.Code = "InvalidConfiguration"
	default: // SDKs try again
		f.Status, f.Code = 503, "ServiceUnavailable"
	}
	return f
}

func withHint(r report) string {
	text := oneLine(r.Message)
	if r.Hint != "" {
		text += "; hint: " + r.Hint
	}
	return text
}

func (h *handedOut) sayFailed(name string, err error, until time.Time) {
	text := "no new keys for " + name
	if !until.IsZero() {
		text += "; the current ones expire at " + until.Local().Format("15:04:05")
	}
	h.warn(text, withHint(h.app.explain(context.Background(), err)))
}

// stranger warns that somebody else's request was refused.
func (h *handedOut) stranger(err error) { h.warn("refused a request for keys", err.Error()) }

// warn says what happened, at most once a minute.
func (h *handedOut) warn(what, why string) {
	h.app.warnTo(h.stderr, fmt.Errorf("%s: %s", what, oneLine(why)))
}

// calm drops repeats: a line that is the same as one of the last minute, up to the second colon.
type calm struct {
	to io.Writer

	mu   sync.Mutex
	said map[string]time.Time
}

const calmFor = time.Minute

func (c *calm) Write(line []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	what := string(line)
	if parts := strings.SplitN(what, ": ", 4); len(parts) == 4 {
		what = strings.Join(parts[:3], ": ")
	}
	for said, at := range c.said {
		if time.Since(at) >= calmFor {
			delete(c.said, said)
		}
	}
	if _, again := c.said[what]; again {
		return len(line), nil
	}
	c.said[what] = time.Now()
	return c.to.Write(line)
}

// lastCallBefore is how long before a sign-in ends to warn that it cannot be renewed.
const lastCallBefore = 10 * time.Minute

// A lastCall warns once for each session that its sign-in is about to end, if only a person can renew it. It is safe
// for concurrent use.
type lastCall struct {
	app *App

	mu   sync.Mutex
	said map[string]time.Time // by session: the end that was announced
}

// look warns if the sign-in to session is about to end. The keys of target are valid until until; zero: there are none.
func (l *lastCall) look(session identitycenter.SSOSession, target string, until time.Time) {
	a := l.app
	store, err := a.cache()
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	token, err := store.Token(ctx, session)
	left := token.ExpiresAt.Sub(a.Now().Round(0))
	if err != nil || left <= 0 || left > lastCallBefore || token.Refreshable(a.Now()) ||
		!l.first(session.Label(), token.ExpiresAt) {
		return
	}
	good := ""
	if !until.IsZero() {
		good = "; the keys of " + target + " are valid until " + until.Local().Format("15:04:05")
	}
	a.note("the sign-in to %s ends at %s%s; to renew it: %s", quotedLabel(session),
		token.ExpiresAt.Local().Format("15:04:05"), good, loginHint(session))
}

// first reports whether this end has not been announced yet, and records that it is now.
func (l *lastCall) first(session string, end time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.said[session].Equal(end) {
		return false
	}
	if l.said == nil {
		l.said = map[string]time.Time{}
	}
	l.said[session] = end
	return true
}
