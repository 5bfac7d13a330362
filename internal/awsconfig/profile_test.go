package awsconfig_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rolecall/internal/awsconfig"
)

const someone = `[default]
region = eu-west-1
services = local

[sso-session corp]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access, other:scope

[profile dev]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Admin
use_fips_endpoint = true

[profile "two words"]
sso_session = corp

[profile legacy]
sso_start_url = https://d-1234567890.awsapps.com/start#/
sso_region = us-gov-west-1
sso_account_id = 111122223333
sso_role_name = Admin

[profile deploy]
role_arn = arn:aws:iam::444455556666:role/ops/Deploy
source_profile = dev
external_id = x
duration_seconds = 1800

[services local]
sso =
  endpoint_url = http://127.0.0.1:9911
sso_oidc =
  endpoint_url = http://127.0.0.1:9912
`

func open(t *testing.T, config string) (*awsconfig.Config, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := awsconfig.Open(awsconfig.Files{Config: path, Credentials: path + ".none"})
	if err != nil {
		t.Fatal(err)
	}
	return c, path
}

func TestAProfileBringsAllItRefersTo(t *testing.T) {
	c, path := open(t, someone)
	dev, err := c.Profile("dev")
	if err != nil || dev.Session.Name != "corp" || dev.Session.Region != "us-east-1" || dev.AccountID != "111122223333" ||
		dev.RoleName != "Admin" || dev.UseFIPS.Value != "true" {
		t.Errorf("got %+v, %v", dev, err)
	}
	if strings.Join(dev.Session.Scopes, "|") != "sso:account:access|other:scope" {
		t.Errorf("scopes %q", dev.Session.Scopes)
	}
	// A profile without a services section takes [default]'s.
	if e := dev.Endpoints; e.SSO.URL != "http://127.0.0.1:9911" || e.SSOOIDC.URL != "http://127.0.0.1:9912" ||
		e.STS.URL != "" || e.SSO.Origin != (awsconfig.Origin{File: path, Line: 33}) {
		t.Errorf("endpoints %+v", e)
	}
}

func TestAProfileWithoutASession(t *testing.T) {
	c, _ := open(t, someone)
	legacy, err := c.Profile("legacy")
	if err != nil || legacy.Session.Name != "" || legacy.Session.StartURL != "https://d-1234567890.awsapps.com/start#/" {
		t.Errorf("got %+v, %v", legacy.Session, err)
	}
}

func TestAProfileWithASource(t *testing.T) {
	c, _ := open(t, someone)
	deploy, err := c.Profile("deploy")
	if err != nil || deploy.Chain == nil || deploy.Chain.Duration != 30*time.Minute || deploy.Chain.ExternalID != "x" ||
		deploy.Chain.Source.RoleName != "Admin" {
		t.Errorf("got %+v, %v", deploy.Chain, err)
	}
	if _, err := c.Profile("two words"); err != nil {
		t.Error(err)
	}
}

