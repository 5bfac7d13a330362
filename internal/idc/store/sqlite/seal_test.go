package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/store"
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

// fromOlder edits the closed database with an older copy at hand.
func fromOlder(statement string) func(*vault, string) {
	return func(v *vault, older string) {
		damage(v.T, v.path, "ATTACH '"+filepath.Join(older, "idc.db")+"' AS older; "+statement)
	}
}

func (v *vault) remove(name string) {
	v.Helper()
	if err := os.Remove(filepath.Join(v.dir, name)); err != nil {
		v.Fatal(err)
	}
}

func sealed(text string) func(*vault, string) {
	return func(v *vault, _ string) {
		if err := os.WriteFile(v.path+".seal", []byte(text), 0o600); err != nil {
			v.Fatal(err)
		}
	}
}

func sealOfAnother(v *vault, _ string) {
	path := filepath.Join(v.TempDir(), "idc.db")
	other := must(v.T)(Open(path, make([]byte, 32)))
	if err := other.Close(); err != nil {
		v.Fatal(err)
	}
	if err := os.Rename(path+".seal", v.path+".seal"); err != nil {
		v.Fatal(err)
	}
}

// Somebody starts the program with an older database, and does so much with it that it is longer than it was.
func olderGoneOn(v *vault, older string) {
	v.replace("idc.db", older)
	v.open()
	for i := range 5 {
		v.change(user(fmt.Sprint("u", i), "{}"))
	}
	v.close()
}

// The program is killed with such a database, so that its doubts may be the only ones.
func olderLonger(v *vault, older string) {
	path := filepath.Join(older, "idc.db")
	other := must(v.T)(Open(path, key))
	for i := range 9 {
		if err := other.Update(v.Context(), func(tx store.Tx) error {
			return errors.Join(user(fmt.Sprint("u", i), "{}")(tx), tx.Record(store.Event{Action: "Change"}))
		}); err != nil {
			v.Fatal(err)
		}
	}
	if err := other.Close(); err != nil {
		v.Fatal(err)
	}
	v.replace("idc.db", older)
}

func cutWithSeal(v *vault, older string) {
	v.replace("idc.db.seal", older)
	damage(v.T, v.path, noTriggers+"DELETE FROM audit WHERE seq > 2")
}

