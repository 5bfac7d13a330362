package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rolecall/internal/inventory"
)

// selectTargets returns the roles that the flags select. Without --role, each account must
// have one role only.
func selectTargets(all *inventory.Inventory, role string, m manyFlags) ([]inventory.Row, error) {
	filter := inventory.Filter{Accounts: m.match, Tags: m.tags}
	rows := all.Select(filter)
	if len(rows) == 0 {
		return nil, noMatch(all, m)
	}
	if role == "" {
		return rows, oneRoleEach(rows)
	}
	filter.Roles = []string{role}
	chosen := all.Select(filter)
	if len(chosen) == 0 {
		return nil, &HintError{
			Err: fmt.Errorf("none of your roles in these accounts match %q", role), Code: ExitNoAccess,
			Facts: []string{"your roles there: " + strings.Join(roleNames(rows), ", ")},
			Hint:  "rolecall exec --match PATTERN --role ROLE -- COMMAND",
		}
	}
	return chosen, nil
}

// isNoMatch reports whether err says that selectTargets found nothing.
func isNoMatch(err error) bool {
	hint := (*HintError)(nil)
	return errors.As(err, &hint) && hint.Code == ExitNoAccess
}

// oneRoleEach refuses to guess a role.
func oneRoleEach(rows []inventory.Row) error {
	several := map[string]bool{}
	for n := 1; n < len(rows); n++ {
		if rows[n].ID == rows[n-1].ID {
			several[rows[n].ID] = true
		}
	}
	if len(several) == 0 {
		return nil
	}
	return &HintError{
		Err: fmt.Errorf("you have several roles in %d of these accounts", len(several)), Code: ExitUsage,
		Facts: []string{"roles: " + strings.Join(roleNames(rows), ", ")}, Hint: "choose one with --role",
	}
}

// maxRoles bounds the role names in a fact.
const maxRoles = 12

func roleNames(rows []inventory.Row) []string {
	var names []string
	for _, row := range rows {
		names = append(names, row.Role)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if rest := len(names) - maxRoles; rest > 0 {
		names = append(names[:maxRoles:maxRoles], fmt.Sprintf("and %d more", rest))
	}
	return names
}

// noMatch returns the error for patterns and tags that select nothing, with similar names.
func noMatch(all *inventory.Inventory, m manyFlags) error {
	wanted := quotedAll(m.match)
	if len(m.tags) > 0 {
		wanted = strings.TrimSpace(wanted + " with tag " + quotedAll(m.tags))
	}
	e := &HintError{
		Err: fmt.Errorf("none of your accounts in session %q match %s", all.Session.Label(), wanted), Code: ExitNoAccess,
		Hint: "rolecall ls" + sessionArgument(all.Session),
	}
	if near := nearNames(all, m.match); len(near) > 0 {
		e.Facts = []string{"near: " + strings.Join(near, ", ")}
	}
	return e
}

// maxNear bounds the similar names in a fact.
const maxNear = 5

// nearNames returns accounts with names similar to the start of a pattern, before its first * or ?.
func nearNames(all *inventory.Inventory, patterns []string) []string {
	var near []string
	for _, pattern := range patterns {
		if end := strings.IndexAny(pattern, "*?"); end >= 0 {
			pattern = pattern[:end]
		}
		for _, account := range all.Near(pattern) {
			if label := account.Label(); len(near) < maxNear && !slices.Contains(near, label) {
				near = append(near, label)
			}
		}
	}
	return near
}

// A listedTarget is one role of a dry run with --json.
type listedTarget struct {
	Session   string `json:"session,omitempty"`
	AccountID string `json:"accountId"`
	Account   string `json:"account"`
	Role      string `json:"role"`
	Guarded   bool   `json:"guarded"`
}

// listTargets prints what a run would select.
func (a *App) listTargets(found []listed, several bool) error {
	t := &table{header: []string{"ACCOUNT ID", "NAME", "ROLE", "GUARD"}}
	for _, l := range found {
		session := ""
		if several {
			session = l.label()
		}
		for _, row := range l.rows {
			if a.json {
				if err := a.jsonLine(listedTarget{session, row.ID, row.Label(), row.Role, row.Guarded()}); err != nil {
					return err
				}
				continue
			}
			name := row.Label()
			if several {
				name = session + ":" + name
			}
			t.rows = append(t.rows, []string{row.ID, name, row.Role, guardMark(row)})
		}
	}
	if a.json {
		return nil
	}
	return t.print(a.Stdout)
}

func guardMark(row inventory.Row) string {
	if row.Guarded() {
		return "guarded"
	}
	return ""
}

// requireConfirmed returns an error if a policy guards an account that no --confirm names.
func (a *App) requireConfirmed(found []listed) error {
	for _, l := range found {
		rows, err := a.unconfirmed(l.rows)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			return &HintError{
				Err: a.notConfirmed(fmt.Errorf("%s (%s) is guarded by policy: --yes does not confirm it; nothing was run",
					rows[0].Label(), rows[0].ID), *rows[0].Account, rows[0].Role, answerYes),
				Code: ExitRefused, Hint: a.again(a.end(), "--confirm", cmp.Or(rows[0].Name, rows[0].ID)),
			}
		}
	}
	return nil
}

// maxTold bounds the guarded roles that are listed before the question.
const maxTold = 20

// cutList keeps at most the given number of lines, the last of which says how many are missing, and where to see them.
func cutList(lines []string, most int, see string) []string {
	if len(lines) <= most {
		return lines
	}
	return append(slices.Clone(lines[:most-1]), fmt.Sprintf("and %d more: see %s", len(lines)-most+1, see))
}

// confirmGuarded asks once about all accounts that are marked as guarded. sure is --yes, which is no answer for those
// that a policy guards: they need --confirm, each.
func (a *App) confirmGuarded(ctx context.Context, found []listed, sure bool) error {
	var guarded []string
	var first inventory.Row
	selected := 0
	for _, l := range found {
		selected += len(l.rows)
		for _, row := range l.rows {
			if row.Guarded() {
				guarded = append(guarded, row.ID+"  "+row.Label()+"  "+row.Role)
				first = cmp.Or(first, row)
			}
		}
	}
	if len(guarded) == 0 {
		return nil
	}
	if sure {
		if err := a.requireConfirmed(found); err != nil {
			return err
		}
		return a.passed(found, answerYes)
	}
	refuse := func(err error, answer string) error { return a.notConfirmed(err, *first.Account, first.Role, answer) }
	if !a.Terminal {
		return &HintError{
			Err: refuse(fmt.Errorf("%s guarded, and there is no terminal to confirm it",
				someOf(len(guarded), selected, "role")), answerNobody),
			Code: ExitRefused, Facts: cutList(guarded, maxFacts, "--dry-run"),
			Hint: "pass --yes to proceed, or --dry-run to list them all",
		}
	}
	for _, line := range cutList(guarded, maxTold, "--dry-run") {
		a.note("guarded: %s", line)
	}
	if err := a.typeNames(ctx, found); err != nil {
		return err
	}
	return a.passed(found, answerTyped)
}

// typeNames has the person type the name of each guarded account that --confirm does not name, once.
func (a *App) typeNames(ctx context.Context, found []listed) error {
	typed := map[string]bool{}
	for _, l := range found {
		for _, row := range l.rows {
			if !row.Guarded() || typed[row.ID] || a.isConfirmed(*row.Account) {
				continue
			}
			if err := a.typeName(ctx, *row.Account, row.Role); err != nil {
				return err
			}
			typed[row.ID] = true
		}
	}
	return nil
}
