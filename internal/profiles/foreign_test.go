package profiles

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
)

// foreign returns what is not rolecall's in a file, found without the code under test: the file without our marker
// lines and the one empty line above each, the headers below them, and the lines of our keys in these sections. When
// our text ends the file without a line break, the break before it is ours.
func foreign(text string) string {
	body := strings.TrimPrefix(text, "\ufeff")
	lines := wholeLine.FindAllString(body, -1)
	dropped := ourLines(lines)
	left := text[:len(text)-len(body)]
	for i, line := range lines {
		if !dropped[i] {
			left += line
		}
	}
	if n := len(lines); n > 0 && dropped[n-1] && !strings.HasSuffix(body, "\n") && !strings.HasSuffix(body, "\r") {
		left = strings.TrimSuffix(strings.TrimSuffix(left, "\n"), "\r")
	}
	return left
}

// ourLines reports for each line whether it is rolecall's.
func ourLines(lines []string) []bool {
	dropped := make([]bool, len(lines))
	ours, option, level := false, false, 0
	for i, line := range lines {
		stripped := strings.TrimFunc(line, blank)
		if stripped == "" || stripped[0] == '#' || stripped[0] == ';' {
			continue
		}
		indent := len([]rune(line[:strings.Index(line, stripped)]))
		if option && indent > level {
			continue
		}
		level, option = indent, !header.MatchString(stripped)
		if option {
			dropped[i] = ours && ourKey.MatchString(stripped)
			continue
		}
		ours = i > 0 && ourMarker.MatchString(lines[i-1]) && ourHeader.MatchString(stripped) &&
			!ourDefault.MatchString(stripped)
		if ours {
			dropped[i], dropped[i-1] = true, true
			if i > 1 && strings.Trim(lines[i-2], "\r\n") == "" {
				dropped[i-2] = true
			}
		}
	}
	return dropped
}

var (
	header     = regexp.MustCompile(`^\[.+\]`)
	ourHeader  = regexp.MustCompile(`^\[profile[ \t]`)
	ourDefault = regexp.MustCompile(`^\[profile\s+["']?default["']?\s*\]`)
	ourMarker  = regexp.MustCompile(`^# rolecall-managed: [0-9]{12} [A-Za-z0-9_+=,.@-]{1,64} corp[ \t]*[\r\n]*$`)
	ourKey     = regexp.MustCompile(`(?i)^(sso_session|sso_account_id|sso_role_name|credential_process|` +
		`region|output|services)[ \t]*[=:]`)
	wholeLine = regexp.MustCompile(`[^\r\n]*(\r\n|\n|\r)|[^\r\n]+`)
)

func blank(r rune) bool {
	return strings.ContainsRune(" \t\r\n\v\f\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000", r) || r >= 0x2000 &&
		r <= 0x200a || r >= 0x1c && r <= 0x1f
}

const session = "[sso-session corp]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = us-east-1\n"

