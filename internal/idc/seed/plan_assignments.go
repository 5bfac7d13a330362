package seed

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// find returns the id that a name will have after the plan, or reports that it will not exist.
func (p *planner) find(r ref, kind, key string, will map[string]string, path func() string) (id string, ok bool) {
	id, ok = will[key]
	if !ok {
		p.missing(r, kind, path)
	}
	return id, ok
}

func (p *planner) missing(r ref, kind string, path func() string) {
	where := "is neither in the file nor in the directory"
	if p.have.has(kind, r.text) {
		where = "is not in the file, and would be pruned"
	}
	p.problem(r.line, path(), "%s %s %s", kind, quote(r.text), where)
}

func (p *planner) user(r ref, path func() string) (id string, ok bool) {
	return p.find(r, kindUser, directory.NameKey(r.text), p.will.users, path)
}

// assignments plans to add assignments that only the file has, and then to remove those that only the directory has.
func (p *planner) assignments() {
	wanted := map[store.Assignment]bool{}
	var order []store.Assignment
	names := p.have.names()
	product := 0
	for i, entry := range p.file.assignments.entries {
		principals, sets, accounts := p.principals(entry, i, names), p.sets(entry, i, names), p.accountsOf(entry, i)
		if product += len(principals) * len(sets) * len(accounts); product > maxAssignments {
			p.problem(entry.line, "assignments["+strconv.Itoa(i)+"]", "makes more than %d assignments",
				maxAssignments)
			return
		}
		for _, principal := range principals {
			for _, set := range sets {
				for _, account := range accounts {
					a := store.Assignment{Principal: principal, AccountID: account, PermissionSet: set}
					if !wanted[a] {
						wanted[a] = true
						order = append(order, a)
					}
				}
			}
		}
	}
	p.compareAssignments(wanted, order, names)
}

func (p *planner) compareAssignments(wanted map[store.Assignment]bool, order []store.Assignment,
	names map[string]string,
) {
	had := make(map[store.Assignment]bool, len(p.have.assignments))
	for _, a := range p.have.assignments {
		had[a] = true
	}
	for _, a := range order {
		if !had[a] {
			p.add(kindAssignment, assignmentName(names, a), func(tx store.Tx, _ time.Time) error {
				_, err := tx.Assign(a)
				return err
			})
		}
	}
	type extra struct {
		store.Assignment
		name string
	}
	var extras []extra
	for _, a := range p.have.assignments {
		if !wanted[a] {
			extras = append(extras, extra{a, assignmentName(names, a)})
		}
	}
	slices.SortFunc(extras, func(a, b extra) int { return strings.Compare(a.name, b.name) })
	stays := p.staying()
	for _, a := range extras {
		orphan := !stays[a.Principal] || !stays[a.AccountID] || !stays[a.PermissionSet]
		p.extra(p.file.assignments.given || orphan, kindAssignment, a.name, func(tx store.Tx, _ time.Time) error {
			_, err := tx.Unassign(a.Assignment)
			return err
		})
	}
}

// staying lists the ids of everything that will exist.
func (p *planner) staying() map[string]bool {
	ids := map[string]bool{}
	for _, kind := range []map[string]string{p.will.users, p.will.groups, p.will.sets} {
		for _, id := range kind {
			ids[id] = true
		}
	}
	for id := range p.will.accounts {
		ids[id] = true
	}
	return ids
}

// principals, like the next two functions, returns ids and records their names.
func (p *planner) principals(entry assignment, i int, names map[string]string) []string {
	ids := make([]string, 0, len(entry.users)+len(entry.groups))
	for j, r := range entry.users {
		if id, ok := p.user(r, func() string { return fmt.Sprintf("assignments[%d].users[%d]", i, j) }); ok {
			ids = append(ids, id)
			names[id] = kindUser + " " + r.text
		}
	}
	for j, r := range entry.groups {
		path := func() string { return fmt.Sprintf("assignments[%d].groups[%d]", i, j) }
		if id, ok := p.find(r, kindGroup, directory.NameKey(r.text), p.will.groups, path); ok {
			ids = append(ids, id)
			names[id] = kindGroup + " " + r.text
		}
	}
	return ids
}

func (p *planner) sets(entry assignment, i int, names map[string]string) []string {
	ids := make([]string, 0, len(entry.sets))
	for j, r := range entry.sets {
		path := func() string { return fmt.Sprintf("assignments[%d].permission_sets[%d]", i, j) }
		if id, ok := p.find(r, kindPermissionSet, r.text, p.will.sets, path); ok {
			ids = append(ids, id)
			names[id] = r.text
		}
	}
	return ids
}

func (p *planner) accountsOf(entry assignment, i int) []string {
	ids := make([]string, 0, len(entry.accounts))
	for j, r := range entry.accounts {
		switch {
		case r.text == "*":
			ids = append(ids, sortedKeys(p.will.accounts)...)
		case p.will.accounts[r.text]:
			ids = append(ids, r.text)
		default:
			p.missing(r, kindAccount, func() string { return fmt.Sprintf("assignments[%d].accounts[%d]", i, j) })
		}
	}
	return ids
}

// assignmentName is like "user alice: Admin in 111122223333", with an id for what no longer exists.
func assignmentName(names map[string]string, a store.Assignment) string {
	name := func(id string) string {
		if name, known := names[id]; known {
			return name
		}
		return id
	}
	return name(a.Principal) + ": " + name(a.PermissionSet) + " in " + a.AccountID
}
