//go:build unix

package terminal

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// bound is far more than anything here takes.
const bound = 30 * time.Second

// A screen is a terminal with the person's side of it.
type screen struct {
	t           *testing.T
	person, tty *os.File
	before      unix.Termios
}

func newScreen(t *testing.T) *screen {
	t.Helper()
	person, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close(); person.Close() })
	s := &screen{t: t, person: person, tty: tty}
	s.before = s.modes()
	return s
}

func (s *screen) modes() unix.Termios {
	s.t.Helper()
	modes, err := unix.IoctlGetTermios(int(s.tty.Fd()), getTermios)
	if err != nil {
		s.t.Fatal(err)
	}
	return *modes
}

type result struct {
	text string
	err  error
}

// read starts ReadPaste, and returns its result channel once it reads keys: earlier ones would go to the line mode.
func (s *screen) read(ctx context.Context) <-chan result {
	s.t.Helper()
	results := make(chan result, 1)
	go func() {
		text, err := ReadPaste(ctx, s.tty, func() {})
		results <- result{text, err}
	}()
	for start := time.Now(); s.modes().Lflag&unix.ICANON != 0; runtime.Gosched() {
		if time.Since(start) > bound {
			s.t.Fatal("the terminal stays in its line mode")
		}
	}
	return results
}

func (s *screen) enter(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.person, keys); err != nil {
		s.t.Fatal(err)
	}
}

// wait returns the result, and checks that the terminal is restored and that nothing was shown on it.
func (s *screen) wait(results <-chan result) result {
	s.t.Helper()
	var r result
	select {
	case r = <-results:
	case <-time.After(bound):
		s.t.Fatal("it does not end")
	}
	if after := s.modes(); after != s.before {
		s.t.Errorf("the terminal was\n%+v\nand is\n%+v", s.before, after)
	}
	const mark = "mark"
	if _, err := io.WriteString(s.tty, mark); err != nil {
		s.t.Fatal(err)
	}
	var shown strings.Builder
	chunk := make([]byte, 4096)
	for !strings.HasSuffix(shown.String(), mark) {
		n, err := s.person.Read(chunk)
		if err != nil {
			s.t.Fatal(err)
		}
		shown.Write(chunk[:n])
	}
	if shown.String() != mark {
		s.t.Errorf("the terminal shows %q", shown.String())
	}
	return r
}

func TestALongPasteArrivesWholeAndUnseen(t *testing.T) {
	address := "http://127.0.0.1/callback?code=" + strings.Repeat("0123456789", 1197)
	for _, keys := range []string{address + "\n", address + "\r", pasteStart + address + pasteEnd + "\r"} {
		s := newScreen(t)
		results := s.read(t.Context())
		s.enter(keys)
		if r := s.wait(results); r.text != address || r.err != nil {
			t.Errorf("%d bytes became %d, %v", len(address), len(r.text), r.err)
		}
	}
}

func TestNothingStaysBehindAPasteThatIsTooLong(t *testing.T) {
	s := newScreen(t)
	results := s.read(t.Context())
	s.enter(strings.Repeat("x", 3*maxPaste) + "\n")
	if r := s.wait(results); !errors.Is(r.err, errTooLong) {
		t.Errorf("got %d bytes, %v", len(r.text), r.err)
	}
	results = s.read(t.Context())
	s.enter("next\n")
	if r := s.wait(results); r.text != "next" || r.err != nil {
		t.Errorf("then got %.20q, %v", r.text, r.err)
	}
}

func TestCancelEndsAPasteWithItsCause(t *testing.T) {
	s := newScreen(t)
	cause := errors.New("the browser was faster")
	ctx, cancel := context.WithCancelCause(t.Context())
	results := s.read(ctx)
	s.enter("half a li")
	cancel(cause)
	if r := s.wait(results); r.err != cause || r.text != "" {
		t.Errorf("got %q, %v", r.text, r.err)
	}
}

func TestCtrlDEndsAnEmptyPaste(t *testing.T) {
	s := newScreen(t)
	results := s.read(t.Context())
	s.enter("\x04")
	if r := s.wait(results); r.err != io.EOF || r.text != "" {
		t.Errorf("got %q, %v", r.text, r.err)
	}
}

func TestCtrlCStaysASignal(t *testing.T) {
	s := newScreen(t)
	results := s.read(t.Context())
	if s.modes().Lflag&unix.ISIG == 0 {
		t.Error("Ctrl-C is a key like others")
	}
	s.enter("\n")
	s.wait(results)
}

func TestATerminalThatGoesAwayEndsAPaste(t *testing.T) {
	s := newScreen(t)
	results := s.read(t.Context())
	s.person.Close()
	select {
	case r := <-results:
		if r.err != io.EOF {
			t.Errorf("got %q, %v", r.text, r.err)
		}
	case <-time.After(bound):
		t.Error("it does not end")
	}
}

func TestAFileIsNoTerminal(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if IsTerminal(file) || !IsTerminal(newScreen(t).tty) {
		t.Error("a file and a terminal are not told apart")
	}
	if _, err := ReadPaste(t.Context(), file, func() {}); err == nil {
		t.Error("a line was read from a file")
	}
}
