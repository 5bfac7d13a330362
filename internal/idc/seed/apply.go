package seed

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rolecall/internal/idc/store"
)

// Apply makes all changes of the plan, in the transaction that the plan was made in,
// and records each. An error names the change that failed; the transaction must be
// given up then.
func (p Plan) Apply(tx store.Tx, actor string, now time.Time) error {
	now = now.UTC()
	for _, c := range p.inOrder() {
		if err := c.apply(tx, now); err != nil {
			return fmt.Errorf("%s: %w", c.line(), err)
		}
		if c.silent {
			continue
		}
		err := tx.Record(store.Event{Time: now, Actor: actor, Action: c.action(), Target: c.Name, Details: c.details()})
		if err != nil {
			return err
		}
	}
	return nil
}

// inOrder gives the steps: what goes goes first, the last kind first of all, since
// others depend on it; then keys are given up; then all else comes.
func (p Plan) inOrder() []step {
	var removals, releases, rest []step
	for _, c := range p.Changes {
		if c.Op == Remove {
			removals = append(removals, step{Change: c})
			continue
		}
		if c.release != nil {
			first := c
			first.apply = c.release
			releases = append(releases, step{first, true})
		}
		rest = append(rest, step{Change: c})
	}
	slices.Reverse(removals)
	return slices.Concat(removals, releases, rest)
}

// A step is a change, or a silent part of one.
type step struct {
	Change
	silent bool
}

// action is what the audit calls a change: ApplyUser, RemovePermissionSet.
func (c Change) action() string {
	verb := "Apply"
	if c.Op == Remove {
		verb = "Remove"
	}
	var b strings.Builder
	b.WriteString(verb)
	for word := range strings.FieldsSeq(c.Kind) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func (c Change) details() string {
	if c.Op == Alter {
		return strings.Join(c.Fields, ", ")
	}
	return string(c.Op)
}
