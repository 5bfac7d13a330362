package awsconfig

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rolecall/internal/identitycenter"
)

// A Profile is one profile, with the session that it names.
type Profile struct {
	Name               string
	Origin             Origin
	Session            identitycenter.SSOSession // zero without sso_* keys
	AccountID          string
	RoleName           string
	Region             string
	Output             string
	CABundle           string
	UseFIPS            Switch
	UseDualStack       Switch
	IgnoreEndpointURLs bool
	Endpoints          Endpoints
	CredentialProcess  string
	Static             *StaticKeys // nil unless these are the profile's keys
	Environment        bool        // credential_source = Environment: the keys of the environment
	Chain              *Chain      // role_arn and source_profile: then no sso_* key counts

	accountAt, roleAt Origin // of the keys
}

// Endpoints are the overrides of the services section that the profile, or else
// [default], names.
type Endpoints struct{ SSO, SSOOIDC, STS Endpoint }

// A Switch is the value of a key that is true or false, in lower case, and where it is set; empty without the key.
type Switch struct {
	Value  string
	Origin Origin
}

// An Endpoint is an endpoint_url and where it is set.
type Endpoint struct {
	URL    string
	Origin Origin
}

// StaticKeys are keys in a config file, usually an IAM user's.
type StaticKeys struct {
	AccessKeyID                   string
	SecretAccessKey, SessionToken identitycenter.Secret
	Origin                        Origin
}

// A Chain is a role to assume with the credentials of another profile, or with the token of a file.
type Chain struct {
	RoleARN         string
	RoleSessionName string
	ExternalID      string
	Duration        time.Duration // 0: AWS's default
	MFASerial       string
	TokenFile       string   // web_identity_token_file
	Source          *Profile // nil with TokenFile

	// Only a command line sets these, never a config file.
	Policy         string // JSON
	PolicyARNs     []string
	Tags           []Tag
	TransitiveTags []string // their keys
	SourceIdentity string
}

// Over returns under, a profile's role, with the options that c has from a command line.
func (c Chain) Over(under Chain) Chain {
	under.RoleSessionName = cmp.Or(c.RoleSessionName, under.RoleSessionName)
	under.ExternalID = cmp.Or(c.ExternalID, under.ExternalID)
	under.Duration = cmp.Or(c.Duration, under.Duration)
	under.Policy, under.PolicyARNs, under.SourceIdentity = c.Policy, c.PolicyARNs, c.SourceIdentity
	under.Tags, under.TransitiveTags = c.Tags, c.TransitiveTags
	return under
}

// A Tag is a session tag of AssumeRole.
type Tag struct{ Key, Value string }

// Profile returns the profile with that name and all it refers to, checked. It reads only the sections needed for
// that. "default" without a section is an unknown profile, too.
func (c *Config) Profile(name string) (Profile, error) {
	return c.profile(name, nil)
}

func (c *Config) profile(name string, from []string) (Profile, error) {
	v := c.find(kindProfile, name)
	if v == nil {
		return Profile{}, &Error{
			Origin: Origin{File: c.config.path}, Profile: name, Problem: "not found",
			kind: ErrUnknownProfile, wanted: name, candidates: c.ProfileNames,
		}
	}
	p := Profile{
		Name: name, Origin: v.origin, Region: v.text("region"), Output: v.text("output"), CABundle: v.text("ca_bundle"),
		UseFIPS: v.switched("use_fips_endpoint"), UseDualStack: v.switched("use_dualstack_endpoint"),
		IgnoreEndpointURLs: isTrue(v.text("ignore_configured_endpoint_urls")),
		AccountID:          v.text("sso_account_id"), RoleName: v.text("sso_role_name"),
		CredentialProcess: v.text("credential_process"),
		accountAt:         v.where("sso_account_id"), roleAt: v.where("sso_role_name"),
	}
	var err error
	if p.Endpoints, err = c.endpoints(v); err != nil {
		return p, err
	}
	if p.Region != "" && !IsRegion(p.Region) {
		return p, v.fail("region", "%q is not a region", firstLine(p.Region))
	}
	if v.text("role_arn") != "" {
		p.Chain, err = c.chain(v, append(from, name))
		return p, err
	}
	if p.Session, err = c.profileSession(v); err != nil || p.Session.StartURL != "" {
		return p, err
	}
	if p.Static, err = c.staticKeys(v); err != nil || p.Static != nil {
		return p, err
	}
	if session, account, role, ok := OwnProcess(p.CredentialProcess); ok {
		p.AccountID, p.RoleName = account, role
		p.Session, err = c.Session(session)
		return p, err
	}
	if source := c.ownProfile(p.CredentialProcess); source != "" {
		return c.through(v, p, source, append(from, name))
	}
	return p, nil
}

