//go:build linux

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/idc/oidc"
)

// A shellRun is how a shell is started, and lines of its language. The line fails or exits if its switch seems to work;
// out prints the environment into FILE in the folder $OUT.
type shellRun struct {
	argv                        []string // the lines follow, joined by then
	set, unset, fail, then, out string
}

// theShells are those that the guide names.
func theShells(t *testing.T) map[string]shellRun {
	t.Helper()
	nu, err := filepath.Abs("testdata/nushell/node_modules/@nushell/linux-x64/bin/nu")
	if err == nil {
		_, err = os.Stat(nu)
	}
	if err != nil {
		t.Fatalf("nushell is not there: %v\ninstall it: make needs", err)
	}
	shells := map[string]shellRun{
		"fish": {
			[]string{"fish", "--no-config", "-c"},
			"rolecall env TARGET --shell fish | source",
			"rolecall env --unset --shell fish | source", "not rolecall env nothere --shell fish | source", "; and ",
			"env -0 >$OUT/FILE",
		},
		"nushell": {
			[]string{nu, "-n", "-c"},
			"rolecall env TARGET --shell nushell | from json | load-env",
			"hide-env --ignore-errors ...(rolecall env --unset --shell nushell | from json)",
			"try { rolecall env nothere --shell nushell | from json | load-env; exit 9 } catch { }", "; ",
			"^env -0 | save --raw $'($env.OUT)/FILE'",
		},
		"elvish": {
			[]string{"elvish", "-norc", "-c"},
			"eval (rolecall env TARGET --shell elvish | slurp)",
			"eval (rolecall env --unset --shell elvish | slurp)",
			"try { eval (rolecall env nothere --shell elvish | slurp) } catch { } else { exit 9 }", "; ",
			"env -0 >$E:OUT/FILE",
		},
		"tcsh": {
			[]string{"tcsh", "-f", "-c"},
			"eval \"`rolecall env TARGET --shell csh`\"",
			"eval \"`rolecall env --unset --shell csh`\"", "eval \"`rolecall env nothere --shell csh`\" && exit 9; true", " && ",
			"env -0 >$OUT/FILE",
		},
	}
	for name, argv := range map[string][]string{
		"dash": {"dash", "-c"}, "bash": {"bash", "-c"}, "bash --posix": {"bash", "--posix", "-c"}, "zsh": {"zsh", "-fc"},
		"busybox": {"busybox", "sh", "-c"}, "ksh": {"ksh", "-c"}, "mksh": {"mksh", "-c"}, "yash": {"yash", "-c"},
	} {
		shells[name] = shellRun{
			argv, `eval "$(rolecall env TARGET)"`, `eval "$(rolecall env --unset)"`,
			`! eval "$(rolecall env nothere)"`, " && ", `env -0 >$OUT/FILE`,
		}
	}
	return shells
}

// Each shell reads the values byte for byte, and the AWS CLI works with them there. It removes them again; shells that
// evaluate text remove them when a switch fails, too.
func TestEveryShellSetsUnsetsAndFails(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	want := map[string]string{}
	if err := json.Unmarshal([]byte(w.must(t, "rolecall", "env", "dev", "--json")), &want); err != nil {
		t.Fatal(err)
	}
	tools := t.TempDir()
	script := "#!/bin/sh\nexec '" + strings.Join(sidAWS(t).argv, "' '") + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(tools, "aws"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, shell := range theShells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			line := strings.Join([]string{
				strings.ReplaceAll(shell.set, "TARGET", "dev"), strings.ReplaceAll(shell.out, "FILE", "set"),
				strings.NewReplacer("env -0", "aws sts get-caller-identity", "FILE", "aws").Replace(shell.out),
				shell.fail, strings.ReplaceAll(shell.out, "FILE", "failed"),
				strings.ReplaceAll(shell.set, "TARGET", "dev"), shell.unset,
				strings.ReplaceAll(shell.out, "FILE", "unset"),
			}, shell.then)
			c := exec.CommandContext(t.Context(), shell.argv[0], append(slices.Clone(shell.argv[1:]), line)...)
			c.Env = append(w.environ(), "PATH="+tools+":"+os.Getenv("PATH"), "OUT="+dir, "AWS_PROFILE=stale",
				"ROLECALL_GUARDED=stale", "AWS_ACCOUNT_ID=999999999999")
			if out, err := c.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s\n%s", err, line, out)
			}
			set := variablesIn(t, filepath.Join(dir, "set"))
			for name, value := range want {
				if set[name] != value {
					t.Errorf("%s is %q, want %q", name, set[name], value)
				}
			}
			who, err := os.ReadFile(filepath.Join(dir, "aws"))
			if err != nil || !strings.Contains(string(who), callerIs) {
				t.Errorf("the AWS CLI in this shell is %s, %v", who, err)
			}
			wantGone(t, set, "AWS_PROFILE", "ROLECALL_GUARDED")
			unset := variablesIn(t, filepath.Join(dir, "unset"))
			failed := variablesIn(t, filepath.Join(dir, "failed"))
			for variable := range want {
				wantGone(t, unset, variable)
				if name != "nushell" && name != "elvish" { // they read no output of a command that failed
					wantGone(t, failed, variable)
				}
			}
		})
	}
}

func wantGone(t *testing.T, variables map[string]string, names ...string) {
	t.Helper()
	for _, name := range names {
		if value, found := variables[name]; found {
			t.Errorf("%s is still %q", name, value)
		}
	}
}

// variablesIn reads what "env -0" printed.
func variablesIn(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{}
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(text), "\x00"), "\x00") {
		name, value, _ := strings.Cut(entry, "=")
		variables[name] = value
	}
	return variables
}
