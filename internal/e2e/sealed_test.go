//go:build linux

package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	_ "modernc.org/sqlite" // edits databases behind the program's back

	"rolecall/internal/proof"
)

// What rolecall idc audit verify says about files that somebody has edited, to people and to programs, and how a backup
// is restored.
func TestTamperingIsReported(t *testing.T) {
	dir := t.TempDir()
	s := serveSample(t, dir)
	data := filepath.Join(dir, "data")
	backup := filepath.Join(dir, "backup.db")
	s.must(t, nil, "rolecall", "idc", "backup", backup, "--data", data)
	s.must(t, nil, "rolecall", "idc", "reset", "--data", data, "--yes")
	s.must(t, nil, "rolecall", "idc", "reload", "--data", data)
	s.stop(syscall.SIGTERM)
	verify := func(args ...string) (code int, stdout, stderr string) {
		t.Helper()
		return s.rolecall(t, append(args, "idc", "audit", "verify", "--data", data)...)
	}
	if code, stdout, stderr := verify(); code != 0 || !strings.Contains(stdout, " events, chain intact. ") {
		t.Fatalf("before: %d %s%s", code, stdout, stderr)
	}
	database, seal := filepath.Join(data, "idc.db"), filepath.Join(data, "idc.db.seal")
	whole, sealed := readFile(t, database), readFile(t, seal)
	for _, x := range []struct{ name, statement, kind, says string }{
		{
			"a password", "UPDATE entry SET value = replace(value, 'alice', 'alicf') WHERE kind = 'user'", "rows-changed",
			"rows were changed or added outside the program, such as [user ",
		},
		{
			"a right", "INSERT INTO assignment SELECT principal, '999900001111', permission_set FROM assignment LIMIT 1",
			"rows-changed", "rows were removed, added or put back outside the program",
		},
		{
			"an event", "UPDATE audit SET actor = 'eve' WHERE seq = 3", "chain-broken",
			"event 3, or the one before it, was changed",
		},
		{"the end", "DELETE FROM audit WHERE seq > 3", "events-missing", "events 4 to "},
		{"all", "DELETE FROM audit", "audit-emptied", "the audit was emptied: it had "},
		{"no seal", "", "seal-missing", "the seal beside the database is missing"},
		{"a copy", "", "older-copy", "the database is an older copy: it has "},
	} {
		writeFile(t, database, whole)
		writeFile(t, seal, sealed)
		switch {
		case x.name == "no seal":
			remove(t, seal)
		case x.name == "a copy":
			writeFile(t, database, readFile(t, backup))
		default:
			editDatabase(t, database, x.statement)
		}
		code, stdout, stderr := verify()
		if code != 1 || !strings.Contains(stderr, "rolecall: changed outside rolecall: ") ||
			!strings.Contains(stderr, x.says) ||
			strings.Contains(stderr, "rolecall: hint: rolecall idc audit accept --data ") != (x.kind != "chain-broken") {
			t.Errorf("%s: %d %s%s", x.name, code, stdout, stderr)
		}
		code, stdout, _ = verify("--json")
		var found struct {
			Findings []struct{ Kind, Message string }
		}
		if err := json.NewDecoder(strings.NewReader(stdout)).Decode(&found); err != nil || code != 1 ||
			len(found.Findings) == 0 || found.Findings[0].Kind != x.kind {
			t.Errorf("%s, to programs: %d %s, %v", x.name, code, stdout, err)
		}
		proof.Note(t, "audit", 1, 1)
	}
	// The last one was a restored backup.
	if code, _, stderr := s.rolecall(t, "idc", "audit", "accept", "--data", data); code != 2 ||
		!strings.Contains(stderr, "--yes") {
		t.Errorf("without --yes: %d %s", code, stderr)
	}
	s.must(t, nil, "rolecall", "idc", "audit", "accept", "--yes", "--data", data)
	if code, stdout, stderr := verify(); code != 0 {
		t.Errorf("accepted: %d %s%s", code, stdout, stderr)
	}
	events := strings.Split(strings.TrimSpace(s.must(t, nil, "rolecall", "idc", "audit", "--data", data)), "\n")
	if !slices.ContainsFunc(events, func(line string) bool {
		return strings.Contains(line, "operator  AcceptStore") && strings.Contains(line, "older copy")
	}) {
		t.Errorf("the audit ends with %s", events[len(events)-1])
	}
}

// rolecall runs a command that may fail.
func (s *served) rolecall(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "rolecall", args...)
	var out, problems bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = s.environ(), &out, &problems
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), problems.String()
}

// editDatabase runs a statement on a database that nobody has open, also on the audit.
func editDatabase(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_cut; " + statement); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
