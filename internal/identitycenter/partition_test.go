package identitycenter

import "testing"

func TestPartition(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "aws", "eu-central-2": "aws", "ap-southeast-5": "aws", "mx-central-1": "aws", "il-central-1": "aws", "ca-west-1": "aws",
		"us-gov-west-1": "aws-us-gov", "us-gov-east-1": "aws-us-gov", "cn-north-1": "aws-cn", "cn-northwest-1": "aws-cn", "eusc-de-east-1": "aws-eusc",
		"": "", "us": "", "us-east": "", "us-east-": "", "us--1": "", "east-1": "", "xx-east-1": "", "us-east-1a": "", "us-east-100": "", "US-EAST-1": "",
		"us-east-1.attacker.example/": "", "us-east-1 ": "", "us-foo-east-1": "", "eusc-fr-east-1": "", "us-gov-gov-west-1": "", "us-e4st-1": "", "eusc-east-1": "",
	} {
		if got := Partition(region); got != want {
			t.Errorf("%q: %q, want %q", region, got, want)
		}
	}
}
