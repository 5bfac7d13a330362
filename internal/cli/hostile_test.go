package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"rolecall/internal/cli"
	"rolecall/internal/cli/local"
	"rolecall/internal/hostile"
	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/faults"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/store"
	"rolecall/internal/identitycenter"
	"rolecall/internal/login"
	"rolecall/internal/proof"
	"rolecall/internal/terminal"
)

// corpus returns the hostile names, and more of the kinds that a terminal obeys or hides.
func corpus() []string { return append(hostile.Names(), hostile.Invisible()...) }

// clean reports text that a terminal would obey or hide; tabs are for TSV.
func clean(t *testing.T, what, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		bad := func(r rune) bool {
			return r != '\n' && r != '\t' && (!unicode.IsPrint(r) ||
				unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector))
		}
		if at := strings.IndexFunc(line, bad); at >= 0 || !utf8.ValidString(line) {
			t.Errorf("%s: %.200q", what, line[max(0, at-20):])
			return
		}
	}
}

// A scene is alice, signed in at an Identity Center with hostile accounts.
type scene struct {
	server *idc.Server
	data   *idc.Data
	faults *faults.Player
	url    string
	world  cli.World
	names  []string // of the accounts, by number
	emails []string
	tags   []string // the rest of the corpus
}

// perAccount is how many names of the corpus an account takes: its name, its address, and tags.
const perAccount = 12

func newScene(t *testing.T) *scene {
	t.Helper()
	all := corpus()
	s := &scene{faults: faults.New(time.Now)}
	accounts := (len(all) + perAccount - 1) / perAccount
	for i := range accounts {
		s.names, s.emails = append(s.names, all[i]), append(s.emails, all[accounts+i])
	}
	s.tags = all[2*accounts:]
	var err error
	if s.data, _, err = idctest.Sample(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.data.Close() })
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.server.ServeHTTP(w, r)
	}))
	t.Cleanup(outside.Close)
	s.url = outside.URL
	if s.server, err = idc.New(idc.Options{
		URL: s.url, Store: s.data.Store, Secret: s.data.Secret, Around: s.faults.Handler,
	}); err != nil {
		t.Fatal(err)
	}
	if err := idctest.Fill(s.data, "alice", accounts, 1, func(i int) string { return s.names[i] }); err != nil {
		t.Fatal(err)
	}
	if err := s.data.Store.Update(t.Context(), s.setEmails); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	s.world = cli.World{
		Stdin: os.Stdin, Home: home, Version: "1.2.3", Now: time.Now, Local: local.Commands, Person: approving{s},
		Environ: []string{
			"AWS_ENDPOINT_URL_SSO=" + s.url, "AWS_ENDPOINT_URL_SSO_OIDC=" + s.url, "AWS_ENDPOINT_URL_STS=" + s.url,
			"HOME=" + home, "PATH=" + os.Getenv("PATH"),
		},
	}
	s.write(t, ".aws/config", fmt.Sprintf("[sso-session corp]\nsso_start_url = %s/start\nsso_region = us-east-1\n"+
		"sso_registration_scopes = sso:account:access\n", s.url))
	s.write(t, ".config/rolecall/config.toml", s.settings(0, len(s.names)))
	if code, _, problems := s.run(t, "login", "corp", "--device-code", "--json"); code != 0 {
		t.Fatal(problems)
	}
	return s
}

func (s *scene) setEmails(tx store.Tx) error {
	for i, email := range s.emails {
		account, err := directory.Accounts().Get(tx, idctest.AccountID(i))
		if err != nil {
			return err
		}
		account.Email = email
		if err := directory.Accounts().Put(tx, account); err != nil {
			return err
		}
	}
	return nil
}

// settings are a config.toml with the tags of the accounts from one number up to another.
func (s *scene) settings(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		var tags []string
		for _, tag := range s.tagsOf(i) {
			tags = append(tags, tomlText(tag))
		}
		fmt.Fprintf(&b, "[[account]]\nmatch = \"%s\"\ntags = [%s]\n", idctest.AccountID(i), strings.Join(tags, ", "))
	}
	return b.String()
}

func (s *scene) tagsOf(i int) []string {
	const each = perAccount - 2
	return s.tags[min(each*i, len(s.tags)):min(each*(i+1), len(s.tags))]
}

func tomlText(text string) string {
	var b strings.Builder
	for _, r := range text {
		fmt.Fprintf(&b, `\U%08x`, r)
	}
	return `"` + b.String() + `"`
}

