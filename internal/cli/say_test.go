package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"rolecall/internal/inventory"
)

func TestPlurals(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Counted(0, "profile"), "0 profiles"},
		{Counted(1, "profile"), "1 profile"},
		{Counted(2, "profile"), "2 profiles"},
		{someOf(1, 1, "role"), "1 of 1 role is"},
		{someOf(1, 12, "role"), "1 of 12 roles is"},
		{someOf(3, 12, "role"), "3 of 12 roles are"},
		{progressText(inventory.Progress{Accounts: 1, Rate: 2}), "listing: 1 account so far, 0 with roles, 2.0 requests/s"},
		{
			progressText(inventory.Progress{Found: true, Accounts: 1}),
			"listing [                        ] 0/1 account, waiting because of AWS's rate limit",
		},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// Errors of several lines become one line, without escapes.
func TestMessagesOfSeveralLines(t *testing.T) {
	var said strings.Builder
	a := &App{World: World{Stderr: &said}}
	err := fmt.Errorf("signing out: %w", errors.Join(errors.New("first"), errors.New("second")))
	a.fail(a.explain(t.Context(), err))
	a.warn(err)
	if text := said.String(); strings.Count(text, "signing out: first; second\n") != 2 || strings.Contains(text, `\u`) {
		t.Errorf("said %q", text)
	}
}

// A message has ~ for the home folder wherever a path of it begins, and nowhere else.
func TestTidied(t *testing.T) {
	a := &App{World: World{Home: filepath.FromSlash("/home/me")}}
	for text, want := range map[string]string{
		"/home/me/.aws/config:3: no":              "~/.aws/config:3: no",
		"open /home/me/a: x; rm '/home/me/b c'":   "open ~/a: x; rm '~/b c'",
		"/mnt/home/me/a, x/home/me/b, ./home/me/": "/mnt/home/me/a, x/home/me/b, ./home/me/",
		"/home/me2/a and /home/me":                "/home/me2/a and /home/me",
		"AWS_CONFIG_FILE=/home/me/c":              "AWS_CONFIG_FILE=~/c",
	} {
		text, want = filepath.FromSlash(text), filepath.FromSlash(want)
		if got := a.tidied(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, home := range []string{"", "/"} {
		if got := (&App{World: World{Home: home}}).tidied("/a/b"); got != "/a/b" {
			t.Errorf("home %q: %q", home, got)
		}
	}
}
