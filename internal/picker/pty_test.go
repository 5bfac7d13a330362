//go:build linux

package picker

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// picks runs a picker on a pseudo-terminal, acts once it is drawn, and checks that the terminal is restored.
func picks(t *testing.T, ctx context.Context, o Options, act func(keyboard io.Writer)) (Choice, error) {
	t.Helper()
	keyboard, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer keyboard.Close()
	defer tty.Close()
	if err := pty.Setsize(keyboard, &pty.Winsize{Cols: 80, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	before, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		chunk := make([]byte, 64<<10)
		for acted := false; ; {
			if _, err := keyboard.Read(chunk); err != nil {
				return
			}
			if !acted {
				act(keyboard)
				acted = true
			}
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	o.In, o.Out, o.Environ = tty, tty, []string{"TERM=xterm"}
	choice, failure := Pick(ctx, o)
	after, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil || *after != *before {
		t.Errorf("the terminal was %+v and is %+v, %v", before, after, err)
	}
	return choice, failure
}

func enter(keyboard io.Writer) { _, _ = io.WriteString(keyboard, "\r") }

func TestAChoice(t *testing.T) {
	choice, err := picks(t, t.Context(), Options{Update: Update{Items: few()}, Actions: actions}, enter)
	if err != nil || choice.ID != "111122223333" || choice.Role != "ReadOnly" || choice.Action != "shell" {
		t.Errorf("%+v, %v", choice, err)
	}
}

func TestTheEndOfTheContextEndsThePicker(t *testing.T) {
	cause := errors.New("the person is called away")
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := picks(t, ctx, Options{Update: Update{Items: few()}, Actions: actions}, func(io.Writer) { cancel(cause) })
	if !errors.Is(err, cause) {
		t.Error(err)
	}
}

func TestAPanicLeavesTheTerminalAsItWas(t *testing.T) {
	updates := make(chan Update, 1)
	updates <- Update{Items: []Item{{Role: "ReadOnly"}}} // it has no account
	for where, o := range map[string]Options{
		"view":    {Update: Update{Items: few()}}, // no action to show for Enter
		"command": {Update: Update{Items: few()}, Actions: actions, Updates: updates},
	} {
		_, err := picks(t, t.Context(), o, func(io.Writer) {})
		if err == nil || !strings.Contains(err.Error(), "the picker crashed: runtime error: ") {
			t.Errorf("%s: %v", where, err)
		}
	}
}

func TestAPanicOfAKeyEndsThePicker(t *testing.T) {
	quit := make(chan struct{})
	m := &safe{model: newModel(Options{Update: Update{Items: few()}}), quit: func() { close(quit) }}
	for range 2 { // the second one comes before the program has ended
		if next, cmd := m.Update(tea.KeyPressMsg{Code: tea.KeyEnter}); next != m || cmd != nil {
			t.Error(next, cmd)
		}
	}
	<-quit
	if m.crash.Load() == nil || m.View().Content != "" {
		t.Error("the model goes on")
	}
}

func TestNoTerminal(t *testing.T) {
	for _, environ := range [][]string{{"TERM=dumb"}, {"TERM=xterm", "TERM=dumb"}, nil} {
		if _, err := Pick(t.Context(), Options{Environ: environ, Actions: actions}); !errors.Is(err, ErrNoTerminal) {
			t.Errorf("%v: %v", environ, err)
		}
	}
}
