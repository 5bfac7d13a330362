package directory_test

import (
	"slices"
	"strings"
	"testing"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// Lengths are in characters, not bytes.
func TestTextRules(t *testing.T) {
	for _, x := range []struct {
		rule      directory.TextRule
		good, bad []string
	}{
		{
			directory.UserName(),
			[]string{"a", "ä@x", strings.Repeat("ü", 128)},
			[]string{"", "a b", "a\n", strings.Repeat("ü", 129)},
		},
		{
			directory.GroupName(),
			[]string{"a b", "a\tb", strings.Repeat("x", 1024)},
			[]string{"", "a\x00", strings.Repeat("x", 1025)},
		},
		{directory.Text(), []string{"Straße 1", "\u3000"}, []string{"a\x1b[2J", strings.Repeat("x", 1025)}},
		{directory.ExternalIDPart(), []string{"https://x.example/"}, []string{"a b", strings.Repeat("x", 257)}},
	} {
		for _, text := range x.good {
			if !x.rule.Fits(text) || !x.rule.Matches(text) {
				t.Errorf("%.20q is refused by %s", text, x.rule.Pattern)
			}
		}
		for _, text := range x.bad {
			if x.rule.Fits(text) && x.rule.Matches(text) {
				t.Errorf("%.20q is let through by %s", text, x.rule.Pattern)
			}
		}
	}
	for text, want := range map[string]bool{
		"a@b": true, "a": false, "a@b@c": false, "a @b": false, "@b": false, "": false,
	} {
		if directory.IsEmail(text) != want {
			t.Errorf("%q is an address: %v", text, !want)
		}
	}
}

func TestWhatIsRequired(t *testing.T) {
	if got := (directory.Attributes{}).Lacks(); !slices.Equal(got,
		[]string{"username", "displayname", "givenname", "familyname"}) {
		t.Errorf("a user of nothing lacks %q", got)
	}
	name := &directory.PersonName{GivenName: "A", FamilyName: "B"}
	if got := (directory.Attributes{UserName: "a", DisplayName: "A B", Name: name}).Lacks(); got != nil {
		t.Errorf("a whole user lacks %q", got)
	}
	if got := (directory.Group{}).Lacks(); !slices.Equal(got, []string{"displayname"}) {
		t.Errorf("a group of nothing lacks %q", got)
	}
}

func TestHashesOfOthers(t *testing.T) {
	for _, text := range []string{
		"x", "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$x", "$argon2id$v=19$m=64,t=1,p=2$c2FsdHNhbHQ$x",
		"$argon2id$v=19$m=99999999,t=1,p=1$c2FsdHNhbHQ$x", "$argon2id$v=19$m=64,t=1,p=1$!$!",
		"$argon2id$v=19$m=64,t=1,p=1$c2FsdA$c2FsdA",
	} {
		var h directory.PasswordHash
		if err := h.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%s is read", text)
		}
	}
	var h directory.PasswordHash
	if text, err := h.MarshalText(); err != nil || text != nil || h.UnmarshalText(nil) != nil {
		t.Errorf("no password is %q, %v", text, err)
	}
}

func TestEmail(t *testing.T) {
	for want, emails := range map[string][]directory.Email{
		"": nil, "a@x": {{Value: "a@x"}, {Value: "b@x"}}, "b@x": {{Value: "a@x"}, {Value: "b@x", Primary: true}},
	} {
		if got := (directory.User{Attributes: directory.Attributes{Emails: emails}}).Email(); got != want {
			t.Errorf("%v: %q", emails, got)
		}
	}
}

// All accounts are found, however many there are.
func TestAccessToManyAccounts(t *testing.T) {
	c := newCompany(t)
	ids := []string{}
	for i := range 30 {
		ids = append(ids, "4000000000"+string(rune('0'+i/10))+string(rune('0'+i%10)))
	}
	c.update(func(tx store.Tx) (err error) {
		for _, id := range ids {
			if err == nil {
				err = directory.Accounts().Put(tx, directory.Account{ID: id, Name: "many"})
			}
			if err == nil {
				_, err = tx.Assign(store.Assignment{Principal: c.bob.ID, AccountID: id, PermissionSet: "ps-1"})
			}
		}
		return err
	})
	if got := c.access(c.bob); len(got) != 30 || got[0] != "many/Admin" {
		t.Errorf("bob has %q", got)
	}
	c.view(func(r store.Reader) error {
		groups, err := directory.GroupsOf(r, c.alice.ID, "", 0)
		members, errMembers := directory.MembersOf(r, c.engineers.ID, "", 0)
		if len(groups) != 1 || len(members) != 1 || groups[0] != members[0] {
			t.Errorf("groups %v, members %v", groups, members)
		}
		if err == nil {
			err = errMembers
		}
		return err
	})
}
