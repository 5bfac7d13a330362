package policy

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rolecall/internal/proof"
)

// combined is a policy of the machine's text and the person's, which may be empty.
func combined(t *testing.T, machine, own string) (Policy, error) {
	t.Helper()
	var sources []Source
	for file, text := range map[string]string{"policy.toml": machine, "config.toml": own} {
		s, err := Parse(file, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if file == "policy.toml" {
			sources = append([]Source{s}, sources...)
			continue
		}
		sources = append(sources, s)
	}
	return Combine(sources...)
}

// Whatever the person sets narrows the machine's policy, and never widens it.
func TestPeopleOnlyNarrow(t *testing.T) {
	asks := map[string]func(Policy) error{
		"device code":  func(p Policy) error { return p.Allow(DeviceCode, "it") },
		"shared":       func(p Policy) error { return p.AllowStorage("shared") },
		"split":        func(p Policy) error { return p.AllowStorage("split") },
		"write":        func(p Policy) error { return p.Allow(Write, "it") },
		"browser":      func(p Policy) error { return p.Allow(Browser, "it") },
		"corp":         func(p Policy) error { return p.AllowSession("corp") },
		"a legacy one": func(p Policy) error { return p.AllowSession("") },
		"acme":         func(p Policy) error { return p.AllowStartURL("https://acme.awsapps.com/start") },
		"acme with #/": func(p Policy) error { return p.AllowStartURL("https://ACME.awsapps.com:443/start/#/") },
		"a path":       func(p Policy) error { return p.AllowStartURL("https://evil.example/x.awsapps.com/start") },
		"a user":       func(p Policy) error { return p.AllowStartURL("https://acme.awsapps.com@evil.example/start") },
		"no TLS":       func(p Policy) error { return p.AllowStartURL("http://acme.awsapps.com/start") },
		"a longer one": func(p Policy) error { return p.AllowStartURL("https://acme.awsapps.com.evil.example/start") },
		"AWS's own":    func(p Policy) error { return p.AllowEndpoint("https://oidc.us-east-1.amazonaws.com", true) },
		"a stray one":  func(p Policy) error { return p.AllowEndpoint("https://oidc.us-east-1.amazonaws.com", false) },
		"a proxy":      func(p Policy) error { return p.AllowEndpoint("https://sso.acme.example/x", false) },
	}
	const anyURL, aws = "allowed_start_urls = ['https://*.awsapps.com/start']", "allowed_endpoints = ['aws']"
	pairs := []struct{ machine, own, ask, key string }{ // key: of the rule that refuses; empty: none
		{"", "", "device code", ""},
		{"device_code = false", "", "device code", "device_code"},
		{"device_code = false", "device_code = true", "device code", "device_code"},
		{"device_code = true", "device_code = false", "device code", "device_code"},
		{"device_code = true", "device_code = true", "device code", ""},
		{"device_code = false", "", "write", ""},
		{"", "write = false", "write", "write"},
		{"browser = false", "write = false", "browser", "browser"},
		{"allowed_sessions = ['corp', 'work-*']", "", "corp", ""},
		{"allowed_sessions = ['c?rp']", "allowed_sessions = ['corp']", "corp", ""},
		{"allowed_sessions = ['work-*', 'corp']", "allowed_sessions = ['work-1']", "corp", "allowed_sessions"},
		{"allowed_sessions = ['*']", "", "a legacy one", "allowed_sessions"},
		{"", "allowed_sessions = ['home']", "corp", "allowed_sessions"},
		{anyURL, "", "acme", ""},
		{anyURL, "", "acme with #/", ""},
		{anyURL, "", "a path", "allowed_start_urls"},
		{anyURL, "", "a user", "allowed_start_urls"},
		{anyURL, "", "no TLS", "allowed_start_urls"},
		{anyURL, "", "a longer one", "allowed_start_urls"},
		{anyURL, "allowed_start_urls = ['https://home.awsapps.com/start']", "acme", "allowed_start_urls"},
		{"storage = 'split'", "", "shared", "storage"},
		{"storage = 'split'", "storage = 'shared'", "shared", "storage"},
		{"storage = 'split'", "storage = 'private'", "split", "storage"},
		{"storage = 'private'", "storage = 'split'", "split", "storage"},
		{"storage = 'split'", "", "split", ""},
		{aws, "", "AWS's own", ""},
		{aws, "", "a stray one", "allowed_endpoints"},
		{aws, "", "a proxy", "allowed_endpoints"},
		{"allowed_endpoints = ['aws', 'https://sso.acme.example']", "", "a proxy", ""},
		{"allowed_endpoints = ['aws', 'https://sso.acme.example']", aws, "a proxy", "allowed_endpoints"},
		{"allowed_endpoints = ['https://*.acme.example']", "", "AWS's own", "allowed_endpoints"},
	}
	for _, c := range pairs {
		p, err := combined(t, c.machine, c.own)
		if err != nil {
			t.Fatal(err)
		}
		key := ""
		var refusal *Refusal
		if errors.As(asks[c.ask](p), &refusal) {
			key = refusal.Rule.Key
		}
		if key != c.key {
			t.Errorf("%q, %q: %s is refused by %q, want %q", c.machine, c.own, c.ask, key, c.key)
		}
	}
	proof.Note(t, "policy", len(pairs), len(pairs))
}

func TestGuardsAddUpAndTheShortestTimeCounts(t *testing.T) {
	const long, short = "longest_cached_keys = '1h'", "longest_cached_keys = '15m'"
	p, err := combined(t, "guarded = ['prod-*']\n"+long, "guarded = ['pay']\n"+short)
	var guarded []string
	for _, g := range p.Guards() {
		guarded = append(guarded, g.Pattern)
	}
	if err != nil || strings.Join(guarded, " ") != "prod-* pay" || p.LongestCached() != 15*time.Minute {
		t.Error(guarded, p.LongestCached(), err)
	}
	if p, _ := combined(t, short, long); p.LongestCached() != 15*time.Minute {
		t.Error(p.LongestCached())
	}
}

// However an address is written, a pattern without wildcards allows what it names.
func TestPatternsAllowWhatTheyName(t *testing.T) {
	for pattern, address := range map[string]string{
		"https://acme.awsapps.com:443/start":  "https://acme.awsapps.com/start",
		"http://localhost:80/":                "http://localhost",
		"https://Acme.awsapps.com/start/#/":   "https://acme.awsapps.com/start",
		"https://acme.awsapps.com/%7Ea":       "https://acme.awsapps.com/%7Ea",
		"https://acme.awsapps.com//start":     "https://acme.awsapps.com/start",
		"https://[::1]:8443/start":            "https://[::1]:8443/start",
		"http://[::1]:*/start":                "http://[::1]:8080/start",
		"https://*.awsapps.com:443/start":     "https://acme.awsapps.com:443/start",
		"https://acme.awsapps.com/start?a=b*": "https://acme.awsapps.com/start-a=b",
	} {
		p, err := combined(t, "allowed_start_urls = ['"+pattern+"']", "")
		if err == nil {
			err = p.AllowStartURL(address)
		}
		if err != nil {
			t.Errorf("%s: %s: %v", pattern, address, err)
		}
	}
}

func TestAWildcardMatchesNoSlash(t *testing.T) {
	p, err := combined(t, "allowed_start_urls = ['https://*.example/a*']", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{
		"https://x.example/a/b", "https://x.example/a%2Fb", "https://x.example/a%2fb", "https://evil/x.example/a",
		"https://evil%2F.example/a",
	} {
		if p.AllowStartURL(address) == nil {
			t.Errorf("%s is allowed", address)
		}
	}
}

func TestListsWithNothingInCommon(t *testing.T) {
	for _, c := range []struct{ machine, own, want string }{
		{
			"\nallowed_sessions = ['work']", "allowed_sessions = ['home']",
			"config.toml:1: allowed_sessions: has no entry in common with policy.toml:2",
		},
		{
			"allowed_start_urls = ['https://*.awsapps.com/start']", "allowed_start_urls = ['https://acme.example/start']",
			"config.toml:1: allowed_start_urls: has no entry in common with policy.toml:1",
		},
		{"allowed_sessions = ['w*']", "allowed_sessions = ['work']", ""},
		{"allowed_sessions = ['work']", "allowed_sessions = ['w*']", ""},
		{"allowed_sessions = ['w*']", "allowed_sessions = ['*k']", ""},
		{"allowed_sessions = ['work']", "device_code = false", ""},
	} {
		_, err := combined(t, c.machine, c.own)
		if err == nil != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%q, %q: %v, want %q", c.machine, c.own, err, c.want)
		}
	}
}

// A rule that means nothing is an error: an administrator would rely on it.
func TestWhatIsNoRule(t *testing.T) {
	for text, want := range map[string]string{
		"devise_code = false":                     `policy.toml:1: "devise_code" is not a rule of this version`,
		"\nstores = 'split'":                      `policy.toml:2: "stores" is not a rule of this version`,
		"device_code = 'no'":                      "policy.toml:1: ",
		"device_code":                             "policy.toml:1: ",
		"allowed_sessions = []":                   "policy.toml:1: allowed_sessions: the list is empty",
		"guarded = []":                            "policy.toml:1: guarded: the list is empty",
		"guarded = ['']":                          "an entry is empty",
		"allowed_sessions = ['[a']":               `"[a" is not a pattern`,
		"allowed_start_urls = ['acme.awsapps']":   `"acme.awsapps" is not like https://HOST/PATH`,
		"allowed_endpoints = ['https://a/b']":     `"https://a/b" is neither aws nor like https://HOST`,
		"allowed_endpoints = ['https:// a']":      `"https:// a" is neither aws nor like https://HOST`,
		"allowed_endpoints = ['https://x@*']":     `"https://x@*" is neither aws nor like https://HOST`,
		"allowed_start_urls = ['https:// 0']":     `"https:// 0" is not like https://HOST/PATH`,
		"allowed_start_urls = ['https:///*']":     `"https:///*" is not like https://HOST/PATH`,
		"allowed_start_urls = ['https://x@a/b']":  `"https://x@a/b" is not like https://HOST/PATH`,
		"allowed_start_urls = ['https://a:b/c']":  `"https://a:b/c" is not like https://HOST/PATH`,
		"allowed_start_urls = ['https://a*/%zz']": `"https://a*/%zz" is not like https://HOST/PATH`,
		"audit = true":                            "policy.toml:1: ",
		"audit = 'yes'":                           `policy.toml:1: audit: "yes" is not "required"`,
		"longest_cached_keys = '5'":               `"5" is not a time of at least 1m`,
		"write = true\nlongest_cached_keys = '0'": `policy.toml:2: longest_cached_keys: "0" is not a time`,
	} {
		if _, err := Parse("policy.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// Every rule is listed with its line, and every kind of rule has a text that says what it refuses.
func TestRules(t *testing.T) {
	text := "# ours\ndevice_code = false\npaste = false\nbrowser = false\nwrite = false\nserve_beyond_loopback = false\n" +
		"allowed_start_urls = ['https://a/start']\nallowed_endpoints = ['aws']\nallowed_sessions = [\n  'a',\n  'b',\n]\n" +
		"Guarded = ['x']\n\"longest_cached_keys\" = '1h'\naudit = 'required'\n"
	s, err := Parse("policy.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Combine(s)
	want := map[string]int{
		"device_code": 2, "paste": 3, "browser": 4, "write": 5, "serve_beyond_loopback": 6, "allowed_start_urls": 7,
		"allowed_endpoints": 8, "allowed_sessions": 9, "guarded": 13, "longest_cached_keys": 14,
		"audit": 15,
	}
	rules := p.Rules()
	for _, r := range rules {
		if want[r.Key] != r.Line || r.File != "policy.toml" || r.Refuses == "" || r.Value == "" {
			t.Errorf("%+v", r)
		}
	}
	if err != nil || len(rules) != len(want) || p.IsEmpty() || !(Policy{}).IsEmpty() {
		t.Errorf("%d rules, %v", len(rules), err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("device_code = false\nallowed_sessions = ['a*']\n"))
	f.Add([]byte("allowed_start_urls = ['https://[::1]/']"))
	f.Add([]byte("allowed_start_urls = ['https:// 0']"))
	f.Add([]byte("allowed_sessions = ['a\\b']"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse("policy.toml", text)
		var refused *Error
		switch {
		case err != nil && !errors.As(err, &refused):
			t.Fatalf("%q: %v", text, err)
		case err != nil:
			return
		}
		p, err := Combine(s, s)
		if err != nil {
			t.Fatalf("%q does not go with itself: %v", text, err)
		}
		_ = p.AllowStartURL("https://a.example/start")
		_ = p.AllowEndpoint("https://a.example", false)
		_ = p.AllowSession("corp")
	})
}
