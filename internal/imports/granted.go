package imports

import (
	"bytes"
	"cmp"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
	"rolecall/internal/settings"
)

func grantedPlaces(h Home) []string {
	folder := filepath.Join(h.Folder, ".granted")
	if _, err := os.Stat(folder); err != nil && h.Getenv("XDG_CONFIG_HOME") != "" {
		folder = filepath.Join(h.Getenv("XDG_CONFIG_HOME"), "granted")
	}
	return []string{filepath.Join(folder, "config")}
}

// A grantedFile is what is taken of Granted's config.
type grantedFile struct {
	DefaultBrowser      string
	ProfileRegistryURLS []string
	ProfileRegistry     struct {
		Registries []struct {
			Name string `toml:"name"`
			URL  string `toml:"url"`
		}
	}
	SSO map[string]struct {
		StartURL, SSORegion, Prefix, ProfileTemplate string
	}
}

func (b *builder) granted(data []byte) (bool, error) {
	var f grantedFile
	if data != nil {
		if err := b.grantedFile(data, &f); err != nil {
			return true, err
		}
	}
	blocks := b.grantedBlocks(data, f)
	names, err := b.sessions(blocks)
	if err != nil {
		return true, err
	}
	found := b.grantedProfiles(blocks, names)
	return data != nil || found, nil
}

// grantedFile reads the config, and names what has no equal.
func (b *builder) grantedFile(data []byte, f *grantedFile) error {
	all := map[string]any{}
	err := errors.Join(toml.Unmarshal(data, f), toml.Unmarshal(data, &all))
	if wrong := (*toml.DecodeError)(nil); errors.As(err, &wrong) {
		line, _ := wrong.Position()
		return &FileError{b.file, line, strings.TrimPrefix(wrong.Error(), "toml: ")}
	}
	if err != nil {
		return &FileError{File: b.file, Problem: err.Error()}
	}
	reasons := map[string]string{
		"AWSConsoleBrowserLaunchTemplate": "programs that a file names are not run",
		"SSOBrowserLaunchTemplate":        "programs that a file names are not run",
		"Keyring":                         "secrets are not copied: sign in again",
	}
	for _, key := range sortedKeys(all) {
		switch key {
		case "DefaultBrowser", "SSO", "ProfileRegistry", "ProfileRegistryURLS", "Ordering":
		default:
			if all[key] != "" && all[key] != false {
				b.left(key, max(lineOf(data, key), lineOf(data, "["+key+"]")), "%s",
					cmp.Or(reasons[key], "it has no equivalent here"))
			}
		}
	}
	for _, r := range f.ProfileRegistry.Registries {
		b.left("registry "+r.Name, lineOf(data, "[[ProfileRegistry.Registries]]"),
			"it is not fetched: its profiles in the config file stay; its address is %s", harmless(r.URL))
	}
	for _, address := range f.ProfileRegistryURLS {
		b.left("registry "+harmless(address), 0, "it is not fetched: its profiles in the config file stay")
	}
	b.grantedBrowser(f.DefaultBrowser, lineOf(data, "DefaultBrowser"))
	return nil
}

// harmless returns an address without the password that may be in it.
func harmless(address string) string {
	if u, err := url.Parse(address); err == nil && u.User != nil {
		u.User = nil
		return u.String()
	}
	return address
}

func (b *builder) grantedBrowser(name string, line int) {
	found := browserOf(name)
	switch {
	case name == "":
	case found == "firefox":
		b.console(settings.Console{Browser: found, Container: containerName}, line)
	case found == "safari":
		b.console(settings.Console{Browser: found}, line)
	case found != "":
		b.console(settings.Console{Browser: found, Profile: containerName}, line)
	default:
		b.left("DefaultBrowser "+name, line, "rolecall console does not know this browser")
	}
}

