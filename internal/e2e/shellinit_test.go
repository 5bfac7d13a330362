//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/idc/oidc"
)

// A functionShell is a shell with the function of shell-init, in a script. do runs a line of the function and writes
// its exit code to a file; out writes the environment to one.
type functionShell struct {
	argv    []string // the script's path follows
	init    string
	do, out string // with LINE, FILE
}

func posixFunction(init, prelude string, argv ...string) functionShell {
	return functionShell{
		argv, prelude + "\n" + `eval "$(rolecall shell-init ` + init + ` MODE)"`,
		"code=0; LINE || code=$?; echo \"$code\" >\"$OUT/FILE.code\"", "env -0 >\"$OUT/FILE\"",
	}
}

// functionShells are the shells, as people set them up.
func functionShells(t *testing.T) map[string]functionShell {
	t.Helper()
	nu := theShells(t)["nushell"].argv[0]
	return map[string]functionShell{
		"bash":            posixFunction("bash", "", "bash"),
		"bash -eu":        posixFunction("bash", "", "bash", "-eu", "-o", "pipefail"),
		"bash --posix":    posixFunction("bash", "", "bash", "--posix", "-eu"),
		"bash, odd IFS":   posixFunction("bash", "", "bash", "-c", "eval \"$(sed 's/^code/IFS=0rol; code/' \"$0\")\""),
		"bash, alias":     posixFunction("bash", "shopt -s expand_aliases; alias rc='echo alias' rc2=ls", "bash"),
		"bash, traps":     posixFunction("bash", "trap 'exit 99' ERR; set -E; shopt -s failglob nocasematch", "bash"),
		"bash, trace":     posixFunction("bash", "set -xv", "bash"),
		"zsh":             posixFunction("zsh", "", "zsh", "-f"),
		"zsh -eu":         posixFunction("zsh", "", "zsh", "-f", "-eu"),
		"zsh, alias":      posixFunction("zsh", "alias rc='echo alias' rolecall='noglob rolecall'", "zsh", "-f"),
		"zsh, trace":      posixFunction("zsh", "set -xv", "zsh", "-f"),
		"zsh, options":    posixFunction("zsh", zshOptions, "zsh", "-f"),
		"zsh, emulate sh": posixFunction("zsh", "emulate sh", "zsh", "-f"),
		"fish": {
			[]string{"fish", "--no-config"},
			"rolecall shell-init fish MODE | source",
			"LINE; echo $status >\"$OUT/FILE.code\"", "env -0 >\"$OUT/FILE\"",
		},
		"fish, trace": {
			[]string{"fish", "--no-config"},
			"function rc; echo mine; end; rolecall shell-init fish MODE | source; set -g fish_trace 1",
			"LINE; echo $status >\"$OUT/FILE.code\"", "env -0 >\"$OUT/FILE\"",
		},
		"nushell": {
			[]string{nu, "-n"},
			"source INIT",
			"try { LINE; '0' | save -f $'($env.OUT)/FILE.code' } catch {|e| $'($e.exit_code? | default 1)' | " +
				"save -f $'($env.OUT)/FILE.code' }",
			"^env -0 | save -f --raw $'($env.OUT)/FILE'",
		},
		"elvish": {
			[]string{"elvish", "-norc"},
			"use ./rolecall; var rc~ = $rolecall:rc~",
			"try { LINE; echo 0 >$E:OUT/FILE.code } catch e { if (has-key $e[reason] exit-status) { " +
				"echo $e[reason][exit-status] >$E:OUT/FILE.code } else { echo 137 >$E:OUT/FILE.code } }",
			"env -0 >$E:OUT/FILE",
		},
	}
}

const zshOptions = "setopt nounset sh_word_split ksh_arrays warn_create_global no_global_export err_return " +
	"posix_builtins no_short_loops glob_subst rc_quotes csh_null_glob 2>/dev/null"

// variable is how the shell writes the value of a variable as a word.
func (s functionShell) variable(name string) string {
	switch filepath.Base(s.argv[0]) {
	case "nu":
		return "$env." + name
	case "elvish":
		return "$E:" + name
	}
	return `"$` + name + `"`
}

