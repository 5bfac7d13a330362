package profiles

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
	"rolecall/internal/words"
)

// A Modernized plan replaces the start URLs of legacy profiles by sso-sessions. Data is nil when nothing changes.
type Modernized struct {
	Sessions []ModernSession
	Profiles []ModernProfile
	Kept     []KeptProfile
	Users    []Reference // profiles that run another tool for one that changes
	Data     []byte
}

// A ModernSession is an sso-session that profiles come to name.
type ModernSession struct {
	identitycenter.SSOSession
	New    bool
	Others []string // further sso-sessions with the same start URL, that are not used
}

// A ModernProfile is a legacy profile that changes.
type ModernProfile struct {
	Name    string
	Session string
	Was     identitycenter.SSOSession
	Removed string // the program of a credential_process that goes
}

// A KeptProfile has a start URL of its own and stays, for a reason.
type KeptProfile struct{ Name, Reason string }

// A RegionsError is a start URL that is there with several regions: it has one, so the others are mistakes.
type RegionsError struct {
	StartURL string
	Uses     []RegionUse
}

// A RegionUse is a region, which may be missing, and the headers of the sections with it.
type RegionUse struct {
	Region   string
	Sections []string
}

func (e *RegionsError) Error() string {
	var regions []string
	for _, u := range e.Uses {
		regions = append(regions, cmp.Or(u.Region, "none"))
	}
	return fmt.Sprintf("%s has several values of sso_region (%s): a start URL has one region",
		e.StartURL, strings.Join(regions, ", "))
}

// A modernizer makes one Modernized plan.
type modernizer struct {
	config      *awsconfig.Document
	credentials *awsconfig.Document
	before      *awsconfig.Config
	edit        *awsconfig.Edit
	legacy      []legacyProfile
	plan        Modernized
}

// A legacyProfile is a section that can change.
type legacyProfile struct {
	name          string
	lines         []awsconfig.Line
	start, region awsconfig.Line
	process       awsconfig.Line // to be removed
	program       string         // of process, or empty
	url           string         // in the form that is compared
	session       identitycenter.SSOSession
}

// Modernize plans how legacy profiles, with a start URL and region of their own, come to name an sso-session. Only
// these two keys change, and what would shadow the result for some tools goes. It returns a *RegionsError where the
// region of a start URL is in doubt, and an error where a profile would no longer mean the same.
func Modernize(config, credentials *awsconfig.Document) (*Modernized, error) {
	m := &modernizer{
		config: config, credentials: credentials, edit: config.Edit(), before: awsconfig.Of(config, credentials).Indexed(),
	}
	m.find()
	if err := m.checkRegions(); err != nil {
		return nil, err
	}
	if len(m.legacy) == 0 {
		return &m.plan, nil
	}
	sessions := m.sessions()
	for _, l := range m.legacy {
		s := sessions[l.url]
		m.replace(l, s.Name)
		m.plan.Profiles = append(m.plan.Profiles, ModernProfile{l.name, s.Name, l.session, l.program})
	}
	for _, s := range m.plan.Sessions {
		if s.New {
			m.edit.AddSection(len(config.Bytes()), "[sso-session "+s.Name+"]", "sso_start_url = "+s.StartURL,
				"sso_region = "+s.Region, "sso_registration_scopes = "+identitycenter.AccessScope)
		}
	}
	m.users()
	if err := m.finish(); err != nil {
		return nil, err
	}
	return &m.plan, nil
}

// find finds the legacy profiles, and those that have to stay.
func (m *modernizer) find() {
	count := map[string]int{}
	for _, s := range m.config.Sections() {
		if kind, name := s.Named(); kind == "profile" {
			count[name]++
		}
	}
	for _, s := range m.config.Sections() {
		kind, name := s.Named()
		if kind != "profile" {
			continue
		}
		l := legacyProfile{name: name, lines: m.config.Lines(s)}
		reason, legacy := l.read()
		switch {
		case !legacy:
			continue
		case count[name] > 1:
			reason = "its section appears twice"
		case reason == "":
			reason = m.check(&l)
		}
		if reason != "" {
			m.keep(name, reason)
			continue
		}
		m.legacy = append(m.legacy, l)
	}
}

