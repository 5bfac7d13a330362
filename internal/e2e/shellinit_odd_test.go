//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/hostile"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
)

// aCutRolecall is a rolecall whose switch to "audit" prints only the beginning of what a shell evaluates, and ends as
// the shell line says.
func aCutRolecall(t *testing.T, ends string) string {
	t.Helper()
	program, err := exec.LookPath("rolecall")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := "#!/bin/sh\ncase \"$*\" in switch*audit) " + program + " \"$@\" | head -c 700; " + ends + " ;; esac\nexec " +
		program + " \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "rolecall"), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Nothing is evaluated of an output that is not whole, and the shell is nobody afterwards.
func TestHalfAnOutputIsNotEvaluated(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	for end, ends := range map[string]struct{ line, code string }{
		"killed": {"kill -9 $$", "137"}, "cut off": {"exit 0", "1"}, "failed": {"exit 5", "5"},
	} {
		dir := aCutRolecall(t, ends.line)
		for name, shell := range functionShells(t) {
			t.Run(end+", "+name, func(t *testing.T) {
				t.Parallel()
				out, _ := shell.run(t, w, "", []string{shell.step("rc dev", "dev"), shell.step("rc audit", "cut")},
					"PATH="+dir+":"+os.Getenv("PATH"), "ROLECALL_SESSION=stale")
				wantTarget(t, variablesIn(t, filepath.Join(out, "dev")), "dev", "")
				v := variablesIn(t, filepath.Join(out, "cut"))
				wantGone(t, v, slices.Concat(keysOf, []string{"ROLECALL_TARGET", "ROLECALL_SESSION", "AWS_PROFILE"})...)
				code := ends.code
				if strings.HasPrefix(name, "nushell") && end != "failed" {
					code = map[string]string{"killed": "-9", "cut off": "1"}[end]
				}
				if name == "elvish" && end == "cut off" {
					code = "137" // an exception without an exit code
				}
				wantCode(t, out, "cut", code)
			})
		}
	}
}

// With --mode profile a shell gets the exact name of the profile, whatever is in it, and no keys; rc - finds it again.
func TestModeProfileOfAnyName(t *testing.T) {
	t.Parallel()
	w := aWorldWithOddNames(t)
	var names, environ []string
	for name := range oddNames() {
		environ = append(environ, fmt.Sprintf("T%d=%s", len(names), name))
		names = append(names, name)
	}
	for name, shell := range functionShells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lines []string
			for i := range names {
				lines = append(lines, shell.step("rc "+shell.variable(fmt.Sprintf("T%d", i)), fmt.Sprint("to", i)),
					shell.step("rc audit", "audit"), shell.step("rc -", fmt.Sprint("back", i)))
			}
			lines = append(lines,
				shell.step("rc 111122223333/ReadOnly", "found"), shell.step("rc payments-prod/ReadOnly", "none"),
				shell.step("rc --mode keys dev", "keys"), shell.step("rc audit", "last"), shell.step("rc --clear", "clear"))
			out, _ := shell.run(t, w, "--mode profile", lines, slices.Concat(environ, []string{
				"AWS_ACCESS_KEY_ID=stale", "AWS_SECRET_ACCESS_KEY=stale", "AWS_SESSION_TOKEN=stale",
				"AWS_WEB_IDENTITY_TOKEN_FILE=/stale",
			})...)
			for i, profile := range names {
				for _, file := range []string{fmt.Sprint("to", i), fmt.Sprint("back", i)} {
					v := variablesIn(t, filepath.Join(out, file))
					wantCode(t, out, file, "0")
					if v["AWS_PROFILE"] != profile {
						t.Errorf("%s: AWS_PROFILE is %q, want %q", file, v["AWS_PROFILE"], profile)
					}
					wantGone(t, v, slices.Concat(keysOf, []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ACCOUNT_ID"})...)
				}
			}
			wantCode(t, out, "found", "0")
			wantCode(t, out, "none", "6")
			wantGone(t, variablesIn(t, filepath.Join(out, "none")), "AWS_PROFILE", "ROLECALL_TARGET")
			wantGone(t, variablesIn(t, filepath.Join(out, "keys")), "AWS_PROFILE")
			wantGone(t, variablesIn(t, filepath.Join(out, "clear")), "AWS_PROFILE", "ROLECALL_TARGET")
			if v := variablesIn(t, filepath.Join(out, "keys")); v["AWS_ACCESS_KEY_ID"] == "" {
				t.Error("--mode keys set no keys")
			}
			if v := variablesIn(t, filepath.Join(out, "last")); v["AWS_PROFILE"] != "audit" || v["ROLECALL_ROLE"] != "ReadOnly" {
				t.Errorf("the last profile is %q, role %q", v["AWS_PROFILE"], v["ROLECALL_ROLE"])
			}
		})
	}
}

