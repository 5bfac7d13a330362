//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"rolecall/internal/awsconfig"
	"rolecall/internal/hostile"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/profiles"
	"rolecall/internal/proof"
)

// oddTemplate makes names with all characters that generated names may have.
const oddTemplate = "{{ .AccountName }}:a/b@c.d+e_f-{{ .RoleName }}"

// The clients that people use can use generated profiles of both forms.
func TestClientsUseGeneratedProfiles(t *testing.T) {
	const name = "payments-dev:a/b@c.d+e_f-Admin"
	script, err := filepath.Abs("testdata/js/profile.mjs")
	if err != nil {
		t.Fatal(err)
	}
	python, err := filepath.Abs("testdata/whoami.py")
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, filepath.Join(t.TempDir(), "home"))
	s.must(t, nil, "rolecall", "idc", "configure", "--url", s.url, "--user", "alice")
	s.signIn(t, "rolecall", "login", "local")
	t.Setenv("HOME", s.home)
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(s.home, ".aws", "config"))
	for _, form := range []string{"sso-session", "credential-process"} {
		t.Run(form, func(t *testing.T) {
			s.must(t, nil, "rolecall", "profiles", "apply", "local", "--form", form, "--template", oddTemplate,
				"--output", "json")
			for client, argv := range map[string][]string{
				"AWS CLI": {oldAWS, "sts", "get-caller-identity", "--profile", name}, "boto3": {"/usr/bin/python3", python, name},
				"AWS SDK for JavaScript": {"node", script, name}, "rolecall": {"rolecall", "whoami", name},
				"rolecall-process": {"rolecall-process", "--profile", name},
			} {
				s.forgetKeys(t)
				if out := s.must(t, nil, s.in("endpoints", argv...)...); !isAlice.MatchString(out) && client != "rolecall-process" {
					t.Errorf("for the %s it is %s", client, out)
				}
			}
			c, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigProfile(name))
			if err != nil {
				t.Fatal(err)
			}
			out, err := sts.NewFromConfig(c).GetCallerIdentity(t.Context(), nil)
			if err != nil || !isAlice.MatchString(*out.Arn) || c.Region != "us-east-1" {
				t.Errorf("for the Go SDK it is %v, %v", out, err)
			}
		})
	}
}

// Hostile account names make profiles that botocore, the Go SDK and the JavaScript SDK find under the same names,
// with the same keys, and nothing else.
func TestAllParsersReadHostileNamesAlike(t *testing.T) {
	plan, path := hostilePlan(t)
	for parser, read := range readByParsers(t, path) {
		delete(read, "sso-session.corp") // where the JavaScript SDK keeps it
		if len(read) != len(plan.Changes) {
			t.Errorf("%s finds %d profiles, want %d", parser, len(read), len(plan.Changes))
		}
		for _, c := range plan.Changes {
			if got := read[c.Name]; len(got) != 3 || got["sso_session"] != "corp" || got["sso_account_id"] != c.AccountID ||
				got["sso_role_name"] != c.Role {
				t.Errorf("%s: %s is %v, want %v", parser, c.Name, got, c.Anchor)
			}
		}
	}
	for i := 0; i < len(plan.Changes); i += 25 { // it reads the whole file each time
		c := plan.Changes[i]
		got, err := config.LoadSharedConfigProfile(t.Context(), c.Name, func(o *config.LoadSharedConfigOptions) {
			o.ConfigFiles, o.CredentialsFiles = []string{path}, []string{}
		})
		if err != nil || got.SSOSessionName != "corp" || got.SSOAccountID != c.AccountID || got.SSORoleName != c.Role {
			t.Errorf("Go: %s is %+v, %v", c.Name, got, err)
		}
	}
	proof.Note(t, "names", 2*len(plan.Changes), 2*len(plan.Changes))
}

