// Package idctest does for tests what people and administrators do on the pages.
package idctest

import (
	"context"
	"errors"
	"time"

	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/seed"
	"rolecall/internal/idc/store"
)

// Cost keeps password hashes cheap.
func Cost() directory.Cost { return directory.Cost{Time: 1, MemoryKiB: 64} }

// Sample is the sample directory in memory, with cheap password hashes.
func Sample() (*idc.Data, seed.SampleData, error) {
	return idc.InMemory(context.Background(), idc.DefaultRegion, Cost(), time.Now())
}

// SignIn begins a session of a user by name, as the sign-in page does.
func SignIn(s *idc.Server, d *idc.Data, name string) (sessionID string, err error) {
	user, err := user(d, name)
	if err != nil {
		return "", err
	}
	return s.OIDC.SignIn(context.Background(), user)
}

// Unassign takes a permission set from a user, or from the group it comes through, and reports whether it was assigned.
func Unassign(d *idc.Data, name, account, permissionSet string) (existed bool, err error) {
	user, err := user(d, name)
	if err != nil {
		return false, err
	}
	err = d.Store.Update(context.Background(), func(tx store.Tx) error {
		set, err := directory.PermissionSets().Find(tx, "name:"+permissionSet)
		if err != nil {
			return err
		}
		principals, err := directory.Principals(tx, user.ID)
		for _, p := range principals {
			was, e := tx.Unassign(store.Assignment{Principal: p, AccountID: account, PermissionSet: set.ID})
			existed, err = existed || was, errors.Join(err, e)
		}
		return err
	})
	return existed, err
}

// RenameAccount renames an account.
func RenameAccount(d *idc.Data, id, name string) error {
	return d.Store.Update(context.Background(), func(tx store.Tx) error {
		a, err := directory.Accounts().Get(tx, id)
		if err != nil {
			return err
		}
		a.Name = name
		return directory.Accounts().Put(tx, a)
	})
}

func user(d *idc.Data, name string) (u directory.User, err error) {
	err = d.Store.View(context.Background(), func(r store.Reader) (err error) {
		u, err = directory.Users().Find(r, directory.NameKey(name))
		return err
	})
	return u, err
}
