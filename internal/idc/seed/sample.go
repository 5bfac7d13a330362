package seed

import _ "embed" // of the sample

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

//go:embed sample.yaml
var sampleYAML string

// Sample gives the file of a small company: three users with different assignments,
// some through groups, five accounts, four permission sets, and a role to chain to.
func Sample() ([]byte, SampleData) {
	return []byte(sampleYAML), SampleData{
		Users: []SampleUser{
			{"alice", "correct-horse-alice", "Admin and ReadOnly in several accounts"},
			{"bob", "correct-horse-bob", "ReadOnly in one account"},
			{"carol", "correct-horse-carol", "no assignment at all"},
		},
		User: "alice", Password: "correct-horse-alice", Account: "111122223333", Role: "Admin", OtherRole: "ReadOnly",
		ChainRole: "arn:aws:iam::444455556666:role/ops/Deploy", ExternalID: "rolecall-sample",
	}
}
