package doctor

import (
	"slices"
	"strconv"
	"strings"

	"rolecall/internal/awsconfig"
)

// Why a line of the config files matters.
const (
	refusesFile = "botocore rejects the whole file: neither the AWS CLI nor boto3 works with any profile"
	notRead     = "nothing says so: the setting looks as if it took effect"
	differs     = "what works in one program fails in another, or uses another account or region"
	wrongValue  = "it cannot work, and the error comes late: at sign-in, or from AWS"
)

// configFiles reports what config show does: what tools refuse, ignore or read differently, and values that cannot be
// right.
func configFiles() check {
	return check{slices.Concat(lineKinds(), keyKinds()), func(m *Machine, found func(string, Finding)) {
		for _, e := range m.refused {
			found("config.unreadable", Finding{What: e.Problem, Where: []string{e.Origin.String()}, Remedy: lines(e.Remedy)})
		}
		fixers := map[string]fixer{}
		for _, p := range slices.Concat(m.report.Problems, m.report.Unusable) {
			file := p.Origin.File
			if _, known := fixers[file]; !known {
				fixers[file] = fixerOf(file)
			}
			f := Finding{
				What: placed(p), Where: []string{p.Origin.String()}, Remedy: lines(p.Remedy), Fix: fixers[file].fixOf(p),
			}
			if len(f.Remedy) == 0 {
				f.Remedy = lines(remedyOf(p.ID))
			}
			found(p.ID, f)
		}
	}}
}

// lineKinds are about how lines and sections are read.
func lineKinds() []Kind {
	return []Kind{
		{
			"config.unreadable", Error, "A config file cannot be read or used.",
			"rolecall and most tools read nothing from it; others go on without saying so",
		},
		{"config.byte-order-mark", Error, "The file starts with a byte order mark.", refusesFile},
		{"config.not-utf8", Error, "The file is not UTF-8.", refusesFile},
		{"config.duplicate-section", Error, "A section appears twice.", refusesFile},
		{"config.duplicate-key", Error, "A key appears twice in its section.", refusesFile},
		{"config.bare-line", Error, "A line is not KEY = VALUE.", refusesFile},
		{"config.open-header", Error, "A header lacks its closing bracket.", "its keys belong to the section above"},
		{"config.block-line", Error, "A line in a block has no key.", "some SDKs reject the whole file"},
		{"config.indented-key", Error, "The first key of a section is indented.", "some SDKs reject the whole file"},
		{"config.carriage-return", Warning, "A line ends with only a carriage return.", differs},
		{"config.unread-section", Error, "No tool reads a section.", notRead},
		{"config.section-differs", Warning, "Tools read a section's header differently.", differs},
		{"config.other-section", Warning, "A section's name is not what it looks like.", notRead},
		{"config.respelled-section", Warning, "Two headers spell the same name differently.", differs},
		{
			"config.default-for-all", Warning, "There is a [DEFAULT] section.",
			"the AWS CLI and boto3 use its keys in every profile, other SDKs in none",
		},
		{"config.indented-header", Warning, "A header is indented.", differs},
	}
}

// keyKinds are about keys and values.
func keyKinds() []Kind {
	return []Kind{
		{"config.unknown-key", Warning, "No tool knows a key.", notRead},
		{"config.unknown-service", Warning, "No tool knows a service in a services section.", notRead},
		{"config.misplaced-key", Warning, "A key is in a section where no tool reads it.", notRead},
		{"config.no-equals-sign", Warning, "A key has no = after it.", notRead},
		{"config.continued-key", Warning, "An indented key is part of the value above it.", differs},
		{"config.colon", Warning, "A key is set with a colon.", differs},
		{"config.capital-letters", Warning, "A key has capital letters.", differs},
		{"config.key-characters", Warning, "A key has characters that some SDKs do not accept.", differs},
		{"config.comment-in-value", Warning, "A comment follows a value.", differs},
		{"config.quotes", Warning, "A value is in quotes.", differs},
		{"config.strange-character", Warning, "A line has a character that is invisible, or looks like another.", notRead},
		{"config.invalid-value", Error, "A value is invalid, or a required one is missing.", wrongValue},
		{"config.unknown-session", Error, "A profile names an sso-session that does not exist.", wrongValue},
		{"config.unknown-profile", Error, "A profile names a source profile that does not exist.", wrongValue},
		{"config.unknown-services", Error, "A profile names a services section that does not exist.", wrongValue},
		{
			"config.no-sso-region", Warning, "A start URL has no sso_region.",
			"SDKs cannot renew the sign-in, or reject the profile",
		},
		{"config.mistyped-region", Error, "A region does not exist.", wrongValue},
		{"config.start-url-region", Error, "A region is not the one in the start URL.", wrongValue},
		{"config.region-of-partition", Error, "A region is in another partition than the session's.", wrongValue},
		{"config.role-of-iam", Error, "A role is given by its IAM name.", wrongValue},
		{"config.neither-true-nor-false", Warning, "A true-or-false setting is neither.", differs},
		{"config.scopes", Error, "A session's scopes do not include sso:account:access.", wrongValue},
		{
			"config.keys-beside-sso", Warning, "A profile has static keys and SSO settings.",
			"programs use one identity or the other, depending on their SDK",
		},
		{
			"config.process-beside-sso", Warning, "A profile has a credential_process and SSO settings.",
			"programs use one identity or the other, depending on their SDK",
		},
		{
			"config.unusable", Note, "Other tools can use a profile that rolecall cannot.",
			"rolecall fails with this profile",
		},
	}
}

// remedyOf returns what to do about a problem that does not say it itself.
func remedyOf(id string) string {
	switch id {
	case "config.default-for-all":
		return "move its keys to [default] or to the profiles that need them"
	case "config.key-characters":
		return "use only letters, digits and _-/.%@:+ in the key"
	case "config.unusable":
		return "use this profile with other tools"
	}
	return "correct the line; rolecall config show lists the sections"
}

// A fixer knows what fixes the lines of a config file without losing anything.
type fixer struct {
	repeated map[int]bool
	fix      *Fix // of all such lines at once
}

func fixerOf(file string) fixer {
	d, err := awsconfig.Read(file)
	if err != nil {
		return fixer{}
	}
	return fixer{d.Repeated(), &Fix{File: file, Change: func(data []byte) ([]byte, error) {
		d, err := awsconfig.Parse(file, data)
		if err != nil {
			return nil, err
		}
		return d.Fixed()
	}}}
}

func (m fixer) fixOf(p awsconfig.Problem) *Fix {
	if p.ID == "config.byte-order-mark" || p.ID == "config.duplicate-key" && m.repeated[p.Origin.Line] {
		return m.fix
	}
	return nil
}

// placed puts the section and key of a problem in front of its text.
func placed(p awsconfig.Problem) string {
	if at := strings.TrimSpace(p.Section + " " + p.Key); at != "" {
		return at + ": " + p.Text
	}
	return p.Text
}

// lines splits a remedy.
func lines(remedy string) []string {
	if remedy == "" {
		return nil
	}
	return strings.Split(remedy, "\n")
}

// counted is a number of things.
func counted(n int, things string) string { return strconv.Itoa(n) + " " + things }