// An error names file, line, profile or session, and key.
func TestErrorsSayWhere(t *testing.T) {
	const session = "[sso-session corp]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = us-east-1\n"
	for name, x := range map[string]struct {
		config, profile string
		want            string // behind the file's name
		kind            error
	}{
		"unknown profile": {
			session + "[profile dev]\n", "dve", `: profile "dve": not found`,
			awsconfig.ErrUnknownProfile,
		},
		"unknown session": {
			session + "[profile a]\nsso_session = crop\n", "a",
			`:5: profile "a": sso_session: there is no [sso-session crop] section`, awsconfig.ErrUnknownSession,
		},
		"contradicting region": {
			session + "[profile a]\nsso_session = corp\nsso_region = eu-west-1\n", "a",
			`:6: profile "a": sso_region: "eu-west-1" conflicts with "us-east-1" in [sso-session corp] at `,
			awsconfig.ErrInvalid,
		},
		"contradicting URL": {
			session + "[profile a]\nsso_session = corp\nsso_start_url = https://x.awsapps.com/start\n",
			"a", `:6: profile "a": sso_start_url: `, awsconfig.ErrInvalid,
		},
		"session without URL": {
			"[sso-session s]\nsso_region = us-east-1\n[profile a]\nsso_session = s\n", "a",
			`:1: profile "a": sso-session "s": sso_start_url: is missing`, awsconfig.ErrInvalid,
		},
		"legacy without a start URL": {
			"[profile a]\nsso_region = us-east-1\n", "a",
			`:1: profile "a": sso_start_url: is missing`, awsconfig.ErrInvalid,
		},
		"only an account": {
			"[profile a]\nsso_account_id = 111122223333\n", "a",
			`:1: profile "a": sso_session: is missing`, awsconfig.ErrInvalid,
		},
		"a region of a host": {
			"[sso-session s]\nsso_start_url = https://x.awsapps.com/start\n" +
				"sso_region = us-east-1.attacker.example/\n[profile a]\nsso_session = s\n", "a",
			`:3: profile "a": sso-session "s": sso_region: `, awsconfig.ErrInvalid,
		},
		"clear http elsewhere": {
			"[profile a]\nsso_start_url = http://example.com/start\nsso_region = us-east-1\n", "a",
			`:2: profile "a": sso_start_url: `, awsconfig.ErrInvalid,
		},
		"user info in the URL": {
			"[profile a]\nsso_start_url = https://u:p@example.com/start\nsso_region = us-east-1\n", "a",
			`:2: profile "a": sso_start_url: `, awsconfig.ErrInvalid,
		},
		"no role ARN": {
			"[profile a]\nrole_arn = Admin\nsource_profile = b\n", "a",
			`:2: profile "a": role_arn: "Admin" is not a role ARN`, awsconfig.ErrInvalid,
		},
		"no source": {
			"[profile a]\nrole_arn = arn:aws:iam::1:role/x\n", "a",
			`:1: profile "a": source_profile: is required with role_arn`, awsconfig.ErrInvalid,
		},
		"a loop": {
			"[profile a]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = b\n[profile b]\n" +
				"role_arn = arn:aws:iam::1:role/x\nsource_profile = a\n", "a",
			`:6: profile "b": source_profile: "a" refers to itself`, awsconfig.ErrInvalid,
		},
		"a process for itself": {
			"[profile a]\ncredential_process = rolecall process a\n", "a",
			`:2: profile "a": credential_process: "a" refers to itself`, awsconfig.ErrInvalid,
		},
		"a loop of processes": {
			"[profile a]\ncredential_process = rolecall process b\n[profile b]\n" +
				"credential_process = rolecall-process --profile a\n", "a",
			`:4: profile "b": credential_process: "a" refers to itself`, awsconfig.ErrInvalid,
		},
		"a loop of a process and a source": {
			"[profile a]\ncredential_process = rolecall process b\n[profile b]\n" +
				"role_arn = arn:aws:iam::1:role/x\nsource_profile = a\n", "a",
			`:5: profile "b": source_profile: "a" refers to itself`, awsconfig.ErrInvalid,
		},
		"a process for nobody": {
			"[profile a]\ncredential_process = rolecall process --profile b\n", "a",
			`:2: profile "a": credential_process: there is no profile "b"`, awsconfig.ErrInvalid,
		},
		"a process for a profile without a role": {
			session + "[profile a]\ncredential_process = rolecall process b\n[profile b]\nsso_session = corp\n", "a",
			`:6: profile "b": sso_account_id: is missing`, awsconfig.ErrInvalid,
		},
		"a day": {
			"[profile a]\nrole_arn = arn:aws:iam::1:role/x\nduration_seconds = 86400\n", "a",
			`:3: profile "a": duration_seconds: `, awsconfig.ErrInvalid,
		},
		"unknown services": {
			"[profile a]\nservices = x\n", "a",
			`:2: profile "a": services: there is no [services x] section`, awsconfig.ErrInvalid,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, path := open(t, x.config)
			_, err := c.Profile(x.profile)
			var e *awsconfig.Error
			if !errors.As(err, &e) || !errors.Is(err, x.kind) || !strings.HasPrefix(err.Error(), path+x.want) {
				t.Errorf("got  %v\nwant %s", err, path+x.want)
			}
		})
	}
}

