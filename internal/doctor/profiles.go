package doctor

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/discovery"
	"rolecall/internal/identitycenter"
	"rolecall/internal/words"
)

// profiles looks at what decides whose keys a profile has.
func profiles() check {
	return check{[]Kind{
		{
			"config.legacy-profile", Warning, "Profiles have their own start URL, without an sso-session.",
			"no tool can renew their sign-in: it ends when its first token expires",
		},
		{
			"config.keys-shadow-process", Warning, "A profile has static keys and a credential_process.",
			"tools prefer one or the other, so old keys stay in use, or fail, without anyone noticing",
		},
	}, func(m *Machine, found func(string, Finding)) {
		m.legacy(found)
		for _, s := range m.having("profile", "credential_process") {
			keys, static := value(s, "aws_access_key_id")
			_, session := value(s, "sso_session")
			_, legacy := value(s, "sso_start_url")
			if !static || session || legacy {
				continue
			}
			text := "botocore runs the process, the Go and JavaScript SDKs use the keys"
			if keys.Origin.File == m.files.Credentials && m.files.Credentials != m.files.Config {
				text = "the keys in the credentials file take precedence, and the process is not run"
			}
			found("config.keys-shadow-process", Finding{
				What:   fmt.Sprintf("profile %q has both aws_access_key_id and credential_process: %s", s.Name, text),
				Where:  []string{keys.Origin.String()},
				Remedy: []string{"remove one of the two; rolecall config show lists both lines"},
			})
		}
	}}
}

// legacy reports legacy profiles, together for each start URL.
func (m *Machine) legacy(found func(string, Finding)) {
	type group struct{ names, where []string }
	groups, order := map[string]*group{}, []string(nil)
	for _, s := range m.having("profile", "sso_start_url") {
		start, _ := value(s, "sso_start_url")
		if _, session := value(s, "sso_session"); session {
			continue
		}
		url := identitycenter.ComparableURL(start.Value)
		if groups[url] == nil {
			groups[url], order = &group{}, append(order, url)
		}
		groups[url].names = append(groups[url].names, s.Name)
		groups[url].where = append(groups[url].where, start.Origin.String())
	}
	for _, url := range order {
		g := groups[url]
		what := fmt.Sprintf("profile %q has its own sso_start_url (%s)", g.names[0], url)
		if n := len(g.names); n > 1 {
			what = fmt.Sprintf("%d profiles have their own sso_start_url (%s): %s", n, url, listed(g.names))
		}
		remedy := []string{"rolecall profiles modernize, which replaces them with an sso-session, and can be undone"}
		found("config.legacy-profile", Finding{What: what, Where: g.where, Remedy: remedy})
	}
}

// sessions looks at sso-sessions beside one another.
func sessions() check {
	return check{[]Kind{
		{
			"config.start-url-form", Warning, "A start URL is not written as AWS writes it.",
			"tools that send it unchanged cannot sign in, and their error does not say why",
		},
		{
			"config.same-start-url", Note, "Several sso-sessions have the same start URL.",
			"each needs its own sign-in, which makes sense only for different users",
		},
	}, func(m *Machine, found func(string, Finding)) {
		m.startURLs(found)
		names, where, order := map[string][]string{}, map[string][]string{}, []string(nil)
		for _, s := range m.having("sso-session", "sso_start_url") {
			start, _ := value(s, "sso_start_url")
			url := identitycenter.ComparableURL(start.Value)
			if names[url] == nil {
				order = append(order, url)
			}
			names[url], where[url] = append(names[url], s.Name), append(where[url], start.Origin.String())
		}
		for _, url := range order {
			if len(names[url]) > 1 {
				found("config.same-start-url", Finding{
					What:  fmt.Sprintf("the sso-sessions %s have the same start URL %s", listed(names[url]), url),
					Where: where[url], Remedy: []string{"if they are for one user, keep one, and name it in all profiles"},
				})
			}
		}
	}}
}