func (m *modernizer) keep(name, reason string) {
	kept := KeptProfile{name, reason}
	if !slices.Contains(m.plan.Kept, kept) {
		m.plan.Kept = append(m.plan.Kept, kept)
	}
}

// read finds the lines that change, and reports whether the section has a start URL of its own and no session. The
// reason says why it has to stay nevertheless.
func (l *legacyProfile) read() (reason string, legacy bool) {
	count, named := map[string]int{}, false
	for _, line := range l.lines {
		switch line.Key {
		case "sso_start_url":
			l.start = line
		case "sso_region":
			l.region = line
		case "sso_session":
			named = named || line.Value != ""
		case "credential_process":
			if l.program = OwnProgram(line.Value, l.name); l.program != "" {
				l.process = line
			}
		}
		count[line.Key]++
	}
	if named || l.start.Value == "" {
		return "", false
	}
	for _, key := range []string{"sso_start_url", "sso_region", "credential_process"} {
		if count[key] > 1 {
			return key + " is there twice", true
		}
	}
	switch {
	case l.region.Value == "":
		return "it has no sso_region", true
	case count["sso_session"] > 0:
		return "its sso_session is empty: remove that line", true
	}
	return "", true
}

// OwnProgram returns the name of a tool whose credential_process line provides the keys of this very profile. With an
// sso-session no tool needs it.
func OwnProgram(line, profile string) string {
	command := words.Split(line)
	if len(command) < 3 || command[1] != "credential-process" {
		return ""
	}
	program := strings.TrimSuffix(command[0][strings.LastIndexAny(command[0], `/\`)+1:], ".exe")
	rest := command[2:]
	if slices.Index(rest, "--auto-login") == 0 { // of granted
		rest = rest[1:]
	}
	own := slices.Equal(rest, []string{"--profile", profile}) || slices.Equal(rest, []string{"--profile=" + profile})
	if own && (program == "aws-sso-util" || program == "granted") {
		return program
	}
	return ""
}

// check reads a profile as tools do, and returns why it cannot change.
func (m *modernizer) check(l *legacyProfile) string {
	p, err := m.before.Profile(l.name)
	if err != nil {
		return problemOf(err)
	}
	switch {
	case p.Chain != nil:
		return "its role_arn is used, not its start URL"
	case p.Session.Name != "" || p.Session.StartURL != l.start.Value || p.Session.Region != l.region.Value:
		return "another section or file sets its start URL, too"
	}
	l.session, l.url = p.Session, identitycenter.ComparableURL(p.Session.StartURL)
	if u, err := url.Parse(l.url); err != nil || u.String() != l.url {
		return "its start URL has unusual characters"
	}
	if p.CredentialProcess != l.process.Value { // it goes on below its line, or in the credentials file
		l.program = ""
	}
	return ""
}

// problemOf is what an error says without its place: the line numbers would be those of a file that is not written.
func problemOf(err error) string {
	var wrong *awsconfig.Error
	if errors.As(err, &wrong) {
		return strings.TrimSpace(wrong.Key + " " + wrong.Problem)
	}
	return err.Error()
}

// checkRegions returns an error for a start URL with several regions.
func (m *modernizer) checkRegions() error {
	uses := map[string][]RegionUse{}
	add := func(url, region, section string) {
		for i, u := range uses[url] {
			if u.Region == region {
				uses[url][i].Sections = append(u.Sections, section)
				return
			}
		}
		uses[url] = append(uses[url], RegionUse{region, []string{section}})
	}
	for _, l := range m.legacy {
		add(l.url, l.session.Region, m.before.Title("profile", l.name))
	}
	for _, s := range m.existing() {
		if url := identitycenter.ComparableURL(s.StartURL); uses[url] != nil {
			add(url, s.Region, m.before.Title("sso-session", s.Name))
		}
	}
	for _, l := range m.legacy {
		if all := uses[l.url]; len(all) > 1 {
			return &RegionsError{l.url, all}
		}
	}
	return nil
}

// existing returns the sso-sessions of the file that are valid.
func (m *modernizer) existing() []identitycenter.SSOSession {
	var all []identitycenter.SSOSession
	for _, name := range m.before.SessionNames() {
		if s, err := m.before.Session(name); err == nil {
			all = append(all, s)
		}
	}
	return all
}

// sessions decides which sso-session each start URL gets.
func (m *modernizer) sessions() map[string]identitycenter.SSOSession {
	found, taken := map[string]identitycenter.SSOSession{}, m.taken()
	for _, l := range m.legacy {
		if found[l.url].Name != "" {
			continue
		}
		s := ModernSession{SSOSession: l.session}
		for _, e := range m.existing() {
			switch same := identitycenter.ComparableURL(e.StartURL) == l.url; {
			case !same:
			case s.Name == "" && isSafe(e.Name) && e.ReachesPortal():
				s.SSOSession = e
			default:
				s.Others = append(s.Others, e.Name)
			}
		}
		if s.Name == "" {
			s.SSOSession = identitycenter.SSOSession{
				Name: m.newName(l.url, taken), StartURL: l.url, Region: l.session.Region,
				Scopes: []string{identitycenter.AccessScope},
			}
			s.New, taken[strings.ToLower(s.Name)] = true, map[string]bool{}
		}
		found[l.url] = s.SSOSession
		m.plan.Sessions = append(m.plan.Sessions, s)
	}
	return found
}

// taken returns the names, in lower case, that a new sso-session cannot have: with a services section of its name it
// would get other endpoints, and a profile that names a missing session would get it. A profile's name is free for a
// session of that profile's start URL only, which is the key in its map.
func (m *modernizer) taken() map[string]map[string]bool {
	taken := map[string]map[string]bool{"default": {}}
	for _, s := range m.config.Sections() {
		kind, name := s.Named()
		name = strings.ToLower(name)
		if kind == "sso-session" || kind == "services" {
			taken[name] = map[string]bool{}
		}
		for _, l := range m.config.Lines(s) {
			if l.Key == "sso_session" {
				taken[strings.ToLower(l.Value)] = map[string]bool{}
			}
		}
	}
	for _, name := range m.before.ProfileNames() {
		url := ""
		if i := slices.IndexFunc(m.legacy, func(l legacyProfile) bool { return l.name == name }); i >= 0 {
			url = m.legacy[i].url
		}
		if name = strings.ToLower(name); taken[name] == nil {
			taken[name] = map[string]bool{url: true}
		} else if !taken[name][url] {
			taken[name] = map[string]bool{}
		}
	}
	return taken
}

// newName names a session after its start URL's host.
func (m *modernizer) newName(startURL string, taken map[string]map[string]bool) string {
	base := SessionName(startURL)
	name := base
	for n := 2; ; n++ {
		if users, there := taken[strings.ToLower(name)]; !there || users[startURL] {
			return name
		}
		name = fmt.Sprintf("%s-%d", base, n)
	}
}

// SessionName names a session after its start URL's host; "sso" where that says nothing.
func SessionName(startURL string) string {
	host := ""
	if u, err := url.Parse(startURL); err == nil {
		host = u.Hostname()
	}
	label, domain, _ := strings.Cut(host, ".")
	speaks := domain != "" && strings.Trim(label, "0123456789") != "" && !strings.HasPrefix(label, "d-") &&
		!identitycenter.IsInstance(label) && label != "start"
	if speaks && strings.Trim(label, sessionCharacters) == "" && label[0] != '-' {
		return label
	}
	return "sso"
}

const sessionCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

// isSafe reports whether all tools read the name of an sso-session alike.
func isSafe(name string) bool {
	return strings.Trim(name, sessionCharacters+"./%@:+") == ""
}

// replace writes a profile's session in place of its start URL.
func (m *modernizer) replace(l legacyProfile, session string) {
	m.edit.SetText(l.start, "sso_session = "+session)
	m.edit.Remove(l.region.Start, l.region.End)
	if l.program != "" {
		m.edit.Remove(l.process.Start, l.process.End)
	}
}

// users finds the profiles that run another tool for one that changes.
func (m *modernizer) users() {
	changes := map[string]bool{}
	for _, p := range m.plan.Profiles {
		changes[p.Name] = true
	}
	for _, name := range m.before.ProfileNames() {
		for _, source := range m.before.Sources(name) {
			r := Reference{Profile: name, Source: source.Profile, Key: source.Key}
			if changes[source.Profile] && source.Key == "credential_process" && name != source.Profile &&
				!slices.Contains(m.plan.Users, r) {
				m.plan.Users = append(m.plan.Users, r)
			}
		}
	}
}
