package awsconfig

import (
	"slices"
	"strings"
)

// yieldsCredentials reports whether a setting of a profile determines its credentials. Others, such as region, only say
// how these are used.
func yieldsCredentials(key string) bool {
	switch key {
	case "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token", "aws_account_id",
		"credential_process", "credential_source", "source_profile", "role_arn", "role_session_name", "external_id",
		"mfa_serial", "duration_seconds", "web_identity_token_file", "login_session":
		return true
	}
	return strings.HasPrefix(key, "sso_")
}

// BareDefault returns both files without the settings of [default] that yield credentials: SDKs prefer those to a
// container-credentials endpoint, some even when they fail. All other bytes stay. changed reports whether there were
// any (issue 13).
func (c *Config) BareDefault() (config, credentials []byte, changed bool, err error) {
	config, inConfig, err := c.config.bareDefault(false)
	if err != nil {
		return nil, nil, false, err
	}
	credentials, inCredentials, err := c.credentials.bareDefault(true)
	return config, credentials, inConfig || inCredentials, err
}

func (d *Document) bareDefault(credentials bool) (text []byte, changed bool, err error) {
	edit := d.Edit()
	for _, s := range slices.Concat(d.defaults, d.sections) {
		if !d.isDefault(s, credentials) {
			continue
		}
		removing := false
		for _, l := range d.Lines(s) {
			if l.Key != "" {
				removing = yieldsCredentials(l.Key)
			}
			if removing && !l.Blank() && (l.Key != "" || l.Continues) {
				edit.Remove(l.Start, l.End)
				changed = true
			}
		}
	}
	text, err = edit.Bytes()
	return text, changed, err
}

// isDefault reports whether any tool reads a section as the default profile.
func (d *Document) isDefault(s Section, credentials bool) bool {
	return slices.ContainsFunc(d.readers(s, credentials), func(r reader) bool {
		return r.kind == kindProfile && strings.EqualFold(r.name, "default")
	})
}
