package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"rolecall/internal/browser"
	"rolecall/internal/identitycenter"
	"rolecall/internal/login"
	"rolecall/internal/loopback"
	"rolecall/internal/policy"
	"rolecall/internal/terminal"
)

// maxLineRead bounds an answer at the terminal, in bytes.
const maxLineRead = 4096

// ask asks the person at the terminal for a line; Enter alone takes fallback.
func (a *App) ask(ctx context.Context, question, fallback string) (string, error) {
	fmt.Fprintf(a.Stderr, "rolecall: %s", terminal.ShowLine(question))
	if fallback != "" {
		fmt.Fprintf(a.Stderr, " [%s]", terminal.ShowLine(fallback))
	}
	fmt.Fprint(a.Stderr, ": ")
	line, err := a.readLine(ctx)
	if err == nil && line == "" {
		line = fallback
	}
	return line, err
}

// agree asks a question whose answer is yes when the person just presses Enter.
func (a *App) agree(ctx context.Context, question string) (bool, error) {
	for {
		fmt.Fprintf(a.Stderr, "rolecall: %s [Y/n] ", terminal.ShowLine(question))
		line, err := a.readLine(ctx)
		if err != nil {
			return false, err
		}
		switch strings.ToLower(line) {
		case "", "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
	}
}

// AskSecret asks for a text that the terminal does not show. Without a terminal it is the
// first line of stdin.
func (a *App) AskSecret(ctx context.Context, question string) (string, error) {
	if a.Terminal {
		secret, err := terminal.ReadPaste(ctx, a.Stdin, func() { fmt.Fprintf(a.Stderr, "%s: ", a.Show(question)) })
		fmt.Fprintln(a.Stderr)
		return secret, err
	}
	line, err := bufio.NewReader(io.LimitReader(a.Stdin, maxLineRead)).ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}

// readLine reads one line from stdin, and no byte beyond it, which would be the answer to
// the next question. The end of the input counts as an interrupt.
func (a *App) readLine(ctx context.Context) (string, error) {
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		var line []byte
		for b := []byte{0}; len(line) < maxLineRead; {
			if n, err := a.Stdin.Read(b); n == 0 || err != nil {
				answers <- answer{err: ErrInterrupted}
				return
			}
			if b[0] == '\r' && runtime.GOOS == "windows" {
				continue // a console ends a line with \r\n; the \n would answer the next question
			}
			if b[0] == '\n' || b[0] == '\r' {
				answers <- answer{line: strings.TrimSpace(string(line))}
				return
			}
			line = append(line, b[0])
		}
		answers <- answer{err: errors.New("the answer is too long")}
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case a := <-answers:
		return a.line, a.err
	}
}

// browserOptions say how a person gets to the sign-in page.
type browserOptions struct {
	none bool // --no-browser
	qr   bool // --qr
}

// person returns who signs in: the app's Person, else the person at the terminal; nil
// without a terminal.
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

// atTerminal talks to the person through stderr and stdin; stdout carries only results.
type atTerminal struct {
	app     *App
	options options

	waiting   login.Authorization // for the browser's answer
	explained sync.Once
}

func (p *atTerminal) Tell(line string) {
	fmt.Fprintf(p.app.Stderr, "rolecall: %s\n", terminal.ShowLine(line))
}

func (p *atTerminal) Waiting(session identitycenter.SSOSession, holder string) {
	if holder == "" {
		holder = "another process"
	}
	p.Tell(fmt.Sprintf("waiting for %s to sign in to %q", holder, session.Label()))
}

func (p *atTerminal) Authorize(a login.Authorization) {
	label := fmt.Sprintf("%q", a.Session.Label())
	if a.Session.Name != "" {
		label += " (" + a.Session.StartURL + ")"
	}
	p.Tell(fmt.Sprintf("sign in to %s at %s, until %s:", label, a.Endpoint, a.Until.Local().Format("15:04")))
	fmt.Fprintf(p.app.Stderr, "\n  %s\n\n", a.URL)
	p.qr(a.URL)
	p.waiting = a
	late := func(err error) {
		p.Tell(err.Error())
		p.elsewhere()
	}
	if p.open(a.URL, late) && p.options.callbackPort == 0 {
		p.Tell("opened your browser; if no page appears, press Enter")
		return
	}
	p.elsewhere()
}

