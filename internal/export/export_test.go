package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rolecall/internal/identitycenter"
)

func anEnvironment() Environment {
	return Environment{
		Region: "eu-west-1", DefaultRegion: "eu-west-1",
		Credentials: identitycenter.RoleCredentials{
			AccessKeyID:     "ASIAIOSFODNN7EXAMPLE",
			SecretAccessKey: identitycenter.NewSecret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
			SessionToken:    identitycenter.NewSecret("IQoJ+/_-=="),
			Expiration:      time.Date(2026, 11, 23, 13, 44, 15, 999, time.FixedZone("", 3600)),
			AccountID:       "111111111111",
		},
		Identity: Identity{
			Target: "corp:111111111111/Admin", Session: "corp", AccountID: "111111111111",
			AccountName: "Größe $(id) `x` %n\x1b[31m\\\"'!", Role: "Admin@a,b", Guarded: true,
		},
	}
}

var written = map[string]string{
	"sh": `unset AWS_SESSION_TOKEN AWS_SECRET_ACCESS_KEY AWS_ACCESS_KEY_ID ` +
		`AWS_PROFILE AWS_DEFAULT_PROFILE ROLECALL_REGION ROLECALL_PROFILE &&
export AWS_CREDENTIAL_EXPIRATION='2026-11-23T12:44:15Z' &&
export AWS_REGION='eu-west-1' &&
export AWS_DEFAULT_REGION='eu-west-1' &&
export AWS_ACCOUNT_ID='111111111111' &&
export ROLECALL_TARGET='corp:111111111111/Admin' &&
export ROLECALL_SESSION='corp' &&
export ROLECALL_ACCOUNT_ID='111111111111' &&
export ROLECALL_ACCOUNT_NAME='Gr__e___id___x___n__31m____' &&
export ROLECALL_ROLE='Admin@a,b' &&
export ROLECALL_GUARDED='1' &&
export AWS_SESSION_TOKEN='IQoJ+/_-==' &&
export AWS_SECRET_ACCESS_KEY='wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' &&
export AWS_ACCESS_KEY_ID='ASIAIOSFODNN7EXAMPLE'
`,
	"fish": `set -eg AWS_PROFILE
set -eg AWS_DEFAULT_PROFILE
set -eg ROLECALL_REGION
set -eg ROLECALL_PROFILE
set -gx AWS_ACCESS_KEY_ID 'ASIAIOSFODNN7EXAMPLE'
set -gx AWS_SECRET_ACCESS_KEY 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
set -gx AWS_SESSION_TOKEN 'IQoJ+/_-=='
set -gx AWS_CREDENTIAL_EXPIRATION '2026-11-23T12:44:15Z'
set -gx AWS_REGION 'eu-west-1'
set -gx AWS_DEFAULT_REGION 'eu-west-1'
set -gx AWS_ACCOUNT_ID '111111111111'
set -gx ROLECALL_TARGET 'corp:111111111111/Admin'
set -gx ROLECALL_SESSION 'corp'
set -gx ROLECALL_ACCOUNT_ID '111111111111'
set -gx ROLECALL_ACCOUNT_NAME 'Gr__e___id___x___n__31m____'
set -gx ROLECALL_ROLE 'Admin@a,b'
set -gx ROLECALL_GUARDED '1'
true
`,
	"elvish": `unset-env AWS_PROFILE
unset-env AWS_DEFAULT_PROFILE
unset-env ROLECALL_REGION
unset-env ROLECALL_PROFILE
set-env AWS_ACCESS_KEY_ID 'ASIAIOSFODNN7EXAMPLE'
set-env AWS_SECRET_ACCESS_KEY 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
set-env AWS_SESSION_TOKEN 'IQoJ+/_-=='
set-env AWS_CREDENTIAL_EXPIRATION '2026-11-23T12:44:15Z'
set-env AWS_REGION 'eu-west-1'
set-env AWS_DEFAULT_REGION 'eu-west-1'
set-env AWS_ACCOUNT_ID '111111111111'
set-env ROLECALL_TARGET 'corp:111111111111/Admin'
set-env ROLECALL_SESSION 'corp'
set-env ROLECALL_ACCOUNT_ID '111111111111'
set-env ROLECALL_ACCOUNT_NAME 'Gr__e___id___x___n__31m____'
set-env ROLECALL_ROLE 'Admin@a,b'
set-env ROLECALL_GUARDED '1'
`,
	"csh": `unsetenv AWS_PROFILE;
unsetenv AWS_DEFAULT_PROFILE;
unsetenv ROLECALL_REGION;
unsetenv ROLECALL_PROFILE;
setenv AWS_ACCESS_KEY_ID 'ASIAIOSFODNN7EXAMPLE';
setenv AWS_SECRET_ACCESS_KEY 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
setenv AWS_SESSION_TOKEN 'IQoJ+/_-==';
setenv AWS_CREDENTIAL_EXPIRATION '2026-11-23T12:44:15Z';
setenv AWS_REGION 'eu-west-1';
setenv AWS_DEFAULT_REGION 'eu-west-1';
setenv AWS_ACCOUNT_ID '111111111111';
setenv ROLECALL_TARGET 'corp:111111111111/Admin';
setenv ROLECALL_SESSION 'corp';
setenv ROLECALL_ACCOUNT_ID '111111111111';
setenv ROLECALL_ACCOUNT_NAME 'Gr__e___id___x___n__31m____';
setenv ROLECALL_ROLE 'Admin@a,b';
setenv ROLECALL_GUARDED '1';
`,
	"powershell": `Remove-Item Env:AWS_PROFILE -ErrorAction SilentlyContinue
Remove-Item Env:AWS_DEFAULT_PROFILE -ErrorAction SilentlyContinue
Remove-Item Env:ROLECALL_REGION -ErrorAction SilentlyContinue
Remove-Item Env:ROLECALL_PROFILE -ErrorAction SilentlyContinue
$Env:AWS_ACCESS_KEY_ID = 'ASIAIOSFODNN7EXAMPLE'
$Env:AWS_SECRET_ACCESS_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
$Env:AWS_SESSION_TOKEN = 'IQoJ+/_-=='
$Env:AWS_CREDENTIAL_EXPIRATION = '2026-11-23T12:44:15Z'
$Env:AWS_REGION = 'eu-west-1'
$Env:AWS_DEFAULT_REGION = 'eu-west-1'
$Env:AWS_ACCOUNT_ID = '111111111111'
$Env:ROLECALL_TARGET = 'corp:111111111111/Admin'
$Env:ROLECALL_SESSION = 'corp'
$Env:ROLECALL_ACCOUNT_ID = '111111111111'
$Env:ROLECALL_ACCOUNT_NAME = 'Gr__e___id___x___n__31m____'
$Env:ROLECALL_ROLE = 'Admin@a,b'
$Env:ROLECALL_GUARDED = '1'
`,
	"cmd": `set "AWS_PROFILE="
set "AWS_DEFAULT_PROFILE="
set "ROLECALL_REGION="
set "ROLECALL_PROFILE="
set "AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE"
set "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
set "AWS_SESSION_TOKEN=IQoJ+/_-=="
set "AWS_CREDENTIAL_EXPIRATION=2026-11-23T12:44:15Z"
set "AWS_REGION=eu-west-1"
set "AWS_DEFAULT_REGION=eu-west-1"
set "AWS_ACCOUNT_ID=111111111111"
set "ROLECALL_TARGET=corp:111111111111/Admin"
set "ROLECALL_SESSION=corp"
set "ROLECALL_ACCOUNT_ID=111111111111"
set "ROLECALL_ACCOUNT_NAME=Gr__e___id___x___n__31m____"
set "ROLECALL_ROLE=Admin@a,b"
set "ROLECALL_GUARDED=1"
`,
	"nushell": `{
    "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "IQoJ+/_-==",
    "AWS_CREDENTIAL_EXPIRATION": "2026-11-23T12:44:15Z",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCOUNT_ID": "111111111111",
    "ROLECALL_TARGET": "corp:111111111111/Admin",
    "ROLECALL_SESSION": "corp",
    "ROLECALL_ACCOUNT_ID": "111111111111",
    "ROLECALL_ACCOUNT_NAME": "Gr__e___id___x___n__31m____",
    "ROLECALL_ROLE": "Admin@a,b",
    "ROLECALL_GUARDED": "1",
    "AWS_PROFILE": null,
    "AWS_DEFAULT_PROFILE": null,
    "ROLECALL_REGION": null,
    "ROLECALL_PROFILE": null
}
`,
	"dotenv": `AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE
AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
AWS_SESSION_TOKEN=IQoJ+/_-==
AWS_CREDENTIAL_EXPIRATION=2026-11-23T12:44:15Z
AWS_REGION=eu-west-1
AWS_DEFAULT_REGION=eu-west-1
AWS_ACCOUNT_ID=111111111111
ROLECALL_TARGET=corp:111111111111/Admin
ROLECALL_SESSION=corp
ROLECALL_ACCOUNT_ID=111111111111
ROLECALL_ACCOUNT_NAME=Gr__e___id___x___n__31m____
ROLECALL_ROLE=Admin@a,b
ROLECALL_GUARDED=1
`,
	"json": `{
    "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "IQoJ+/_-==",
    "AWS_CREDENTIAL_EXPIRATION": "2026-11-23T12:44:15Z",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCOUNT_ID": "111111111111",
    "ROLECALL_TARGET": "corp:111111111111/Admin",
    "ROLECALL_SESSION": "corp",
    "ROLECALL_ACCOUNT_ID": "111111111111",
    "ROLECALL_ACCOUNT_NAME": "Gr__e___id___x___n__31m____",
    "ROLECALL_ROLE": "Admin@a,b",
    "ROLECALL_GUARDED": "1"
}
`,
	"credential-process": `{"Version": 1, "AccessKeyId": "ASIAIOSFODNN7EXAMPLE", ` +
		`"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "SessionToken": "IQoJ+/_-==", ` +
		`"Expiration": "2026-11-23T12:44:15Z", "AccountId": "111111111111"}
`,
	"sts": `{
    "Credentials": {
        "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "SessionToken": "IQoJ+/_-==",
        "Expiration": "2026-11-23T12:44:15Z"
    }
}
`,
}

