package doctor_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/awsconfig/sdkcases"
	"rolecall/internal/doctor"
	"rolecall/internal/hostile"
)

func TestACleanMachineHasNoFindings(t *testing.T) {
	unixOnly(t)
	if found := clean(t).examine(); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}

// unixOnly skips tests whose machines have modes.
func unixOnly(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the machine of these tests has modes")
	}
}

// Each kind of finding has a fixture that shows it, and nothing else; each says why and what fixes it, without secrets.
func TestEachKindHasAFixture(t *testing.T) {
	unixOnly(t)
	all := fixtures()
	for _, kind := range doctor.Catalogue() {
		t.Run(kind.ID, func(t *testing.T) {
			fixture := all[kind.ID]
			delete(all, kind.ID)
			if fixture == nil {
				t.Fatal("there is no fixture")
			}
			m := clean(t)
			fixture(m)
			found := m.examine()
			if got := ids(found); !slices.Equal(got, []string{kind.ID}) {
				t.Fatalf("found %q:\n%s", got, said(found))
			}
			for _, f := range found {
				if f.Severity != kind.Severity || f.What == "" || f.Why == "" || len(f.Remedy) == 0 {
					t.Errorf("it does not say enough: %+v", f)
				}
			}
			if text := said(found); strings.Contains(text, "canary-") {
				t.Errorf("it shows a secret: %s", text)
			}
		})
	}
	for id := range all {
		t.Errorf("there is no kind %s", id)
	}
}

