package awsconfig

import (
	"cmp"
	"slices"
	"strings"

	"rolecall/internal/identitycenter"
	"rolecall/internal/near"
)

// knownKeys are the keys that decide who signs in where, and with which keys, each between blanks.
const knownKeys = " sso_start_url sso_region sso_session sso_account_id sso_role_name sso_registration_scopes " +
	"region role_arn source_profile credential_process credential_source external_id role_session_name " +
	"duration_seconds mfa_serial web_identity_token_file aws_access_key_id aws_secret_access_key aws_session_token " +
	"output services endpoint_url ca_bundle use_fips_endpoint use_dualstack_endpoint ignore_configured_endpoint_urls "

// knownKey returns the key that was meant: sso_region by sso-region, SSO Region or sso_regoin. Short keys may have no
// typing mistakes: they resemble too many others.
func knownKey(key string) string {
	if key != "" && !strings.Contains(key, " ") && strings.Contains(knownKeys, " "+key+" ") {
		return key
	}
	for _, shell := range []string{"export ", "set "} {
		key = strings.TrimPrefix(key, shell)
	}
	wanted := fold(key)
	mistakes := 2
	switch n := len(wanted); {
	case n < 4:
		return ""
	case n < 5:
		mistakes = 0
	case n < 8:
		mistakes = 1
	}
	switch wanted {
	case "accountid", "rolename", "starturl":
		wanted = "sso" + wanted
	}
	known := strings.Fields(knownKeys)
	folded := make([]string, len(known))
	for i, k := range known {
		folded[i] = fold(k)
	}
	if i := slices.Index(folded, near.Within(mistakes, wanted, folded)); i >= 0 {
		return known[i]
	}
	return ""
}

// isSecretKey reports whether the value of a key, or of one that it misspells, is never shown.
func isSecretKey(key string) bool {
	switch knownKey(key) {
	case "aws_secret_access_key", "aws_session_token":
		return true
	}
	f := fold(key)
	return strings.Contains(f, "secret") || strings.Contains(f, "securitytoken") || strings.Contains(f, "sessiontoken")
}

// hasSecretLine reports whether one of the lines that continue a value is a key of its own, with a secret.
func hasSecretLine(value string) bool {
	for line := range strings.SplitSeq(value, "\n") {
		if key, _, separator := splitLine(line); separator != 0 && isSecretKey(key) {
			return true
		}
	}
	return false
}

// splitLine splits a property at the first = or :, which is the separator; without one it is 0.
func splitLine(text string) (key, value string, separator byte) {
	i := strings.IndexAny(text, "=:")
	if i < 0 {
		return text, "", 0
	}
	return strings.TrimFunc(text[:i], isBlank), strings.TrimFunc(text[i+1:], isBlank), text[i]
}

// assign says which line to write, without a secret in it.
func assign(key, value string) string {
	if isSecretKey(key) {
		value = "…"
	}
	return "write " + strings.TrimSpace(key+" = "+value)
}

// corrected says which line to write in place of a key's value.
func corrected(key, value string) string {
	return cmp.Or(valueRemedy(key, value), assign(key, cleanValue(value)))
}

// cleanValue drops what is not part of a value for every tool: quotes around it, a comment, strange characters.
func cleanValue(value string) string {
	value, _, _ = strings.Cut(plain(value), "\n")
	if i := commentAt("= " + value); i >= 0 {
		value = value[:max(0, i-2)]
	}
	return strings.TrimSpace(strings.Trim(strings.TrimSpace(value), `"'`))
}

// strangeIn names the first strange character of a property. A typographic quote inside a value may be meant.
func strangeIn(key, value string) string {
	if name := strange(key); name != "" {
		return name
	}
	inner := strings.TrimFunc(value, curlyQuote)
	if name := strange(strings.Map(func(r rune) rune {
		if curlyQuote(r) {
			return -1
		}
		return r
	}, value)); name != "" {
		return name
	}
	return strange(strings.Replace(value, inner, "", 1))
}

// valueRemedy says what to write in place of a value that is not valid, or "".
func valueRemedy(key, value string) string {
	clean, unless := cleanValue(value), ""
	if i := strings.IndexAny(clean, "#;"); i > 0 && key != "sso_start_url" {
		clean = strings.TrimSpace(clean[:i]) // nobody's region, account or role has them
	}
	switch key {
	case "region", "sso_region":
		clean = regionIn(clean)
	case "sso_start_url":
		clean = startURL(clean)
	case "sso_account_id":
		digits := without(clean, "-–—._,:=>\\/'\" ")
		if clean = accountID(digits); clean != digits {
			unless = " if its leading zeros were lost"
		}
	case "sso_role_name":
		if clean = permissionSetOf(clean[strings.LastIndexByte(clean, '/')+1:]); !isRoleName(clean) {
			return ""
		}
	default:
		return ""
	}
	if clean == "" || clean == value {
		return ""
	}
	return assign(key, clean) + unless
}

// without drops characters from a text.
func without(text, characters string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(characters, r) {
			return -1
		}
		return r
	}, text)
}

// regionIn returns the region that a text was meant to be, such as an availability zone, or "".
func regionIn(text string) string {
	text = strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return strings.ContainsRune("_- .,;", r)
	}), "-")
	for _, region := range []string{text, text[:max(0, len(text)-1)]} {
		if IsRegion(region) {
			return region
		}
	}
	return ""
}

// accountID returns an account id with the leading zeros that a spreadsheet or a number drops, or "".
func accountID(digits string) string {
	if n := len(digits); n < 8 || n > 12 || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	return strings.Repeat("0", 12-len(digits)) + digits
}

// startURL adds what is missing at the beginning of an address.
func startURL(text string) string {
	text = strings.Trim(text, "<>,;")
	for _, scheme := range []string{"https://", "http://", "https:/", "https//", "https:", "http:/"} {
		if rest, ok := strings.CutPrefix(text, scheme); ok {
			text = rest
			break
		}
	}
	if strings.HasPrefix(text, "d-") && !strings.ContainsAny(text, "./:") {
		text += ".awsapps.com/start"
	}
	s := identitycenter.SSOSession{StartURL: "https://" + text, Region: "us-east-1"}
	fail := func(_, format string, args ...any) *Error { return invalid(format, args...) }
	if !strings.Contains(text, ".") || checkSession(s, fail) != nil {
		return ""
	}
	return s.StartURL
}
