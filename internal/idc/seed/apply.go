package seed

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rolecall/internal/idc/store"
)

// Apply makes all changes of the plan and records each, in the transaction that the plan was made in. If it fails, its
// error names the change, and the transaction must be rolled back.
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

// inOrder returns the steps. Removals come first, in reverse order of kinds, as later kinds depend on earlier ones.
// Then keys are released, and then everything else follows.
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

// A step is a change, or the silent part of one that releases keys.
type step struct {
	Change
	silent bool
}

// action is a change's name in the audit: ApplyUser, RemovePermissionSet.
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
