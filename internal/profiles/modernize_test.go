package profiles

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/awsconfig"
	"rolecall/internal/hostile"
	"rolecall/internal/identitycenter"
)

// modernized returns the file after profiles modernize, and the plan.
func modernized(t testing.TB, text string) (string, *Modernized) {
	t.Helper()
	plan, err := Modernize(document(t, text), &awsconfig.Document{})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if plan.Data == nil {
		return text, plan
	}
	again, err := Modernize(document(t, string(plan.Data)), &awsconfig.Document{})
	if err != nil || again.Data != nil {
		t.Fatalf("the second time: %v, %v\n%s", again, err, plan.Data)
	}
	return string(plan.Data), plan
}

const profileA = "[profile a]\n"

const acme = "https://acme.awsapps.com/start"

// west returns the lines of a start URL in eu-west-1.
func west(url string) string { return legacyLines(url, "eu-west-1") }

func legacyLines(url, region string) string {
	return "sso_start_url = " + url + "\nsso_region = " + region + "\n"
}

const accountLines = "sso_account_id = 012345678901\nsso_role_name = Admin\n"

// 200 profiles with three start URLs in all spellings get three sessions, and nothing else changes.
func TestModernizeManyProfiles(t *testing.T) {
	spellings := [][]string{
		{acme, "https://acme.awsapps.com/start/", "https://ACME.awsapps.com/start#/"},
		{"https://d-1234567890.awsapps.com/start/#/", "https://d-1234567890.awsapps.com/start#"},
		{"https://Labs.awsapps.com/start", "https://labs.AWSAPPS.com/start/"},
	}
	var b, want strings.Builder
	both := func(format string, args ...any) {
		fmt.Fprintf(&b, format, args...)
		fmt.Fprintf(&want, format, args...)
	}
	for n := range 200 {
		of := n % 3
		both("# number %d\n\n[profile p%d]\n  ; of a person\n", n, n)
		fmt.Fprintf(&b, "sso_start_url=%s\n# between\nsso_region: eu-west-%d\n", spellings[of][n/3%len(spellings[of])], of+1)
		fmt.Fprintf(&want, "sso_session = %s\n# between\n", []string{"acme", "sso", "labs"}[of])
		both("sso_account_id   =   %012d\nsso_role_name = Role%d\nregion = us-west-%d\n", n, n%7, n%2+1)
	}
	text := b.String()
	before := awsconfig.Of(document(t, text), &awsconfig.Document{})
	got, plan := modernized(t, text)
	if len(plan.Sessions) != 3 || len(plan.Profiles) != 200 || len(plan.Kept) > 0 {
		t.Fatalf("%d sessions, %d profiles, kept: %v", len(plan.Sessions), len(plan.Profiles), plan.Kept)
	}
	sessions := ""
	for n, s := range [][2]string{{"acme", "acme"}, {"sso", "d-1234567890"}, {"labs", "labs"}} {
		sessions += fmt.Sprintf("\n[sso-session %s]\nsso_start_url = https://%s.awsapps.com/start\nsso_region = eu-west-%d\n"+
			"sso_registration_scopes = sso:account:access\n", s[0], s[1], n+1)
	}
	if expected := want.String() + sessions; got != expected {
		t.Errorf("%s", got)
	}
	after := awsconfig.Of(document(t, got), &awsconfig.Document{})
	for _, name := range before.ProfileNames() {
		was, err := before.Profile(name)
		is, errAfter := after.Profile(name)
		if err != nil || errAfter != nil || was.AccountID != is.AccountID || was.RoleName != is.RoleName ||
			was.Region != is.Region || !identitycenter.SameStartURL(was.Session.StartURL, is.Session.StartURL) {
			t.Errorf("%s: %v %v\n%+v\n%+v", name, err, errAfter, was, is)
		}
	}
}

func TestModernizeWhatFilesLookLike(t *testing.T) {
	const own = "credential-process --profile a\n"
	const added = "\n[sso-session acme]\nsso_start_url = " + acme + "\nsso_region = eu-west-1\n" +
		"sso_registration_scopes = sso:account:access\n"
	for name, c := range map[string]struct{ text, want string }{
		"default": {
			"[default]\n" + west(acme) + accountLines, "[default]\nsso_session = acme\n" + accountLines + added,
		},
		"the region first, with indents and no line break": {
			"[profile a]\n  sso_region = eu-west-1\n  # x\n  SSO_Start_URL = " + acme,
			"[profile a]\n  # x\n  sso_session = acme\n" + strings.TrimSuffix(added, "\n"),
		},
		"a process of aws-sso-util": {
			profileA + west(acme) + "credential_process = /opt/aws-sso-util " + own,
			"[profile a]\nsso_session = acme\n" + added,
		},
		"a process of granted": {
			"[profile a]\ncredential_process = granted credential-process --auto-login --profile=a\n" +
				west(acme),
			"[profile a]\nsso_session = acme\n" + added,
		},
		"a process for another profile": {
			profileA + west(acme) + "credential_process = granted credential-process --profile b\n",
			"[profile a]\nsso_session = acme\ncredential_process = granted credential-process --profile b\n" + added,
		},
		"a process that goes on": {
			profileA + "credential_process = granted " + own + "  --x\n" + west(acme),
			profileA + "credential_process = granted " + own + "  --x\nsso_session = acme\n" + added,
		},
		"another process": {
			profileA + west(acme) + "credential_process = mine\n",
			"[profile a]\nsso_session = acme\ncredential_process = mine\n" + added,
		},
		"a session that is there": {
			"[sso-session corp]\nsso_start_url = " + acme + "/\nsso_region = eu-west-1\n[profile a]\n" + west(acme),
			"[sso-session corp]\nsso_start_url = " + acme + "/\nsso_region = eu-west-1\n[profile a]\nsso_session = corp\n",
		},
	} {
		for kind, change := range map[string]func(string) string{
			"":     func(s string) string { return s },
			"CRLF": func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
			"BOM":  func(s string) string { return "\ufeff" + s },
		} {
			if got, _ := modernized(t, change(c.text)); got != change(c.want) {
				t.Errorf("%s %s:\n%q\n%q", name, kind, got, change(c.want))
			}
		}
	}
}