func (s *scene) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(s.world.Home, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// run runs a command, and checks what it prints.
func (s *scene) run(t *testing.T, args ...string) (code int, out, problems string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	w := s.world
	w.Stdout, w.Stderr = &stdout, &stderr
	code = cli.Main(t.Context(), w, args)
	what := fmt.Sprintf("%.80q", args)
	clean(t, what+" on stdout", stdout.String())
	clean(t, what+" on stderr", stderr.String())
	return code, stdout.String(), stderr.String()
}

// succeed runs a command that must succeed.
func (s *scene) succeed(t *testing.T, args ...string) string {
	t.Helper()
	code, out, problems := s.run(t, args...)
	if code != 0 {
		t.Errorf("%q: exit code %d: %.300s", args, code, problems)
	}
	return out
}

// approving is alice, who approves device codes.
type approving struct{ *scene }

func (p approving) Device(_ identitycenter.SSOSession, d identitycenter.DeviceAuthorization) {
	go func() {
		session, err := idctest.SignIn(p.server, p.data, "alice")
		if err == nil {
			err = p.server.OIDC.DecideDevice(context.Background(), d.UserCode, session, true)
		}
		if err != nil {
			panic(err) // t.Fatal only works on the test's own goroutine
		}
	}()
}

func (approving) Authorize(login.Authorization) {}

func (approving) Paste(ctx context.Context) (string, error) {
	<-ctx.Done()
	return "", context.Cause(ctx)
}

func (approving) Waiting(identitycenter.SSOSession, string)     {}
func (approving) Confirm(context.Context, string) (bool, error) { return true, nil }
func (approving) Tell(string)                                   {}

// A listed account, as ls and sso list-accounts print it.
type listed struct {
	ID    string   `json:"accountId"`
	Name  string   `json:"accountName"`
	Email string   `json:"emailAddress"`
	Tags  []string `json:"tags"`
}

// checkAccounts checks that accounts have the very texts of the corpus.
func (s *scene) checkAccounts(t *testing.T, what string, accounts []listed, tags bool) {
	t.Helper()
	found := 0
	for _, a := range accounts {
		if !strings.HasPrefix(a.ID, "70000000") {
			continue
		}
		var i int
		if _, err := fmt.Sscanf(a.ID, "700000000%3d", &i); err != nil {
			t.Fatal(err)
		}
		found++
		if a.Name != s.names[i] || a.Email != s.emails[i] || tags && !slices.Equal(a.Tags, sorted(s.tagsOf(i))) {
			t.Errorf("%s: %q, want %q, %q, %q", what, a, s.names[i], s.emails[i], sorted(s.tagsOf(i)))
		}
	}
	if found != len(s.names) {
		t.Errorf("%s: %d of %d accounts", what, found, len(s.names))
	}
}

func sorted(texts []string) []string {
	texts = slices.Clone(texts)
	slices.Sort(texts)
	return texts
}

// Whatever others put into texts, no command prints a character that a terminal obeys or hides, and JSON has the
// original texts.
func TestHostileNamesInEveryCommand(t *testing.T) {
	s := newScene(t)
	s.succeed(t, "sync", "corp", "--json")
	t.Run("a listing", s.listing)
	t.Run("errors", s.errors)
	t.Run("answers", s.answers)
	t.Run("config files", s.configFiles)
	proof.Note(t, "names", perAccount*len(s.names), perAccount*len(s.names)) // in each command
}

// listing runs the commands that print names of a listing.
func (s *scene) listing(t *testing.T) {
	for _, by := range []string{"account", "role", "pair"} {
		for _, output := range []string{"table", "tsv", "json"} {
			s.succeed(t, "ls", "--by", by, "--output", output)
		}
	}
	var ls struct{ Accounts []listed }
	if err := json.Unmarshal([]byte(s.succeed(t, "ls", "--json")), &ls); err != nil {
		t.Fatal(err)
	}
	s.checkAccounts(t, "ls", ls.Accounts, true)
	var sso struct{ AccountList []listed }
	if err := json.Unmarshal([]byte(s.succeed(t, "sso", "list-accounts")), &sso); err != nil {
		t.Fatal(err)
	}
	s.checkAccounts(t, "sso list-accounts", sso.AccountList, false)
	for _, command := range []string{
		"exec --match * --role Role00 --dry-run -- true", "exec --match * --role Role00 --dry-run --json -- true",
		"exec --match 700000000007 --role Role00 -- true", "exec --match 700000000007 --role Role00 --json -- echo x",
		"profiles plan corp", "profiles plan corp --json", "profiles diff corp", "profiles apply corp --json",
		"config show", "config show --json", "status", "status --json", "token", "token --json",
		"whoami 700000000007/Role00", "whoami 700000000007/Role00 --json", "env 700000000007/Role00",
		"env 700000000007/Role00 --json", "process 700000000007/Role00", "console --portal --print 700000000007/Role00",
		"__complete whoami 70", "__complete ls --match 7", "__completions zsh whoami 7",
	} {
		s.succeed(t, strings.Fields(command)...)
	}
	s.succeed(t, "__completions", "bash", "63", "200", " :", "rolecall whoami 7")
	s.succeed(t, "__completions", "fish", "rolecall whoami 7")
}

// errors runs commands whose errors quote a text, with the tags of one account at a time: each command reads them all.
func (s *scene) errors(t *testing.T) {
	account := 0
	for names := range slices.Chunk(corpus(), perAccount) {
		s.write(t, ".config/rolecall/config.toml", s.settings(account, account+1))
		account++
		for n, name := range names {
			for _, args := range [][]string{
				{"whoami", "--profile", name},
				{"login", "--", name},
				{"ls", "--match", name + "~"},
				{"sso", "list-accounts", "--output", name},
				{"exec", "--match", name + "~", "--", "true"},
				{"--" + name},
			} {
				s.fails(t, n%2 == 0, args...)
			}
		}
	}
}

// fails runs a command that fails in most cases, with or without --json.
func (s *scene) fails(t *testing.T, asJSON bool, args ...string) {
	if !asJSON {
		s.run(t, args...)
		return
	}
	code, _, problems := s.run(t, append([]string{"--json"}, args...)...)
	var failure struct {
		Error struct {
			Code    int
			Message string
		}
	}
	if code == 0 || slices.Contains(args, "") {
		return
	}
	if err := json.Unmarshal([]byte(problems), &failure); err != nil || failure.Error.Code != code {
		t.Errorf("%q: %v: %.200s", args, err, problems)
	}
}

// configFiles runs the commands that print what is in the config files: a few names at a time, as each command reads
// all of the file.
func (s *scene) configFiles(t *testing.T) {
	before, err := os.ReadFile(filepath.Join(s.world.Home, ".aws", "config"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.write(t, ".aws/config", string(before))
	s.write(t, ".config/rolecall/config.toml", "")
	same := 0
	for names := range slices.Chunk(corpus(), 50) {
		same += s.configFile(t, string(before), names)
	}
	if same < 600 {
		t.Errorf("config show: %d values are as they were written", same)
	}
}

// configFile adds a profile and a session for each name to the text, and returns how many profiles config show prints
// as they were written.
func (s *scene) configFile(t *testing.T, text string, names []string) (same int) {
	want := map[string]string{} // by key
	for i, name := range names {
		name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '\n' || r == '\r' || r == 0 }), "")
		text += fmt.Sprintf("\n[profile p%d]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Admin\n"+
			"region = %s\n[sso-session s%d]\nsso_region = us-east-1\nsso_start_url = https://x/%s\n", i, name, i, name)
		want[fmt.Sprintf("p%d", i)] = strings.TrimSpace(name)
	}
	s.write(t, ".aws/config", text)
	var config struct {
		Sections []struct {
			Name       string
			Properties []struct{ Key, Value string }
		}
	}
	if err := json.Unmarshal([]byte(s.succeed(t, "config", "show", "--json")), &config); err != nil {
		t.Fatal(err)
	}
	for _, section := range config.Sections {
		for _, p := range section.Properties {
			if p.Key == "region" && p.Value == want[section.Name] {
				same++
			}
		}
	}
	s.run(t, "config", "show")
	s.run(t, "status")
	s.run(t, "status", "--json")
	for i := range names {
		profile := fmt.Sprintf("p%d", i)
		s.run(t, "env", profile, "--json")
		s.run(t, "env", profile, "--shell", "fish")
		s.run(t, "token", fmt.Sprintf("s%d", i), "--json")
		s.run(t, "process", profile)
	}
	return same
}

// answers runs commands at a server whose answers, errors and callers hold a text.
func (s *scene) answers(t *testing.T) {
	defer func() { _ = s.faults.Play(nil) }()
	for n, name := range corpus() {
		quoted, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		if terminal.Show(name) == name {
			continue // too many for the pace of requests
		}
		if err := s.faults.Play([]string{"error-text=" + string(quoted) + "@all"}); err != nil {
			t.Fatal(err)
		}
		if n%2 == 0 {
			s.run(t, "sso", "list-accounts")
			s.run(t, "whoami", "700000000007/Role00", "--json")
			continue
		}
		s.run(t, "--json", "sso", "list-accounts")
		s.run(t, "whoami", "700000000007/Role00")
	}
}
