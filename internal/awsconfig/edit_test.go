package awsconfig_test

import (
	"strings"
	"testing"

	"rolecall/internal/awsconfig"
)

func setKeys(t *testing.T, before, kind, name string, keys ...awsconfig.Key) string {
	t.Helper()
	d, err := awsconfig.Parse("config", []byte(before))
	if err != nil {
		t.Fatal(err)
	}
	after, err := d.SetKeys(kind, name, keys)
	if err != nil {
		t.Fatalf("%q: %v", before, err)
	}
	return string(after)
}

func TestSetKeys(t *testing.T) {
	region, output := awsconfig.Key{Name: "region", Value: "eu-west-1"}, awsconfig.Key{Name: "output", Value: "json"}
	block := awsconfig.Key{Name: "sso", Block: []awsconfig.Key{{Name: "endpoint_url", Value: "http://127.0.0.1:1"}}}
	for name, x := range map[string]struct {
		before, want string
		keys         []awsconfig.Key
	}{
		"in an empty file":        {"", "[profile a]\nregion = eu-west-1\n", []awsconfig.Key{region}},
		"after a byte order mark": {"\xef\xbb\xbf", "\xef\xbb\xbf[profile a]\nregion = eu-west-1\n", []awsconfig.Key{region}},
		"at the end":              {"[b]\nc=d\n", "[b]\nc=d\n\n[profile a]\nregion = eu-west-1\n", []awsconfig.Key{region}},
		"at the end, CRLF": {
			"[b]\r\nc=d\r\n", "[b]\r\nc=d\r\n\r\n[profile a]\r\nregion = eu-west-1\r\n",
			[]awsconfig.Key{region},
		},
		"no last line break": {"[b]\nc=d", "[b]\nc=d\n\n[profile a]\nregion = eu-west-1", []awsconfig.Key{region}},
		"changed": {
			"[profile a] # x\n\tRegion:us\n# c\nx = y\n",
			"[profile a] # x\n\tregion = eu-west-1\n# c\nx = y\n",
			[]awsconfig.Key{region},
		},
		"changed and added": {
			"[profile a]\nregion=us\nx = y\n\n# of b\n[b]\n",
			"[profile a]\nregion = eu-west-1\nx = y\noutput = json\n\n# of b\n[b]\n",
			[]awsconfig.Key{region, output},
		},
		"added in the indent": {
			"[profile a]\n  x = y\n  [b]\n", "[profile a]\n  x = y\n  region = eu-west-1\n  [b]\n",
			[]awsconfig.Key{region},
		},
		"a value of lines": {
			"[profile a]\nregion =\n  us\n# c\n  x\nz = z\n",
			"[profile a]\nregion = eu-west-1\n# c\nz = z\n",
			[]awsconfig.Key{region},
		},
		"taken away": {
			"[profile a]\nregion = us\nz = z\n", "[profile a]\nz = z\n",
			[]awsconfig.Key{{Name: "region"}},
		},
		"twice": {
			"[profile a]\nregion = us\nregion = eu\n", "[profile a]\nregion = eu-west-1\n",
			[]awsconfig.Key{region},
		},
		"a block": {
			"[profile a]\n", "[profile a]\nsso =\n  endpoint_url = http://127.0.0.1:1\n",
			[]awsconfig.Key{block},
		},
		"a block changed": {
			"[profile a]\nsso =\n    x = y\n    endpoint_url=z\n",
			"[profile a]\nsso =\n    x = y\n    endpoint_url = http://127.0.0.1:1\n",
			[]awsconfig.Key{block},
		},
		"a block grown": {"[profile a]\nsso =\n\tx = y\nz = z\n", "[profile a]\nsso =\n\tx = y\n\tendpoint_url = " +
			"http://127.0.0.1:1\nz = z\n", []awsconfig.Key{block}},
		"a key at the end": {"[profile a]\nx = y", "[profile a]\nx = y\nregion = eu-west-1", []awsconfig.Key{region}},
	} {
		if got := setKeys(t, x.before, "profile", "a", x.keys...); got != x.want {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, x.want)
		}
	}
	if got, want := setKeys(t, "", "sso-session", "my corp", region),
		"[sso-session \"my corp\"]\nregion = eu-west-1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := setKeys(t, "[profile b]\n", "profile", "default", region),
		"[profile b]\n\n[default]\nregion = eu-west-1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatSetKeysRefuses(t *testing.T) {
	for name, x := range map[string]struct {
		before, kind, name string
		key                awsconfig.Key
	}{
		"a line break": {"", "profile", "a", awsconfig.Key{Name: "region", Value: "x\ncredential_process = y"}},
		"an escape":    {"", "profile", "a", awsconfig.Key{Name: "region", Value: "x\x1b[31m"}},
		"a C1 control": {"", "profile", "a", awsconfig.Key{Name: "region", Value: "x\u0085y"}},
		"in a block": {
			"", "services", "a",
			awsconfig.Key{Name: "sso", Block: []awsconfig.Key{{Name: "endpoint_url", Value: "x\r"}}},
		},
		"a comment":       {"", "profile", "a", awsconfig.Key{Name: "region", Value: "x # y"}},
		"quotes":          {"", "profile", "a", awsconfig.Key{Name: "region", Value: `"x"`}},
		"a key":           {"", "profile", "a", awsconfig.Key{Name: "re=gion", Value: "x"}},
		"a header":        {"", "profile", "a]\n[b", awsconfig.Key{Name: "region", Value: "x"}},
		"a kind":          {"", "preview", "a", awsconfig.Key{Name: "region", Value: "x"}},
		"a section twice": {"[profile a]\n[profile 'a']\n", "profile", "a", awsconfig.Key{Name: "region", Value: "x"}},
		"an indented next, swallowed by a block": {
			"[profile a]\n  [b]\n", "profile", "a",
			awsconfig.Key{Name: "sso", Block: []awsconfig.Key{{Name: "endpoint_url", Value: "http://127.0.0.1:1"}}},
		},
		"an indented next": {"[profile a]\n  [b]\nx = y\n", "profile", "a", awsconfig.Key{Name: "region", Value: "x"}},
	} {
		d, err := awsconfig.Parse("config", []byte(x.before))
		if err != nil {
			t.Fatal(err)
		}
		if after, err := d.SetKeys(x.kind, x.name, []awsconfig.Key{x.key}); err == nil {
			t.Errorf("%s: %q", name, after)
		}
	}
}

