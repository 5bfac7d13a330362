// Package seed is the declarative file of a directory, in YAML: who exists, and who has what where. Parse reads it and
// reports every mistake with file, line and field. File.Plan finds how the directory differs, Plan.Apply makes the
// changes, and Export writes the file of a directory. It keeps to itself the file's form, which docs/seed.md describes.
package seed

import (
	"cmp"
	"context"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// Options are the choices of whoever applies a file.
type Options struct {
	// Prune removes what is not in the file, for each kind with a section in the file.
	Prune bool
	// Cost is that of new password hashes; zero is directory.DefaultCost.
	Cost directory.Cost
}

// A File is the content of a seed file, with positions.
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

// A section is the entries of one kind. A missing section says nothing about its kind; an empty one says that there are
// none.
type section[T any] struct {
	given   bool
	entries []T
}

// An instance has only the fields that the file sets.
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

// A ref is a name that refers to something.
type ref struct {
	text string
	line int
}

// Region is the region that the file sets, or empty.
func (f *File) Region() string { return f.instance.Region }

// defaultRegion is the region of an instance that Load makes, unless the file sets one.
const defaultRegion = "us-east-1"

// Load parses, plans and applies a file in one transaction. It opens the directory first if the store is empty. Errors
// are those of Parse, File.Plan and Plan.Apply; after an error nothing has changed.
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
