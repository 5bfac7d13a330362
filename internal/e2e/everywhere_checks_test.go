//go:build linux

package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// withoutJSON returns the errors of --json as text.
func withoutJSON(stderr string) string {
	var problem struct {
		Error struct {
			Message, Hint string
			Facts         []string
		}
	}
	if json.Unmarshal([]byte(stderr), &problem) != nil {
		return stderr
	}
	p := problem.Error
	lines := append(append([]string{p.Message}, p.Facts...), p.Hint)
	for i := range lines { // escaped until now
		lines[i] = "rolecall: " + strings.ReplaceAll(wild.ReplaceAllString(lines[i], "?"), "\n", " ")
	}
	return strings.Join(lines, "\n")
}

var (
	tableLines = regexp.MustCompile(`(?m)^(?:ACCOUNT ID|\d{12}) .*\n?`)
	labels     = regexp.MustCompile(`(?m)^[a-z-]+/[A-Za-z]+ +\| `)
)

// withoutTable removes what "exec --match" puts around the lines of each account.
func withoutTable(stderr string) string {
	return labels.ReplaceAllString(tableLines.ReplaceAllString(stderr, ""), "")
}

// checkOutput checks that a failed command hands out no keys, and that no text takes over a terminal.
func (e ending) checkOutput(t *testing.T, c crossing) {
	t.Helper()
	if found := wild.FindString(e.out); found != "" {
		t.Errorf("%q on stdout", found)
	}
	if e.code == 0 {
		return
	}
	for _, secret := range []string{"ASIA", "IQoJ", "SecretAccessKey\"", "secretAccessKey", "SigninToken=", "aoa"} {
		if strings.Contains(e.out, secret) {
			t.Errorf("%s on stdout", secret)
		}
	}
	if strings.HasPrefix(c.at.line, "process") && e.out != "" {
		t.Errorf("%q on stdout of a failed process", e.out)
	}
}

// checkLeft checks that a session is as it was, or renewed, or ended as a whole.
func (b *bench) checkLeft(t *testing.T, c crossing, e ending, home string, before []byte) {
	t.Helper()
	after, err := os.ReadFile(b.tokenPath(home))
	var token struct {
		AccessToken, RefreshToken string
		ExpiresAt                 time.Time
	}
	whole := err == nil && json.Unmarshal(after, &token) == nil && token.AccessToken != ""
	switch {
	case strings.HasPrefix(c.at.line, "logout"):
		if err == nil {
			t.Error("the token is still there")
		}
	case c.at.state >= noLogin:
		if whole != (e.code == 0) || err == nil && !whole {
			t.Errorf("the token file after exit code %d: %v %.80q", e.code, err, after)
		}
	case c.at.state == ownLogin:
		if err == nil && !whole || e.code == 0 && bytes.Equal(after, before) {
			t.Errorf("the token file after exit code %d: %v %.80q", e.code, err, after)
		}
	case bytes.Equal(after, before):
	case !whole:
		t.Errorf("the session is lost: %v", err)
	case time.Until(token.ExpiresAt) < 0 && !bytes.Contains(after, refreshTokenOf(before)):
		t.Error("the refresh token is lost")
	}
}

// wantOf returns the exit codes of a form in the table of everyFault, or those of the fault in any form.
func wantOf(form, fault string) string {
	var exact, any []string
	for _, m := range meetings {
		if nameOf(m.spec) != fault {
			continue
		}
		any = append(any, strings.Fields(m.want)...)
		if routeOfSpec.ReplaceAllString(m.spec, "") == form {
			exact = append(exact, strings.Fields(m.want)...)
		}
	}
	if exact != nil {
		any = exact
	}
	slices.Sort(any)
	return strings.Join(slices.Compact(any), " ")
}

// codesFor returns the exit codes that a command may have.
func codesFor(c crossing) string {
	switch {
	case strings.HasPrefix(c.at.line, "logout"), c.at.routes == "all":
		return "0"
	}
	form := routeOfSpec.ReplaceAllString(c.spec, "")
	want := wantOf(form, c.fault)
	if strings.HasSuffix(form, "#2") { // it recovers, unless a lost answer was needed
		want += " 0 1 3"
	}
	_, route, _ := strings.Cut(routeOfSpec.FindString(c.spec), "@")
	if other := otherwise[c.fault+"@"+route]; other != "" {
		want = other
	}
	switch route {
	case "logout": // nothing in its answer is used
		want += " 0"
	case "register", "device": // their refusals name the start URL
		want += " 6"
	}
	return want
}
