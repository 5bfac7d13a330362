package seed

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// Export writes the seed file of an opened directory. Plan finds no difference to it, and equal directories have equal
// files. It contains password hashes, but no ids.
func Export(r store.Reader) ([]byte, error) {
	s, err := read(r)
	if err != nil {
		return nil, fmt.Errorf("the directory: %w", err)
	}
	var b strings.Builder
	b.WriteString("instance:\n")
	entry(&b, "  ", "  ", describeInstance(s.instance))
	list(&b, "users", sorted(s.users, func(u directory.User) fields {
		return append(describeUser(u), pair{"password_hash", passwordText(u)})
	}))
	list(&b, "groups", sorted(s.groups, func(g directory.Group) fields {
		return append(describeGroup(g), pair{"members", s.memberNames(g.ID)})
	}))
	list(&b, "accounts", sorted(s.accounts, describeAccount))
	list(&b, "permission_sets", sorted(s.sets, describePermissionSet))
	list(&b, "assignments", s.describeAssignments())
	list(&b, "roles", sorted(s.roles, describeRole))
	return []byte(b.String()), nil
}

// sorted describes all values, sorted by key.
func sorted[T any](m map[string]T, describe func(T) fields) []fields {
	all := make([]fields, 0, len(m))
	for _, key := range sortedKeys(m) {
		all = append(all, describe(m[key]))
	}
	return all
}

// list writes a section, even an empty one: that says that there are no entries.
func list(b *strings.Builder, section string, entries []fields) {
	if len(entries) == 0 {
		fmt.Fprintf(b, "\n%s: []\n", section)
		return
	}
	fmt.Fprintf(b, "\n%s:\n", section)
	for _, e := range entries {
		entry(b, "  - ", "    ", e)
	}
}

// entry writes fields, one on each line.
func entry(b *strings.Builder, first, indent string, f fields) {
	for _, p := range f {
		if !isEmpty(p.value) {
			fmt.Fprintf(b, "%s%s: %s\n", first, p.key, flow(p.value))
			first = indent
		}
	}
}

// memberNames is written even if empty: a group without the field keeps its members.
func (s state) memberNames(groupID string) []value {
	var names []string
	for _, m := range s.members[groupID] {
		names = append(names, s.userNames[m.UserID])
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return append([]value{}, texts(names)...)
}

// A grant is the common part of assignments to several accounts.
type grant struct{ kind, principal, set string }

// describeAssignments has one entry for a principal and a permission set. It omits assignments of principals that no
// longer exist.
func (s state) describeAssignments() []fields {
	accounts := map[grant][]string{}
	grants := s.grants()
	for _, a := range s.assignments {
		g, known := grants(a)
		if _, there := s.accounts[a.AccountID]; known && there {
			accounts[g] = append(accounts[g], a.AccountID)
		}
	}
	order := make([]grant, 0, len(accounts))
	for g := range accounts {
		order = append(order, g)
	}
	slices.SortFunc(order, func(a, b grant) int {
		return cmp.Or(-cmp.Compare(a.kind, b.kind), cmp.Compare(strings.ToLower(a.principal), strings.ToLower(b.principal)),
			cmp.Compare(a.set, b.set))
	})
	all := make([]fields, len(order))
	for i, g := range order {
		all[i] = fields{
			{g.kind, texts([]string{g.principal})},
			{"permission_sets", texts([]string{g.set})},
			{"accounts", texts(accounts[g])},
		}
	}
	return all
}

// grants returns a function that finds an assignment's names.
func (s state) grants() func(store.Assignment) (grant, bool) {
	principals, sets := map[string]grant{}, map[string]string{}
	for _, u := range s.users {
		principals[u.ID] = grant{kind: "users", principal: u.UserName}
	}
	for _, g := range s.groups {
		principals[g.ID] = grant{kind: "groups", principal: g.Name}
	}
	for _, p := range s.sets {
		sets[p.ID] = p.Name
	}
	return func(a store.Assignment) (grant, bool) {
		g, known := principals[a.Principal]
		set, also := sets[a.PermissionSet]
		g.set = set
		return g, known && also
	}
}
