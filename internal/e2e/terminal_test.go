//go:build linux

package e2e

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/sys/unix"

	"rolecall/internal/idc/visitor"
)

// aTerminal is a person at a terminal with a browser.
type aTerminal struct {
	user  string // signs in at the address that is printed; empty: nobody does
	deny  bool
	paste bool // the browser is elsewhere: the address it ends on is pasted
	types []typing
	// wine, when set, is what runs the program, which is a Windows one.
	wine *wine
	// opens, when set, gets the page instead of a simulated visitor.
	opens func(page string)
}

// A typing is what the person types when the screen shows something.
type typing struct{ shown, typed string }

// A program prints the address of the sign-in page on a line, some with a user
// code to type there on another line.
var (
	address  = regexp.MustCompile(`(?m)(http://127\.0\.0\.1:\d+/(?:authorize|device)(?:\?[^\s\x1b]+)?)\r$`)
	userCode = regexp.MustCompile(`\b[A-Z]{4}-[A-Z]{4}\b`)
)

// signInPage finds the address of the sign-in page on the screen, with the code filled in.
func signInPage(screen string) string {
	found := address.FindStringSubmatch(screen)
	if found == nil {
		return ""
	}
	code := userCode.FindString(screen)
	switch page := found[1]; {
	case strings.Contains(page, "?"):
		return page
	case code != "":
		return page + "?user_code=" + code
	}
	return ""
}

// run runs a command with stdin and stderr on a pseudo-terminal, and stdout on its own. It returns the exit code and
// everything that was on the screen.
func (t aTerminal) run(ctx context.Context, argv, environ []string, stdout io.Writer) (code int, screen string,
	err error,
) {
	primary, secondary, err := pty.Open()
	if err != nil {
		return 0, "", err
	}
	defer primary.Close()
	if err := keepOutput(secondary); err != nil {
		return 0, "", err
	}
	s := &screenReader{}
	if t.wine == nil {
		t.wine = wineOf(os.Getenv)
	}
	if t.wine != nil {
		s.shown = consoleText
		if err := forWine(secondary); err != nil {
			return 0, "", err
		}
	} else {
		s.answers = primary
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stderr, cmd.Stdout = environ, secondary, secondary, stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // what it has started, too
	if err := cmd.Start(); err != nil {
		return 0, "", err
	}
	secondary.Close()
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, err := io.Copy(s, primary)
		// EIO says that the last program has left the terminal.
		if !errors.Is(err, syscall.EIO) && !errors.Is(err, os.ErrClosed) {
			fmt.Fprintln(os.Stderr, "the terminal cannot be read:", err)
		}
	}()
	acting, stop := context.WithCancel(ctx)
	var people sync.WaitGroup
	people.Go(func() { t.typeAt(acting, s, primary) })
	people.Go(func() { t.signIn(acting, s, primary) })
	err = cmd.Wait()
	stop()
	people.Wait()
	select {
	case <-read:
	case <-s.heldOpen():
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return shellCode(exit.ProcessState), s.text(), nil
	}
	return 0, s.text(), err
}

// keepOutput makes the terminal keep pending output on Ctrl-C: else it drops it after the signal, with a quick
// program's last words.
func keepOutput(terminal *os.File) error {
	modes, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		return err
	}
	modes.Lflag |= unix.NOFLSH
	return unix.IoctlSetTermios(int(terminal.Fd()), unix.TCSETS, modes)
}

// typeAt types where the screen asks for it.
func (t aTerminal) typeAt(ctx context.Context, s *screenReader, keyboard io.Writer) {
	for _, x := range t.types {
		s.await(ctx, func(text string) bool { return strings.Contains(text, x.shown) })
		if strings.Contains(x.typed, "/oauth/callback") {
			awaitNoEcho(ctx, keyboard)
		}
		if s.shown != nil {
			time.Sleep(wineKeys)
		}
		_, _ = io.WriteString(keyboard, x.typed)
	}
}

// signIn is what the person does to sign in: open the printed address, paste.
func (t aTerminal) signIn(ctx context.Context, s *screenReader, keyboard io.Writer) {
	if t.user == "" && t.opens == nil {
		return
	}
	var page string
	s.await(ctx, func(text string) bool {
		page = signInPage(text)
		return page != ""
	})
	switch {
	case page == "":
		return
	case t.opens != nil:
		t.opens(page)
		return
	case t.wine != nil && !t.paste:
		t.visitOnWindows(ctx, page)
		return
	}
	v := visitor.Visitor{User: t.user, Password: "correct-horse-" + t.user, Deny: t.deny}
	if !t.paste {
		title, err := v.Visit(ctx, page)
		if ctx.Err() == nil && (err != nil && !t.deny || title == "Something went wrong" ||
			title == "Too many attempts") {
			fmt.Fprintf(os.Stderr, "the browser ends on %q: %v\n", title, err) // the command waits on
		}
		return
	}
	away := &elsewhere{}
	v.Client = &http.Client{Transport: away}
	_, _ = v.Visit(ctx, page) // ends with the redirect that cannot be followed there
	awaitNoEcho(ctx, keyboard)
	_, _ = io.WriteString(keyboard, away.ended+"\r")
}

// visitOnWindows opens the page in a Windows program: Windows tells whose that is.
func (t aTerminal) visitOnWindows(ctx context.Context, page string) {
	args := []string{page, t.user}
	if t.deny {
		args = append(args, "-deny")
	}
	browser := t.wine.command(t.wine.work, os.Environ(), "visit", args...)
	if err := browser.Start(); err != nil {
		return
	}
	defer context.AfterFunc(ctx, func() { _ = browser.Process.Kill() })()
	_ = browser.Wait()
}

