//go:build linux

package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// What an exec --serve that is over, or was killed, leaves behind.
func handoutFiles(t *testing.T, w *world) (files []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(w.home, ".local", "state", "rolecall", "handout"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, entry := range entries {
		files = append(files, entry.Name())
	}
	return files
}

// A running is a command of the person's that runs in the background.
type running struct {
	*exec.Cmd
	out lockedBuffer // stdout and stderr
}

// start starts a command, and waits until it has written ready.
func (w *world) start(t *testing.T, ready string, argv ...string) *running {
	t.Helper()
	r := &running{Cmd: exec.Command(argv[0], argv[1:]...)}
	r.Env, r.Stdout, r.Stderr = w.environ(), &r.out, &r.out
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.Process.Kill()
		_ = r.Wait()
	})
	r.says(t, ready)
	return r
}

// says waits until the command has written text.
func (r *running) says(t *testing.T, text string) {
	t.Helper()
	for end := time.Now().Add(storyTimeout); !strings.Contains(r.out.String(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it did not say %q:\n%s", text, r.out.String())
		}
	}
}

type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

const otherDefault = "[default]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = ReadOnly\n"

// The child has no secret in its environment, and its files are private. When it ends, endpoint and files are gone,
// even for background processes that outlive it. SIGTERM reaches it.
func TestTheEndOfAServedChild(t *testing.T) {
	t.Parallel()
	w := servedWorld(t, otherDefault)
	r := w.start(t, "ready", "rolecall", "exec", "--serve", "dev", "--", "sh", "-c",
		`env; wc -l <"$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"; trap 'echo got it; exit 9' TERM; echo ready; sleep 60 & wait`)
	variable := func(name string) string {
		_, after, _ := strings.Cut(r.out.String(), "\n"+name+"=")
		value, _, _ := strings.Cut(after, "\n")
		return value
	}
	for _, name := range []string{
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
	} {
		info, err := os.Stat(variable(name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	token, err := os.ReadFile(variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"))
	if err != nil || len(token) < 43 || strings.Contains(r.out.String(), string(token)) ||
		!strings.Contains(r.out.String(), "\n0\n") {
		t.Errorf("%v, a token of %d bytes\n%s", err, len(token), r.out.String())
	}
	if strings.Contains(r.out.String(), "ASIA") || strings.Contains(r.out.String(), "AWS_PROFILE") {
		t.Error(r.out.String())
	}
	uri := variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")
	if got := fetchKeys(t, uri, string(token)); got != 200 {
		t.Errorf("%s: %d", uri, got)
	}
	if got := fetchKeys(t, uri, "guess"); got != 403 {
		t.Errorf("another token: %d", got)
	}
	at := strings.Split(uri, "/")[2]
	for _, host := range []string{
		strings.Replace(at, "127.0.0.1", "localhost", 1), strings.Replace(at, "127.0.0.1", "evil.example", 1), "127.0.0.1",
		"169.254.170.2", "127.0.0.1:1", strings.Replace(at, "127.0.0.1", "[::1]", 1),
	} {
		if got := fetchKeysFrom(t, uri, string(token), host); got != 403 {
			t.Errorf("Host %s: %d", host, got)
		}
	}
	w.must(t, "rolecall", "status") // sweeps nothing that is in use
	if n := len(handoutFiles(t, w)); n != 3 {
		t.Errorf("%d files", n)
	}
	if err := r.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = r.Wait()
	if code := r.ProcessState.ExitCode(); code != 9 || !strings.Contains(r.out.String(), "got it") {
		t.Errorf("exit code %d\n%s", code, r.out.String())
	}
	if files := handoutFiles(t, w); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
	if got := fetchKeys(t, uri, string(token)); got != 0 {
		t.Errorf("answered after the end: %d", got)
	}
}

// fetchKeys asks an endpoint, and returns the status; 0 if nobody answers.
func fetchKeys(t *testing.T, uri, token string) int { return fetchKeysFrom(t, uri, token, "") }

// fetchKeysFrom is fetchKeys with a Host of its own.
func fetchKeysFrom(t *testing.T, uri, token, host string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, uri, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	r.Header.Set("Authorization", token)
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// After kill -9 the next command removes what was left.
func TestAKilledExecServeLeavesNothing(t *testing.T) {
	w := servedWorld(t, otherDefault)
	if err := os.WriteFile(filepath.Join(w.home, ".aws", "credentials"),
		[]byte("[other]\naws_access_key_id = AKIACANARY\naws_secret_access_key = canary\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r := w.start(t, "ready", "rolecall", "exec", "--serve", "dev", "--", "sh", "-c", "echo ready; exec sleep 2")
		if err := r.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(handoutFiles(t, w)); n < 3 {
		t.Errorf("%d files: that proves little", n)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		w.must(t, "rolecall", "status")
		left := handoutFiles(t, w)
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("left behind: %v", left)
		}
	}
}

// Signals that rolecall gets reach the child, whose exit ends rolecall; the files are gone.
func TestSignalsOfAServedChild(t *testing.T) {
	w := servedWorld(t, otherDefault)
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1} {
		r := w.start(t, "ready", "rolecall", "exec", "--serve", "dev", "--", "sh", "-c", "echo ready; exec sleep 60")
		if err := r.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		_ = r.Wait()
		if code := r.ProcessState.ExitCode(); code != 128+int(s) {
			t.Errorf("%v: exit code %d\n%s", s, code, r.out.String())
		}
		if files := handoutFiles(t, w); len(files) > 0 {
			t.Errorf("%v: left behind: %v", s, files)
		}
	}
}

// Signed out, the AWS CLI and the SDKs that show the answer tell the person what to run.
func TestClientsShowWhatHelps(t *testing.T) {
	t.Parallel()
	for name, client := range chainClients(t) {
		if name == "JavaScript" { // shows no answers
			continue
		}
		w := servedWorld(t, "")
		argv := client.served(1, 0)
		dash := slices.Index(argv, "--")
		argv = slices.Insert(slices.Clone(argv), dash+1, "sh", "-c", `rolecall logout corp && exec "$@"`, "sh")
		r := w.run(t, argv...)
		if r.code == 0 || !strings.Contains(r.stderr, "LoginRequired") || strings.Count(r.stderr, "rolecall login corp") < 2 {
			t.Errorf("%s: exit code %d\n%s%s", name, r.code, r.stdout, r.stderr)
		}
	}
}

// A portal that takes seconds, just when the keys have ended: SDKs try again, and go on.
func TestASlowPortalBehindAServedChild(t *testing.T) {
	t.Parallel()
	w := servedWorld(t, "")
	w.shortKeys(t, 20*time.Second)
	r := w.start(t, "ready", "rolecall", "exec", "--serve", "dev", "--", "sh", "-c",
		`echo ready; until [ -e "$HOME/go" ]; do sleep 0.1; done; exec gosdk 1 0`)
	if err := w.faults.Play([]string{"slow-headers=12ms@credentials"}); err != nil {
		t.Fatal(err)
	}
	if err := r.Process.Signal(syscall.SIGSTOP); err != nil { // it sleeps, as in a laptop, past the end of its keys
		t.Fatal(err)
	}
	time.Sleep(21 * time.Second)
	if err := r.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.home, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Wait(); err != nil || !isAdmin.MatchString(r.out.String()) {
		t.Errorf("%v\n%s", err, r.out.String())
	}
}
