package cli

import "testing"

func TestTheARNOfARole(t *testing.T) {
	const path = "role/aws-reserved/sso.amazonaws.com/"
	for _, c := range []struct{ session, region, want string }{
		{
			"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice", "us-east-1",
			"arn:aws:iam::111122223333:" + path + "AWSReservedSSO_Admin_0123456789abcdef",
		},
		{
			"arn:aws-cn:sts::111122223333:assumed-role/AWSReservedSSO_Read_Only_0123456789abcdef/a@b", "cn-north-1",
			"arn:aws-cn:iam::111122223333:" + path + "cn-north-1/AWSReservedSSO_Read_Only_0123456789abcdef",
		},
		{"arn:aws:sts::111122223333:assumed-role/deploy/release", "eu-west-1", "arn:aws:iam::111122223333:role/deploy"},
		{"arn:aws:iam::111122223333:user/alice", "us-east-1", ""},
		{"arn:aws:sts::111122223333:assumed-role/\x1b[2J/alice", "us-east-1", ""},
		{"arn:aws:sts::111122223333:assumed-role/x", "us-east-1", ""},
		{"", "us-east-1", ""},
	} {
		got, err := roleARN(c.session, c.region)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q in %s: %q, %v; want %q", c.session, c.region, got, err, c.want)
		}
	}
}
