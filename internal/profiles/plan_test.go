package profiles

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/hostile"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
)

func made(t testing.TB, text string, all *inventory.Inventory, o Options) (string, *Plan) {
	t.Helper()
	plan, err := Make(document(t, text), &awsconfig.Document{}, all, o)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Data == nil {
		return text, plan
	}
	return string(plan.Data), plan
}

// Every profile has a region, since the AWS CLI fails without one: the session's, unless a better one is known, but not
// in place of one that is there.
func TestEveryProfileHasARegion(t *testing.T) {
	all := listing("111122223333 Prod: Admin", "444455556666 Dev: Admin")
	all.Session.Region = "eu-central-1"
	dev := func(lines string) string {
		return "# rolecall-managed: 444455556666 Admin corp\n[profile Dev-Admin]\nsso_session = corp\n" +
			"sso_account_id = 444455556666\nsso_role_name = Admin\n" + lines
	}
	for _, c := range []struct {
		lines, account string
		options        Options
		want           string // the region of Dev-Admin
	}{
		{"", "", Options{}, "eu-central-1"},
		{"", "", Options{FallbackRegion: "eu-west-3"}, "eu-west-3"},
		{"region =\n", "", Options{}, "eu-central-1"},
		{"region = us-west-1\n", "", Options{FallbackRegion: "eu-west-3"}, "us-west-1"},
		{"region = us-west-1\n", "", Options{DefaultRegion: "eu-west-1"}, "eu-west-1"},
		{"region = us-west-1\n", "sa-east-1", Options{DefaultRegion: "eu-west-1"}, "sa-east-1"},
		{"region = us-west-1\n", "sa-east-1", Options{Region: "eu-west-2", DefaultRegion: "eu-west-1"}, "eu-west-2"},
	} {
		for n := range all.Accounts {
			if all.Accounts[n].ID == "444455556666" {
				all.Accounts[n].Region = c.account
			}
		}
		text, _ := made(t, session+"\n"+dev(c.lines), all, c.options)
		config := awsconfig.Of(document(t, text), &awsconfig.Document{})
		p, err := config.Profile("Dev-Admin")
		other, otherErr := config.Profile("Prod-Admin")
		if err != nil || otherErr != nil || p.Region != c.want || other.Region == "" {
			t.Errorf("%+v: regions %q and %q in\n%s", c, p.Region, other.Region, text)
		}
		if again, plan := made(t, text, all, c.options); plan.Data != nil {
			t.Errorf("%+v: changed again to\n%s", c, again)
		}
	}
	for _, o := range []Options{{Region: "cn-north-1"}, {DefaultRegion: "us-gov-west-1"}, {FallbackRegion: "moon"}} {
		var wrong *OptionError
		if err := o.Check(all.Session); !errors.As(err, &wrong) || wrong.Option != "region" {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// changes summarises a plan.
func changes(p *Plan) string {
	var all []string
	for _, c := range p.Changes {
		text := string(c.Kind) + " " + c.Name
		if c.From != "" {
			text += " from " + c.From
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

const mine = "# mine\n" + session + "\n[services local]\nsso =\n  endpoint_url = http://127.0.0.1:1\n\n" +
	"[profile own]\nregion = x # y\n"

func TestTheWalkOfAFile(t *testing.T) {
	text, plan := made(t, mine, first, Options{Region: "eu-west-1"})
	want := mine + `
# rolecall-managed: 444455556666 Admin corp
[profile Dev-Admin]
sso_session = corp
sso_account_id = 444455556666
sso_role_name = Admin
region = eu-west-1

# rolecall-managed: 111122223333 Admin corp
[profile Prod-Admin]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Admin
region = eu-west-1

# rolecall-managed: 111122223333 ReadOnly corp
[profile Prod-ReadOnly]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = ReadOnly
region = eu-west-1
`
	if text != want || plan.Count(Added) != 3 {
		t.Fatalf("got %s\n%+v", text, plan)
	}
	// The person's own lines in a section stay, and so does the section.
	text = strings.Replace(text, "sso_role_name = ReadOnly\n",
		"# I need this\nsso_role_name = ReadOnly\ncli_pager =\n", 1) + "\n# below\n[profile last]\n"
	text, plan = made(t, text, second, Options{Region: "eu-central-1"})
	want = "kept Prod-ReadOnly, changed Dev-Admin, added Dev-Billing, added New-Admin, " +
		"renamed Production-Admin from Prod-Admin"
	if got := changes(plan); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !strings.Contains(text, "cli_pager =\nregion = eu-west-1\n\n# rolecall-managed: 444455556666 Billing corp\n") ||
		!strings.HasSuffix(text, "\n\n# below\n[profile last]\n") {
		t.Errorf("the new ones are not behind the others:\n%s", text)
	}
	// Another form, and a services section.
	text, _ = made(t, text, second, Options{
		Form: CredentialProcess, ProcessPath: "/usr/bin/rolecall-process",
		Services: "local",
	})
	if !strings.Contains(text, "[profile Dev-Admin]\nregion = eu-central-1\n"+
		"credential_process = /usr/bin/rolecall-process --session corp --account 444455556666 --role Admin\n"+
		"services = local\n") {
		t.Errorf("got %s", text)
	}
	// A filter leaves the others as they are, unless told otherwise.
	only := Options{Filter: inventory.Filter{Roles: []string{"bill*"}}}
	if _, plan = made(t, text, second, only); plan.Outside != 3 || plan.Count(Kept) != 1 || plan.Count(Removed) != 0 {
		t.Errorf("with a filter: %s, %d outside", changes(plan), plan.Outside)
	}
	only.PruneOthers = true
	if text, plan = made(t, text, second, only); plan.Count(Removed) != 3 || plan.Count(Kept) != 1 ||
		strings.Count(text, marker) != 2 {
		t.Errorf("%s\n%s", changes(plan), text)
	}
}

// A marker line does not make somebody else's section ours.
func TestAMarkingLineAboveAnothersSection(t *testing.T) {
	for name, text := range map[string]string{
		"left behind": "# rolecall-managed: 111122223333 Admin corp\n[profile mine]\n" +
			"credential_process = /opt/mine/creds --x\nregion = eu-west-9\n",
		"of another role": "# rolecall-managed: 999922223333 Admin corp\n[profile mine]\nsso_session = corp\n" +
			"sso_account_id = 111122223333\nsso_role_name = Admin\n",
		"changed by hand": "# rolecall-managed: 111122223333 Admin corp\n[profile mine]\nsso_session = corp\n" +
			"sso_account_id = 111122223333\nsso_role_name = ReadOnly\n",
		"of nothing": "# rolecall-managed: 111122223333 Admin corp\n[profile mine]\n" +
			"role_arn = arn:aws:iam::111122223333:role/x\nsource_profile = own\n",
	} {
		after, plan := made(t, mine+text, first, Options{})
		if !strings.Contains(after, text) || plan.Count(Kept) != 1 || plan.Count(Added) != 3 {
			t.Errorf("%s: %s\n%s", name, changes(plan), after)
		}
	}
}

// One section that a person has repurposed does not stop the others.
func TestAnOddSectionStaysAlone(t *testing.T) {
	text, _ := made(t, mine, first, Options{})
	text = strings.Replace(text, "[profile Prod-Admin]\n", "[profile Prod-Admin]\n"+
		"role_arn = arn:aws:iam::111122223333:role/x\nsource_profile = Dev-Admin\n", 1)
	after, plan := made(t, text, first, Options{Region: "eu-west-1"})
	if got, want := changes(plan), "kept Prod-Admin, changed Dev-Admin, changed Prod-ReadOnly"; got != want ||
		strings.Count(after, "region = eu-west-1") != 2 {
		t.Errorf("got  %s\nwant %s\n%s", got, want, after)
	}
}

// Other profiles that refer to a removed one are named; a services section of the person's own stays.
func TestWhatAPersonHasBuiltOnAProfile(t *testing.T) {
	text, _ := made(t, mine, first, Options{})
	text = strings.Replace(text, "[profile Dev-Admin]\n", "[profile Dev-Admin]\nservices = local\n", 1)
	text += "\n[profile chained]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = Prod-Admin\n"
	after, plan := made(t, text, second, Options{})
	if len(plan.Dangling) != 1 || plan.Dangling[0] != (Reference{"chained", "Prod-Admin", "source_profile", ""}) {
		t.Errorf("%+v, %s", plan.Dangling, changes(plan))
	}
	if !strings.Contains(after, "[profile Dev-Admin]\nservices = local\n") {
		t.Errorf("%s", after)
	}
}

func TestNames(t *testing.T) {
	for name, x := range map[string]struct {
		template, before string
		all              *inventory.Inventory
		want             string
	}{
		"as AWS names them": {"", "", listing("111122223333 A b/c (x): Admin"), "A-b/c-x-Admin"},
		"a pipeline": {
			`{{ .AccountName | lower | replace " " "_" | trimPrefix "acme_" | first 4 }}.{{ .RoleName | upper }}`, "",
			listing("111122223333 Acme Payments: Admin"), "paym.ADMIN",
		},
		"no name":          {"", "", listing("111122223333 : Admin"), "111122223333-Admin"},
		"no letter":        {"", "", listing("111122223333 Пример: Admin"), "111122223333-Admin"},
		"nothing left":     {"{{ .Email }}", "", listing("111122223333 x: Admin"), "111122223333-Admin"},
		"a collision":      {"", "", listing("111122223333 x: A", "444455556666 X: a"), "X-a-6666 x-A-3333"},
		"the same digits":  {"", "", listing("111122223333 x: A", "444455553333 x: A"), "x-A-111122223333 x-A-444455553333"},
		"the same account": {"{{ .AccountName }}", "", listing("111122223333 x: A B"), "x-111122223333-A x-111122223333-B"},
		"in disguise": {
			"{{ .AccountName }}", "", listing("111122223333 x: A= A,"),
			"x-111122223333-94fb5a5b x-111122223333-be0ef66f",
		},
		"a suffix is taken": {"{{ .AccountName }}", "", listing("111122223333 x: A", "444455556666 x: A",
			"777788889999 x-3333: A"), "x-111122223333 x-6666 x-3333-9999"},
		"a foreign profile": {"", "[profile X-a]\n", listing("111122223333 x: A"), "x-A-3333"},
		"default":           {"Default", "", listing("111122223333 x: A"), "Default-3333"},
		"another's target": {
			"{{ .AccountName }}/{{ .RoleName }}", "", listing("111122223333 444455556666: A"),
			"444455556666-A",
		},
		"its own target":    {"{{ .AccountID }}/{{ .RoleName }}", "", listing("111122223333 x: A"), "111122223333/A"},
		"a prototype":       {"__proto__", "", listing("111122223333 x: A"), "proto"},
		"a kind of section": {"sso-session.corp", "", listing("111122223333 x: A"), "sso-session-corp"},
		"JavaScript":        {"a=b,c", "", listing("111122223333 x: A"), "a-b-c"},
		"long": {
			strings.Repeat("long ", 100), "", listing("111122223333 x: A", "444455556666 x: A"),
			strings.Repeat("long-", 24) + "lon-3333 " + strings.Repeat("long-", 24) + "lon-6666",
		},
	} {
		_, plan := made(t, session+x.before, x.all, Options{Template: x.template})
		var got []string
		for _, c := range plan.Changes {
			got = append(got, c.Name)
		}
		if strings.Join(got, " ") != x.want && !(name == "in disguise" && len(got) == 2 && got[0] != got[1]) {
			t.Errorf("%s: got %s, want %s", name, got, x.want)
		}
	}
}

func TestCredentialsFileNamesAreTaken(t *testing.T) {
	credentials := document(t, "[PROD-admin]\naws_access_key_id = x\n")
	plan, err := Make(document(t, session), credentials, listing("111122223333 prod: Admin"), Options{})
	if err != nil || plan.Changes[0].Name != "prod-Admin-3333" {
		t.Errorf("%+v, %v", plan, err)
	}
}

// Neither the order of accounts nor the file's content decides about names.
func TestNamesDoNotDependOnOrder(t *testing.T) {
	var lines []string
	for i := range 60 {
		lines = append(lines, fmt.Sprintf("%012d %s: Admin admin Read", 1e11+i*5000,
			[]string{"x", "X", "x-0000", "x-5000", "ä"}[i%5]))
	}
	names := func(p *Plan, text string) string {
		var all []string
		for _, m := range read(document(t, text), "corp") {
			all = append(all, m.AccountID+m.Role+" "+m.name)
		}
		slices.Sort(all)
		return strings.Join(all, "\n")
	}
	text, plan := made(t, session, listing(lines...), Options{})
	want := names(plan, text)
	for seed := range uint64(5) {
		shuffled, r := slices.Clone(lines), rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		half, _ := made(t, session, listing(shuffled[:30]...), Options{})
		again, plan := made(t, half, listing(shuffled...), Options{})
		if names(plan, again) != want {
			t.Fatalf("seed %d:\n%s\nwant\n%s", seed, names(plan, again), want)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	for name, x := range map[string]struct {
		text   string
		all    *inventory.Inventory
		o      Options
		option string
		err    error
	}{
		"no roles":   {session, listing(), Options{}, "", ErrNoRoles},
		"no match":   {session, first, Options{Filter: inventory.Filter{Accounts: []string{"none"}}}, "", ErrNoMatch},
		"a template": {session, first, Options{Template: "{{ .AccountName "}, "template", nil},
		"a field":    {session, first, Options{Template: "{{ .Account }}"}, "template", nil},
		"a function": {session, first, Options{Template: "{{ .AccountName | shout }}"}, "template", nil},
		"a form":     {session, first, Options{Form: "both"}, "form", nil},
		"a region":   {session, first, Options{Region: "us-east-1\n[x]"}, "region", nil},
		"an output":  {session, first, Options{Output: "json #"}, "output", nil},
		"a blank": {
			session, first,
			Options{Form: CredentialProcess, ProcessPath: "/opt/my tools/rolecall-process"},
			"process-path", nil,
		},
		"a substitution": {
			session, first,
			Options{Form: CredentialProcess, ProcessPath: "/opt/$(id)/rolecall-process"},
			"process-path", nil,
		},
		"no path":    {session, first, Options{Form: CredentialProcess}, "process-path", nil},
		"no session": {"", first, Options{}, "", awsconfig.ErrUnknownSession},
		"a role":     {session, listing("111122223333 x: a$(id)"), Options{}, "", identitycenter.ErrBadAnswer},
		"a control": {
			session, listing("111122223333 x: a\x1bb"),
			Options{Form: CredentialProcess, ProcessPath: "/rolecall-process"},
			"", identitycenter.ErrBadAnswer,
		},
		"a DEFAULT":       {session + "[DEFAULT]\ncredential_process = x\n", first, Options{}, "", nil},
		"a DEFAULT's key": {session + "[DEFAULT]\nrole_arn = x\n", first, Options{}, "", nil},
	} {
		plan, err := Make(document(t, x.text), &awsconfig.Document{}, x.all, x.o)
		var option *OptionError
		if err == nil || plan != nil || x.err != nil && !errors.Is(err, x.err) ||
			errors.As(err, &option) != (x.option != "") || option != nil && option.Option != x.option {
			t.Errorf("%s: %v, %+v", name, err, plan)
		}
	}
}

// A person's profile, section or comment is never taken for ours.
func TestWhatIsNotOurs(t *testing.T) {
	section := "[profile Prod-Gone]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Gone\n"
	for _, text := range []string{
		section, "# rolecall-managed: 111122223333 Gone corp\n\n" + section,
		"# rolecall-managed: 111122223333 Gone corp\n# x\n" + section,
		"# rolecall-managed: 111122223333 Gone other\n" + section, "# rolecall-managed: 1111 Gone corp\n" + section,
		"# rolecall-managed: 111122223333 corp\n" + section,
		"# rolecall-managed: 111122223333 Gone corp\n" + strings.Replace(section, "profile Prod-Gone", "default", 1),
		"# rolecall-managed: 111122223333 Gone corp\n[services x]\n", "  # rolecall-managed: 111122223333 Gone corp\n" +
			section,
	} {
		after, plan := made(t, session+text, first, Options{})
		if !strings.HasPrefix(after, session+text) || plan.Count(Added) != 3 {
			t.Errorf("%q became %q", session+text, after)
		}
	}
}

// Every hostile name as account name, alias, e-mail and tag, alone and in company.
func TestHostileNames(t *testing.T) {
	var accounts []inventory.Account
	for i, name := range hostile.Names() {
		accounts = append(accounts, inventory.Account{
			ID: fmt.Sprintf("%012d", 7_000_000+i*10_000), Name: name, Email: name,
			Alias: name, Tags: []string{name}, Roles: []string{"Admin", "a+=,.@-_b"},
		})
	}
	all := inventory.New(identitycenter.SSOSession{Name: "corp"}, time.Time{}, accounts)
	for _, template := range []string{"", `{{ .Alias }}{{ .Email }}{{ join "," .Tags }}`, "{{ .AccountName }}"} {
		for _, form := range []Form{SSOSession, CredentialProcess} {
			text, plan := made(t, mine, all, Options{Template: template, Form: form, ProcessPath: "/usr/bin/rolecall-process"})
			if plan.Count(Added) != 2*len(accounts) || foreign(text) != mine || withoutOurs(t, text) != mine {
				t.Fatalf("%d added; foreign lines: %q", plan.Count(Added), foreign(text))
			}
			seen := map[string]bool{}
			for _, c := range plan.Changes {
				if c.Name != portable(c.Name) || c.Name == "" || len(c.Name) > longest || seen[strings.ToLower(c.Name)] ||
					strings.EqualFold(c.Name, "default") {
					t.Errorf("the name %q", c.Name)
				}
				seen[strings.ToLower(c.Name)] = true
			}
			d := document(t, text)
			for _, s := range d.Sections()[3:] {
				for _, l := range d.Lines(s) {
					if !l.Blank() && !l.Comment && !isOwnKey(l.Key) {
						t.Errorf("a line %q", l.Text)
					}
				}
			}
		}
	}
}

func FuzzPortable(f *testing.F) {
	for _, name := range hostile.Names()[:100] {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name := portable(text)
		if name != portable(name) || len(name) > longest ||
			strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+@:/-") != "" ||
			strings.Contains(name, "--") {
			t.Errorf("%q became %q", text, name)
		}
	})
}

func large(b *testing.B) *inventory.Inventory {
	var accounts []inventory.Account
	for i := range 4000 {
		accounts = append(accounts, inventory.Account{
			ID: fmt.Sprintf("%012d", i), Name: fmt.Sprintf("team %d prod", i%3000),
			Roles: []string{"Admin", "Billing", "Deploy", "ReadOnly", "Support"},
		})
	}
	return inventory.New(identitycenter.SSOSession{Name: "corp"}, time.Time{}, accounts)
}

func BenchmarkAdd20000(b *testing.B) {
	all, d := large(b), document(b, mine)
	for b.Loop() {
		if plan, err := Make(d, &awsconfig.Document{}, all, Options{Region: "eu-west-1"}); err != nil ||
			plan.Count(Added) != 20_000 {
			b.Fatal(err)
		}
	}
}

func benchmarkUpdate(b *testing.B, o Options, kind Kind, count int) {
	all := large(b)
	text, _ := made(b, mine, all, Options{Region: "eu-west-1"})
	for b.Loop() {
		if plan, err := Make(document(b, text), &awsconfig.Document{}, all, o); err != nil || plan.Count(kind) != count {
			b.Fatal(plan.Count(kind), err)
		}
	}
}

func BenchmarkNothingToDoOf20000(b *testing.B) {
	benchmarkUpdate(b, Options{Region: "eu-west-1"}, Changed, 0)
}

func BenchmarkChange20000(b *testing.B) {
	benchmarkUpdate(b, Options{Region: "eu-central-1"}, Changed, 20_000)
}

func BenchmarkRename20000(b *testing.B) {
	benchmarkUpdate(b, Options{Region: "eu-west-1", Template: "{{ .RoleName }}@{{ .AccountName | upper }}"}, Renamed,
		20_000)
}

// An edit that would change a section of somebody else's is not made.
func TestANeighbourIsNotChanged(t *testing.T) {
	d := document(t, session+"[profile mine]\nregion = us-east-1\n")
	for name, edit := range map[string]func(e *awsconfig.Edit, s awsconfig.Section){
		"a line more": func(e *awsconfig.Edit, s awsconfig.Section) { e.InsertLines(s.Body, "output = json") },
		"a line less": func(e *awsconfig.Edit, s awsconfig.Section) { e.Remove(s.Body, s.End) },
		"renamed":     func(e *awsconfig.Edit, s awsconfig.Section) { e.Rename(s, "profile ours") },
		"gone":        func(e *awsconfig.Edit, s awsconfig.Section) { e.Remove(s.Head, s.End) },
	} {
		p := &planner{config: d, credentials: &awsconfig.Document{}, session: "corp", edit: d.Edit()}
		edit(p.edit, d.Sections()[1])
		if plan, err := p.finish(); err == nil {
			t.Errorf("%s: %q", name, plan.Data)
		}
	}
}

// A person who renames one of our profiles to [default] keeps it, whatever happens to the role.
func TestAProfileRenamedToDefaultStays(t *testing.T) {
	plan, err := Make(document(t, session), &awsconfig.Document{}, first, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"[default]", "[profile default]", "[profile 'default']"} {
		text := strings.Replace(string(plan.Data), "[profile Prod-Admin]", header, 1)
		if text == string(plan.Data) {
			t.Fatalf("there is no such section: %s", text)
		}
		start := strings.Index(text, header)
		end := start + strings.Index(text[start:]+"\n\n", "\n\n")
		for name, all := range map[string]*inventory.Inventory{
			"the same roles": first, "the role is gone": listing("444455556666 Dev: Admin"),
		} {
			again, err := Make(document(t, text), &awsconfig.Document{}, all, Options{Region: "eu-west-1"})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(again.Data), text[start:end]+"\n") {
				t.Errorf("%s, %s: %s", header, name, again.Data)
			}
		}
	}
}