func TestRequireRoleNamesTheKey(t *testing.T) {
	c, _ := open(t, someone+"[profile norole]\nsso_session = corp\nsso_account_id = 111122223333\n[profile short]\n"+
		"sso_session = corp\nsso_account_id = 1\nsso_role_name = x\n"+
		"[profile shell]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = $(id)\n"+
		"[profile letters]\nsso_session = corp\nsso_account_id = 11112222333a\nsso_role_name = x\n")
	for profile, key := range map[string]string{
		"two words": "sso_account_id", "norole": "sso_role_name",
		"short": "sso_account_id", "letters": "sso_account_id", "shell": "sso_role_name", "default": "sso_session",
		"dev": "", "deploy": "",
	} {
		p, err := c.Profile(profile)
		if err != nil {
			t.Fatal(err)
		}
		var e *awsconfig.Error
		if errors.As(p.RequireRole(), &e); (e == nil) != (key == "") || e != nil && e.Key != key {
			t.Errorf("%s: got %v", profile, e)
		}
	}
}

// A profile that runs rolecall-process is understood without running it; any other process stays unknown.
func TestOurOwnProcessLine(t *testing.T) {
	c, _ := open(t, someone+"[profile ours]\ncredential_process = /usr/bin/rolecall-process --session corp --account "+
		"111122223333 --role Admin\n"+
		"[profile theirs]\ncredential_process = /usr/bin/other --session corp --account 111122223333 --role Admin\n"+
		"[profile lost]\ncredential_process = rolecall-process --session gone --account 111122223333 --role Admin\n")
	if p, err := c.Profile("ours"); err != nil || p.Session.Name != "corp" || p.AccountID != "111122223333" ||
		p.RoleName != "Admin" {
		t.Errorf("ours: %+v, %v", p, err)
	}
	for _, line := range []string{
		`"/usr/bin/rolecall-process" --session corp --account 111122223333 --role Admin`,
		`"C:\Program Files\rolecall\rolecall-process.exe" --session corp --account 111122223333 --role Admin`,
		`'/opt/my tools/rolecall-process' --role=Admin --account="111122223333" --session 'corp'`,
		`rolecall-process  --role	"Admin" --account 111122223333 --session corp `,
		`"/opt/my tools/rolecall" --debug process --role Admin --account 111122223333 --session corp`,
	} {
		if session, account, role, ok := awsconfig.OwnProcess(line); !ok || session != "corp" ||
			account != "111122223333" || role != "Admin" {
			t.Errorf("%s: %q %q %q %v", line, session, account, role, ok)
		}
	}
	for _, line := range []string{
		"", `""`, "rolecall-process", "rolecall-process --profile dev",
		`"rolecall-process --session corp --account 111122223333 --role Admin`,
		"rolecall-process --session corp --account 111122223333 --role Admin | tee keys",
		"sh -c rolecall-process --session corp --account 111122223333 --role Admin",
		"not-rolecall-process --session corp --account 111122223333 --role Admin",
	} {
		if _, _, _, ok := awsconfig.OwnProcess(line); ok {
			t.Errorf("%q counts as ours", line)
		}
	}
	if p, err := c.Profile("theirs"); err != nil || p.Session.Name != "" || p.RoleName != "" {
		t.Errorf("theirs: %+v, %v", p, err)
	}
	if _, err := c.Profile("lost"); !errors.Is(err, awsconfig.ErrUnknownSession) {
		t.Errorf("lost: %v", err)
	}
}

// A profile that starts rolecall for another one is that one, with its own name, region and output.
func TestOurOwnProcessLineForAProfile(t *testing.T) {
	for _, line := range []string{
		"rolecall process dev", `"/opt/my tools/rolecall" process "dev"`, `/path/rolecall process --profile "dev"`,
		"rolecall process --profile=dev", "rolecall --debug process dev", "rolecall-process --profile dev",
		`'C:\bin\rolecall-process.exe' --profile='dev'`, "rolecall process further",
	} {
		c, path := open(t, someone+"[profile ours]\nregion = eu-north-1\ncredential_process = "+line+"\n"+
			"[profile further]\nregion = us-west-2\noutput = text\ncredential_process = rolecall-process --profile dev\n")
		p, err := c.Profile("ours")
		if err != nil || p.RequireRole() != nil || p.Session.Name != "corp" || p.AccountID != "111122223333" ||
			p.RoleName != "Admin" || p.Chain != nil {
			t.Errorf("%s: %+v, %v", line, p, err)
		}
		if p.Name != "ours" || p.Region != "eu-north-1" || p.Output != "" || p.CredentialProcess != line ||
			p.Origin != (awsconfig.Origin{File: path, Line: 36}) {
			t.Errorf("%s: %+v", line, p)
		}
	}
	c, _ := open(t, someone+"[profile ours]\ncredential_process = rolecall process deploy\n"+
		"[profile next]\nrole_arn = arn:aws:iam::444455556666:role/x\nsource_profile = ours\n")
	if p, err := c.Profile("ours"); err != nil || p.Chain == nil || p.Root().Name != "dev" {
		t.Errorf("chain: %+v, %v", p, err)
	}
	if p, err := c.Profile("next"); err != nil || p.Chain.Source.Name != "ours" || p.Root().Name != "dev" {
		t.Errorf("source: %+v, %v", p, err)
	}
}

