package cli

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/credentials"
	"rolecall/internal/filesystem"
)

// assumeFlags are the roles to assume on top of a target, and the options for the last one.
type assumeFlags struct {
	roles, policyARNs, tags, transitive             []string
	policy, sourceIdentity, externalID, sessionName string
	roleDuration                                    time.Duration
}

func (f *assumeFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.roles, "assume", nil, "assume the role `ARN` with the target's keys; can be repeated")
	flags.StringArrayVar(&f.tags, "session-tag", nil,
		"session tag `KEY=VALUE` for the last role in the chain; can be repeated")
	flags.StringArrayVar(&f.transitive, "transitive-tag", nil,
		"`KEY` of a session tag to pass on to later roles in the chain; can be repeated")
	flags.StringVar(&f.policy, "policy", "", "`FILE` with a session policy (JSON) for the last role in the chain")
	flags.StringArrayVar(&f.policyARNs, "policy-arn", nil,
		"`ARN` of a managed policy to use as session policy for the last role; can be repeated")
	flags.StringVar(&f.sourceIdentity, "source-identity", "",
		"source identity, a `NAME` that later roles in the chain cannot change")
	flags.StringVar(&f.externalID, "external-id", "", "external `ID` that the last role's trust policy requires")
	flags.StringVar(&f.sessionName, "role-session-name", "",
		"`NAME` of the last role's session (default: that of the keys that assume the role)")
	name := "duration"
	if cmd.Name() == "console" { // where --duration is the console's
		name = "role-duration"
	}
	flags.DurationVar(&f.roleDuration, name, 0,
		"`DURATION` of the last role's credentials, 15m to 12h; at most 1h when chaining roles")
}

// given reports whether any of the flags is set.
func (f *assumeFlags) given() bool { return len(f.roles) > 0 || f.asks() }

// asks reports whether there are options for the last role.
func (f *assumeFlags) asks() bool {
	return len(f.tags)+len(f.transitive)+len(f.policyARNs) > 0 || f.roleDuration != 0 ||
		f.policy+f.sourceIdentity+f.externalID+f.sessionName != ""
}

// maxPolicy bounds a policy file, with its white space.
const maxPolicy = 64 << 10

// read puts the roles into t.
func (f *assumeFlags) read(t *target) error {
	for _, arn := range f.roles {
		t.roles = append(t.roles, awsconfig.Chain{RoleARN: arn})
	}
	if !f.asks() {
		return nil
	}
	t.last = &awsconfig.Chain{
		RoleSessionName: f.sessionName, ExternalID: f.externalID, Duration: f.roleDuration,
		PolicyARNs: f.policyARNs, TransitiveTags: f.transitive, SourceIdentity: f.sourceIdentity,
	}
	for _, tag := range f.tags {
		key, value, ok := strings.Cut(tag, "=")
		if !ok || key == "" {
			return Usagef("--session-tag %q is not KEY=VALUE", tag)
		}
		t.last.Tags = append(t.last.Tags, awsconfig.Tag{Key: key, Value: value})
	}
	if f.policy == "" {
		return nil
	}
	text, err := filesystem.Read(f.policy, maxPolicy)
	if err == nil {
		t.last.Policy, err = credentials.Compact(text)
	}
	if err != nil {
		return Usagef("--policy %s: %w", f.policy, err)
	}
	return nil
}

// assumes reports whether the command line names roles to assume, or options for one.
func (t target) assumes() bool { return len(t.roles) > 0 || t.last != nil }

// stacked returns profile with the roles of t on top, and t's options for the last one. It checks AWS's limits before
// anything is sent.
func stacked(profile awsconfig.Profile, t target) (awsconfig.Profile, error) {
	for _, chain := range t.roles {
		source := profile
		chain.Source = &source
		profile.Chain, profile.Name, profile.AccountID, profile.RoleName = &chain, "", "", ""
	}
	if t.last != nil {
		if profile.Chain == nil {
			return profile, Usagef("no role to assume: pass --assume ARN, or use a profile with role_arn")
		}
		chain := t.last.Over(*profile.Chain)
		profile.Chain = &chain
	}
	err := credentials.CheckLinks(profile)
	if limit := (*credentials.LinkError)(nil); err == nil || !errors.As(err, &limit) {
		return profile, err
	}
	if t.assumes() {
		return profile, &UsageError{err}
	}
	return profile, &HintError{Err: err, Code: ExitConfiguration, Hint: "rolecall config show"}
}
