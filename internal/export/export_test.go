package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rolecall/internal/identitycenter"
)

func anEnvironment() Environment {
	return Environment{
		Region: "eu-west-1",
		Credentials: identitycenter.RoleCredentials{
			AccessKeyID:     "ASIAIOSFODNN7EXAMPLE",
			SecretAccessKey: identitycenter.NewSecret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
			SessionToken:    identitycenter.NewSecret("IQoJ+/_-=="),
			Expiration:      time.Date(2026, 11, 23, 13, 44, 15, 999, time.FixedZone("", 3600)),
			AccountID:       "111111111111",
		},
	}
}

var written = map[string]string{
	"sh": `unset AWS_PROFILE
unset AWS_DEFAULT_PROFILE
export AWS_ACCESS_KEY_ID='ASIAIOSFODNN7EXAMPLE'
export AWS_SECRET_ACCESS_KEY='wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
export AWS_SESSION_TOKEN='IQoJ+/_-=='
export AWS_CREDENTIAL_EXPIRATION='2026-11-23T12:44:15Z'
export AWS_REGION='eu-west-1'
export AWS_DEFAULT_REGION='eu-west-1'
`,
	"fish": `set -e AWS_PROFILE
set -e AWS_DEFAULT_PROFILE
set -gx AWS_ACCESS_KEY_ID 'ASIAIOSFODNN7EXAMPLE'
set -gx AWS_SECRET_ACCESS_KEY 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
set -gx AWS_SESSION_TOKEN 'IQoJ+/_-=='
set -gx AWS_CREDENTIAL_EXPIRATION '2026-11-23T12:44:15Z'
set -gx AWS_REGION 'eu-west-1'
set -gx AWS_DEFAULT_REGION 'eu-west-1'
`,
	"powershell": `Remove-Item Env:AWS_PROFILE -ErrorAction SilentlyContinue
Remove-Item Env:AWS_DEFAULT_PROFILE -ErrorAction SilentlyContinue
$Env:AWS_ACCESS_KEY_ID = 'ASIAIOSFODNN7EXAMPLE'
$Env:AWS_SECRET_ACCESS_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
$Env:AWS_SESSION_TOKEN = 'IQoJ+/_-=='
$Env:AWS_CREDENTIAL_EXPIRATION = '2026-11-23T12:44:15Z'
$Env:AWS_REGION = 'eu-west-1'
$Env:AWS_DEFAULT_REGION = 'eu-west-1'
`,
	"cmd": `set "AWS_PROFILE="
set "AWS_DEFAULT_PROFILE="
set "AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE"
set "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
set "AWS_SESSION_TOKEN=IQoJ+/_-=="
set "AWS_CREDENTIAL_EXPIRATION=2026-11-23T12:44:15Z"
set "AWS_REGION=eu-west-1"
set "AWS_DEFAULT_REGION=eu-west-1"
`,
	"nushell": `{
    "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "IQoJ+/_-==",
    "AWS_CREDENTIAL_EXPIRATION": "2026-11-23T12:44:15Z",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_PROFILE": "",
    "AWS_DEFAULT_PROFILE": ""
}
`,
	"dotenv": `AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE
AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
AWS_SESSION_TOKEN=IQoJ+/_-==
AWS_CREDENTIAL_EXPIRATION=2026-11-23T12:44:15Z
AWS_REGION=eu-west-1
AWS_DEFAULT_REGION=eu-west-1
`,
	"json": `{
    "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "IQoJ+/_-==",
    "AWS_CREDENTIAL_EXPIRATION": "2026-11-23T12:44:15Z",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1"
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
`,
		"fish": `set -e AWS_ACCESS_KEY_ID
set -e AWS_SECRET_ACCESS_KEY
set -e AWS_SESSION_TOKEN
set -e AWS_CREDENTIAL_EXPIRATION
set -e AWS_REGION
set -e AWS_DEFAULT_REGION
set -e ROLECALL_REGION
`,
		"powershell": `Remove-Item Env:AWS_ACCESS_KEY_ID -ErrorAction SilentlyContinue
Remove-Item Env:AWS_SECRET_ACCESS_KEY -ErrorAction SilentlyContinue
Remove-Item Env:AWS_SESSION_TOKEN -ErrorAction SilentlyContinue
Remove-Item Env:AWS_CREDENTIAL_EXPIRATION -ErrorAction SilentlyContinue
Remove-Item Env:AWS_REGION -ErrorAction SilentlyContinue
Remove-Item Env:AWS_DEFAULT_REGION -ErrorAction SilentlyContinue
Remove-Item Env:ROLECALL_REGION -ErrorAction SilentlyContinue
`,
		"cmd": `set "AWS_ACCESS_KEY_ID="
set "AWS_SECRET_ACCESS_KEY="
set "AWS_SESSION_TOKEN="
set "AWS_CREDENTIAL_EXPIRATION="
set "AWS_REGION="
set "AWS_DEFAULT_REGION="
set "ROLECALL_REGION="
`,
		"nushell": `["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", ` +
			`"AWS_CREDENTIAL_EXPIRATION", "AWS_REGION", "AWS_DEFAULT_REGION", "ROLECALL_REGION"]
`,
	}
	for _, format := range Formats() {
		var b bytes.Buffer
		err := WriteUnset(&b, format)
		if want, ok := wanted[format]; (err == nil) != ok || b.String() != want {
			t.Errorf("%s: error %v\n%s", format, err, cmp.Diff(want, b.String()))
		}
	}
}

