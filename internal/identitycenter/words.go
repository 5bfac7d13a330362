// Package identitycenter holds the words of IAM Identity Center that the client rooms share: sessions, tokens,
// accounts, role credentials, and the errors that callers act on. It imports nothing of ours, and neither the AWS SDK
// nor net/http, so that the lean credential_process program can use it.
package identitycenter

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// AccessScope is the scope that lets a token list accounts and get role
// credentials; with it the answer holds a refresh token.
const AccessScope = "sso:account:access"

// An SSOSession says where a person signs in: an [sso-session] section, or the
// sso_* keys of a legacy profile, which has no Name.
type SSOSession struct {
	Name     string   // of the section; empty for a legacy profile
	StartURL string   // exactly as configured: file names hash it
	Region   string   // of the Identity Center instance; empty: sso_region is missing, and nothing has told it yet
	Scopes   []string // sso_registration_scopes; nil when not configured
	Issuer   string   // AWS's start URL, where StartURL is a host of the person's own that leads to it
}

// IssuerURL is the start URL to send: the one that AWS knows.
func (s SSOSession) IssuerURL() string {
	if s.Issuer != "" {
		return s.Issuer
	}
	return s.StartURL
}

// Label names the session to a person: its name, else its start URL.
func (s SSOSession) Label() string {
	if s.Name != "" {
		return s.Name
	}
	return s.StartURL
}

// RegistrationScopes are the scopes to register a client with. An sso-session
// without configured scopes asks for AccessScope, as the AWS CLI does; a legacy
// profile asks for none, and gets a token of about eight hours that cannot be
// refreshed.
func (s SSOSession) RegistrationScopes() []string {
	if len(s.Scopes) == 0 && s.Name != "" {
		return []string{AccessScope}
	}
	return slices.Clone(s.Scopes)
}

// ReachesPortal reports whether tokens of the session can be used at the access portal: with AccessScope, one of the
// older scopes of the portal, or none at all.
func (s SSOSession) ReachesPortal() bool {
	scopes := s.RegistrationScopes()
	older := func(scope string) bool { return strings.HasPrefix(scope, "sso-portal:") }
	return len(scopes) == 0 || slices.Contains(scopes, AccessScope) || slices.ContainsFunc(scopes, older)
}

// A ClientRegistration is RegisterClient's answer: good for 90 days.
type ClientRegistration struct {
	ClientID              string
	ClientSecret          Secret
	ExpiresAt             time.Time
	AuthorizationEndpoint string // may be empty: then it is <OIDC endpoint>/authorize
	GrantTypes            []string
	Scopes                []string
}

// A DeviceAuthorization is StartDeviceAuthorization's answer (RFC 8628 section 3.2).
type DeviceAuthorization struct {
	DeviceCode              Secret
	UserCode                string
	VerificationURI         string
	VerificationURIComplete string
	ExpiresAt               time.Time
	Interval                time.Duration
}

// A Token is an access token and what is needed to refresh it.
type Token struct {
	AccessToken  Secret
	ExpiresAt    time.Time // zero when the file had none or an unreadable one: expired
	RefreshToken Secret    // may be missing
	StartURL     string
	Region       string
	Registration ClientRegistration // may be missing: then it cannot be refreshed
	// Sealed identifies the encrypted file with what is missing above: the refresh token and the client secret, or all
	// three secrets. Empty without one.
	Sealed string
	// Renews says that the encrypted file has what a refresh needs.
	Renews bool
}

// Refreshable reports whether t has all that a refresh needs, and its
// registration is still good at now.
func (t Token) Refreshable(now time.Time) bool {
	secrets := t.Renews || !t.RefreshToken.IsZero() && !t.Registration.ClientSecret.IsZero()
	return secrets && t.Registration.ClientID != "" && now.Before(t.Registration.ExpiresAt)
}

// An Account is one that the person has a role in. Name and Email may be empty.
type Account struct {
	ID    string // twelve digits
	Name  string
	Email string
}

// A Role is a permission set assigned to the person in an account.
type Role struct {
	AccountID string
	Name      string
}

// RoleCredentials are the answer of GetRoleCredentials or AssumeRole.
type RoleCredentials struct {
	AccessKeyID     string
	SecretAccessKey Secret
	SessionToken    Secret
	Expiration      time.Time
	AccountID       string // may be empty when read from an older cache file
}

// Check returns an error if a key is empty, too long, or has characters that a shell could misread. Credentials are
// checked before they are kept or handed out, so that nothing depends on quoting alone; what AWS's own keys look
// like does not matter. No message holds a value.
func (c RoleCredentials) Check() error {
	for _, v := range []struct{ name, value string }{
		{"access key id", c.AccessKeyID},
		{"secret access key", c.SecretAccessKey.Reveal()},
		{"session token", c.SessionToken.Reveal()},
	} {
		if v.value == "" || len(v.value) > maxKey || strings.Trim(v.value, Plain) != "" {
			return fmt.Errorf("the %s is empty, too long, or has characters that a shell could misread", v.name)
		}
	}
	return nil
}

// CheckAny is Check for keys that may be a user's own.
func (c RoleCredentials) CheckAny() error {
	if c.LongTerm() {
		c.SessionToken = NewSecret("none")
	}
	return c.Check()
}

// LongTerm reports whether the keys are a user's own: with neither a session token nor an end.
func (c RoleCredentials) LongTerm() bool { return c.SessionToken.IsZero() && c.Expiration.IsZero() }

const maxKey = 16 << 10

// Plain are the characters without a meaning to any shell.
const Plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+=_.:-@,"

// MaxRoleLife is how long role credentials can live: the twelve hours of AWS, and some tolerance for clocks. Those that
// seem to live longer may have ended: our clock is behind.
const MaxRoleLife = 14 * time.Hour

// LiveFor reports whether the credentials live for at least that long, and no longer than they can.
func (c RoleCredentials) LiveFor(now time.Time, least time.Duration) bool {
	left := c.Expiration.Sub(now)
	return left >= least && left <= MaxRoleLife
}

// CachedRoleMinimum is the life that cached role credentials must have left to be used without a request, as in the
// AWS CLI.
const CachedRoleMinimum = 15 * time.Minute

// LastResortMinimum is the life that cached role credentials must have left to be used when the session has ended or
// the network is down.
const LastResortMinimum = time.Minute

// Endpoints are the addresses of one Identity Center: scheme, host, port and
// path, without a slash at the end.
type Endpoints struct {
	OIDC   string
	Portal string
}

// ReservedRole begins the names of the roles that Identity Center makes in accounts: AWSReservedSSO_NAME_HASH.
const ReservedRole = "AWSReservedSSO_"

// PermissionSet splits the name of such a role into the name of its permission set and the hash. For other names both
// are empty.
func PermissionSet(role string) (name, hash string) {
	rest, reserved := strings.CutPrefix(role, ReservedRole)
	end := strings.LastIndexByte(rest, '_')
	if !reserved || end < 1 || end == len(rest)-1 {
		return "", ""
	}
	return rest[:end], rest[end+1:]
}
