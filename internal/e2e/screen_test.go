//go:build linux

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// A screen is a terminal as a person sees it, with a program that draws on it, under a shell as usual.
type screen struct {
	t        *testing.T
	keyboard *os.File
	cmd      *exec.Cmd
	stdout   bytes.Buffer
	vt       vt10x.Terminal
	modes    [2]string // files: the terminal's modes before and after the program

	mu      sync.Mutex
	raw     []byte        // all that was written to it
	changed chan struct{} // closed when something was drawn
	drawn   chan struct{} // closed when all was
}

// holder runs a program, and notes the modes of its terminal before and after it. Signals to the whole group end only
// the program.
const holder = `trap : INT TERM; before=$1 after=$2; shift 2
stty -g >"$before"; echo "the line before" >&2; "$@"; code=$?; stty -g >"$after"; exit $code`

// onScreen runs rolecall on a terminal of a given size; its stdout is caught.
func onScreen(t *testing.T, columns, rows int, environ []string, args ...string) *screen {
	t.Helper()
	return aScreen(t, columns, rows, environ, false, append([]string{filepath.Join(bin, "rolecall")}, args...))
}

// onTerminal runs a program on a terminal, its stdout, too.
func onTerminal(t *testing.T, environ []string, argv ...string) *screen {
	t.Helper()
	return aScreen(t, 120, 40, environ, true, argv)
}

func aScreen(t *testing.T, columns, rows int, environ []string, shown bool, argv []string) *screen {
	t.Helper()
	keyboard, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	dir := t.TempDir()
	s := &screen{
		t: t, keyboard: keyboard, vt: vt10x.New(vt10x.WithSize(columns, rows), vt10x.WithWriter(io.Discard)),
		modes: [2]string{filepath.Join(dir, "before"), filepath.Join(dir, "after")}, changed: make(chan struct{}),
		drawn: make(chan struct{}),
	}
	s.size(columns, rows)
	s.cmd = exec.Command("sh", append([]string{"-c", holder, "sh", s.modes[0], s.modes[1]}, argv...)...)
	s.cmd.Env, s.cmd.Stdin, s.cmd.Stderr, s.cmd.Stdout = append([]string{"TERM=xterm-256color"}, environ...), terminal,
		terminal, &s.stdout
	if shown {
		s.cmd.Stdout = terminal
	}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		keyboard.Close()
	})
	go s.draw()
	return s
}

// notDrawn matches queries and keyboard protocols that the emulated terminal misunderstands; halfSequence, the
// beginning of one.
var (
	notDrawn     = regexp.MustCompile(`\x1b\[(?:[<=>?][0-9;]*[um]|\?[0-9]+\$p)`)
	halfSequence = regexp.MustCompile(`\x1b(?:\[[<=>?0-9;$]*)?$`)
)

func (s *screen) draw() {
	defer close(s.drawn)
	var rest []byte
	chunk := make([]byte, 16<<10)
	for {
		n, err := s.keyboard.Read(chunk)
		if err != nil {
			return // the last program has left the terminal
		}
		text := append(rest, chunk[:n]...)
		end := len(text)
		if half := halfSequence.FindIndex(text); half != nil {
			end = half[0]
		}
		s.mu.Lock()
		s.raw = append(s.raw, chunk[:n]...)
		_, _ = s.vt.Write(notDrawn.ReplaceAll(text[:end], nil))
		if bytes.Contains(text[:end], []byte("\x1b[6n")) { // nushell asks where the cursor is
			at := s.vt.Cursor()
			fmt.Fprintf(s.keyboard, "\x1b[%d;%dR", at.Y+1, at.X+1)
		}
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
		rest = bytes.Clone(text[end:])
	}
}

// size changes the terminal's size, and its programs are notified.
func (s *screen) size(columns, rows int) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vt.Resize(columns, rows)
	if err := pty.Setsize(s.keyboard, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)}); err != nil {
		s.t.Fatal(err)
	}
}

// lines returns the lines on the screen, without trailing blanks.
func (s *screen) lines() []string {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSuffix(s.vt.String(), "\n"), "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

// await waits until the screen is as wanted, and returns its lines.
func (s *screen) await(what string, as func(lines []string) bool) []string {
	s.t.Helper()
	timeout := time.After(storyTimeout)
	for {
		s.mu.Lock()
		lines, changed := s.lines(), s.changed
		done := as(lines)
		s.mu.Unlock()
		if done {
			return lines
		}
		select {
		case <-changed:
		case <-s.drawn:
			if lines := s.lines(); as(lines) {
				return lines
			}
			s.t.Fatalf("it ended without %s:\n%s", what, strings.Join(lines, "\n"))
		case <-timeout:
			s.t.Fatalf("no %s on the screen:\n%s", what, strings.Join(lines, "\n"))
		}
	}
}

// shows waits until all texts are on the screen at once.
func (s *screen) shows(texts ...string) []string {
	s.t.Helper()
	return s.await(strings.Join(texts, ", "), func(lines []string) bool {
		all := strings.Join(lines, "\n")
		for _, text := range texts {
			if !strings.Contains(all, text) {
				return false
			}
		}
		return true
	})
}

func (s *screen) types(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.keyboard, keys); err != nil {
		s.t.Fatal(err)
	}
}

// ends waits for the program's end, and checks that the terminal is restored. It returns stdout and the lines of the
// screen.
func (s *screen) ends(code int) (stdout string, lines []string) {
	s.t.Helper()
	timer := time.AfterFunc(storyTimeout, func() { _ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) })
	err := s.cmd.Wait()
	timer.Stop()
	<-s.drawn
	lines = s.lines()
	var exit *exec.ExitError
	if got := s.cmd.ProcessState.ExitCode(); got != code || err != nil && !errors.As(err, &exit) {
		s.t.Errorf("exit code %d, want %d: %v\n%s", got, code, err, strings.Join(lines, "\n"))
	}
	before, _ := os.ReadFile(s.modes[0])
	after, _ := os.ReadFile(s.modes[1])
	if len(before) == 0 || !bytes.Equal(before, after) {
		s.t.Errorf("the terminal's modes were %s and are %s", before, after)
	}
	if s.vt.Mode()&vt10x.ModeAltScreen != 0 || !s.vt.CursorVisible() || lines[0] != "the line before" {
		s.t.Errorf("alternate screen %v, cursor %v:\n%s", s.vt.Mode()&vt10x.ModeAltScreen != 0, s.vt.CursorVisible(),
			strings.Join(lines, "\n"))
	}
	for set, reset := range map[string]string{
		"\x1b[?2004h": "\x1b[?2004l", "\x1b[>1u": "\x1b[<1u",
		"\x1b[>4;2m": "\x1b[>4m",
	} {
		if bytes.LastIndex(s.raw, []byte(set)) > bytes.LastIndex(s.raw, []byte(reset)) {
			s.t.Errorf("%q stays: %q", set, s.raw)
		}
	}
	if shape := regexp.MustCompile(`\x1b\[[1-9][0-9]* q`).Find(s.raw); shape != nil {
		s.t.Errorf("the cursor's shape is changed: %q", shape)
	}
	return s.stdout.String(), lines
}