func TestEveryFormatIsWrittenAsItsReadersExpect(t *testing.T) {
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			var b bytes.Buffer
			if err := Write(&b, format, anEnvironment()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(written[format], b.String()); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
			if strings.HasPrefix(b.String(), "{") && !json.Valid(b.Bytes()) {
				t.Error("not JSON")
			}
		})
	}
}

func TestUnsetTakesAwayWhatWasSet(t *testing.T) {
	wanted := map[string]string{
		"sh": `unset AWS_ACCESS_KEY_ID
unset AWS_SECRET_ACCESS_KEY
unset AWS_SESSION_TOKEN
unset AWS_CREDENTIAL_EXPIRATION
unset AWS_REGION
unset AWS_DEFAULT_REGION
unset ROLECALL_REGION
unset AWS_ACCOUNT_ID
unset ROLECALL_TARGET
unset ROLECALL_SESSION
unset ROLECALL_ACCOUNT_ID
unset ROLECALL_ACCOUNT_NAME
unset ROLECALL_ROLE
unset ROLECALL_PROFILE
unset ROLECALL_GUARDED
`,
		"fish": `set -eg AWS_ACCESS_KEY_ID
set -eg AWS_SECRET_ACCESS_KEY
set -eg AWS_SESSION_TOKEN
set -eg AWS_CREDENTIAL_EXPIRATION
set -eg AWS_REGION
set -eg AWS_DEFAULT_REGION
set -eg ROLECALL_REGION
set -eg AWS_ACCOUNT_ID
set -eg ROLECALL_TARGET
set -eg ROLECALL_SESSION
set -eg ROLECALL_ACCOUNT_ID
set -eg ROLECALL_ACCOUNT_NAME
set -eg ROLECALL_ROLE
set -eg ROLECALL_PROFILE
set -eg ROLECALL_GUARDED
true
`,
		"elvish": `unset-env AWS_ACCESS_KEY_ID
unset-env AWS_SECRET_ACCESS_KEY
unset-env AWS_SESSION_TOKEN
unset-env AWS_CREDENTIAL_EXPIRATION
unset-env AWS_REGION
unset-env AWS_DEFAULT_REGION
unset-env ROLECALL_REGION
unset-env AWS_ACCOUNT_ID
unset-env ROLECALL_TARGET
unset-env ROLECALL_SESSION
unset-env ROLECALL_ACCOUNT_ID
unset-env ROLECALL_ACCOUNT_NAME
unset-env ROLECALL_ROLE
unset-env ROLECALL_PROFILE
unset-env ROLECALL_GUARDED
`,
		"csh": `unsetenv AWS_ACCESS_KEY_ID;
unsetenv AWS_SECRET_ACCESS_KEY;
unsetenv AWS_SESSION_TOKEN;
unsetenv AWS_CREDENTIAL_EXPIRATION;
unsetenv AWS_REGION;
unsetenv AWS_DEFAULT_REGION;
unsetenv ROLECALL_REGION;
unsetenv AWS_ACCOUNT_ID;
unsetenv ROLECALL_TARGET;
unsetenv ROLECALL_SESSION;
unsetenv ROLECALL_ACCOUNT_ID;
unsetenv ROLECALL_ACCOUNT_NAME;
unsetenv ROLECALL_ROLE;
unsetenv ROLECALL_PROFILE;
unsetenv ROLECALL_GUARDED;
`,
		"powershell": `Remove-Item Env:AWS_ACCESS_KEY_ID -ErrorAction SilentlyContinue
Remove-Item Env:AWS_SECRET_ACCESS_KEY -ErrorAction SilentlyContinue
Remove-Item Env:AWS_SESSION_TOKEN -ErrorAction SilentlyContinue
Remove-Item Env:AWS_CREDENTIAL_EXPIRATION -ErrorAction SilentlyContinue
Remove-Item Env:AWS_REGION -ErrorAction SilentlyContinue
Remove-Item Env:AWS_DEFAULT_REGION -ErrorAction SilentlyContinue
Remove-Item Env:ROLECALL_REGION -ErrorAction SilentlyContinue
Remove-Item Env:AWS_ACCOUNT_ID -ErrorAction SilentlyContinue
Remove-Item Env:ROLECALL_TARGET -ErrorAction SilentlyContinue
Remove-Item Env:ROLECALL_SESSION -ErrorAction SilentlyContinue
Remove-Item Env:ROLECALL_ACCOUNT_ID -ErrorAction SilentlyContinue
Remove-Item Env:ROLECALL_ACCOUNT_NAME -ErrorAction SilentlyContinue
Remove-Item Env:ROLECALL_ROLE -ErrorAction SilentlyContinue
Remove-Item Env:ROLECALL_PROFILE -ErrorAction SilentlyContinue
Remove-Item Env:ROLECALL_GUARDED -ErrorAction SilentlyContinue
`,
		"cmd": `set "AWS_ACCESS_KEY_ID="
set "AWS_SECRET_ACCESS_KEY="
set "AWS_SESSION_TOKEN="
set "AWS_CREDENTIAL_EXPIRATION="
set "AWS_REGION="
set "AWS_DEFAULT_REGION="
set "ROLECALL_REGION="
set "AWS_ACCOUNT_ID="
set "ROLECALL_TARGET="
set "ROLECALL_SESSION="
set "ROLECALL_ACCOUNT_ID="
set "ROLECALL_ACCOUNT_NAME="
set "ROLECALL_ROLE="
set "ROLECALL_PROFILE="
set "ROLECALL_GUARDED="
`,
		"nushell": `["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", ` +
			`"AWS_CREDENTIAL_EXPIRATION", "AWS_REGION", "AWS_DEFAULT_REGION", "ROLECALL_REGION", "AWS_ACCOUNT_ID", ` +
			`"ROLECALL_TARGET", "ROLECALL_SESSION", "ROLECALL_ACCOUNT_ID", "ROLECALL_ACCOUNT_NAME", "ROLECALL_ROLE", ` +
			`"ROLECALL_PROFILE", "ROLECALL_GUARDED"]
`,
	}
	for _, format := range Formats() {
		var b bytes.Buffer
		err := WriteUnset(&b, format, Unset())
		if want, ok := wanted[format]; (err == nil) != ok || b.String() != want {
			t.Errorf("%s: error %v\n%s", format, err, cmp.Diff(want, b.String()))
		}
	}
}

