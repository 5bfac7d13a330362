package imports

import (
	"slices"
	"strings"
)

// awsSSOUtil takes the sign-in that its variables name. Its profiles have start URLs of their own.
func (b *builder) awsSSOUtil([]byte) (bool, error) {
	here := false
	for _, name := range slices.Clone(b.order) {
		s := b.sections[name]
		program, _ := command(s.value("credential_process"))
		if l, marked := s.keys["sso_auto_populated"]; marked {
			if !here {
				b.leftIn(b.home.Config.Path(), "sso_auto_populated", l.Number,
					"it stays: aws-sso-util populate would change these profiles again")
			}
			here = true
		}
		here = b.withoutProcess(name, "aws-sso-util") || here || program == "aws-sso-util"
	}
	first := func(variables ...string) (name, value string) {
		for _, v := range variables {
			if value := b.home.Getenv(v); value != "" {
				return v, value
			}
		}
		return "", ""
	}
	variable, url := first("AWS_DEFAULT_SSO_START_URL", "AWS_CONFIGURE_SSO_DEFAULT_SSO_START_URL",
		"AWS_LOGIN_SSO_DEFAULT_SSO_START_URL")
	_, region := first("AWS_DEFAULT_SSO_REGION", "AWS_CONFIGURE_SSO_DEFAULT_SSO_REGION",
		"AWS_LOGIN_SSO_DEFAULT_SSO_REGION")
	switch {
	case url == "":
	case !strings.HasPrefix(url, "http"):
		b.leftIn("", variable, 0, "%q is a pattern, and not a start URL", url)
	case region == "":
		b.leftIn("", variable, 0, "without AWS_DEFAULT_SSO_REGION: rolecall configure %s", url)
	default:
		here = true
		if !b.legacyHas(url) { // else the session is made of these profiles
			if _, err := b.sessions([]block{{url: url, region: region, file: "$" + variable}}); err != nil {
				return true, err
			}
		}
	}
	here = here || url != ""
	b.plan.Legacy = here
	return here, nil
}

func (b *builder) legacyHas(url string) bool {
	return slices.ContainsFunc(b.order, func(name string) bool {
		s := b.sections[name]
		return s.value("sso_session") == "" && block{url: s.value("sso_start_url")}.key() == block{url: url}.key()
	})
}

// yawsso finds the copies of keys that it wrote: some tools would use them in place of the profile's sign-in.
func (b *builder) yawsso([]byte) (bool, error) {
	here := false
	for _, s := range b.home.Credentials.Sections() {
		name, key, token := s.Header, 0, false
		for _, l := range b.home.Credentials.Lines(s) {
			switch l.Key {
			case "aws_access_key_id":
				key = l.Number
			case "aws_session_token":
				token = true
			}
		}
		profile := b.sections[name]
		if key == 0 || profile == nil || profile.value("sso_session")+profile.value("sso_start_url") == "" {
			continue
		}
		here = true
		kind := "static keys"
		if token {
			kind = "a copy of keys"
		}
		b.leftIn(b.home.Credentials.Path(), "["+name+"]", key,
			"%s in place of the sign-in of profile %s: some tools use it; remove these lines", kind, name)
	}
	return here, nil
}
