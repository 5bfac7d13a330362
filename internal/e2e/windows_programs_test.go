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
	"sync"
	"testing"
	"time"

	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
)

// A windowsPerson has a world, and uses it with the Windows programs.
type windowsPerson struct {
	*world
	wine *wine
	t    *testing.T
}

// person makes a world with a home folder in wine's work folder. Its user alice is signed in.
func (w *wine) person(t *testing.T) *windowsPerson {
	t.Helper()
	home := filepath.Join(w.work, "people", filepath.Base(t.Name()))
	made, err := newWorld(home, oidc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { made.close() })
	p := &windowsPerson{made, w, t}
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	cmd := w.command(home, p.environ(), "rolecall", "login", "corp")
	stdout, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	code, screen, err := aTerminal{user: "alice", wine: w}.run(ctx, cmd.Args,
		append(cmd.Env, "PATH="+os.Getenv("PATH")), stdout)
	if code != 0 || err != nil {
		t.Fatalf("login: exit code %d, %v\n%s", code, err, screen)
	}
	return p
}

// run runs a Windows program, and returns its exit code and what it printed.
func (p *windowsPerson) run(program string, args ...string) (code int, stdout, stderr string) {
	cmd := p.wine.command(p.home, p.environ(), program, args...)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	defer time.AfterFunc(storyTimeout, func() { _ = cmd.Process.Kill() }).Stop()
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		p.t.Error(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), problems.String()
}

// must runs a Windows program that succeeds, and returns what it printed on stdout.
func (p *windowsPerson) must(program string, args ...string) string {
	p.t.Helper()
	code, stdout, stderr := p.run(program, args...)
	if code != 0 {
		p.t.Fatalf("%s %q: exit code %d\n%s%s", program, args, code, stdout, stderr)
	}
	return stdout
}

// write writes a file of the home folder, and returns its path.
func (p *windowsPerson) write(name, text string) string {
	p.t.Helper()
	path := filepath.Join(p.home, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

func (p *windowsPerson) config() string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.home, ".aws", "config"))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// What probe args prints.
type probed struct {
	Args      []string
	Variables map[string]string
}

func (p *windowsPerson) probed(text string) (got probed) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		p.t.Fatalf("%v in %q", err, text)
	}
	return got
}

// cmd executes what env prints for it, also after an account got a name that means something to cmd.
func windowsCmd(t *testing.T, w *wine) {
	p := w.person(t)
	if err := idctest.RenameAccount(p.data, "111122223333", `dev" & echo x>canary & "%PATH%^!`); err != nil {
		t.Fatal(err)
	}
	p.must("rolecall", "sync")
	var want map[string]string
	if err := json.Unmarshal([]byte(p.must("rolecall", "env", "dev", "--json")), &want); err != nil {
		t.Fatal(err)
	}
	p.write("keys.bat", "@echo off\r\nset AWS_PROFILE=stale\r\n"+
		"for /f \"delims=\" %%i in ('rolecall env dev --shell cmd') do %%i\r\n"+
		"probe args\r\necho name=%ROLECALL_ACCOUNT_NAME%\r\n")
	first, name, _ := strings.Cut(p.must("cmd", "/c", "keys.bat"), "\n")
	got := p.probed(first).Variables
	for _, variable := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_REGION",
	} {
		if got[variable] == "" || got[variable] != want[variable] {
			t.Errorf("%s is %q, want %q", variable, got[variable], want[variable])
		}
	}
	if _, stays := got["AWS_PROFILE"]; stays || len(want) < 5 {
		t.Errorf("AWS_PROFILE stays, or env --json is short: %v", got)
	}
	if !regexp.MustCompile(`^name=dev[A-Za-z0-9_.=-]*\s*$`).MatchString(name) {
		t.Errorf("the account's name became %q", name)
	}
	if fileExists(filepath.Join(p.home, "canary")) {
		t.Error("the account's name was run")
	}
	p.write("failed.bat", "@echo off\r\nset AWS_ACCESS_KEY_ID=old\r\n"+
		"for /f \"delims=\" %%i in ('rolecall env nobody --shell cmd') do %%i\r\n"+
		"echo [%AWS_ACCESS_KEY_ID%] %errorlevel%\r\n")
	if _, out, _ := p.run("cmd", "/c", "failed.bat"); strings.TrimSpace(out) != "[] 1" {
		t.Errorf("after a failed switch: %q", out)
	}
	if out := p.must("rolecall", "env", "dev"); !strings.Contains(out, "$Env:AWS_ACCESS_KEY_ID = 'ASIA") {
		t.Errorf("the default is not PowerShell:\n%s", out)
	}
}

