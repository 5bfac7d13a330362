//go:build linux

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/oidc"
	"rolecall/internal/proof"
)

// times is how often a test repeats something: as a variable says, or few in CI.
func times(t *testing.T, variable string, few int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// A kill -9 at any moment of a refresh, a sign-in, profiles apply or sync costs nothing: the next run does what that
// one would have done, every file can be read, what the person wrote is there, and nothing is left behind.
// ROLECALL_KILLS sets how many.
func TestKilled(t *testing.T) {
	kills := times(t, "ROLECALL_KILLS", 200)
	for name, kind := range map[string]struct {
		share int // of a hundred
		run   func(*killing)
	}{
		"refresh": {45, (*killing).refresh}, "sign-in": {5, (*killing).signsIn},
		"apply": {25, (*killing).apply}, "sync": {25, (*killing).sync},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := aWorld(t, oidc.Options{NoLimits: true}) // nobody signs in three times a second
			w.signIn(t, "rolecall", "login", "corp")
			w.must(t, "rolecall", "sync", "corp")
			k := &killing{t: t, world: w, rounds: kills * kind.share / 100}
			kind.run(k)
			k.sound()
			proof.Note(t, "killed", k.rounds, k.rounds)
			t.Logf("%d of %d were killed in the middle", k.middle, k.rounds)
			if k.middle < k.rounds/10 {
				t.Errorf("only %d of %d were killed in the middle", k.middle, k.rounds)
			}
		})
	}
}

type killing struct {
	*world
	t      *testing.T
	rounds int
	middle int           // were killed before they ended
	usual  time.Duration // what the command takes, about
}

// kill runs a command, kills it at a random moment, and returns what it has printed until then.
func (k *killing) kill(argv ...string) []byte {
	ctx, cancel := context.WithTimeout(k.t.Context(), time.Duration(rand.Int64N(int64(k.usual))))
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = k.environ()
	out, err := cmd.Output()
	k.killed(err != nil)
	return out
}

// killed counts, and adapts to a machine that becomes faster or slower.
func (k *killing) killed(inTheMiddle bool) {
	if !inTheMiddle {
		k.usual = k.usual * 9 / 10
		return
	}
	k.middle++
	k.usual = k.usual * 21 / 20
}

// measure runs a command to its end.
func (k *killing) measure(argv ...string) {
	start := time.Now()
	k.must(k.t, argv...)
	k.usual = time.Since(start)
}

func (k *killing) refresh() {
	expire := func() {
		if err := k.editToken(endIn("expiresAt", -time.Minute)); err != nil {
			k.t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(k.home, ".aws", "cli")); err != nil {
			k.t.Fatal(err)
		}
	}
	expire()
	k.measure("rolecall", "env", "dev")
	for range k.rounds {
		expire()
		k.kill("rolecall", "env", "dev")
		k.must(k.t, "rolecall", "env", "dev")
	}
}

func (k *killing) signsIn() {
	start := time.Now()
	k.signIn(k.t, "rolecall", "login", "--fresh", "corp")
	k.usual = time.Since(start)
	for range k.rounds {
		ctx, cancel := context.WithTimeout(k.t.Context(), time.Duration(rand.Int64N(int64(k.usual))))
		var out bytes.Buffer
		code, _, err := aTerminal{user: "alice"}.run(ctx, []string{"rolecall", "login", "--fresh", "corp"}, k.environ(), &out)
		cancel()
		k.killed(code != 0 || err != nil)
		k.signIn(k.t, "rolecall", "login", "corp")
		k.must(k.t, "rolecall", "env", "dev")
	}
}

func (k *killing) apply() {
	path := filepath.Join(k.home, ".aws", "config")
	own, err := os.ReadFile(path)
	if err != nil {
		k.t.Fatal(err)
	}
	without := func() {
		if err := os.WriteFile(path, own, 0o600); err != nil {
			k.t.Fatal(err)
		}
	}
	without()
	k.measure("rolecall", "profiles", "apply", "corp")
	want, err := os.ReadFile(path)
	if err != nil || bytes.Equal(want, own) {
		k.t.Fatalf("apply changes nothing: %v", err)
	}
	for range k.rounds {
		without()
		k.kill("rolecall", "profiles", "apply", "corp")
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, own) && !bytes.Equal(got, want) {
			k.t.Fatalf("after a kill: %v\n%s", err, got)
		}
		k.must(k.t, "rolecall", "profiles", "apply", "corp")
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			k.t.Fatalf("after the next run: %v\n%s", err, got)
		}
	}
}

func (k *killing) sync() {
	k.measure("rolecall", "sync", "corp")
	want := k.listed()
	for range k.rounds {
		k.kill("rolecall", "sync", "corp")
		k.must(k.t, "rolecall", "sync", "corp")
		if got := k.listed(); got != want {
			k.t.Fatalf("the listing: %s\nwant %s", got, want)
		}
	}
}

// listed is the listing without its time.
func (k *killing) listed() string {
	var listing map[string]any
	if err := json.Unmarshal([]byte(k.must(k.t, "rolecall", "ls", "--json")), &listing); err != nil {
		k.t.Fatal(err)
	}
	delete(listing, "listedAt")
	text, err := json.Marshal(listing)
	if err != nil {
		k.t.Fatal(err)
	}
	return string(text)
}

// sound checks every file of the person: JSON can be read, and no temporary file is left.
func (k *killing) sound() {
	err := filepath.WalkDir(k.home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		if strings.Contains(entry.Name(), ".rolecall-") || strings.Contains(entry.Name(), ".damaged-") {
			k.t.Errorf("left: %s", path)
		}
		text, err := os.ReadFile(path)
		if filepath.Ext(path) == ".json" && !json.Valid(text) {
			k.t.Errorf("%s: %q", path, text)
		}
		return err
	})
	if err != nil {
		k.t.Error(err)
	}
}
