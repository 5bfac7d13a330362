package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/sys/unix"

	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
)

// sittingTimeout is far longer than any screen takes, also on a busy machine.
const sittingTimeout = 8 * time.Second

// A sitting is a person before a terminal on which a program draws its screen.
type sitting struct {
	t        *testing.T
	keyboard *os.File
	cmd      *exec.Cmd
	stdout   bytes.Buffer
	before   *unix.Termios

	mu      sync.Mutex
	changed chan struct{} // closed with the next output
	screen  vt10x.Terminal
	raw     bytes.Buffer
	left    chan struct{} // closed when nothing can come any more
}

// sit starts a program with stdin and stderr on a terminal of that size.
func sit(t *testing.T, columns, rows int, environ []string, argv ...string) *sitting {
	t.Helper()
	primary, secondary, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	s := &sitting{t: t, keyboard: primary, changed: make(chan struct{}), left: make(chan struct{}), screen: vt10x.New(vt10x.WithSize(columns, rows))}
	s.size(columns, rows)
	if s.before, err = unix.IoctlGetTermios(int(secondary.Fd()), unix.TCGETS); err != nil {
		t.Fatal(err)
	}
	s.cmd = exec.CommandContext(t.Context(), filepath.Join(bin, argv[0]), argv[1:]...)
	s.cmd.Env, s.cmd.Stdin, s.cmd.Stderr, s.cmd.Stdout = environ, secondary, secondary, &s.stdout
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		_, _ = s.cmd.Process.Wait()
		secondary.Close()
		primary.Close()
	})
	go func() {
		defer close(s.left)
		buffer := make([]byte, 32<<10)
		for {
			n, err := primary.Read(buffer)
			s.mu.Lock()
			s.raw.Write(buffer[:n])
			_, _ = s.screen.Write(buffer[:n])
			close(s.changed)
			s.changed = make(chan struct{})
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s
}

func (s *sitting) size(columns, rows int) {
	s.t.Helper()
	if err := pty.Setsize(s.keyboard, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)}); err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.screen.Resize(columns, rows)
}

// lines are what is on the screen, without blanks at the ends.
func (s *sitting) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := strings.Split(s.screen.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// await waits until the screen is as wanted.
func (s *sitting) await(what string, wanted func(lines []string) bool) []string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), sittingTimeout)
	defer cancel()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		lines := s.lines()
		if wanted(lines) {
			return lines
		}
		select {
		case <-changed:
		case <-ctx.Done():
			s.t.Fatalf("the screen never shows %s:\n%s", what, strings.Join(lines, "\n"))
		}
	}
}

// shows waits until a line of the screen has each of these texts.
func (s *sitting) shows(texts ...string) []string {
	s.t.Helper()
	return s.await(fmt.Sprintf("%q", texts), func(lines []string) bool {
		all := strings.Join(lines, "\n")
		for _, text := range texts {
			if !strings.Contains(all, text) {
				return false
			}
		}
		return true
	})
}

func (s *sitting) types(text string) {
	s.t.Helper()
	if _, err := io.WriteString(s.keyboard, text); err != nil {
		s.t.Fatal(err)
	}
}

