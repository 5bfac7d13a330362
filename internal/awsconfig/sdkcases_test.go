package awsconfig_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/awsconfig"
)

const (
	botocore  = "botocore"
	goSDK     = "the Go SDK"
	jsSDK     = "the JavaScript SDK"
	otherSDKs = "the Java, Kotlin and Rust SDKs"
)

// An sdkCase is a row of the table by which the AWS SDKs test their readers of the shared files. want is what those
// SDKs read, in the form of rendered below, or "refused". Where botocore, and so rolecall, reads something else,
// reports are the places and tools of which config show tells it.
type sdkCase struct {
	name, config, credentials, want string
	reports                         []report
}

// A report is a problem that config show has to name: its line, in the credentials file when negative, and a tool.
type report struct {
	line int
	tool string
}

// The AWS SDKs' table of cases, and rolecall's reading, which is botocore's: each difference is reported.
func TestDifferencesFromTheSDKsAreReported(t *testing.T) {
	cases := slices.Concat(sdkCases(), kotlinCases())
	var pairs []filePair
	folder := t.TempDir()
	for i, c := range cases {
		path := filepath.Join(folder, fmt.Sprint(i))
		pairs = append(pairs, filePair{c.name, awsconfig.Files{Config: path, Credentials: path + ".credentials"}})
		for file, text := range map[string]string{path: c.config, path + ".credentials": c.credentials} {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	differ := 0
	for i, answer := range askBotocore(t, pairs) {
		c := cases[i]
		t.Run(c.name, func(t *testing.T) {
			config, err := awsconfig.Open(pairs[i].Files)
			got := "refused"
			if err == nil && !saysRefused(config) {
				got = rendered(config.All("profile"), config.All("sso-session"), config.All("services"))
			}
			want := "refused"
			if answer.Refusal == "" {
				want = rendered(answer.Profiles, answer.Sessions, answer.Services)
			}
			if got != want {
				t.Fatalf("rolecall reads %s, botocore %s", got, want)
			}
			if got != c.want {
				differ++
			}
			if (got != c.want) != (len(c.reports) > 0) {
				t.Fatalf("the SDKs read %s, botocore %s: reports %v", c.want, got, c.reports)
			}
			for _, r := range c.reports {
				if !reports(config, r) {
					t.Errorf("config show does not name %s at line %d: %+v", r.tool, r.line, config.Report().Problems)
				}
			}
		})
	}
	if len(cases) < 72 || differ < 20 {
		t.Errorf("%d cases, of which botocore reads %d differently", len(cases), differ)
	}
}

func reports(config *awsconfig.Config, r report) bool {
	report := config.Report()
	file, line := report.Files.Config, r.line
	if line < 0 {
		file, line = report.Files.Credentials, -line
	}
	return slices.ContainsFunc(report.Problems, func(p awsconfig.Problem) bool {
		return p.Origin == awsconfig.Origin{File: file, Line: line} && names(p.Text, r.tool)
	})
}

// names reports whether a text names a tool, alone or in a list such as the Go and JavaScript SDKs.
func names(text, tool string) bool {
	tool = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(tool, "the "), " SDK"), " SDKs")
	for _, name := range strings.Split(strings.ReplaceAll(tool, " and ", ", "), ", ") {
		if !strings.Contains(text, name) {
			return false
		}
	}
	return true
}

// rendered writes what a tool has read like foo{key=value s3={a=b}}; sso-session corp{…}; services x{…}.
func rendered(profiles, sessions, services map[string]map[string]any) string {
	var all []string
	add := func(prefix string, sections map[string]map[string]any) {
		for _, name := range slices.Sorted(maps.Keys(sections)) {
			var keys []string
			for _, key := range slices.Sorted(maps.Keys(sections[name])) {
				value := sections[name][key]
				if block, ok := value.(map[string]any); ok {
					var inner []string
					for _, k := range slices.Sorted(maps.Keys(block)) {
						inner = append(inner, fmt.Sprintf("%s=%v", k, block[k]))
					}
					value = "{" + strings.Join(inner, " ") + "}"
				}
				keys = append(keys, fmt.Sprintf("%s=%v", key, value))
			}
			all = append(all, prefix+name+"{"+strings.Join(keys, " ")+"}")
		}
	}
	add("", profiles)
	add("sso-session ", sessions)
	add("services ", services)
	return strings.Join(all, "; ")
}

