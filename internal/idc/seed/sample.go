package seed

import (
	_ "embed" // of the sample
	"strings"

	"rolecall/internal/idc/partition"
)

// SampleData is what a person needs to know about the sample directory.
type SampleData struct {
	Users []SampleUser
	// The first user, and an account in which that user has two roles, for demonstrations.
	User, Password, Account, Role, OtherRole string
	// ChainRole can be assumed from Role in Account, with ExternalID.
	ChainRole, ExternalID string
}

// A SampleUser is a user with the password in clear, and a note on the user's access.
type SampleUser struct{ Name, Password, Note string }

//go:embed sample.yaml
var sampleYAML string

// Sample returns the seed file of a small company in a region: three users with different assignments, some through
// groups, six accounts, four permission sets, and a role to chain to.
func Sample(region string) ([]byte, SampleData) {
	arn := "arn:" + partition.AWS().Of(region).Name + ":iam::"
	text := strings.ReplaceAll(sampleYAML, "arn:aws:iam::", arn)
	if region != "us-east-1" {
		text = "instance:\n  region: " + region + "\n\n" +
			strings.ReplaceAll(text, "/sso.amazonaws.com/", "/sso.amazonaws.com/"+region+"/")
	}
	return []byte(text), SampleData{
		Users: []SampleUser{
			{"alice", "correct-horse-alice", "Admin and ReadOnly in several accounts"},
			{"bob", "correct-horse-bob", "ReadOnly in one account"},
			{"carol", "correct-horse-carol", "no assignment at all"},
		},
		User: "alice", Password: "correct-horse-alice", Account: "111122223333", Role: "Admin", OtherRole: "ReadOnly",
		ChainRole: arn + "444455556666:role/ops/Deploy", ExternalID: "rolecall-sample",
	}
}
