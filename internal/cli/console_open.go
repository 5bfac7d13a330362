package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rolecall/internal/browser"
	"rolecall/internal/console"
	"rolecall/internal/identitycenter"
	"rolecall/internal/loopback"
	"rolecall/internal/peer"
	"rolecall/internal/policy"
)

// openPortal opens a link without keys, which may appear in a command line.
func (a *App) openPortal(ctx context.Context, s *session, r consoleResult, o consoleOptions) error {
	link := console.PortalLink(s.login.Session.StartURL, r.Account, r.Role, r.Destination)
	if o.print {
		r.URL = link
		return a.consoleOutput(r, link+"\n")
	}
	if o.copy {
		a.copy(link)
		a.note("copied the access portal's link for %s", r.Account+"/"+r.Role)
		return a.consoleOutput(r, "")
	}
	if err := a.openWindow(ctx, o.window, link); err != nil {
		return err
	}
	return a.sayOpened(r)
}

// handOver prints a link, or passes it to the browser through an address that works once.
func (a *App) handOver(ctx context.Context, link identitycenter.Secret, r consoleResult, o consoleOptions) error {
	if o.print || o.copy {
		until := a.Now().Add(console.Life).UTC().Truncate(time.Second)
		r.Until = &until
		a.note("until %s, anyone with this link can sign in as %s: keep it to yourself",
			until.Local().Format("15:04"), r.Account+"/"+r.Role)
		if o.copy {
			a.copy(link.Reveal())
			a.note("copied the link")
			return a.consoleOutput(r, "")
		}
		r.URL = link.Reveal()
		return a.consoleOutput(r, link.Reveal()+"\n")
	}
	h, err := loopback.NewHandover(link.Reveal(), a.refusedCaller())
	if err != nil {
		return err
	}
	defer h.Close()
	if err := a.openWindow(ctx, o.window, h.Link); err != nil {
		return err
	}
	if err := h.Wait(ctx); errors.Is(err, loopback.ErrNotFetched) {
		return noBrowser(err)
	} else if err != nil {
		return err
	}
	return a.sayOpened(r)
}

// refusedCaller warns, once, that somebody else asked for a link that is for this person's browser.
func (a *App) refusedCaller() func(error) {
	var once sync.Once
	return func(err error) {
		once.Do(func() { a.warn(errors.New(peer.Who(err) + " asked for the link and was refused")) })
	}
}

// opener returns what opens a browser; failed is called if that turns out not to have worked.
func (a *App) opener(failed func(error)) browser.Opener {
	return browser.Opener{Stderr: a.Stderr, Failed: failed, Around: a.Limits.Lift}
}

func (a *App) openWindow(ctx context.Context, w browser.Window, address string) error {
	if err := a.allow(policy.Browser, "opening the console in a browser"); err != nil {
		return err
	}
	if w.Container != "" {
		if err := a.agreeToContainers(ctx); err != nil {
			return err
		}
	}
	if (a.Getenv("BROWSER") == "" || w != browser.Window{}) && !browser.Available(a.Getenv) {
		return noBrowser(errors.New("no browser on this machine, or no desktop session to open it in"))
	}
	if err := a.opener(a.warn).OpenIn(w, browser.System{Getenv: a.Getenv, Home: a.Home}, address); err != nil {
		return noBrowser(fmt.Errorf("could not open a browser: %w", err))
	}
	return nil
}

func noBrowser(err error) error {
	return &HintError{Err: err, Code: ExitError, Hint: "rolecall console --print"}
}

func (a *App) sayOpened(r consoleResult) error {
	r.Opened = true
	a.note("opened the console as %s in your browser", r.Account+"/"+r.Role)
	return a.consoleOutput(r, "")
}

func (a *App) consoleOutput(r consoleResult, text string) error {
	if a.json {
		return a.printJSON(r)
	}
	_, err := fmt.Fprint(a.Stdout, text)
	return err
}
