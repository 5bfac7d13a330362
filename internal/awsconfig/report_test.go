package awsconfig_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/awsconfig"
)

// A fault is a file with something that people do not see: the line, a part of what is said of it, and what to
// write instead. Each file is one of its kind.
type fault struct {
	config string
	line   int
	text   string
	remedy string
}

const session = "[sso-session corp]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = us-east-1\n"

func header(line, text, remedy string) fault {
	return fault{session + line + "\nsso_session = corp\n", 4, text, remedy}
}

func key(line, text, remedy string) fault {
	return fault{session + "[profile dev]\nsso_session = corp\n" + line + "\n", 6, text, remedy}
}

func regionFaults() []fault {
	const start = "sso_start_url = https://d-1234567890.awsapps.com/start\n"
	return []fault{
		{"[sso-session corp]\n" + start, 1, "has no sso_region", "rolecall login finds and writes it"},
		{"[profile old]\n" + start + "region = us-east-1\n", 1, "has no sso_region", "rolecall login finds and writes it"},
		{"[default]\n" + start, 1, "has no sso_region", "rolecall login finds and writes it"},
	}
}

func headerFaults() []fault {
	const none = "no tool reads this section"
	return []fault{
		header("[team1]", none, "write [profile team1]"),
		header("[dev]", none, "write [profile dev]"),
		header("[Profile x]", none, "write [profile x]"),
		header("[PROFILE x]", none, "write [profile x]"),
		header("[profilex]", none, "write [profile x]"),
		header("[profile:x]", none, "write [profile x]"),
		header("[profile1]", none, "write [profile profile1]"),
		header("[porfile x]", none, "write [profile x]"),
		header(`[profile"x"]`, none, "write [profile x]"),
		header("[[profile x]]", none, "write [profile x]"),
		header("[x profile]", none, "write [profile x]"),
		header("[default profile]", none, "write [default]"),
		header("[Default]", "the Go SDK reads profile \"Default\"", "write [default]"),
		header("[ default ]", "the JavaScript SDK", "write [default]"),
		header("[ profile x ]", "botocore and the JavaScript SDK ignore it", "write [profile x]"),
		header("[profile  x]", "the JavaScript SDK ignores it", "write [profile x]"),
		header("[profile x ]", "the JavaScript SDK ignores it", "write [profile x]"),
		header("[profiles x]", "botocore reads profile \"x\"", "write [profile x]"),
		header("[profile two words]", "the Go SDK reads profile \"two words\"", `[profile "two words"]`),
		header("[profile 'two words']", "the Go SDK reads profile \"'two words'\"", "write [profile two-words]"),
		header(`[profile "x"]`, `the Go SDK reads profile "\"x\""`, "write [profile x]"),
		header("[profile x!y]", "Java, Kotlin and Rust SDKs ignore it", "use only letters"),
		header("[profile x]; why", "the JavaScript SDK ignores it", "on a line of its own"),
		header("[profile x] why", "the Java, Kotlin and Rust SDKs reject the file", "on a line of its own"),
		header("[profile\u00a0x]", "U+00A0", "write [profile x]"),
		header("[profile x\u200b]", "U+200B", "write [profile x]"),
		header("[profile “x”]", "U+201C", "write [profile x]"),
		header("[profile ]", none, "write [profile NAME]"),
		header("[sso-session]", none, "write [sso-session NAME]"),
		header("[sso_session x]", none, "write [sso-session x]"),
		header("[sso session x]", none, "write [sso-session x]"),
		header("[sso-Session x]", none, "write [sso-session x]"),
		header("[ssosession x]", none, "write [sso-session x]"),
		header("[session x]", none, "write [sso-session x]"),
		header("[sso x]", none, "write [sso-session x]"),
		header("[service x]", none, "write [services x]"),
		{"[default]\nregion = us-east-1\n  [profile x]\n", 3, "part of this value for botocore", "write [profile x] at the"},
	}
}

