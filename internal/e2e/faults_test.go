package e2e

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rolecall/internal/idc/faults"
	"rolecall/internal/idc/oidc"
)

// How a client meets a fault: a command, and how it is called.
const (
	askKeys      = "env dev"
	askAccounts  = "sso list-accounts"
	askRoles     = "sso list-account-roles --account-id 111122223333"
	renew        = "renewing: env dev" // with an access token that has ended
	signByCode   = "signing in: login corp"
	signByDevice = "signing in: login --device-code corp"
	askWho       = "whoami dev"
	signOut      = "logout corp"
	viaProxy     = "through the proxy: login --device-code corp"
)

// A meeting is one of our commands against a fault.
type meeting struct {
	spec, with string
	want       string // the exit codes that are right
	slow       bool   // timeouts are part of the design
	renews     bool   // the access token was refused, and renewed
	says       string // on stderr, if not empty
}

// meetings are in the order of faults.List. Exit codes: 5 for what breaks off or takes
// too long, 1 for what AWS does not send, by status for refusals; 0 for odd but
// harmless answers, and where rolecall recovers.
func meetings() []meeting {
	return []meeting{
		{spec: "throttle", with: askKeys, want: "5", slow: true},
		{spec: "throttle@refresh", with: renew, want: "5"},
		{spec: "throttle@register", with: signByCode, want: "5"},
		{spec: "throttle~3", with: askAccounts, want: "0"},
		{spec: "unauthorized", with: askKeys, want: "3", renews: true},
		{spec: "unauthorized#1", with: askKeys, want: "0", renews: true},
		{spec: "unauthorized", with: askAccounts, want: "3", renews: true},
		{spec: "forbidden", with: askKeys, want: "4"},
		{spec: "forbidden", with: askAccounts, want: "4"},
		{spec: "unavailable", with: askKeys, want: "5"},
		{spec: "unavailable#1", with: askKeys, want: "0"},
		{spec: "unavailable=504@refresh", with: renew, want: "5"},
		{spec: "unavailable@device", with: signByDevice, want: "5"},
		{spec: "unavailable@sts", with: askWho, want: "5"},
		{spec: "unavailable@token", with: signByCode, want: "5"},
		{spec: "status", with: askAccounts, want: "5"},
		{spec: "status=400", with: askKeys, want: "1"},
		{spec: "status=404", with: askRoles, want: "1"},
		{spec: "status=409:ConflictException", with: askKeys, want: "1"},
		{spec: "status=403@token", with: signByCode, want: "3"},
		{spec: "status=401@token", with: signByCode, want: "3 1"},
		{spec: "status=400:InvalidGrantException@token", with: signByCode, want: "3 1"},
		{spec: "status=400:ServerErrorException@refresh", with: renew, want: "3"},
		{spec: "status=500@logout", with: signOut, want: "0"},
		{spec: "retry-after", with: askKeys, want: "5", slow: true},
		{spec: "retry-after=1000000000", with: askKeys, want: "5", slow: true},
		{spec: `retry-after="Fri, 31 Dec 9999 23:59:59 GMT"`, with: askKeys, want: "5", slow: true},
		{spec: "retry-after=garbage", with: askKeys, want: "5", slow: true},
		{spec: "error-text@credentials", with: askKeys, want: "1"},
		{spec: "error-text@token", with: signByCode, want: "1"},
		{spec: "error-text@refresh", with: renew, want: "3"},
		{spec: "error-text@sts", with: askWho, want: "1"},
		{spec: "error-type", with: askKeys, want: "5"},
		{spec: "error-type=unknown", with: askKeys, want: "5"},
		{spec: "error-type=huge", with: askKeys, want: "5 1"},
		{spec: "error-type=unknown@token", with: signByCode, want: "5"},
		{spec: "vanished-account", with: askRoles, want: "1"},
		{spec: "vanished-account", with: askKeys, want: "1"},
		{spec: "never-approved#2", with: signByDevice, want: "0"},
		{spec: "slow-down#1", with: signByDevice, want: "0", slow: true},
		{spec: "denied", with: signByDevice, want: "3"},
		{spec: "denied", with: signByCode, want: "3"},
		{spec: "expired-code", with: signByDevice, want: "3"},
		{spec: "session-ended", with: renew, want: "3"},
		{spec: "expired-registration@refresh", with: renew, want: "3"},
		{spec: "expired-registration@device", with: signByDevice, want: "1 3"},
		{spec: "expired-registration@token", with: signByCode, want: "1 3"},
		{spec: "html", with: askKeys, want: "1"},
		{spec: "html@token", with: signByCode, want: "1"},
		{spec: "html@refresh", with: renew, want: "1"},
		{spec: "html@register", with: signByCode, want: "1"},
		{spec: "html@sts", with: askWho, want: "1"},
		{spec: "empty-body", with: askKeys, want: "1"},
		{spec: "null-body", with: askAccounts, want: "1"},
		{spec: "null-body@refresh", with: renew, want: "1"},
		{spec: "array-body", with: askKeys, want: "1"},
		{spec: "empty-object", with: askKeys, want: "1"},
		{spec: "empty-object@register", with: signByCode, want: "1"},
		{spec: "empty-object@device", with: signByDevice, want: "1"},
		{spec: "empty-object@token", with: signByCode, want: "1"},
		{spec: "empty-object@refresh", with: renew, want: "1"},
		{spec: "truncated", with: askAccounts, want: "1"},
		{spec: "truncated@refresh", with: renew, want: "1"},
		{spec: "trailing-garbage", with: askKeys, want: "1"},
		{spec: "utf-16", with: askAccounts, want: "1"},
		{spec: "bad-utf8", with: askAccounts, want: "1"},
		{spec: "bad-utf8", with: askKeys, want: "1"},
		{spec: "bad-utf8@refresh", with: renew, want: "1"},
		{spec: "nul", with: askAccounts, want: "1"},
		{spec: "nul=escaped", with: askKeys, want: "1"},
		{spec: "nul=escaped@token", with: signByCode, want: "1"},
		{spec: "duplicate-keys", with: askAccounts, want: "1"},
		{spec: "gzip", with: askKeys, want: "1"},
		{spec: "error-with-token@refresh", with: renew, want: "1"},
		{spec: "error-with-token@token", with: signByCode, want: "1"},
		{spec: "expires-in", with: renew, want: "1"},
		{spec: "expires-in=0", with: renew, want: "1"},
		{spec: "expires-in=1@token", with: signByCode, want: "0"},
		{spec: "expires-in=2147483648", with: renew, want: "1"},
		{spec: "expires-in=9223372036854775808@token", with: signByCode, want: "1"},
		{spec: "expires-in=1.5", with: renew, want: "1"},
		{spec: `expires-in="\"3600\""`, with: renew, want: "1"},
		{spec: "interval#1", with: signByDevice, want: "0", slow: true},
		{spec: "interval=-1#1", with: signByDevice, want: "0", slow: true},
		{spec: "verification-uri", with: signByDevice, want: "1"},
		{spec: "verification-uri=file", with: signByDevice, want: "1"},
		{spec: "verification-uri=long", with: signByDevice, want: "1"},
		{spec: "user-code", with: signByDevice, want: "1"},
		{spec: "token-type@token", with: signByCode, want: "1"},
		{spec: "access-token@token", with: signByCode, want: "1"},
		{spec: "access-token=huge@refresh", with: renew, want: "1"},
		{spec: "access-token=line-break@token", with: signByCode, want: "1"},
		{spec: "no-refresh-token@refresh", with: renew, want: "0"},
		{spec: "no-refresh-token@token", with: signByCode, want: "0"},
		{spec: "same-refresh-token", with: renew, want: "0"},
		{spec: "secret-expires", with: signByCode, want: "1"},
		{spec: "secret-expires=1", with: signByCode, want: "1"},
		{spec: "secret-expires=9223372036854775807", with: signByCode, want: "0 1"},
		{spec: "authorization-endpoint", with: signByCode, want: "0"},
		{spec: "authorization-endpoint=http://elsewhere.example.com/authorize", with: signByCode, want: "0"},
		{spec: "account-name", with: askAccounts, want: "0"},
		{spec: "email", with: askAccounts, want: "0"},
		{spec: "account-id", with: askAccounts, want: "1"},
		{spec: "account-id=1112222333344", with: askAccounts, want: "1"},
		{spec: "account-id=-11122223333", with: askAccounts, want: "1"},
		{spec: "role-name", with: askRoles, want: "0 1"},
		{spec: "foreign-roles", with: askRoles, want: "1"},
		{spec: "access-key-id", with: askKeys, want: "1"},
		{spec: "secret-key", with: askKeys, want: "0 1"},
		{spec: "expiration", with: askKeys, want: "1"},
		{spec: "expiration=past", with: askKeys, want: "1"},
		{spec: "expiration=9999", with: askKeys, want: "1"},
		{spec: "expired-credentials", with: askKeys, want: "1"},
		{spec: "signin-token"},
		{spec: "missing=roleCredentials", with: askKeys, want: "1"},
		{spec: "missing=accessKeyId", with: askKeys, want: "1"},
		{spec: "missing=secretAccessKey", with: askKeys, want: "1"},
		{spec: "missing=sessionToken", with: askKeys, want: "1"},
		{spec: "missing=expiration", with: askKeys, want: "1"},
		{spec: "missing=accountId", with: askAccounts, want: "1"},
		{spec: "missing=accountName", with: askAccounts, want: "0"},
		{spec: "missing=roleName", with: askRoles, want: "1"},
		{spec: "missing=accountId", with: askRoles, want: "1"},
		{spec: "missing=accessToken@token", with: signByCode, want: "1"},
		{spec: "missing=expiresIn@token", with: signByCode, want: "1"},
		{spec: "missing=tokenType@token", with: signByCode, want: "0"},
		{spec: "missing=accessToken@refresh", with: renew, want: "1"},
		{spec: "missing=clientId@register", with: signByCode, want: "1"},
		{spec: "missing=clientSecret@register", with: signByCode, want: "1"},
		{spec: "missing=clientSecretExpiresAt@register", with: signByCode, want: "1"},
		{spec: "missing=deviceCode@device", with: signByDevice, want: "1"},
		{spec: "missing=userCode@device", with: signByDevice, want: "1"},
		{spec: "missing=verificationUri@device", with: signByDevice, want: "0 1"},
		{spec: "missing=expiresIn@device", with: signByDevice, want: "1"},
		{spec: "wrong-type=accessKeyId", with: askKeys, want: "1"},
		{spec: "wrong-type=secretAccessKey", with: askKeys, want: "1"},
		{spec: "wrong-type=sessionToken", with: askKeys, want: "1"},
		{spec: "wrong-type=expiration", with: askKeys, want: "1"},
		{spec: "wrong-type=accountList", with: askAccounts, want: "1"},
		{spec: "wrong-type=accountId", with: askAccounts, want: "1"},
		{spec: "wrong-type=roleList", with: askRoles, want: "1"},
		{spec: "wrong-type=accessToken@refresh", with: renew, want: "1"},
		{spec: "wrong-type=expiresIn@refresh", with: renew, want: "1"},
		{spec: "wrong-type=refreshToken@refresh", with: renew, want: "1"},
		{spec: "wrong-type=tokenType@token", with: signByCode, want: "1"},
		{spec: "wrong-type=clientId@register", with: signByCode, want: "1"},
		{spec: "wrong-type=clientSecretExpiresAt@register", with: signByCode, want: "1"},
		{spec: "wrong-type=deviceCode@device", with: signByDevice, want: "1"},
		{spec: "wrong-type=interval@device", with: signByDevice, want: "1"},
		{spec: "string-for-object", with: askKeys, want: "1"},
		{spec: "string-for-object@refresh", with: renew, want: "1"},
		{spec: "number-for-string", with: askKeys, want: "1"},
		{spec: "number-for-string@refresh", with: renew, want: "1"},
		{spec: "deep", with: askKeys, want: "1"},
		{spec: "deep@refresh", with: renew, want: "1"},
		{spec: "key-case", with: askKeys, want: "1"},
		{spec: "key-case@refresh", with: renew, want: "1"},
		{spec: "nan", with: askKeys, want: "1"},
		{spec: "nan=Infinity@refresh", with: renew, want: "1"},
		{spec: "huge-number", with: askKeys, want: "1"},
		{spec: "huge-number@refresh", with: renew, want: "1"},
		{spec: "long-string", with: askKeys, want: "1"},
		{spec: "long-string@refresh", with: renew, want: "1"},
		{spec: "long-array", with: askAccounts, want: "1"},
		{spec: "same-page", with: askAccounts, want: "1"},
		{spec: "same-page", with: askRoles, want: "1"},
		{spec: "two-pages", with: askAccounts, want: "1"},
		{spec: "endless-pages", with: askAccounts, want: "1"},
		{spec: "many-accounts", with: askAccounts, want: "1"},
		{spec: "duplicate-accounts", with: askAccounts, want: "0"},
		{spec: "long-page-token", with: askAccounts, want: "1"},
		{spec: "page-token-line-break", with: askAccounts, want: "1"},
		{spec: "page-fails", with: askAccounts, want: "5"},
		{spec: "accounts-change", with: askAccounts, want: "0"},
		{spec: "no-list", with: askAccounts, want: "0 1"},
		{spec: "no-list=absent", with: askRoles, want: "0 1"},
		{spec: "no-roles", with: askRoles, want: "0"},
		{spec: "many-headers", with: askKeys, want: "5 1"},
		{spec: "long-header", with: askKeys, want: "5 1"},
		{spec: "cookie-flood@all", with: askKeys, want: "0"},
		{spec: "cookie-flood@all", with: signByCode, want: "0"},
		{spec: "alt-svc", with: askKeys, want: "0"},
		{spec: "hsts", with: signByCode, want: "0"},
		{spec: "date", with: askKeys, want: "0"},
		{spec: "date=-87600h", with: renew, want: "0"},
		{spec: "date@sts", with: askWho, want: "0"},
		{spec: "clock", with: askKeys, want: "0"},
		{spec: "clock=-10m@all", with: signByCode, want: "0"},
		{spec: "redirect", with: renew, want: "1"},
		{spec: "redirect@token", with: signByCode, want: "1"},
		{spec: "redirect-body", with: renew, want: "1"},
		{spec: "redirect-body@token", with: signByCode, want: "1"},
		{spec: "redirect-loop", with: askKeys, want: "1"},
		{spec: "redirect-to-http", with: askKeys, want: "1"},
		{spec: "redirect-inside", with: askKeys, want: "1"},
		{spec: "redirect-inside=file", with: askAccounts, want: "1"},
		{spec: "redirect-to-name", with: askKeys, want: "1"},
		{spec: "wrong-issuer", with: signByCode, want: "0 1"},
		{spec: "huge-body", with: askKeys, want: "1 5"},
		{spec: "endless-body", with: askAccounts, want: "1 5"},
		{spec: "gzip-bomb", with: askKeys, want: "1 5"},
		{spec: "slow-body", with: askKeys, want: "5", slow: true},
		{spec: "slow-headers", with: askKeys, want: "5", slow: true},
		{spec: "silence", with: askKeys, want: "5", slow: true},
		{spec: "silence@token", with: signByCode, want: "5", slow: true},
		{spec: "silence@refresh", with: renew, want: "5", slow: true},
		{spec: "hanging", with: askKeys, want: "5", slow: true},
		{spec: "stalled", with: askKeys, want: "5", slow: true},
		{spec: "endless-continue", with: askKeys, want: "5 1"},
		{spec: "early-hints", with: askKeys, want: "5 1"},
		{spec: "reset", with: askKeys, want: "5"},
		{spec: "reset=start", with: askAccounts, want: "5"},
		{spec: "reset#1", with: askKeys, want: "0"},
		{spec: "reset=start@refresh", with: renew, want: "5"},
		{spec: "lost-answer#1", with: renew, want: "0"},
		{spec: "lost-answer", with: renew, want: "5"},
		{spec: "cut-after-headers", with: askKeys, want: "5"},
		{spec: "short-body", with: askKeys, want: "5"},
		{spec: "short-body@refresh#1", with: renew, want: "0"},
		{spec: "long-body", with: askKeys, want: "0 5"},
		{spec: "long-body", with: askAccounts, want: "0 5"},
		{spec: "two-lengths", with: askKeys, want: "5 1"},
		{spec: "length-and-chunked", with: askKeys, want: "0 1"},
		{spec: "http-0.9", with: askKeys, want: "5 1"},
		{spec: "second-answer", with: signByCode, want: "0"},
		{spec: "early-answer", with: askAccounts, want: "0"},
		{spec: "early-answer@refresh+credentials", with: renew, want: "0"},
		{spec: "http2-flood", with: viaProxy, want: "5", slow: true},
		{spec: "expired-certificate", with: viaProxy, want: "1"},
		{spec: "wrong-host", with: viaProxy, want: "1"},
		{spec: "self-signed", with: viaProxy, want: "1"},
		{spec: "old-tls", with: viaProxy, want: "5"},
		{spec: "client-certificate", with: viaProxy, want: "0"},
		{spec: "slow-handshake", with: viaProxy, want: "5", slow: true},
	}
}