// ends waits for the program's end, gives its exit code and stdout, and checks that
// the terminal is as it was.
func (s *sitting) ends() (code int, stdout string) {
	s.t.Helper()
	err := s.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	after, err := unix.IoctlGetTermios(int(s.keyboard.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	if *after != *s.before {
		s.t.Errorf("the terminal's modes are not as they were:\n%+v\n%+v", s.before, after)
	}
	s.await("what was there before", func([]string) bool {
		raw := s.raw.String()
		entered, left := strings.LastIndex(raw, "\x1b[?1049h"), strings.LastIndex(raw, "\x1b[?1049l")
		hidden, shown := strings.LastIndex(raw, "\x1b[?25l"), strings.LastIndex(raw, "\x1b[?25h")
		paste, noPaste := strings.LastIndex(raw, "\x1b[?2004h"), strings.LastIndex(raw, "\x1b[?2004l")
		return entered <= left && hidden <= shown && paste <= noPaste
	})
	return s.cmd.ProcessState.ExitCode(), s.stdout.String()
}

// aPickersWorld is one where alice is signed in and listed.
func aPickersWorld(t *testing.T, names ...string) (*world, []string) {
	t.Helper()
	w := aWorld(t, oidc.Options{})
	if err := idctest.Fill(w.data, "alice", len(names), 1, func(i int) string { return names[i] }); err != nil {
		t.Fatal(err)
	}
	w.signIn(t, "rolecall", "login", "corp")
	w.must(t, "rolecall", "sync")
	return w, append(w.environ(), "TERM=xterm-256color")
}

// The whole screen, as a person sees it.
func TestThePickersScreen(t *testing.T) {
	_, environ := aPickersWorld(t)
	s := sit(t, 80, 24, environ, "rolecall", "pick")
	s.shows("6/6", "esc leave")
	s.types("admin pay")
	lines := s.shows("1/6")
	want := `
> admin pay                                                                  1/6
listed just now
> payments-dev                                           111122223333  Admin
`
	if got := strings.Join(append([]string{""}, lines[:3]...), "\n") + "\n"; got != want {
		t.Errorf("%s\nwant%s", got, want)
	}
	want = `
────────────────────────────────────────────────────────────────────────────────
111122223333 payments-dev payments-dev@example.com
roles: Admin, ReadOnly
Enter: print 111122223333/Admin
^e env · ^x shell · ^o console · ^y arn · esc leave
`
	if got := strings.Join(append([]string{""}, lines[19:24]...), "\n") + "\n"; got != want {
		t.Errorf("%s\nwant%s", got, want)
	}
	s.types("\r")
	if code, stdout := s.ends(); code != 0 || stdout != "111122223333/Admin\n" {
		t.Errorf("exit %d, %q", code, stdout)
	}
}

// Keys move, and edit what is typed.
func TestThePickersKeys(t *testing.T) {
	_, environ := aPickersWorld(t)
	const down, up, pageDown, home, end, backspace = "\x1b[B", "\x1b[A", "\x1b[6~", "\x1b[H", "\x1b[F", "\x7f"
	for keys, want := range map[string]string{
		"":                        "333344445555/Developer",
		down + down:               "111122223333/ReadOnly",
		down + "\x0e" + up:        "111122223333/Admin",
		end:                       "444455556666/Billing",
		end + home:                "333344445555/Developer",
		pageDown + pageDown:       "444455556666/Billing",
		up:                        "333344445555/Developer",
		"sandbox":                 "555566667777/Admin",
		"sandx" + backspace:       "555566667777/Admin",
		"nothing of that\x15sand": "555566667777/Admin",
		"sand xyz\x17":            "555566667777/Admin",
		"4444":                    "444455556666/Billing",
		"shared@ex":               "444455556666/Billing",
		"readonly prod":           "222233334444/ReadOnly",
		"RO prod":                 "222233334444/ReadOnly",
		"\x1b[200~pay\nments-p\x1b[31mrod\x1b[201~": "222233334444/ReadOnly",
	} {
		t.Run(fmt.Sprintf("%q", keys), func(t *testing.T) {
			s := sit(t, 80, 24, environ, "rolecall", "pick")
			s.shows("6/6", "esc leave")
			s.types(keys)
			s.await(want, func(lines []string) bool { return strings.Contains(lines[22], want) })
			s.types("\r")
			if code, stdout := s.ends(); code != 0 || stdout != want+"\n" {
				t.Errorf("exit %d, %q", code, stdout)
			}
		})
	}
}

// Whatever ends it, the terminal is as it was, and stdout empty.
func TestLeavingThePicker(t *testing.T) {
	_, environ := aPickersWorld(t)
	for name, c := range map[string]struct {
		leave func(*sitting)
		code  int
	}{
		"esc":     {func(s *sitting) { s.types("\x1b") }, 130},
		"ctrl-c":  {func(s *sitting) { s.types("\x03") }, 130},
		"SIGINT":  {func(s *sitting) { _ = s.cmd.Process.Signal(syscall.SIGINT) }, 130},
		"SIGTERM": {func(s *sitting) { _ = s.cmd.Process.Signal(syscall.SIGTERM) }, 143},
	} {
		t.Run(name, func(t *testing.T) {
			s := sit(t, 80, 24, environ, "rolecall", "pick", "--action", "env")
			s.shows("6/6", "esc leave")
			c.leave(s)
			if code, stdout := s.ends(); code != c.code || stdout != "" {
				t.Errorf("exit %d, %q", code, stdout)
			}
		})
	}
}

// A small window has room for the query and rows, a large one for all; a change while
// it is open is taken over.
func TestThePickersSizes(t *testing.T) {
	_, environ := aPickersWorld(t, "a name of fifty characters, which is the very most", "日本語の名前", "👩‍👩‍👧 family")
	for _, size := range [][2]int{{20, 5}, {30, 8}, {40, 12}, {80, 24}, {200, 50}, {1, 1}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			s := sit(t, size[0], size[1], environ, "rolecall", "pick")
			if size[0] >= 20 {
				lines := s.shows("9/9")
				if size[1] < 12 && strings.Contains(strings.Join(lines, "\n"), "Enter:") {
					t.Errorf("there is no room for that:\n%s", strings.Join(lines, "\n"))
				}
			}
			s.size(80, 24)
			lines := s.shows("9/9", "esc leave")
			for _, line := range lines[2:11] {
				if !strings.Contains(line, "  7000000") && !strings.Contains(line, "  ") {
					t.Errorf("%q", line)
				}
			}
			s.types("fifty")
			s.shows("1/9")
			s.size(30, 6)
			s.await("a small screen", func(lines []string) bool {
				return strings.HasPrefix(lines[1], "> a name of fifty …") && strings.HasSuffix(lines[1], "Role00")
			})
			s.types("\r")
			if code, stdout := s.ends(); code != 0 || stdout != "700000000000/Role00\n" {
				t.Errorf("exit %d, %q", code, stdout)
			}
		})
	}
}