func document(t testing.TB, text string) *awsconfig.Document {
	t.Helper()
	d, err := awsconfig.Parse("config", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// listing makes an inventory from lines such as "111122223333 name: Admin ReadOnly".
func listing(lines ...string) *inventory.Inventory {
	var accounts []inventory.Account
	for _, line := range lines {
		account, roles, _ := strings.Cut(line, ": ")
		id, name, _ := strings.Cut(account, " ")
		accounts = append(accounts, inventory.Account{ID: id, Name: name, Roles: strings.Fields(roles)})
	}
	return inventory.New(identitycenter.SSOSession{Name: "corp"}, time.Time{}, accounts)
}

// withoutOurs removes all our sections, as pruning does.
func withoutOurs(t testing.TB, text string) string {
	t.Helper()
	d := document(t, text)
	e := d.Edit()
	for _, m := range read(d, "corp") {
		m.remove(e)
	}
	data, err := e.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var (
	first  = listing("111122223333 Prod: Admin ReadOnly", "444455556666 Dev: Admin")
	second = listing("111122223333 Production: Admin", "444455556666 Dev: Admin Billing", "777788889999 New: Admin")
)

// step applies an inventory, and checks that no foreign byte changed, and that applying it again does nothing.
func step(t *testing.T, text string, all *inventory.Inventory, o Options) (string, bool) {
	t.Helper()
	plan, err := Make(document(t, text), &awsconfig.Document{}, all, o)
	if err != nil {
		return text, false
	}
	after := text
	if plan.Data != nil {
		after = string(plan.Data)
	}
	if foreign(after) != foreign(text) {
		t.Fatalf("foreign bytes changed:\nbefore %q\nafter  %q\n%q\n%q", text, after, foreign(text), foreign(after))
	}
	again, err := Make(document(t, after), &awsconfig.Document{}, all, o)
	if err != nil || again.Data != nil {
		t.Fatalf("the second time is not as the first: %v %+v\nbefore %q\nonce   %q", err, again, text, after)
	}
	return after, true
}

// For any file, a series of plans changes only our text; if it had none of ours, removing it restores the same bytes.
func FuzzForeignBytesStay(f *testing.F) {
	ours := "# rolecall-managed: 111122223333 Admin corp\n[profile Prod-Admin]\nsso_session = corp\n" +
		"sso_account_id = 111122223333\nsso_role_name = Admin\n"
	gone := strings.ReplaceAll(ours, "Admin", "Gone")
	for _, seed := range []string{
		"", "\n", "# only a comment", "\ufeff", "\ufeff[a]\r\nb = c\r\n", "[a]\rb = c\r", "[a]\nb = c",
		"[a]\nb =\n  c = d\n  ", "[a]\n  b = c\n  [profile x]\n  d = e\n",
		ours, "\n" + ours, ours + "\n" + gone, gone + "x = y\n# mine\n", gone + "# mine\n[b]\n", gone + "# mine\n\n[b]\n",
		ours + "  continued\n", "  " + gone, ours + ours,
		strings.ReplaceAll(ours, "\n", "\r\n"), strings.ReplaceAll(ours, "sso_", "  sso_"), strings.TrimSuffix(ours, "\n"),
		"# c\n" + gone + "\n\n# of b\n[b]", "[DEFAULT]\nregion = x\n\n" + gone,
		strings.ReplaceAll(gone, "sso_role", "x = y\n\nsso_role"), ours + "region = eu-west-1\noutput = text\n",
		"[a]\r\n\r" + gone + "\r", strings.Replace(gone, "profile Prod-Gone", "default", 1),
	} {
		for flags := range uint8(8) {
			f.Add([]byte(seed), flags)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, flags uint8) {
		text := session + string(data)
		if flags&1 != 0 {
			text = string(data) + "\n" + session
		}
		if flags&2 != 0 {
			text = strings.TrimRight(text, "\r\n")
		}
		if mark, ok := strings.CutPrefix(string(data), "\ufeff"); ok && flags&1 == 0 {
			text = "\ufeff" + session + mark
		}
		if _, err := awsconfig.Parse("config", []byte(text)); err != nil {
			return
		}
		o := Options{Region: "eu-central-1"}
		if flags&4 != 0 {
			o = Options{Form: CredentialProcess, ProcessPath: "/usr/bin/rolecall-process", Output: "json"}
		}
		after, ok := step(t, text, first, Options{})
		if ok && len(read(document(t, text), "corp")) == 0 && withoutOurs(t, after) != text {
			t.Fatalf("there and back:\nbefore %q\nback   %q", text, withoutOurs(t, after))
		}
		after, _ = step(t, after, second, o)
		step(t, after, first, Options{Template: "{{ .AccountID }}", NoPrune: flags&2 != 0})
	})
}

// Each of these files must work, not just be refused.
func TestThereAndBack(t *testing.T) {
	for _, text := range []string{
		session, strings.TrimSuffix(session, "\n"), strings.ReplaceAll(session, "\n", "\r\n"),
		strings.TrimSuffix(strings.ReplaceAll(session, "\n", "\r\n"), "\r\n"),
		"\ufeff" + session, session + "\n\n\n", session + "  ", session + "# the end",
		"# \u00fc\n" + session + "[profile x]\n\tregion : y\n\ts3 =\n\t\ta = b\n",
		strings.ReplaceAll(session, "\n", "\r"), session + "[a]\rb = c\r", session + "[a]\nb = c\n\r",
		strings.ReplaceAll(session, "\n", "\n\n"), session + "[b]\nc =\n",
	} {
		after, ok := step(t, text, first, Options{Region: "eu-west-1", Output: "json"})
		if !ok || after == text {
			t.Errorf("%q: nothing was added", text)
			continue
		}
		if back := withoutOurs(t, after); back != text {
			t.Errorf("there and back:\nbefore %q\nback   %q", text, back)
		}
		if end := text[len(text)-1]; (end == '\n' || end == '\r') != strings.HasSuffix(after, "\n") {
			t.Errorf("%q: the end became %q", text, after[len(after)-10:])
		}
	}
}
