package directory

import (
	"errors"
	"time"
)

// SampleData is what a person needs to know of the sample directory.
type SampleData struct {
	Users []SampleUser
	// The first user, and an account with two roles of theirs, for a
	// demonstration.
	User, Password, Account, Role, OtherRole string
	// ChainRole can be assumed from Role in Account with ExternalID.
	ChainRole, ExternalID string
}

// A SampleUser is a user with the password in clear, and what they have.
type SampleUser struct{ Name, Password, Note string }

// Sample gives a small company: three users with different assignments, five
// accounts, four permission sets, and a role to chain to.
func Sample() (*Memory, SampleData, error) { return SampleAt(DefaultCost()) }

// SampleAt is Sample with a cost of its own for the password hashes.
func SampleAt(cost Cost) (*Memory, SampleData, error) {
	m := NewMemory()
	data := SampleData{
		Users: []SampleUser{
			{"alice", "correct-horse-alice", "Admin and ReadOnly in several accounts"},
			{"bob", "correct-horse-bob", "ReadOnly in one account"},
			{"carol", "correct-horse-carol", "no assignment at all"},
		},
		User: "alice", Password: "correct-horse-alice", Account: "111122223333", Role: "Admin", OtherRole: "ReadOnly",
		ChainRole: "arn:aws:iam::444455556666:role/ops/Deploy", ExternalID: "rolecall-sample",
	}
	var failures []error
	for _, u := range data.Users {
		failures = append(failures, m.PutUser(User{Name: u.Name, DisplayName: u.Name, Email: u.Name + "@example.com", Password: HashPassword(u.Password, cost)}))
	}
	for _, a := range []Account{
		{"111122223333", "payments-dev", "payments-dev@example.com"},
		{"222233334444", "payments-prod", "payments-prod@example.com"},
		{"333344445555", "Data Lake [EU]", "data@example.com"},
		{"444455556666", "shared-services", "shared@example.com"},
		{"555566667777", "sandbox", "sandbox@example.com"},
	} {
		failures = append(failures, m.PutAccount(a))
	}
	for _, p := range []PermissionSet{
		{"Admin", time.Hour}, {"ReadOnly", 12 * time.Hour}, {"Developer", 4 * time.Hour}, {"Billing", time.Hour},
	} {
		failures = append(failures, m.PutPermissionSet(p))
	}
	for _, a := range []Assignment{
		{"alice", "111122223333", "Admin"},
		{"alice", "111122223333", "ReadOnly"},
		{"alice", "222233334444", "ReadOnly"},
		{"alice", "333344445555", "Developer"},
		{"alice", "444455556666", "Billing"},
		{"alice", "555566667777", "Admin"},
		{"bob", "111122223333", "ReadOnly"},
	} {
		_, err := m.Assign(a)
		failures = append(failures, err)
	}
	failures = append(failures, m.PutRole(Role{
		ARN: data.ChainRole, ExternalID: data.ExternalID, MaxDuration: 4 * time.Hour,
		Trusted: []string{"arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/" + RoleName("Admin", "111122223333")},
	}))
	return m, data, errors.Join(failures...)
}
