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
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rolecall/internal/hostile"
	"rolecall/internal/idc/faults"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/proof"
	"rolecall/internal/tools/peak"
)

// A bench is a world whose person has signed in once, to play many faults in.
type bench struct {
	*world
	token []byte // the file of the session
	note  []byte // rolecall's note about it
	notes string // the file of that
	base  []string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	w, err := newWorld(filepath.Join(t.TempDir(), "home"), oidc.Options{NoLimits: true, RefreshGrace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.faults.Play(nil); w.close() })
	b := &bench{world: w, base: w.environ()}
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	code, screen, err := aTerminal{user: "alice"}.run(ctx, []string{"rolecall", "login", "corp"}, b.base, &out)
	if err != nil || code != 0 {
		t.Fatalf("%d %v\n%s", code, err, screen)
	}
	if b.token, err = os.ReadFile(b.tokenPath(w.home)); err != nil {
		t.Fatal(err)
	}
	notes, err := filepath.Glob(filepath.Join(b.home, ".local", "state", "rolecall", "sessions", "*.json"))
	if err != nil || len(notes) != 1 {
		t.Fatalf("%q %v", notes, err)
	}
	b.notes = notes[0]
	if b.note, err = os.ReadFile(b.notes); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) tokenPath(home string) string {
	return filepath.Join(home, ".aws", "sso", "cache", "ee0bfd2552fbd840c02cc48b6e823320543c450f.json")
}

// An ending is the outcome of a command.
type ending struct {
	code   int
	stderr string
	out    string // on stdout
	took   time.Duration
	kib    int64
}

