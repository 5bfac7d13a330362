//go:build linux

package e2e

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// A signal reaches each command once, whether it comes from the terminal or was sent to rolecall alone, and wherever
// rolecall's stdin comes from.
func TestEachCommandGetsASignalOnce(t *testing.T) {
	t.Parallel()
	s := many(t, 2)
	const count = `n=0; trap 'n=$((n+1))' INT; echo "up $ROLECALL_ACCOUNT_ID" >&2; i=0; ` +
		`while [ $i -lt 20 ]; do sleep 0.1; i=$((i+1)); done; echo "in all $n" >&2`
	up := t.TempDir() + "/"
	signalled := strings.Replace(count, " i=0;", ` : >`+up+`$ROLECALL_ACCOUNT_ID; `+
		`[ $ROLECALL_ACCOUNT_ID = `+accountID(0)+` ] && { until [ -e `+up+accountID(1)+` ]; do sleep 0.05; done; `+
		`kill -INT $PPID; } & i=0;`, 1)
	all := []string{"rolecall", "exec", "--match", "many*", "--parallel", "2", "--", "sh", "-c"}
	ctrlC := []typing{{"up " + accountID(1), ""}, {"up " + accountID(0), "\x03"}}
	for name, x := range map[string]struct {
		before []string
		script string
		types  []typing
	}{
		"typed":                {nil, count, ctrlC},
		"typed, another stdin": {[]string{"sh", "-c", `exec "$@" </dev/null`, "sh"}, count, ctrlC},
		"sent to rolecall":     {nil, signalled, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
			defer cancel()
			argv := s.in("endpoints", append(append(append([]string{}, x.before...), all...), x.script)...)
			code, screen, err := aTerminal{types: x.types}.run(ctx, argv, s.environ(), nil)
			if err != nil || code != 130 || strings.Count(screen, "in all 1") != 2 {
				t.Errorf("exit code %d, %v\n%s", code, err, screen)
			}
		})
	}
}

// Signals that whoever started rolecall ignores stay ignored in the commands.
func TestIgnoredSignalsStayIgnored(t *testing.T) {
	t.Parallel()
	s := many(t, 2)
	for _, name := range []string{"HUP", "INT"} {
		argv := s.in("endpoints", "sh", "-c", "trap '' "+name+`; exec "$@"`, "sh",
			"rolecall", "exec", "--match", "many*", "--", "sh", "-c", "kill -"+name+" $$; echo alive")
		cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
		cmd.Env = s.environ()
		if out, err := cmd.CombinedOutput(); err != nil || strings.Count(string(out), "| alive") != 2 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// Commands that do not end after Ctrl-C are killed by the second one, with all that they have started.
func TestASecondCtrlCEndsAtOnce(t *testing.T) {
	t.Parallel()
	s := many(t, 3)
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	argv := s.in("endpoints", "rolecall", "exec", "--match", "many*", "--parallel", "2", "--",
		"sh", "-c", `trap 'echo "told $ROLECALL_ACCOUNT_ID" >&2' INT; echo "up $ROLECALL_ACCOUNT_ID" >&2; `+
			`trap "" TERM; (trap "" INT; exec sleep 987) & echo "began $!." >&2; while :; do sleep 0.05; done`)
	person := aTerminal{types: []typing{
		{"up " + accountID(1), ""},
		{"up " + accountID(0), "\x03"},
		{"told " + accountID(1), ""},
		{"told " + accountID(0), "\x03"},
	}}
	code, screen, err := person.run(ctx, argv, s.environ(), nil)
	if err != nil || code != 130 || strings.Count(screen, "signal 9: killed") < 2 ||
		!strings.Contains(screen, "1 not run") {
		t.Errorf("exit code %d, %v\n%s", code, err, screen)
	}
	began := regexp.MustCompile(`began (\d+)\.`).FindAllStringSubmatch(screen, -1)
	if len(began) != 2 {
		t.Fatalf("what was started is not named\n%s", screen)
	}
	for _, found := range began {
		line, err := os.ReadFile("/proc/" + found[1] + "/cmdline")
		if err == nil && strings.Contains(string(line), "987") { // one that is to be reaped has no command line
			t.Errorf("what a command had started is still there: %q", line)
		}
	}
}