// staticKeys returns a profile's own keys if they count. As in botocore, those of the credentials file come before
// credential_process, and those of the config file after it.
func (c *Config) staticKeys(v *values) (*StaticKeys, error) {
	id, secret := v.text("aws_access_key_id"), v.text("aws_secret_access_key")
	at := v.where("aws_access_key_id")
	switch {
	case id == "" && secret == "", at.File != c.credentials.path && v.text("credential_process") != "":
		return nil, nil
	case secret == "":
		return nil, v.fail("aws_access_key_id", "is set without aws_secret_access_key")
	case id == "":
		return nil, v.fail("aws_secret_access_key", "is set without aws_access_key_id")
	}
	return &StaticKeys{
		id, identitycenter.NewSecret(secret), identitycenter.NewSecret(v.text("aws_session_token")), at,
	}, nil
}

func (v *values) switched(key string) Switch {
	return Switch{strings.ToLower(v.text(key)), v.where(key)}
}

func isTrue(text string) bool { return strings.EqualFold(text, "true") }

// fail returns an error about a key of a profile.
func (v *values) fail(key, format string, args ...any) *Error {
	e := invalid(format, args...)
	e.Origin, e.Profile, e.Key = v.where(key), v.name, key
	return e
}

// profileSession returns the session of a profile: the section that sso_session names, or the profile's own keys;
// where both are set they must agree.
func (c *Config) profileSession(v *values) (identitycenter.SSOSession, error) {
	none := identitycenter.SSOSession{}
	name := v.text("sso_session")
	if name == "" {
		if v.text("sso_start_url") == "" && v.text("sso_region") == "" {
			if v.text("sso_account_id") == "" && v.text("sso_role_name") == "" {
				return none, nil
			}
			return none, v.fail("sso_session", "is missing, and so are sso_start_url and sso_region")
		}
		return v.legacySession()
	}
	section := c.find(kindSession, name)
	if section == nil {
		e := v.fail("sso_session", "there is no [sso-session %s] section", firstLine(name))
		e.kind, e.wanted, e.candidates = ErrUnknownSession, name, c.SessionNames
		return none, e
	}
	session, err := sessionOf(section)
	if err != nil {
		err.(*Error).Profile = v.name
		return none, err
	}
	for _, key := range []string{"sso_start_url", "sso_region"} {
		own, value := v.text(key), section.text(key)
		switch {
		case own == "" || own == value:
		case value == "": // only sso_region may be missing
			session.Region = own
		default:
			return none, v.fail(key, "%q conflicts with %q in [sso-session %s] at %s", own, value, name, section.where(key))
		}
	}
	return session, checkSession(session, v.fail)
}

func (v *values) legacySession() (identitycenter.SSOSession, error) {
	s := identitycenter.SSOSession{StartURL: v.text("sso_start_url"), Region: v.text("sso_region")}
	return s, checkSession(s, v.fail)
}

// sessionOf reads an sso-session section. Every error is an *Error.
func sessionOf(v *values) (identitycenter.SSOSession, error) {
	s := identitycenter.SSOSession{Name: v.name, StartURL: v.text("sso_start_url"), Region: v.text("sso_region")}
	fail := func(key, format string, args ...any) *Error {
		e := v.fail(key, format, args...)
		e.Profile, e.Session = "", v.name
		return e
	}
	for scope := range strings.SplitSeq(v.text("sso_registration_scopes"), ",") {
		if scope = strings.TrimSpace(scope); scope != "" {
			s.Scopes = append(s.Scopes, scope)
		}
	}
	return s, checkSession(s, fail)
}

// checkSession checks what the file says of a session. A region may be missing: the token, the start URL's host or the
// sign-in tells it.
func checkSession(s identitycenter.SSOSession, fail func(key, format string, args ...any) *Error) error {
	switch {
	case s.StartURL == "":
		return fail("sso_start_url", "is missing")
	case s.Region != "" && !IsRegion(s.Region):
		return fail("sso_region", "%q is not a region", firstLine(s.Region))
	}
	u, err := url.Parse(s.StartURL)
	if err != nil || u.Host == "" || u.User != nil ||
		strings.ContainsFunc(s.StartURL, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fail("sso_start_url", "%q is not an https address", firstLine(s.StartURL))
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !identitycenter.IsLoopback(u.Hostname())) {
		return fail("sso_start_url", "%q is neither https nor on this machine", s.StartURL)
	}
	return nil
}

