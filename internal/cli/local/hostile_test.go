package local_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"rolecall/internal/cli"
	"rolecall/internal/cli/local"
	"rolecall/internal/hostile"
	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// run runs a command on a data directory, and checks that it prints nothing that a terminal obeys or hides.
func run(t *testing.T, args ...string) string {
	t.Helper()
	var out, problems bytes.Buffer
	w := cli.World{
		Stdin: os.Stdin, Stdout: &out, Stderr: &problems, Home: t.TempDir(), Version: "1.2.3", Now: time.Now,
		Local: local.Commands,
	}
	if code := cli.Main(t.Context(), w, args); code != 0 {
		t.Errorf("%q: exit code %d: %.300q", args, code, problems.String())
	}
	for line := range strings.Lines(out.String() + problems.String()) {
		bad := func(r rune) bool {
			return r != '\n' && !unicode.IsPrint(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point)
		}
		if at := strings.IndexFunc(line, bad); at >= 0 {
			t.Errorf("%q: %.100q", args, line[max(0, at-20):])
		}
	}
	return out.String()
}

// What others put into the directory and the audit is printed harmless, and JSON and YAML have the original.
func TestHostileNamesInTheDirectory(t *testing.T) {
	names := append(hostile.Invisible(), hostile.Names()...)
	dir := filepath.Join(t.TempDir(), "data")
	fill(t, dir, names)
	text := run(t, "idc", "export", "--data", dir)
	path := filepath.Join(t.TempDir(), "seed.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "idc", "apply", path, "--dry-run", "--data", dir)
	run(t, "idc", "apply", path, "--dry-run", "--json", "--data", dir)
	run(t, "idc", "audit", "--data", dir)
	var seen []string
	for line := range strings.Lines(run(t, "idc", "audit", "--json", "--data", dir)) {
		var e store.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Action == "CreateAccount" {
			seen = append(seen, e.Target)
			if e.Actor != "user:"+e.Target || e.Details != e.Target {
				t.Errorf("%+v", e)
			}
		}
	}
	if !slices.Equal(seen, names) {
		t.Errorf("%d of %d events read as they were written", len(seen), len(names))
	}
}

func fill(t *testing.T, dir string, names []string) {
	t.Helper()
	data, err := idc.OpenData(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = data.Close() }()
	err = data.Store.Update(t.Context(), func(tx store.Tx) error {
		if _, err := directory.Open(tx, idc.DefaultRegion, time.Now()); err != nil {
			return err
		}
		for i, name := range names {
			id := fmt.Sprintf("%012d", 700_000_000_000+i)
			account := directory.Account{ID: id, Name: "n" + name, Email: id + "@example.com"} // no name is empty
			if err := directory.Accounts().Put(tx, account); err != nil {
				return err
			}
			event := store.Event{Time: time.Now(), Actor: "user:" + name, Action: "CreateAccount", Target: name, Details: name}
			if err := tx.Record(event); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
