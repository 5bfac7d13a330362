package imports

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
	"rolecall/internal/profiles"
)

// A block is a sign-in as a tool's file has it.
type block struct {
	name        string // as its tool calls it; may be empty
	url, region string
	scopes      []string
	line        int
	file        string // in place of the tool's own
}

func (b block) key() string { return identitycenter.ComparableURL(b.url) }

// sessions finds or plans an sso-session for each block, by index; "" for one that cannot be used. Two blocks with one
// start URL may be two people's: each gets a session.
func (b *builder) sessions(blocks []block) ([]string, error) {
	existing := b.existing()
	names, claimed := make([]string, len(blocks)), map[string]bool{}
	usable := make([]bool, len(blocks))
	for i, k := range blocks {
		if usable[i] = b.usable(k); usable[i] {
			if err := b.oneRegion(k, blocks[:i], existing); err != nil {
				return nil, err
			}
		}
	}
	claim := func(fits func(k block, name string) bool) {
		for i, k := range blocks {
			for _, s := range existing {
				same := identitycenter.ComparableURL(s.StartURL) == k.key()
				if usable[i] && names[i] == "" && same && !claimed[s.Name] && fits(k, s.Name) {
					names[i], claimed[s.Name] = s.Name, true
					b.plan.Sessions = append(b.plan.Sessions, Session{SSOSession: s})
				}
			}
		}
	}
	claim(func(k block, name string) bool { return name == wanted(k) })
	claim(func(k block, name string) bool { return strings.HasPrefix(name, wanted(k)+"-") })
	count := map[string]int{}
	for _, k := range blocks {
		count[k.key()]++
	}
	claim(func(k block, _ string) bool { return count[k.key()] == 1 })
	taken := b.taken()
	for i, k := range blocks {
		if usable[i] && names[i] == "" {
			names[i] = b.newSession(k, taken)
		}
	}
	return names, nil
}

// wanted is the name that a block's session should have.
func wanted(k block) string {
	name := strings.NewReplacer("/", "-", ":", "-", "%", "-").Replace(k.name)
	if name = portable(name[:min(len(name), 64)]); name == "" || strings.EqualFold(name, "default") {
		return profiles.SessionName(k.key())
	}
	return name
}

func (b *builder) newSession(k block, taken map[string]bool) string {
	base := wanted(k)
	name := base
	for n := 2; taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	taken[strings.ToLower(name)] = true
	scopes := slices.Clone(k.scopes)
	if !slices.Contains(scopes, identitycenter.AccessScope) {
		scopes = append(scopes, identitycenter.AccessScope)
	}
	s := identitycenter.SSOSession{Name: name, StartURL: k.key(), Region: k.region, Scopes: scopes}
	b.plan.Sessions = append(b.plan.Sessions, Session{s, true})
	b.changes = append(b.changes, awsconfig.Change{Kind: "sso-session", Name: name, Keys: []awsconfig.Key{
		{Name: "sso_start_url", Value: s.StartURL},
		{Name: "sso_region", Value: s.Region},
		{Name: "sso_registration_scopes", Value: strings.Join(scopes, ",")},
	}})
	return name
}

// usable reports whether a block can become a session, and says why not.
func (b *builder) usable(k block) bool {
	what := strings.TrimSpace("sign-in " + k.name)
	file := cmp.Or(k.file, b.file)
	u, err := url.Parse(k.url)
	switch {
	case err != nil || u.Scheme != "https" && (u.Scheme != "http" || !identitycenter.IsLoopback(u.Hostname())) ||
		u.Host == "" || u.User != nil || !isText(k.url) || strings.ContainsAny(k.url, " ;"):
		b.leftIn(file, what, k.line, "its start URL is not a web address")
	case !awsconfig.IsRegion(k.region):
		b.leftIn(file, what, k.line, "%q is not a region", k.region)
	case slices.ContainsFunc(k.scopes, func(s string) bool { return !patterns()["plain"].MatchString(s) }):
		b.leftIn(file, what, k.line, "its scopes have unusual characters")
	default:
		return true
	}
	return false
}

// oneRegion returns an error for a start URL that has another region elsewhere: one of them is wrong.
func (b *builder) oneRegion(k block, before []block, existing []identitycenter.SSOSession) error {
	file := cmp.Or(k.file, b.file)
	for _, o := range before {
		if o.key() == k.key() && o.region != k.region && awsconfig.IsRegion(o.region) {
			return &FileError{file, k.line, fmt.Sprintf("%s is in %s here, but in %s on line %d: a start URL has one region",
				k.key(), k.region, o.region, o.line)}
		}
	}
	for _, s := range existing {
		if identitycenter.ComparableURL(s.StartURL) == k.key() && s.Region != k.region {
			return &FileError{file, k.line, fmt.Sprintf("%s is in %s here, and in %s in [sso-session %s]: "+
				"it has only one region", k.key(), k.region, s.Region, s.Name)}
		}
	}
	return nil
}

// existing returns the sso-sessions of the config file that can be used for the portal.
func (b *builder) existing() []identitycenter.SSOSession {
	config := awsconfig.Of(b.home.Config, b.home.Credentials).Indexed()
	var all []identitycenter.SSOSession
	for _, name := range config.SessionNames() {
		s, err := config.Session(name)
		if err == nil && isName(name) && s.ReachesPortal() {
			all = append(all, s)
		}
	}
	return all
}

// taken returns the names, in lower case, that a new session cannot have: another session's, that of a services
// section, which would bring endpoints to it, and a profile's, since a command takes either.
func (b *builder) taken() map[string]bool {
	taken := map[string]bool{"default": true}
	for _, s := range b.home.Config.Sections() {
		if _, name := s.Named(); name != "" {
			taken[strings.ToLower(name)] = true
		}
		for _, l := range b.home.Config.Lines(s) {
			if l.Key == "sso_session" {
				taken[strings.ToLower(l.Value)] = true
			}
		}
	}
	return taken
}

// problemOf is what an error of the config file says without its place.
func problemOf(err error) string {
	var wrong *awsconfig.Error
	if errors.As(err, &wrong) {
		return strings.TrimSpace(wrong.Key + " " + wrong.Problem)
	}
	return err.Error()
}
