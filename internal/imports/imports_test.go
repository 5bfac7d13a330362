package imports_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/awsconfig"
	"rolecall/internal/hostile"
	"rolecall/internal/imports"
	"rolecall/internal/proof"
	"rolecall/internal/settings"
)

// home returns a home with a config file.
func home(t *testing.T, config string) imports.Home {
	t.Helper()
	h := imports.Home{Getenv: func(string) string { return "" }, Folder: t.TempDir()}
	h.Config, h.Credentials = document(t, config), document(t, "")
	return h
}

func document(t *testing.T, text string) *awsconfig.Document {
	t.Helper()
	d, err := awsconfig.Parse("config", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// read reads a tool's file of that content.
func read(t *testing.T, tool, text string, h imports.Home) (*imports.Plan, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "theirs")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return imports.Read(tool, file, h)
}

const corp = "SSOConfig:\n  corp:\n    SSORegion: eu-west-1\n    StartUrl: https://c.awsapps.com/start\n"

// YAML readers make other numbers of some of these; they all are the same account.
func TestAccountIDsAreTwelveDigits(t *testing.T) {
	for _, text := range []string{
		"012345678901", "'012345678901'", "\"012345678901\"", "12345678901", "0012345678901", "!!int 012345678901",
	} {
		p, err := read(t, "aws-sso-cli", corp+"    Accounts:\n      "+text+": {Name: pay}\n", home(t, ""))
		if err != nil || len(p.Settings.Accounts) != 1 || p.Settings.Accounts[0].Match != "012345678901" {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
	}
	for _, text := range []string{"1.2e11", "0x1234", "1_000", "1234567890123", "abc", "0", "-1", "~"} {
		p, err := read(t, "aws-sso-cli", corp+"    Accounts:\n      "+text+": {Name: pay}\n", home(t, ""))
		if err != nil || len(p.Settings.Accounts) != 0 || len(p.Left) != 1 {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
	}
}

func TestTemplatesAreTranslated(t *testing.T) {
	for theirs, want := range map[string]string{
		"{{ .AccountName }}-{{ .RoleName }}":                 "{{ or .Alias .AccountName }}-{{ .RoleName }}",
		"{{ AccountIdStr .AccountId }}:{{ .RoleName }}":      "{{ .AccountID }}:{{ .RoleName }}",
		"{{ .AccountIdPad }}":                                "{{ .AccountID }}",
		"{{ .AccountAlias | lower | replace \" \" \"-\" }}":  "{{ .AccountName | lower | replace \" \" \"-\" }}",
		"{{ lower (FirstItem .AccountName .AccountAlias) }}": "{{ lower (or (or .Alias .AccountName) .AccountName) }}",
		"{{ FirstItem .AccountName (.AccountAlias | nospace) }}": "{{ or (or .Alias .AccountName) " +
			"(.AccountName | replace \" \" \"\") }}",
		"{{ .SSO }}/{{ .RoleName | trimSuffix \"Access\" }}": "{{ .Session }}/{{ .RoleName | trimSuffix \"Access\" }}",
		"{{ .Profile }}":                               "",
		"{{ .AccountName | sha256sum }}":               "",
		"{{ if .Via }}x{{ end }}":                      "",
		"{{ $x := .RoleName }}{{ $x }}":                "",
		"{{ printf \"%s\" .AccountName }}":             "",
		"{{ replace \"a\" \"b\" \"c\" .AccountName }}": "",
		"{{ .AccountName \"x\" }}":                     "",
		"{{ trimPrefix | lower }}":                     "",
		"{{ .AccountName":                              "",
		"{{ env \"HOME\" }}":                           "",
		"{{ template \"x\" }}":                         "",
		"{{ .Tags.Team }}":                             "",
		"{{ .AccountName }}\x1b{{ .RoleName }}":        "",
	} {
		text, _ := json.Marshal(theirs)
		p, err := read(t, "aws-sso-cli", "ProfileFormat: "+string(text)+"\n", home(t, ""))
		if err != nil || p.Settings.Template != want {
			t.Errorf("%s: %q, want %q (%v)", theirs, p.Settings.Template, want, err)
		}
		if named := len(p.Left) == 1; named == (want != "") {
			t.Errorf("%s: %+v", theirs, p.Left)
		}
	}
}

// Sealed by "openssl enc -aes-256-cbc -md md5 -salt -base64 -A", which is what crypto-js does.
const sealed = "U2FsdGVkX19NUlbTcCYJGPrdr4qqk00jDPlTymCOXrcdfy/mG3jMkDtzOjareSH0"

func TestLeappsFileIsOpenedWithTheMachinesID(t *testing.T) {
	h := home(t, "")
	id := filepath.Join(h.Folder, "id")
	for text, opens := range map[string]bool{
		"0123456789abcdef0123456789abcdef\n":         true,
		"0123456789ABCDEF0123456789ABCDEF":           true,
		"0123456789abcdef0123456789abcdef\nsecond\n": true,
		"1123456789abcdef0123456789abcdef\n":         false,
		"":                                           false,
	} {
		if err := os.WriteFile(id, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		h.MachineIDs = []string{filepath.Join(h.Folder, "none"), id}
		p, err := read(t, "leapp", sealed+"\n", h)
		if opens && (err != nil || p.Settings.Region != "eu-west-1") || !opens && !errors.Is(err, imports.ErrSealed) {
			t.Errorf("%q: %+v, %v", text, p, err)
		}
	}
	for _, text := range []string{"", "x", "U2FsdGVkX18=", sealed[:40], sealed + "AAAA", "[]", "{", "\"text\""} {
		if p, err := read(t, "leapp", text, h); err == nil {
			t.Errorf("%q: %+v", text, p)
		}
	}
}

// everywhere has a name in each place.
const everywhere = `DefaultSSO: NAME
DefaultRegion: NAME
Browser: NAME
SSOConfig:
  NAME:
    SSORegion: us-east-1
    StartUrl: https://corp.awsapps.com/start
    Accounts:
      '111122223333':
        Name: NAME
        DefaultRegion: NAME
        Tags: {NAME: NAME, Color: NAME}
        Roles:
          ReadOnly: {Profile: NAME}
          NAME: {Profile: x}
          Deploy: {Via: NAME, ExternalId: NAME}
ConfigVariables: {output: NAME, NAME: x}
`

const own = "[profile own]\nregion = eu-west-1\n"

// Whatever a file calls things, the result can be read, and means nothing else.
func TestHostileNames(t *testing.T) {
	names := append(hostile.Names(), hostile.Invisible()...)
	for _, name := range names {
		text, _ := json.Marshal(name) // JSON is YAML
		p, err := read(t, "aws-sso-cli", strings.ReplaceAll(everywhere, "NAME", string(text)), home(t, own))
		if err != nil {
			var file *imports.FileError
			if !errors.As(err, &file) { // a NUL is not YAML
				t.Errorf("%q: %v", name, err)
			}
			continue
		}
		after := document(t, string(p.Data))
		config := awsconfig.Of(after, document(t, "")).Indexed()
		for _, profile := range config.ProfileNames() {
			if got, err := config.Profile(profile); err != nil || got.CredentialProcess != "" {
				t.Errorf("%q: profile %q: %v", name, profile, err)
			}
		}
		if n := len(config.SessionNames()); n != 1 || !document(t, own).SameBut(after, notOwn) {
			t.Errorf("%q: %d sessions in\n%s", name, n, p.Data)
		}
		if _, err := settings.Add("config.toml", nil, settings.Settings{}, p.Settings); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	held := len(names)
	if t.Failed() {
		held = 0
	}
	proof.Note(t, "import", len(names), held)
}

func notOwn(_ *awsconfig.Document, s awsconfig.Section) bool { return s.Header != "profile own" }

// Thousands of profiles are rewritten at once, and every other byte stays.
func TestManyProfiles(t *testing.T) {
	var b, want strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "# number %d\n[profile p%d]\ngranted_sso_start_url = https://c%d.awsapps.com/start\n"+
			"granted_sso_region = eu-west-1\ngranted_sso_account_id = %d\ngranted_sso_role_name = R\nregion = eu-west-1 \n",
			i, i, i%3, i+1)
		fmt.Fprintf(&want, "# number %d\n[profile p%d]\nsso_session = c%d\nsso_account_id = %012d\nsso_role_name = R\n"+
			"region = eu-west-1 \n", i, i, i%3, i+1)
	}
	h := home(t, b.String())
	p, err := imports.Read("granted", "", h)
	if err != nil || len(p.Profiles) != 5000 || len(p.Sessions) != 3 {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(p.Data), want.String()) {
		t.Errorf("other bytes:\n%.2000s", p.Data)
	}
	h.Config = document(t, string(p.Data))
	if again, err := imports.Read("granted", "", h); err != nil || again != nil {
		t.Errorf("a second import: %+v, %v", again, err)
	}
}

func TestAliasesInYAMLAreBounded(t *testing.T) {
	text := "x: &x {" + strings.Repeat("1: {},", 1000) + "}\nSSOConfig:\n"
	for i := range 1000 {
		text += fmt.Sprintf("  s%d: {SSORegion: us-east-1, StartUrl: 'https://c.awsapps.com/start', Accounts: *x}\n", i)
	}
	_, err := read(t, "aws-sso-cli", text, home(t, ""))
	if err == nil || !strings.Contains(err.Error(), "too many values") {
		t.Error(err)
	}
}

func TestASessionWithoutItsNameIsUsedOnlyIfItIsClearWhose(t *testing.T) {
	const there = "[sso-session mine]\nsso_start_url = https://c.awsapps.com/start/#/\nsso_region = eu-west-1\n"
	const one = "SSOConfig:\n  corp: {SSORegion: eu-west-1, StartUrl: 'https://C.awsapps.com/start'}\n"
	const two = one + "  mine: {SSORegion: eu-west-1, StartUrl: 'https://c.awsapps.com/start/'}\n"
	for text, want := range map[string]string{one: "mine", two: "corp mine"} {
		p, err := read(t, "aws-sso-cli", text, home(t, there))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range p.Sessions {
			names = append(names, s.Name)
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
