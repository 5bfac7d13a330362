//go:build linux

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
)

// typed runs rolecall with a person who types when the screen shows certain texts.
func typed(t *testing.T, environ []string, types []typing, args ...string) (code int, stdout, screen string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	var out bytes.Buffer
	code, screen, err := aTerminal{types: types}.run(ctx, append([]string{filepath.Join(bin, "rolecall")}, args...),
		environ, &out)
	if err != nil {
		t.Fatal(err, screen)
	}
	return code, out.String(), screen
}

// A person sees the progress of a listing, interrupts it, and the next one resumes.
func TestAListingShowsHowFarItIs(t *testing.T) {
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	environ := w.environ()
	if err := idctest.Fill(w.data, "alice", 40, 1, func(i int) string { return fmt.Sprint("team ", i) }); err != nil {
		t.Fatal(err)
	}
	code, stdout, screen := typed(t, environ, []typing{{"] 2", "\x03"}}, "sync")
	if code != 130 || stdout != "" {
		t.Fatalf("exit %d, stdout %q\n%s", code, stdout, screen)
	}
	for _, part := range []string{
		"listing [", "/45 accounts, 19.6 requests/s, ", "s left\x1b[K",
		"\r\x1b[Krolecall: interrupted", "accounts were read, and are kept for the next try",
		"rolecall: hint: rolecall sync corp",
	} {
		if !strings.Contains(screen, part) {
			t.Errorf("%q is not on the screen:\n%q", part, screen)
		}
	}
	code, _, screen = typed(t, environ, nil, "sync")
	if code != 0 || !strings.Contains(screen, `rolecall: 45 accounts and 46 roles in "corp", listed in `) {
		t.Fatalf("exit %d\n%s", code, screen)
	}
	if first, _, _ := strings.Cut(screen, "/45"); !strings.Contains(first, "] 2") && !strings.Contains(first, "] 3") {
		t.Errorf("it began anew:\n%q", screen)
	}
}

// An old listing is shown at once, and a new one the next time.
func TestAnOldListingIsMadeAnewInTheBackground(t *testing.T) {
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	environ := w.environ()
	if code, _, screen := typed(t, environ, nil, "sync"); code != 0 {
		t.Fatal(screen)
	}
	stored, err := filepath.Glob(filepath.Join(w.home, ".local", "state", "rolecall", "inventory", "*.json"))
	if err != nil || len(stored) != 1 {
		t.Fatal(stored, err)
	}
	w.age(t, 48*time.Hour)
	// The file is also older than the sign-in now: the removal shows once it is renewed.
	if _, err := idctest.Unassign(w.data, "alice", "333344445555", "Developer"); err != nil {
		t.Fatal(err)
	}
	code, stdout, screen := typed(t, environ, nil, "ls")
	if code != 0 || !strings.Contains(stdout, "Data Lake") || !strings.Contains(screen, "listed 2 days ago") {
		t.Fatalf("exit %d\n%s\n%s", code, stdout, screen)
	}
	for end := time.Now().Add(storyTimeout); ; time.Sleep(10 * time.Millisecond) {
		data, err := os.ReadFile(stored[0])
		if err != nil || time.Now().After(end) {
			t.Fatal("no new listing came", err)
		}
		if !strings.Contains(string(data), "Data Lake") {
			break
		}
	}
	if _, stdout, screen := typed(t, environ, nil, "ls"); strings.Contains(stdout, "Data Lake") ||
		!strings.Contains(screen, "listed just now") {
		t.Errorf("%s\n%s", stdout, screen)
	}
}
