package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/idc/store"
	"rolecall/internal/proof"
)

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
			proof.Note(t, "audit", 1, 1)
		})
	}
}