func keyFaults() []fault {
	const unknown = "no tool knows this key"
	return []fault{
		key("sso-account-id = 1", unknown, "write sso_account_id = 1"),
		key("sso account id = 1", unknown, "write sso_account_id = 1"),
		key("sso_acount_id = 1", unknown, "write sso_account_id = 1"),
		key("ssoRoleName = Admin", "", "write sso_role_name = Admin"),
		key("account_id = 1", unknown, "write sso_account_id = 1"),
		key("export sso_account_id=1", unknown, "write sso_account_id = 1"),
		{"[profile dev]\nsso_account_id =\n  111122223333", 3, "botocore rejects", "write sso_account_id = 111122223333"},
		key("regoin = us-east-1", unknown, "write region = us-east-1"),
		key("SSO_ROLE_NAME = Admin", "case-sensitive", "write sso_role_name = Admin"),
		key("sso_role_name: Admin", "set with a colon", "write sso_role_name = Admin"),
		key("sso_role_name Admin", "botocore rejects the file", "write sso_role_name = Admin"),
		key("= Admin", "botocore rejects the file", "write KEY = VALUE"),
		key(`sso_role_name = "Admin"`, "quotes are part of the value", "write sso_role_name = Admin"),
		key("sso_role_name = 'Admin'", "quotes are part of the value", "write sso_role_name = Admin"),
		key(`sso_role_name = "Admin`, "quotes are part of the value", "write sso_role_name = Admin"),
		key("sso_role_name = “Admin”", "U+201C", "write sso_role_name = Admin"),
		key("sso_role_name = Admin\u200b", "U+200B", "write sso_role_name = Admin"),
		key("sso_role_name\u00a0= Admin", "U+00A0", "write sso_role_name = Admin"),
		key("\ufeffsso_role_name = Admin", "U+FEFF", "write sso_role_name = Admin"),
		key("sso_role_name = Admin # mine", "a comment for other SDKs", "write sso_role_name = Admin, with"),
		key("sso_role_name = Admin ; mine", "a comment for other SDKs", "write sso_role_name = Admin, with"),
		key("sso_role_name = # mine", "a comment for other SDKs", "with the comment on a line of its own"),
		key("  sso_role_name = Admin", "part of this value", "write sso_role_name = Admin at the beginning"),
		key("\tsso_role_name = Admin", "part of this value", "write sso_role_name = Admin at the beginning"),
		key("\u00a0sso_role_name = Admin", "part of this value", "write sso_role_name = Admin at the beginning"),
		key("[profile y:z", "without its ]", "write [profile y:z]"),
		key("aws_access_key_id = AKIA\naws_secret_access_key = x", "SDKs these keys", "keep one"),
		key("credential_process = x", "only the JavaScript SDK runs this command", "keep one"),
		key("profile y", "botocore rejects the file", "write [profile y]"),
		key("sso_session = corp", "is set twice", "remove one"),
		key("sso_account_id = 1111-2222-3333\nsso_role_name = x", "not an account id", "write sso_account_id = 111122223333"),
		key("sso_account_id = 11122223333\nsso_role_name = x", "not an account id", "= 011122223333 if its leading"),
		key("sso_account_id = 111122223333;\nsso_role_name = x", "not an account id", "write sso_account_id = 111122223333"),
		key("sso_account_id == 111122223333\nsso_role_name = x", "not an account id", "write sso_account_id = 111122223333"),
		key("sso_account_id = 111122223333#x\nsso_role_name = x", "not an account id", "write sso_account_id = 111122223333"),
		key("region = us_east_1", "is not a region", "write region = us-east-1"),
		key("region = US-EAST-1", "is not a region", "write region = us-east-1"),
		key("region = us-east-1a", "is not a region", "write region = us-east-1"),
		{"[sso-session c]\nsso_start_url = d-1.awsapps.com/start\nsso_region = us-east-1", 2, "", "= https://d-1.aws"},
		{"[sso-session c]\nsso_start_url = http://d-1.awsapps.com/start\nsso_region = us-east-1", 2, "", "= https://d-1.aws"},
		{"[sso-session c]\nsso_start_url https://d-1.awsapps.com/start#/\nsso_region = us-east-1", 2, "no =", "/start#/"},
		{"[sso-session c]\nsso_start_url = d-1234567890\nsso_region = us-east-1", 2, "", "= https://d-1234567890.aws"},
		{"[sso-session c]\nsso_start_url = https://d-1.awsapps.com/start\nregion = us-east-1", 3, "no tool", "sso_region ="},
		{session + "sso_account_id = 111122223333", 4, "in an sso-session", "to the profile"},
		{"[profile p]\n region = us-east-1", 2, "directly below the header", "remove the indentation"},
		{"[default]\rregion = us-east-1\r", 1, "the Go, JavaScript and Rust SDKs do not", "line feeds"},
		{"\ufeff[default]\nregion = us-east-1\n", 1, "a byte order mark", "[IO.File]::ReadAllText"},
		{"[default]\nregion = us-east-1\n[profile caf\xe9]\n", 3, "not UTF-8", "save the file as UTF-8"},
		{session + "[profile dev]\nsso_session = [sso-session corp]", 5, "there is no", "write sso_session = corp"},
		{session + "[profile dev]\nsso_session = \"corp\"", 5, "there is no", "write sso_session = corp"},
		{"[services s]\nsso =\n  endpoint_url\n", 3, "botocore rejects the file", "write KEY = VALUE"},
		{"[services s]\nsso-oidc =\n  endpoint_url = x\n", 2, "no tool knows this service", "write sso_oidc ="},
		{"[services s]\nsso =\n  endpoint-url = x\n", 3, "no tool knows the key endpoint-url", "write endpoint_url = x"},
		{"[default]\ns3 =\n  = 1\n", 3, "reject the file", "write KEY = VALUE"},
	}
}

