package process_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rolecall/internal/audit"
	"rolecall/internal/cache"
	"rolecall/internal/identitycenter"
	"rolecall/internal/process"
)

// Plain calls are answered while the keys are good; everything else is left to the command line.
func TestCached(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	for _, name := range []string{
		"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
		"XDG_STATE_HOME", "XDG_CONFIG_HOME",
	} {
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(home, ".aws", "config")
	text := `[sso-session corp]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1
[profile dev]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Admin
[profile deploy]
role_arn = arn:aws:iam::444455556666:role/Deploy
source_profile = dev
`
	if err := os.MkdirAll(filepath.Dir(config), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	store := cache.Store{Home: home, State: filepath.Join(home, "state"), Now: time.Now}
	corp := identitycenter.SSOSession{
		Name: "corp", StartURL: "https://d-1234567890.awsapps.com/start", Region: "us-east-1",
	}
	save := func(left time.Duration) {
		t.Helper()
		keys := identitycenter.RoleCredentials{
			AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: identitycenter.NewSecret("s"),
			SessionToken: identitycenter.NewSecret("t"), Expiration: time.Now().Add(left), AccountID: "111122223333",
		}
		if err := store.SaveRoleCredentials(corp, "111122223333", "Admin", keys); err != nil {
			t.Fatal(err)
		}
	}
	check := func(line string, want bool) {
		t.Helper()
		c, ok := process.Cached("rolecall-process", strings.Fields(line))
		if ok != want || ok && c.AccessKeyID != "ASIAEXAMPLE" {
			t.Errorf("%q: %v, %v", line, c.AccessKeyID, ok)
		}
	}
	save(time.Hour)
	for line, want := range map[string]bool{
		"--profile dev": true, "--profile=dev": true,
		"--session corp --account 111122223333 --role Admin": true,
		"dev": false, "--profile": false, "--profile nothere": false, "--profile deploy": false, "--json": false,
		"--profile dev --role Admin": false, "--session corp --account 111122223333": false,
		"--session corp --account 111122223333 --role ReadOnly": false, "--profile dev --session-tag a=b": false, "": false,
	} {
		check(line, want)
	}
	t.Setenv("AWS_PROFILE", "dev")
	check("", true)
	t.Setenv("AWS_PROFILE", "deploy")
	check("", false)
	save(14 * time.Minute)
	check("--profile dev", false)
	save(time.Hour)
	check("--profile dev", true)
	answersAreOnRecord(t, home, 5)
	settingsAreLeft(t, home, check)
	// Keys behind a link are left to the command line, too.
	aws, moved := filepath.Join(home, ".aws", "cli"), filepath.Join(home, "moved")
	if err := os.Rename(aws, moved); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(moved, aws); err != nil {
		t.Skip(err)
	}
	check("--profile dev", false)
}

// answersAreOnRecord checks that each answer is.
func answersAreOnRecord(t *testing.T, home string, answers int) {
	t.Helper()
	log := audit.Log{Dir: audit.Folder(cache.StateFolder(os.Getenv, home)), Now: time.Now}
	var last audit.Record
	report, err := log.Read(func(r audit.Record) { last = r })
	got := []string{last.How, last.Command, last.Session, last.Account, last.Role, last.Profile, last.KeyID}
	want := []string{"process", "rolecall-process", "corp", "111122223333", "Admin", "dev", "ASIAEXAMPLE"}
	if err != nil || report.Records != answers || !slices.Equal(got, want) {
		t.Errorf("%d records, %q, %v", report.Records, got, err)
	}
}

// settingsAreLeft checks that settings of the audit, and a file that cannot be read, are left to the command line.
func settingsAreLeft(t *testing.T, home string, check func(line string, want bool)) {
	t.Helper()
	settings := filepath.Join(home, ".config", "rolecall", "config.toml")
	if err := os.MkdirAll(filepath.Dir(settings), 0o700); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"[audit]\nenabled = false\n": false, "  [ \"audit\" ]\n": false, "x = 1\naudit.enabled = false": false,
		"audit = {enabled = false}": false, "[[account]]\nmatch = \"audit\"\n": true, "": true,
	} {
		if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		check("--profile dev", want)
	}
	if err := errors.Join(os.Remove(settings), os.Mkdir(settings, 0o700)); err != nil {
		t.Fatal(err)
	}
	check("--profile dev", false)
	if err := os.Remove(settings); err != nil {
		t.Fatal(err)
	}
}
