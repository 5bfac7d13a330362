package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/store"
	"rolecall/internal/proof"
)

const noTriggers = "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_cut; "

// A vault is a store in a file, to be edited behind the program's back.
type vault struct {
	*testing.T
	dir, path string
	*Store
}

func newVault(t *testing.T) *vault {
	t.Helper()
	v := &vault{T: t, dir: t.TempDir()}
	v.path = filepath.Join(v.dir, "idc.db")
	v.open()
	return v
}

func (v *vault) open() {
	v.Helper()
	v.Store = must(v.T)(Open(v.path, key))
	v.Cleanup(func() { _ = v.Store.Close() })
}

func (v *vault) close() {
	v.Helper()
	if err := v.Store.Close(); err != nil {
		v.Fatal(err)
	}
}

// change is a change with an event.
func (v *vault) change(do func(store.Tx) error) {
	v.Helper()
	err := v.Update(v.Context(), func(tx store.Tx) error {
		return errors.Join(do(tx), tx.Record(store.Event{Time: time.Now(), Actor: "admin", Action: "Change"}))
	})
	if err != nil {
		v.Fatal(err)
	}
}

func user(id, value string) func(store.Tx) error {
	return func(tx store.Tx) error {
		return tx.Put(store.Entry{
			Kind: "user", ID: id, Keys: []string{"name:" + id, "mail:" + id}, Owners: []string{"group:a"}, Value: []byte(value),
		})
	}
}

// begin and goOn make a directory, in as many changes as events.
func (v *vault) begin() {
	v.Helper()
	v.change(user("alice", `{"n":1}`))
	v.change(user("bob", `{"n":2}`))
}

func (v *vault) goOn() {
	v.Helper()
	v.change(func(tx store.Tx) error {
		_, one := tx.Assign(store.Assignment{Principal: "alice", AccountID: "1", PermissionSet: "Admin"})
		_, two := tx.Assign(store.Assignment{Principal: "bob", AccountID: "1", PermissionSet: "ReadOnly"})
		return errors.Join(one, two, tx.Put(store.Entry{Kind: "group", ID: "a", Value: []byte(`{"n":3}`)}))
	})
	v.change(user("alice", `{"n":4}`))
	v.change(func(store.Tx) error { return nil }) // an event alone
}

// found are the kinds that Verify finds.
func (v *vault) found() (kinds []string) {
	v.Helper()
	verdict, err := v.Verify(context.Background())
	if err != nil {
		v.Fatal(err)
	}
	for _, f := range verdict.Findings {
		kinds = append(kinds, f.Kind)
	}
	return kinds
}

func (v *vault) copyTo(dir string) {
	v.Helper()
	for _, name := range []string{"idc.db", "idc.db.seal"} {
		content, err := os.ReadFile(filepath.Join(v.dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), content, 0o600)
		}
		if err != nil {
			v.Fatal(err)
		}
	}
}

func (v *vault) replace(name, from string) {
	v.Helper()
	if err := os.Rename(filepath.Join(from, name), filepath.Join(v.dir, name)); err != nil {
		v.Fatal(err)
	}
}

// edit edits the closed database.
func edit(statement string) func(*vault, string) {
	return func(v *vault, _ string) { damage(v.T, v.path, statement) }
}

// Going on with an older copy leaves the seal as it was, until that is accepted.
func TestDoubtsLeaveTheSeal(t *testing.T) {
	v := newVault(t)
	v.begin()
	v.close()
	older := t.TempDir()
	v.copyTo(older)
	v.open()
	v.goOn()
	v.close()
	before, err := v.readSeal()
	if err != nil || before.Events != 5 {
		t.Fatalf("%+v, %v", before, err)
	}
	olderGoneOn(v, older)
	v.open()
	if after, err := v.readSeal(); err != nil || after.Generation != before.Generation || after.Events != 5 {
		t.Errorf("in doubt: %+v, %v", after, err)
	}
	if err := v.Accept(t.Context(), store.Event{Action: "AcceptStore"}); err != nil {
		t.Fatal(err)
	}
	if after, err := v.readSeal(); err != nil || after.Events != 8 {
		t.Errorf("accepted: %+v, %v", after, err)
	}
}

// Whoever edits the files under the running program does not edit what it knows.
func TestTamperingWithARunningStoreIsFound(t *testing.T) {
	for statement, want := range map[string]string{
		noTriggers + "DELETE FROM audit WHERE seq > 3":                    store.ChainBroken,
		noTriggers + "DELETE FROM audit":                                  store.ChainBroken,
		`UPDATE entry SET value = '{"n":9}' WHERE id = 'bob'`:             store.RowsChanged,
		"DELETE FROM assignment WHERE principal = 'bob'":                  store.RowsChanged,
		"UPDATE meta SET value = '' WHERE name = 'ledger'":                "",
		"DELETE FROM entry WHERE id = 'bob'":                              store.RowsChanged,
		"INSERT INTO entry VALUES ('user', 'eve', 0, '{}', zeroblob(32))": store.RowsChanged,
	} {
		t.Run(statement, func(t *testing.T) {
			v := newVault(t)
			v.begin()
			v.goOn()
			damage(t, v.path, statement)
			v.change(user("dora", "{}"))
			v.close()
			v.open()
			if found := strings.Join(v.found(), " "); !strings.Contains(found, want) || want == "" && found != "" {
				t.Errorf("found: %v, want %q", found, want)
			}
			proof.Note(t, "audit", 1, 1)
		})
	}
}