// No name of an account runs anything.
func TestTheFunctionWithHostileNames(t *testing.T) {
	t.Parallel()
	canary := filepath.Join(t.TempDir(), "canary")
	var all []string
	for _, name := range hostile.Names() {
		if name != "" && len(all) < 40 {
			all = append(all, strings.ReplaceAll(name, "CANARYPATH", canary))
		}
	}
	w := aListedWorld(t, len(all), func(i int) string { return all[i] })
	for name, shell := range functionShells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lines []string
			for i := range all {
				lines = append(lines, strings.ReplaceAll(shell.do, "LINE",
					"rc --session corp --account "+idctest.AccountID(i)+" --role Role00"))
			}
			lines = append(lines, shell.out)
			out, _ := shell.run(t, w, "", lines)
			v := variablesIn(t, filepath.Join(out, "FILE"))
			if v["ROLECALL_ACCOUNT_ID"] != idctest.AccountID(len(all)-1) {
				t.Errorf("the account is %q, named %q", v["ROLECALL_ACCOUNT_ID"], v["ROLECALL_ACCOUNT_NAME"])
			}
			if _, err := os.Stat(canary); err == nil {
				t.Error("a name was run")
			}
		})
	}
}

// A readonly variable makes a switch fail, visibly, and leaves no keys that work.
func TestAReadonlyVariable(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	for name, shell := range functionShells(t) {
		if !strings.Contains("bash bash -eu bash --posix zsh zsh -eu", name) {
			continue // other shells have no readonly environment
		}
		for _, variable := range []string{
			"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "ROLECALL_TARGET", "AWS_REGION",
		} {
			t.Run(name+", "+variable, func(t *testing.T) {
				t.Parallel()
				out, printed := shell.run(t, w, "", []string{
					shell.step("rc dev", "dev"), "readonly " + variable, shell.step("rc audit", "audit"),
				})
				v := variablesIn(t, filepath.Join(out, "audit"))
				wantCode(t, out, "audit", "1")
				if !strings.Contains(printed, "is one of the variables readonly?") {
					t.Errorf("printed %s", printed)
				}
				for _, key := range keysOf[:3] {
					if key != variable {
						wantGone(t, v, key)
					}
				}
			})
		}
	}
}

// The function takes no line of a stdin that is not a terminal, and works in functions and in files that are sourced.
func TestTheFunctionInScripts(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	for name, shell := range functionShells(t) {
		if base := filepath.Base(shell.argv[0]); base != "bash" && base != "zsh" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, _ := shell.run(t, w, "", []string{
				`use() { local AWS_PROFILE=mine; rc "$1"; }`, shell.step("use dev", "function"),
				`printf 'rc audit\n' >"$OUT/lib.sh"; . "$OUT/lib.sh"`, strings.ReplaceAll(shell.out, "FILE", "sourced"),
				`printf 'dev\naudit\n' | { n=0; while read -r target; do rc "$target"; n=$((n + 1)); done; ` +
					`echo "$n" >"$OUT/lines"; }`,
				`( rc --clear; ` + strings.ReplaceAll(shell.out, "FILE", "child") + ` )`,
				`if rc nothere; then exit 9; fi`, `rc 'no where*'/Admin || echo $? >"$OUT/quoted"`,
				`rc nowhere-*/Admin? || echo $? >"$OUT/wild"`, `rc dev && ` + strings.ReplaceAll(shell.out, "FILE", "and"),
			})
			for file, target := range map[string]string{"function": "dev", "sourced": "audit", "child": "", "and": "dev"} {
				if v := variablesIn(t, filepath.Join(out, file)); v["ROLECALL_TARGET"] != target {
					t.Errorf("%s: the target is %q, want %q", file, v["ROLECALL_TARGET"], target)
				}
			}
			for _, file := range []string{"quoted", "wild"} {
				code, err := os.ReadFile(filepath.Join(out, file))
				if name != "bash, traps" && (err != nil || string(code) != "4\n") { // failglob has the last word
					t.Errorf("%s: exit code %s, %v, want rolecall's", file, code, err)
				}
			}
			if lines, err := os.ReadFile(filepath.Join(out, "lines")); err != nil || string(lines) != "2\n" {
				t.Errorf("%s lines were read, %v", lines, err)
			}
		})
	}
}