// Names of any kind take one line each, of printable characters.
func TestHostileNamesInThePicker(t *testing.T) {
	names := []string{
		"\x1b[2J\x1b]0;owned\a", "a\nb\rc\td", "\u202egnp.exe", "\u200b\u200d", "\x9b31m", "$(touch x)", "tag \U000e0041", "\u0301\u0301", "q\u2028r", "\x00", "] ; reboot", "ﷺ﷽",
	}
	_, environ := aPickersWorld(t, names...)
	s := sit(t, 100, 40, environ, "rolecall", "pick", "--query", "role00")
	lines := s.shows("12/18", "esc leave")
	rows := 0
	for _, line := range lines {
		if strings.HasSuffix(line, "Role00") && strings.Contains(line, "  70000000") {
			rows++
		}
		if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q", line)
		}
	}
	if rows != len(names) {
		t.Errorf("%d rows for %d names:\n%s", rows, len(names), strings.Join(lines, "\n"))
	}
	s.types("\x1b")
	s.ends()
	raw := s.raw.String()
	for _, bad := range []string{"\x1b[2J\x1b]0;owned", "\u202e", "\u200b", "\x9b", "\u2028", "\x00", "\U000e0041"} {
		if strings.Contains(raw, bad) {
			t.Errorf("%q was written to the terminal", bad)
		}
	}
}

