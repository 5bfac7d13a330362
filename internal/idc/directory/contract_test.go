// The directory knows users, groups, accounts and assignments. It promises that
//   - an instance is made once, with ids like AWS's, and its ARNs follow from it;
//   - users and groups are found by id, name (in any case), e-mail address and external id, and these are unique;
//   - a user has what is assigned to them or to a group of theirs, and nothing else;
//   - deleting a user, group or account deletes what belongs to it: memberships, assignments, sessions;
//   - passwords are kept as argon2id hashes, and without a password nothing matches.
package directory_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/partition"
	"rolecall/internal/idc/store"
)

func TestAnInstanceIsMadeOnce(t *testing.T) {
	c := newCompany(t)
	c.update(func(tx store.Tx) error {
		again, err := directory.Open(tx, "us-east-1", time.Now())
		if again != c.instance {
			t.Errorf("opened again: %+v", again)
		}
		return err
	})
	role := c.instance.RoleARN("Admin", dev)
	const path = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/"
	if role[:len(role)-16] != path+"AWSReservedSSO_Admin_" {
		t.Errorf("the role is %s", role)
	}
	old := directory.Instance{ID: "ssoins-1", Region: "cn-north-1"} // made by a version without partitions
	if arn := old.ARN(); arn != "arn:aws-cn:sso:::instance/ssoins-1" {
		t.Errorf("an old instance is %s", arn)
	}
	if p := c.instance.Partition; p != partition.AWS().Of("eu-west-1").Name {
		t.Errorf("it is in partition %q", p)
	}
}

func TestNamesAreUnique(t *testing.T) {
	c := newCompany(t)
	for _, key := range []string{
		directory.NameKey("ALICE"), directory.EmailKey("alice@EXAMPLE.com"),
		directory.ExternalKey(c.alice.ExternalIDs[0]),
	} {
		c.view(func(r store.Reader) error {
			u, err := directory.Users().Find(r, key)
			if u.ID != c.alice.ID {
				t.Errorf("%q finds %q", key, u.UserName)
			}
			return err
		})
	}
	carol := c.user("carol", "carol@example.com")
	for attribute, change := range map[string]func(*directory.User){
		"UserName":   func(u *directory.User) { u.UserName = "Alice" },
		"Email":      func(u *directory.User) { u.Emails = []directory.Email{{Value: "ALICE@example.com"}} },
		"ExternalId": func(u *directory.User) { u.ExternalIDs = c.alice.ExternalIDs },
	} {
		u := carol
		change(&u)
		c.taken(attribute, func(tx store.Tx) error { return directory.PutUser(tx, u) })
	}
	c.taken("GroupDisplayName", func(tx store.Tx) error {
		return directory.PutGroup(tx, directory.Group{ID: "g", Name: "Engineers"})
	})
	c.taken("Membership", func(tx store.Tx) error {
		return directory.PutMembership(tx, directory.Membership{ID: "m-2", GroupID: c.engineers.ID, UserID: c.alice.ID})
	})
}

func (c *company) taken(attribute string, do func(store.Tx) error) {
	c.Helper()
	var taken *directory.TakenError
	if err := c.Update(c.Context(), do); !errors.As(err, &taken) || taken.Attribute != attribute {
		c.Errorf("%s: %v", attribute, err)
	}
}

func TestAUserHasWhatIsAssigned(t *testing.T) {
	c := newCompany(t)
	if got, want := c.access(c.alice), []string{"Access/ReadOnly", "dev/Admin", "dev/ReadOnly"}; !slices.Equal(got, want) {
		t.Errorf("alice has %q", got)
	}
	if got := c.access(c.bob); got != nil {
		t.Errorf("bob has %q", got)
	}
	c.view(func(r store.Reader) error {
		accounts, err := directory.AccountsOf(r, c.alice.ID, dev, 10)
		if len(accounts) != 1 || accounts[0].ID != prod {
			t.Errorf("after %s comes %v", dev, accounts)
		}
		sets, errSets := directory.PermissionSetsOf(r, c.alice.ID, dev)
		set, errAdmin := directory.Assigned(r, c.alice.ID, dev, "Admin")
		if len(sets) != 2 || set.ID != "ps-1" {
			t.Errorf("in %s: %v; Admin is %s", dev, sets, set.ID)
		}
		for _, x := range [][3]string{
			{c.bob.ID, dev, "Admin"},
			{c.alice.ID, prod, "Admin"},
			{c.alice.ID, dev, "None"},
			{"nobody", dev, "Admin"},
		} {
			if _, err := directory.Assigned(r, x[0], x[1], x[2]); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%q: %v", x, err)
			}
		}
		return errors.Join(err, errSets, errAdmin)
	})
}

func TestDeletingDeletesWhatBelongs(t *testing.T) {
	c := newCompany(t)
	session := store.Entry{
		Kind: directory.KindSession, ID: "s", Owners: []string{directory.OwnerUser(c.alice.ID)}, Value: []byte("{}"),
	}
	c.update(func(tx store.Tx) error { return tx.Put(session) })
	if err := c.Update(t.Context(), func(tx store.Tx) error {
		return directory.DeletePermissionSet(tx, "ps-1")
	}); !errors.Is(err, directory.ErrInUse) {
		t.Errorf("an assigned permission set: %v", err)
	}
	disabled := c.alice
	disabled.Disabled = true
	c.update(func(tx store.Tx) error { return directory.ReplaceUser(tx, c.alice, disabled) })
	c.count(directory.KindSession, 0)
	c.update(func(tx store.Tx) error { return directory.DeleteGroup(tx, c.engineers.ID) })
	if got := c.access(c.alice); !slices.Equal(got, []string{"dev/ReadOnly"}) {
		t.Errorf("without the group alice has %q", got)
	}
	c.update(func(tx store.Tx) error { return errors.Join(tx.Put(session), directory.DeleteUser(tx, c.alice.ID)) })
	c.count(directory.KindSession, 0)
	c.update(func(tx store.Tx) error { return directory.DeletePermissionSet(tx, "ps-2") })
	c.update(func(tx store.Tx) error { return errors.Join(directory.DeleteAccount(tx, dev), directory.Reset(tx)) })
	for _, kind := range []store.Kind{
		directory.Users().Kind, directory.Groups().Kind, directory.Memberships().Kind,
		directory.Accounts().Kind,
	} {
		c.count(kind, 0)
	}
}

func (c *company) count(kind store.Kind, want int) {
	c.Helper()
	c.view(func(r store.Reader) error {
		n, err := r.Count(kind)
		if n != want {
			c.Errorf("there are %d of %s, want %d", n, kind, want)
		}
		return err
	})
}

func TestPasswords(t *testing.T) {
	cost := directory.Cost{Time: 1, MemoryKiB: 64}
	hash := directory.HashPassword("correct horse", cost)
	text, err := hash.MarshalText()
	var read directory.PasswordHash
	if err := errors.Join(err, read.UnmarshalText(text)); err != nil ||
		!strings.HasPrefix(string(text), "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatalf("%s: %v", text, err)
	}
	if !read.Equal(hash) || !read.Matches("correct horse") || read.Matches("correct horse ") || read.Matches("") {
		t.Errorf("%s does not match its password alone", text)
	}
	if directory.HashPassword("correct horse", cost).Equal(hash) {
		t.Error("two settings of a password have the same salt")
	}
	if zero := (directory.PasswordHash{}); zero.Matches("") || !zero.IsZero() {
		t.Error("no password matches a password")
	}
}
