package sqlite

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"slices"

	"rolecall/internal/idc/store"
)

// Verify is in store.Store. It may take long, so it has a connection of its own, and blocks no change.
func (s *Store) Verify(ctx context.Context) (v store.Verdict, err error) {
	var kept seal
	var unsealed error
	if !s.memory {
		kept, unsealed = s.readSeal() // before the transaction: what is sealed is committed
	}
	c, err := s.connection(ctx)
	if err != nil {
		return v, err
	}
	defer func() { s.readers <- c }()
	if _, err := c.exec("BEGIN"); err != nil {
		return v, err
	}
	defer func() {
		_, end := c.exec("COMMIT")
		err = errors.Join(err, end)
	}()
	r := reader{c, s.keys}
	l, made, own, err := readLedger(r)
	if err != nil {
		return v, err
	}
	v, at, err := r.followChain(ctx, kept.Events)
	if err != nil {
		return v, err
	}
	if len(v.Findings) == 0 {
		switch {
		case unsealed != nil:
			v.Find(unreadable(unsealed))
		case !s.memory:
			v.Find(compare(kept, l, at))
		}
	}
	if !own || !made {
		v.Find(forgedLedger())
	}
	v.Find(l.Problem)
	found, err := r.checkRows(ctx, l)
	v.Find(found)
	return v, err
}

// followChain checks all events, and returns the hash of one of them.
func (r reader) followChain(ctx context.Context, wanted int64) (v store.Verdict, at []byte, err error) {
	err = r.c.each(func(row scanner) error {
		e, err := eventOf(row)
		if err != nil {
			return err
		}
		broken := ""
		switch {
		case e.Seq != v.Events+1:
			broken = fmt.Sprintf("event %d is missing", v.Events+1)
		case !hmac.Equal(e.Hash, chain(r.keys.chain, v.Head, e)):
			broken = fmt.Sprintf("event %d, or the one before it, was changed", e.Seq)
		}
		if broken != "" {
			v.Find(store.Finding{Kind: store.ChainBroken, Message: broken})
			return errBroken
		}
		if v.Events, v.Head = e.Seq, e.Hash; e.Seq == wanted {
			at = e.Hash
		}
		return ctx.Err()
	}, "SELECT seq, time, actor, action, target, details, hash FROM audit ORDER BY seq")
	if errors.Is(err, errBroken) {
		err = nil
	}
	return v, at, err
}

var errBroken = errors.New("the chain is broken")

// checkRows compares all rows with their MACs, and these with the ledger's sum.
func (r reader) checkRows(ctx context.Context, l ledger) (store.Finding, error) {
	var wrong []string
	changed := 0
	total, err := r.everything(func(s sealedRow) error {
		if !hmac.Equal(s.has, s.want) {
			if changed++; len(wrong) < 3 {
				wrong = append(wrong, fmt.Sprintf("%s %q", s.name.kind, s.name.id))
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return store.Finding{}, err
	}
	var lost int
	err = r.c.row(`SELECT (SELECT count(*) FROM entry_key k WHERE NOT EXISTS
			(SELECT 1 FROM entry e WHERE e.kind = k.kind AND e.id = k.id))
		+ (SELECT count(*) FROM entry_owner o WHERE NOT EXISTS
			(SELECT 1 FROM entry e WHERE e.kind = o.kind AND e.id = o.id))
		+ (SELECT count(*) FROM (SELECT kind, count(*) FROM entry GROUP BY kind EXCEPT SELECT kind, n FROM entry_count))`,
	).Scan(&lost)
	message := ""
	switch {
	case err != nil:
	case changed > 0:
		slices.Sort(wrong)
		message = fmt.Sprintf("%d rows were changed or added outside the program, such as %s", changed, wrong)
	case total != l.Sum:
		message = "rows were removed, added or put back outside the program"
	case lost > 0:
		message = "keys, owners or counts of rows were changed outside the program"
	default:
		return store.Finding{}, nil
	}
	return store.Finding{Kind: store.RowsChanged, Message: message}, err
}
