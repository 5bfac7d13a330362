//go:build linux

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A served is "rolecall idc serve" as a process of its own, with the home of a
// person who uses it.
type served struct {
	url, home    string
	args         []string
	cmd          *exec.Cmd
	output       string // what it printed until it was ready
	adminEnviron []string
}

// serve starts a server.
func serve(t *testing.T, home string, args ...string) *served {
	t.Helper()
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	s := &served{home: home, args: append([]string{"idc", "serve"}, args...)}
	s.start(t, "0")
	t.Cleanup(func() { s.stop(syscall.SIGKILL) })
	for field := range strings.FieldsSeq(s.output) {
		if strings.HasPrefix(field, "AWS_ACCESS_KEY_ID=") || strings.HasPrefix(field, "AWS_SECRET_ACCESS_KEY=") {
			s.adminEnviron = append(s.adminEnviron, field)
		}
	}
	return s
}

func (s *served) start(t *testing.T, port string) {
	t.Helper()
	s.cmd = exec.Command("rolecall", append(s.args, "--port", port)...)
	s.cmd.Env = s.environ()
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	s.output = ""
	for lines.Scan() {
		s.output += lines.Text() + "\n"
		if address, ready := strings.CutPrefix(lines.Text(), "ready "); ready {
			s.url = address
			return
		}
	}
	t.Fatalf("it did not get ready: %v\n%s", s.cmd.Wait(), s.output)
}

func (s *served) stop(signal syscall.Signal) {
	_ = s.cmd.Process.Signal(signal)
	_ = s.cmd.Wait()
}

// restart stops it as the signal does, and starts it at the same address.
func (s *served) restart(t *testing.T, signal syscall.Signal) {
	t.Helper()
	s.stop(signal)
	s.start(t, s.url[strings.LastIndexByte(s.url, ':')+1:])
}

// environ returns a person's environment, without a way out of this machine.
func (s *served) environ() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "TZ=UTC",
		"BROWSER=true",
		"HTTPS_PROXY=http://127.0.0.1:1", "NO_PROXY=127.0.0.1,localhost", "AWS_DEFAULT_REGION=us-east-1",
	}
}

// in returns a command line that runs argv as a client of the server.
func (s *served) in(mode string, argv ...string) []string {
	run := []string{"rolecall", "idc", "run", "--url", s.url}
	if mode == "proxy" {
		run = append(run, "--proxy")
	}
	return append(append(run, "--"), argv...)
}

func (s *served) must(t *testing.T, environ []string, argv ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = append(s.environ(), environ...), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(argv, " "), err, out, stderr.String())
	}
	return string(out)
}

// signIn runs a command at a terminal, where alice signs in.
func (s *served) signIn(t *testing.T, argv ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	var stdout bytes.Buffer
	argv = append([]string{"sh", "-c", `exec "$@" >&2`, "sh"}, argv...)
	code, screen, err := aTerminal{user: "alice"}.run(ctx, argv, s.environ(), &stdout)
	if err != nil || code != 0 {
		t.Fatalf("%s: exit code %d, %v\n%s", strings.Join(argv, " "), code, err, screen)
	}
}

// endToken makes the cached token look expired, so that the next command refreshes it.
func (s *served) endToken(t *testing.T) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(s.home, ".aws", "sso", "cache", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	edited := 0
	for _, path := range paths {
		if data, err := os.ReadFile(path); err == nil && bytes.Contains(data, []byte("accessToken")) {
			edited++
			if err := editFile(path, endIn("expiresAt", -time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if edited == 0 {
		t.Fatal("there is no token in the cache")
	}
}

// refreshes returns how many refreshes the server has answered, from its metrics.
func (s *served) refreshes(t *testing.T) string {
	t.Helper()
	response, err := http.Get(s.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), `rolecall_idc_oidc_answers_total{operation="CreateToken/refresh_token"} `)
	count, _, _ := strings.Cut(after, "\n")
	return count
}

// forgetKeys removes the AWS CLI's cached role credentials.
func (s *served) forgetKeys(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(s.home, ".aws", "cli")); err != nil {
		t.Fatal(err)
	}
}
