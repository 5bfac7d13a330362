package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"rolecall/internal/hostile"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/proof"
)

// hostileListing is a listing whose accounts have hostile names.
func hostileListing() *inventory.Inventory {
	var accounts []inventory.Account
	for i, name := range hostile.Names() {
		accounts = append(accounts, inventory.Account{
			ID: fmt.Sprintf("%012d", 700_000_000_000+i), Name: name, Email: name,
			Tags: []string{name}, Roles: []string{name, "Admin"},
		})
	}
	return inventory.New(identitycenter.SSOSession{Name: "corp"}, time.Unix(1_900_000_000, 0), accounts)
}

// Each row is one line of printable characters, whatever the names are.
func TestHostileNamesInLists(t *testing.T) {
	inv := hostileListing()
	rows := inv.Rows()
	for by, want := range map[string]int{"account": len(inv.Accounts), "pair": len(rows)} {
		for format, print := range map[string]func(*table, *bytes.Buffer) error{
			"table": func(t *table, w *bytes.Buffer) error { return t.print(w) },
			"tsv":   func(t *table, w *bytes.Buffer) error { return t.printTSV(w) },
		} {
			var out bytes.Buffer
			if err := print(listTable(rows, by), &out); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			if len(lines) != want+1 {
				t.Errorf("%s by %s: %d lines for %d items", format, by, len(lines), want)
			}
			for _, line := range lines {
				if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) && (r != '\t' || format != "tsv") }) {
					t.Errorf("%s by %s: %q", format, by, line)
				}
				if format != "tsv" {
					continue
				}
				fields := strings.Split(line, "\t")
				if len(fields) != 5 || strings.ContainsAny(fields[1][:min(1, len(fields[1]))], "=+-@") {
					t.Errorf("tsv by %s: %q", by, fields)
				}
			}
		}
	}
	proof.Note(t, "names", 4*len(inv.Accounts), 4*len(inv.Accounts))
}

// What completion offers goes into a command line unquoted.
func TestHostileNamesInCompletion(t *testing.T) {
	inv := hostileListing()
	all := (&App{}).accountTargets(inv, "")
	if len(all) != len(inv.Accounts) {
		t.Fatalf("%d suggestions for %d accounts", len(all), len(inv.Accounts))
	}
	for _, s := range all {
		account, _, _ := strings.Cut(s.what, "/")
		if !inert(account) {
			t.Errorf("%q is offered", s.what)
		}
		if found, err := inv.Find(account); err != nil || !strings.Contains(s.description, found.ID) {
			t.Errorf("%q is offered, and means %v, %v", s.what, found, err)
		}
	}
	proof.Note(t, "names", len(all), len(all))
}