// sdkCases is the table as the Rust SDK has it: aws-config/test-data/profile-parser-tests.json.
func sdkCases() []sdkCase {
	one := func(line int, tool string) []report { return []report{{line, tool}} }
	const defaults = "[profile default]\nname = value\n[default]\nname2 = value2\n[profile default]\nname3 = value3"
	return []sdkCase{
		{name: "an empty file"},
		{name: "an empty profile", config: "[profile foo]", want: "foo{}"},
		{
			"signs in names", "[profile some-thing:long/the_one%only.foo@bar+]\n[profile foo!bar]", "",
			"some-thing:long/the_one%only.foo@bar+{}",
			[]report{{2, botocore}, {2, goSDK}, {2, jsSDK}, {2, otherSDKs}},
		},
		{name: "no end bracket", config: "[profile foo", want: "refused"},
		{name: "blanks around a name", config: "[profile \tfoo \t]", want: "foo{}"},
		{name: "a tab before a name", config: "[profile\tfoo]", want: "foo{}"},
		{name: "a property without a profile", config: "name = value", want: "refused"},
		{name: "a property", config: "[profile foo]\nname = value", want: "foo{name=value}"},
		{name: "line ends of Windows", config: "[profile foo]\r\nname = value", want: "foo{name=value}"},
		{name: "an equals sign in a value", config: "[profile foo]\nname = val=ue", want: "foo{name=val=ue}"},
		{name: "Unicode in a value", config: "[profile foo]\nname = 😂", want: "foo{name=😂}"},
		{
			name: "two properties", config: "[profile foo]\nname = value\nname2 = value2",
			want: "foo{name=value name2=value2}",
		},
		{name: "blanks around keys and values", config: "[profile foo]\nname \t=  \tvalue \t", want: "foo{name=value}"},
		{name: "an empty value", config: "[profile foo]\nname =", want: "foo{name=}"},
		{name: "an empty key", config: "[profile foo]\n= value", want: "refused"},
		{"a colon", "[profile foo]\nkey : value", "", "refused", []report{
			{2, botocore}, {2, goSDK}, {2, jsSDK}, {2, otherSDKs},
		}},
		{name: "two empty profiles", config: "[profile foo]\n[profile bar]", want: "bar{}; foo{}"},
		{
			name: "two profiles", config: "[profile foo]\nname = value\n[profile bar]\nname2 = value2",
			want: "bar{name2=value2}; foo{name=value}",
		},
		{
			name: "blank lines", config: "\t \n[profile foo]\n\t\n \nname = value\n\t \n[profile bar]\n \t",
			want: "bar{}; foo{name=value}",
		},
		{
			"comments with #", "# Comment\n[profile foo] # Comment\nname = value # Comment with # sign", "",
			"foo{name=value}", one(3, botocore),
		},
		{
			"comments with ;", "; Comment\n[profile foo] ; Comment\nname = value ; Comment with ; sign", "",
			"foo{name=value}", one(3, botocore),
		},
		{
			"comments with both", "# Comment\n[profile foo] ; Comment\nname = value # Comment with ; sign", "",
			"foo{name=value}", one(3, botocore),
		},
		{"empty comments", ";\n[profile foo];\nname = value ;\n", "", "foo{name=value}", one(3, botocore)},
		{
			name:   "comments right after a header",
			config: "[profile foo]; Adjacent semicolons\n[profile bar]# Adjacent pound signs", want: "bar{}; foo{}",
		},
		{
			name:   "comments right after a value",
			config: "[profile foo]\nname = value; Adjacent semicolons\nname2 = value# Adjacent pound signs",
			want:   "foo{name=value; Adjacent semicolons name2=value# Adjacent pound signs}",
		},
		{
			name: "a value of two lines", config: "[profile foo]\nname = value\n -continued",
			want: "foo{name=value\n-continued}",
		},
		{
			name: "a value of three lines", config: "[profile foo]\nname = value\n -continued\n -and-continued",
			want: "foo{name=value\n-continued\n-and-continued}",
		},
		{
			name: "blanks around a second line", config: "[profile foo]\nname = value\n \t -continued \t ",
			want: "foo{name=value\n-continued}",
		},
		{
			name: "# in a second line", config: "[profile foo]\nname = value\n -continued # Comment",
			want: "foo{name=value\n-continued # Comment}",
		},
		{
			name: "; in a second line", config: "[profile foo]\nname = value\n -continued ; Comment",
			want: "foo{name=value\n-continued ; Comment}",
		},
		{name: "an indented line alone", config: " -continued", want: "refused"},
		{name: "an indented line below a header", config: "[profile foo]\n -continued", want: "refused"},
		{
			name: "an indented line below a second header", want: "refused",
			config: "[profile foo]\nname = value\n[profile foo]\n -continued",
		},
		{
			"a profile twice", "[profile foo]\nname = value\n[profile foo]\nname2 = value2", "",
			"foo{name=value name2=value2}", one(3, botocore),
		},
		{"a key twice", "[profile foo]\nname = value\nname = value2", "", "foo{name=value2}", one(3, botocore)},
		{
			"a key in a profile twice", "[profile foo]\nname = value\n[profile foo]\nname = value2", "",
			"foo{name=value2}", one(3, botocore),
		},
		{
			"a key in two spellings", "[profile foo]\nName = value\n[profile foo]\nname = value2", "",
			"foo{name=value2}", one(3, botocore),
		},
		{
			"profile default, then default", "[profile default]\nname = value\n[default]\nname2 = value2", "",
			"default{name=value}", one(3, botocore),
		},
		{
			name: "default, then profile default", want: "default{name=value}",
			config: "[default]\nname2 = value2\n[profile default]\nname = value",
		},
		{
			"blanks in names", "[profile in valid]\nname = value", "[in valid 2]\nname2 = value2", "",
			[]report{{1, goSDK}, {-1, botocore}, {-1, goSDK}, {-1, jsSDK}, {-1, otherSDKs}},
		},
		{"blanks in keys", "[profile foo]\nin valid = value", "", "foo{}", one(2, otherSDKs)},
		{
			name:   "all letters of names",
			config: "[profile ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_]",
			want:   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_{}",
		},
		{
			name:   "all letters of keys",
			config: "[profile foo]\nABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_ = value",
			want:   "foo{abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789-_=value}",
		},
		{name: "a block", config: "[profile foo]\ns3 =\n name = value", want: "foo{s3={name=value}}"},
		{name: "a bare line in a block", config: "[profile foo]\ns3 =\n invalid", want: "refused"},
		{name: "an empty value in a block", config: "[profile foo]\ns3 =\n name =", want: "foo{s3={name=}}"},
		{"no key in a block", "[profile foo]\ns3 =\n = value", "", "refused", one(3, otherSDKs)},
		{
			name: "blanks in a key of a block", config: "[profile foo]\ns3 =\n in valid = value",
			want: "foo{s3={in valid=value}}",
		},
		{
			name: "blank lines in a block", config: "[profile foo]\ns3 =\n name = value\n\t \n name2 = value2",
			want: "foo{s3={name=value name2=value2}}",
		},
		{
			name: "both files", config: "[profile foo]\nname = value", credentials: "[foo]\nname2 = value2",
			want: "foo{name=value name2=value2}",
		},
		{"default in three pieces", defaults, "", "default{name=value name3=value3}", one(3, botocore)},
		{
			"default in both files", defaults, "[default]\nsecret=foo", "default{name=value name3=value3 secret=foo}",
			one(5, botocore),
		},
		{
			name: "a key in both files", config: "[profile foo]\nname = value", credentials: "[foo]\nname = value2",
			want: "foo{name=value2}",
		},
		{name: "no prefix in the config file", config: "[foo]\nname = value"},
		{"a prefix in the credentials file", "", "[profile foo]\nname = value", "", one(-1, botocore)},
		{name: "comments next to headers", config: "[profile foo]; semicolon\n[profile bar]# pound", want: "bar{}; foo{}"},
		{
			name: "a second header ends a value", config: "[profile foo]\nname = value\n[profile foo]\n -continued",
			want: "refused",
		},
		{name: "no blank after the prefix", config: "[profilefoo]\nname = value\n[profile bar]", want: "bar{}"},
		{
			"blanks in the brackets", "[   profile foo    ]\nname = value\n[profile bar]", "", "bar{}; foo{name=value}",
			[]report{{1, botocore}, {1, goSDK}, {1, jsSDK}, {1, otherSDKs}},
		},
		{
			"blanks in the brackets of the credentials file", "", "[   foo    ]\nname = value\n[profile bar]",
			"foo{name=value}",
			[]report{{-1, botocore}, {-1, otherSDKs}, {-3, botocore}},
		},
		{
			name: "keys of an ignored profile", want: "bar{name=value2}; foo{name=value}",
			config: "[profile foo]\nname = value\n[profile in valid]\nx = 1\n[profile bar]\nname = value2",
		},
	}
}

