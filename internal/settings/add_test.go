package settings_test

import (
	"strings"
	"testing"

	"rolecall/internal/settings"
)

func more() settings.Additions {
	return settings.Additions{
		DefaultSession: "corp", Region: "eu-west-1", Template: "{{ .AccountName }}",
		Accounts: []settings.Account{{Match: "012345678901", Alias: "a\"b\\c", Tags: []string{"x=\u00e4", "y"}}},
		Consoles: []settings.Console{{Browser: "chrome", Profile: "{{ .RoleName }}"}},
	}
}

// However a file is written, what it says stays, each of its lines stays, and a second addition changes nothing.
func TestAddKeepsEveryLine(t *testing.T) {
	for _, text := range []string{
		"",
		"# only a comment",
		"region = \"us-east-1\"",
		"region = \"us-east-1\"\r\n[profiles]\r\noutput = \"json\"\r\n",
		"# about profiles\n[ profiles ] # here\noutput = \"json\"\n# the end\n",
		"[[account]]\nmatch = \"012345678901\"\ntags = [\n  \"y\",\n]\n",
		"default_session = \"other\"\n\n# accounts\n[[account]]\nmatch = \"x*\"\nalias = \"\"\ntags = [\"y\"]",
		"[[console]]\nbrowser = \"firefox\"\n",
		"[audit]\nenabled = false\n[profiles]\ntemplate = \"mine\"\n",
	} {
		before, err := load(t, text)
		if err != nil {
			t.Fatal(err)
		}
		m, err := settings.Add("config.toml", []byte(text), before, more())
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		rest := string(m.Data)
		for line := range strings.Lines(text) {
			var found bool
			if _, rest, found = strings.Cut(rest, strings.TrimRight(line, "\r\n")); !found {
				t.Errorf("%q: the line %q is not in its place in\n%s", text, line, m.Data)
			}
		}
		if strings.Contains(text, "\r\n") && strings.Count(string(m.Data), "\r\n") != strings.Count(string(m.Data), "\n") {
			t.Errorf("%q: mixed line breaks", text)
		}
		after, err := load(t, string(m.Data))
		if err != nil {
			t.Fatal(err)
		}
		again, err := settings.Add("config.toml", m.Data, after, more())
		if err != nil || again.Data != nil {
			t.Errorf("%q: a second addition: %v\n%s", text, err, again.Data)
		}
	}
}

// A file that is written in a way where an addition would mean something else stays as it is.
func TestAddRefusesWhatItCannotProve(t *testing.T) {
	for _, text := range []string{
		"[audit]\ncopy_command = [\n\"x\",\n\"\"\"\n[profiles]\n\"\"\"]\n",
		"profiles = { output = \"json\" }\n",
		"profiles.output = \"json\"\n",
	} {
		before, err := load(t, text)
		if err != nil {
			t.Fatal(err)
		}
		m, err := settings.Add("config.toml", []byte(text), before, more())
		if err == nil && m.Added.Template != "" {
			t.Errorf("%q became\n%s", text, m.Data)
		}
	}
	if _, err := settings.Add("config.toml", []byte("[broken"), settings.Settings{}, more()); err == nil {
		t.Error("a broken file was added to")
	}
}