// startURLs looks for addresses of pages within the portal, and such: https://acme.awsapps.com/start/#/.
func (m *Machine) startURLs(found func(string, Finding)) {
	for _, s := range append(m.having("sso-session", "sso_start_url"), m.having("profile", "sso_start_url")...) {
		start, _ := value(s, "sso_start_url")
		u, err := url.Parse(start.Value)
		if err != nil || identitycenter.AWS().StartDomain(strings.ToLower(u.Hostname())) == "" {
			continue
		}
		right, err := discovery.StartURL(start.Value)
		f := Finding{Where: []string{start.Origin.String()}}
		switch {
		case err != nil:
			f.What, f.Remedy = err.Error(), []string{"write the address of your AWS access portal"}
		case !identitycenter.SameStartURL(right, start.Value), u.Fragment != "", u.RawQuery != "":
			f.What = fmt.Sprintf("%s: %q is not as AWS writes it", s.Title, start.Value)
			f.Remedy = []string{"write sso_start_url = " + right}
		default:
			continue
		}
		found("config.start-url-form", f)
	}
}

// programsOfProfiles looks at keys that run code.
func programsOfProfiles() check {
	return check{[]Kind{
		{
			"config.missing-program", Error, "A credential_process names a program that does not exist.",
			"no tool gets keys for the profile, and SDKs rarely say why",
		},
		{
			"config.runs-program", Note, "Profiles run programs other than rolecall.",
			"any tool that uses such a profile runs the program with your permissions",
		},
	}, func(m *Machine, found func(string, Finding)) {
		var names, where []string
		for _, s := range m.having("profile", "credential_process") {
			process, _ := value(s, "credential_process")
			command := words.Shell(process.Value)
			if len(command) == 0 || process.Value == "[secret]" {
				continue
			}
			if !m.isThere(command[0]) {
				found("config.missing-program", Finding{
					What:  fmt.Sprintf("profile %q runs %q, which does not exist", s.Name, command[0]),
					Where: []string{process.Origin.String()}, Remedy: []string{"install it, or write its full path"},
				})
			}
			if base := programName(command[0]); base != "rolecall" && base != "rolecall-process" {
				names, where = append(names, fmt.Sprintf("%s (%s)", s.Name, base)), append(where, process.Origin.String())
			}
		}
		if len(names) > 0 {
			found("config.runs-program", Finding{
				What: "credential_process of " + listed(names), Where: where,
				Remedy: []string{"keep those you know; rolecall config show lists the lines"},
			})
		}
	}}
}

func programName(path string) string {
	return strings.TrimSuffix(path[strings.LastIndexAny(path, `/\`)+1:], ".exe")
}

// isThere reports whether a program can be run: by its path, or from PATH.
func (m *Machine) isThere(program string) bool {
	if !strings.ContainsAny(program, `/\`) {
		return len(m.inPath(program)) > 0
	}
	if !filepath.IsAbs(program) {
		return true // it depends on the folder, or on a shell
	}
	for _, ending := range m.endings() {
		if info, err := os.Stat(program + ending); err == nil && !info.IsDir() {
			return true
		}
	}
	return false
}

// inPath returns the files of a program in PATH, in its order.
func (m *Machine) inPath(program string) []string {
	var all []string
	for _, dir := range filepath.SplitList(m.Getenv("PATH")) {
		for _, ending := range m.endings() {
			file := filepath.Join(dir, program+ending)
			info, err := os.Stat(file)
			if dir == "" || err != nil || !info.Mode().IsRegular() || m.System != "windows" && info.Mode()&0o111 == 0 {
				continue
			}
			all = append(all, file)
			break
		}
	}
	return all
}

// first returns the file of a program that PATH leads to, or "".
func (m *Machine) first(program string) string {
	if all := m.inPath(program); len(all) > 0 {
		return all[0]
	}
	return ""
}

// endings are those of a program's file name.
func (m *Machine) endings() []string {
	if m.System == "windows" {
		return []string{"", ".exe", ".cmd", ".bat", ".com"}
	}
	return []string{""}
}

// having lists the sections of a kind that have a key.
func (m *Machine) having(kind, key string) []awsconfig.ReportSection {
	return slices.DeleteFunc(slices.Clone(m.report.Sections), func(s awsconfig.ReportSection) bool {
		_, ok := value(s, key)
		return s.Kind != kind || !ok
	})
}
