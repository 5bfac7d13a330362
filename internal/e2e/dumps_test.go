//go:build linux

package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rolecall/internal/idc/oidc"
	"rolecall/internal/proof"
)

// A process that crashes or is killed with secrets in its memory leaves none behind: no core, whatever the limit was,
// and none in a traceback, with GOTRACEBACK=crash. The control, which forbids nothing, does leave a core.
func TestCrashesLeaveNoSecret(t *testing.T) {
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil || strings.ContainsAny(string(pattern), "|/") {
		tell("lane core dumps: not run, since this system writes them elsewhere: " + string(pattern))
		t.Skip("cores are not written to the working directory")
	}
	control := exec.Command("sleep", "60")
	if cores := killed(t, control, syscall.SIGABRT, func() {}); len(cores) == 0 {
		t.Error("the control leaves no core: the test proves nothing")
	}
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	secrets := tokensOf(t, w)
	for _, command := range [][]string{
		{"rolecall", "whoami", "dev"},
		{"rolecall", "process", "--profile", "dev"},
		{"rolecall-process", "--profile", "dev"},
		{"rolecall", "idc", "serve", "--port", "0"},
	} {
		for _, signal := range []syscall.Signal{syscall.SIGABRT, syscall.SIGQUIT, syscall.SIGSEGV} {
			if err := w.faults.Play([]string{"stalled@credentials"}); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			cmd := exec.Command(command[0], command[1:]...)
			cmd.Env = append(w.environ(), "GOTRACEBACK=crash")
			cmd.Stdout, cmd.Stderr = &out, &out
			before := w.asked.Load()
			cores := killed(t, cmd, signal, func() {
				if command[1] == "idc" {
					time.Sleep(time.Second) // its store holds the keys to everything
					return
				}
				for deadline := time.Now().Add(20 * time.Second); w.asked.Load() == before; {
					if time.Now().After(deadline) {
						t.Errorf("%v never asks for the role", command)
						return
					}
					time.Sleep(10 * time.Millisecond)
				}
			})
			if len(cores) > 0 {
				t.Errorf("%v, %v: left %v", command, signal, cores)
			}
			for name, secret := range secrets {
				if shows(out.Bytes(), secret) {
					t.Errorf("%v, %v: the %s is in the traceback", command, signal, name)
				}
			}
			if !bytes.Contains(out.Bytes(), []byte("goroutine")) {
				t.Errorf("%v, %v: no traceback, which proves nothing:\n%s", command, signal, out.Bytes())
			}
			proof.Note(t, "crashes", 1, 1)
		}
	}
}

// killed starts a command in a folder of its own without a limit on cores, kills it when ready returns, and returns the
// cores that it left.
func killed(t *testing.T, cmd *exec.Cmd, signal syscall.Signal, ready func()) []string {
	t.Helper()
	cmd.Dir = t.TempDir()
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &before); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: before.Max, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	err := cmd.Start()
	if restored := unix.Setrlimit(unix.RLIMIT_CORE, &before); err != nil || restored != nil {
		t.Fatal(err, restored)
	}
	ready()
	_ = cmd.Process.Signal(signal)
	_ = cmd.Wait()
	cores, err := filepath.Glob(filepath.Join(cmd.Dir, "core*"))
	if err != nil {
		t.Fatal(err)
	}
	return cores
}

// tokensOf reads the secrets of the signed-in person.
func tokensOf(t *testing.T, w *world) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(w.home, ".aws", "sso", "cache", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var token struct{ AccessToken, RefreshToken, ClientSecret string }
	text, err := os.ReadFile(files[0])
	if err == nil {
		err = json.Unmarshal(text, &token)
	}
	if err != nil || token.AccessToken == "" || token.RefreshToken == "" || token.ClientSecret == "" {
		t.Fatalf("%v: %s", err, text)
	}
	return map[string]string{
		"access token": token.AccessToken, "refresh token": token.RefreshToken, "client secret": token.ClientSecret,
	}
}

// shows reports whether text holds a secret, or a good part of it, in clear or encoded.
func shows(text []byte, secret string) bool {
	part := secret[len(secret)/4 : len(secret)/4+24]
	for _, form := range []string{
		part, hex.EncodeToString([]byte(part)), base64.StdEncoding.EncodeToString([]byte(part))[:30],
		url.QueryEscape(part),
	} {
		if bytes.Contains(text, []byte(form)) {
			return true
		}
	}
	return false
}

// Commands that rolecall starts may dump as they could before, and other processes of this user can debug them, but
// not rolecall itself.
func TestCommandsKeepTheirLimits(t *testing.T) {
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	browser := filepath.Join(w.home, "browser")
	script := "#!/bin/sh\nulimit -S -c >" + browser + ".limit\nexec visit \"$1\"\n"
	if err := os.WriteFile(browser, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{
		"exec":             "rolecall exec dev -- sh -c 'ulimit -S -c'",
		"exec with a pipe": "rolecall exec dev -- sh -c 'ulimit -S -c' | cat",
		"exec --match":     "rolecall exec --match 'payments-dev' --role Admin --yes -- sh -c 'ulimit -S -c' | sed 's/.* //'",
		"a browser":        "BROWSER=" + browser + " rolecall console dev 2>/dev/null; cat " + browser + ".limit",
		"the other program": "rolecall-process --profile dev >/dev/null; rm -rf " + w.home + "/.aws/cli/cache; " +
			"rolecall-process --profile dev >/dev/null; rolecall exec dev -- sh -c 'ulimit -S -c'",
	} {
		for _, limit := range []string{"0", "64"} {
			cmd := exec.Command("sh", "-c", "ulimit -S -c "+limit+" && "+script)
			cmd.Env = w.environ()
			out, err := cmd.CombinedOutput()
			if lines := strings.Fields(string(out)); err != nil || len(lines) == 0 || lines[len(lines)-1] != limit {
				t.Errorf("%s with a limit of %s: %v\n%s", name, limit, err, out)
			}
		}
	}
}
