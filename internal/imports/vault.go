package imports

import (
	"slices"
	"strings"

	"rolecall/internal/awsconfig"
)

// awsVault writes out what profiles of aws-vault include from others: no other tool knows include_profile.
func (b *builder) awsVault([]byte) (bool, error) {
	here := false
	for _, variable := range []string{
		"AWS_VAULT_BACKEND", "AWS_VAULT_PROMPT", "AWS_VAULT_KEYCHAIN_NAME", "AWS_VAULT_FILE_DIR", "AWS_VAULT_DURATION",
	} {
		if b.home.Getenv(variable) != "" {
			b.leftIn("", variable, 0, "it has no equivalent here")
			here = true
		}
	}
	for _, name := range slices.Clone(b.order) {
		here = b.vaultKeys(name) || here
	}
	for _, name := range slices.Clone(b.order) {
		if b.include(name) != "" {
			b.vaultProfile(name)
		}
	}
	b.plan.Legacy = here
	return here, nil
}

// include returns the profile that a profile takes keys from.
func (b *builder) include(name string) string {
	s := b.sections[name]
	if from := s.value("include_profile"); from != "" {
		return from
	}
	return s.value("parent_profile")
}

// vaultKeys names the keys of a profile that only aws-vault knows, and reports whether there are any.
func (b *builder) vaultKeys(name string) bool {
	s, here := b.sections[name], b.include(name) != ""
	reasons := map[string]string{
		"mfa_process":                "programs that a file names are not run: rolecall asks for the code",
		"web_identity_token_process": "programs that a file names are not run",
		"session_tags":               "pass them to rolecall exec: --session-tag",
		"transitive_session_tags":    "pass them to rolecall exec: --transitive-tag",
		"source_identity":            "pass it to rolecall exec: --source-identity",
	}
	for _, key := range sortedKeys(reasons) {
		if l, ok := s.keys[key]; ok {
			b.leftIn(b.home.Config.Path(), "profile "+name+": "+key, l.Number, "%s", reasons[key])
			here = true
		}
	}
	if program, _ := command(s.value("credential_process")); program == "aws-vault" {
		b.leftProfile(name, "the keys of its credential_process are in aws-vault's keyring, and stay there")
		here = true
	}
	return here
}

// vaultProfile writes the keys that a profile includes, nearest first, and then those that it has of [default].
func (b *builder) vaultProfile(name string) {
	from := b.included(name)
	if from == nil {
		return
	}
	get := func(key string) (value, in string) {
		for _, at := range append([]string{name}, from...) {
			if v := b.sections[at].value(key); v != "" {
				return v, at
			}
		}
		if v := b.sections["default"].value(key); v != "" && (key == "region" || key == "mfa_serial") {
			return v, "default"
		}
		return "", ""
	}
	for _, key := range []string{"credential_process", "web_identity_token_process"} {
		if value, in := get(key); value != "" && in != name {
			b.leftProfile(name, "it includes a %s from %s: programs that a file names are not run", key, in)
			return
		}
	}
	var keys []awsconfig.Key
	for _, key := range b.vaultWanted(get) {
		if value, in := get(key); value != "" && in != name {
			keys = append(keys, awsconfig.Key{Name: key, Value: value})
		}
	}
	role, _ := get("role_arn")
	source, _ := get("source_profile")
	if _, in := get("sso_account_id"); role != "" && source == "" && in != "" && in != name {
		keys = append(keys, awsconfig.Key{Name: "source_profile", Value: in}) // its role is assumed on these keys
	}
	if bad := unusual(keys); bad != "" {
		b.leftProfile(name, "the %s that it includes is not read alike by all tools", bad)
		return
	}
	b.rewrite(name, "", append(keys, awsconfig.Key{Name: "include_profile"}, awsconfig.Key{Name: "parent_profile"}))
}

// included returns the profiles that a profile includes, nearest first; nil if that cannot be followed.
func (b *builder) included(name string) (from []string) {
	for at := b.include(name); at != ""; at = b.include(at) {
		switch {
		case at == name || slices.Contains(from, at):
			b.leftProfile(name, "include_profile leads in a circle")
			return nil
		case b.sections[at] == nil:
			b.leftProfile(name, "there is no profile %q to include", at)
			return nil
		}
		from = append(from, at)
	}
	return from
}

// vaultWanted returns the keys that a profile can include: those of a role, or those of a sign-in.
func (b *builder) vaultWanted(get func(string) (string, string)) []string {
	if role, _ := get("role_arn"); role != "" {
		return []string{
			"role_arn", "source_profile", "external_id", "role_session_name", "duration_seconds", "mfa_serial",
			"web_identity_token_file", "region",
		}
	}
	keys := []string{"sso_account_id", "sso_role_name", "region"}
	_, session := get("sso_session")
	if _, url := get("sso_start_url"); session == "" || url != "" {
		return append([]string{"sso_start_url", "sso_region"}, keys...)
	}
	return append([]string{"sso_session"}, keys...)
}

// unusual returns a key whose value tools read differently.
func unusual(keys []awsconfig.Key) string {
	for _, k := range keys {
		if !isText(k.Value) || strings.ContainsAny(k.Value, `"'`) || strings.Contains(k.Value, " ") {
			return k.Name
		}
	}
	return ""
}