// kotlinCases are the rows that the Kotlin SDK has besides, in its SpecTestSuites.kt, or where it wants another
// answer.
func kotlinCases() []sdkCase {
	one := func(line int, tool string) []report { return []report{{line, tool}} }
	return []sdkCase{
		{"the case of keys", "[profile foo]\nABCabc09-_ = value", "", "foo{ABCabc09-_=value}", one(2, "case-sensitive")},
		{
			"blanks in a key of a block", "[profile foo]\ns3 =\n in valid = value\n valid = value", "", "foo{s3={valid=value}}",
			one(3, "the Java and Kotlin SDKs"),
		},
		{
			name:   "second lines and blocks",
			config: "[default]\nname = value1\n value2 = 12 \n value3\nname2 = value2\nname3 =\n name3_0 = 1",
			want:   "default{name=value1\nvalue2 = 12\nvalue3 name2=value2 name3={name3_0=1}}",
		},
		{
			"a session in the credentials file", "", "[sso-session my-session]\nname = value1", "refused",
			[]report{{-1, botocore}, {-1, otherSDKs}},
		},
		{
			name: "a session", config: "[sso-session my-session]\nname = value1",
			want: "sso-session my-session{name=value1}",
		},
		{
			name: "a session and a profile", config: "[sso-session foo]\nname = value1\n[profile foo]\nname2 = value2\n",
			want: "foo{name2=value2}; sso-session foo{name=value1}",
		},
		{
			"blanks in the brackets of a session", "[   sso-session foo    ]\nname = value\n[profile bar]", "",
			"bar{}; sso-session foo{name=value}",
			[]report{{1, botocore}, {1, otherSDKs}},
		},
		{name: "a session without a name", config: "[sso-session]\nname = value\n"},
		{
			name:   "services",
			config: "[default]\nservices = my-services\n[services my-services]\ns3 =\n\tendpoint_url = https://s3.example",
			want:   "default{services=my-services}; services my-services{s3={endpoint_url=https://s3.example}}",
		},
		{
			name: "a section of another kind", want: "default{region=us-weast-4}",
			config: "[default]\nregion = us-weast-4\n[foobar my-custom-section]\napple =\n\tbanana = cherry",
		},
		{
			name: "a session named default", want: "default{name=a}; sso-session default{name=b}",
			config: "[default]\nname = a\n[sso-session default]\nname = b",
		},
	}
}