func TestModernizeLeavesWhatIsInDoubt(t *testing.T) {
	for text, reason := range map[string]string{
		"": "",
		"[sso-session acme]\n" + west(acme) + "[profile a]\nsso_session = acme\n" +
			west(acme): "", // both forms
		"[profile a]\nsso_start_url = " + acme + "\n":           "it has no sso_region",
		"[profile a]\nsso_session =\n" + west(acme):             "its sso_session is empty",
		"[profile a]\nsso_region = eu-west-2\n" + west(acme):    "sso_region is there twice",
		profileA + west(acme+" # mine"):                         "is not an https address",
		profileA + legacyLines(acme, "moon"):                    `sso_region "moon" is not a region`,
		profileA + west("http://x/start"):                       "is neither https nor on this machine",
		profileA + west("https://x/a%20b"):                      "has unusual characters",
		profileA + west(acme) + " output = json\n":              "sso_region \"eu-west-1…\" is not a region",
		profileA + west(acme) + "[profile \"a\"]\noutput = x\n": "its section appears twice",
		"[profile b]\naws_access_key_id = A\naws_secret_access_key = B\n[profile a]\n" + west(acme) +
			"role_arn = arn:aws:iam::012345678901:role/x\nsource_profile = b\n": "its role_arn is used",
	} {
		got, plan := modernized(t, text)
		if got != text || reason == "" && len(plan.Kept) > 0 ||
			reason != "" && (len(plan.Kept) != 1 || !strings.Contains(plan.Kept[0].Reason, reason)) {
			t.Errorf("%q: %v, want %q\n%s", text, plan.Kept, reason, got)
		}
	}
	config := document(t, "[profile a]\n"+west(acme))
	credentials := document(t, "[a]\n"+west(acme+"/"))
	plan, err := Modernize(config, credentials)
	if err != nil || plan.Data != nil || len(plan.Kept) != 1 {
		t.Errorf("%v, %v", plan, err)
	}
}

