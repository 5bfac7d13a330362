package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/browser"
	"rolecall/internal/identitycenter"
	"rolecall/internal/login"
	"rolecall/internal/policy"
)

// A credential_process that may sign in (issue 13). SDKs start a process for each client and thread, kill those that
// take long, and show little of what they say: so a separate process signs in, once for all who ask, and continues
// after they are gone.

const (
	// askedFor is how long a sign-in in the background waits for the person.
	askedFor = 5 * time.Minute
	// waitsForSignIn is how long a call, with all that it does, waits for the sign-in: the Go SDK kills it after a minute.
	waitsForSignIn = 50 * time.Second
	// quietAfterNo is how long no browser opens after a sign-in that nobody finished.
	quietAfterNo = 10 * time.Minute
)

// mayAsk reports whether a sign-in to session may open a browser by itself: the person has allowed it, and seems to be
// at a desktop.
func (a *App) mayAsk(session identitycenter.SSOSession, flag bool) bool {
	if !flag {
		own, err := a.settings()
		if err != nil {
			return false
		}
		for _, s := range own.Sessions {
			if s.Name != "" && s.Name == session.Name {
				flag = s.Interactive
			}
		}
	}
	return flag && a.allowed(policy.Browser) && browser.Available(a.Getenv) && a.Getenv("CI") == ""
}

// signInForProcess starts a sign-in in the background, unless one is under way, and waits until somebody has signed in
// since the call began. required is the error to return otherwise.
func (a *App) signInForProcess(ctx context.Context, required *login.RequiredError, began time.Time) error {
	store, err := a.cache()
	if err != nil {
		return err
	}
	session := required.Session
	if no := store.LastNo(session); a.Now().Sub(no) < quietAfterNo {
		required.Facts = append(required.Facts, fmt.Sprintf(
			"the last sign-in was not finished (%s); not opening a browser again until %s",
			no.Local().Format("15:04"), no.Add(quietAfterNo).Local().Format("15:04")))
		return required
	}
	unlock, first := store.TryLockAsking(session)
	if first {
		defer unlock()
		if !store.SigningIn(session) && store.SignedIn(session).Before(began) {
			if err := a.startSignIn(session); err != nil {
				return fmt.Errorf("could not start a sign-in to %q: %w", session.Label(), err)
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, waitsForSignIn-a.Now().Sub(began))
	defer cancel()
	for store.SignedIn(session).Before(began) {
		if store.LastNo(session).After(began) {
			required.Facts = append(required.Facts, "the sign-in in the browser was refused, or could not be opened")
			return required
		}
		select {
		case <-ctx.Done():
			required.Facts = append(required.Facts, "finish the sign-in in your browser, then try again")
			return required
		case <-time.After(200 * time.Millisecond):
		}
	}
	return nil
}

// startSignIn starts "login --background" as a process that outlives this one.
func (a *App) startSignIn(session identitycenter.SSOSession) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.Command(self, "login", "--background", session.Label())
	child.Env = a.Environ
	detach(child)
	if err := a.Limits.Lift(child.Start); err != nil {
		return err
	}
	return child.Process.Release()
}

// loginInBackground signs in without a terminal: it opens the browser, and waits for a while. If that comes to nothing,
// it records so for the processes that wait.
func (a *App) loginInBackground(ctx context.Context, name string, o options) error {
	ctx, cancel := context.WithTimeoutCause(ctx, askedFor, identitycenter.ErrLoginRequired)
	defer cancel()
	ctx, give := context.WithCancelCause(ctx)
	a.Person = &atDesk{atTerminal{app: a, options: o}, give}
	err := a.login(ctx, name, o, false)
	if err == nil {
		return nil
	}
	config, configError := a.config()
	store, storeError := a.cache()
	if configError == nil && storeError == nil {
		if session, err := a.findSession(config, name, awsconfig.Profile{}, awsconfig.ErrUnknownProfile); err == nil {
			_ = store.NoteNo(session)
		}
	}
	return err
}

// atDesk is the person at a desktop: a browser, and no terminal.
type atDesk struct {
	atTerminal
	give func(error)
}

// Authorize opens the browser; without one the sign-in ends.
func (p *atDesk) Authorize(a login.Authorization) {
	if !p.open(a.URL, p.give) {
		p.give(errors.New("could not open a browser"))
	}
}

// Paste only waits for the end: nobody can paste.
func (p *atDesk) Paste(ctx context.Context) (string, error) {
	<-ctx.Done()
	return "", context.Cause(ctx)
}

// Confirm says no: nobody sees the question.
func (p *atDesk) Confirm(context.Context, string) (bool, error) { return false, nil }
