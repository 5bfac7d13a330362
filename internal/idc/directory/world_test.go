package directory_test

import (
	"errors"
	"testing"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/store/sqlite"
)

const dev, prod = "111122223333", "222233334444"

// A company is a directory with two users: alice is in the group engineers, bob is in no group.
type company struct {
	*testing.T
	store.Store
	instance   directory.Instance
	alice, bob directory.User
	engineers  directory.Group
}

func newCompany(t *testing.T) *company {
	t.Helper()
	s, err := sqlite.Memory([]byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	c := &company{T: t, Store: s}
	c.update(func(tx store.Tx) (err error) {
		c.instance, err = directory.Open(tx, "eu-west-1", time.Now())
		return err
	})
	c.alice, c.bob = c.user("alice", "Alice@example.com"), c.user("bob", "bob@example.com")
	c.engineers = directory.Group{ID: c.instance.NewPrincipalID(), Name: "engineers"}
	c.update(func(tx store.Tx) error {
		return errors.Join(directory.PutUser(tx, c.alice), directory.PutUser(tx, c.bob), directory.PutGroup(tx, c.engineers),
			directory.PutMembership(tx, directory.Membership{ID: "m-1", GroupID: c.engineers.ID, UserID: c.alice.ID}),
			directory.Accounts().Put(tx, directory.Account{ID: dev, Name: "dev", Email: "dev@example.com"}),
			directory.Accounts().Put(tx, directory.Account{ID: prod, Name: "Access", Email: "prod@example.com"}),
			directory.PermissionSets().Put(tx, directory.PermissionSet{ID: "ps-1", Name: "Admin", Duration: time.Hour}),
			directory.PermissionSets().Put(tx, directory.PermissionSet{ID: "ps-2", Name: "ReadOnly", Duration: time.Hour}))
	})
	c.assign(c.alice.ID, dev, "ps-2")
	c.assign(c.engineers.ID, dev, "ps-1")
	c.assign(c.engineers.ID, prod, "ps-2")
	return c
}

func (c *company) user(name, email string) directory.User {
	return directory.User{ID: c.instance.NewPrincipalID(), Attributes: directory.Attributes{
		UserName: name, Emails: []directory.Email{{Value: email, Primary: true}},
		ExternalIDs: []directory.ExternalID{{Issuer: "https://idp.example.com", Id: name}},
	}}
}

func (c *company) update(do func(store.Tx) error) {
	c.Helper()
	if err := c.Update(c.Context(), do); err != nil {
		c.Fatal(err)
	}
}

func (c *company) view(do func(store.Reader) error) {
	c.Helper()
	if err := c.View(c.Context(), do); err != nil {
		c.Fatal(err)
	}
}

func (c *company) assign(principal, account, set string) {
	c.Helper()
	c.update(func(tx store.Tx) error {
		_, err := tx.Assign(store.Assignment{Principal: principal, AccountID: account, PermissionSet: set})
		return err
	})
}

// access lists a user's access as ACCOUNT/SET, sorted by account name.
func (c *company) access(u directory.User) (has []string) {
	c.Helper()
	c.view(func(r store.Reader) error {
		all, err := directory.AccessOf(r, u.ID)
		for _, a := range all {
			for _, set := range a.PermissionSets {
				has = append(has, a.Name+"/"+set.Name)
			}
		}
		return err
	})
	return has
}
