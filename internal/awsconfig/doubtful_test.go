package awsconfig_test

import (
	"slices"
	"strings"
	"testing"
)

const needsAccess = "[profile dev]\nsso_session = c\nsso_account_id = 111122223333\nsso_role_name = Admin\n"

func center(start, region, more string) string {
	return "[sso-session c]\nsso_start_url = https://" + start + "\nsso_region = " + region + "\n" + more
}

func signInFaults() []fault {
	const (
		id, corp  = "ssoins-0123456789abcdef", "corp.awsapps.com/start"
		elsewhere = "is not the region in the start URL"
		partition = "the start URL is one of "
		scopes    = "cannot list accounts or get role credentials"
		access    = "write sso_registration_scopes = sso:account:access"
	)
	return []fault{
		{center(id+".portal.eu-west-1.app.aws", "us-east-1", ""), 3, elsewhere, "write sso_region = eu-west-1"},
		{center(id+".eu-west-1.portal.amazonaws.com", "us-east-1", ""), 3, elsewhere, "write sso_region = eu-west-1"},
		{center(id+".cn-north-1.portal.amazonaws.com.cn", "us-east-1", ""), 3, elsewhere, "write sso_region = cn-north-1"},
		{center(id+".portal.us-gov-west-1.app.aws", "us-west-1", ""), 3, elsewhere, "write sso_region = us-gov-west-1"},
		{
			"[profile old]\nsso_start_url = https://" + id + ".portal.eu-west-1.app.aws\nsso_region = us-east-1\n", 3, elsewhere,
			"write sso_region = eu-west-1",
		},
		{"[default]\nsso_session = c\nsso_region = us-east-1\n[sso-session c]\nsso_start_url = https://" + id +
			".portal.eu-west-1.app.aws\n", 3, elsewhere, "write sso_region = eu-west-1"},
		{center(corp, "cn-north-1", ""), 3, partition + "aws", "write the region of the Identity Center"},
		{center("corp.awsapps.cn/start", "us-east-1", ""), 3, partition + "aws-cn", "write the region"},
		{
			center("start.us-gov-home.awsapps.com/directory/d-1234567890", "us-east-1", ""), 3, partition + "aws-us-gov",
			"write the region",
		},
		{center("identitycenter.amazonaws.com/"+id, "us-gov-west-1", ""), 3, partition + "aws", "write the region"},
		{center("corp.awsapps.com/start", "eusc-de-east-1", ""), 3, partition + "aws", "write the region"},
		{
			center(corp, "us-east-1", "sso_registration_scopes = codewhisperer:completions\n"+needsAccess), 4, scopes,
			access + ",codewhisperer:completions",
		},
		{center(corp, "us-east-1", "sso_registration_scopes = sso:account\n"), 4, scopes, access},
		{center(corp, "us-east-1", "sso_registration_scopes = sso:accounts:acess\n"), 4, scopes, access},
		{center(corp, "us-east-1", "sso_registration_scopes = openid, profile\n"), 4, scopes, access},
		{center(corp, "us-east-1", "sso_registration_scopes = sso:account:access aws:x\n"), 4, scopes, access},
	}
}