// The AWS SDKs' table of cases: each difference has a finding with its line, and the tools that read it differently.
func TestTheSDKsCases(t *testing.T) {
	unixOnly(t)
	differences := 0
	for _, c := range sdkcases.All() {
		t.Run(c.Name, func(t *testing.T) {
			m := clean(t)
			m.write(".aws/config", c.Config)
			m.write(".aws/credentials", c.Credentials)
			found := m.examine()
			for _, r := range c.Reports {
				differences++
				file, line := m.path(".aws/config"), r.Line
				if line < 0 {
					file, line = m.path(".aws/credentials"), -line
				}
				if !slices.ContainsFunc(found, func(f doctor.Finding) bool { return at(f, file, line) && names(f.What, r.Tool) }) {
					t.Errorf("nothing names %s at line %d:\n%s", r.Tool, r.Line, said(found))
				}
			}
			if c.Want == "refused" && len(found) == 0 {
				t.Error("the SDKs refuse it, and nothing is found")
			}
		})
	}
	if differences < 30 {
		t.Errorf("only %d differences", differences)
	}
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

// The lines that readers are known to disagree about: each has its finding, at its line.
func TestLinesThatReadersDisagreeAbout(t *testing.T) {
	unixOnly(t)
	for text, id := range map[string]string{
		"[profile foo!bar]": "config.section-differs", "[profile a,b]": "config.section-differs",
		"[profile a=b]": "config.section-differs", "[profile bär]": "config.section-differs",
		"[profile a#b]": "config.section-differs", "[profile  foo]": "config.section-differs",
		"[ profile foo ]": "config.section-differs", "[profile \"foo\"]": "config.section-differs",
		"[profile foo bar]": "config.section-differs", "[profile \"foo bar\"]": "config.section-differs",
		"[profile foo]#c": "config.section-differs", "[profile foo] x": "config.section-differs",
		"[profile foo": "config.unreadable", "[foo]": "config.unread-section",
		"[sso-session my corp]": "config.section-differs", "[sso-session \"two\"]": "config.section-differs",
		"[profile x]\nkey : value": "config.colon", "[profile x]\nregion : a = b": "config.colon",
		"[profile x]\nmy key = v": "config.key-characters", "[profile x]\ns3 =\n  = v": "config.block-line",
		"[profile x]\n= v": "config.bare-line", "[profile x]\ns3 =\n  a : b": "config.bare-line",
		"[profile x]\nno equals sign": "config.bare-line", "[profile dev]": "config.duplicate-section",
		"[profile x]\na = 1\na = 2":               "config.duplicate-key",
		"[profile x]\nregion = eu-west-1 # c":     "config.comment-in-value",
		"[profile x]\nRegion = eu-west-1":         "config.capital-letters",
		"[profile x]\na = 1\n region = eu-west-1": "config.continued-key",
		"[default]\n[profile default]":            "config.respelled-section",
		"[profile x]\nregion = \"eu-west-1\"":     "config.quotes",
	} {
		m := clean(t)
		m.config(text + "\n")
		found := m.examine()
		i := slices.IndexFunc(found, func(f doctor.Finding) bool { return f.ID == id })
		if i < 0 || len(found[i].Where) == 0 || !strings.HasPrefix(found[i].Where[0], m.path(".aws/config")+":1") {
			t.Errorf("%q: no %s:\n%s", text, id, said(found))
		}
	}
}

// Names that break other programs harm nothing: each file is examined.
func TestHostileNames(t *testing.T) {
	m := clean(t)
	for _, name := range slices.Concat(hostile.Names(), hostile.Invisible()) {
		m.config("[profile " + name + "]\nsso_session = " + name + "\ncredential_process = " + name + "\n")
		m.write(".aws/credentials", "["+name+"]\naws_secret_access_key = canary-secret "+name+"\n")
		m.env["AWS_PROFILE"], m.env["BROWSER"], m.env["HTTPS_PROXY"], m.env["AWS_CONFIG_FILE"] = name, name, name, ""
		if text := said(m.examine()); strings.Contains(text, "canary-secret") {
			t.Errorf("%q: it shows a secret: %s", name, text)
		}
	}
}

// What is safe is fixed, and nothing remains to be fixed then.
func TestFixes(t *testing.T) {
	unixOnly(t)
	for id, text := range map[string]string{
		"config.byte-order-mark": "\ufeff" + corp,
		"config.duplicate-key":   corp + "[profile x]\noutput = json\n# and again\noutput = json\nregion = eu-west-1\n",
	} {
		m := clean(t)
		m.write(".aws/config", text)
		found := m.examine()
		if len(found) != 1 || found[0].ID != id || found[0].Fix == nil {
			t.Fatalf("%s: %+v", id, found)
		}
		after, err := found[0].Fix.Change([]byte(text))
		m.must(err)
		m.write(".aws/config", string(after))
		if left := m.examine(); len(left) > 0 {
			t.Errorf("%s: left: %+v", id, left)
		}
		again, err := found[0].Fix.Change(after)
		m.must(err)
		if string(again) != string(after) || strings.Count(string(after), "\n") < strings.Count(text, "\n")-1 {
			t.Errorf("%s: %s", id, again)
		}
	}
}

// A repeated key with another value, or with lines below it, takes a person.
func TestWhatIsNotSafeIsNotFixed(t *testing.T) {
	unixOnly(t)
	for _, text := range []string{
		"[profile x]\noutput = json\noutput = text\noutput = json\n",
		"[profile x]\ns3 =\n  a = b\ns3 =\n  a = c\n",
		"[profile x]\noutput = json\nOutput = json\n",
		"[profile x]\noutput = json\n  region\noutput = json\n",
		"[profile x]\noutput = json\noutput = json\n  region\n",
		"[profile x]\noutput = json\n[profile x]\noutput = json\n",
	} {
		m := clean(t)
		m.config(text)
		for _, f := range m.examine() {
			if f.Fix != nil {
				t.Errorf("%q: %+v", text, f)
			}
		}
	}
	unixOnly(t)
	m := clean(t)
	m.must(os.MkdirAll(m.path("dotfiles"), 0o700))
	m.must(os.Rename(m.path(".aws/config"), m.path("dotfiles/config")))
	m.must(os.Symlink(m.path("dotfiles/config"), m.path(".aws/config")))
	m.must(os.Link(m.path(".aws/sso/cache/"+sha("corp")+".json"), m.path("another-name")))
	m.chmod("dotfiles/config", 0o666)
	m.chmod("another-name", 0o644)
	found := m.examine()
	if got := ids(found); !slices.Equal(got, []string{"mode.open-config", "mode.open-secret"}) {
		t.Errorf("found %q", got)
	}
	for _, f := range found {
		if f.Fix != nil {
			t.Errorf("%+v", f)
		}
	}
}

// Nothing behind a link in the place of a cache is read.
func TestALinkIsNotFollowed(t *testing.T) {
	unixOnly(t)
	for _, name := range []string{".aws/sso", ".aws/sso/cache", ".aws/cli", ".local/state/rolecall"} {
		m := clean(t)
		m.write("elsewhere/cache/"+sha("x")+".json", "{")
		m.write("elsewhere/"+sha("x")+".json", "{")
		m.write("elsewhere/roles/"+sha("x")+".json", "{")
		for _, file := range []string{"cache", "roles", "."} {
			m.chmod("elsewhere/"+file+"/"+sha("x")+".json", 0o644)
		}
		m.must(os.RemoveAll(m.path(name)))
		m.must(os.Symlink(m.path("elsewhere"), m.path(name)))
		if got := ids(m.examine()); !slices.Equal(got, []string{"cache.no-folder"}) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Both files are looked at, whatever is wrong with one.
func TestARefusedFileHidesNothingElse(t *testing.T) {
	unixOnly(t)
	m := clean(t)
	m.write(".aws/config", "[profile open\n")
	m.write(".aws/credentials", "aws_secret_access_key = canary-secret\n")
	found := m.examine()
	if len(found) != 2 || found[0].ID != "config.unreadable" || found[1].ID != "config.unreadable" ||
		strings.Contains(said(found), "canary-secret") {
		t.Errorf("%+v", found)
	}
}

// A config file in the person's own dotfiles is not in a working tree.
func TestTheHomeFolderIsNoWorkingTree(t *testing.T) {
	unixOnly(t)
	m := clean(t)
	m.folder(m.path(".git"))
	m.env["AWS_CONFIG_FILE"] = m.path(".aws/config")
	for _, dir := range []string{m.Home, m.path(".aws"), filepath.Dir(m.Home), "/"} {
		m.WorkingDir = dir
		want := []string(nil)
		if dir == m.path(".aws") { // not a repository, but where commands run
			want = []string{"environment.config-in-tree"}
		}
		if got := ids(m.examine()); !slices.Equal(got, want) {
			t.Errorf("%s: %q", dir, got)
		}
	}
}

// Two thousand profiles, and a thousand cached keys, take far less than a second.
func BenchmarkExamine(b *testing.B) {
	var text strings.Builder
	m := clean(b)
	for i := range 2000 {
		fmt.Fprintf(&text, "[profile p%d]\nsso_session = corp\nsso_account_id = %012d\nsso_role_name = R\n\n", i, i)
	}
	m.config(text.String())
	for i := range 1000 {
		m.write(".aws/cli/cache/"+sha(fmt.Sprint(i))+".json", `{"ProviderType": "other"}`)
	}
	for b.Loop() {
		if found := m.examine(); len(found) > 0 {
			b.Fatalf("%+v", found)
		}
	}
}

// Examining changes nothing.
func TestNothingChanges(t *testing.T) {
	unixOnly(t)
	m := clean(t)
	for _, fixture := range modeFixtures() {
		fixture(m)
	}
	before := snapshot(t, m.Home)
	m.examine()
	if after := snapshot(t, m.Home); before != after {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil {
			b.WriteString(path + " " + info.Mode().String() + " " + info.ModTime().String() + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
