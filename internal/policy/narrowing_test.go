package policy_test

import (
	"errors"
	"strings"
	"testing"

	"rolecall/internal/hostile"
	"rolecall/internal/policy"
)

// A file that narrows has two keys. Whatever else it says is an error with its line: it must not look as if it counted.
func TestANarrowingHasTwoKeys(t *testing.T) {
	for text, want := range map[string]string{
		"targets = ['a']\ndevice_code = true\n":   `/p/.rolecall.toml:2: unknown key "device_code"`,
		"[policy]\nwrite = true\n":                `/p/.rolecall.toml:1: unknown key "policy`,
		"[targets]\na = 1\n":                      "/p/.rolecall.toml:",
		"targets = 'a'\n":                         "/p/.rolecall.toml:1: ",
		"targets = [1]\n":                         "/p/.rolecall.toml:1: ",
		"\ntargets = []\n":                        "/p/.rolecall.toml:2: targets: the list is empty",
		"targets = ['a', '']\n":                   "/p/.rolecall.toml:1: targets: an entry is empty",
		"default = ''\n":                          "/p/.rolecall.toml:1: default: it is empty",
		"default = ['a']\n":                       "/p/.rolecall.toml:1: ",
		"default = 'a'\ndefault = 'b'\n":          "/p/.rolecall.toml:",
		"targets = [":                             "/p/.rolecall.toml:1: ",
		"\xff\xfe":                                "/p/.rolecall.toml:",
		"default = 'a'\n[default]\n":              "/p/.rolecall.toml:",
		"region = 'eu-west-1'\n":                  `/p/.rolecall.toml:1: unknown key "region"`,
		"allowed_sessions = ['*']\n":              `/p/.rolecall.toml:1: unknown key "allowed_sessions"`,
		"default = 'a'\n\n[[account]]\nalias=1\n": "/p/.rolecall.toml:",
	} {
		_, err := policy.ParseNarrowing("/p/.rolecall.toml", []byte(text))
		var wrong *policy.Error
		if !errors.As(err, &wrong) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// What it does not list is refused, with the rule; without a list nothing is.
func TestANarrowingRefuses(t *testing.T) {
	n, err := policy.ParseNarrowing("/p/.rolecall.toml", []byte("default = 'dev'\ntargets = ['a', 'b']\n"))
	if err != nil || len(n.Rules()) != 2 {
		t.Fatal(n, err)
	}
	is := func(text string) func(string) bool { return func(pattern string) bool { return pattern == text } }
	if err := n.Allow("b", is("b")); err != nil {
		t.Error(err)
	}
	var refusal *policy.Refusal
	err = n.Allow("c", is("c"))
	want := `c: refused by policy (/p/.rolecall.toml:2: targets = ["a", "b"])`
	if !errors.As(err, &refusal) || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	for _, text := range []string{"", "default = 'dev'\n", "# nothing\n"} {
		n, err := policy.ParseNarrowing("/p/.rolecall.toml", []byte(text))
		if err != nil || n.Allow("c", is("c")) != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzNarrowing(f *testing.F) {
	f.Add("targets = ['a']\ndefault = 'b'\n")
	for _, name := range hostile.Names() {
		f.Add("default = " + name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := policy.ParseNarrowing("/p/.rolecall.toml", []byte(text))
		if err != nil {
			return
		}
		if n.Targets != nil && n.Allow("x", func(string) bool { return false }) == nil {
			t.Errorf("%q allows what it does not list", text)
		}
		for _, r := range n.Rules() {
			if r.Key != "targets" && r.Key != "default" {
				t.Errorf("%q has the rule %v", text, r)
			}
		}
	})
}
