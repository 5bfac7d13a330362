package awsconfig

import (
	"bytes"
	"strconv"
)

// A linter collects what is wrong with a file, and what tools read differently.
type linter struct {
	d           *Document
	credentials bool
	problems    []Problem
}

// linters are for both files. One file for both purposes is read as the config file.
func (c *Config) linters() []*linter {
	both := []*linter{{d: c.config}, {d: c.credentials, credentials: true}}
	if c.config.path == c.credentials.path {
		return both[:1]
	}
	return both
}

// lint reads both files.
func (c *Config) lint() (all []Problem) {
	for _, l := range c.linters() {
		all = append(all, l.run()...)
	}
	return all
}

func (l *linter) run() []Problem {
	l.problems = append(l.problems, l.d.problems...)
	l.lineEnds()
	l.headers()
	l.respelled()
	for _, s := range l.d.defaults {
		l.section(s)
		l.add(s, s.Line, Problem{
			ID:   "config.default-for-all",
			Text: "botocore adds the keys of this section to every other section, other tools do not",
		})
	}
	for _, s := range l.d.sections {
		l.section(s)
	}
	return l.problems
}

// add reports a problem in a section.
func (l *linter) add(s Section, line int, p Problem) {
	p.Origin, p.Section = Origin{l.d.path, line}, "["+s.Header+"]"
	l.problems = append(l.problems, p)
}

// lineEnds reports the first line that ends with a carriage return alone.
func (l *linter) lineEnds() {
	for i, c := range l.d.data {
		if c == '\r' && !bytes.HasPrefix(l.d.data[i+1:], []byte("\n")) {
			l.problems = append(l.problems, Problem{
				ID:     "config.carriage-return",
				Origin: Origin{l.d.path, lineAt(l.d.data, i)},
				Text: "a carriage return without a line feed: botocore and the Java SDK end the line there, " +
					"the Go, JavaScript and Rust SDKs do not",
				Remedy: "save the file with line feeds",
			})
			return
		}
	}
}

// headers reports sections that are there twice, and those that are not read as they are meant.
func (l *linter) headers() {
	seen := map[string]int{}
	for _, s := range l.d.sections {
		if first, ok := seen[s.Header]; ok {
			l.add(s, s.Line, Problem{
				ID: "config.duplicate-section",
				Text: "the section is also at line " + strconv.Itoa(first) +
					": botocore rejects the file, other tools merge both",
				Remedy: "move its keys to line " + strconv.Itoa(first),
			})
		} else {
			seen[s.Header] = s.Line
		}
		if found, ok := l.d.lookalike(s, l.credentials); ok {
			found.quiet = !found.sure && !l.isProfile(s)
			l.problems = append(l.problems, found.Problem)
		}
	}
}

// isProfile reports whether a section without a kind may be a profile: it has a profile's keys, or none.
func (l *linter) isProfile(s Section) bool {
	properties := l.d.properties(s)
	for _, p := range properties {
		if knownKey(p.key) != "" {
			return true
		}
	}
	return len(properties) == 0 && s.Header != "plugins" && s.Header != "preview"
}

// respelled reports sections whose headers spell one name in two ways.
func (l *linter) respelled() {
	seen := map[reading]Section{}
	for _, s := range l.d.sections {
		kind, name := s.Named()
		if kind == "" || l.credentials {
			continue
		}
		this := reading{kind, name}
		if earlier, ok := seen[this]; ok && earlier.Header != s.Header {
			p := Problem{
				ID: "config.respelled-section",
				Text: "is [" + earlier.Header + "] of line " + strconv.Itoa(earlier.Line) +
					", spelled differently: botocore reads only the last of them",
				Remedy: "move its keys to line " + strconv.Itoa(earlier.Line),
			}
			if name == "default" && kind == kindProfile {
				p.Text += ", other tools only [profile default]"
			}
			l.add(s, s.Line, p)
		}
		seen[this] = s
	}
}

// section reports what is wrong with the lines below a header.
func (l *linter) section(s Section) {
	var parent *Line
	seen := map[string]bool{}
	for _, line := range l.d.Lines(s) {
		switch {
		case line.Comment || line.Blank():
		case line.Continues:
			l.continued(s, parent, line)
		default:
			l.property(s, line, parent == nil)
			if line.Key != "" && seen[line.Key] {
				l.add(s, line.Number, Problem{
					ID:     "config.duplicate-key",
					Key:    line.Key,
					Text:   "is set twice: botocore rejects the file, other tools use the last one",
					Remedy: "remove one of the lines",
				})
			}
			seen[line.Key] = true
			parent = &line
		}
	}
	if l.kindOf(s) == kindSession && !l.credentials {
		l.session(s, seen)
	}
	l.region(s, seen)
}

// region reports a start URL without the region that belongs to it.
func (l *linter) region(s Section, seen map[string]bool) {
	for key := range seen {
		if knownKey(key) == "sso_region" || key == "sso_session" {
			return
		}
	}
	meant := l.kindOf(s) == kindSession && seen["region"] // and reported as that
	if !seen["sso_start_url"] || meant {
		return
	}
	l.add(s, s.Line, Problem{
		ID:     "config.no-sso-region",
		Text:   "has no sso_region: SDKs need it, and usually the AWS CLI, too",
		Remedy: "rolecall login finds and writes it",
	})
}

// session reports keys that belong in a profile, or have another name in an sso-session.
func (l *linter) session(s Section, seen map[string]bool) {
	for _, line := range l.d.Lines(s) {
		switch p := (Problem{
			ID: "config.misplaced-key", Key: line.Key, Text: "no tool reads this key in an sso-session",
		}); line.Key {
		case "sso_account_id", "sso_role_name", "sso_session":
			p.Remedy = "move the line to the profile"
			l.add(s, line.Number, p)
		case "region":
			if p.about = "sso_region"; !seen[p.about] {
				p.Remedy = corrected(p.about, line.Value)
				l.add(s, line.Number, p)
			}
		}
	}
}
