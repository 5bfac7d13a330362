package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

const (
	password  = "correct-horse"
	heavyUser = "user00000" // has something in each account
	sets      = 20
)

// fill writes the large directory.
func fill(dir string) error {
	data, err := idc.OpenData(dir)
	if err != nil {
		return err
	}
	ctx, now := context.Background(), time.Now()
	err = data.Store.Update(ctx, func(tx store.Tx) error {
		instance, err := directory.Open(tx, idc.DefaultRegion, now)
		hash := directory.HashPassword(password, directory.Cost{Time: 1, MemoryKiB: 64})
		for i := range users {
			name := fmt.Sprintf("user%05d", i)
			u := directory.User{
				ID: instance.NewPrincipalID(), Password: hash, Created: now, Updated: now,
				Attributes: directory.Attributes{
					UserName: name, DisplayName: name, Emails: []directory.Email{{Value: name + "@example.com", Primary: true}},
				},
			}
			err = errors.Join(err, directory.Users().Put(tx, u), assign(tx, i, u))
		}
		for i := range accounts {
			err = errors.Join(err, directory.Accounts().Put(tx, directory.Account{
				ID: accountID(i), Name: fmt.Sprint("account ", i), Email: fmt.Sprintf("a%d@example.com", i), Joined: now,
			}))
		}
		for i := range sets {
			err = errors.Join(err, directory.PermissionSets().Put(tx, directory.PermissionSet{
				ID: setID(i), Name: fmt.Sprintf("Role%02d", i), Duration: time.Hour, Created: now,
			}))
		}
		return err
	})
	return errors.Join(err, data.Close())
}

func accountID(i int) string { return fmt.Sprintf("%012d", 100_000_000_000+i) }

func setID(i int) string { return fmt.Sprintf("ps-%016d", i) }

// assign assigns the first user one role in each account, the others what is left.
func assign(tx store.Tx, i int, u directory.User) error {
	count, step := (assignments-accounts)/(users-1), 37
	if i == 0 {
		count, step = accounts, 1
	}
	for k := range count {
		_, err := tx.Assign(store.Assignment{
			Principal: u.ID, AccountID: accountID((i*7 + k*step) % accounts),
			PermissionSet: setID(k % sets),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
