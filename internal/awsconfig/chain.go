package awsconfig

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// chain reads role_arn and what belongs to it. from lists the profiles that led here: a repeated one is a loop.
func (c *Config) chain(v *values, from []string) (*Chain, error) {
	chain := &Chain{
		RoleARN: v.text("role_arn"), RoleSessionName: v.text("role_session_name"),
		ExternalID: v.text("external_id"), MFASerial: v.text("mfa_serial"), TokenFile: v.text("web_identity_token_file"),
	}
	if !strings.HasPrefix(chain.RoleARN, "arn:") || strings.Count(chain.RoleARN, ":") < 5 {
		return nil, v.fail("role_arn", "%q is not a role ARN", chain.RoleARN)
	}
	if text := v.text("duration_seconds"); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds < 900 || seconds > 43200 {
			return nil, v.fail("duration_seconds", "%q is not a number from 900 to 43200", text)
		}
		chain.Duration = time.Duration(seconds) * time.Second
	}
	if chain.TokenFile != "" { // before a source_profile, as in botocore
		return chain, nil
	}
	var err error
	chain.Source, err = c.sourceOf(v, from)
	return chain, err
}

// sourceOf reads the profile named by source_profile, or the source named by credential_source.
func (c *Config) sourceOf(v *values, from []string) (*Profile, error) {
	name, kind := v.text("source_profile"), v.text("credential_source")
	switch {
	case name != "" && kind != "":
		return nil, v.fail("credential_source", "conflicts with source_profile: keep one of the two")
	case kind == "Environment":
		return &Profile{Environment: true, Origin: v.where("credential_source")}, nil
	case kind == "EcsContainer", kind == "Ec2InstanceMetadata":
		return nil, v.limit("credential_source", "%s: rolecall does not get keys from instance or container metadata", kind)
	case kind != "":
		return nil, v.fail("credential_source", "%q is not Environment, EcsContainer or Ec2InstanceMetadata", firstLine(kind))
	case name == "":
		return nil, v.fail("source_profile", "is required with role_arn")
	case name == v.name && len(from) == 1 && v.text("aws_access_key_id") != "":
		keys, err := c.staticKeys(v)
		return &Profile{Name: name, Origin: v.origin, Static: keys}, err
	}
	source, err := c.named(v, "source_profile", name, from)
	if err != nil {
		return nil, err
	}
	if !source.SignsIn() && source.Chain == nil && source.Static == nil && source.CredentialProcess == "" {
		return nil, v.limit("source_profile", "%q has no keys, role_arn, sso_session or credential_process here", name)
	}
	return &source, nil
}

// named reads the profile that a key of v names. from is as in chain.
func (c *Config) named(v *values, key, name string, from []string) (Profile, error) {
	if slices.Contains(from, name) {
		return Profile{}, v.fail(key, "%q refers to itself", name)
	}
	p, err := c.profile(name, from)
	if unknown := (*Error)(nil); errors.As(err, &unknown) && unknown.kind == ErrUnknownProfile && unknown.Profile == name {
		e := v.fail(key, "there is no profile %q", name)
		e.wanted, e.candidates = unknown.wanted, unknown.candidates
		return p, e
	}
	return p, err
}

// through returns p, whose credential_process starts rolecall for the profile source, with the keys of that one, and
// with all that it takes to get them. p's own name, region and output stay. from is as in chain.
func (c *Config) through(v *values, p Profile, source string, from []string) (Profile, error) {
	got, err := c.named(v, "credential_process", source, from)
	if err == nil && got.Root().Session.StartURL != "" {
		err = got.RequireRole() // it names source, where the key is to be set
	}
	if err != nil {
		return p, err
	}
	got.Name, got.Origin, got.Region, got.Output = p.Name, p.Origin, p.Region, p.Output
	got.CredentialProcess = p.CredentialProcess
	return got, nil
}

// limit is an error about a key that other tools can use, and rolecall cannot.
func (v *values) limit(key, format string, args ...any) *Error {
	e := v.fail(key, format, args...)
	e.limit = true
	return e
}