// tamperings are what somebody without the secret does to the files of a store that is closed, and what Verify finds.
func tamperings() map[string]struct {
	tamper func(v *vault, older string)
	want   string
} {
	type tampering = struct {
		tamper func(v *vault, older string)
		want   string
	}
	all := map[string]tampering{
		"an event changed":   {edit(noTriggers + "UPDATE audit SET actor = 'eve' WHERE seq = 2"), store.ChainBroken},
		"an event gone":      {edit(noTriggers + "DELETE FROM audit WHERE seq = 2"), store.ChainBroken},
		"events cut":         {edit(noTriggers + "DELETE FROM audit WHERE seq > 3"), store.EventsMissing},
		"the last event cut": {edit(noTriggers + "DELETE FROM audit WHERE seq > 4"), store.EventsMissing},
		"the audit emptied":  {edit(noTriggers + "DELETE FROM audit"), store.AuditEmptied},
		"an event more": {
			edit("INSERT INTO audit SELECT 6, time, actor, action, target, details, hash FROM audit WHERE seq = 5"),
			store.ChainBroken,
		},
		"the seal deleted":       {func(v *vault, _ string) { v.remove("idc.db.seal") }, store.SealMissing},
		"the seal of another":    {sealOfAnother, store.SealForged},
		"a seal of nonsense":     {sealed("rolecall-audit-seal-1 00 {}"), store.SealForged},
		"an empty seal":          {sealed(""), store.SealForged},
		"an older database":      {func(v *vault, older string) { v.replace("idc.db", older) }, store.OlderCopy},
		"an older one, gone on":  {olderGoneOn, store.OlderCopy},
		"an older one, longer":   {olderLonger, store.OlderCopy},
		"a database begun again": {func(v *vault, _ string) { v.remove("idc.db") }, store.AuditEmptied},
		"cut with an older seal": {cutWithSeal, store.EventsMissing},
		"cut without a seal": {func(v *vault, older string) {
			cutWithSeal(v, older)
			v.remove("idc.db.seal")
		}, store.SealMissing},
		"the ledger deleted": {edit("DELETE FROM meta WHERE name = 'ledger'"), store.LedgerForged},
		"the ledger changed": {
			edit("UPDATE meta SET value = replace(value, '1', '2') WHERE name = 'ledger'"), store.LedgerForged,
		},
		"the ledger begun again": {edit("UPDATE meta SET value = '' WHERE name = 'ledger'"), store.OlderCopy},
		"a row with its ledger": {fromOlder("DELETE FROM entry WHERE id = 'alice'; INSERT INTO entry SELECT * FROM " +
			"older.entry WHERE id = 'alice'; DELETE FROM meta WHERE name = 'ledger'; INSERT INTO meta SELECT * FROM " +
			"older.meta WHERE name = 'ledger'"), store.OlderCopy},
		"a row put back": {fromOlder("DELETE FROM entry WHERE id = 'alice'; INSERT INTO entry SELECT * FROM older.entry " +
			"WHERE id = 'alice'"), store.RowsChanged},
	}
	for name, statement := range map[string]string{
		"a row changed":         `UPDATE entry SET value = '{"n":9}' WHERE id = 'bob'`,
		"its end changed":       "UPDATE entry SET ends = 1900000000000 WHERE id = 'bob'",
		"a row deleted":         "DELETE FROM entry WHERE id = 'bob'",
		"a row inserted":        "INSERT INTO entry SELECT kind, 'eve', ends, value, x'' FROM entry WHERE id = 'bob'",
		"one with another MAC":  "INSERT INTO entry SELECT kind, 'eve', ends, value, mac FROM entry WHERE id = 'bob'",
		"a MAC blanked":         "UPDATE entry SET mac = x'' WHERE id = 'bob'",
		"two rows exchanged":    `UPDATE entry SET value = CASE id WHEN 'bob' THEN '{"n":4}' ELSE '{"n":2}' END`,
		"a row of another kind": "UPDATE entry SET kind = 'user' WHERE kind = 'group'",
		"a row of another id": "UPDATE entry SET id = 'eve' WHERE id = 'bob'; UPDATE entry_key SET id = 'eve' WHERE " +
			"id = 'bob'; UPDATE entry_owner SET id = 'eve' WHERE id = 'bob'",
		"and its kind's count": "UPDATE entry SET kind = 'user' WHERE kind = 'group'; DELETE FROM entry_count; " +
			"INSERT INTO entry_count SELECT kind, count(*) FROM entry GROUP BY kind",
		"a key of another row": "UPDATE entry_key SET id = 'alice' WHERE key = 'name:bob'",
		"keys exchanged":       "UPDATE entry_key SET id = CASE id WHEN 'bob' THEN 'alice' ELSE 'bob' END",
		"a key more":           "INSERT INTO entry_key VALUES ('user', 'name:eve', 'bob')",
		"a key of no row":      "INSERT INTO entry_key VALUES ('user', 'x', 'y')",
		"a key less":           "DELETE FROM entry_key WHERE key = 'mail:bob'",
		"another owner":        "UPDATE entry_owner SET owner = 'group:b' WHERE id = 'bob'",
		"an owner less":        "DELETE FROM entry_owner WHERE id = 'bob'",
		"an owner as a key": "DELETE FROM entry_owner WHERE id = 'bob'; " +
			"INSERT INTO entry_key VALUES ('user', 'group:a', 'bob')",
		"an assignment more":    "INSERT INTO assignment VALUES ('bob', '1', 'Admin')",
		"an assignment less":    "DELETE FROM assignment WHERE principal = 'bob'",
		"an assignment changed": "UPDATE assignment SET account = '2' WHERE principal = 'bob'",
		"its parts exchanged":   "UPDATE assignment SET account = permission_set, permission_set = account",
		"a count changed":       "UPDATE entry_count SET n = 0 WHERE kind = 'user'",
	} {
		all[name] = tampering{edit(statement), store.RowsChanged}
	}
	return all
}

// Each tampering is found, also after the program has gone on, until it is accepted; a broken chain even then.
func TestEachTamperingIsFound(t *testing.T) {
	for name, x := range tamperings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVault(t)
			v.begin()
			v.close()
			older := t.TempDir()
			v.copyTo(older)
			v.open()
			v.goOn()
			if found := v.found(); len(found) > 0 {
				t.Fatalf("before: %v", found)
			}
			v.close()
			x.tamper(v, older)
			v.open()
			if found := v.found(); !slices.Contains(found, x.want) {
				t.Errorf("found: %v, want %s", found, x.want)
			}
			v.change(user("dora", "{}"))
			v.close()
			v.open()
			if found := v.found(); !slices.Contains(found, x.want) {
				t.Errorf("later: %v, want %s", found, x.want)
			}
			if err := v.Accept(t.Context(), store.Event{Action: "AcceptStore"}); err != nil {
				t.Fatal(err)
			}
			left := x.want
			for range 2 {
				if found := strings.Join(v.found(), " "); found != "" && (found != left || left != store.ChainBroken) {
					t.Errorf("accepted: %v", found)
				}
				v.close()
				v.open()
			}
		})
	}
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