func TestAnUnknownFormatIsNamedWithThoseThatThereAre(t *testing.T) {
	for _, err := range []error{Write(io.Discard, "SH", anEnvironment()), WriteUnset(io.Discard, "SH", Unset())} {
		if !errors.Is(err, ErrUnknownFormat) || !strings.Contains(err.Error(), strings.Join(Formats(), ", ")) {
			t.Errorf("got %v", err)
		}
	}
}

func TestTheSystemsDialectIsAmongTheFormats(t *testing.T) {
	if _, err := formatOf(Default()); err != nil {
		t.Error(err)
	}
}

func TestAnEmptyRegionIsNotSet(t *testing.T) {
	e := anEnvironment()
	e.Region, e.DefaultRegion = "", ""
	for _, format := range Formats() {
		var b bytes.Buffer
		if err := Write(&b, format, e); err != nil || strings.Contains(b.String(), "REGION") {
			t.Errorf("%s: error %v\n%s", format, err, b.String())
		}
	}
}

func TestOnlyAnAccountIDBecomesOne(t *testing.T) {
	for _, id := range []string{"", "11111111111", "1111111111111", "11111111111x", `1"1111111111`, "１１１１"} {
		e := anEnvironment()
		e.Credentials.AccountID = id
		var b bytes.Buffer
		if err := CredentialProcess(&b, e.Credentials); err != nil || strings.Contains(b.String(), "AccountId") {
			t.Errorf("%q: error %v\n%s", id, err, b.String())
		}
	}
}

