package written

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
)

func parsed(t *testing.T, text string) *awsconfig.Document {
	t.Helper()
	d, err := awsconfig.Parse("credentials", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func keys(name, id string) Section {
	return Section{
		Name: name, Account: "111122223333", Role: "Admin", Session: "corp two",
		Keys: identitycenter.RoleCredentials{
			AccessKeyID: id, SecretAccessKey: identitycenter.NewSecret("s/+="), SessionToken: identitycenter.NewSecret("t"),
			Expiration: time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC),
		},
	}
}

func put(t *testing.T, text string, force bool, sections ...Section) string {
	t.Helper()
	data, err := Put(parsed(t, text), sections, force)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return string(data)
}

// Whatever else is in the file stays, byte for byte: what is put there and removed again leaves no trace.
func TestTheRestStays(t *testing.T) {
	for _, text := range []string{
		"", "\n", "[a]\naws_access_key_id = A\naws_secret_access_key = s\n", "[a]\r\naws_access_key_id = A\r\n",
		"# mine\n[a]\n  x = 1\n\n\n# end\n", "[a]\nx = 1", "\ufeff[a]\nx = 1\n", "[a]\nx =\n  y = 1\n  z = 2\n",
		"[a]\nx = 1\n[a]\nx = 2\n", "[profile a]\nx = 1\n", "# rolecall-managed: 1 2 3\n[a]\nx = 1\n", "[a] ; c\nx = 1 # y\n",
	} {
		with := put(t, text, false, keys("one", "ASIA1"), keys("two", "ASIA2"))
		if !strings.HasPrefix(with, text) {
			t.Errorf("%q became %q", text, with)
		}
		again := put(t, with, false, keys("one", "ASIA3"))
		if strings.Contains(again, "ASIA1") || !strings.Contains(again, "ASIA3") || strings.Count(again, "[one]") != 1 {
			t.Errorf("%q became %q", with, again)
		}
		data, names, err := Remove(parsed(t, again), func(Section) bool { return true })
		if err != nil || len(names) != 2 {
			t.Fatalf("%q: %v %v", again, names, err)
		}
		if got := string(data); got != text && got != strings.TrimRight(text, "\r\n") && got != text+"\n" {
			t.Errorf("%q is %q after all", text, got)
		}
		if got := string(Without("x", []byte(again))); strings.Contains(got, "ASIA") && !strings.Contains(text, "ASIA") {
			t.Errorf("a copy keeps keys: %q", got)
		}
	}
}

// The SDKs' own parser reads sections as they were meant, with their ends.
func TestWhatIsRead(t *testing.T) {
	dir := t.TempDir()
	files := awsconfig.Files{Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials")}
	text := put(t, "[mine]\naws_access_key_id = A\naws_secret_access_key = b\n", false, keys("x", "ASIA1"))
	err := errors.Join(os.WriteFile(files.Credentials, []byte(text), 0o600), os.WriteFile(files.Config, nil, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	config, err := awsconfig.Open(files)
	if err != nil {
		t.Fatal(err)
	}
	p, err := config.Profile("x")
	if err != nil || p.Static == nil || p.Static.AccessKeyID != "ASIA1" || p.Static.SessionToken.Reveal() != "t" {
		t.Errorf("%+v, %v", p, err)
	}
	ours := Ours(parsed(t, text))
	if len(ours) != 1 || ours[0].Session != "corp two" || ours[0].Role != "Admin" ||
		!ours[0].Expires().Equal(time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", ours)
	}
}

// A section of the person's own is not ours, whatever is near it, and is replaced by force alone.
func TestWhatIsNotOurs(t *testing.T) {
	for _, text := range []string{
		"[x]\naws_access_key_id = A\n", "# rolecall-written: 1 2 3\n\n[x]\ny = 1\n", "# rolecall-written: 1\n[x]\ny = 1\n",
		" # rolecall-written: 1 2 3\n[x]\ny = 1\n", "# rolecall-managed: 1 2 3\n[x]\ny = 1\n",
	} {
		_, err := Put(parsed(t, text), []Section{keys("x", "ASIA1")}, false)
		if taken := (*TakenError)(nil); !errors.As(err, &taken) || taken.Name != "x" {
			t.Errorf("%q: %v", text, err)
		}
		if got := put(t, text, true, keys("x", "ASIA1")); strings.Count(got, "[x]") != 1 || !strings.Contains(got, "ASIA1") {
			t.Errorf("%q by force: %q", text, got)
		}
		data, names, err := Remove(parsed(t, text), func(Section) bool { return true })
		if data != nil || names != nil || err != nil {
			t.Errorf("%q: %q %v %v", text, data, names, err)
		}
	}
}

// What is above the next section stays there, its mark above all.
func TestASectionBetween(t *testing.T) {
	text := put(t, "[x]\ny = 1\n# of x\n", false, keys("next", "ASIA1")) + "\n# mine\n[z]\n"
	got := put(t, text, true, keys("x", "ASIA2"))
	ours := Ours(parsed(t, got))
	if len(ours) != 2 || !strings.Contains(got, "\n# mine\n[z]\n") || !strings.Contains(got, "# of x") {
		t.Errorf("%q", got)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "rolecall-111122223333-Admin": true, "a/b:c@d": true, "default": true, "": false, "a b": false,
		"a]": false, "a\nb": false, "é": false, "a#": false, "a;b": false, "profile": false, "'a'": false,
		strings.Repeat("a", 129): false,
	} {
		if got := CheckName(name) == nil; got != want {
			t.Errorf("%q: %v", name, got)
		}
		if _, err := Put(parsed(t, ""), []Section{keys(name, "A")}, true); (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
}
