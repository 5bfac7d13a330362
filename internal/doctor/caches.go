package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
)

// reason returns why a file cannot be used, without its path.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}

// clock looks for traces of a clock that is wrong. Only the network knows the time; see online.
func clock() check {
	return check{[]Kind{
		{
			"clock.unset", Error, "The clock is set to a time before this rolecall was released.",
			"AWS rejects signatures, certificates are not valid yet, and expired keys look valid",
		},
		{
			"clock.behind", Warning, "Cached files are from the future.",
			"the clock is slow, or was fast: keys seem to be valid for longer than they are, and AWS rejects signatures",
		},
	}, func(m *Machine, found func(string, Finding)) {
		remedy := []string{
			"set this computer's clock and time zone", "rolecall doctor --online, to compare with AWS's clock",
		}
		if m.Now.Year() < 2026 {
			found("clock.unset", Finding{What: "it is " + m.Now.Format("2006-01-02") + " here", Remedy: remedy})
			return
		}
		const slack, longest = 5 * time.Minute, 12*time.Hour + 30*time.Minute
		var where []string
		for _, f := range m.cached {
			if f.Info.Mode().IsRegular() && f.Info.ModTime().After(m.Now.Add(slack)) || f.Ends.After(m.Now.Add(longest)) {
				where = append(where, f.Path)
			}
		}
		if len(where) > 0 {
			found("clock.behind", Finding{
				What:  counted(len(where), "cached files are from the future, or hold keys that are valid for too long"),
				Where: where, Remedy: remedy,
			})
		}
	}}
}

// caches looks at what is in the caches.
func caches() check {
	return check{[]Kind{
		{
			"cache.no-folder", Error, "A cache folder is a link, or not a folder.",
			"rolecall neither reads nor writes secrets there",
		},
		{
			"cache.damaged", Warning, "A cache file cannot be read.",
			"SDKs fail with an error that does not name the file, until you sign in again",
		},
		{
			"cache.foreign-token", Warning, "A session's token is for another start URL or region.",
			"tools send it to the wrong place, which rejects it, or do not find the sign-in",
		},
		{
			"cache.foreign-file", Note, "Another program keeps its token in the AWS CLI's cache.",
			"aws sso logout removes it, and so signs that program out",
		},
		{
			"cache.set-aside", Note, "Damaged cache files were set aside.",
			"they may hold a token that is still valid",
		},
		{
			"cache.leftover", Note, "A crash left temporary files behind.",
			"they may hold a token that is still valid; any command that signs in or gets keys removes them",
		},
	}, func(m *Machine, found func(string, Finding)) {
		if m.store == nil {
			return
		}
		if err := m.store.Check(); err != nil {
			var at *fs.PathError
			if errors.As(err, &at) {
				found("cache.no-folder", Finding{
					What: reason(err), Where: []string{at.Path},
					Remedy: []string{"mv " + m.Quote(at.Path) + " " + m.Quote(at.Path+".aside")},
				})
			}
		}
		m.tokens(found)
		for _, f := range m.cached {
			m.cacheFile(f.Path, f.Info, f.Damaged, f.Token && !f.Named, found)
		}
	}}
}

func (m *Machine) cacheFile(path string, info fs.FileInfo, damaged error, foreign bool, found func(string, Finding)) {
	name := filepath.Base(path)
	const abandoned = time.Hour
	switch {
	case filesystem.IsTemp(name):
		if age := m.Now.Sub(info.ModTime()); age > abandoned && info.Mode().IsRegular() {
			found("cache.leftover", Finding{
				What: "a temporary file of " + info.ModTime().Local().Format("2006-01-02 15:04"), Where: []string{path},
				Remedy: []string{"rolecall doctor --fix"}, Fix: &Fix{File: path, Remove: true},
			})
		}
	case strings.Contains(name, ".json.damaged-"):
		found("cache.set-aside", Finding{
			What: "a damaged file, set aside", Where: []string{path}, Remedy: []string{"rm " + m.Quote(path)},
		})
	case damaged != nil:
		remedy := "rm " + m.Quote(path) + ", and sign in again: rolecall login"
		found("cache.damaged", Finding{What: reason(damaged), Where: []string{path}, Remedy: []string{remedy}})
	case foreign:
		found("cache.foreign-file", Finding{
			What: "a token that is neither the AWS CLI's nor rolecall's", Where: []string{path},
			Remedy: []string{"sign out with rolecall logout, which does not touch it"},
		})
	}
}

// tokens compares the tokens of the sessions with the configuration.
func (m *Machine) tokens(found func(string, Finding)) {
	seen := map[string]bool{}
	for _, session := range m.sessions() {
		path := m.store.TokenPath(session)
		for _, f := range m.cached {
			if f.Path != path || !f.Token || seen[path] {
				continue
			}
			what := ""
			switch {
			case f.StartURL != "" && !identitycenter.SameStartURL(f.StartURL, session.StartURL):
				what = fmt.Sprintf("the token is for %q, session %q has %q", f.StartURL, session.Label(), session.StartURL)
			case f.Region != "" && session.Region != "" && f.Region != session.Region:
				what = fmt.Sprintf("the token is for region %q, session %q has %q", f.Region, session.Label(), session.Region)
			default:
				continue
			}
			seen[path] = true
			found("cache.foreign-token", Finding{
				What: what, Where: []string{path}, Remedy: []string{"rolecall login " + m.Quote(session.Label())},
			})
		}
	}
}

// sessions returns the sso-sessions and the legacy profiles' sessions that are valid, each once.
func (m *Machine) sessions() []identitycenter.SSOSession {
	var all []identitycenter.SSOSession
	for _, name := range m.config.SessionNames() {
		if s, err := m.config.Session(name); err == nil {
			all = append(all, s)
		}
	}
	seen := map[string]bool{}
	for _, s := range m.having("profile", "sso_start_url") {
		p, err := m.config.Profile(s.Name)
		if err == nil && p.Chain == nil && p.Session.Name == "" && p.Session.StartURL != "" && !seen[p.Session.StartURL] {
			seen[p.Session.StartURL] = true
			all = append(all, p.Session)
		}
	}
	return all
}