// A name that some tool would read differently is refused for what it is.
func TestNamesOfSections(t *testing.T) {
	d, err := awsconfig.Parse("config", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "a]", "[a", "a]b", `a"b`, "a'b", `a\b`, "a#b", "a;b", " a", "a\t"} {
		_, err := d.SetKeys("profile", name, []awsconfig.Key{{Name: "region", Value: "x"}})
		if err == nil || !strings.Contains(err.Error(), "cannot be the name of a section") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// For any file: the key is there afterwards, and removing the section again restores the same bytes.
func FuzzSetKeys(f *testing.F) {
	for _, seed := range []string{
		"", someone, "\xef\xbb\xbf[a]\r\nb=c", "[a]\rb=c\r", "[a]\nb =\n  c = d\n e",
		"# only\n\n", "[a]\n  b=c\n    [x]", "[DEFAULT]\nregion=x\n", "[a]\r\nb\rc=\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := awsconfig.Parse("config", data)
		if err != nil || strings.Contains(string(data), "made-up") {
			return
		}
		after, err := d.SetKeys("profile", "made-up", []awsconfig.Key{{Name: "x_y", Value: "z"}})
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		at := strings.Index(string(after), "[profile made-up]")
		if !strings.HasPrefix(string(after[:at]), string(data)) {
			t.Errorf("%q became %q", data, after)
		}
		added := strings.Trim(string(after[len(data):]), "\r\n")
		if strings.ReplaceAll(added, "\r\n", "\n") != "[profile made-up]\nx_y = z" {
			t.Errorf("%q became %q", data, after)
		}
		again, err := awsconfig.Parse("config", after)
		if err != nil {
			t.Fatal(err)
		}
		same, err := again.SetKeys("profile", "made-up", []awsconfig.Key{{Name: "x_y", Value: "z"}})
		if err != nil || string(same) != string(after) {
			t.Errorf("%q became %q the second time: %v", after, same, err)
		}
	})
}

// Lines with lone carriage returns keep the bytes of the file, too.
func TestLinesOfAllBreaks(t *testing.T) {
	d, err := awsconfig.Parse("config", []byte("[profile a]\nx=1\ry=2\r\nz=3\r\r\nw=4\ra"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range d.Lines(d.Sections()[0]) {
		got = append(got, l.Text)
	}
	if strings.Join(got, "|") != "x=1|y=2|z=3||w=4|a" {
		t.Errorf("got %q", got)
	}
}

// Several sections change in one edit: lines that are added to the last one stay above new sections.
func TestSetSections(t *testing.T) {
	const text = "[profile a]\nold = 1 # kept\n# about x\nx = y\n\n[profile b]\nregion = eu-west-1"
	d, err := awsconfig.Parse("config", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	data, err := d.SetSections([]awsconfig.Change{
		{Kind: "sso-session", Name: "new", Keys: []awsconfig.Key{{Name: "sso_region", Value: "eu-west-1"}}},
		{Kind: "profile", Name: "b", Keys: []awsconfig.Key{{Name: "output", Value: "json"}}},
		{Kind: "profile", Name: "a", Keys: []awsconfig.Key{{Name: "sso_session", Value: "new", Was: "x"}}},
		{Kind: "profile", Name: "c", Keys: []awsconfig.Key{{Name: "region", Value: "eu-west-1"}}},
	})
	want := "[profile a]\nold = 1 # kept\n# about x\nsso_session = new\n\n[profile b]\nregion = eu-west-1\n" +
		"output = json\n\n[sso-session new]\nsso_region = eu-west-1\n\n[profile c]\nregion = eu-west-1"
	if err != nil || string(data) != want {
		t.Errorf("%v\n%s", err, data)
	}
	twice := []awsconfig.Key{{Name: "sso_session", Value: "s", Was: "x"}}
	d, err = awsconfig.Parse("config", []byte("[profile a]\nx = 1\nsso_session = 2\nregion = r\n"))
	if err != nil {
		t.Fatal(err)
	}
	want = "[profile a]\nsso_session = s\nregion = r\n"
	if data, err = d.SetKeys("profile", "a", twice); err != nil || string(data) != want {
		t.Errorf("%v\n%s", err, data)
	}
}