func TestFaultsAreReportedWithLineAndRemedy(t *testing.T) {
	for _, f := range slices.Concat(headerFaults(), keyFaults(), regionFaults()) {
		reported(t, f)
	}
}

func reported(t *testing.T, f fault) {
	t.Run(strings.TrimPrefix(f.config, session), func(t *testing.T) {
		config, path := open(t, f.config)
		for _, p := range config.Report().Problems {
			if p.Origin == (awsconfig.Origin{File: path, Line: f.line}) && strings.Contains(p.Text, f.text) &&
				strings.Contains(p.Remedy, f.remedy) && strings.HasPrefix(p.ID, "config.") {
				return
			}
		}
		t.Errorf("no problem at line %d: %s; %s\n%+v", f.line, f.text, f.remedy, config.Report().Problems)
	})
}

// What people have as a rule is no problem, and other programs' sections are theirs.
func TestOrdinaryFilesHaveNoProblems(t *testing.T) {
	for _, config := range []string{
		"",
		session + "[default]\nregion = us-east-1\noutput=json\n\n# a comment\n; another one\n[profile dev]\t# mine\n" +
			"sso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Admin\nregion = eu-west-1\n",
		"[profile default]\nregion = us-east-1\ns3 =\n  max_concurrent_requests = 20\n  addressing_style = path\n",
		"[profile p]\ncredential_process = \"/opt/a b/tool\" --x \"y\"\ncli_pager = \"\"\nservices = local\n" +
			"[services local]\nsso =\n  endpoint_url = http://127.0.0.1:1/#x\n",
		"[profile p]\ncredential_process = tool\n  --region=us-east-1\n",
		"[plugins]\ncli_legacy_plugin_path = /x\nendpoint = awscli_plugin_endpoint\n[preview]\ncloudfront = true\n",
		"[toggles]\na = b\n[other thing]\nc = d\n",
		"[profile x]\r\nregion = us-east-1\r\n",
		"[profile p]\nsso_auto_populated = true\ngranted_sso_start_url = https://x\nretry_mode = standard\n" +
			"max_attempts = 3\nsts_regional_endpoints = regional\ndefaults_mode = auto\nlogin_session = arn\n" +
			"cli_auto_prompt = on\nec2_metadata_service_endpoint = http://x\nrequest_checksum_calculation = when_required\n",
	} {
		c, _ := open(t, config)
		if problems := c.Report().Problems; len(problems) > 0 {
			t.Errorf("%q: %+v", config, problems)
		}
	}
}

