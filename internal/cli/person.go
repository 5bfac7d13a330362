package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"rolecall/internal/browser"
	"rolecall/internal/identitycenter"
	"rolecall/internal/login"
	"rolecall/internal/terminal"
)

// browserOptions are how a person wants the sign-in page.
type browserOptions struct {
	none bool // --no-browser
	qr   bool // --qr
}

// person is who signs in: the one of the app's world, else the one at the
// terminal. Without a terminal there is nobody.
func (a *App) person(o options) login.Person {
	switch {
	case o.unattended:
		return nil
	case a.Person != nil:
		return a.Person
	case !a.Terminal:
		return nil
	}
	return &atTerminal{app: a, options: o}
}

// atTerminal speaks with the person at stderr and stdin; stdout carries the
// product alone.
type atTerminal struct {
	app     *App
	options options
}

func (p *atTerminal) Tell(line string) {
	fmt.Fprintf(p.app.Stderr, "rolecall: %s\n", terminal.ShowLine(line))
}

func (p *atTerminal) Waiting(session identitycenter.SSOSession, holder string) {
	if holder == "" {
		holder = "another process"
	}
	p.Tell(fmt.Sprintf("waiting for the sign-in to %q that %s has open", session.Label(), holder))
}

func (p *atTerminal) Authorize(a login.Authorization) {
	p.Tell(fmt.Sprintf("sign in to %q (%s) at %s, until %s:", a.Session.Label(), a.Session.StartURL, a.Endpoint, a.Until.Local().Format("15:04")))
	fmt.Fprintf(p.app.Stderr, "\n  %s\n\n", a.URL)
	p.qr(a.URL)
	if p.open(a.URL) {
		p.Tell("opened your browser; if it is on another machine:")
	} else {
		p.Tell("open that address in a browser; if it is on another machine:")
	}
	fmt.Fprintf(p.app.Stderr, "  either  ssh -L %[1]d:127.0.0.1:%[1]d %[2]s   there, before you open it\n", a.Port, hostName())
	fmt.Fprintf(p.app.Stderr, "  or      paste here the address that the browser ends on (127.0.0.1:%d/…) and press Enter;\n", a.Port)
	fmt.Fprintln(p.app.Stderr, "          paste only what your own browser ended on, nobody else needs it")
}

func (p *atTerminal) Device(session identitycenter.SSOSession, d identitycenter.DeviceAuthorization) {
	address := d.VerificationURIComplete
	if address == "" {
		address = d.VerificationURI
	}
	minutes := time.Until(d.ExpiresAt).Round(time.Minute).Minutes()
	p.Tell(fmt.Sprintf("sign in to %q within %.0f minutes at:", session.Label(), minutes))
	fmt.Fprintf(p.app.Stderr, "\n  %s\n\n  code: %s\n\n", terminal.ShowLine(address), terminal.ShowLine(d.UserCode))
	p.Tell("approve only the code that you see here")
	p.qr(address)
	p.open(address)
}

func (p *atTerminal) qr(address string) {
	if p.options.browser.qr {
		if err := terminal.QR(p.app.Stderr, address); err != nil {
			p.Tell("no QR code: " + err.Error())
		}
	}
}

// open opens address when there is a browser here to open it in.
func (p *atTerminal) open(address string) bool {
	command := p.app.Getenv("BROWSER")
	if p.options.browser.none || command == "" && !browser.Available(p.app.Getenv) {
		return false
	}
	if err := browser.Open(context.Background(), command, address, p.app.Stderr); err != nil {
		p.Tell("no browser was opened: " + err.Error())
		return false
	}
	return true
}

func (p *atTerminal) Paste(ctx context.Context) (string, error) {
	return terminal.ReadPaste(ctx, p.app.Stdin)
}

func (p *atTerminal) Confirm(ctx context.Context, question string) (bool, error) {
	fmt.Fprintf(p.app.Stderr, "rolecall: %s [y/N] ", terminal.ShowLine(question))
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(io.LimitReader(p.app.Stdin, 64)).ReadString('\n')
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return false, context.Cause(ctx)
	case answer := <-answers:
		return answer == "y" || answer == "yes", nil
	}
}

// hostName names this machine for an ssh line.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "THIS_HOST"
	}
	return Quoted(name)
}
