//go:build linux

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// accountName returns the name of the n-th account in a made-up organization, some of them hostile.
func accountName(n int) string {
	switch n % 10 {
	case 3:
		return fmt.Sprintf("many %d $(touch owned) `touch owned`", n)
	case 6:
		return fmt.Sprintf("many-%d | 'quoted\" /Admin", n)
	}
	return fmt.Sprintf("many-%d", n)
}

func accountID(n int) string { return fmt.Sprintf("%012d", 700000000000+n) }

// many starts a server with n accounts, in each of which alice has one role, and
// signs her in.
func many(t *testing.T, n int, args ...string) *served {
	t.Helper()
	dir := t.TempDir()
	var seed strings.Builder
	seed.WriteString("users:\n  - {name: alice, display_name: Alice, given_name: Alice, family_name: A, email: " +
		"alice@example.com, password: correct-horse-alice}\n")
	seed.WriteString("permission_sets:\n  - {name: Operator}\naccounts:\n")
	var ids []string
	for i := range n {
		name, _ := json.Marshal(accountName(i))
		fmt.Fprintf(&seed, "  - {id: %q, name: %s, email: a%d@example.com}\n", accountID(i), name, i)
		ids = append(ids, fmt.Sprintf("%q", accountID(i)))
	}
	fmt.Fprintf(&seed, "assignments:\n  - {users: [alice], permission_sets: [Operator], accounts: [%s]}\n",
		strings.Join(ids, ", "))
	file := filepath.Join(dir, "seed.yaml")
	if err := os.WriteFile(file, []byte(seed.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, filepath.Join(dir, "home"), append([]string{"--seed", file}, args...)...)
	s.must(t, nil, "rolecall", "idc", "configure", "--url", s.url, "--user", "alice")
	config := fmt.Sprintf("[sso-session local]\nsso_start_url = %s/start\nsso_region = us-east-1\n"+
		"sso_registration_scopes = sso:account:access\n", s.url)
	if err := os.WriteFile(filepath.Join(s.home, ".aws", "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s.signIn(t, s.in("endpoints", "rolecall", "login", "local")...)
	return s
}

// exec runs rolecall exec against the server.
func (s *served) exec(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	argv := s.in("endpoints", append([]string{"rolecall", "exec", "--session", "local"}, args...)...)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var out, err bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.Dir = s.environ(), &out, &err, s.home
	var exit *exec.ExitError
	if e := cmd.Run(); e != nil && !errors.As(e, &exit) {
		t.Fatal(e)
	}
	return cmd.ProcessState.ExitCode(), out.String(), err.String()
}

// What happens in 30 accounts, by their number modulo len(ways): a shell command, a fault, and the outcome.
var ways = []struct {
	command, fault string
	code           string
	says           string // in the table
}{
	{command: "exit 0", code: "0"},
	{command: "exit 1", code: "1"},
	{command: "exit 3", code: "3"},
	{command: "exec ./plain.txt", code: "126"},
	{command: "exec no-such-program", code: "127"},
	{command: "kill -KILL $$", code: "137", says: "signal 9: killed"},
	{fault: "forbidden", code: "4", says: `no access to role "Operator" in account ID`},
	{fault: "unavailable", code: "5", says: "GetRoleCredentials: "},
	{fault: "throttle", code: "5", says: "GetRoleCredentials: too many requests"},
	{fault: "html", code: "1", says: "GetRoleCredentials: "},
	{fault: "expired-credentials", code: "1", says: "GetRoleCredentials: "},
	{fault: "reset=start", code: "5", says: "GetRoleCredentials: "},
	{fault: "vanished-account", code: "1", says: "GetRoleCredentials: "},
	{command: "echo fine; exit 0", fault: "unavailable#1", code: "0"},
	{command: "kill -TERM $$", code: "143", says: "signal 15: terminated"},
}

func TestThirtyAccountsThatFailInManyWays(t *testing.T) {
	t.Parallel()
	const accounts = 30
	s := many(t, accounts)
	if err := os.WriteFile(filepath.Join(s.home, "plain.txt"), []byte("text\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	play := []string{"rolecall", "idc", "faults", "play", "--url", s.url}
	script := "case $ROLECALL_ACCOUNT_ID in\n"
	for n := range accounts {
		way := ways[n%len(ways)]
		if way.fault != "" {
			name, count, counted := strings.Cut(way.fault, "#")
			spec := name + "@credentials/" + accountID(n)
			if counted {
				spec += "#" + count
			}
			play = append(play, spec)
		}
		if way.command != "" {
			script += accountID(n) + ") " + way.command + ";;\n"
		}
	}
	s.must(t, nil, play...)
	code, stdout, stderr := s.exec(t, "--match", "many*", "--patience", "50ms", "--parallel", "6", "--", "sh", "-c",
		script+"esac; exit 99")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	if got := strings.Count(stdout, " | fine\n"); got != 2 {
		t.Errorf("stdout:\n%s", stdout)
	}
	_, table, _ := strings.Cut(stderr, "\nACCOUNT ")
	for n := range accounts {
		way := ways[n%len(ways)]
		says := strings.ReplaceAll(regexp.QuoteMeta(way.says), "ID", accountID(n))
		row := regexp.MustCompile(`(?m)^` + accountID(n) + `  ` + regexp.QuoteMeta(accountName(n)[:6]) + `.*  Operator  ` +
			way.code + ` +[0-9.]+s( +` + says + `.*)?$`)
		found := row.FindStringSubmatch(table)
		if found == nil || (found[1] != "") != (way.says != "") {
			t.Errorf("account %d: no row %s", n, row)
		}
	}
	if !strings.Contains(stderr, "\nrolecall: 4 of 30 succeeded, 26 failed, in ") {
		t.Error("no such count")
	}
	if t.Failed() {
		t.Log(stderr)
	}
	if _, err := os.Stat(filepath.Join(s.home, "owned")); err == nil {
		t.Error("a name was run")
	}
}

// Sixty quick commands request sixty roles as fast as the service allows, and no faster.
func TestManyQuickCommandsStayWithinTheLimit(t *testing.T) {
	t.Parallel()
	const accounts = 60
	s := many(t, accounts, "--portal-limit")
	code, stdout, stderr := s.exec(t, "--match", "many*", "--json", "--", "sh", "-c",
		`printf '%s\n' "$ROLECALL_ACCOUNT_NAME"`)
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	var names []string
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	for _, l := range lines[:len(lines)-1] {
		var object struct {
			AccountID, Account string
			Line               *string
			ExitCode           *int
		}
		if err := json.Unmarshal([]byte(l), &object); err != nil {
			t.Fatalf("%v in %s", err, l)
		}
		switch {
		case object.Line != nil:
			names = append(names, *object.Line)
		case object.ExitCode == nil || *object.ExitCode != 0:
			t.Errorf("%s", l)
		}
	}
	noWords := regexp.MustCompile(`[^A-Za-z0-9/+=_.:@,-]`)
	var want []string
	for n := range accounts {
		want = append(want, noWords.ReplaceAllString(accountName(n), "_"))
	}
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("ran in %q", names)
	}
	if !strings.HasPrefix(lines[len(lines)-1],
		`{"summary":{"targets":60,"succeeded":60,"failed":0,"notRun":0,"exitCode":0,`) {
		t.Errorf("the summary is %s", lines[len(lines)-1])
	}
}

// Ctrl-C on a terminal reaches the running commands; no more start; the table is shown.
func TestCtrlCEndsARunInManyAccounts(t *testing.T) {
	t.Parallel()
	s := many(t, 5)
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	argv := s.in("endpoints", "rolecall", "exec", "--match", "many*", "--parallel", "2", "--",
		"sh", "-c", `trap 'echo bye; exit 5' INT; echo "up $ROLECALL_ACCOUNT_ID" >&2; while :; do sleep 0.02; done`)
	var stdout bytes.Buffer
	person := aTerminal{types: []typing{{"up " + accountID(3), ""}, {"up " + accountID(0), "\x03"}}}
	code, screen, err := person.run(ctx, argv, s.environ(), &stdout)
	if err != nil || code != 130 {
		t.Errorf("exit code %d, %v", code, err)
	}
	if got := strings.Count(stdout.String(), "| bye\n"); got != 2 {
		t.Errorf("%d were told:\n%s", got, stdout.String())
	}
	if got := strings.Count(screen, "not run\r\n"); got != 3 ||
		!strings.Contains(screen, "0 of 5 succeeded, 2 failed, 3 not run") {
		t.Errorf("the screen is\n%s", screen)
	}
}

// A SIGTERM sent only to rolecall is passed on.
func TestATermEndsARunInManyAccounts(t *testing.T) {
	t.Parallel()
	s := many(t, 3)
	argv := s.in("endpoints", "rolecall", "exec", "--match", "many*", "--parallel", "2", "--", "sh", "-c",
		"echo up; exec sleep 1000")
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = s.environ()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(storyTimeout, func() { _ = cmd.Process.Kill() }).Stop()
	var printed []byte
	for chunk := make([]byte, 1024); bytes.Count(printed, []byte("up\n")) < 2; {
		n, err := out.Read(chunk)
		if printed = append(printed, chunk[:n]...); err != nil {
			t.Fatalf("%v after %q\n%s", err, printed, stderr.String())
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 143 ||
		strings.Count(stderr.String(), "signal 15: terminated\n") != 4 || strings.Count(stderr.String(), "not run\n") != 1 {
		t.Errorf("exit code %d\n%s", code, stderr.String())
	}
}