// meet plays the fault and runs the command.
func (b *bench) meet(t *testing.T, m meeting) (e ending, home string) {
	t.Helper()
	home, environ := b.home, b.base
	how, line, special := strings.Cut(m.with, ": ")
	if !special {
		how, line = "", m.with
	}
	b.settle(t)
	switch how {
	case "signing in", "through the proxy":
		home = filepath.Join(t.TempDir(), "home")
		if err := os.MkdirAll(filepath.Join(home, ".aws"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(home, ".aws", "config"), []byte(b.configText()), 0o600); err != nil {
			t.Fatal(err)
		}
		if how == "through the proxy" {
			var err error
			if environ, err = b.withProxy(); err != nil {
				t.Fatal(err)
			}
		}
	case "renewing":
		if err := b.editToken(endIn("expiresAt", -time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.faults.Play([]string{m.spec}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.faults.Play(nil) }()
	environ = append(slices.Clone(environ), "HOME="+home)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	return run(ctx, t, how != "" && how != "renewing", append([]string{"rolecall"}, strings.Fields(line)...), environ),
		home
}

// run runs a command through "measured", on request with a person at the terminal.
func run(ctx context.Context, t *testing.T, terminal bool, argv, environ []string) (e ending) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	size := filepath.Join(t.TempDir(), "size")
	argv = append([]string{"measured", size}, argv...)
	start := time.Now()
	var err error
	if terminal {
		e.code, e.stderr, err = aTerminal{user: "alice"}.run(ctx, argv, environ, &stdout)
	} else {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Env, cmd.Stdout, cmd.Stderr = environ, &stdout, &stderr
		var exit *exec.ExitError
		if err = cmd.Run(); errors.As(err, &exit) {
			err = nil
		}
		e.code, e.stderr = cmd.ProcessState.ExitCode(), stderr.String()
	}
	e.took, e.out, e.stderr = time.Since(start), stdout.String(), strings.ReplaceAll(e.stderr, "\r\n", "\n")
	text, readError := os.ReadFile(size)
	if err := errors.Join(err, readError); err != nil {
		t.Fatal(err)
	}
	e.kib, err = strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// measuredMain is the command "measured FILE COMMAND …": it writes the command's peak memory in KiB. A process starts
// with its parent's memory, and the tests themselves have a lot.
func measuredMain() {
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	size := strconv.FormatInt(peak.KiB(cmd.ProcessState), 10)
	if err := os.WriteFile(os.Args[1], []byte(size), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	os.Exit(cmd.ProcessState.ExitCode())
}

// settle restores the home to its state after the sign-in.
func (b *bench) settle(t *testing.T) {
	t.Helper()
	if err := errors.Join(os.WriteFile(b.tokenPath(b.home), b.token, 0o600),
		os.WriteFile(b.notes, b.note, 0o600)); err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(b.home, ".aws", "cli", "cache", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// These tests have bounds of time, so nothing else runs; most of their own time is waiting, so they run at once.
func TestFaults(t *testing.T) {
	t.Run("each", everyFault)
	t.Run("at every command", everyFaultAtEveryCommand)
}

// atOnce is how many faults each of the two meets at once.
const atOnce = 6

// Our own client meets every fault: it ends in time, stays small, explains the problem in a few lines without text
// that the server made up, and loses nothing.
func everyFault(t *testing.T) {
	t.Parallel()
	for _, f := range faults.List() {
		if !slices.ContainsFunc(meetings, func(m meeting) bool { return nameOf(m.spec) == f.Name }) {
			t.Errorf("our client does not meet %s", f.Name)
		}
	}
	queue := make(chan meeting)
	var workers sync.WaitGroup
	for range atOnce {
		b := newBench(t)
		workers.Go(func() {
			for m := range queue {
				t.Run(m.spec, func(t *testing.T) { b.check(t, m) })
			}
		})
	}
	for _, m := range meetings {
		if m.slow {
			workers.Go(func() { t.Run(m.spec, func(t *testing.T) { newBench(t).check(t, m) }) })
		}
	}
	for _, m := range meetings {
		if !m.slow {
			queue <- m
		}
	}
	close(queue)
	workers.Wait()
}

var nameOfSpec = regexp.MustCompile(`^[a-z0-9.-]+?(?:[=@#~]|$)`)

func nameOf(spec string) string { return strings.TrimRight(nameOfSpec.FindString(spec), "=@#~") }

// wild matches what a terminal would obey, or show as different text.
var wild = regexp.MustCompile(`[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}\x{202a}-\x{202e}]`)

const (
	mostKiB   = 100 << 10
	mostLines = 6
	longest   = 5 * time.Second
	longestOf = 25 * time.Second // for answers that never come
	thousand  = 60 * time.Second // pages
)

func (b *bench) check(t *testing.T, m meeting) {
	if m.with == "" {
		return // rolecall sends no such request
	}
	config, err := os.ReadFile(filepath.Join(b.home, ".aws", "config"))
	if err != nil {
		t.Fatal(err)
	}
	e, home := b.meet(t, m)
	if !slices.Contains(strings.Fields(m.want), fmt.Sprint(e.code)) {
		t.Errorf("exit code %d, want %s", e.code, m.want)
	}
	most := longest
	if m.pages {
		most = thousand
	} else if m.slow {
		most = longestOf
	}
	if e.took > most {
		t.Errorf("it took %s", e.took)
	}
	if e.kib > mostKiB {
		t.Errorf("it took %d KiB", e.kib)
	}
	e.checkText(t, m, b.token)
	if after, err := os.ReadFile(filepath.Join(home, ".aws", "config")); err != nil || !bytes.Equal(after, config) {
		t.Errorf("the config has changed: %v", err)
	}
	b.checkSession(t, m, e, home)
	proof.Note(t, "answers", 1, 1)
	if t.Failed() {
		t.Logf("%s: exit code %d after %s\n%.2000s", m.with, e.code, e.took, e.stderr)
	}
}

// tail returns what rolecall prints after its instructions for a sign-in.
func (e ending) tail() []string {
	text := e.stderr
	for _, last := range []string{"that someone sends you\n", "press Enter\n", "approve this code only\n"} {
		if _, after, found := strings.Cut(text, last); found {
			text = after
		}
	}
	return strings.Split(strings.TrimRight(text, "\n"), "\n")
}

func (e ending) checkText(t *testing.T, m meeting, token []byte) {
	t.Helper()
	if n := len(e.tail()); n > mostLines {
		t.Errorf("%d lines on stderr", n)
	}
	for _, secret := range []string{"secretAccessKey", "accessToken", "sessionToken", "ASIA", "IQoJ"} {
		if strings.Contains(e.stderr, secret) {
			t.Errorf("%s on stderr", secret)
		}
	}
	if found := wild.FindString(e.stderr); found != "" {
		t.Errorf("%q on stderr", found)
	}
	if strings.Contains(e.stderr, "<html") || strings.Contains(e.stderr, "\nrolecall: hint: curl") ||
		len(e.stderr) > 4000 {
		t.Errorf("the server's text on stderr: %d bytes", len(e.stderr))
	}
	secrets := regexp.MustCompile(`"(?:accessToken|refreshToken|clientSecret)": "([^"]+)"`)
	for _, secret := range secrets.FindAllSubmatch(token, -1) {
		if strings.Contains(e.stderr, string(secret[1])) {
			t.Error("a secret on stderr")
		}
	}
	for _, line := range e.tail() {
		if line != "" && !strings.HasPrefix(line, "rolecall: ") && !strings.HasPrefix(line, "  ") {
			t.Errorf("a line that is not rolecall's: %q", line)
		}
	}
	if e.code != 0 && !strings.Contains(e.stderr, "rolecall: ") {
		t.Error("it does not say why")
	}
	if !regexp.MustCompile(m.says).MatchString(e.stderr) {
		t.Errorf("it does not say %s", m.says)
	}
}

// checkSession checks that a failure leaves the session as it was, or removes it.
func (b *bench) checkSession(t *testing.T, m meeting, e ending, home string) {
	t.Helper()
	after, err := os.ReadFile(b.tokenPath(home))
	switch {
	case m.with == signOut:
		if err == nil {
			t.Error("the token is still there")
		}
	case home != b.home:
		if (err == nil) != (e.code == 0) {
			t.Errorf("the token file after exit code %d: %v", e.code, err)
		}
	case err != nil:
		t.Errorf("the session is lost: %v", err)
	case m.with != renew && !m.renews && !bytes.Equal(after, b.token):
		t.Error("the session has changed, though it was good")
	case e.code != 0 && !m.renews && !bytes.Contains(after, refreshTokenOf(b.token)):
		t.Error("the refresh token is lost")
	}
}

func refreshTokenOf(file []byte) []byte {
	return regexp.MustCompile(`"refreshToken": "[^"]+"`).Find(file)
}

// Hostile account names arrive byte for byte, and stay data.
func TestHostileAccountNames(t *testing.T) {
	b := newBench(t)
	names := hostile.Names()
	const step = 23 // a process for each takes too long
	for i := 0; i < len(names); i += step {
		name := names[i]
		quoted, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.faults.Play([]string{"account-name=" + string(quoted)}); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("rolecall", strings.Fields(askAccounts)...)
		var stderr bytes.Buffer
		cmd.Env, cmd.Stderr, cmd.Dir = b.base, &stderr, t.TempDir()
		out, err := cmd.Output()
		var answer struct {
			AccountList []struct{ AccountName string }
		}
		if err := errors.Join(err, json.Unmarshal(out, &answer)); err != nil ||
			len(answer.AccountList) == 0 || stderr.Len() > 0 {
			t.Errorf("%q: %v %s", name, err, stderr.Bytes())
			continue
		}
		if got := answer.AccountList[0].AccountName; got != name {
			t.Errorf("%q: %q", name, got)
		}
		if left, err := os.ReadDir(cmd.Dir); err != nil || len(left) > 0 {
			t.Errorf("%q: %v %v", name, left, err)
		}
	}
}