// elsewhere says, once, how the browser's answer gets here from another machine.
func (p *atTerminal) elsewhere() {
	p.explained.Do(func() {
		port, width := p.waiting.Port, 80
		if file, ok := p.app.Stderr.(*os.File); ok {
			width = terminal.Width(file)
		}
		for _, line := range []string{
			"rolecall: open that address in a browser; if the browser is on another machine, either",
			fmt.Sprintf("  first run there  ssh -L %[1]d:127.0.0.1:%[1]d %[2]s", port, hostName()),
			fmt.Sprintf("  or paste the address where the browser ends up (127.0.0.1:%d/…) here;", port),
			"  paste only what your own browser shows, never an address that someone sends you",
		} {
			if strings.Contains(line, "paste") && !p.app.allowed(policy.Paste) {
				continue
			}
			fmt.Fprintln(p.app.Stderr, terminal.Wrap(line, width, "    "))
		}
	})
}

func (p *atTerminal) Device(session identitycenter.SSOSession, d identitycenter.DeviceAuthorization) {
	address := d.VerificationURIComplete
	if address == "" {
		address = d.VerificationURI
	}
	minutes := time.Until(d.ExpiresAt).Round(time.Minute).Minutes()
	p.Tell(fmt.Sprintf("sign in to %q within %.0f minutes at:", session.Label(), minutes))
	fmt.Fprintf(p.app.Stderr, "\n  %s\n\n  code: %s\n\n", terminal.ShowLine(address), terminal.ShowLine(d.UserCode))
	p.Tell("approve this code only")
	p.qr(address)
	p.open(address, func(err error) { p.Tell(err.Error()) })
}

func (p *atTerminal) qr(address string) {
	if p.options.browser.qr {
		if err := terminal.QR(p.app.Stderr, address); err != nil {
			p.Tell("could not print a QR code: " + err.Error())
		}
	}
}

// open opens address in a browser on this machine, if there is one, and reports whether it did. failed is called if it
// shows later that it did not.
func (p *atTerminal) open(address string, failed func(error)) bool {
	command := p.app.Getenv("BROWSER")
	if p.options.browser.none || !p.app.allowed(policy.Browser) || command == "" && !browser.Available(p.app.Getenv) {
		return false
	}
	// Other users read a browser's command line: with state and challenge, or a user code, they could sign in as
	// themselves, for this person.
	h, err := loopback.NewHandover(address, p.app.refusedCaller())
	if err != nil {
		p.Tell("could not open a browser: " + err.Error())
		return false
	}
	if err := p.app.opener(failed).Open(command, h.Link); err != nil {
		h.Close()
		p.Tell("could not open a browser: " + err.Error())
		return false
	}
	go func() { _ = h.Wait(context.Background()) }() // the sign-in goes on without it
	return true
}

// Paste reads the pasted address. Enter alone asks how to go on without a browser here.
func (p *atTerminal) Paste(ctx context.Context) (string, error) {
	if err := p.app.allow(policy.Paste, "pasting the address"); err != nil {
		<-ctx.Done()
		return "", context.Cause(ctx)
	}
	text, err := terminal.ReadPaste(ctx, p.app.Stdin, func() {})
	if err == nil && text == "" {
		p.elsewhere()
	}
	return text, err
}

// Confirm asks a question whose answer is no when the person just presses Enter.
func (p *atTerminal) Confirm(ctx context.Context, question string) (bool, error) {
	fmt.Fprintf(p.app.Stderr, "rolecall: %s [y/N] ", terminal.ShowLine(p.app.tidied(question)))
	line, err := p.app.readLine(ctx)
	line = strings.ToLower(line)
	return line == "y" || line == "yes", err
}

// hostName returns this machine's name for an ssh command.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "THIS_HOST"
	}
	return Quoted(name)
}