// grantedBlocks returns the sign-ins of the config, and those that only profiles have.
func (b *builder) grantedBlocks(data []byte, f grantedFile) []block {
	var blocks []block
	for _, name := range sortedKeys(f.SSO) {
		sso := f.SSO[name]
		line := max(lineOf(data, "[SSO."+name+"]"), lineOf(data, `[SSO."`+name+`"]`))
		blocks = append(blocks, block{name: name, url: sso.StartURL, region: sso.SSORegion, line: line})
		if sso.ProfileTemplate == "" && sso.Prefix == "" {
			continue
		}
		text, problem := translate(cmp.Or(sso.ProfileTemplate, "{{ .AccountName }}/{{ .RoleName }}"), grantedFields())
		text = strings.TrimSpace(sso.Prefix) + text
		switch has := b.plan.Settings.Template; {
		case problem != "" || !isText(text) || strings.Contains(sso.Prefix, "{{"):
			b.left("SSO."+name+": ProfileTemplate", line, "%s", cmp.Or(problem, "it cannot be translated"))
		case has != "" && has != text:
			b.left("SSO."+name+": ProfileTemplate", line, "config.toml has one template for all sessions")
		default:
			b.plan.Settings.Template = text
		}
	}
	for _, name := range b.order {
		s := b.sections[name]
		address := s.value("granted_sso_start_url")
		same := func(k block) bool { return k.key() == identitycenter.ComparableURL(address) }
		if address != "" && !slices.ContainsFunc(blocks, same) {
			k := block{
				url: address, region: s.value("granted_sso_region"), file: b.home.Config.Path(), line: s.line,
			}
			if scopes := s.value("granted_sso_registration_scopes"); scopes != "" {
				k.scopes = strings.FieldsFunc(scopes, func(r rune) bool { return r == ',' || r == ' ' })
			}
			blocks = append(blocks, k)
		}
	}
	return blocks
}

// grantedProfiles rewrites the profiles that Granted serves, in place.
func (b *builder) grantedProfiles(blocks []block, names []string) (found bool) {
	for _, name := range slices.Clone(b.order) {
		s := b.sections[name]
		if s.value("granted_sso_account_id")+s.value("granted_sso_role_name")+s.value("granted_sso_start_url") == "" {
			found = b.withoutProcess(name, "granted") || found
			continue
		}
		found = true
		session := s.value("sso_session")
		for i, k := range blocks {
			if k.key() == identitycenter.ComparableURL(s.value("granted_sso_start_url")) && session == "" {
				session = names[i]
			}
		}
		account, role := accountID(s.value("granted_sso_account_id")), s.value("granted_sso_role_name")
		program, _ := command(s.value("credential_process"))
		switch {
		case session == "":
			b.leftProfile(name, "its start URL and region make no session")
		case account == "" || !isRole(role):
			b.leftProfile(name, "it has no account and role")
		case program != "" && !b.ownProcess(name, "granted"):
			b.leftProfile(name, "its credential_process is not granted's for this profile")
		default:
			b.rewrite(name, program, []awsconfig.Key{
				{Name: "sso_session", Value: session, Was: "granted_sso_start_url"},
				{Name: "sso_account_id", Value: account, Was: "granted_sso_account_id"},
				{Name: "sso_role_name", Value: role, Was: "granted_sso_role_name"},
				{Name: "granted_sso_region"},
				{Name: "granted_sso_registration_scopes"},
				{Name: "credential_process"},
			})
			b.grantedColor(account, role, s)
		}
	}
	return found
}

// grantedColor takes a profile's own colour, if consoles open in containers.
func (b *builder) grantedColor(account, role string, s *section) {
	color, icon := strings.ToLower(s.value("granted_color")), strings.ToLower(s.value("granted_icon"))
	all := b.plan.Settings.Consoles
	switch {
	case color+icon == "":
	case len(all) == 0 || all[0].Container == "":
		b.leftIn(b.home.Config.Path(), "colour and icon", s.line, "they are for Firefox containers, which are not in use")
	default:
		b.console(settings.Console{
			Match: account, Role: role, Browser: "firefox", Container: containerName, Color: color, Icon: icon,
		}, 0)
	}
}

// lineOf finds the first line that begins with a text.
func lineOf(data []byte, text string) int {
	n := 0
	for line := range bytes.Lines(data) {
		n++
		rest, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte(text))
		if ok && (len(rest) == 0 || bytes.ContainsAny(rest[:1], " =#\t]")) {
			return n
		}
	}
	return 0
}

func sortedKeys[V any](m map[string]V) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}