// Anything else is somebody else's program, or a target that the file does not know.
func TestNoProcessLineForAProfile(t *testing.T) {
	for _, line := range []string{
		"other process dev", "rolecall env dev", "rolecall process", "rolecall-process", "rolecall-process dev",
		"rolecall process 111122223333/Admin", "rolecall process nobody", "rolecall process dev audit",
		"rolecall process --profile dev --session-tag a=b", "rolecall process --profile dev --role Admin",
		"sh -c 'rolecall process dev'", `rolecall process "dev`,
	} {
		c, _ := open(t, someone+"[profile theirs]\ncredential_process = "+line+"\n")
		if p, err := c.Profile("theirs"); err != nil || p.Session.Name != "" || p.RequireRole() == nil {
			t.Errorf("%s: %+v, %v", line, p, err)
		}
	}
}

func TestWhereTheFilesAre(t *testing.T) {
	for name, x := range map[string]struct {
		env  map[string]string
		want string
	}{
		"by default": {nil, "/home/me/.aws/config"}, "named": {map[string]string{"AWS_CONFIG_FILE": "/etc/aws"}, "/etc/aws"},
		"at home":             {map[string]string{"AWS_CONFIG_FILE": "~/aws"}, "/home/me/aws"},
		"by variable":         {map[string]string{"AWS_CONFIG_FILE": "$D/x", "D": "/d"}, "/d/x"},
		"by unknown variable": {map[string]string{"AWS_CONFIG_FILE": "${NO}/x"}, "${NO}/x"},
		// os.path.expandvars of Python 3 returned these.
		"by braces":    {map[string]string{"AWS_CONFIG_FILE": "${D}x$D_/$D/${D", "D": "/d"}, "/dx$D_//d/${D"},
		"odd dollars":  {map[string]string{"AWS_CONFIG_FILE": "$$D$/${}$", "D": "/d"}, "$/d$/${}$"},
		"odd braces":   {map[string]string{"AWS_CONFIG_FILE": "${{D}}/${D:-x}", "D": "/d"}, "${{D}}/${D:-x}"},
		"odd letters":  {map[string]string{"AWS_CONFIG_FILE": "$Dé/$É", "D": "/d", "É": "x"}, "/dé/$É"},
		"not expanded": {map[string]string{"AWS_CONFIG_FILE": "$D", "D": "$E", "E": "x"}, "$E"},
	} {
		got := filepath.ToSlash(awsconfig.Locate(func(v string) string { return x.env[v] }, "/home/me").Config)
		if got != x.want {
			t.Errorf("%s: got %s, want %s", name, got, x.want)
		}
	}
	both := map[string]string{"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"}
	if got := awsconfig.DefaultProfile(func(v string) string { return both[v] }); got != "a" {
		t.Errorf("the default profile is %s", got)
	}
	delete(both, "AWS_PROFILE")
	if got := awsconfig.DefaultProfile(func(v string) string { return both[v] }); got != "b" {
		t.Errorf("the default profile is %s", got)
	}
}

// For any bytes, reading does not panic, and keeps them.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		someone, "\xef\xbb\xbf[a]\r\nb=c", "[a\nb", "a = b", "[a]\nb =\n  c = d\n e\n",
		"[profile \"x", "[\x00]", "[a]\n k\n  v\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := awsconfig.Parse("config", data)
		if err == nil && string(d.Bytes()) != string(data) {
			t.Error("the bytes are not those of the file")
		}
	})
}

func BenchmarkResolveOneOf5000(b *testing.B)  { benchmarkResolve(b, 5000) }
func BenchmarkResolveOneOf20000(b *testing.B) { benchmarkResolve(b, 20_000) }

