//go:build linux

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rolecall/internal/idc/oidc"
)

func TestRoleCredentialsAreCachedForBoth(t *testing.T) {
	eachAWS(t, func(t *testing.T, aws awsCLI) {
		w := awsWorld(t, aws, oidc.Options{})
		w.signIn(t, "rolecall", "login", "corp")
		handedOut := func(want int) {
			t.Helper()
			if n := w.current().STS.HandedOut(); n != want {
				t.Errorf("role credentials were handed out %d times, want %d", n, want)
			}
		}
		w.must(t, aws.command("sts", "get-caller-identity", "--profile", "dev")...)
		handedOut(1)
		w.must(t, "rolecall", "env", "dev")
		w.must(t, "rolecall-process", "--profile", "dev")
		handedOut(1)
		w.must(t, "rolecall", "env", "audit")
		handedOut(2)
		w.must(t, aws.command("sts", "get-caller-identity", "--profile", "audit")...)
		handedOut(2)
		// Legacy profiles name the files by the start URL.
		w.signIn(t, "rolecall", "login", "legacy")
		w.must(t, "rolecall", "env", "legacy")
		handedOut(3)
		w.must(t, aws.command("sts", "get-caller-identity", "--profile", "legacy")...)
		handedOut(3)
		if out := w.must(t, "rolecall", "status"); strings.Count(out, "111122223333") != 3 {
			t.Errorf("status names not all three:\n%s", out)
		}
	})
}

// keys returns the names in a JSON object, nested ones with a dot.
func keys(t *testing.T, text string) string {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	var names []string
	var walk func(prefix string, v any)
	walk = func(prefix string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, inner := range v {
				names = append(names, prefix+k)
				walk(prefix+k+".", inner)
			}
		case []any:
			for _, inner := range v {
				walk(prefix, inner)
			}
		}
	}
	walk("", v)
	seen := map[string]bool{}
	for _, n := range names {
		seen[n] = true
	}
	sorted, _ := json.Marshal(seen) // map keys come sorted
	return string(sorted)
}

func TestDropInsPrintWhatTheAWSCLIPrints(t *testing.T) {
	eachAWS(t, func(t *testing.T, aws awsCLI) {
		w := awsWorld(t, aws, oidc.Options{})
		w.signIn(t, "rolecall", "login", "corp")
		token := strings.TrimSpace(w.must(t, "rolecall", "token", "--reveal"))
		for _, call := range [][]string{
			{"get-role-credentials", "--account-id", "111122223333", "--role-name", "Admin"},
			{"list-accounts"},
			{"list-account-roles", "--account-id", "111122223333"},
		} {
			full := append(append([]string{"sso"}, call...), "--access-token", token, "--region", "us-east-1")
			theirs := w.must(t, aws.command(full...)...)
			ours := w.must(t, append([]string{"rolecall"}, full...)...)
			if keys(t, ours) != keys(t, theirs) {
				t.Errorf("%s: rolecall prints %s, the AWS CLI %s", call[0], keys(t, ours), keys(t, theirs))
			}
			if call[0] != "get-role-credentials" && ours != theirs { // each call returns new keys
				t.Errorf("%s: rolecall prints\n%s\nthe AWS CLI\n%s", call[0], ours, theirs)
			}
			short := w.must(t, append([]string{"rolecall", "sso"}, call...)...)
			if keys(t, short) != keys(t, theirs) {
				t.Errorf("%s without token and region: %s", call[0], keys(t, short))
			}
		}
		query := []string{
			"sso", "list-accounts", "--access-token", token, "--region", "us-east-1", "--query",
			"accountList[?accountName=='sandbox'].accountId | [0]",
		}
		if theirs, ours := w.must(t, aws.command(query...)...),
			w.must(t, append([]string{"rolecall"}, query...)...); ours != theirs {
			t.Errorf("--query: rolecall prints %s, the AWS CLI %s", ours, theirs)
		}
	})
}

// The two classic errors, in the AWS CLI's words and in rolecall's.
func TestClassicErrors(t *testing.T) {
	eachAWS(t, func(t *testing.T, aws awsCLI) {
		w := awsWorld(t, aws, oidc.Options{})
		w.signIn(t, "rolecall", "login", "corp")
		token := strings.TrimSpace(w.must(t, "rolecall", "token", "--reveal"))
		for _, c := range []struct {
			name, token, role, theirs, ours string
			code                            int
		}{
			{
				"mistyped role", token, "Admn", "(ForbiddenException) when calling the GetRoleCredentials operation: No access",
				"did you mean Admin?", 4,
			},
			{"mistyped token", "aoaWrong", "Admin", "(UnauthorizedException) when calling the GetRoleCredentials operation: " +
				"Session token not found or invalid", "the given token is not known in region us-east-1", 3},
		} {
			args := []string{
				"sso", "get-role-credentials", "--account-id", "111122223333", "--role-name", c.role,
				"--access-token", c.token, "--region", "us-east-1",
			}
			if r := w.run(t, aws.command(args...)...); r.code != 254 || !strings.Contains(r.stderr, c.theirs) {
				t.Errorf("%s: the AWS CLI ends with %d and says %s", c.name, r.code, r.stderr)
			}
			r := w.run(t, append([]string{"rolecall"}, append(args, "--endpoint-url", w.url)...)...)
			if r.code != c.code || !strings.Contains(r.stderr, c.ours) || r.stdout != "" {
				t.Errorf("%s: rolecall ends with %d and says %s", c.name, r.code, r.stderr)
			}
		}
	})
}

// Whoever signs in, with whichever tool: keys of the person before are never handed out.
func TestAnotherPersonsKeys(t *testing.T) {
	eachAWS(t, func(t *testing.T, aws awsCLI) {
		w := awsWorld(t, aws, oidc.Options{})
		signIn := func(user string, argv ...string) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
			defer cancel()
			argv = append([]string{"sh", "-c", `exec "$@" >&2`, "sh"}, argv...)
			code, screen, err := aTerminal{user: user}.run(ctx, argv, w.environ(), &bytes.Buffer{})
			if err != nil || code != 0 {
				t.Fatalf("%v: exit code %d, %v\n%s", argv, code, err, screen)
			}
		}
		is := func(user string) {
			t.Helper()
			if out := w.must(t, "rolecall", "whoami", "audit"); !strings.Contains(out, "/"+user) {
				t.Errorf("%s is signed in, the keys are of %s", user, out)
			}
			keys := w.must(t, "rolecall", "env", "audit", "--format", "json")
			process := w.must(t, "rolecall-process", "--profile", "audit")
			id := func(text, name string) string {
				_, after, _ := strings.Cut(text, `"`+name+`": "`)
				value, _, _ := strings.Cut(after, `"`)
				return value
			}
			if a, b := id(keys, "AWS_ACCESS_KEY_ID"), id(process, "AccessKeyId"); a == "" || a != b {
				t.Errorf("env has %s, rolecall-process %s", a, b)
			}
		}
		forget := func() {
			t.Helper()
			if err := os.RemoveAll(filepath.Join(w.home, ".aws", "sso", "cache")); err != nil {
				t.Fatal(err)
			}
		}
		signIn("alice", "rolecall", "login", "corp")
		is("alice")
		forget() // by hand: no sign-out, no rolecall
		signIn("bob", "rolecall", "login", "corp")
		is("bob")
		forget()
		signIn("alice", aws.command("sso", "login", "--profile", "audit")...)
		is("alice")
		w.must(t, aws.command("sts", "get-caller-identity", "--profile", "audit")...) // its cache, too
		forget()
		signIn("bob", "rolecall", "login", "corp")
		is("bob")
	})
}
