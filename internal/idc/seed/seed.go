// Package seed is the declarative file of a directory, in YAML: who is there, and who
// has what where. Parse reads it and names every mistake by file, line and field;
// File.Plan finds what a directory lacks of it; Plan.Apply makes that so; Export
// writes the file of a directory. It keeps to itself what the file looks like, which
// docs/seed.md tells.
package seed

import (
	"cmp"
	"context"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// Options are what the person who applies a file decides.
type Options struct {
	// Prune removes what the file does not have, of each kind that the file has a
	// section for.
	Prune bool
	// Cost is of new password hashes; zero is directory.DefaultCost.
	Cost directory.Cost
}

// A File is what a seed file says, and where.
type File struct {
	name        string
	instance    instance
	users       section[user]
	groups      section[group]
	accounts    section[account]
	sets        section[permissionSet]
	assignments section[assignment]
	roles       section[role]
}

// A section is the entries of one kind. One that is not in the file says nothing
// about its kind; one that is empty says that there are none.
type section[T any] struct {
	given   bool
	entries []T
}

// An instance has only what the file says: the rest is empty.
type instance struct {
	directory.Instance
	nameGiven  bool
	regionLine int
}

type user struct {
	line, emailLine, externalLine int
	directory.User
	password string // in clear, or empty
}

type group struct {
	line, externalLine int
	directory.Group
	membersGiven bool
	members      []ref
}

type account struct{ directory.Account }

type permissionSet struct{ directory.PermissionSet }

type role struct{ directory.Role }

type assignment struct {
	line                          int
	users, groups, sets, accounts []ref
}

// A ref is the name of something, where it is used.
type ref struct {
	text string
	line int
}

// Region is the region that the file asks for, or empty.
func (f *File) Region() string { return f.instance.Region }

// defaultRegion is of an instance that Load makes, when the file does not say.
const defaultRegion = "us-east-1"

// Load parses, plans and applies a file in one transaction, and opens the directory
// first if the store is empty. Errors are those of Parse, File.Plan and Plan.Apply;
// after any of them nothing is changed.
func Load(ctx context.Context, s store.Store, name string, data []byte, o Options, actor string,
	now time.Time,
) (Plan, error) {
	file, err := Parse(name, data)
	if err != nil {
		return Plan{}, err
	}
	var plan Plan
	err = s.Update(ctx, func(tx store.Tx) error {
		if _, err := directory.Open(tx, cmp.Or(file.Region(), defaultRegion), now); err != nil {
			return err
		}
		if plan, err = file.Plan(tx, o); err != nil {
			return err
		}
		return plan.Apply(tx, actor, now)
	})
	return plan, err
}