func benchmarkResolve(b *testing.B, count int) {
	var text strings.Builder
	text.WriteString("[sso-session corp]\nsso_start_url = https://d-1234567890.awsapps.com/start\n" +
		"sso_region = us-east-1\n\n")
	for i := range count {
		fmt.Fprintf(&text, "[profile account-%05d-Admin]\nsso_session = corp\nsso_account_id = %012d\n"+
			"sso_role_name = Admin\nregion = us-east-1\n\n", i, i)
	}
	path := filepath.Join(b.TempDir(), "config")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c, err := awsconfig.Open(awsconfig.Files{Config: path, Credentials: path + ".none"})
		if err != nil {
			b.Fatal(err)
		}
		if p, err := c.Profile("account-02500-Admin"); err != nil || p.AccountID != "000000002500" {
			b.Fatal(p, err)
		}
	}
}

// Without a home folder nothing is found in the working directory or at the root.
func TestFilesOfAPersonWithoutAHome(t *testing.T) {
	for variable, want := range map[string]string{
		"": "", "~/config": "", "~": "", "/etc/aws": "/etc/aws", "mine": "mine", "~other/config": "~other/config",
	} {
		files := awsconfig.Locate(func(string) string { return variable }, "")
		if files.Config != want || files.Credentials != want {
			t.Errorf("%q: %+v", variable, files)
		}
	}
}

// A profile's keys come from where botocore takes them.
func TestWhereKeysComeFrom(t *testing.T) {
	const id, secret = "aws_access_key_id = AKIAX\n", "aws_secret_access_key = s\n"
	const roleOf = "role_arn = arn:aws:iam::111122223333:role/x\n"
	const sso = "sso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Admin\n"
	for name, c := range map[string]struct{ config, credentials, want string }{
		"keys in config":                  {id + secret, "", "keys"},
		"keys in credentials":             {"", id + secret, "keys"},
		"a process beside keys in config": {"credential_process = x\n" + id + secret, "", "process"},
		"a process, keys in credentials":  {"credential_process = x\n", id + secret, "keys"},
		"SSO beside keys in credentials":  {sso, id + secret, "sso"},
		"SSO beside a process":            {sso + "credential_process = x\n", "", "sso"},
		"half of the keys":                {id, "", "aws_access_key_id"},
		"the other half":                  {"", secret, "aws_secret_access_key"},
		"halves in both files":            {id, secret, "keys"},
		"half, and a process":             {id + "credential_process = x\n", "", "process"},
		"a web identity before a source":  {roleOf + "source_profile = p\nweb_identity_token_file = /t\n", "", "web"},
		"a role on itself":                {roleOf + "source_profile = p\n" + id + secret, "", "role on keys"},
		"a role on the environment":       {roleOf + "credential_source = Environment\n", "", "role on environment"},
		"a role on two": {
			roleOf + "credential_source = Environment\nsource_profile = p\n", "", "credential_source",
		},
		"a role on an unknown source":    {roleOf + "credential_source = Moon\n", "", "credential_source"},
		"a role on a machine's metadata": {roleOf + "credential_source = EcsContainer\n", "", "credential_source"},
		"nothing":                        {"region = us-east-1\n", "", "nothing"},
		"an empty id, and a secret":      {"aws_access_key_id =\n" + secret, "", "aws_secret_access_key"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files := awsconfig.Files{Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials")}
			config := "[sso-session corp]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = us-east-1\n" +
				"[profile p]\n" + c.config
			if err := errors.Join(os.WriteFile(files.Config, []byte(config), 0o600),
				os.WriteFile(files.Credentials, []byte("[p]\n"+c.credentials), 0o600)); err != nil {
				t.Fatal(err)
			}
			all, err := awsconfig.Open(files)
			if err != nil {
				t.Fatal(err)
			}
			p, err := all.Profile("p")
			if got := whereFrom(p, err); got != c.want {
				t.Errorf("%s, want %s; %v", got, c.want, err)
			}
		})
	}
}

func whereFrom(p awsconfig.Profile, err error) string {
	var e *awsconfig.Error
	switch {
	case errors.As(err, &e):
		return e.Key
	case p.Chain != nil && p.Chain.TokenFile != "":
		return "web"
	case p.Chain != nil:
		return "role on " + whereFrom(*p.Chain.Source, nil)
	case p.SignsIn():
		return "sso"
	case p.Static != nil:
		return "keys"
	case p.Environment:
		return "environment"
	case p.CredentialProcess != "":
		return "process"
	}
	return "nothing"
}
