package seed

import (
	"fmt"
	"slices"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// An Op is what a change does.
type Op string

// The kinds of changes.
const (
	Add    Op = "add"
	Alter  Op = "change"
	Remove Op = "remove"
)

// Kinds of things, as plans name them.
const (
	kindInstance      = "instance"
	kindUser          = "user"
	kindGroup         = "group"
	kindAccount       = "account"
	kindPermissionSet = "permission set"
	kindAssignment    = "assignment"
	kindRole          = "role"
)

// A Change is one thing that Apply will do.
type Change struct {
	Op   Op     `json:"op"`
	Kind string `json:"kind"`
	// Name is a user's or group's name, an account's id and so on, unescaped: it may contain control characters.
	Name string `json:"name"`
	// Fields are the differences, such as "session_duration 1h → 2h". They are safe to print, and contain no passwords.
	Fields []string `json:"fields,omitempty"`

	// release, unless nil, releases unique keys that another change may take.
	release, apply act
}

// An act is one step of a change.
type act func(tx store.Tx, now time.Time) error

// A Thing exists in the directory.
type Thing struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// A Plan is the changes that make a directory agree with a file. It is valid in the transaction it was made in.
type Plan struct {
	Changes []Change `json:"changes"`
	// Kept lists things that are not in the file but stay, as Options.Prune is off.
	Kept []Thing `json:"kept"`
}

// planner makes a plan.
type planner struct {
	walker // for its problems
	file   *File
	prune  bool
	cost   directory.Cost
	have   state
	plan   Plan
	// will is what will exist after the plan, and can be referred to.
	will names
}

// names maps keys to ids.
type names struct {
	users, groups map[string]string // by directory.NameKey
	accounts      map[string]bool
	sets          map[string]string
}

// Plan compares the file with an opened directory (see directory.Open). Its error is Problems if the file refers to
// unknown things or asks for the impossible, otherwise the store's.
func (f *File) Plan(r store.Reader, o Options) (Plan, error) {
	have, err := read(r)
	if err != nil {
		return Plan{}, fmt.Errorf("the directory: %w", err)
	}
	if o.Cost == (directory.Cost{}) {
		o.Cost = directory.DefaultCost()
	}
	p := &planner{
		walker: walker{name: f.name}, file: f, prune: o.Prune, cost: o.Cost, have: have, plan: Plan{[]Change{}, []Thing{}},
		will: names{map[string]string{}, map[string]string{}, map[string]bool{}, map[string]string{}},
	}
	p.instance()
	p.users()
	p.groups()
	p.accounts()
	p.permissionSets()
	p.assignments()
	p.roles()
	if err := p.problems.err(); err != nil {
		return Plan{}, err
	}
	return p.plan, nil
}

func (p *planner) add(kind, name string, apply act) {
	p.plan.Changes = append(p.plan.Changes, Change{Op: Add, Kind: kind, Name: name, apply: apply})
}

// alter plans a change if any fields differ.
func (p *planner) alter(kind, name string, fields []string, release, apply act) {
	if len(fields) > 0 {
		p.plan.Changes = append(p.plan.Changes, Change{Alter, kind, name, fields, release, apply})
	}
}

// extra plans for a thing that is not in the file, and reports whether it stays.
func (p *planner) extra(given bool, kind, name string, remove act) (stays bool) {
	switch {
	case !given:
		return true
	case p.prune:
		p.plan.Changes = append(p.plan.Changes, Change{Op: Remove, Kind: kind, Name: name, apply: remove})
		return false
	}
	p.plan.Kept = append(p.plan.Kept, Thing{kind, name})
	return true
}

func (p *planner) instance() {
	want, line := p.have.instance, p.file.instance.regionLine
	asked := p.file.instance
	if asked.Region != "" && asked.Region != want.Region {
		p.problem(line, "instance.region", "%s is not the region of this directory, %s, which cannot be changed",
			bare(asked.Region), bare(want.Region))
	}
	if asked.nameGiven {
		want.Name = asked.Name
	}
	if asked.OwnerAccount != "" {
		want.OwnerAccount = asked.OwnerAccount
	}
	if asked.SessionLife != 0 {
		want.SessionLife = asked.SessionLife
	}
	p.alter(kindInstance, want.Name, differences(describeInstance(p.have.instance), describeInstance(want)), nil,
		func(tx store.Tx, _ time.Time) error { return directory.Instances().Put(tx, want) })
}

func (p *planner) accounts() {
	in := map[string]bool{}
	for _, a := range p.file.accounts.entries {
		want := a.Account
		in[want.ID], p.will.accounts[want.ID] = true, true
		have, known := p.have.accounts[want.ID]
		if !known {
			p.add(kindAccount, want.ID, func(tx store.Tx, now time.Time) error {
				want.Joined = now
				return directory.Accounts().Put(tx, want)
			})
			continue
		}
		want.Joined = have.Joined
		p.alter(kindAccount, want.ID, differences(describeAccount(have), describeAccount(want)), nil,
			func(tx store.Tx, _ time.Time) error { return directory.Accounts().Put(tx, want) })
	}
	for _, id := range sortedKeys(p.have.accounts) {
		if !in[id] && p.extra(p.file.accounts.given, kindAccount, id, func(tx store.Tx, _ time.Time) error {
			return directory.DeleteAccount(tx, id)
		}) {
			p.will.accounts[id] = true
		}
	}
}

func (p *planner) permissionSets() {
	in := map[string]bool{}
	for _, s := range p.file.sets.entries {
		want := s.PermissionSet
		in[want.Name] = true
		have, known := p.have.sets[want.Name]
		if !known {
			want.ID = directory.NewPermissionSetID()
			p.add(kindPermissionSet, want.Name, func(tx store.Tx, now time.Time) error {
				want.Created = now
				return directory.PermissionSets().Put(tx, want)
			})
		} else {
			want.ID, want.Created = have.ID, have.Created
			p.alter(kindPermissionSet, want.Name, differences(describePermissionSet(have), describePermissionSet(want)), nil,
				func(tx store.Tx, _ time.Time) error { return directory.PermissionSets().Put(tx, want) })
		}
		p.will.sets[want.Name] = want.ID
	}
	for _, name := range sortedKeys(p.have.sets) {
		id := p.have.sets[name].ID
		if !in[name] && p.extra(p.file.sets.given, kindPermissionSet, name, func(tx store.Tx, _ time.Time) error {
			return directory.DeletePermissionSet(tx, id)
		}) {
			p.will.sets[name] = id
		}
	}
}

func (p *planner) roles() {
	in := map[string]bool{}
	for _, r := range p.file.roles.entries {
		want := r.Role
		in[want.ARN] = true
		put := func(tx store.Tx, _ time.Time) error { return directory.Roles().Put(tx, want) }
		if have, known := p.have.roles[want.ARN]; known {
			p.alter(kindRole, want.ARN, differences(describeRole(have), describeRole(want)), nil, put)
		} else {
			p.add(kindRole, want.ARN, put)
		}
	}
	for _, arn := range sortedKeys(p.have.roles) {
		if !in[arn] {
			p.extra(p.file.roles.given, kindRole, arn, func(tx store.Tx, _ time.Time) error {
				return directory.Roles().Delete(tx, arn)
			})
		}
	}
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
