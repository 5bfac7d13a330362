package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rolecall/internal/audit"
	"rolecall/internal/cache"
	"rolecall/internal/cli"
	"rolecall/internal/identitycenter"
)

// aWorldWithKeys is the world of a person who has cached keys for the profile dev.
func aWorldWithKeys(t *testing.T, out, problems *bytes.Buffer) cli.World {
	t.Helper()
	w := aWorld(t, out, problems)
	w.Environ = []string{"XDG_STATE_HOME=" + filepath.Join(w.Home, "state")}
	config := filepath.Join(w.Home, ".aws", "config")
	if err := os.MkdirAll(filepath.Dir(config), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte(`[sso-session corp]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1
[profile dev]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Admin
`), 0o600); err != nil {
		t.Fatal(err)
	}
	store := cache.Store{Home: w.Home, State: filepath.Join(w.Home, "state", "rolecall"), Now: time.Now}
	corp := identitycenter.SSOSession{
		Name: "corp", StartURL: "https://d-1234567890.awsapps.com/start", Region: "us-east-1",
	}
	keys := identitycenter.RoleCredentials{
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: identitycenter.NewSecret("s"),
		SessionToken: identitycenter.NewSecret("t"), Expiration: time.Now().Add(time.Hour), AccountID: "111122223333",
	}
	if err := store.SaveRoleCredentials(corp, "111122223333", "Admin", keys); err != nil {
		t.Fatal(err)
	}
	return w
}

const auditRequired = "[policy]\naudit = 'required'\n"

// setSettings writes the person's config.toml.
func setSettings(t *testing.T, w cli.World, text string) {
	t.Helper()
	path := filepath.Join(w.Home, ".config", "rolecall", "config.toml")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Where the machine's policy requires a record, keys do not leave without one; else it is only said.
func TestKeysWithoutARecord(t *testing.T) {
	for _, command := range []string{
		"process --profile dev", "env dev", "exec dev -- echo started", "write dev", "switch --shell sh dev",
	} {
		for _, required := range []bool{false, true} {
			var out, problems bytes.Buffer
			w := aWorldWithKeys(t, &out, &problems)
			setSettings(t, w, map[bool]string{true: auditRequired}[required])
			// A file in the place of the log's folder.
			place := filepath.Join(w.Home, "state", "rolecall", "audit")
			if err := os.WriteFile(place, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			code := cli.Main(context.Background(), w, strings.Fields(command))
			credentials, _ := os.ReadFile(filepath.Join(w.Home, ".aws", "credentials"))
			left := out.String() + string(credentials)
			handed := strings.Contains(left, "ASIAEXAMPLE") || strings.Contains(left, "started")
			want, says := cli.ExitOK, "could not write an audit record"
			if required {
				want, says = cli.ExitRefused, "the policy requires an audit record"
			}
			if code != want || handed == required || !strings.Contains(problems.String(), says) {
				t.Errorf("%s, required %v: exit code %d\n%s%s", command, required, code, left, &problems)
			}
		}
	}
}

// The policy wins over a person who has switched the log off.
func TestARequiredRecordCannotBeSwitchedOff(t *testing.T) {
	for _, required := range []bool{false, true} {
		var out, problems bytes.Buffer
		w := aWorldWithKeys(t, &out, &problems)
		setSettings(t, w, "[audit]\nenabled = false\n"+map[bool]string{true: auditRequired}[required])
		code := cli.Main(context.Background(), w, []string{"process", "--profile", "dev"})
		log, err := os.ReadFile(filepath.Join(w.Home, "state", "rolecall", "audit", "audit.jsonl"))
		if code != 0 || (err == nil) != required || bytes.Contains(log, []byte("ASIAEXAMPLE")) != required {
			t.Errorf("required %v: exit code %d, %q, %v", required, code, log, err)
		}
	}
}

// A log is anybody's text once it lies on the disk: nothing in it reaches a terminal as it is.
func TestAHostileLogIsShownHarmless(t *testing.T) {
	var out, problems bytes.Buffer
	w := aWorldWithKeys(t, &out, &problems)
	const hostile = "\x1b]0;gone\x07\u202e\u0085\n| x"
	log := audit.Log{Dir: filepath.Join(w.Home, "state", "rolecall", "audit"), Now: time.Now}
	line, err := log.Append(audit.Record{
		How: hostile, Command: hostile, Person: hostile, PersonKey: "k", Session: hostile, Account: hostile,
		AccountName: hostile, Role: hostile, Profile: hostile, KeyID: hostile, Parent: hostile,
	})
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(w.Home, "copy")
	another := bytes.Replace(line, []byte(`"hash":"`), []byte(`"hash":"0`), 1)
	if err := os.WriteFile(copied, append(line, another...), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"audit"},
		{"audit", "--json"},
		{"audit", "verify", "--against", copied},
		{"audit", "verify", "--json", "--against", copied},
	} {
		out.Reset()
		problems.Reset()
		_ = cli.Main(context.Background(), w, args)
		text := out.String() + problems.String()
		if strings.ContainsAny(text, "\x1b\x07\u202e\u0085") || strings.Contains(text, "\n| x") || len(text) < 80 {
			t.Errorf("%v: %q", args, text)
		}
	}
}
