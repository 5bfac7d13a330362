package sqlite

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"rolecall/internal/idc/store"
)

// A ledger is what the database must look like. It is kept in memory from the start to the end of the process, so that
// whoever edits the file meanwhile does not edit the ledger. Its part about rows is in the database, in the transaction
// of each change. Its copy outside is the seal.
type ledger struct {
	events int64  // of the audit
	head   []byte // hash of the last event
	rows
}

// rows is the part about rows.
type rows struct {
	Generation int64         // how often they have changed
	Sum        sum           // of their MACs
	Events     int64         // at the last change: the audit cannot be cut alone
	Problem    store.Finding // of an earlier start, until Accept
}

// keys are derived from the key of the audit's hashes.
type keys struct{ chain, row, ledger, seal []byte }

func newKeys(key []byte) keys {
	return keys{key, mac(key, "rows"), mac(key, "ledger"), mac(key, "seal")}
}

// mac is an HMAC over texts, each with its length.
func mac(key []byte, texts ...string) []byte {
	var b []byte
	for _, text := range texts {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	m := hmac.New(sha256.New, key)
	m.Write(b)
	return m.Sum(nil)
}

// A sum of MACs is the same in whatever order rows came and went: a multiset hash (MSet-Add-Hash, Clarke et al., 2003).
// Additions carry from one word to the next.
type sum [4]uint64

func (s *sum) add(mac []byte) { s.combine(mac, bits.Add64) }

func (s *sum) subtract(mac []byte) { s.combine(mac, bits.Sub64) }

func (s *sum) combine(mac []byte, one func(x, y, carry uint64) (uint64, uint64)) {
	var full [32]byte
	copy(full[:], mac)
	carry := uint64(0)
	for i := range s {
		s[i], carry = one(s[i], binary.LittleEndian.Uint64(full[8*i:]), carry)
	}
}

// rowOf is the MAC of an entry. Keys and owners are hashed as listed does it.
func (k keys) rowOf(kind store.Kind, id string, ends int64, value []byte, keys, owners string) []byte {
	return mac(k.row, "entry", string(kind), id, fmt.Sprint(ends), string(value), keys, owners)
}

// listed is what SQLite's group_concat(hex(x), ',') makes of texts in their order.
func listed(texts []string) string {
	texts = slices.Clone(texts)
	slices.Sort(texts)
	texts = slices.Compact(texts)
	for i, text := range texts {
		texts[i] = strings.ToUpper(hex.EncodeToString([]byte(text)))
	}
	return strings.Join(texts, ",")
}

func (k keys) assignmentOf(a store.Assignment) []byte {
	return mac(k.row, "assignment", a.Principal, a.AccountID, a.PermissionSet)
}

// signed puts a MAC in front of a text, and opened takes it off.
func signed(key []byte, text string) string { return hex.EncodeToString(mac(key, text)) + " " + text }

func opened(key []byte, text string) (string, bool) {
	sum, rest, _ := strings.Cut(text, " ")
	got, err := hex.DecodeString(sum)
	return rest, err == nil && hmac.Equal(got, mac(key, rest))
}

// readLedger returns the ledger as the database has it, whether that was ever made, and whether we made it.
func readLedger(r reader) (l ledger, made, own bool, err error) {
	last, err := r.head()
	if err != nil {
		return l, false, false, err
	}
	l.events, l.head = last.Seq, last.Hash
	var text string
	switch err = r.c.row("SELECT value FROM meta WHERE name = 'ledger'").Scan(&text); {
	case errors.Is(err, sql.ErrNoRows):
		return l, true, false, nil
	case err != nil || text == "":
		return l, false, true, err
	}
	text, own = opened(r.keys.ledger, text)
	if own {
		err = json.Unmarshal([]byte(text), &l.rows)
	}
	return l, true, own, err
}

// writeLedger is for the end of a transaction that has changed rows.
func (t *tx) writeLedger() error {
	t.ledger.Events = t.ledger.events
	text, err := json.Marshal(t.ledger.rows)
	if err != nil {
		return err
	}
	_, err = t.c.exec("INSERT INTO meta VALUES ('ledger', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
		signed(t.keys.ledger, string(text)))
	return err
}

// keysAndOwners are those of an entry e, as listed.
const keysAndOwners = `coalesce((SELECT group_concat(hex(key), ',') FROM (SELECT key FROM entry_key k
		WHERE k.kind = e.kind AND k.id = e.id ORDER BY key)), ''),
	coalesce((SELECT group_concat(hex(owner), ',') FROM (SELECT owner FROM entry_owner o
		WHERE o.kind = e.kind AND o.id = e.id ORDER BY owner)), '')`

// A sealedRow is an entry's name, the MAC it has, and the one it should have.
type sealedRow struct {
	name      entryName
	has, want []byte
}

// everything calls do for each entry, and returns the sum of all MACs that rows should have.
func (r reader) everything(do func(sealedRow) error) (total sum, err error) {
	err = r.c.each(func(row scanner) error {
		var s sealedRow
		var ends int64
		var value []byte
		var keys, owners string
		if err := row.Scan(&s.name.kind, &s.name.id, &ends, &value, &s.has, &keys, &owners); err != nil {
			return err
		}
		s.want = r.keys.rowOf(s.name.kind, s.name.id, ends, value, keys, owners)
		total.add(s.want)
		return do(s)
	}, "SELECT kind, id, ends, value, mac, "+keysAndOwners+" FROM entry e")
	if err != nil {
		return total, err
	}
	given, err := r.Assignments(store.Assignment{})
	for _, a := range given {
		total.add(r.keys.assignmentOf(a))
	}
	return total, err
}

// takeAll makes the ledger that of the rows as they are, in a database of an older rolecall, or for Accept.
func (t *tx) takeAll() error {
	var wrong []sealedRow
	total, err := t.everything(func(s sealedRow) error {
		if !bytes.Equal(s.has, s.want) {
			wrong = append(wrong, s)
		}
		return nil
	})
	for _, s := range wrong {
		if err == nil {
			_, err = t.c.exec("UPDATE entry SET mac = ? WHERE kind = ? AND id = ?", s.want, s.name.kind, s.name.id)
		}
	}
	for _, statement := range []string{
		"DELETE FROM entry_key AS k WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.kind = k.kind AND e.id = k.id)",
		"DELETE FROM entry_owner AS o WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.kind = o.kind AND e.id = o.id)",
		"DELETE FROM entry_count", "INSERT INTO entry_count SELECT kind, count(*) FROM entry GROUP BY kind",
	} {
		if err == nil {
			_, err = t.c.exec(statement)
		}
	}
	t.ledger.Sum, t.ledger.Problem = total, store.Finding{}
	return err
}
