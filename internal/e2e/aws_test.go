//go:build linux

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rolecall/internal/cache"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/identitycenter"
	"rolecall/internal/proof"
)

// aWorld is a world for one test.
func aWorld(t *testing.T, lives oidc.Options) *world {
	t.Helper()
	w, err := newWorld(filepath.Join(t.TempDir(), "home"), lives)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.close() })
	return w
}

// A result is the outcome of a command.
type result struct {
	code           int
	stdout, stderr string
}

func (w *world) run(t *testing.T, argv ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = w.environ(), &stdout, &stderr
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// must runs a command that must succeed, and returns its stdout.
func (w *world) must(t *testing.T, argv ...string) string {
	t.Helper()
	r := w.run(t, argv...)
	if r.code != 0 {
		t.Fatalf("%s: exit code %d\n%s%s", strings.Join(argv, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// signIn runs a command at a terminal, where alice signs in.
func (w *world) signIn(t *testing.T, argv ...string) {
	t.Helper()
	var stdout bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	code, screen, err := aTerminal{user: "alice"}.run(ctx, argv, w.environ(), &stdout)
	if err != nil || code != 0 {
		t.Fatalf("%s: exit code %d, %v\n%s%s", strings.Join(argv, " "), code, err, screen, stdout.String())
	}
}

// awsWorld is a world whose config file is one for aws.
func awsWorld(t *testing.T, aws awsCLI, lives oidc.Options) *world {
	t.Helper()
	w := aWorld(t, lives)
	err := editFile(filepath.Join(w.home, ".aws", "config"), func(text string) string {
		return strings.ReplaceAll(text, w.url+"/start", aws.start(w))
	})
	if err != nil {
		t.Fatal(err)
	}
	// As "rolecall idc env" and the other steps of idc do.
	if err := w.store().GiveEndpoints(aws.start(w), identitycenter.Endpoints{OIDC: w.url, Portal: w.url}); err != nil {
		t.Fatal(err)
	}
	return w
}

// store has the caches of the person in w.
func (w *world) store() *cache.Store {
	return &cache.Store{Home: w.home, State: filepath.Join(w.home, ".local", "state", "rolecall"), Now: time.Now}
}

// awsSignIn is "aws sso login", which prints on stdout.
func (w *world) awsSignIn(t *testing.T, aws awsCLI, args ...string) {
	t.Helper()
	w.signIn(t, append([]string{"sh", "-c", `exec "$@" >&2`, "sh"}, aws.command(append([]string{"sso", "login"},
		args...)...)...)...)
}

const callerIs = "assumed-role/AWSReservedSSO_Admin_"

// refreshes counts the refreshes that the Identity Center answered.
func (w *world) refreshes() int { return w.current().OIDC.Counts()["CreateToken/refresh_token"] }

func TestATokenOfTheAWSCLIServesRolecall(t *testing.T) {
	eachAWS(t, func(t *testing.T, aws awsCLI) {
		w := awsWorld(t, aws, oidc.Options{})
		w.awsSignIn(t, aws, "--profile", "dev")
		if out := w.must(t, "rolecall", "env", "dev"); !strings.Contains(out, "export AWS_ACCESS_KEY_ID='ASIA") {
			t.Errorf("got %s", out)
		}
		if out := w.must(t, "rolecall", "whoami", "dev"); !strings.Contains(out, callerIs) {
			t.Errorf("got %s", out)
		}
		// rolecall renews it with the AWS CLI's registration, and it stays the AWS CLI's.
		if err := w.editToken(endIn("expiresAt", time.Minute)); err != nil {
			t.Fatal(err)
		}
		w.must(t, "rolecall", "whoami", "audit")
		if n := w.refreshes(); n != 1 {
			t.Errorf("%d refreshes, want 1", n)
		}
		if err := os.RemoveAll(filepath.Join(w.home, ".aws", "cli")); err != nil {
			t.Fatal(err)
		}
		if out := w.must(t, aws.command("sts", "get-caller-identity", "--profile", "dev")...); !strings.Contains(out,
			callerIs) ||
			w.refreshes() != 1 {
			t.Errorf("after rolecall's refresh: %s, %d refreshes", out, w.refreshes())
		}
	})
}

func TestATokenOfRolecallServesTheAWSCLI(t *testing.T) {
	eachAWS(t, func(t *testing.T, aws awsCLI) {
		w := awsWorld(t, aws, oidc.Options{})
		w.signIn(t, "rolecall", "login", "corp")
		if out := w.must(t, aws.command("sts", "get-caller-identity", "--profile", "dev")...); !strings.Contains(out,
			callerIs) {
			t.Errorf("got %s", out)
		}
		// The AWS CLI renews it with rolecall's registration, and rolecall uses what the AWS CLI wrote.
		for _, profile := range []string{"audit", "dev"} {
			if err := w.editToken(endIn("expiresAt", time.Minute)); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(filepath.Join(w.home, ".aws", "cli")); err != nil {
				t.Fatal(err)
			}
			w.must(t, aws.command("sts", "get-caller-identity", "--profile", profile)...)
		}
		if n := w.refreshes(); n != 2 {
			t.Errorf("%d refreshes by the AWS CLI, want 2", n)
		}
		if out := w.must(t, "rolecall", "whoami", "audit"); !strings.Contains(out, "AWSReservedSSO_ReadOnly_") {
			t.Errorf("got %s", out)
		}
		if err := w.editToken(endIn("expiresAt", -time.Minute)); err != nil {
			t.Fatal(err)
		}
		w.must(t, "rolecall", "sso", "list-accounts")
		if n := w.refreshes(); n != 3 {
			t.Errorf("%d refreshes, want 3", n)
		}
	})
}

// Sign-ins with both tools in turn: neither is confused by the other's registration.
func TestSignInsOfBothToolsInTurn(t *testing.T) {
	eachAWS(t, func(t *testing.T, aws awsCLI) {
		w := awsWorld(t, aws, oidc.Options{})
		for range 2 {
			w.signIn(t, "rolecall", "login", "--fresh", "corp")
			w.awsSignIn(t, aws, "--profile", "dev")
			w.must(t, "rolecall", "sso", "list-accounts")
			w.must(t, aws.command("sts", "get-caller-identity", "--profile", "dev")...)
		}
		w.signIn(t, "rolecall", "login", "--fresh", "--device-code", "corp")
		w.awsSignIn(t, aws, "--profile", "dev")
		w.must(t, "rolecall", "whoami", "dev")
		w.must(t, aws.command("sso", "logout")...)
		if r := w.run(t, "rolecall", "sso", "list-accounts"); r.code != 3 {
			t.Errorf("after aws sso logout: exit code %d, want 3\n%s", r.code, r.stderr)
		}
		w.signIn(t, "rolecall", "login", "corp")
		w.must(t, "rolecall", "logout", "corp")
		if r := w.run(t, aws.command("sts", "get-caller-identity", "--profile", "dev")...); r.code == 0 {
			t.Errorf("after rolecall logout the AWS CLI still finds a token: %s", r.stdout)
		}
	})
}

// Many processes that need a token at the same moment make one refresh, and ask once for each role.
func TestProcesses(t *testing.T) {
	many := 100 // as many as a slow machine starts while a process waits for a lock
	if os.Getenv("ROLECALL_ROUNDS_OF_200") != "" {
		many = 200
	}
	for _, x := range []struct{ processes, rounds int }{
		{50, times(t, "ROLECALL_ROUNDS_OF_50", 5)}, {many, times(t, "ROLECALL_ROUNDS_OF_200", 3)},
	} {
		t.Run(fmt.Sprint(x.processes), func(t *testing.T) {
			w := aWorld(t, oidc.Options{RefreshGrace: -1})
			w.signIn(t, "rolecall", "login", "corp")
			for round := range x.rounds {
				w.atOnce(t, x.processes)
				if n := w.refreshes(); n != round+1 {
					t.Errorf("%d refreshes, want %d", n, round+1)
				}
				if n := w.current().STS.HandedOut(); n != 2*(round+1) {
					t.Errorf("role credentials were handed out %d times, want %d", n, 2*(round+1))
				}
			}
		})
	}
}

// atOnce has many processes ask for the keys of two profiles, when token and keys have ended.
func (w *world) atOnce(t *testing.T, processes int) {
	t.Helper()
	if err := w.editToken(endIn("expiresAt", -time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(w.home, ".aws", "cli")); err != nil {
		t.Fatal(err)
	}
	results := make([]result, processes)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() { results[i] = w.run(t, "rolecall-process", "--profile", []string{"dev", "audit"}[i%2]) })
	}
	all.Wait()
	good := 0
	for _, r := range results {
		if r.code != 0 || !strings.HasPrefix(r.stdout, `{"Version": 1, "AccessKeyId": "ASIA`) || r.stderr != "" {
			t.Errorf("exit code %d: %s%s", r.code, r.stdout, r.stderr)
		} else {
			good++
		}
	}
	proof.Note(t, "processes", processes, good)
}

// Ten people's commands at once, none signed in: one sign-in serves all.
func TestOneSignInServesAllWhoWait(t *testing.T) {
	w := aWorld(t, oidc.Options{})
	var all sync.WaitGroup
	codes := make([]int, 10)
	for i := range codes {
		all.Go(func() {
			var stdout bytes.Buffer
			codes[i], _, _ = aTerminal{user: "alice"}.run(t.Context(), []string{"rolecall", "env", "dev"}, w.environ(), &stdout)
		})
	}
	all.Wait()
	for _, code := range codes {
		if code != 0 {
			t.Errorf("exit codes %v", codes)
			break
		}
	}
	if n := w.current().OIDC.Counts()["CreateToken/authorization_code"]; n != 1 {
		t.Errorf("%d sign-ins, want 1", n)
	}
}

// Without overrides requests go to the real service, through HTTPS_PROXY by CONNECT: the proxy sees only the host.
func TestHTTPSProxyIsAskedToConnect(t *testing.T) {
	asked := make(chan string, 16)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	r := w.run(t, "env", "-u", "AWS_ENDPOINT_URL_STS", "HTTPS_PROXY="+proxy.URL, "rolecall", "whoami", "dev")
	if r.code != 5 || !strings.Contains(r.stderr, "GetCallerIdentity: the service is unavailable") {
		t.Errorf("exit code %d: %s", r.code, r.stderr)
	}
	if got := <-asked; got != "CONNECT sts.us-east-1.amazonaws.com:443" {
		t.Errorf("the proxy was asked to %s", got)
	}
}
