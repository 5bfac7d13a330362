//go:build linux

package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/oidc"
	"rolecall/internal/proof"
)

var secretMembers = regexp.MustCompile(
	`"(?:accessToken|refreshToken|clientSecret|SecretAccessKey|SessionToken)":\s*"([^"]{8,})"`)

// secretsBelow adds to secrets those in all files of a folder.
func secretsBelow(t *testing.T, home string, secrets map[string]bool) {
	t.Helper()
	eachFile(t, home, func(_ string, text []byte) {
		for _, m := range secretMembers.FindAllSubmatch(text, -1) {
			secrets[string(m[1])] = true
		}
	})
}

func eachFile(t *testing.T, home string, visit func(path string, text []byte)) {
	t.Helper()
	err := filepath.WalkDir(home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		visit(path, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// After kill -9 in the middle of refreshes, sign-ins and the caching of keys, and with what damaged files have left,
// logout --all leaves no secret in any file, however it is written.
func TestLogoutLeavesNoSecret(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{RefreshGrace: time.Hour})
	secrets := map[string]bool{}
	w.signIn(t, "rolecall", "login", "corp")
	w.signIn(t, "rolecall", "login", "legacy")
	for _, profile := range []string{"dev", "audit", "deploy", "legacy"} {
		w.must(t, "rolecall", "env", profile)
	}
	w.must(t, "rolecall", "sync", "corp")
	w.must(t, "rolecall", "profiles", "apply", "corp")
	secretsBelow(t, w.home, secrets)
	roles := filepath.Join(w.home, ".aws", "cli", "cache")
	k := &killing{t: t, world: w}
	k.measure("rolecall", "env", "dev")
	for range 20 {
		if err := w.editToken(endIn("expiresAt", -time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(roles); err != nil {
			t.Fatal(err)
		}
		k.kill("rolecall", "env", "dev")
		secretsBelow(t, w.home, secrets)
	}
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(100+rand.N(400))*time.Millisecond)
		var out bytes.Buffer
		_, _, _ = aTerminal{user: "alice"}.run(ctx, []string{"rolecall", "login", "--fresh", "corp"}, w.environ(), &out)
		cancel()
		secretsBelow(t, w.home, secrets)
	}
	w.signIn(t, "rolecall", "login", "--fresh", "corp")
	w.must(t, "rolecall", "env", "dev")
	w.must(t, "rolecall", "env", "deploy")
	planted := plantLeftovers(t, w)
	secretsBelow(t, w.home, secrets)
	// A session that is in no config file any more.
	path := filepath.Join(w.home, ".aws", "config")
	withoutLegacy := func(text string) string { return text[:strings.Index(text, "[profile legacy]")] }
	if err := editFile(path, withoutLegacy); err != nil {
		t.Fatal(err)
	}
	w.must(t, "rolecall", "logout", "--all")
	if len(secrets) < 15 {
		t.Errorf("only %d secrets were seen: that proves little", len(secrets))
	}
	for _, name := range planted {
		if _, err := os.Lstat(name); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	scanFor(t, w.home, secrets)
	proof.Note(t, "leftovers", len(secrets), len(secrets))
}

// plantLeftovers makes the files that a crash just before a rename leaves, and damaged ones.
func plantLeftovers(t *testing.T, w *world) (all []string) {
	t.Helper()
	state := filepath.Join(w.home, ".local", "state", "rolecall")
	for _, pattern := range []string{
		filepath.Join(w.home, ".aws/sso/cache/*.json"), filepath.Join(w.home, ".aws/cli/cache/*.json"),
		filepath.Join(state, "registrations/*.json"), filepath.Join(state, "chained/*.json"),
		filepath.Join(state, "sessions/*.json"),
	} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		text, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		left := filepath.Join(filepath.Dir(found[0]), "."+filepath.Base(found[0])+".rolecall-123456")
		for _, name := range []string{left, found[0] + ".damaged-1", found[0] + ".damaged-3"} {
			if err := os.WriteFile(name, text, 0o600); err != nil {
				t.Fatal(err)
			}
			all = append(all, name)
		}
	}
	return all
}

// scanFor looks for secrets in all files: in clear, as hex, base64, and URL-encoded.
func scanFor(t *testing.T, home string, secrets map[string]bool) {
	t.Helper()
	eachFile(t, home, func(path string, text []byte) {
		for secret := range secrets {
			for form, written := range writtenAs(secret) {
				if bytes.Contains(text, []byte(written)) {
					t.Errorf("%s holds a secret, %s", path, form)
				}
			}
		}
	})
}

// writtenAs returns the ways in which a secret may be written.
func writtenAs(secret string) map[string]string {
	raw := []byte(secret)
	return map[string]string{
		"clear": secret, "hex": hex.EncodeToString(raw), "HEX": strings.ToUpper(hex.EncodeToString(raw)),
		"base64": base64.RawStdEncoding.EncodeToString(raw), "base64url": base64.RawURLEncoding.EncodeToString(raw),
		"URL": url.QueryEscape(secret),
	}
}

// The next command sweeps what a crash has left, but no other tool's files.
func TestTheNextCommandSweeps(t *testing.T) {
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	w.must(t, "rolecall", "env", "deploy")
	var left []string
	for _, name := range plantLeftovers(t, w) {
		if strings.Contains(name, ".rolecall-") {
			left = append(left, name)
		}
	}
	foreign := filepath.Join(w.home, ".aws", "sso", "cache", ".token.json.tmp-1")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.must(t, "rolecall", "whoami", "dev")
	for _, name := range left {
		if _, err := os.Lstat(name); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	if _, err := os.Lstat(foreign); err != nil {
		t.Errorf("another tool's file is gone: %v", err)
	}
}