// What is done with the chosen role: each key, and Enter's actions.
func TestWhatThePickerDoes(t *testing.T) {
	w, environ := aPickersWorld(t)
	environ = append(environ, "SHELL="+filepath.Join(w.home, "shell"), "BROWSER="+filepath.Join(w.home, "browser"))
	for name, text := range map[string]string{"shell": "#!/bin/sh\necho \"in $AWS_ACCESS_KEY_ID\"\nexit 9\n", "browser": "#!/bin/sh\necho \"$1\" > " + filepath.Join(w.home, "opened") + "\n"} {
		if err := os.WriteFile(filepath.Join(w.home, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		argv []string
		keys string
		code int
		out  string // in stdout
		raw  string // on the terminal
	}{
		{[]string{"pick"}, "\x05", 0, "export AWS_ACCESS_KEY_ID=", ""},
		{[]string{"pick", "--action", "env", "--shell", "fish"}, "\r", 0, "set -gx AWS_ACCESS_KEY_ID", ""},
		{[]string{"pick"}, "\x18", 9, "in ASIA", "rolecall: a shell for 111122223333/Admin; leave it with exit"},
		{[]string{"pick", "--session", "corp"}, "\r", 0, "corp:111122223333/Admin\n", ""},
		{[]string{"pick", "--action", "env"}, "\x14", 0, "111122223333/Admin\n", ""},
		{[]string{"pick"}, "\x19", 0, "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_", "\x1b]52;c;YXJuOmF3czppYW06OjExMTEyMjIyMzMzMzpyb2xlL2F3cy1yZXNlcnZlZC9zc28uYW1hem9uYXdzLmNvbS9BV1NSZXNlcnZlZFNTT19BZG1pbl"},
		{nil, "\r", 0, "export AWS_ACCESS_KEY_ID=", ""}, // stdout is no terminal
	} {
		t.Run(fmt.Sprint(c.argv, c.keys), func(t *testing.T) {
			s := sit(t, 80, 24, environ, append([]string{"rolecall"}, c.argv...)...)
			s.shows("6/6", "esc leave")
			s.types("pay admin")
			s.shows("1/6")
			s.types(c.keys)
			code, stdout := s.ends()
			if code != c.code || !strings.Contains(stdout, c.out) || !strings.Contains(s.raw.String(), c.raw) {
				t.Errorf("exit %d, stdout %q, terminal %q", code, stdout, s.raw.String())
			}
		})
	}
	// What was used is first the next time.
	s := sit(t, 80, 24, environ, "rolecall", "pick")
	if lines := s.shows("6/6", "esc leave"); !strings.HasPrefix(lines[2], "> payments-dev") || !strings.HasSuffix(lines[2], "Admin") {
		t.Errorf("%s", strings.Join(lines, "\n"))
	}
	s.types("\x1b")
	s.ends()
}

// A guarded account is asked about once more.
func TestThePickerAsksAboutGuardedAccounts(t *testing.T) {
	w, environ := aPickersWorld(t)
	config := filepath.Join(w.home, ".config", "rolecall", "config.toml")
	if err := os.MkdirAll(filepath.Dir(config), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte("[[account]]\nmatch = \"*prod\"\ntags = [\"live\"]\nguarded = true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := sit(t, 80, 24, environ, "rolecall", "pick", "--query", "live")
	s.shows("1/6", ">!payments-prod", "[live] ! guarded")
	s.types("\r")
	s.shows("this account is guarded: go on? y/N")
	s.types("n")
	s.shows("Enter: print 222233334444/ReadOnly")
	s.types("\r")
	s.shows("y/N")
	s.types("y")
	if code, stdout := s.ends(); code != 0 || stdout != "222233334444/ReadOnly\n" {
		t.Errorf("exit %d, %q", code, stdout)
	}
}

// Without a stored listing rows come in while the picker is open.
func TestRowsComeInWhileThePickerIsOpen(t *testing.T) {
	w := aWorld(t, oidc.Options{})
	if err := idctest.Fill(w.data, "alice", 30, 1, func(i int) string { return fmt.Sprint("team-", i) }); err != nil {
		t.Fatal(err)
	}
	w.signIn(t, "rolecall", "login", "corp")
	s := sit(t, 80, 24, append(w.environ(), "TERM=xterm-256color"), "rolecall", "pick")
	s.shows("listing [", "requests/s")
	s.types("payments")
	s.shows("3/36", "listed just now")
	s.types("\r")
	if code, stdout := s.ends(); code != 0 || !strings.HasPrefix(stdout, "111122223333/") {
		t.Errorf("exit %d, %q", code, stdout)
	}
}

func TestATerminalThatCannotMoveItsCursor(t *testing.T) {
	_, environ := aPickersWorld(t)
	s := sit(t, 80, 24, append(environ, "TERM=dumb"), "rolecall", "pick")
	s.shows("rolecall: the picker needs a terminal that can move its cursor", "rolecall: hint: rolecall ls")
	if code, stdout := s.ends(); code != 2 || stdout != "" {
		t.Errorf("exit %d, %q", code, stdout)
	}
	s = sit(t, 80, 24, append(environ, "NO_COLOR=1"), "rolecall", "pick")
	s.shows("6/6", "esc leave")
	s.types("\r")
	if code, stdout := s.ends(); code != 0 || stdout != "333344445555/Developer\n" {
		t.Errorf("exit %d, %q", code, stdout)
	}
}
