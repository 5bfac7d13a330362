//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/oidc"
	"rolecall/internal/proof"
)

// Every client that people use works in split, and has a token that lasts, since rolecall renews it in time; who signs
// in or out with the AWS CLI is followed.
func TestClientsInSplit(t *testing.T) {
	python, err := filepath.Abs("testdata/whoami.py")
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("testdata/js/whoami.mjs")
	if err != nil {
		t.Fatal(err)
	}
	eachAWS(t, func(t *testing.T, aws awsCLI) {
		w := awsWorld(t, aws, oidc.Options{})
		desktopFor(t, w)
		w.signIn(t, "rolecall", "login", "corp")
		w.must(t, "rolecall", "storage", "split")
		clients := map[string][]string{
			"AWS CLI": aws.command("sts", "get-caller-identity", "--profile", "dev"),
			"boto3":   {"/usr/bin/python3", python, "dev"}, "Go": {"env", "AWS_PROFILE=dev", "gosdk", "1", "0"},
			"JavaScript": {"node", script, "dev"},
		}
		all := func(when string) {
			t.Helper()
			for name, argv := range clients {
				if err := os.RemoveAll(filepath.Join(w.home, ".aws", "cli")); err != nil {
					t.Fatal(err)
				}
				r := w.run(t, argv...)
				if r.code != 0 || !strings.Contains(r.stdout, callerIs) {
					t.Errorf("%s, %s: exit code %d: %s%s", when, name, r.code, r.stdout, r.stderr)
				}
				proof.Note(t, "split-clients", 1, 1)
			}
		}
		all("fresh")
		// The SDK for JavaScript refuses a token with five minutes left; whoever gets keys from rolecall has it renewed.
		w.must(t, "rolecall", "env", "dev")
		if err := w.editToken(endIn("expiresAt", 4*time.Minute)); err != nil {
			t.Fatal(err)
		}
		w.must(t, "rolecall-process", "--profile", "dev")
		w.untilRenewed(t)
		all("renewed")

		w.awsSignIn(t, aws, "--profile", "dev")
		if token := w.theToken(t); token["refreshToken"] == "" {
			t.Fatal("the AWS CLI has written no refresh token: that proves little")
		}
		w.must(t, "rolecall", "refresh", "corp")
		if token := w.theToken(t); token["refreshToken"] != "" || token["clientSecret"] != "" {
			t.Error("what the AWS CLI wrote is still there")
		}
		if err := w.editToken(endIn("expiresAt", -time.Minute)); err != nil {
			t.Fatal(err)
		}
		w.must(t, "rolecall", "refresh", "corp")
		all("after the AWS CLI's sign-in")
		w.must(t, aws.command("sso", "logout")...)
		if r := w.run(t, "rolecall", "process", "--profile", "audit"); r.code != 3 {
			t.Errorf("after aws sso logout: exit code %d: %s", r.code, r.stderr)
		}
	})
}

// untilRenewed waits until the token lasts a while again.
func (w *world) untilRenewed(t *testing.T) {
	t.Helper()
	for range 400 {
		until, err := time.Parse(time.RFC3339, w.theToken(t)["expiresAt"])
		if err == nil && time.Until(until) > 30*time.Minute {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("nobody has renewed the token: it ends at %s", w.theToken(t)["expiresAt"])
}

// A running serve renews the token that other tools use, too, and so does a command that needs no token itself.
func TestServeRenewsInSplit(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{})
	desktopFor(t, w)
	w.signIn(t, "rolecall", "login", "corp")
	w.must(t, "rolecall", "sync", "corp")
	w.must(t, "rolecall", "storage", "split")
	w.must(t, "rolecall", "env", "dev")
	if err := w.editToken(endIn("expiresAt", 5*time.Minute)); err != nil {
		t.Fatal(err)
	}
	w.must(t, "rolecall", "ls")
	w.untilRenewed(t)
	if err := os.RemoveAll(filepath.Join(w.home, ".local", "state", "rolecall", "renewed")); err != nil {
		t.Fatal(err)
	}
	if err := w.editToken(endIn("expiresAt", 5*time.Minute)); err != nil {
		t.Fatal(err)
	}
	w.must(t, "rolecall", "exec", "--serve", "dev", "--", "sh", "-c", fmt.Sprintf(
		`for i in $(seq 400); do grep -q '"expiresAt": "%s' "$0" || exit 0; sleep 0.1; done; exit 9`,
		w.theToken(t)["expiresAt"]), filepath.Join(w.home, ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"))
}