// firstLine drops the lines that continue a value: an indented key may be among them, with a secret.
func firstLine(value string) string {
	first, _, more := strings.Cut(value, "\n")
	if more {
		first += "…"
	}
	return first
}

// IsRegion reports whether text has the form of a region: letters of a partition, words, and a number, as in
// eu-isoe-west-1. A region becomes part of a host name, so anything else is rejected.
func IsRegion(text string) bool {
	parts := strings.Split(text, "-")
	if len(parts) < 3 || len(text) > 32 {
		return false
	}
	for i, part := range parts {
		letters := strings.Trim(part, "abcdefghijklmnopqrstuvwxyz") == ""
		digits := strings.Trim(part, "0123456789") == ""
		switch last := i == len(parts)-1; {
		case part == "", last && (!digits || len(part) > 2), !last && !letters:
			return false
		case i == 0 && (len(part) < 2 || len(part) > 5):
			return false
		}
	}
	return true
}

// endpoints reads the services section that v names, or else [default]'s.
func (c *Config) endpoints(v *values) (Endpoints, error) {
	var e Endpoints
	name, at := v.text("services"), v
	if name == "" && v.name != "default" {
		fallback := c.find(kindProfile, "default")
		if fallback == nil {
			return e, nil
		}
		name, at = fallback.text("services"), fallback
	}
	if name == "" {
		return e, nil
	}
	section := c.find(kindServices, name)
	if section == nil {
		unknown := at.fail("services", "there is no [services %s] section", name)
		unknown.wanted, unknown.candidates = name, func() []string { return c.names(kindServices) }
		return e, unknown
	}
	return section.endpoints(), nil
}

// SessionEndpoints returns the overrides of the services section that has the name of an sso-session. A session has
// no services key: only the name connects the two when no profile is involved.
func (c *Config) SessionEndpoints(session string) Endpoints {
	if section := c.find(kindServices, session); session != "" && section != nil {
		return section.endpoints()
	}
	return Endpoints{}
}

// endpoints reads a services section.
func (v *values) endpoints() Endpoints {
	var e Endpoints
	for key, target := range map[string]*Endpoint{"sso": &e.SSO, "sso_oidc": &e.SSOOIDC, "sts": &e.STS} {
		for _, p := range v.entries[key].nested {
			if p.key == "endpoint_url" {
				*target = Endpoint{p.value, Origin{v.where(key).File, p.line}}
			}
		}
	}
	return e
}

// Root returns the profile at the end of a chain: the one that signs in, or has keys of another kind.
func (p *Profile) Root() *Profile {
	for p.Chain != nil && p.Chain.Source != nil {
		p = p.Chain.Source
	}
	return p
}

// SignsIn reports whether p's keys come from IAM Identity Center.
func (p *Profile) SignsIn() bool { return p.Root().Session.StartURL != "" }

// Temporary reports whether p's keys are those of a role, which can assume another role for an hour at most.
func (p *Profile) Temporary() bool { return p.Chain != nil || p.Session.StartURL != "" }

// RequireRole returns an *Error that names the key which a profile lacks to get role credentials.
func (p Profile) RequireRole() error {
	fail := func(key, problem string) error {
		at := map[string]Origin{"sso_account_id": p.accountAt, "sso_role_name": p.roleAt}[key]
		if at.File == "" {
			at = p.Origin
		}
		return &Error{Origin: at, Profile: p.Name, Key: key, Problem: problem, kind: ErrInvalid}
	}
	switch {
	case p.Chain != nil && p.Chain.Source != nil:
		return p.Chain.Source.RequireRole()
	case p.Session.StartURL == "":
		return fail("sso_session", "is missing: this profile does not sign in through IAM Identity Center")
	case p.AccountID == "":
		return fail("sso_account_id", "is missing")
	case len(p.AccountID) != 12 || strings.Trim(p.AccountID, "0123456789") != "":
		return fail("sso_account_id", strconv.Quote(firstLine(p.AccountID))+" is not an account id of twelve digits")
	case p.RoleName == "":
		return fail("sso_role_name", "is missing")
	case !isRoleName(p.RoleName):
		return fail("sso_role_name", strconv.Quote(firstLine(p.RoleName))+" is not a role name")
	}
	return nil
}

// isRoleName reports whether text is a role name by IAM's rule, [\w+=,.@-]{1,64}.
func isRoleName(text string) bool {
	return len(text) <= 64 && !strings.ContainsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_+=,.@-", r))
	})
}
