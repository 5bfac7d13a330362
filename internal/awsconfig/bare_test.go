package awsconfig_test

import (
	"os"
	"path/filepath"
	"testing"

	"rolecall/internal/awsconfig"
)

// Settings of [default] that yield credentials go, in whatever form, and no other byte does.
func TestBareDefault(t *testing.T) {
	for name, c := range map[string]struct{ config, credentials, wantConfig, wantCredentials string }{
		"no files": {},
		"settings only": {
			"[default]\nregion = eu-west-1\n", "", "[default]\nregion = eu-west-1\n", "",
		},
		"static keys in both": {
			"[default]\naws_access_key_id=A\nregion=r\naws_secret_access_key=B\n",
			"[default]\naws_access_key_id = A\naws_secret_access_key = B\naws_session_token = C\n" +
				"[other]\naws_access_key_id = D\n",
			"[default]\nregion=r\n", "[default]\n[other]\naws_access_key_id = D\n",
		},
		"sso, other settings stay": {
			"# mine\n[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = x\nregion = r\noutput = json\n" +
				"services = local\nca_bundle = /x\nretry_mode = standard\nmax_attempts = 4\ns3 =\n  addressing_style = path\n" +
				"[sso-session corp]\nsso_region = r\n", "",
			"# mine\n[default]\nregion = r\noutput = json\nservices = local\nca_bundle = /x\nretry_mode = standard\n" +
				"max_attempts = 4\ns3 =\n  addressing_style = path\n[sso-session corp]\nsso_region = r\n", "",
		},
		"the legacy form, a chain, a process, the login, web identity": {
			"[default]\nsso_start_url=u\nsso_region=r\n[profile default]\nrole_arn=a\nsource_profile=b\nexternal_id=c\n" +
				"mfa_serial=d\n[default]\ncredential_process = x\nlogin_session=y\nweb_identity_token_file=z\n", "",
			"[default]\n[profile default]\n[default]\n", "",
		},
		"spelled as only some tools read it": {
			"[ default ]\nsso_session=a\n[profile  default]\nsso_session=a\n[Default]\nsso_session=a\n" +
				"[profile \"default\"]\nSSO_SESSION = a\n[default] # c\nsso_session=a\n", "[default]\r\naws_access_key_id=A\r\n",
			"[ default ]\n[profile  default]\n[Default]\n[profile \"default\"]\n[default] # c\n", "[default]\r\n",
		},
		"values of several lines, comments, no line break at the end": {
			"[default]\n# before\ncredential_process = a\n  b\n# between\n  c\nregion = r\naws_access_key_id = A", "",
			"[default]\n# before\n# between\nregion = r", "",
		},
		"other sections": {
			"[profile defaults]\nsso_session=a\n[profile x]\nsource_profile=default\nrole_arn=b\n", "[x]\naws_access_key_id=A\n",
			"[profile defaults]\nsso_session=a\n[profile x]\nsource_profile=default\nrole_arn=b\n", "[x]\naws_access_key_id=A\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files := awsconfig.Files{Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials")}
			for path, text := range map[string]string{files.Config: c.config, files.Credentials: c.credentials} {
				if err := os.WriteFile(path, []byte(text), 0o600); text != "" && err != nil {
					t.Fatal(err)
				}
				if text == "" {
					_ = os.Remove(path)
				}
			}
			read, err := awsconfig.Open(files)
			if err != nil {
				t.Fatal(err)
			}
			config, credentials, changed, err := read.BareDefault()
			if err != nil || string(config) != c.wantConfig || string(credentials) != c.wantCredentials {
				t.Errorf("%v\n%s---\n%s", err, config, credentials)
			}
			if want := c.config != c.wantConfig || c.credentials != c.wantCredentials; changed != want {
				t.Errorf("changed: %v", changed)
			}
		})
	}
}
