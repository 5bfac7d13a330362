//go:build linux

package e2e

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rolecall/internal/idc/oidc"
	"rolecall/internal/proof"
)

// desktopFor starts a session bus with an unlocked keyring for a world.
func desktopFor(t *testing.T, w *world) *desktop {
	t.Helper()
	d, err := newDesktop(w.home)
	if err == nil {
		t.Cleanup(d.close)
		err = d.unlock()
	}
	if err != nil {
		t.Fatalf("%v\ninstall what is missing: make needs", err)
	}
	w.variables = append(w.variables, "DBUS_SESSION_BUS_ADDRESS="+d.address, "XDG_RUNTIME_DIR="+d.runtime())
	return d
}

// theToken is the file of the session that all stories use.
func (w *world) theToken(t *testing.T) (members map[string]string) {
	t.Helper()
	path := filepath.Join(w.home, ".aws", "sso", "cache", "ee0bfd2552fbd840c02cc48b6e823320543c450f.json")
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &members)
	}
	if err != nil {
		t.Fatal(err)
	}
	return members
}

func (w *world) forgetKeys(t *testing.T) {
	t.Helper()
	for _, dir := range []string{".aws/cli", ".local/state/rolecall/keys"} {
		if err := os.RemoveAll(filepath.Join(w.home, dir)); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *world) setStorage(t *testing.T, mode string) {
	t.Helper()
	path := filepath.Join(w.home, ".config", "rolecall", "config.toml")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("storage = \""+mode+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// each runs a command so many times at once.
func (w *world) each(t *testing.T, processes int, argv ...string) []result {
	t.Helper()
	results := make([]result, processes)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() { results[i] = w.run(t, argv...) })
	}
	all.Wait()
	return results
}

// Fifty processes use the keyring at once: the first key is made once, each gets an answer, and a keyring that is
// locked or stopped keeps nobody, and is not jammed after it.
func TestFiftyProcessesAndAKeyring(t *testing.T) {
	const processes = 50
	w := aWorld(t, oidc.Options{})
	d := desktopFor(t, w)
	w.signIn(t, "rolecall", "login", "corp")
	good := func(results []result) {
		t.Helper()
		n := 0
		for _, r := range results {
			if r.code != 0 {
				t.Errorf("exit code %d: %s%s", r.code, r.stdout, r.stderr)
				continue
			}
			n++
		}
		proof.Note(t, "keyring", processes, n)
	}
	// The setting alone has changed: the first who needs the token moves it.
	w.setStorage(t, "split")
	good(w.each(t, processes, "rolecall", "refresh", "--quiet", "corp"))
	if ids, err := d.items(); err != nil || len(ids) != 1 {
		t.Fatalf("%d keys in the keyring: %v", len(ids), err)
	}
	if token := w.theToken(t); token["refreshToken"] != "" || token["clientSecret"] != "" {
		t.Error("secrets are in the AWS CLI's file")
	}
	if err := w.editToken(endIn("expiresAt", -time.Minute)); err != nil {
		t.Fatal(err)
	}
	good(w.each(t, processes, "rolecall", "process", "--profile", "dev"))
	if w.refreshes() != 1 {
		t.Errorf("%d refreshes, want 1", w.refreshes())
	}
	w.must(t, "rolecall", "storage", "private")
	w.forgetKeys(t)
	good(w.each(t, processes, "rolecall", "process", "--profile", "audit"))

	for name, act := range map[string]func() error{
		"locked": d.lock, "stopped": func() error { return d.signal(19) },
	} {
		w.forgetKeys(t)
		if err := act(); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		refused := 0
		for _, r := range w.each(t, processes, "rolecall", "process", "--profile", "dev") {
			if r.code != 5 || !strings.Contains(r.stderr, "the keyring cannot be used") {
				t.Errorf("%s: exit code %d: %s", name, r.code, r.stderr)
				continue
			}
			refused++
		}
		proof.Note(t, "keyring", processes, refused)
		t.Logf("%s: %v for %d processes", name, time.Since(start), processes)
		if err := d.unlock(); err != nil {
			t.Fatal(err)
		}
		good(w.each(t, processes, "rolecall", "process", "--profile", "dev"))
	}
}

// A keyring that is killed while processes ask it costs these an answer at most: nothing is lost.
func TestAKeyringIsKilledMidway(t *testing.T) {
	const processes = 20
	w := aWorld(t, oidc.Options{})
	d := desktopFor(t, w)
	w.signIn(t, "rolecall", "login", "corp")
	w.must(t, "rolecall", "storage", "private")
	for range 3 {
		w.forgetKeys(t)
		killed := make(chan error)
		go func() {
			time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
			killed <- d.strike()
		}()
		for _, r := range w.each(t, processes, "rolecall", "process", "--profile", "dev") {
			if r.code != 0 && r.code != 5 {
				t.Errorf("exit code %d: %s", r.code, r.stderr)
			}
		}
		if err := <-killed; err != nil {
			t.Fatal(err)
		}
		if err := d.unlock(); err != nil {
			t.Fatal(err)
		}
		w.forgetKeys(t)
		w.must(t, "rolecall", "process", "--profile", "dev")
	}
}

// Moved from each mode to each other one, and killed in the middle of it, a sign-in is never lost: it has its refresh
// token, and renews.
func TestStorageKilled(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{NoLimits: true, RefreshGrace: time.Hour})
	desktopFor(t, w)
	w.signIn(t, "rolecall", "login", "corp")
	modes := []string{"shared", "split", "private"}
	k := &killing{t: t, world: w, rounds: times(t, "ROLECALL_KILLS", 200) / 4}
	k.measure("rolecall", "storage", "split")
	for round := range k.rounds {
		from := modes[rand.N(3)]
		to := modes[(slices.Index(modes, from)+1+rand.N(2))%3]
		w.must(t, "rolecall", "storage", from)
		k.kill("rolecall", "storage", to)
		if out := w.must(t, "rolecall", "token", "--json", "corp"); !strings.Contains(out, `"refreshable": true`) {
			t.Fatalf("from %s to %s: %s", from, to, out)
		}
		if round%5 == 0 {
			w.must(t, "rolecall", "storage", []string{"split", "shared"}[round%2])
			if err := w.editToken(endIn("expiresAt", -time.Minute)); err != nil {
				t.Fatal(err)
			}
			before := w.refreshes()
			w.must(t, "rolecall", "refresh", "corp")
			if w.refreshes() == before {
				t.Fatalf("from %s to %s: the token was not refreshed", from, to)
			}
		}
	}
	w.must(t, "rolecall", "storage", "split") // whoever edits config.toml next removes what is left of the last edit
	w.must(t, "rolecall", "storage", "shared")
	k.sound()
	proof.Note(t, "storage-killed", k.rounds, k.rounds)
	t.Logf("%d of %d were killed in the middle", k.middle, k.rounds)
	if k.middle < k.rounds/10 {
		t.Errorf("only %d of %d were killed in the middle", k.middle, k.rounds)
	}
}

