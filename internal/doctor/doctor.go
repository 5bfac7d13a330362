// Package doctor looks at a machine for what keeps role credentials from working, or from being safe: the shared
// config files, the caches, the environment, the programs in PATH. It reads, and changes nothing; a finding says how it
// is fixed, and some hold what fixes them. It uses the network only where it is given the means to.
package doctor

import (
	"cmp"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/cache"
)

// A Severity is how much a finding matters.
type Severity string

// Severities. Errors keep something from working or keep secrets open, warnings will surprise somebody, notes are good
// to know.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Note    Severity = "note"
)

func (s Severity) rank() int { return slices.Index([]Severity{Error, Warning, Note}, s) }

// A Kind is what findings have in common. IDs never change, so that scripts can look for them.
type Kind struct {
	ID       string
	Severity Severity
	Title    string // what is found, in a sentence, for docs/doctor.md
	Why      string // why it matters
}

// A Finding is something that is wrong in one place, or in several of one kind.
type Finding struct {
	Kind
	What   string   // untrusted: it may hold text of files and of the environment
	Where  []string // file:line, a file, or a variable
	Remedy []string // what to write or run, a line each
	Fix    *Fix     // nil: it takes a person
}

// A Fix is a change that can lose nothing. Several findings may have the same one.
type Fix struct {
	File   string
	Mode   fs.FileMode                       // the rights that it gets, or 0
	Change func(data []byte) ([]byte, error) // its new content, or nil
	Remove bool                              // it is a temporary file of ours
}

// A Machine is what is looked at.
type Machine struct {
	Environ    []string // as os.Environ returns it
	Getenv     func(string) string
	Home       string // empty without one
	WorkingDir string
	State      string // rolecall's state folder
	System     string // as runtime.GOOS
	Self       string // the program that runs
	Now        time.Time
	Settings   error // why config.toml cannot be used, nil if it can be
	Policy     error // why the files of the machine's administrator cannot be used, nil if they can be
	Projects   []Project
	Storage    string // the mode of storing sign-ins
	Keyring    error  // why their key cannot be had, nil if it can be, or if there is none
	// KeyringAdvice is what helps then.
	KeyringAdvice string
	Openers       []string
	Desktop       bool                   // a browser can be expected
	OtherOwner    func(fs.FileInfo) bool // the file is another user's
	Quote         func(string) string    // for the person's shell
	Online        *Online                // nil: no network

	config          *awsconfig.Config
	files           awsconfig.Files
	refused         []*awsconfig.Error
	report          awsconfig.Report
	cached, folders []cache.Inspected
	store           *cache.Store
}

// A check looks for some kinds of findings.
type check struct {
	kinds []Kind
	look  func(m *Machine, found func(id string, f Finding))
}

// checks are all checks, in the order of docs/doctor.md. A new one is a function like these, and a word here.
func checks() []check {
	return []check{
		basics(), projects(), configFiles(), profiles(), sessions(), programsOfProfiles(), environment(), endpoints(),
		proxies(), clock(), caches(), modes(), storage(), tools(), browsers(), shells(), online(),
	}
}

// Catalogue lists every kind of finding.
func Catalogue() []Kind {
	var all []Kind
	for _, c := range checks() {
		all = append(all, c.kinds...)
	}
	return all
}

// Examine returns what is found: errors first, then in the order of the checks.
func Examine(m Machine) []Finding {
	m.read()
	var all []Finding
	for _, c := range checks() {
		c.look(&m, func(id string, f Finding) {
			f.Kind = Kind{ID: id, Severity: Warning} // a test sees to it that there is one
			if i := slices.IndexFunc(c.kinds, func(k Kind) bool { return k.ID == id }); i >= 0 {
				f.Kind = c.kinds[i]
			}
			all = append(all, f)
		})
	}
	slices.SortStableFunc(all, func(a, b Finding) int { return cmp.Compare(a.Severity.rank(), b.Severity.rank()) })
	return all
}

// Counts are the numbers of findings.
type Counts struct {
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Notes    int `json:"notes"`
}

// Count counts findings by their severity.
func Count(findings []Finding) (n Counts) {
	for _, f := range findings {
		switch f.Severity {
		case Error:
			n.Errors++
		case Warning:
			n.Warnings++
		case Note:
			n.Notes++
		}
	}
	return n
}

// read reads the files that several checks look at.
func (m *Machine) read() {
	m.files = awsconfig.Locate(m.Getenv, m.Home)
	m.config, m.refused = awsconfig.OpenEach(m.files)
	m.config = m.config.Indexed()
	m.report = m.config.Report()
	if m.Home != "" {
		m.store = &cache.Store{Home: m.Home, State: m.State, Now: func() time.Time { return m.Now }}
		m.cached, m.folders = m.store.Inspect()
	}
}

// set returns the variables among names that are set, and not empty.
func (m *Machine) set(names ...string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return m.Getenv(name) == "" })
}

// value returns a property of a section.
func value(s awsconfig.ReportSection, key string) (awsconfig.ReportProperty, bool) {
	i := slices.IndexFunc(s.Properties, func(p awsconfig.ReportProperty) bool { return p.Key == key })
	if i < 0 {
		return awsconfig.ReportProperty{}, false
	}
	return s.Properties[i], s.Properties[i].Value != ""
}

// listed joins names, of which it shows eight.
func listed(names []string) string {
	const most = 8
	if more := len(names) - most; more > 0 {
		return strings.Join(names[:most], ", ") + " and " + counted(more, "more")
	}
	return strings.Join(names, ", ")
}

// within reports whether a path is a folder or in it.
func within(path, dir string) bool {
	rest, err := filepath.Rel(dir, path)
	return err == nil && rest != ".." && !strings.HasPrefix(rest, ".."+string(filepath.Separator))
}