// One file for both purposes is read as the config file: each header is reported once.
func TestOneFileForBothIsReadOnce(t *testing.T) {
	_, path := open(t, session+"[profile dev]\nsso_session = corp\n[team1]\nregion = us-east-1\n")
	config, err := awsconfig.Open(awsconfig.Files{Config: path, Credentials: path})
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for _, p := range config.Report().Problems {
		if strings.HasPrefix(p.Section, "[") {
			said++
		}
	}
	if said != 1 {
		t.Errorf("%d headers are reported, want [team1] alone: %+v", said, config.Report().Problems)
	}
}

// A name that does not exist, or a key that is not understood, leads to the line that was meant.
func TestErrorsKnowTheLineThatWasMeant(t *testing.T) {
	profile := func(name string) func(*awsconfig.Config) error {
		return func(c *awsconfig.Config) error {
			p, err := c.Profile(name)
			if err == nil {
				err = p.RequireRole()
			}
			return err
		}
	}
	corp := func(c *awsconfig.Config) error { _, err := c.Session("corp"); return err }
	for _, test := range []struct {
		config string
		ask    func(*awsconfig.Config) error
		line   int
		remedy string
	}{
		{"[team1]\nregion = us-east-1\n", profile("team1"), 1, "write [profile team1]"},
		{"[profile dev]\nregion = us-east-1\n[dev]\nsso_session = corp\n", profile("dev"), 3, "write [profile dev]"},
		{session + "[profile p]\nsso_session=corp\n[profile a]\nrole_arn = arn:aws:iam::111122223333:role/x\n" +
			"source_profile = [profile p]\n", profile("a"), 8, "write source_profile = p"},
		{"[okta]\nname = x\n", profile("okta"), 1, "write [profile okta]"},
		{"[team1]\nregion = us-east-1\n", profile("taem1"), 1, "write [profile team1]"},
		{"\n[profile two words]\n", profile("two words"), 2, `[profile "two words"]`},
		{"[Profile x]\n", profile("x"), 1, "write [profile x]"},
		{"[profile-x]\n", profile("profile-x"), 1, "write [profile x]"},
		{"[profile-x]\n", profile("x"), 1, "write [profile x]"},
		{"[profile “x”]\n", profile("x"), 1, "write [profile x]"},
		{"[default profile]\n", profile("default"), 1, "write [default]"},
		{"[default]\nregion = us-east-1\n [profile x]\n", profile("x"), 3, "write [profile x] at"},
		{"[default]\nregion = us-east-1\nprofile x\n", profile("x"), 3, "write [profile x]"},
		{"[sso_session corp]\n", corp, 1, "write [sso-session corp]"},
		{"[session corp]\n[profile p]\nsso_session = corp\n", profile("p"), 1, "write [sso-session corp]"},
		{session + "[profile p]\nsso_session = \"corp\"\n", profile("p"), 5, "write sso_session = corp"},
		{session + "[profile p]\nsso-session = corp\nsso_role_name = x\n", profile("p"), 5, "write sso_session = corp"},
		{session + "[profile p]\nsso_session = corp\nsso_account_id 111122223333\n", profile("p"), 6, "= 111122223333"},
		{session + "[profile p]\nsso_session = corp\nsso_account_id = 1111 2222 3333\n", profile("p"), 6, "= 111122223333"},
		{session + "[profile p]\nsso_session = corp\n sso_account_id = 111122223333\n", profile("p"), 6, "= 111122223333 at"},
		{strings.Replace(session, "us-east-1", `"us-east-1"`, 1), corp, 3, "write sso_region = us-east-1"},
		{strings.Replace(session, "sso_region = ", "sso_region=us-east-1 ; ", 1), corp, 3, "write sso_region = us-east-1"},
		{strings.Replace(session, "https:", `'https:`, 1), corp, 2, "write sso_start_url = https://d-1234567890.aws"},
		{
			"[profile a]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = b\n[b]\n", profile("a"), 4,
			"write [profile b]",
		},
		{session + "[profile a]\nservices = s\n[service s]\n", profile("a"), 6, "write [services s]"},
	} {
		config, path := open(t, test.config)
		err := test.ask(config)
		var e *awsconfig.Error
		if !errors.As(err, &e) {
			t.Errorf("%q: %v", test.config, err)
			continue
		}
		related := config.Related(e)
		found := false
		for _, p := range related {
			found = found || p.Origin == awsconfig.Origin{File: path, Line: test.line} && strings.Contains(p.Remedy, test.remedy)
		}
		if !found {
			t.Errorf("%q: %v: no line %d with %s in %+v", test.config, err, test.line, test.remedy, related)
		}
	}
}

