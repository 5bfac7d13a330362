//go:build linux

package e2e

import (
	"bytes"
	"context"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rolecall/internal/idc/oidc"
)

// Between the terminal and the command of exec there is no process of ours: the command is the process that was
// started, with its signals, ignored ones included, and its end.
func TestExecIsExec(t *testing.T) {
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	start := func(argv ...string) (*exec.Cmd, *bytes.Buffer) {
		t.Helper()
		cmd := exec.Command(argv[0], argv[1:]...)
		var out bytes.Buffer
		cmd.Env, cmd.Stdout = w.environ(), &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, &out
	}
	for name, argv := range map[string][]string{
		"exec":    {"rolecall", "exec", "dev", "--", "sh", "-c", "echo $$"},
		"idc run": {"rolecall", "idc", "run", "--url", serve(t, w.home).url, "--", "sh", "-c", "echo $$"},
	} {
		cmd, out := start(argv...)
		if err := cmd.Wait(); err != nil || strings.TrimSpace(out.String()) != strconv.Itoa(cmd.Process.Pid) {
			t.Errorf("%s: %v, the command is %s, not %d", name, err, out, cmd.Process.Pid)
		}
	}
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1} {
		cmd, out := start("rolecall", "exec", "dev", "--", "sh", "-c", "kill -"+strconv.Itoa(int(s))+" $$; echo alive")
		err := cmd.Wait()
		if status := cmd.ProcessState.Sys().(syscall.WaitStatus); err == nil || !status.Signaled() || status.Signal() != s {
			t.Errorf("%v: ended with %v, %s", s, err, out)
		}
		if s != syscall.SIGINT && s != syscall.SIGHUP { // all that Go leaves ignored at the start of a program
			continue
		}
		ignoring := "trap '' " + strconv.Itoa(int(s)) + "; exec rolecall exec dev -- sh -c 'kill -" + strconv.Itoa(int(s)) +
			" $$; echo alive'"
		cmd, out = start("sh", "-c", ignoring)
		if err := cmd.Wait(); err != nil || strings.TrimSpace(out.String()) != "alive" {
			t.Errorf("%v, ignored from the start: %v, %s", s, err, out)
		}
	}
}

// Ctrl-C at a terminal reaches the command once, wherever its stdin comes from, and whether rolecall is still there.
func TestCtrlCReachesTheCommandOnce(t *testing.T) {
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	const count = `n=0; trap 'n=$((n+1)); echo "got $n" >&2' INT; echo ready >&2; i=0; ` +
		`while [ $i -lt 15 ]; do sleep 0.1; i=$((i+1)); done; echo "in all $n" >&2`
	exec := []string{"rolecall", "exec", "dev", "--", "sh", "-c", count}
	demo := []string{"rolecall", "demo", "--", "sh", "-c", count}
	elsewhere := []string{"sh", "-c", `exec "$@" </dev/null`, "sh"}
	for name, argv := range map[string][]string{
		"exec": exec, "exec, another stdin": slices.Concat(elsewhere, exec),
		"demo": demo, "demo, another stdin": slices.Concat(elsewhere, demo),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			person := aTerminal{types: []typing{{"ready", "\x03"}}}
			code, screen, err := person.run(ctx, argv, w.environ(), nil)
			if err != nil || code != 0 || !strings.Contains(screen, "in all 1") {
				t.Errorf("exit code %d, %v\n%s", code, err, screen)
			}
		})
	}
}
