//go:build linux

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
)

// worldKey finds a story's world.
type worldKey struct{}

// Each story has a home folder and an Identity Center of its own. Besides the commands of testscript it has:
//
//	signin USER [-deny] [-paste] [at SHOWN TYPED … --] COMMAND
//	                                       a person who signs in where asked, and types (run it with exec)
//	at SHOWN TYPED … -- COMMAND            a person who types when the screen shows something (run it with exec)
//	visit ADDRESS|FILE                     a browser (run it with exec, or as $BROWSER)
//	exits CODE COMMAND                     the command ends with this very code
//	fault SPEC …|none                      the Identity Center misbehaves, as docs/faults.md explains
//	center restart|lose|stop|end USER|unassign USER ACCOUNT ROLE|rename ACCOUNT NAME|lives TOKEN-LIFE
//	center proxy                           from here on AWS's own host names lead to it, without settings of endpoints
//	token DURATION                         the cached token ends so far from now
//	roles DURATION                         all cached role credentials end so far from now
//	answered CALL N                        the Identity Center answered this call well N times
//	[wine] …, [!wine] …                    the line is for the Windows programs, or not for them
//
// A story with the line "# needs Unix: REASON" does not run with the Windows programs (windows_test.go).
func TestStories(t *testing.T) {
	runStories(t, storyParams(), nil)
}

func storyParams() testscript.Params {
	return testscript.Params{
		Dir: "testdata/stories",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "fault": fault, "center": center, "token": token, "roles": roles, "answered": answered,
			"keyring": keyringCommand,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	}
}

// runStories runs stories with more variables than those of their world. The condition [wine] holds where the programs
// are the Windows ones.
func runStories(t *testing.T, params testscript.Params, more []string) {
	params.Setup = func(env *testscript.Env) error {
		home := filepath.Join(env.WorkDir, "home")
		w, err := newWorld(home, oidc.Options{})
		if err != nil {
			return err
		}
		env.Values[worldKey{}], env.Values[desktopKey{}] = w, &desktopHolder{}
		env.Defer(func() { w.close() })
		env.Vars = append(env.Vars, "CENTER="+w.url, "BIN="+bin, "CONFIG="+filepath.Join(home, ".aws", "config"))
		env.Vars = append(append(env.Vars, w.environ()...), more...)
		return nil
	}
	params.Condition = func(cond string) (bool, error) {
		if cond != "wine" {
			return false, fmt.Errorf("unknown condition %q", cond)
		}
		return len(more) > 0, nil
	}
	testscript.Run(t, params)
}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if err != nil || neg {
		ts.Fatalf("usage: exits CODE COMMAND …")
	}
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = shellCode(exit.ProcessState)
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// shellCode is the exit code as a shell sees it: 128 and the signal for a program that one has ended.
func shellCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

func fault(ts *testscript.TestScript, _ bool, args []string) {
	if args[0] == "none" {
		args = nil
	}
	ts.Check(worldOf(ts).faults.Play(args))
}

func center(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	switch args[0] {
	case "restart":
		ts.Check(w.restart())
	case "lose":
		ts.Check(w.lose())
	case "stop":
		ts.Check(w.http.Close())
	case "end":
		ts.Check(w.current().SignOut(context.Background(), args[1]))
	case "proxy":
		for _, entry := range w.environ() {
			if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
				ts.Setenv(name, "")
			}
		}
		environ, err := w.withProxy()
		ts.Check(err)
		for _, entry := range environ {
			if name, value, _ := strings.Cut(entry, "="); name != "PATH" {
				ts.Setenv(name, value)
			}
		}
	case "unassign":
		there, err := idctest.Unassign(w.data, args[1], args[2], args[3])
		ts.Check(err)
		if !there {
			ts.Fatalf("there was no such assignment")
		}
	case "rename":
		ts.Check(idctest.RenameAccount(w.data, args[1], args[2]))
	case "lives":
		life, err := time.ParseDuration(args[1])
		ts.Check(err)
		w.lives.AccessTokenLife = life
		ts.Check(w.restart())
	default:
		ts.Fatalf("center %s: unknown", args[0])
	}
}

func token(ts *testscript.TestScript, _ bool, args []string) {
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	ts.Check(worldOf(ts).editToken(endIn("expiresAt", d)))
}

func roles(ts *testscript.TestScript, _ bool, args []string) {
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	paths, err := filepath.Glob(filepath.Join(worldOf(ts).home, ".aws", "cli", "cache", "*.json"))
	ts.Check(err)
	if len(paths) == 0 {
		ts.Fatalf("there are no cached role credentials")
	}
	for _, path := range paths {
		ts.Check(editFile(path, endIn("Expiration", d)))
	}
}

func answered(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	w := worldOf(ts).current()
	got := w.OIDC.Counts()[args[0]]
	if args[0] == "GetRoleCredentials" {
		got = w.STS.HandedOut()
	}
	if got != want {
		ts.Fatalf("%s was answered %d times, want %d", args[0], got, want)
	}
}

// Every command that rolecall lists has a story.
func TestEveryCommandHasAStory(t *testing.T) {
	_, names := helpText(t, nil)
	if len(names) < 19 {
		t.Fatalf("only %d commands were found: %v", len(names), names)
	}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join("testdata", "stories", name+".txtar")); err != nil {
			t.Errorf("rolecall %s has no story %s.txtar", name, name)
		}
	}
}
