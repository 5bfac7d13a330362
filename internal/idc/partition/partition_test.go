package partition

import "testing"

func TestOf(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "aws", "us-gov-west-1": "aws-us-gov", "cn-north-1": "aws-cn", "eusc-de-east-1": "aws-eusc",
		"us-iso-east-1": "aws", "ap-southeast-10": "aws", "": "aws", "us-gov-": "aws", "moon-crater-1": "aws",
	} {
		if got := AWS().Of(region).Name; got != want {
			t.Errorf("%q is of %s, want %s", region, got, want)
		}
	}
}

func TestHosts(t *testing.T) {
	for host, want := range map[string][2]string{
		"oidc.us-east-1.amazonaws.com": {"oidc", "us-east-1"}, "oidc-fips.us-gov-west-1.api.aws": {"oidc", "us-gov-west-1"},
		"portal.sso.cn-north-1.amazonaws.com.cn": {"portal.sso", "cn-north-1"}, "sts.amazonaws.com": {"sts", ""},
		"oidc.cn-north-1.amazonaws.com": {}, "oidc.moon-crater-1.amazonaws.com": {}, ".us-east-1.amazonaws.com": {},
		"amazonaws.com": {},
	} {
		service, region, ok := AWS().Service(host)
		if service != want[0] || region != want[1] || ok != (want[0] != "") {
			t.Errorf("%s: %q, %q, %v", host, service, region, ok)
		}
	}
	for host, want := range map[string]string{
		"signin.aws.amazon.com": "", "us-gov-east-1.signin.amazonaws-us-gov.com": "us-gov-east-1",
		"evil.signin.amazonaws.cn":  "no",
		"evilsignin.aws.amazon.com": "no",
	} {
		if region, ok := AWS().SignIn(host); ok != (want != "no") || ok && region != want {
			t.Errorf("%s: %q, %v", host, region, ok)
		}
	}
}

func TestConsole(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "console.aws.amazon.com", "eu-west-1": "eu-west-1.console.aws.amazon.com",
		"cn-north-1":     "console.amazonaws.cn",
		"us-gov-east-1":  "us-gov-east-1.console.amazonaws-us-gov.com",
		"eusc-de-east-1": "eusc-de-east-1.console.amazonaws-eusc.eu",
	} {
		if got := AWS().ConsoleHost(region); got != want || !AWS().IsConsole(got) || !AWS().IsConsole("x.y."+got) {
			t.Errorf("%s: %s, want %s", region, got, want)
		}
	}
	for _, host := range []string{
		"evilconsole.aws.amazon.com", "console.aws.amazon.com.evil.example", "a@console.aws.amazon.com",
		".console.aws.amazon.com",
	} {
		if AWS().IsConsole(host) {
			t.Errorf("%s is of the console", host)
		}
	}
}

func TestStartAndDomains(t *testing.T) {
	domains := AWS().Domains()
	for host, want := range map[string]bool{
		"d-1.awsapps.com": true, "a.b.awsapps.com": false, "start.us-gov-home.awsapps.com": true,
		"x.portal.eu-west-1.app.aws": true,
		"d-1.awsapps.cn":             true, "awsapps.com": false, ".awsapps.com": false, "d-1.awsapps.com:443": false,
	} {
		if got := AWS().IsStart(host); got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
	seen := map[string]bool{}
	for _, domain := range domains {
		seen[domain] = true
	}
	within := seen["portal.amazonaws.com"] || seen["sts.amazonaws.com"]
	if !seen["amazonaws.com"] || !seen["awsapps.cn"] || within || len(seen) != len(domains) {
		t.Errorf("%q", domains)
	}
}
