package profiles

import (
	"rolecall/internal/awsconfig"
)

// A Reference is a profile of the person's own that gets its keys from a generated one.
type Reference struct {
	Profile string
	Source  string // the generated profile
	Key     string // what names it or Through: source_profile or credential_process
	Through string // another one of the person's own on the way; empty when Key names Source
}

// A Turn is a reference to a name that will mean another role.
type Turn struct {
	Reference
	Was, Is Anchor
}

// affected notes the person's own profiles that will lead to another role, or to none.
func (p *planner) affected(after *awsconfig.Document, config *awsconfig.Config) {
	was, is := meanings(p.config, p.session), meanings(after, p.session)
	there := map[string]bool{}
	for _, s := range after.Sections() {
		_, name := s.Named()
		there[name] = true
	}
	for _, name := range config.ProfileNames() {
		if was[name] != (Anchor{}) || is[name] != (Anchor{}) {
			continue // a generated one
		}
		for _, r := range references(config, was, name) {
			switch will := is[r.Source]; {
			case !there[r.Source]:
				p.plan.Dangling = append(p.plan.Dangling, r)
			case will != (Anchor{}) && will != was[r.Source]:
				p.plan.Turned = append(p.plan.Turned, Turn{r, was[r.Source], will})
			}
		}
	}
}

// references returns the generated profiles that a profile gets its keys from, directly or through others.
func references(config *awsconfig.Config, generated map[string]Anchor, profile string) []Reference {
	var found []Reference
	seen := map[string]bool{profile: true} // a chain in a circle ends, too
	var follow func(name string, first Reference)
	follow = func(name string, first Reference) {
		for _, source := range config.Sources(name) {
			r := first
			if r.Key == "" {
				r.Key = source.Key
			}
			if seen[source.Profile] {
				continue
			}
			seen[source.Profile] = true
			if generated[source.Profile] != (Anchor{}) {
				r.Source = source.Profile
				found = append(found, r)
				continue
			}
			if r.Through == "" {
				r.Through = source.Profile
			}
			follow(source.Profile, r)
		}
	}
	follow(profile, Reference{Profile: profile})
	return found
}

// meanings maps the names of a session's generated profiles to their roles.
func meanings(d *awsconfig.Document, session string) map[string]Anchor {
	all := map[string]Anchor{}
	for _, m := range read(d, session) {
		if !m.stranger {
			all[m.name] = m.Anchor
		}
	}
	return all
}
