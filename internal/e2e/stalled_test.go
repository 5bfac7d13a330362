//go:build linux

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Bounds on real processes beside others: the limits are 30 and 10 seconds.
const (
	longestListing = 30 * time.Second
	longestSilence = 16 * time.Second
)

// Commands that list, in a home without a listing.
var listingCommands = []string{
	"ls", "ls --refresh --json", "sync corp", "sync corp --json", "sso list-accounts",
	"sso list-account-roles --account-id 111122223333", "exec --match * --role Admin -- true", "profiles plan corp",
	"profiles diff corp", "profiles apply corp", "whoami 1111/Admin", "pick",
}

// Commands that ask for something else.
var askingCommands = []string{
	"env dev", "process --profile dev", "exec dev -- true", "whoami dev", "env deploy", "console --print dev",
	"logout corp", "login --fresh corp", "token --reveal corp",
}

// A stalling is a fault that a server plays, in each form of "it takes time".
type stalling struct {
	faults  []string
	expired bool // the access token must be renewed first
	only    []string
}

// ages are the faults for the table: what stalls, and where.
func ages() []stalling {
	var all []stalling
	for _, how := range []string{"silence", "slow-headers", "slow-body", "hanging", "stalled"} {
		all = append(all,
			stalling{faults: []string{how + "@accounts+roles"}, only: listingCommands},
			stalling{faults: []string{how + "@roles"}, only: listingCommands}, // after the pages of accounts
			stalling{faults: []string{how + "@all"}, only: append(slices.Clone(listingCommands), askingCommands...)},
			stalling{faults: []string{how + "@refresh"}, expired: true, only: []string{"ls", "env dev", "token --reveal corp"}},
		)
	}
	return append(all,
		stalling{faults: []string{"page-fails=1000@accounts", "stalled@accounts~3"}, only: listingCommands[:4]},
		stalling{faults: []string{"silence@sts+console"}, only: askingCommands},
	)
}

// No command waits for long at a server whose answers do not come, or do not end, whatever it asks for.
func TestStalledServers(t *testing.T) {
	var all sync.WaitGroup
	for _, s := range ages() {
		b := newBench(t)
		if s.expired {
			if err := b.editToken(endIn("expiresAt", -time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.faults.Play(s.faults); err != nil {
			t.Fatal(err)
		}
		most := longestListing
		if strings.HasPrefix(s.faults[0], "silence") {
			most = longestSilence
		}
		for n, line := range s.only {
			home := filepath.Join(t.TempDir(), fmt.Sprint(n))
			if err := os.CopyFS(home, os.DirFS(b.home)); err != nil {
				t.Fatal(err)
			}
			chmodAll(t, home)
			environ := append(slices.Clone(b.base), "HOME="+home)
			all.Go(func() { inTime(t, strings.Join(s.faults, " "), line, environ, most) })
		}
	}
	all.Wait()
}

// chmodAll removes other users' permissions from a copy.
func chmodAll(t *testing.T, home string) {
	t.Helper()
	err := filepath.WalkDir(home, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := os.FileMode(0o600)
		if d.IsDir() {
			mode = 0o700
		}
		return os.Chmod(path, mode)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// inTime runs a command that must fail as "not available", or succeed, within a time.
func inTime(t *testing.T, faults, line string, environ []string, most time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*most)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "rolecall", strings.Fields(line)...)
	cmd.Env, cmd.Stderr = environ, &stderr
	began := time.Now()
	var code int
	var err error
	if line == "pick" {
		var screen string
		person := aTerminal{types: []typing{{"ListAccount", "\x1b"}}} // who reads the problem, and leaves
		code, screen, err = person.run(ctx, cmd.Args, append(environ, "TERM=xterm-256color"), io.Discard)
		stderr.WriteString(screen)
	} else {
		err = cmd.Run()
		code = cmd.ProcessState.ExitCode()
	}
	took := time.Since(began)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Errorf("%s: %s: %v", faults, line, err)
		return
	}
	if took > most || code != 0 && code != 5 && code != 3 {
		t.Errorf("%s: %s: exit code %d after %s\n%.600s", faults, line, code, took, stderr.String())
	}
	t.Logf("%-32s %-50s %d %.1f s", faults, line, code, took.Seconds())
}

// A start page that never answers costs ten seconds, too, where a region is missing.
func TestASilentStartPage(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
		}
	}()
	b := newBench(t)
	var all sync.WaitGroup
	for n, scheme := range []string{"http", "https"} {
		home := filepath.Join(t.TempDir(), fmt.Sprint(n))
		text := fmt.Sprintf("[sso-session quiet]\nsso_start_url = %s://%s/start\n", scheme, listener.Addr())
		if err := errors.Join(os.MkdirAll(filepath.Join(home, ".aws"), 0o700),
			os.WriteFile(filepath.Join(home, ".aws", "config"), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		environ := append(slices.Clone(b.base), "HOME="+home)
		for _, line := range []string{"login quiet", "ls quiet", "sync quiet", "token quiet"} {
			all.Go(func() { inTime(t, scheme, line, environ, longestSilence) })
		}
	}
	all.Wait()
}
