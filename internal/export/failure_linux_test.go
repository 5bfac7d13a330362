package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// A failingShell is a real shell, its format, and a script that evaluates the text in $FILE.
type failingShell struct {
	command []string
	format  string
	script  string // prints the status and, for each variable of sets that is left, its name
}

func failingShells() []failingShell {
	eval := `eval "$(cat "$FILE")"
printf '%s\n' "$?"
env | sed -n 's/^\([A-Z_]*\)=old$/\1/p'
`
	list := []failingShell{
		{[]string{"fish", "--no-config"}, "fish", `cat $FILE | source
echo $status
env | sed -n 's/^\([A-Z_]*\)=old$/\1/p'
`},
		{[]string{"tcsh", "-f"}, "csh", "eval \"`cat $FILE`\"\n" + `echo $status
env | sed -n 's/^\([A-Z_]*\)=old$/\1/p'
`},
		{[]string{"elvish", "-norc"}, "elvish", `try { eval (cat $E:FILE | slurp); echo 0 } catch { echo 1 }
env | sed -n 's/^\([A-Z_]*\)=old$/\1/p'
`},
	}
	for _, command := range posixShells() {
		list = append(list, failingShell{command, "sh", eval})
	}
	return list
}

// posixShells are those that read the format sh.
func posixShells() [][]string {
	return [][]string{
		{"dash"}, {"bash"}, {"bash", "--posix"}, {"zsh", "-f"}, {"busybox", "sh"}, {"ksh"}, {"mksh"}, {"yash"},
	}
}

func TestAFailedSwitchLeavesNoKeysAndAFailingStatus(t *testing.T) {
	for _, shell := range failingShells() {
		t.Run(strings.Join(shell.command, " "), func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := WriteFailure(&b, shell.format, Unset()); err != nil {
				t.Fatal(err)
			}
			out := runWithOldKeys(t, shell, b.String())
			if out != "1\n" {
				t.Errorf("status and variables: %q", out)
			}
			// It shows that the keys would be there without the output.
			if out := runWithOldKeys(t, shell, ""); strings.Count(out, "_") < len(sets) {
				t.Errorf("without output: %q", out)
			}
		})
	}
}

func TestASwitchThatWorksSucceeds(t *testing.T) {
	for _, shell := range failingShells() {
		t.Run(strings.Join(shell.command, " "), func(t *testing.T) {
			t.Parallel()
			var set, unset bytes.Buffer
			if err := Write(&set, shell.format, anEnvironment()); err != nil {
				t.Fatal(err)
			}
			if err := WriteUnset(&unset, shell.format, Unset()); err != nil {
				t.Fatal(err)
			}
			// Nothing is set in the second half, nor was AWS_PROFILE ever.
			for _, text := range []string{set.String(), unset.String(), unset.String() + set.String() + unset.String()} {
				if out := runWithOldKeys(t, shell, text); out != "0\n" {
					t.Errorf("status and variables: %q", out)
				}
			}
		})
	}
}

// Where a variable cannot be set, the switch fails, and leaves no mixture of old and new keys: that of env, and that of
// the function.
func TestAReadonlyVariableMakesASwitchFail(t *testing.T) {
	var env, function bytes.Buffer
	s, err := SwitchTo(anEnvironment(), "", "", nil)
	if err := errors.Join(err, Write(&env, "sh", anEnvironment()), WriteSwitch(&function, "sh", s)); err != nil {
		t.Fatal(err)
	}
	for _, command := range posixShells() {
		for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_PROFILE"} {
			for _, text := range []string{env.String(), function.String()} {
				script := "readonly " + name + "=mine\neval \"$(cat \"$FILE\")\" && echo switched\nenv\n"
				out, stderr, _ := start(t, command, script, text, nil)
				switched := strings.Contains(string(out), "switched") || strings.Contains(string(out), "=ASIA") ||
					strings.Contains(string(out), "AWS_SECRET_ACCESS_KEY=")
				if switched || stderr == "" {
					t.Errorf("%s, readonly %s: %q %q\n%s", strings.Join(command, " "), name, out, stderr, text)
				}
			}
		}
	}
}

func TestErrexitEndsAScriptWhoseSwitchFailed(t *testing.T) {
	for _, command := range posixShells() {
		var b bytes.Buffer
		if err := WriteFailure(&b, "sh", Unset()); err != nil {
			t.Fatal(err)
		}
		out, _, err := start(t, command, "set -eu\neval \"$(cat \"$FILE\")\"\necho on\n", b.String(), nil)
		if err == nil || len(out) > 0 {
			t.Errorf("%s: went on: %q, %v", strings.Join(command, " "), out, err)
		}
	}
}

// runWithOldKeys returns what a shell prints when it evaluates text with keys from before.
func runWithOldKeys(t *testing.T, shell failingShell, text string) string {
	t.Helper()
	var environ []string
	for _, name := range sets {
		environ = append(environ, name+"=old")
	}
	out, stderr, err := start(t, shell.command, shell.script, text, environ)
	if err != nil || stderr != "" {
		t.Errorf("%s: %v\n%s", strings.Join(shell.command, " "), err, stderr)
	}
	return string(out)
}

func TestAFailureInOtherFormats(t *testing.T) {
	for _, format := range Formats() {
		var b bytes.Buffer
		if err := WriteFailure(&b, format, Unset()); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		switch format {
		case "json", "dotenv", "credential-process", "sts":
			if b.Len() > 0 {
				t.Errorf("%s is not evaluated, but got %q", format, b.String())
			}
		case "nushell":
			var object map[string]any
			if err := json.Unmarshal(b.Bytes(), &object); err != nil || len(object) != len(sets) {
				t.Errorf("%s: %v\n%s", format, err, b.String())
			}
			for name, value := range object {
				if value != nil || !slices.Contains(sets[:], name) {
					t.Errorf("%s: %s is %v", format, name, value)
				}
			}
		case "powershell":
			testLines(t, format, b.String(), "Remove-Item Env:%s -ErrorAction SilentlyContinue",
				"throw 'rolecall: no credentials'")
		case "cmd":
			testLines(t, format, b.String(), `set "%s="`, "cmd /c exit 1")
		}
	}
	if err := WriteFailure(&bytes.Buffer{}, "SH", Unset()); err == nil {
		t.Error("an unknown format has a failure")
	}
}

// testLines tests that text has the line for each of sets, and the last one.
func testLines(t *testing.T, format, text, line, last string) {
	t.Helper()
	var want []string
	for _, name := range sets {
		want = append(want, strings.ReplaceAll(line, "%s", name))
	}
	if got := strings.Split(strings.TrimSuffix(text, "\n"), "\n"); !slices.Equal(got, append(want, last)) {
		t.Errorf("%s:\n%s", format, text)
	}
}