// fields returns for each value of an environment a way to replace it.
var fields = map[string]func(e *Environment, value string){
	"access key id": func(e *Environment, value string) { e.Credentials.AccessKeyID = value },
	"secret access key": func(e *Environment, value string) {
		e.Credentials.SecretAccessKey = identitycenter.NewSecret(value)
	},
	"session token": func(e *Environment, value string) {
		e.Credentials.SessionToken = identitycenter.NewSecret(value)
	},
	"region": func(e *Environment, value string) { e.Region = value },
}

// refusal returns the error of every writer for e; it fails if one wrote a byte.
func refusal(t *testing.T, e Environment) string {
	t.Helper()
	var b bytes.Buffer
	var text string
	for _, format := range Formats() {
		if format == "credential-process" || format == "sts" {
			continue // these have no region
		}
		err := Write(&b, format, e)
		if err == nil {
			return ""
		}
		text = err.Error()
	}
	if _, err := ChildEnvironment(nil, e); err == nil || err.Error() != text {
		t.Errorf("for a child: %v", err)
	}
	if b.Len() > 0 {
		t.Errorf("refused, yet %d bytes were written", b.Len())
	}
	return text
}

func harmlessIn(field string) string {
	if field == "region" {
		return upper + lower + digits + "-"
	}
	return identitycenter.Plain
}