// Each secret lies where the mode has it, in a file that only its owner can read, and nowhere else, however it is
// written; and no output has it.
func TestEachModeKeepsItsSecrets(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{})
	desktopFor(t, w)
	w.signIn(t, "rolecall", "login", "corp")
	token := w.theToken(t)
	registration := map[string]bool{}
	secretsBelow(t, filepath.Join(w.home, ".local", "state", "rolecall", "registrations"), registration)
	secret := map[string]string{
		"access": token["accessToken"], "refresh": token["refreshToken"], "client": token["clientSecret"],
	}
	places := map[string]map[string]int{
		"split":   {"access": 1, "refresh": 0, "client": 0},
		"private": {"access": 0, "refresh": 0, "client": 0},
		"shared":  {"access": 1, "refresh": 1, "client": 1}, // after the others, which keep no registration
	}
	for _, mode := range []string{"split", "private", "shared"} {
		where := places[mode]
		w.must(t, "rolecall", "storage", mode)
		var outputs strings.Builder
		for _, line := range []string{
			"status", "status --json", "storage", "storage --json", "token corp", "refresh corp --debug", "doctor --json",
			"config show", "sync corp --debug", "process --profile dev --debug",
		} {
			r := w.run(t, append([]string{"rolecall"}, strings.Fields(line)...)...)
			outputs.WriteString(r.stdout + r.stderr)
		}
		for name, text := range secret {
			found := filesWith(t, w.home, text)
			if len(found) != where[name] {
				t.Errorf("%s: the %s secret is in %v, want %d files", mode, name, found, where[name])
			}
			for _, path := range found {
				if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 ||
					!strings.Contains(path, filepath.Join(".aws", "sso", "cache")) {
					t.Errorf("%s: the %s secret is in %s, %v, %v", mode, name, path, info.Mode(), err)
				}
			}
			if strings.Contains(outputs.String(), text) {
				t.Errorf("%s: an output has the %s secret", mode, name)
			}
			proof.Note(t, "storage", 1, 1)
		}
		if mode == "split" || mode == "private" {
			for text := range registration {
				if found := filesWith(t, w.home, text); len(found) > 0 && text != token["clientSecret"] {
					t.Errorf("%s: a client registration's secret is in %v", mode, found)
				}
			}
		}
	}
}

// filesWith returns the files that hold a secret in any form.
func filesWith(t *testing.T, home, secret string) (found []string) {
	t.Helper()
	eachFile(t, home, func(path string, text []byte) {
		for _, form := range writtenAs(secret) {
			if strings.Contains(string(text), form) {
				found = append(found, path)
				return
			}
		}
	})
	return found
}

// While the access token is good, no process opens a connection to the session bus.
func TestNobodyAsksTheKeyringInVain(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{})
	desktopFor(t, w)
	w.signIn(t, "rolecall", "login", "corp")
	w.must(t, "rolecall", "storage", "split")
	connects := func(argv ...string) int {
		t.Helper()
		log := filepath.Join(t.TempDir(), "strace")
		w.must(t, append([]string{"strace", "-f", "-e", "trace=connect", "-o", log}, argv...)...)
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return len(regexp.MustCompile(`AF_UNIX.*dbus`).FindAll(text, -1))
	}
	for _, line := range []string{
		"rolecall env dev", "rolecall process --profile dev", "rolecall-process --profile dev", "rolecall status",
		"rolecall sync corp", "rolecall whoami audit",
	} {
		if n := connects(strings.Fields(line)...); n != 0 {
			t.Errorf("%s: %d connections to the bus", line, n)
		}
	}
	w.must(t, "rolecall", "storage", "private")
	if n := connects("rolecall", "process", "--profile", "dev"); n == 0 {
		t.Error("a command that needs the key was not seen to ask: that proves little")
	}
	if n := connects("rolecall-process", "--profile", "dev"); n != 0 {
		t.Errorf("cached keys: %d connections to the bus", n)
	}
}