// exec passes on arguments and exit code, and the variables.
func windowsExec(t *testing.T, w *wine) {
	p := w.person(t)
	args := []string{"a b", `c"d`, "", `e\`, `f\"g h\`, "%PATH%", "i&j|k>l", "--profile", "^", "ü€"}
	got := p.probed(p.must("rolecall", slices.Concat([]string{"exec", "dev", "--", "probe", "args"}, args)...))
	if !slices.Equal(got.Args, args) {
		t.Errorf("the arguments became %q, want %q", got.Args, args)
	}
	if id := got.Variables["AWS_ACCESS_KEY_ID"]; !strings.HasPrefix(id, "ASIA") {
		t.Errorf("the key id is %q", id)
	}
	for want, command := range map[int][]string{
		42: {"probe", "exit", "42"}, 0: {"cmd", "/c", "exit 0"}, 7: {"cmd", "/c", "exit 7"}, 127: {"no-such-program"},
	} {
		if code, _, stderr := p.run("rolecall", append([]string{"exec", "dev", "--"}, command...)...); code != want {
			t.Errorf("%q: exit code %d, want %d\n%s", command, code, want, stderr)
		}
	}
	if id := strings.TrimSpace(p.must("rolecall", "exec", "--serve", "dev", "--", "probe", "sdk", "")); !strings.HasPrefix(
		id, "ASIA") {
		t.Errorf("exec --serve: the SDK's key id is %q", id)
	}
	served := p.probed(p.must("rolecall", "exec", "--serve", "dev", "--", "probe", "args")).Variables
	if served["AWS_ACCESS_KEY_ID"] != "" || served["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] == "" {
		t.Errorf("exec --serve: %v", served)
	}
	if code, _, stderr := p.run("rolecall", "serve", "dev", "--socket", "x"); code != 2 {
		t.Errorf("--socket: exit code %d\n%s", code, stderr)
	}
	if code, _, stderr := p.run("rolecall", "serve", "--status"); code != 1 ||
		!strings.Contains(stderr, "serve is not running") {
		t.Errorf("--status: exit code %d\n%s", code, stderr)
	}
	many := p.must("rolecall", "exec", "--match", "111122223333", "--role", "*", "--yes", "--", "cmd", "/c",
		"echo %ROLECALL_ROLE% here")
	if strings.Count(many, " here") != 2 || strings.Contains(many, "%") {
		t.Errorf("in two roles:\n%s", many)
	}
}

// A program in C:\Program Files\role call: the line that rolecall writes serves the AWS SDK for Go and rolecall.
func windowsCredentialProcess(t *testing.T, w *wine) {
	p := w.person(t)
	folder := filepath.Join(w.work, "prefix", "drive_c", "Program Files", "role call")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rolecall.exe", "rolecall-process.exe"} {
		if err := os.Link(filepath.Join(w.bin, name), filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	before := p.config()
	p.must(`C:\Program Files\role call\rolecall.exe`, "profiles", "apply", "corp", "--form", "credential-process")
	after := p.config()
	line := regexp.MustCompile(`(?m)^credential_process = (\S+)\\rolecall-process\.exe ` +
		`--session corp --account 111122223333 --role Admin$`).FindStringSubmatch(after)
	if line == nil || !strings.HasPrefix(line[1], `C:\`) || !strings.HasPrefix(after, before) {
		t.Fatalf("the file is\n%s", after)
	}
	if id := strings.TrimSpace(p.must("probe", "sdk", "payments-dev-Admin")); !strings.HasPrefix(id, "ASIA") {
		t.Errorf("the SDK's key id is %q", id)
	}
	if out := p.must("rolecall", "whoami", "payments-dev-Admin"); !strings.Contains(out, "AWSReservedSSO_Admin_") {
		t.Errorf("whoami:\n%s", out)
	}
	_, _, stderr := p.run(`C:\Program Files\role call\rolecall.exe`, "profiles", "apply", "corp",
		"--form", "credential-process")
	if !strings.Contains(stderr, "nothing to do") {
		t.Errorf("the second time:\n%s", stderr)
	}
	if code, _, stderr := p.run(`C:\Program Files\role call\rolecall-process.exe`, "--profile", "nobody"); code != 6 ||
		!strings.Contains(stderr, `profile "nobody"`) {
		t.Errorf("it did not find rolecall beside it: exit code %d\n%s", code, stderr)
	}
}

// A config file with Windows' ends of lines is understood, and keeps them.
func windowsLines(t *testing.T, w *wine) {
	p := w.person(t)
	text := strings.ReplaceAll(p.config(), "\n", "\r\n")
	p.write(filepath.Join(".aws", "config"), text)
	if out := p.must("rolecall", "config", "show"); !strings.Contains(out, "[profile dev]") ||
		strings.Contains(out, "Problems") || !strings.Contains(out, "region = us-east-1") {
		t.Errorf("config show:\n%s", out)
	}
	p.must("rolecall", "whoami", "dev")
	p.must("rolecall", "profiles", "apply", "corp")
	if after := p.config(); !strings.HasPrefix(after, text) || !strings.Contains(after, "[profile payments-dev-Admin]") {
		t.Errorf("profiles apply changed other lines:\n%q", after)
	}
	p.must("rolecall", "whoami", "payments-dev-Admin")
	out := p.must("rolecall", "exec", "audit", "--", "cmd", "/c", "echo %AWS_REGION%")
	if region := strings.TrimSpace(out); region != "eu-west-1" {
		t.Errorf("the region is %q", region)
	}
}

// Ten processes with an ended token: one refreshes it, one asks for the keys, all answer the same.
func windowsTenReaders(t *testing.T, w *wine) {
	p := w.person(t)
	if err := p.editToken(endIn("expiresAt", -time.Minute)); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	answers := make([]string, 10)
	for i := range answers {
		program, args := "rolecall", []string{"process", "--profile", "dev"}
		if i%2 == 1 {
			program, args = "rolecall-process", args[1:]
		}
		all.Go(func() {
			code, stdout, stderr := p.run(program, args...)
			if code != 0 || stderr != "" {
				t.Errorf("%s: exit code %d\n%s", program, code, stderr)
			}
			answers[i] = stdout
		})
	}
	all.Wait()
	for i, answer := range answers {
		if answer != answers[0] || !strings.HasPrefix(answer, `{"Version": 1, `) {
			t.Errorf("answer %d is %q, the first %q", i, answer, answers[0])
		}
	}
	if n := p.current().OIDC.Counts()["CreateToken/refresh_token"]; n != 1 {
		t.Errorf("%d refreshes", n)
	}
	if n := p.current().STS.HandedOut(); n != 1 {
		t.Errorf("%d requests for the role", n)
	}
}

// Ten processes change the config file at once, while other programs have it open: nothing is lost.
func windowsTenWriters(t *testing.T, w *wine) {
	p := w.person(t)
	before := p.config()
	path := filepath.Join(p.home, ".aws", "config")
	ended, held := make(chan struct{}), 0
	var readers, all sync.WaitGroup
	readers.Go(func() {
		for {
			select {
			case <-ended:
				return
			default:
				_, out, _ := p.run("probe", "hold", windowsPath(path), "300ms") // fails while the file is replaced
				held += strings.Count(out, "held")
			}
		}
	})
	for i := range 10 {
		all.Go(func() {
			code, _, stderr := p.run("rolecall", "configure", p.url, "--session", fmt.Sprintf("s%d", i), "--no-login")
			if code != 0 {
				t.Errorf("writer %d: exit code %d\n%s", i, code, stderr)
			}
		})
	}
	all.Wait()
	close(ended)
	readers.Wait()
	if held == 0 {
		t.Error("no other program had the file open")
	}
	after := p.config()
	for i := range 10 {
		if strings.Count(after, fmt.Sprintf("[sso-session s%d]", i)) != 1 {
			t.Errorf("session s%d is lost", i)
		}
	}
	if !strings.HasPrefix(after, before) {
		t.Errorf("the person's own lines changed:\n%s", after)
	}
	if left, _ := filepath.Glob(filepath.Join(p.home, ".aws", ".config*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