// A section of the credentials file has no prefix, and a session is of no use there.
func TestSectionsOfTheCredentialsFile(t *testing.T) {
	for header, remedy := range map[string]string{
		"[profile x]": "write [x]", "[ x ]": "write [x]", "[x y]": "write [x-y]", "[Default]": "write [default]",
		"[sso-session x]": "move the section to the config file", "[x": "write [x]",
	} {
		path := filepath.Join(t.TempDir(), "credentials")
		text := header + "\naws_access_key_id = AKIA\naws_secret_acces_key = wJalrXUtnFEMI\n aws_session_token = wJalr\n" +
			"aws_session_token wJalr:x\naws_security_token =\n wJalr!=x\n [wJalr]\nregion = x\n" +
			" aws_secret_access_key = wJalr\n" +
			"aws_secret_access_key: wJalr\naws_secret_access_key wJalr\naws-session-token = \"wJalr\"\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		config, err := awsconfig.Open(awsconfig.Files{Config: os.DevNull, Credentials: path})
		var e *awsconfig.Error
		if errors.As(err, &e) {
			if e.Remedy != remedy {
				t.Errorf("%s: %v; %s", header, e, e.Remedy)
			}
			continue
		}
		report := config.Report()
		if len(report.Problems) == 0 || report.Problems[0].Remedy != remedy || report.Problems[0].Origin.Line != 1 {
			t.Errorf("%s: %+v", header, report.Problems)
		}
		for _, s := range report.Sections {
			for _, p := range s.Properties {
				if strings.Contains(strings.ToLower(fmt.Sprint(p)), "wjalr") {
					t.Errorf("%s shows a secret: %+v", header, p)
				}
			}
		}
		for _, p := range report.Problems {
			if strings.Contains(strings.ToLower(fmt.Sprint(p)), "wjalr") {
				t.Errorf("%s shows a secret: %+v", header, p)
			}
		}
	}
}

// A file that nobody can read names what it is, and the commands that convert it.
func TestUTF16IsNamed(t *testing.T) {
	wide := func(bom string, high, low func(byte) []byte) string {
		var b strings.Builder
		b.WriteString(bom)
		for _, c := range []byte("[default]\r\nregion = us-east-1\r\n") {
			b.Write(high(c))
			b.Write(low(c))
		}
		return b.String()
	}
	zero := func(byte) []byte { return []byte{0} }
	same := func(c byte) []byte { return []byte{c} }
	for text, name := range map[string]string{
		wide("\xff\xfe", same, zero): "UTF-16", wide("\xfe\xff", zero, same): "UTF-16",
		wide("", same, zero): "UTF-16LE", wide("", zero, same): "UTF-16BE",
	} {
		_, err := awsconfig.Parse("/home/o'neil/.aws/config", []byte(text))
		var e *awsconfig.Error
		if !errors.As(err, &e) || !strings.Contains(e.Problem, "the file is "+name+",") || e.Origin.Line != 1 ||
			!strings.Contains(e.Remedy, "$f = '/home/o''neil/.aws/config'; [IO.File]::WriteAllText($f, ") ||
			!strings.Contains(e.Remedy, "iconv -f "+name+" -t UTF-8") {
			t.Errorf("%s: %v\n%s", name, err, e.Remedy)
		}
	}
}