func TestHostileValuesAreRefusedAndNotRepeated(t *testing.T) {
	const filler = "AAAAAAAAAAAAAAAAAAAAAAAA" // so that the length is not what is refused
	for field, put := range fields {
		for _, value := range append(hostileValues("/canary"), "a\x00b", "\x9b31m", "\xff") {
			if strings.Trim(value, harmlessIn(field)) == "" {
				continue
			}
			e := anEnvironment()
			put(&e, filler+value)
			text := refusal(t, e)
			if !strings.HasPrefix(text, "the "+field+" ") || strings.Contains(text, filler) {
				t.Errorf("%s %q: %q", field, value, text)
			}
		}
	}
}

func TestEachFieldHasItsOwnAlphabetAndLength(t *testing.T) {
	tests := []struct {
		field, value string
		good         bool
	}{
		{"access key id", "", false},
		{"access key id", "test", true},
		{"access key id", strings.Repeat("A", 20) + " ", false},
		{"secret access key", "", false},
		{"secret access key", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEX-_.:=@,", true},
		{"secret access key", strings.Repeat("s", 20) + "$", false},
		{"secret access key", strings.Repeat("s", 16385), false},
		{"session token", "", false},
		{"session token", "-", true},
		{"session token", strings.Repeat("_", 16384), true},
		{"session token", strings.Repeat("t", 16385), false},
		{"session token", "t.t", true},
		{"session token", "t`t", false},
		{"region", "", true},
		{"region", "us-gov-east-1", true},
		{"region", "eu_west_1", false},
		{"region", "eu-west-1\n", false},
	}
	for _, test := range tests {
		e := anEnvironment()
		fields[test.field](&e, test.value)
		if text := refusal(t, e); (text == "") != test.good {
			t.Errorf("%s %.20q (%d): refusal %q", test.field, test.value, len(test.value), text)
		}
	}
}

func TestAChildHasTheCredentialsAndNothingThatConflicts(t *testing.T) {
	environ := []string{
		"HOME=/home/me", "=C:=C:\\work", "AWS_PAGER=less", "AWS_REGION=us-east-1", "aws_region=us-east-2",
		"AWS_PROFILES=mine", "odd",
	}
	kept := []string{"HOME=/home/me", "=C:=C:\\work", "AWS_PAGER=less", "AWS_PROFILES=mine", "odd"}
	for _, name := range removed {
		environ = append(environ, name+"=theirs", name+"=twice", strings.ToLower(name)+"=lower",
			name[:1]+strings.ToLower(name[1:])+"=mixed",
			name+"=", name)
	}
	child, err := ChildEnvironment(environ, anEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	want := append(kept,
		"AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE",
		"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"AWS_SESSION_TOKEN=IQoJ+/_-==",
		"AWS_CREDENTIAL_EXPIRATION=2026-11-23T12:44:15Z",
		"AWS_REGION=eu-west-1",
		"AWS_DEFAULT_REGION=eu-west-1",
		"AWS_ACCOUNT_ID=111111111111",
		"ROLECALL_TARGET=corp:111111111111/Admin",
		"ROLECALL_SESSION=corp",
		"ROLECALL_ACCOUNT_ID=111111111111",
		"ROLECALL_ACCOUNT_NAME=Gr__e___id___x___n__31m____",
		"ROLECALL_ROLE=Admin@a,b",
		"ROLECALL_GUARDED=1",
	)
	if diff := cmp.Diff(want, child); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestAChildKeepsItsRegionWhenTheProfileHasNone(t *testing.T) {
	e := anEnvironment()
	e.Region, e.DefaultRegion = "", ""
	child, err := ChildEnvironment([]string{"AWS_REGION=us-east-1"}, e)
	if err != nil || child[0] != "AWS_REGION=us-east-1" {
		t.Errorf("got %q, %v", child, err)
	}
}

func TestNothingOfAnIdentityMeansAnythingToAPrompt(t *testing.T) {
	for _, value := range append(hostileValues("/canary"), append(broken, "a\x00b", strings.Repeat("é", 300))...) {
		e := anEnvironment()
		e.Identity = Identity{
			Target: value, Session: value, AccountID: value, AccountName: value, Role: value, Profile: value,
		}
		set, unset := Variables(e)
		for _, v := range set {
			if strings.HasPrefix(v.Name, "ROLECALL_") &&
				(len(v.Value) > 256 || strings.Trim(v.Value, identitycenter.Plain) != "") {
				t.Errorf("%q became %s=%q", value, v.Name, v.Value)
			}
		}
		if slices.Contains(unset, "AWS_ACCOUNT_ID") == isAccountID(value) || !slices.Contains(unset, "ROLECALL_GUARDED") {
			t.Errorf("%q: unset are %q", value, unset)
		}
	}
}
