// Package sdkcases is the table of cases by which the AWS SDKs test their readers of the shared config files, for tests
// of what is said about such files. No program imports it.
package sdkcases

// The tools that read by rules of their own, as reports name them.
const (
	Botocore      = "botocore"
	GoSDK         = "the Go SDK"
	JavaScriptSDK = "the JavaScript SDK"
	OtherSDKs     = "the Java, Kotlin and Rust SDKs"
)

// A Case is a row of the table. Want is what those SDKs read, like foo{key=value s3={a=b}}; sso-session corp{…}, or
// "refused". Where botocore, and so rolecall, reads something else, Reports are the places and tools that have to be
// named.
type Case struct {
	Name, Config, Credentials, Want string
	Reports                         []Report
}

// A Report is a problem that has to be named: its line, in the credentials file when negative, and a tool.
type Report struct {
	Line int
	Tool string
}

// All is the whole table.
func All() []Case { return append(SDKs(), Kotlin()...) }

// SDKs is the table as the Rust SDK has it: aws-config/test-data/profile-parser-tests.json.
func SDKs() []Case {
	one := func(line int, tool string) []Report { return []Report{{line, tool}} }
	const defaults = "[profile default]\nname = value\n[default]\nname2 = value2\n[profile default]\nname3 = value3"
	return []Case{
		{Name: "an empty file"},
		{Name: "an empty profile", Config: "[profile foo]", Want: "foo{}"},
		{
			"signs in names", "[profile some-thing:long/the_one%only.foo@bar+]\n[profile foo!bar]", "",
			"some-thing:long/the_one%only.foo@bar+{}",
			[]Report{{2, Botocore}, {2, GoSDK}, {2, JavaScriptSDK}, {2, OtherSDKs}},
		},
		{Name: "no end bracket", Config: "[profile foo", Want: "refused"},
		{Name: "blanks around a name", Config: "[profile \tfoo \t]", Want: "foo{}"},
		{Name: "a tab before a name", Config: "[profile\tfoo]", Want: "foo{}"},
		{Name: "a property without a profile", Config: "name = value", Want: "refused"},
		{Name: "a property", Config: "[profile foo]\nname = value", Want: "foo{name=value}"},
		{Name: "line ends of Windows", Config: "[profile foo]\r\nname = value", Want: "foo{name=value}"},
		{Name: "an equals sign in a value", Config: "[profile foo]\nname = val=ue", Want: "foo{name=val=ue}"},
		{Name: "Unicode in a value", Config: "[profile foo]\nname = 😂", Want: "foo{name=😂}"},
		{
			Name: "two properties", Config: "[profile foo]\nname = value\nname2 = value2",
			Want: "foo{name=value name2=value2}",
		},
		{Name: "blanks around keys and values", Config: "[profile foo]\nname \t=  \tvalue \t", Want: "foo{name=value}"},
		{Name: "an empty value", Config: "[profile foo]\nname =", Want: "foo{name=}"},
		{Name: "an empty key", Config: "[profile foo]\n= value", Want: "refused"},
		{"a colon", "[profile foo]\nkey : value", "", "refused", []Report{
			{2, Botocore}, {2, GoSDK}, {2, JavaScriptSDK}, {2, OtherSDKs},
		}},
		{Name: "two empty profiles", Config: "[profile foo]\n[profile bar]", Want: "bar{}; foo{}"},
		{
			Name: "two profiles", Config: "[profile foo]\nname = value\n[profile bar]\nname2 = value2",
			Want: "bar{name2=value2}; foo{name=value}",
		},
		{
			Name: "blank lines", Config: "\t \n[profile foo]\n\t\n \nname = value\n\t \n[profile bar]\n \t",
			Want: "bar{}; foo{name=value}",
		},
		{
			"comments with #", "# Comment\n[profile foo] # Comment\nname = value # Comment with # sign", "",
			"foo{name=value}", one(3, Botocore),
		},
		{
			"comments with ;", "; Comment\n[profile foo] ; Comment\nname = value ; Comment with ; sign", "",
			"foo{name=value}", one(3, Botocore),
		},
		{
			"comments with both", "# Comment\n[profile foo] ; Comment\nname = value # Comment with ; sign", "",
			"foo{name=value}", one(3, Botocore),
		},
		{"empty comments", ";\n[profile foo];\nname = value ;\n", "", "foo{name=value}", one(3, Botocore)},
		{
			Name:   "comments right after a header",
			Config: "[profile foo]; Adjacent semicolons\n[profile bar]# Adjacent pound signs", Want: "bar{}; foo{}",
		},
		{
			Name:   "comments right after a value",
			Config: "[profile foo]\nname = value; Adjacent semicolons\nname2 = value# Adjacent pound signs",
			Want:   "foo{name=value; Adjacent semicolons name2=value# Adjacent pound signs}",
		},
		{
			Name: "a value of two lines", Config: "[profile foo]\nname = value\n -continued",
			Want: "foo{name=value\n-continued}",
		},
		{
			Name: "a value of three lines", Config: "[profile foo]\nname = value\n -continued\n -and-continued",
			Want: "foo{name=value\n-continued\n-and-continued}",
		},
		{
			Name: "blanks around a second line", Config: "[profile foo]\nname = value\n \t -continued \t ",
			Want: "foo{name=value\n-continued}",
		},
		{
			Name: "# in a second line", Config: "[profile foo]\nname = value\n -continued # Comment",
			Want: "foo{name=value\n-continued # Comment}",
		},
		{
			Name: "; in a second line", Config: "[profile foo]\nname = value\n -continued ; Comment",
			Want: "foo{name=value\n-continued ; Comment}",
		},
		{Name: "an indented line alone", Config: " -continued", Want: "refused"},
		{Name: "an indented line below a header", Config: "[profile foo]\n -continued", Want: "refused"},
		{
			Name: "an indented line below a second header", Want: "refused",
			Config: "[profile foo]\nname = value\n[profile foo]\n -continued",
		},
		{
			"a profile twice", "[profile foo]\nname = value\n[profile foo]\nname2 = value2", "",
			"foo{name=value name2=value2}", one(3, Botocore),
		},
		{"a key twice", "[profile foo]\nname = value\nname = value2", "", "foo{name=value2}", one(3, Botocore)},
		{
			"a key in a profile twice", "[profile foo]\nname = value\n[profile foo]\nname = value2", "",
			"foo{name=value2}", one(3, Botocore),
		},
		{
			"a key in two spellings", "[profile foo]\nName = value\n[profile foo]\nname = value2", "",
			"foo{name=value2}", one(3, Botocore),
		},
		{
			"profile default, then default", "[profile default]\nname = value\n[default]\nname2 = value2", "",
			"default{name=value}", one(3, Botocore),
		},
		{
			Name: "default, then profile default", Want: "default{name=value}",
			Config: "[default]\nname2 = value2\n[profile default]\nname = value",
		},
		{
			"blanks in names", "[profile in valid]\nname = value", "[in valid 2]\nname2 = value2", "",
			[]Report{{1, GoSDK}, {-1, Botocore}, {-1, GoSDK}, {-1, JavaScriptSDK}, {-1, OtherSDKs}},
		},
		{"blanks in keys", "[profile foo]\nin valid = value", "", "foo{}", one(2, OtherSDKs)},
		{
			Name:   "all letters of names",
			Config: "[profile ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_]",
			Want:   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_{}",
		},
		{
			Name:   "all letters of keys",
			Config: "[profile foo]\nABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_ = value",
			Want:   "foo{abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789-_=value}",
		},
		{Name: "a block", Config: "[profile foo]\ns3 =\n name = value", Want: "foo{s3={name=value}}"},
		{Name: "a bare line in a block", Config: "[profile foo]\ns3 =\n invalid", Want: "refused"},
		{Name: "an empty value in a block", Config: "[profile foo]\ns3 =\n name =", Want: "foo{s3={name=}}"},
		{"no key in a block", "[profile foo]\ns3 =\n = value", "", "refused", one(3, OtherSDKs)},
		{
			Name: "blanks in a key of a block", Config: "[profile foo]\ns3 =\n in valid = value",
			Want: "foo{s3={in valid=value}}",
		},
		{
			Name: "blank lines in a block", Config: "[profile foo]\ns3 =\n name = value\n\t \n name2 = value2",
			Want: "foo{s3={name=value name2=value2}}",
		},
		{
			Name: "both files", Config: "[profile foo]\nname = value", Credentials: "[foo]\nname2 = value2",
			Want: "foo{name=value name2=value2}",
		},
		{"default in three pieces", defaults, "", "default{name=value name3=value3}", one(3, Botocore)},
		{
			"default in both files", defaults, "[default]\nsecret=foo", "default{name=value name3=value3 secret=foo}",
			one(5, Botocore),
		},
		{
			Name: "a key in both files", Config: "[profile foo]\nname = value", Credentials: "[foo]\nname = value2",
			Want: "foo{name=value2}",
		},
		{Name: "no prefix in the config file", Config: "[foo]\nname = value"},
		{"a prefix in the credentials file", "", "[profile foo]\nname = value", "", one(-1, Botocore)},
		{Name: "comments next to headers", Config: "[profile foo]; semicolon\n[profile bar]# pound", Want: "bar{}; foo{}"},
		{
			Name: "a second header ends a value", Config: "[profile foo]\nname = value\n[profile foo]\n -continued",
			Want: "refused",
		},
		{Name: "no blank after the prefix", Config: "[profilefoo]\nname = value\n[profile bar]", Want: "bar{}"},
		{
			"blanks in the brackets", "[   profile foo    ]\nname = value\n[profile bar]", "", "bar{}; foo{name=value}",
			[]Report{{1, Botocore}, {1, GoSDK}, {1, JavaScriptSDK}, {1, OtherSDKs}},
		},
		{
			"blanks in the brackets of the credentials file", "", "[   foo    ]\nname = value\n[profile bar]",
			"foo{name=value}",
			[]Report{{-1, Botocore}, {-1, OtherSDKs}, {-3, Botocore}},
		},
		{
			Name: "keys of an ignored profile", Want: "bar{name=value2}; foo{name=value}",
			Config: "[profile foo]\nname = value\n[profile in valid]\nx = 1\n[profile bar]\nname = value2",
		},
	}
}