// What only the database has lost while the program runs, Accept puts back.
func TestAcceptMakesTheLedgerAnew(t *testing.T) {
	for _, statement := range []string{
		"DELETE FROM meta WHERE name = 'ledger'", "UPDATE meta SET value = 'x' WHERE name = 'ledger'",
		"UPDATE meta SET value = replace(value, '1', '2') WHERE name = 'ledger'",
	} {
		t.Run(statement, func(t *testing.T) {
			v := newVault(t)
			v.begin()
			damage(t, v.path, statement)
			if found := v.found(); len(found) == 0 {
				t.Error("nothing is found before")
			}
			accept := store.Event{Time: time.Now(), Actor: "operator", Action: "AcceptStore"}
			if err := v.Accept(t.Context(), accept); err != nil {
				t.Fatal(err)
			}
			if found := v.found(); len(found) > 0 {
				t.Errorf("found after Accept: %v", found)
			}
			v.close()
			v.open()
			if found := v.found(); len(found) > 0 {
				t.Errorf("found at the next start: %v", found)
			}
		})
	}
}

// A commit is sealed soon, without Close and without a further commit.
func TestACommitIsSealedSoon(t *testing.T) {
	v := newVault(t)
	v.begin()
	deadline := time.Now().Add(time.Minute)
	for {
		kept, err := v.readSeal()
		if err != nil {
			t.Fatal(err)
		}
		if kept.Events == 2 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after a minute: %+v", kept)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// A database of an older rolecall is sealed as it is. A crash on the way there raises no alarm, wherever it comes.
func TestAnOlderDatabaseIsSealed(t *testing.T) {
	for _, x := range []struct{ name, crash string }{
		{"at once", ""}, {"killed before the seal", "seal"}, {"killed after it", "ledger"},
	} {
		v := &vault{T: t, dir: t.TempDir()}
		v.path = filepath.Join(v.dir, "idc.db")
		damage(t, v.path, strings.Join(migrations[:2], "")+`PRAGMA user_version = 2;
			INSERT INTO entry VALUES ('user', 'alice', 0, '{}'); INSERT INTO entry_key VALUES ('user', 'name:alice', 'alice');
			INSERT INTO assignment VALUES ('alice', '1', 'Admin')`)
		v.open()
		if x.crash != "" {
			v.close()
			damage(t, v.path, "UPDATE entry SET mac = x''; UPDATE meta SET value = '' WHERE name = 'ledger'")
			kept := seal{Generation: 0}
			if err := v.putSeal(kept); err != nil {
				t.Fatal(err)
			}
			if x.crash == "seal" {
				v.remove("idc.db.seal")
			}
			v.open()
		}
		if found := v.found(); len(found) > 0 {
			t.Errorf("%s: %v", x.name, found)
		}
		v.change(func(tx store.Tx) error { return tx.Delete("user", "alice") })
		v.close()
		v.open()
		if found := v.found(); len(found) > 0 {
			t.Errorf("%s, later: %v", x.name, found)
		}
	}
}

// A change that is undone leaves no trace in the ledger, and neither do deletions and replacements that are not.
func TestTheLedgerFollowsEveryChange(t *testing.T) {
	v := newVault(t)
	v.begin()
	failed := errors.New("undone")
	for range 3 {
		_ = v.Update(t.Context(), func(tx store.Tx) error {
			_, err := tx.Assign(store.Assignment{Principal: "x", AccountID: "y", PermissionSet: "z"})
			return errors.Join(user("eve", "{}")(tx), tx.Delete("user", "alice"), tx.Record(store.Event{}), err, failed)
		})
		v.change(func(tx store.Tx) error {
			err := tx.Put(store.Entry{
				Kind: "token", ID: "t", Ends: time.UnixMilli(1), Owners: []string{"f", "f"}, Value: []byte("1"),
			})
			return errors.Join(err, tx.Put(store.Entry{Kind: "code", ID: "c", Owners: []string{"f"}, Value: []byte("1")}),
				tx.DeleteOwned("code", "f"))
		})
		if _, err := v.Tidy(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		if found := v.found(); len(found) > 0 {
			t.Errorf("found: %v", found)
		}
	}
}

// After a commit that failed and is in the database all the same, the ledger catches up; it never goes back.
func TestTheLedgerCatchesUp(t *testing.T) {
	v := newVault(t)
	v.begin()
	before := v.ledger
	v.goOn()
	after := v.ledger
	catchUp := func() {
		c := <-v.writer
		v.catchUp(c)
		v.writer <- c
	}
	v.committed(before)
	if err := v.Update(t.Context(), func(tx store.Tx) error { return tx.Record(store.Event{}) }); err == nil {
		t.Error("an event has the number of another")
	}
	if catchUp(); v.ledger.events != after.events || v.ledger.Sum != after.Sum {
		t.Errorf("caught up to %+v, want %+v", v.ledger, after)
	}
	v.change(user("dora", "{}"))
	damage(t, v.path, noTriggers+"DELETE FROM audit WHERE seq > 3")
	if catchUp(); v.ledger.events != 6 {
		t.Errorf("back to event %d", v.ledger.events)
	}
	v.close()
}