func profileFaults() []fault {
	const (
		iam, truth = "is an IAM role name", "is neither true nor false"
		area       = "is not a region of AWS"
		away       = `where keys of session "corp" are not valid`
	)
	faults := []fault{
		key("region = cn-north-1", away, "write region = us-east-1 or another one of aws"),
		key("region = us-gov-west-1", away, "write region = us-east-1"),
		key("region = eusc-de-east-1", away, "write region = us-east-1"),
		{
			strings.ReplaceAll(session, "us-east-1", "cn-north-1") + "[default]\nregion = us-east-1\nsso_session = corp\n", 5,
			away,
			"write region = cn-north-1",
		},
		{
			session + "[profile far]\nregion = cn-north-1\nsource_profile = dev\n" + role +
				"[profile dev]\nsso_session = corp\n", 5,
			away, "write region = us-east-1",
		},
		{"[profile x]\nregion = cn-north-1\ncredential_process = rolecall-process --session corp --account 111122223333 " +
			"--role x\n" + session, 2, away, "write region = us-east-1"},
		key("sso_role_name = AWSReservedSSO_Name_0123456789abcdef", iam, "write sso_role_name = Name"),
		key("sso_role_name = AWSReservedSSO_Power_User_00112233445566ff", iam, "write sso_role_name = Power_User"),
		key("use_fips_endpoint = yes", truth, "write use_fips_endpoint = true"),
		key("use_dualstack_endpoint = 0", truth, "write use_dualstack_endpoint = false"),
		key("use_fips_endpoint = \"true\"", truth, "write use_fips_endpoint = true"),
		key("use_fips_endpoint = true # why", truth, "write use_fips_endpoint = true"),
		key("use_fips_endpoint = perhaps", truth, "true or false"),
		key("region = us-esat-1", area, "write region = us-east-1"),
		key("region = us-wset-2", area, "write region = us-west-2"),
		key("region = eu-cental-1", area, "write region = eu-central-1"),
		key("region = us-est-1", area, "write region = us-east-1 or us-west-1"),
		key("region = ap-souteast-2", area, "write region = ap-southeast-2"),
		key("region = ap-south-east-2", area, "write region = ap-southeast-2"),
		key("region = cn-nortwest-1", area, "write region = cn-northwest-1"),
		key("region = us-gov-esat-1", area, "write region = us-gov-east-1"),
		{center("corp.awsapps.com/start", "us-esat-1", ""), 3, area, "write sso_region = us-east-1"},
	}
	arn := "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_A_0123456789abcdef"
	return append(faults, fault{
		session + "[profile dev]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = " + arn, 7,
		"is not a role name", "write sso_role_name = A",
	})
}

func TestValuesThatCannotBeRightAreReported(t *testing.T) {
	for _, f := range slices.Concat(signInFaults(), profileFaults()) {
		reported(t, f)
	}
}

// New regions, other partitions and other services raise no alarm.
func TestValuesThatMayBeRightAreNotReported(t *testing.T) {
	var files []string
	for _, region := range []string{
		"us-east-1", "ap-southeast-7", "mx-central-1", "us-north-1", "nz-south-1", "eu-midwest-1", "ap-island-1",
		"us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1", "xx-somewhere-1", "il-central-1",
	} {
		files = append(files, "[profile p]\nregion = "+region+"\n")
	}
	files = append(files,
		session+"[profile p]\nsso_session = corp\nregion = us-iso-east-1\n",
		session+"[profile p]\nsso_session = corp\nregion = eu-west-1\nuse_fips_endpoint = TRUE\n",
		session+"[profile p]\nsso_session = corp\nuse_dualstack_endpoint=false\n",
		session+"[profile p]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = AWSReservedSSO_Admin\n",
		"[profile static]\nregion = cn-north-1\n"+session,
		center("ssoins-0123456789abcdef.portal.eu-west-1.app.aws", "eu-west-1", needsAccess),
		center("start.us-gov-home.awsapps.com/directory/d-1234567890", "us-gov-west-1", needsAccess),
		center("corp.awsapps.cn/start", "cn-northwest-1", needsAccess+"region = cn-north-1\n"),
		center("identitycenter.amazonaws.com/ssoins-0123456789abcdef", "eu-west-1", ""),
		center("sso.example.com", "cn-north-1", ""), center("corp.awsapps.com/start", "xx-north-1", ""),
		center("corp.awsapps.com/start", "us-east-1", "sso_registration_scopes = sso-portal:x\n"+needsAccess),
		center("view.awsapps.com/start", "us-east-1", "sso_registration_scopes = codecatalyst:read_write\n"+
			"[profile codecatalyst]\nsso_session = c\n"),
	)
	for _, file := range files {
		config, _ := open(t, file)
		if problems := config.Report().Problems; len(problems) > 0 {
			t.Errorf("%q: %+v", file, problems)
		}
	}
}