// run runs lines in the shell, in a folder, and returns what it printed.
func (s functionShell) run(t *testing.T, w *world, mode string, lines []string, more ...string) (dir, printed string) {
	t.Helper()
	dir = t.TempDir()
	shell := filepath.Base(s.argv[0])
	if shell == "nu" || shell == "elvish" {
		of := map[string]string{"nu": "nushell", "elvish": "elvish"}[shell]
		text := w.must(t, append([]string{"rolecall", "shell-init", of}, strings.Fields(mode)...)...)
		if err := os.WriteFile(filepath.Join(dir, "rolecall.elv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	begin := strings.NewReplacer("INIT", filepath.Join(dir, "rolecall.elv"), "MODE", mode).Replace(s.init)
	script := begin + "\n" + strings.Join(lines, "\n") + "\n"
	path := filepath.Join(dir, "script.sh")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), s.argv[0], append(slices.Clone(s.argv[1:]), path)...)
	c.Dir = dir
	c.Env = append(append(w.environ(), "OUT="+dir), more...)
	c.Stdin = strings.NewReader("stdin is not ours\n")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, out)
	}
	return dir, string(out)
}

func (s functionShell) step(line, file string) string {
	return strings.NewReplacer("LINE", line, "FILE", file).Replace(s.do) + "\n" +
		strings.ReplaceAll(s.out, "FILE", file)
}

func wantCode(t *testing.T, dir, file, want string) {
	t.Helper()
	code, err := os.ReadFile(filepath.Join(dir, file+".code"))
	if err != nil || strings.TrimSpace(string(code)) != want {
		t.Errorf("%s: exit code %q, %v, want %s", file, code, err, want)
	}
}

func wantTarget(t *testing.T, variables map[string]string, target, previous string) {
	t.Helper()
	if variables["ROLECALL_TARGET"] != target || variables["ROLECALL_PREVIOUS"] != previous {
		t.Errorf("the target is %q, before %q; want %q, before %q",
			variables["ROLECALL_TARGET"], variables["ROLECALL_PREVIOUS"], target, previous)
	}
}

var keysOf = []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"}

// The function switches, goes back, fails with rolecall's exit code and without keys, and clears, in each shell.
func TestTheFunctionOfEachShell(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	for name, shell := range functionShells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, printed := shell.run(t, w, "", []string{
				shell.step("rc dev", "dev"), shell.step("rc audit", "audit"), shell.step("rc -", "back"),
				shell.step("rc --help", "help"), shell.step("rc nothere", "failed"), shell.step("rc -", "again"),
				shell.step("rc dev extra", "usage"), shell.step("rc --region eu-north-1 dev", "region"),
				shell.step("rc --clear", "clear"), shell.step("rc", "picker"),
			}, "AWS_PROFILE=stale", "AWS_VAULT=stale", "AWS_ACCOUNT_ID=999999999999")
			for file, want := range map[string]struct{ code, target, previous string }{
				"dev": {"0", "dev", "stale"}, "audit": {"0", "audit", "dev"}, "back": {"0", "dev", "audit"},
				"help": {"0", "dev", "audit"}, "failed": {"6", "", "dev"}, "again": {"0", "dev", ""},
				"usage": {"2", "", "dev"}, "region": {"0", "dev", ""}, "clear": {"0", "", "dev"}, "picker": {"1", "", "dev"},
			} {
				t.Run(file, func(t *testing.T) {
					v := variablesIn(t, filepath.Join(dir, file))
					wantCode(t, dir, file, want.code)
					if want.previous != "" || want.target == "" {
						wantTarget(t, v, want.target, want.previous)
					}
					wantGone(t, v, "AWS_PROFILE", "AWS_VAULT")
					if want.target == "" {
						wantGone(t, v, keysOf...)
					} else if v["AWS_ACCESS_KEY_ID"] == "" || v["AWS_SESSION_TOKEN"] == "" {
						t.Error("there are no keys")
					}
				})
			}
			for _, value := range variablesIn(t, filepath.Join(dir, "dev")) {
				if len(value) > 100 && strings.Contains(printed, value) {
					t.Error("a secret was printed")
				}
			}
			if !strings.Contains(printed, "Switch this shell") || !strings.Contains(printed, "usage: rc [TARGET") {
				t.Errorf("printed\n%s", printed)
			}
		})
	}
}
