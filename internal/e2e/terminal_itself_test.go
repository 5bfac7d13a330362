//go:build linux

package e2e

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// A person reads what is on the screen, however many pieces the program drew it in.
func TestAwaitReadsTheScreen(t *testing.T) {
	s := &screenReader{}
	for _, piece := range []string{
		"\x1b[?2026$p\x1b[?1049h\x1b[>1u\x1b[H\x1b[J> ", "corp:\x1b[69X", "\x1b[3;1Hsandbox\x1b[1;8Hp",
		"\x1b[2;1Hother\x1b[1;9Hay",
	} {
		if _, err := s.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for text, want := range map[string]bool{"> corp:pay": true, "sandbox": true, "corp:payother": false} {
		shown := false
		s.await(ctx, func(screen string) bool {
			shown = strings.Contains(screen, text)
			return shown
		})
		if shown != want {
			t.Errorf("%q is on the screen: %v, want %v", text, shown, want)
		}
	}
}

// A program that asks where the cursor is gets its answer, as often as it asks.
func TestTheTerminalAnswers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	const asks = `stty raw -echo; for i in 1 2; do printf '\033[6n' >&2; dd bs=1 count=6 2>/dev/null; done`
	var stdout bytes.Buffer
	code, screen, err := aTerminal{}.run(ctx, []string{"sh", "-c", asks}, os.Environ(), &stdout)
	if want := "\x1b[1;1R\x1b[1;1R"; err != nil || code != 0 || stdout.String() != want {
		t.Errorf("exit code %d, %v: %q, want %q\n%q", code, err, stdout.String(), want, screen)
	}
}
