package identitycenter

import "testing"

func TestOfRegion(t *testing.T) {
	for name, regions := range map[string][]string{
		"aws": {
			"us-east-1", "eu-central-2", "ap-southeast-5", "mx-central-1", "il-central-1", "ca-west-1",
		},
		"aws-us-gov": {"us-gov-west-1", "us-gov-east-1"},
		"aws-cn":     {"cn-north-1", "cn-northwest-1"},
		"aws-eusc":   {"eusc-de-east-1"},
		"": {
			"", "us", "us-east", "us-east-", "us--1", "east-1", "xx-east-1", "us-east-1a", "us-east-100", "US-EAST-1",
			"us-east-1.attacker.example/", "us-east-1 ", "us-foo-east-1", "eusc-fr-east-1", "us-gov-gov-west-1",
			"us-e4st-1", "eusc-east-1",
		},
	} {
		for _, region := range regions {
			if got, ok := AWS().OfRegion(region); got.Name != name || ok != (name != "") {
				t.Errorf("%q: %q, want %q", region, got.Name, name)
			}
		}
	}
}

func TestHasEndpoint(t *testing.T) {
	for host, want := range map[string]bool{
		"portal.sso.us-east-1.amazonaws.com": true, "oidc.us-gov-west-1.amazonaws.com": true,
		"oidc.cn-north-1.amazonaws.com.cn": true, "oidc.eusc-de-east-1.amazonaws.eu": true,
		"amazonaws.com": false, "evilamazonaws.com": false, "oidc.amazonaws.com.evil.example": false, "": false,
	} {
		if got := AWS().HasEndpoint(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

func TestStartDomain(t *testing.T) {
	for host, want := range map[string]string{
		"corp.awsapps.com":                    "awsapps.com",
		"start.us-gov-home.awsapps.com":       "us-gov-home.awsapps.com",
		"identitycenter.us-gov.amazonaws.com": "identitycenter.us-gov.amazonaws.com",
		"x.portal.us-east-1.app.aws":          "app.aws",
		"awsapps.com":                         "",
		"corp.awsapps.com.evil.example":       "",
		"x.identitycenter.amazonaws.com":      "",
		"127.0.0.1":                           "",
	} {
		if got := AWS().StartDomain(host); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}
