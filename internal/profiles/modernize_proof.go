package profiles

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
)

// finish makes the new bytes, and reads them once more.
func (m *modernizer) finish() error {
	data, err := m.edit.Bytes()
	if err != nil {
		return err
	}
	after, err := awsconfig.Parse("the new config file", data)
	if err != nil {
		return err
	}
	changes, news := map[string]legacyProfile{}, map[string]bool{}
	for _, l := range m.legacy {
		changes[l.name] = l
	}
	for _, s := range m.plan.Sessions {
		news[s.Name] = news[s.Name] || s.New
	}
	ours := func(_ *awsconfig.Document, s awsconfig.Section) bool {
		kind, name := s.Named()
		return kind == "profile" && changes[name].name != "" || kind == "sso-session" && news[name]
	}
	if !m.config.SameBut(after, ours) {
		return errors.New("the profiles cannot be written without changing other sections: " +
			"correct the indented lines around them")
	}
	for _, s := range after.Sections() {
		if kind, name := s.Named(); kind == "profile" && changes[name].name != "" &&
			!slices.Equal(otherLines(changes[name].lines), otherLines(after.Lines(s))) {
			return fmt.Errorf("profile %s cannot be written without changing its other lines: correct their indents", name)
		}
	}
	if err := m.compare(awsconfig.Of(after, m.credentials).Indexed()); err != nil {
		return err
	}
	m.plan.Data = data
	return nil
}

// otherLines returns what a profile has beside the keys that change.
func otherLines(lines []awsconfig.Line) []string {
	var all []string
	for _, l := range lines {
		switch l.Key {
		case "sso_start_url", "sso_region", "sso_session", "credential_process":
			continue
		}
		if !l.Blank() { // there is a blank line above the new sections
			all = append(all, fmt.Sprint(l.Continues, l.Text))
		}
	}
	return all
}

// compare returns an error unless every profile of both files means the same as before.
func (m *modernizer) compare(after *awsconfig.Config) error {
	changes := map[string]ModernProfile{}
	for _, p := range m.plan.Profiles {
		changes[p.Name] = p
	}
	for _, name := range m.before.ProfileNames() {
		was, wasErr := m.before.Profile(name)
		is, isErr := after.Profile(name)
		switch {
		case wasErr != nil && isErr != nil:
			continue
		case isErr != nil:
			return fmt.Errorf("profile %s would no longer work: %s", name, problemOf(isErr))
		case wasErr != nil:
			return fmt.Errorf("profile %s would change its identity", name)
		}
		if meaning(was) != meaning(is) {
			return fmt.Errorf("profile %s would change from %s to %s", name, meaning(was), meaning(is))
		}
		change, changed := changes[name]
		process := was.CredentialProcess
		if change.Removed != "" {
			process = ""
		}
		if changed && is.Session.Name != change.Session || is.CredentialProcess != process {
			return fmt.Errorf("profile %s would not be read as planned", name)
		}
	}
	return nil
}

// meaning is what a profile leads to.
func meaning(p awsconfig.Profile) string {
	root := p.Root()
	parts := []string{
		root.AccountID, root.RoleName, identitycenter.ComparableURL(root.Session.StartURL), root.Session.Region, p.Region,
	}
	if p.Chain != nil {
		parts = append(parts, p.Chain.RoleARN)
	}
	return strings.Join(parts, " ")
}