// awaitNoEcho waits until the program has turned off the echo to read a paste: a person would never be faster.
func awaitNoEcho(ctx context.Context, keyboard io.Writer) {
	terminal, ok := keyboard.(*os.File)
	for ok && ctx.Err() == nil {
		modes, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
		if err != nil || modes.Lflag&unix.ECHO == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// elsewhere is the network of a browser on another machine, which cannot reach the callback's port.
type elsewhere struct{ ended string }

func (e *elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.Path, "/oauth/callback") {
		e.ended = r.URL.String()
		return nil, errors.New("connection refused")
	}
	return http.DefaultTransport.RoundTrip(r)
}

// A screenReader collects what is written to the terminal.
type screenReader struct {
	mu   sync.Mutex
	all  bytes.Buffer
	more chan struct{}
	// answers, when set, gets what a terminal answers to programs that ask where the cursor is. Without an answer, they
	// leave their screen for a warning, and keys typed meanwhile are lost.
	answers io.Writer
	asked   int // questions answered so far
	// shown, when set, returns the text of what was written.
	shown func(string) string
}

func (s *screenReader) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.more != nil {
		close(s.more)
		s.more = nil
	}
	n, err := s.all.Write(p)
	if s.answers == nil || err != nil {
		return n, err
	}
	for asked := bytes.Count(s.all.Bytes(), []byte("\x1b[6n")); s.asked < asked; s.asked++ {
		if _, err := io.WriteString(s.answers, "\x1b[1;1R"); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (s *screenReader) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current()
}

func (s *screenReader) current() string {
	if s.shown == nil {
		return s.all.String()
	}
	return s.shown(s.all.String())
}

// heldOpen ends the wait for the last program to leave the terminal: wine's console stays for two seconds more, and
// a program in the background may stay for longer.
func (s *screenReader) heldOpen() <-chan time.Time {
	if s.shown == nil {
		return time.After(5 * time.Second)
	}
	return time.After(300 * time.Millisecond)
}

// drawn is what a program shows that draws the whole screen, in pieces as its keys arrive; empty for others.
func drawn(screen string) string {
	const fullScreen = "\x1b[?1049h"
	_, picture, draws := strings.Cut(screen, fullScreen)
	if !draws {
		return ""
	}
	terminal := vt10x.New(vt10x.WithSize(wineColumns, wineRows))
	_, _ = terminal.Write(notDrawn.ReplaceAll([]byte(picture), nil))
	return terminal.String()
}

// await waits until the screen shows what is wanted, or ctx ends.
func (s *screenReader) await(ctx context.Context, shows func(string) bool) {
	for {
		s.mu.Lock()
		if shows(s.current()) || shows(drawn(s.all.String())) {
			s.mu.Unlock()
			return
		}
		if s.more == nil {
			s.more = make(chan struct{})
		}
		more := s.more
		s.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return
		}
	}
}

const storyTimeout = 2 * time.Minute

// signInMain is the command "signin USER [-deny] [-paste] COMMAND …" of the
// stories: a person at a terminal who signs in where the command asks for it. With
// "at SHOWN TYPED … --" before the command the person types, too.
func signInMain() {
	var t aTerminal
	flag.BoolVar(&t.deny, "deny", false, "")
	flag.BoolVar(&t.paste, "paste", false, "")
	user := os.Args[1]
	_ = flag.CommandLine.Parse(os.Args[2:])
	t.user = user
	args := flag.Args()
	if args[0] == "at" {
		args = t.read(args[1:])
	}
	t.main(args)
}

// atMain is the command "at SHOWN TYPED … -- COMMAND …": whenever the screen shows
// SHOWN, TYPED is typed.
func atMain() {
	var t aTerminal
	t.main(t.read(os.Args[1:]))
}

// read takes SHOWN TYPED … -- from args, and returns the command after it.
func (t *aTerminal) read(args []string) []string {
	keys := strings.NewReplacer(`\n`, "\r", `\x03`, "\x03", `\x05`, "\x05", `\x0f`, "\x0f", `\x1b`, "\x1b")
	for ; args[0] != "--"; args = args[2:] {
		t.types = append(t.types, typing{args[0], keys.Replace(args[1])})
	}
	return args[1:]
}

// browseMain is a browser in which alice signs in and agrees: BROWSER of clients that find the page only through the
// proxy.
func browseMain() {
	ctx, cancel := context.WithTimeout(context.Background(), storyTimeout)
	defer cancel()
	person := visitor.Visitor{User: "alice", Password: "correct-horse-alice"}
	if _, err := person.Visit(ctx, os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// visitMain is the command "visit ADDRESS|FILE": a browser, for $BROWSER too. It prints its argument, and the title
// of the page that it ends on.
func visitMain() {
	address := os.Args[1]
	if text, err := os.ReadFile(address); err == nil {
		address = strings.TrimSpace(string(text))
	}
	ctx, cancel := context.WithTimeout(context.Background(), storyTimeout)
	defer cancel()
	title, err := visitor.Visitor{}.Visit(ctx, address)
	fmt.Printf("browser: %q\ntitle: %s\n", os.Args[1:], title)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (t aTerminal) main(argv []string) {
	ctx, cancel := context.WithTimeout(context.Background(), storyTimeout)
	defer cancel()
	code, screen, err := t.run(ctx, argv, os.Environ(), os.Stdout)
	fmt.Fprint(os.Stderr, strings.ReplaceAll(screen, "\r\n", "\n"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 99
	}
	os.Exit(code)
}
