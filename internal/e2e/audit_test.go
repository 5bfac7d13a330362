//go:build linux

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rolecall/internal/audit"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/proof"
)

func (w *world) audit() audit.Log {
	return audit.Log{Dir: filepath.Join(w.home, ".local", "state", "rolecall", "audit"), Now: time.Now}
}

// whole reads the log, which nobody has changed.
func (w *world) whole(t *testing.T) (audit.Report, []audit.Record) {
	t.Helper()
	var records []audit.Record
	report, err := w.audit().Read(func(r audit.Record) { records = append(records, r) })
	if err != nil || len(report.Findings) > 0 {
		t.Fatalf("%v, %v", report.Findings, err)
	}
	return report, records
}

// 500 processes, 50 at a time, get keys while the log is rotated: each of them is on record, and the chain is whole.
func TestAuditOf500Writers(t *testing.T) {
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	w.must(t, "rolecall", "env", "dev")
	// Up to the last records before a rotation.
	log := w.audit()
	for size := int64(0); size < 10<<20-100_000; {
		for range 100 {
			text := strings.Repeat("x", 250)
			if _, err := log.Append(audit.Record{How: "env", Command: text, Role: text, Parent: text}); err != nil {
				t.Fatal(err)
			}
		}
		info, err := os.Stat(filepath.Join(log.Dir, "audit.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		size = info.Size()
	}
	before, _ := w.whole(t)
	const atOnce, each = 50, 10
	var all sync.WaitGroup
	var failed atomic.Int64
	for n := range atOnce {
		all.Go(func() {
			for range each {
				argv := []string{"rolecall-process", "--profile", "dev"}
				if n%5 == 0 {
					argv = []string{"rolecall", "process", "--profile", "dev"}
				}
				cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
				cmd.Env = w.environ()
				if out, err := cmd.Output(); err != nil || !bytes.Contains(out, []byte("ASIA")) {
					failed.Add(1)
				}
			}
		})
	}
	all.Wait()
	after, _ := w.whole(t)
	rotated, err := filepath.Glob(filepath.Join(log.Dir, "audit-*.jsonl"))
	if err != nil || len(rotated) != 1 {
		t.Errorf("rotated: %v, %v", rotated, err)
	}
	written := after.Records - before.Records
	if lost := int(after.Last.Lost); written+lost != atOnce*each || failed.Load() > 0 || len(after.Torn) > 0 {
		t.Errorf("%d written, %d lost, %d without keys, %v", written, lost, failed.Load(), after.Torn)
	} else if lost > 0 {
		t.Logf("%d of %d had to wait for more than a second, and are counted", lost, atOnce*each)
	}
	if out := w.must(t, "rolecall", "audit", "verify"); !strings.Contains(out, "chain intact") {
		t.Error(out)
	}
	proof.Note(t, "audit writers", atOnce*each, atOnce*each)
}

// A kill -9 at any moment leaves a log that verifies, with a record of all keys that came out.
func TestAuditAndKilledWriters(t *testing.T) {
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	w.must(t, "rolecall", "env", "dev")
	rounds := 5 * crashRounds(t)
	var writers [4]*killing
	for n := range writers {
		writers[n] = &killing{t: t, world: w, rounds: rounds}
		writers[n].measure("rolecall-process", "--profile", "dev")
	}
	start, _ := w.whole(t)
	var all sync.WaitGroup
	var out atomic.Int64
	for _, k := range writers {
		all.Go(func() {
			for range k.rounds {
				if bytes.HasSuffix(k.kill("rolecall-process", "--profile", "dev"), []byte("}\n")) {
					out.Add(1)
				}
			}
		})
	}
	all.Wait()
	killed := 0
	for _, k := range writers {
		killed += k.middle
	}
	w.must(t, "rolecall", "env", "dev") // after what a kill may have left at the end
	end, _ := w.whole(t)
	records := int64(end.Records-start.Records-1) + end.Last.Lost
	if records < out.Load() {
		t.Errorf("%d sets of keys came out, and there are %d records", out.Load(), records)
	}
	if few := int64(rounds) / 10; int64(killed) < few || out.Load() < few {
		t.Errorf("%d were killed, and %d were not in time", killed, out.Load())
	}
	t.Logf("%d killed, %d keys, %d records, %d torn", killed, out.Load(), records, len(end.Torn))
	proof.Note(t, "audit writers", 4*rounds, 4*rounds)
}

// The log holds no secret of any command that hands out keys or tokens.
func TestAuditHoldsNoSecret(t *testing.T) {
	w := aWorld(t, oidc.Options{})
	secrets := map[string]bool{}
	w.signIn(t, "rolecall", "login", "corp")
	w.signIn(t, "rolecall", "login", "legacy")
	const chained = "arn:aws:iam::444455556666:role/ops/Deploy"
	handed := `cat "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"; curl -sf -H "Authorization: $(cat ` +
		`"$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")" "$AWS_CONTAINER_CREDENTIALS_FULL_URI"`
	commands := [][]string{
		{"rolecall", "env", "dev"},
		{"rolecall", "env", "dev", "--shell", "json"},
		{"rolecall", "exec", "audit", "--", "env"},
		{"rolecall", "exec", "--match", "payments-*", "--role", "ReadOnly", "--", "env"},
		{"rolecall", "exec", "--serve", "dev", "--", "sh", "-c", handed},
		{"rolecall", "process", "--profile", "legacy"},
		{"rolecall-process", "--profile", "dev"},
		{"rolecall", "switch", "--shell", "sh", "dev"},
		{"rolecall", "console", "dev", "--print"},
		{"rolecall", "write", "dev", "--as", "jdbc"},
		{"rolecall", "env", "dev", "--assume", chained, "--external-id", w.sample.ExternalID},
		{"rolecall", "exec", "deploy", "--", "sh", "-c", "env; exit 0", "secret-argument"},
		{"rolecall", "sso", "get-role-credentials", "--account-id", "111122223333", "--role-name", "Admin"},
		{"rolecall", "token", "--reveal"},
	}
	// Whatever is long and looks random is a secret, but for key ids.
	random := regexp.MustCompile(`[A-Za-z0-9+/=_-]{24,}`)
	for _, argv := range commands {
		out := w.must(t, argv...)
		found := random.FindAllString(out, -1)
		for _, text := range found {
			secrets[text] = true
		}
		if len(found) == 0 && argv[1] != "write" {
			t.Errorf("%v printed no secret: that proves little", argv)
		}
	}
	secretsBelow(t, w.home, secrets)
	secrets["secret-argument"], secrets[w.sample.ExternalID] = true, true
	_, records := w.whole(t)
	var how []string
	for _, r := range records {
		how = append(how, r.How)
	}
	for _, want := range []string{"env", "exec", "process", "serve", "console", "write", "login"} {
		if !slices.Contains(how, want) {
			t.Errorf("no record of %s in %v", want, how)
		}
	}
	if len(secrets) < 30 {
		t.Errorf("only %d secrets were seen", len(secrets))
	}
	for name := range secrets { // what commands print beside secrets
		if strings.HasPrefix(name, "AWS") || strings.HasPrefix(name, "ROLECALL") || strings.Contains(name, "rolecall") {
			delete(secrets, name)
		}
	}
	scanFor(t, w.audit().Dir, secrets)
	proof.Note(t, "audit secrets", len(secrets), len(secrets))
	if out := w.must(t, "rolecall", "audit", "verify"); !strings.Contains(out, fmt.Sprint(len(records))) {
		t.Error(out)
	}
}