// hostilePlan writes profiles for accounts with all hostile names into a file.
func hostilePlan(t *testing.T) (*profiles.Plan, string) {
	t.Helper()
	var accounts []inventory.Account
	for i, name := range hostile.Names() {
		accounts = append(accounts, inventory.Account{
			ID: fmt.Sprintf("%012d", 111_000_000+i), Name: name, Roles: []string{"Admin", "a+=,.@-_b"},
		})
	}
	path := filepath.Join(t.TempDir(), "config")
	d, err := awsconfig.Parse(path, []byte("[sso-session corp]\nsso_start_url = https://d-1234567890.awsapps.com/start\n"+
		"sso_region = us-east-1\n"))
	if err != nil {
		t.Fatal(err)
	}
	all := inventory.New(identitycenter.SSOSession{Name: "corp"}, time.Now(), accounts)
	plan, err := profiles.Make(d, &awsconfig.Document{}, all, profiles.Options{})
	if err != nil || len(plan.Changes) != 2*len(accounts) {
		t.Fatal(len(plan.Changes), err)
	}
	if err := os.WriteFile(path, plan.Data, 0o600); err != nil {
		t.Fatal(err)
	}
	return plan, path
}

// readByParsers returns the profiles that botocore and the JavaScript SDK find in a config file.
func readByParsers(t *testing.T, path string) map[string]map[string]map[string]string {
	t.Helper()
	environ := []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "AWS_CONFIG_FILE=" + path}
	all := map[string]map[string]map[string]string{}
	for parser, argv := range map[string][]string{
		"botocore":   {"/usr/bin/python3", "-X", "utf8", "testdata/profiles.py"},
		"JavaScript": {"node", "testdata/js/profile.mjs", "--list"},
	} {
		cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
		cmd.Env, cmd.Stderr = environ, os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", parser, err)
		}
		var read map[string]map[string]string
		if err := json.Unmarshal(out, &read); err != nil {
			t.Fatalf("%s: %v", parser, err)
		}
		all[parser] = read
	}
	return all
}

// 200 legacy profiles with three start URLs in several spellings have the same account and role in three sessions, for
// botocore, the Go SDK and the JavaScript SDK.
func TestAllParsersReadModernizedProfiles(t *testing.T) {
	var text strings.Builder
	urls := []string{"https://acme.awsapps.com/start", "https://D-1234567890.awsapps.com/start", "https://x.awsapps.com/s"}
	for i := range 200 {
		fmt.Fprintf(&text, "# %d\n[profile p%d]\nsso_start_url = %s%s\nsso_region = eu-west-1\nsso_account_id = %012d\n"+
			"sso_role_name = Role%d\n", i, i, urls[i%3], []string{"", "/", "#/", "/#"}[i/3%4], i, i)
	}
	path := filepath.Join(t.TempDir(), "config")
	d, err := awsconfig.Parse(path, []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := profiles.Modernize(d, &awsconfig.Document{})
	if err != nil || len(plan.Sessions) != 3 || len(plan.Profiles) != 200 {
		t.Fatal(plan, err)
	}
	if err := os.WriteFile(path, plan.Data, 0o600); err != nil {
		t.Fatal(err)
	}
	sessions := []string{"acme", "sso", "x"}
	for parser, read := range readByParsers(t, path) {
		for i := range 200 {
			got := read[fmt.Sprint("p", i)]
			if len(got) != 3 || got["sso_session"] != sessions[i%3] || got["sso_account_id"] != fmt.Sprintf("%012d", i) ||
				got["sso_role_name"] != fmt.Sprint("Role", i) {
				t.Errorf("%s: p%d is %v", parser, i, got)
			}
		}
	}
	for i := range 200 {
		got, err := config.LoadSharedConfigProfile(t.Context(), fmt.Sprint("p", i),
			func(o *config.LoadSharedConfigOptions) {
				o.ConfigFiles, o.CredentialsFiles = []string{path}, []string{}
			})
		if err != nil || got.SSOSessionName != sessions[i%3] || got.SSOAccountID != fmt.Sprintf("%012d", i) ||
			got.SSORoleName != fmt.Sprint("Role", i) || got.SSOSession == nil || got.SSOSession.SSORegion != "eu-west-1" {
			t.Errorf("Go: p%d is %+v, %v", i, got, err)
		}
	}
}
