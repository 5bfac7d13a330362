//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/visitor"
)

// aListedWorld returns a world in which alice has signed in and listed her roles: the sample's, and one in each of
// more accounts.
func aListedWorld(t *testing.T, more int, name func(int) string) *world {
	t.Helper()
	w := aWorld(t, oidc.Options{})
	if err := idctest.Fill(w.data, "alice", more, 1, name); err != nil {
		t.Fatal(err)
	}
	w.signIn(t, "rolecall", "login", "corp")
	if r := w.run(t, "rolecall", "sync"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	return w
}

func team(i int) string { return fmt.Sprintf("team-%02d", i) }

// settings writes the person's own settings.
func (w *world) settings(t *testing.T, text string) {
	t.Helper()
	path := filepath.Join(w.home, ".config", "rolecall", "config.toml")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// theRows returns the lines of the list.
func theRows(lines []string) []string {
	var rows []string
	for _, line := range lines[1:] {
		if strings.HasPrefix(line, "──") || line == "" {
			break
		}
		rows = append(rows, line)
	}
	return rows
}

func TestThePickersScreen(t *testing.T) {
	w := aListedWorld(t, 20, team)
	w.settings(t, "[[account]]\nmatch = \"payments-prod\"\nalias = \"pay\"\ntags = [\"prod\", \"team-pay\"]\n"+
		"guarded = true\n")
	s := onScreen(t, 80, 24, w.environ(), "pick")
	lines := s.shows("26/26", "── listed just now ──", "account9@", "F1 help")
	want := []string{
		"> type to search                                                           26/26",
		">  Data Lake [EU]       333344445555  Developer              data@example.com",
		"   payments-dev         111122223333  Admin                  payments-dev@examp…",
		"   payments-dev         111122223333  ReadOnly               payments-dev@examp…",
		" ! pay (payments-prod)  222233334444  ReadOnly   prod, tea…  payments-prod@exam…",
	}
	if len(lines) != 24 || !slices.Equal(lines[:5], want) {
		t.Errorf("the screen is\n%s", strings.Join(lines, "\n"))
	}
	if got := lines[23]; got != " Enter prints the target  ^E env  ^X shell  ^O console  ^Y copy ARN  F1 help" {
		t.Errorf("keys: %q", got)
	}
	s.types("prod")
	lines = s.shows("> prod ", ">! pay", "guarded: asks for confirmation", "   tags    prod, team-pay",
		"   e-mail  payments-prod@example.com", "1/26")
	if rows := theRows(lines); len(rows) != 1 {
		t.Errorf("rows\n%s", strings.Join(lines, "\n"))
	}
	s.types("\x15team 07")
	s.shows("> team 07 ", ">  team-07")
	s.types("\x15")
	s.shows("26/26")
	s.types("\x1bOP")
	s.shows("^Y", "copies its ARN", "any key goes back")
	s.types(" \x1b[B\x1b[B")
	s.shows(">  payments-dev         111122223333  ReadOnly")
	s.types("\r")
	if out, lines := s.ends(0); out != "111122223333/ReadOnly\n" || strings.Join(lines[1:], "") != "" {
		t.Errorf("stdout %q, screen\n%s", out, strings.Join(lines, "\n"))
	}
}

func TestSizesOfThePicker(t *testing.T) {
	w := aListedWorld(t, 20, team)
	s := onScreen(t, 20, 5, w.environ(), "pick", "--session", "corp", "--query", "team")
	lines := s.shows("24/26", "   team-03")
	want := []string{
		"> team         24/26", ">  team-00    Role00", "   team-01    Role00", "   team-02    Role00",
		"   team-03    Role00",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("20×5:\n%s", strings.Join(lines, "\n"))
	}
	s.types("\x1b[B\x1b[B\x1b[B\x1b[B\x1b[B")
	s.shows(">  team-05    Role00")
	s.size(200, 50)
	lines = s.shows(">  team-05          700000000005", "Enter prints the target")
	if len(lines) != 50 || len(theRows(lines)) != 24 || !strings.HasSuffix(lines[0], "24/26") || len(lines[0]) != 200 {
		t.Errorf("200×50:\n%s", strings.Join(lines, "\n"))
	}
	s.size(60, 10)
	lines = s.shows(">  team-05", "listed just now", "Enter prints the target", "24/26")
	if len(theRows(lines)) != 7 {
		t.Errorf("60×10:\n%s", strings.Join(lines, "\n"))
	}
	s.types("\r")
	if out, _ := s.ends(0); out != "corp:"+idctest.AccountID(5)+"/Role00\n" {
		t.Errorf("stdout %q", out)
	}
}

func TestEndsOfThePicker(t *testing.T) {
	w := aListedWorld(t, 0, nil)
	for name, end := range map[string]struct {
		with func(*screen)
		code int
		says string
	}{
		"esc":     {func(s *screen) { s.types("\x1b") }, 130, "rolecall: nothing was picked"},
		"ctrl-c":  {func(s *screen) { s.types("\x03") }, 130, "rolecall: nothing was picked"},
		"SIGINT":  {func(s *screen) { s.kill(syscall.SIGINT) }, 130, "rolecall: interrupted"},
		"SIGTERM": {func(s *screen) { s.kill(syscall.SIGTERM) }, 143, "rolecall: terminated"},
		"a pasted line, then esc": {func(s *screen) {
			s.types("\x1b[200~payments-dev\r\nAdmin\r\n\x1b[201~")
			s.shows("> payments-dev Admin ", "1/6")
			s.types("\x1b")
		}, 130, "rolecall: nothing was picked"},
	} {
		t.Run(name, func(t *testing.T) {
			s := onScreen(t, 80, 24, w.environ(), "pick")
			s.shows("6/6", "F1 help")
			end.with(s)
			out, lines := s.ends(end.code)
			if out != "" || lines[1] != end.says || strings.Join(lines[2:], "") != "" {
				t.Errorf("stdout %q, screen\n%s", out, strings.Join(lines, "\n"))
			}
		})
	}
}

// kill sends a signal to the program.
func (s *screen) kill(signal syscall.Signal) {
	s.t.Helper()
	if err := syscall.Kill(-s.cmd.Process.Pid, signal); err != nil {
		s.t.Fatal(err)
	}
}

func TestWhatIsDoneWithAChoice(t *testing.T) {
	w := aListedWorld(t, 0, nil)
	w.settings(t, "[[account]]\nmatch = \"sandbox\"\nguarded = true\n")
	shell := filepath.Join(w.home, "shell")
	if err := os.WriteFile(shell, []byte("#!/bin/sh\necho the shell of ${AWS_ACCESS_KEY_ID%%IA*}\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	environ := append(w.environ(), "SHELL="+shell)

	s := onScreen(t, 80, 24, environ, "pick", "--query", "payments-dev admin", "--shell", "fish")
	s.shows("1/6")
	s.types("\x05")
	if out, _ := s.ends(0); !strings.Contains(out, "set -gx AWS_ACCESS_KEY_ID") {
		t.Errorf("env: %q", out)
	}

	// Without a command, and with stdout for eval, Enter prints variables; keys of a guarded account need its name.
	s = onScreen(t, 80, 24, environ)
	s.shows("Enter prints variables", "6/6")
	s.types("sandbox")
	s.shows(">!", "1/6")
	s.types("\r")
	s.shows("type sandbox to continue")
	s.types("sandbox\r")
	if out, _ := s.ends(0); !strings.Contains(out, "export AWS_ACCESS_KEY_ID=") {
		t.Errorf("env: %q", out)
	}

	// A target is no key: y will do.
	s = onScreen(t, 80, 24, environ, "pick", "--query", "sandbox")
	s.shows(">!", "1/6")
	s.types("\r")
	s.shows("guarded: y to continue with sandbox, any other key to go back")
	s.types("n")
	s.shows("Enter prints the target", "> sandbox ")
	s.types("\r")
	s.shows("guarded: y to continue with sandbox, any other key to go back")
	s.types("y")
	if out, _ := s.ends(0); out != "555566667777/Admin\n" {
		t.Errorf("target: %q", out)
	}

	s = onScreen(t, 80, 24, environ, "pick", "--action", "shell", "--query", "till lake")
	s.shows("Enter opens a shell", "0/6", "nothing matches")
	s.types("\x15lake")
	s.shows("1/6", ">  Data Lake")
	s.types("\r")
	// The shell's output is for the person, even when stdout is for eval.
	if out, lines := s.ends(0); out != "" ||
		lines[1] != "rolecall: a shell with Developer in Data Lake [EU] 333344445555; exit to leave" ||
		lines[2] != "the shell of AS" {
		t.Errorf("shell: %q\n%s", out, strings.Join(lines, "\n"))
	}

	s = onScreen(t, 80, 24, environ, "pick", "--match", "payments-*", "--role", "Admin")
	s.shows("1/1")
	s.types("\x19")
	out, lines := s.ends(0)
	arn := regexp.MustCompile(`^arn:aws:iam::111122223333:role/aws-reserved/sso\.amazonaws\.com/` +
		`AWSReservedSSO_Admin_[0-9a-f]{16}\n$`)
	if !arn.MatchString(out) || !strings.HasPrefix(lines[1], "rolecall: copied") {
		t.Errorf("arn: %q\n%s", out, strings.Join(lines, "\n"))
	}
}

func TestHostileNamesInThePicker(t *testing.T) {
	names := []string{
		"\x1b[2J\x1b[31mred", "a\r\nb", "\u202egnp.exe", "zero\u200bwidth", "\x1b]52;c;eA==\x07", "tab\tted",
		"bell\x07", "データ基盤",
	}
	w := aListedWorld(t, len(names), func(i int) string { return names[i] })
	s := onScreen(t, 120, 30, w.environ(), "pick", "--match", "*", "--role", "Role00")
	lines := s.shows("8/8", "F1 help", "account7@")
	rows := theRows(lines)
	if len(rows) != len(names) {
		t.Errorf("%d rows:\n%s", len(rows), strings.Join(lines, "\n"))
	}
	for i := range names {
		id := idctest.AccountID(i)
		if n := strings.Count(strings.Join(rows, "\n"), id); n != 1 {
			t.Errorf("account %s is in %d rows:\n%s", id, n, strings.Join(lines, "\n"))
		}
	}
	s.types("red")
	s.shows("1/8", `>  \u001b[2J\u001b[31mred`)
	s.types("\r")
	if out, _ := s.ends(0); out != idctest.AccountID(0)+"/Role00\n" {
		t.Errorf("stdout %q", out)
	}
}

// The rows arrive while the picker is open; leaving it ends the listing, and the next one resumes.
func TestAListingWhileThePickerIsOpen(t *testing.T) {
	w := aWorld(t, oidc.Options{})
	if err := idctest.Fill(w.data, "alice", 24, 1, team); err != nil {
		t.Fatal(err)
	}
	w.signIn(t, "rolecall", "login", "corp")
	s := onScreen(t, 80, 24, w.environ(), "pick")
	partly := regexp.MustCompile(`── listing (\d+) of 29 accounts`)
	s.await("rows of a listing", func(lines []string) bool {
		return partly.MatchString(strings.Join(lines, "\n")) && len(theRows(lines)) >= 5
	})
	s.types("team-0\x1b[B")
	s.shows("> team-0 ")
	s.types("\x03")
	_, lines := s.ends(130)
	if lines[1] != "rolecall: nothing was picked" || strings.Join(lines[2:], "") != "" {
		t.Errorf("the screen is\n%s", strings.Join(lines, "\n"))
	}
	s = onScreen(t, 80, 24, w.environ(), "pick", "--query", "team-1")
	s.shows(">  team-1", "listed just now")
	s.types("\r")
	if out, _ := s.ends(0); !strings.HasPrefix(out, "7000000000") {
		t.Errorf("stdout %q", out)
	}

	// An old listing is shown at once, then replaced.
	w.age(t, 72*time.Hour)
	if _, err := idctest.Unassign(w.data, "alice", "333344445555", "Developer"); err != nil {
		t.Fatal(err)
	}
	s = onScreen(t, 80, 24, w.environ(), "pick")
	s.shows("30/30", "Data Lake", "── listed 3 days ago; listing ")
	lines = s.shows("29/29", "── listed just now")
	if strings.Contains(strings.Join(lines, "\n"), "Data Lake") {
		t.Errorf("the screen is\n%s", strings.Join(lines, "\n"))
	}
	s.types("\x1b")
	s.ends(130)

	// Or it stays, and the reason is shown.
	w.age(t, 72*time.Hour)
	if err := w.faults.Play([]string{"unavailable"}); err != nil {
		t.Fatal(err)
	}
	s = onScreen(t, 80, 24, w.environ(), "pick", "--query", "payments-dev admin")
	s.shows("/29", `── listed 3 days ago; listing the accounts and roles of "corp": `)
	s.types("\r")
	if out, _ := s.ends(0); out != "111122223333/Admin\n" {
		t.Errorf("stdout %q", out)
	}
}

// The sign-in has the whole screen, and the picker comes after it.
func TestThePickerSignsIn(t *testing.T) {
	w := aWorld(t, oidc.Options{})
	s := onScreen(t, 80, 24, w.environ(), "pick", "--query", "sandbox")
	var page string
	s.await("sign-in page", func([]string) bool {
		page = signInPage(string(s.raw))
		return page != ""
	})
	v := visitor.Visitor{User: "alice", Password: "correct-horse-alice"}
	if _, err := v.Visit(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	s.shows(">  sandbox", "1/6", "listed just now", "F1 help")
	s.types("\r")
	if out, _ := s.ends(0); out != "555566667777/Admin\n" {
		t.Errorf("stdout %q", out)
	}
}

// age makes the stored listing older.
func (w *world) age(t *testing.T, by time.Duration) {
	t.Helper()
	stored, err := filepath.Glob(filepath.Join(w.home, ".local", "state", "rolecall", "inventory", "*.json"))
	if err != nil || len(stored) != 1 {
		t.Fatal(stored, err)
	}
	if err := editFile(stored[0], func(text string) string {
		head, tail, _ := strings.Cut(text, `"takenAt":"`)
		return head + `"takenAt":"` + time.Now().Add(-by).UTC().Format(time.RFC3339) + tail[strings.IndexByte(tail, '"'):]
	}); err != nil {
		t.Fatal(err)
	}
}

// A shell that evaluates rolecall loses its old keys, since it gets no new ones.
func TestATerminalWithoutAScreen(t *testing.T) {
	w := aListedWorld(t, 0, nil)
	for _, args := range [][]string{{"pick"}, nil} {
		s := onScreen(t, 80, 24, append(w.environ(), "TERM=dumb"), args...)
		out, lines := s.ends(1)
		if evaluated := args == nil; evaluated != strings.HasSuffix(out, "\nfalse\n") || !evaluated && out != "" ||
			lines[1] != `rolecall: the picker needs a terminal that can move its cursor: TERM is "dumb"` ||
			lines[2] != "rolecall: hint: rolecall ls" {
			t.Errorf("stdout %q, screen\n%s", out, strings.Join(lines, "\n"))
		}
	}
}

// With NO_COLOR nothing has a colour.
func TestThePickerWithoutColours(t *testing.T) {
	w := aListedWorld(t, 0, nil)
	for _, colours := range []bool{true, false} {
		environ := w.environ()
		if !colours {
			environ = append(environ, "NO_COLOR=1")
		}
		s := onScreen(t, 80, 24, environ, "pick", "--query", "pay")
		s.shows("3/6", "F1 help")
		s.mu.Lock()
		cell, other := s.vt.Cell(3, 2), s.vt.Cell(12, 2) // "payments-dev" of a row that is not selected
		s.mu.Unlock()
		if cell.Char != 'p' || (cell.FG != other.FG) != colours {
			t.Errorf("colours %v: %+v and %+v", colours, cell, other)
		}
		s.types("\x1b")
		s.ends(130)
	}
}