// Kotlin are the rows that the Kotlin SDK has besides, in its SpecTestSuites.kt, or where it wants another
// answer.
func Kotlin() []Case {
	one := func(line int, tool string) []Report { return []Report{{line, tool}} }
	return []Case{
		{"the case of keys", "[profile foo]\nABCabc09-_ = value", "", "foo{ABCabc09-_=value}", one(2, "case-sensitive")},
		{
			"blanks in a key of a block", "[profile foo]\ns3 =\n in valid = value\n valid = value", "", "foo{s3={valid=value}}",
			one(3, "the Java and Kotlin SDKs"),
		},
		{
			Name:   "second lines and blocks",
			Config: "[default]\nname = value1\n value2 = 12 \n value3\nname2 = value2\nname3 =\n name3_0 = 1",
			Want:   "default{name=value1\nvalue2 = 12\nvalue3 name2=value2 name3={name3_0=1}}",
		},
		{
			"a session in the credentials file", "", "[sso-session my-session]\nname = value1", "refused",
			[]Report{{-1, Botocore}, {-1, OtherSDKs}},
		},
		{
			Name: "a session", Config: "[sso-session my-session]\nname = value1",
			Want: "sso-session my-session{name=value1}",
		},
		{
			Name: "a session and a profile", Config: "[sso-session foo]\nname = value1\n[profile foo]\nname2 = value2\n",
			Want: "foo{name2=value2}; sso-session foo{name=value1}",
		},
		{
			"blanks in the brackets of a session", "[   sso-session foo    ]\nname = value\n[profile bar]", "",
			"bar{}; sso-session foo{name=value}",
			[]Report{{1, Botocore}, {1, OtherSDKs}},
		},
		{Name: "a session without a name", Config: "[sso-session]\nname = value\n"},
		{
			Name:   "services",
			Config: "[default]\nservices = my-services\n[services my-services]\ns3 =\n\tendpoint_url = https://s3.example",
			Want:   "default{services=my-services}; services my-services{s3={endpoint_url=https://s3.example}}",
		},
		{
			Name: "a section of another kind", Want: "default{region=us-weast-4}",
			Config: "[default]\nregion = us-weast-4\n[foobar my-custom-section]\napple =\n\tbanana = cherry",
		},
		{
			Name: "a session named default", Want: "default{name=a}; sso-session default{name=b}",
			Config: "[default]\nname = a\n[sso-session default]\nname = b",
		},
	}
}