func TestModernizeStopsAtTwoRegions(t *testing.T) {
	for _, text := range []string{
		profileA + west(acme) + "[profile b]\n" + legacyLines(acme+"/", "eu-west-2"),
		profileA + west(acme) + "[sso-session b]\n" + legacyLines(acme, "eu-west-2"),
		profileA + west(acme) + "[sso-session b]\nsso_start_url = " + acme + "\n",
	} {
		_, err := Modernize(document(t, text), &awsconfig.Document{})
		var regions *RegionsError
		if !errors.As(err, &regions) || len(regions.Uses) != 2 || regions.StartURL != acme {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A profile that would mean something else keeps all from being written.
func TestModernizeRefusesAnotherMeaning(t *testing.T) {
	text := "[DEFAULT]\nsso_region = eu-west-2\n[profile a]\n" + west(acme) +
		"[profile b]\n" + legacyLines("https://beta.awsapps.com/start", "eu-west-2")
	plan, err := Modernize(document(t, text), &awsconfig.Document{})
	if err == nil || plan != nil || !strings.Contains(err.Error(), "profile a would no longer work") {
		t.Errorf("%v, %v", plan, err)
	}
}

func TestNamesOfNewSessions(t *testing.T) {
	for _, c := range []struct{ before, url, want string }{
		{"", acme, "acme"},
		{"", "https://d-1234567890.awsapps.com/start", "sso"},
		{"", "https://ssoins-1234567890abcdef.portal.us-east-1.app.aws", "sso"},
		{"", "https://start.us-gov-home.awsapps.com/directory/d-1", "sso"},
		{"", "http://127.0.0.1:8080/start", "sso"},
		{"", "https://default.awsapps.com/start", "default-2"},
		{"[sso-session ACME]\n" + west("https://other.awsapps.com/start"), acme, "acme-2"},
		{"[services acme]\nsso =\n  endpoint_url = https://x\n", acme, "acme-2"},
		{"[profile acme]\nregion = eu-west-1\n[sso-session acme-2]\n", acme, "acme-3"},
		{"[profile acme]\n" + west("https://ACME.awsapps.com/start"), acme, "acme"},
		{"[profile acme]\n" + west("https://beta.awsapps.com/start"), acme, "acme-2"},
		{"[profile x]\nsso_session = acme\n", acme, "acme-2"},
		{"[sso-session two words]\n" + west(acme), acme, "acme"},
		{"[sso-session code]\nsso_registration_scopes = codewhisperer:completions\n" + west(acme), acme, "acme"},
		{"[sso-session me]\n" + west(acme) + "[sso-session you]\n" + west(acme), acme, "me"},
	} {
		got, plan := modernized(t, c.before+"[profile it]\n"+west(c.url))
		i := slices.IndexFunc(plan.Profiles, func(p ModernProfile) bool { return p.Name == "it" })
		if i < 0 || plan.Profiles[i].Session != c.want {
			t.Errorf("%s: %v\n%s", c.url, plan.Profiles, got)
		}
	}
}

// Whatever sections are called, what is written means the same as before, or nothing is written.
func TestModernizeAmongHostileNames(t *testing.T) {
	for _, word := range append(hostile.Names(), hostile.Invisible()...) {
		for _, format := range []string{"[profile %s]\n", "[sso-session %s]\n", "[%s]\n", "[profile a]\noutput = %s\n"} {
			text := fmt.Sprintf(format, word) + west(acme) + accountLines +
				"[profile other]\n" + west("https://acme.awsapps.com/start/")
			d, err := awsconfig.Parse("config", []byte(text))
			if err != nil {
				continue
			}
			plan, err := Modernize(d, &awsconfig.Document{})
			if err != nil || plan.Data == nil {
				continue
			}
			before := awsconfig.Of(d, &awsconfig.Document{})
			after := awsconfig.Of(document(t, string(plan.Data)), &awsconfig.Document{})
			if !slices.Equal(before.ProfileNames(), after.ProfileNames()) {
				t.Errorf("%q: %q, %q", text, before.ProfileNames(), after.ProfileNames())
			}
			for _, name := range before.ProfileNames() {
				was, wasErr := before.Profile(name)
				is, isErr := after.Profile(name)
				if (wasErr == nil) != (isErr == nil) || was.AccountID != is.AccountID || was.RoleName != is.RoleName {
					t.Errorf("%q: %v %v", text, wasErr, isErr)
				}
			}
		}
	}
}

// For any file, all lines but those of the keys that change stay as they are, in their order, and nothing comes but
// sso_session lines and, at the end, sso-sessions.
func FuzzModernize(f *testing.F) {
	for _, seed := range []string{
		"[profile a]\n" + west(acme) + accountLines, "[profile a]\r\n" + strings.ReplaceAll(west(acme), "\n", "\r\n"),
		"\ufeff[profile a]\n" + west(acme), "[profile a]\r" + strings.ReplaceAll(west(acme), "\n", "\r"),
		"[profile a]\n  " + strings.ReplaceAll(west(acme), "\n", "\n  ") + "\n[profile b]\n" + west(acme+"/#/"),
		"[a]\n" + west(acme) + "[default]\n" + west(acme) +
			"credential_process = granted credential-process --profile default\n",
		"[profile a]\nx =\n  y = z\n" + strings.TrimSuffix(west(acme), "\n"),
		"[DEFAULT]\nx=y\n[profile a]\n" + west(acme) + " # c",
		"[sso-session acme]\n" + west(acme) + "[profile a]\n" + west(acme) + "\n\n# end\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := awsconfig.Parse("config", data)
		if err != nil {
			return
		}
		plan, err := Modernize(d, &awsconfig.Document{})
		if err != nil || plan.Data == nil {
			return
		}
		again, err := Modernize(document(t, string(plan.Data)), &awsconfig.Document{})
		if err != nil || again.Data != nil {
			t.Fatalf("the second time: %v %+v\n%q\n%q", err, again, data, plan.Data)
		}
		left := wholeLine.FindAllString(string(plan.Data), -1)
		for _, line := range wholeLine.FindAllString(string(data), -1) {
			if len(left) > 0 && strings.TrimRight(left[0], "\r\n") == strings.TrimRight(line, "\r\n") {
				left = left[1:]
				continue
			}
			switch text := strings.ToLower(line); {
			case strings.Contains(text, "sso_start_url"):
				if len(left) == 0 || !strings.Contains(left[0], "sso_session = ") {
					t.Fatalf("%q\n%q: %q", data, plan.Data, line)
				}
				left = left[1:]
			case !strings.Contains(text, "sso_region") && !strings.Contains(text, "credential_process"):
				t.Fatalf("%q\n%q: %q is gone", data, plan.Data, line)
			}
		}
		news := 0
		for _, s := range plan.Sessions {
			if s.New {
				news++
			}
		}
		if len(left) != 5*news {
			t.Fatalf("%q\n%q: left %q", data, plan.Data, left)
		}
	})
}