func TestAnUnknownFormatIsNamedWithThoseThatThereAre(t *testing.T) {
	for _, err := range []error{Write(io.Discard, "SH", anEnvironment()), WriteUnset(io.Discard, "SH")} {
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
	e.Region = ""
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

func TestHostileValuesAreRefusedAndNotRepeated(t *testing.T) {
	const filler = "AAAAAAAAAAAAAAAAAAAAAAAA" // so that the length is not what is refused
	for field, put := range fields {
		for _, value := range append(hostile(t, "/canary"), "a\x00b", "\x9b31m", "\xff") {
			if strings.Trim(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+=_-") == "" {
				continue // characters that a token may have
			}
			e := anEnvironment()
			put(&e, filler+value)
			text := refusal(t, e)
			if !strings.HasPrefix(text, "the "+field+" does not have the form") || strings.Contains(text, filler) {
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
		{"access key id", strings.Repeat("A", 15), false},
		{"access key id", strings.Repeat("A", 16), true},
		{"access key id", strings.Repeat("9", 128), true},
		{"access key id", strings.Repeat("A", 129), false},
		{"access key id", strings.Repeat("a", 20), false},
		{"access key id", strings.Repeat("A", 20) + "/", false},
		{"secret access key", "", false},
		{"secret access key", strings.Repeat("s", 19), false},
		{"secret access key", strings.Repeat("/", 20), true},
		{"secret access key", strings.Repeat("s", 128), true},
		{"secret access key", strings.Repeat("s", 129), false},
		{"secret access key", strings.Repeat("s", 20) + "-", false},
		{"session token", "", false},
		{"session token", "-", true},
		{"session token", strings.Repeat("_", 16384), true},
		{"session token", strings.Repeat("t", 16385), false},
		{"session token", "t.t", false},
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
		environ = append(environ, name+"=theirs", name+"=twice", strings.ToLower(name)+"=lower", "Aws"+name[3:]+"=mixed",
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
	)
	if diff := cmp.Diff(want, child); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestAChildKeepsItsRegionWhenTheProfileHasNone(t *testing.T) {
	e := anEnvironment()
	e.Region = ""
	child, err := ChildEnvironment([]string{"AWS_REGION=us-east-1"}, e)
	if err != nil || child[0] != "AWS_REGION=us-east-1" {
		t.Errorf("got %q, %v", child, err)
	}
}
