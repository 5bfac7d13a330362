package settings_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"rolecall/internal/settings"
)

func load(t *testing.T, text string) (settings.Settings, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return settings.Load(file, settings.Settings{})
}

func TestLoad(t *testing.T) {
	got, err := load(t, `
region = "eu-central-1"

[profiles]
template = "{{ .AccountName }}"
form = "credential-process"
region = "eu-west-1"
output = "json"
match = ["prod-*"]
roles = ["ReadOnly"]

[[account]]
match = "prod-*"
tags = ["prod"]
guarded = true

[[account]]
match = "111122223333"
alias = "pay"

[[account]]
tag = "prod"
region = "eu-west-2"
`)
	want := settings.Settings{
		Region: "eu-central-1",
		Profiles: settings.Profiles{
			Template: "{{ .AccountName }}", Form: "credential-process", Region: "eu-west-1",
			Output: "json", Match: []string{"prod-*"}, Roles: []string{"ReadOnly"},
		},
		Accounts: []settings.Account{
			{Match: "prod-*", Tags: []string{"prod"}, Guarded: true},
			{Match: "111122223333", Alias: "pay"},
			{Tag: "prod", Region: "eu-west-2"},
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := settings.Load(filepath.Join(t.TempDir(), "none"), settings.Settings{}); err != nil ||
		!reflect.DeepEqual(got, settings.Settings{}) {
		t.Errorf("no file: %+v, %v", got, err)
	}
}

func TestWhatIsNoSetting(t *testing.T) {
	for text, want := range map[string]string{
		"[profiles\n":                                             "config.toml:1: ",
		"[profiles]\ntemplat = 'x'\n":                             `unknown setting "profiles.templat"`,
		"[profiles]\nregion = 5\n":                                "config.toml:2: ",
		"[[account]]\ntags = ['x']\n":                             "[[account]] number 1: match or tag is missing",
		"[[account]]\ntag = 'x'\nalias = 'y'\n":                   "number 1: accounts chosen by tag",
		"[[account]]\ntag = 'x'\ntags = ['y']\n":                  "number 1: accounts chosen by tag",
		"[[account]]\nmatch = 'a*'\nalias = 'x'\n":                "number 1: an alias is for one account",
		"[[account]]\nmatch = 'a'\nalias = 'x/y'\n":               `number 1: alias: "x/y"`,
		"[audit]\ncopy = 'x'\n":                                   `[audit] copy: "x" is neither "syslog" nor "journald"`,
		"[audit]\ncopy = 'syslog'\ncopy_command = ['x']\n":        "cannot be used together",
		"[audit]\ncopy_command = ['']\n":                          "the program is missing",
		"[audit]\nenabled = false\ncopy = 'syslog'\n":             "needs enabled = true",
		"account = [{match='a',alias='x'},{match='b',alias='x'}]": `number 2: alias: "x"`,
	} {
		_, err := load(t, text)
		var wrong *settings.Error
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// Every entry in the example of docs/config.md counts.
func TestTheDocumentedExample(t *testing.T) {
	text, err := os.ReadFile("../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "```toml\n")
	block, _, _ = strings.Cut(block, "```")
	file := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(file, []byte(block), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := settings.Load(file, settings.Settings{})
	if err != nil || len(s.Accounts) != 3 || len(s.Sessions) != 1 || !s.Sessions[0].Interactive || len(s.Consoles) != 1 ||
		s.Consoles[0].Profile != "{{.AccountName}}" {
		t.Errorf("%+v, %v", s, err)
	}
}

// What a person sets counts over the machine's defaults, one setting at a time; entries of lists come after theirs.
func TestDefaults(t *testing.T) {
	defaults, unknown, err := settings.Defaults("/etc/rolecall/config.toml", []byte(`
default_session = "acme"
region = "eu-west-1"
prompt_variables = true
colour = "red"
[policy]
write = false
[profiles]
template = "{{ .AccountName }}"
region = "eu-west-1"
[[session]]
name = "acme"
sso_start_url = "https://acme.awsapps.com/start"
[[account]]
match = "*prod*"
tags = ["prod"]
`))
	if err != nil || unknown != `/etc/rolecall/config.toml:5: unknown setting "colour"` {
		t.Fatal(unknown, err)
	}
	file := filepath.Join(t.TempDir(), "config.toml")
	text := "region = 'us-east-1'\nprompt_variables = false\n[profiles]\nregion = ''\n" +
		"[[account]]\nmatch = 'a'\nalias = 'b'\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := settings.Load(file, defaults)
	want := settings.Settings{
		DefaultSession: "acme", Region: "us-east-1", Profiles: settings.Profiles{Template: "{{ .AccountName }}"},
		Sessions: []settings.Session{{Name: "acme", StartURL: "https://acme.awsapps.com/start"}},
		Accounts: []settings.Account{{Match: "*prod*", Tags: []string{"prod"}}, {Match: "a", Alias: "b"}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, _, err := settings.Defaults("x", []byte("[[account]]\n")); err == nil {
		t.Error("an entry that says nothing is taken")
	}
}