// A bench is a world whose person has signed in once, to play many faults in.
type bench struct {
	*world
	token []byte // the file of the session
	note  []byte // what rolecall remembers of it
	notes string // the file of that
	base  []string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	w, err := newWorld(filepath.Join(t.TempDir(), "home"), oidc.Options{NoLimits: true, RefreshGrace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.faults.Play(nil); _ = w.http.Close() })
	b := &bench{world: w, base: w.environ()}
	var out bytes.Buffer
	code, screen, err := aTerminal{user: "alice"}.run(t.Context(), []string{"rolecall", "login", "corp"}, b.base, &out)
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

// An ending is how a command ended.
type ending struct {
	code   int
	stderr string
	stdout int
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
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	start := time.Now()
	e = run(ctx, t, how != "" && how != "renewing", append([]string{"rolecall"}, strings.Fields(line)...), environ)
	e.took = time.Since(start)
	return e, home
}

func run(ctx context.Context, t *testing.T, terminal bool, argv, environ []string) (e ending) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	measure := func(s *os.ProcessState) { e.kib = s.SysUsage().(*syscall.Rusage).Maxrss }
	if terminal {
		var err error
		e.code, e.stderr, err = aTerminal{user: "alice", ended: measure}.run(ctx, argv, environ, &stdout)
		if err != nil {
			t.Error(err)
		}
		e.stderr = strings.ReplaceAll(e.stderr, "\r\n", "\n")
		return e
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = environ, &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	measure(cmd.ProcessState)
	e.code, e.stderr, e.stdout = cmd.ProcessState.ExitCode(), stderr.String(), stdout.Len()
	return e
}

// settle makes the home as it was after the sign-in.
func (b *bench) settle(t *testing.T) {
	t.Helper()
	if err := errors.Join(os.WriteFile(b.tokenPath(b.home), b.token, 0o600), os.WriteFile(b.notes, b.note, 0o600)); err != nil {
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

// Our own client meets every fault: it ends in time, stays small, says in a few lines
// what is the matter and nothing that the server made up, and loses nothing.
func TestEveryFault(t *testing.T) {
	all := meetings()
	for _, f := range faults.List() {
		if !slices.ContainsFunc(all, func(m meeting) bool { return nameOf(m.spec) == f.Name }) {
			t.Errorf("our client does not meet %s", f.Name)
		}
	}
	queue := make(chan meeting)
	var workers sync.WaitGroup
	for range 3 {
		b := newBench(t)
		workers.Go(func() {
			for m := range queue {
				t.Run(m.spec, func(t *testing.T) { b.check(t, m) })
			}
		})
	}
	for _, m := range all {
		if m.slow {
			b := newBench(t)
			workers.Go(func() { t.Run(m.spec, func(t *testing.T) { b.check(t, m) }) })
		}
	}
	for _, m := range all {
		if !m.slow {
			queue <- m
		}
	}
	close(queue)
	workers.Wait()
}

func nameOf(spec string) string {
	name, _, _ := strings.Cut(spec, "@")
	name, _, _ = strings.Cut(name, "=")
	return strings.TrimRight(name, "#~0123456789")
}

// wild is what a terminal would obey, or show as another text than it is.
var wild = regexp.MustCompile(`[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}\x{202a}-\x{202e}]`)

const (
	mostKiB   = 100 << 10
	mostLines = 6
	longest   = 5 * time.Second
	longestOf = 25 * time.Second // where the client waits for what does not come
)

func (b *bench) check(t *testing.T, m meeting) {
	if m.with == "" {
		return // rolecall asks for nothing of the kind
	}
	config, err := os.ReadFile(filepath.Join(b.home, ".aws", "config"))
	if err != nil {
		t.Fatal(err)
	}
	e, home := b.meet(t, m)
	if os.Getenv("SURVEY") != "" {
		fmt.Printf("%-40s %-28s code %d %6.2fs %6d KiB out %d | %.900q\n", m.spec, m.with, e.code, e.took.Seconds(), e.kib, e.stdout, strings.Join(e.tail(), " / "))
	}
	if !slices.Contains(strings.Fields(m.want), fmt.Sprint(e.code)) {
		t.Errorf("exit code %d, want %s", e.code, m.want)
	}
	if most := cmp.Or(map[bool]time.Duration{true: longestOf}[m.slow], longest); e.took > most {
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
	if t.Failed() {
		t.Logf("%s: exit code %d after %s\n%.2000s", m.with, e.code, e.took, e.stderr)
	}
}

// tail is what rolecall says after its instructions for a sign-in.
func (e ending) tail() []string {
	text := e.stderr
	for _, last := range []string{"nobody else needs it\n", "approve only the code that you see here\n"} {
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
	if strings.Contains(e.stderr, "<html") || strings.Contains(e.stderr, "\nrolecall: hint: curl") || len(e.stderr) > 4000 {
		t.Errorf("the server's text on stderr: %d bytes", len(e.stderr))
	}
	for _, secret := range regexp.MustCompile(`"(?:accessToken|refreshToken|clientSecret)": "([^"]+)"`).FindAllSubmatch(token, -1) {
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

// checkSession sees that a failure leaves the session as it was, or none.
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
