package website

import (
	"strings"

	"rolecall/internal/idc/sts"
)

// A text is something to copy.
type text struct{ ID, Name, Hint, Text string }

// texts are the keys in the syntax of shells and of AWS's files. Keys consist of letters, digits and a few characters
// without meaning to any shell.
func (s *Site) texts(role roleView, keys sts.Credentials) []text {
	lines := func(before, between, after string) string {
		var b strings.Builder
		for _, v := range [][2]string{
			{"AWS_ACCESS_KEY_ID", keys.AccessKeyID},
			{"AWS_SECRET_ACCESS_KEY", keys.SecretAccessKey},
			{"AWS_SESSION_TOKEN", keys.SessionToken},
			{"AWS_ENDPOINT_URL_STS", s.o.URL},
		} {
			b.WriteString(before + v[0] + between + v[1] + after + "\n")
		}
		return strings.TrimSuffix(b.String(), "\n")
	}
	profile := profileName(role)
	return []text{
		{"posix", "bash, zsh", "Paste into a terminal. It applies to that terminal only.", lines("export ", "='", "'")},
		{"fish", "fish", "Paste into a terminal. It applies to that terminal only.", lines("set -gx ", " '", "'")},
		{"powershell", "PowerShell", "Paste into a terminal. It applies to that terminal only.", lines("$Env:", "='", "'")},
		{"cmd", "cmd", "Paste into a command prompt. It applies to that window only.", lines("set ", "=", "")},
		{
			"profile", "Profile",
			"For ~/.aws/config. It contains no keys: tools sign in and get their own when they need them.",
			s.profile(profile, role),
		},
		{
			"credentials", "Credentials file",
			"For ~/.aws/credentials. Keys in a file outlive this page; delete them when you no longer need them.",
			"[" + profile + "]\naws_access_key_id = " +
				keys.AccessKeyID + "\naws_secret_access_key = " + keys.SecretAccessKey + "\naws_session_token = " +
				keys.SessionToken,
		},
	}
}

func (s *Site) profile(name string, role roleView) string {
	return "[sso-session local]\nsso_start_url = " + s.o.StartURL + "\nsso_region = " + s.o.Region +
		"\nsso_registration_scopes = sso:account:access\n\n" +
		"[profile " + name + "]\nsso_session = local\nsso_account_id = " + role.Account.ID + "\nsso_role_name = " +
		role.Name + "\nregion = " + s.o.Region
}

// profileName uses only characters that all readers of the file treat alike.
func profileName(role roleView) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.+=@-", r) {
			return r
		}
		return '-'
	}, role.Account.Name)
	name = strings.Trim(name, "-")
	if name == "" {
		name = role.Account.ID
	}
	return name + "-" + role.Name
}
