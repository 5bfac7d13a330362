// Package settings reads rolecall's own settings, config.toml: names, tags and regions of accounts, guards, how
// generated profiles look. It makes no decisions.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"rolecall/internal/filesystem"
)

// Settings is the content of config.toml. The zero value is that of an empty file.
type Settings struct {
	DefaultSession string `toml:"default_session"` // where the default profile has none
	Region         string `toml:"region"`          // unless the person, the profile or the account has one
	// PromptVariables sets AWS_SSO_PROFILE and AWS_VAULT, too, for prompts that know only these.
	PromptVariables bool      `toml:"prompt_variables"`
	Profiles        Profiles  `toml:"profiles"`
	Accounts        []Account `toml:"account"`
	Sessions        []Session `toml:"session"`
	Consoles        []Console `toml:"console"` // of several that match, the last counts
	Audit           Audit     `toml:"audit"`
}

// Audit is how the record of handed out keys is kept.
type Audit struct {
	Enabled *bool `toml:"enabled"` // nil: it is
	// Copy sends each record to the system's log, too: "syslog".
	Copy string `toml:"copy"`
	// CopyCommand gets each record on its stdin. No shell runs it.
	CopyCommand []string `toml:"copy_command"`
}

// Off reports whether no records are kept.
func (a Audit) Off() bool { return a.Enabled != nil && !*a.Enabled }

func (a Audit) check() string {
	switch {
	case a.Copy != "" && a.Copy != "syslog":
		return fmt.Sprintf("[audit] copy: %q is not \"syslog\"", a.Copy)
	case a.Copy != "" && len(a.CopyCommand) > 0:
		return "[audit] copy and copy_command exclude each other"
	case len(a.CopyCommand) > 0 && a.CopyCommand[0] == "":
		return "[audit] copy_command: the program is missing"
	case a.Off() && (a.Copy != "" || len(a.CopyCommand) > 0):
		return "[audit] copy needs records, and enabled is false"
	}
	return ""
}

// A Session is how an sso-session is used.
type Session struct {
	Name string `toml:"name"`
	// Interactive lets "rolecall process" open the browser when a sign-in is needed.
	Interactive bool `toml:"interactive"`
}

// A Console says in which browser the console of some accounts opens. Profile and Container are templates
// (text/template) of the account and role.
type Console struct {
	Match     string `toml:"match"` // an account id, or a pattern of account names; empty: all
	Tag       string `toml:"tag"`
	Role      string `toml:"role"` // a pattern
	Browser   string `toml:"browser"`
	Profile   string `toml:"profile"`
	Container string `toml:"container"`
	Color     string `toml:"color"`
	Icon      string `toml:"icon"`
}

// Profiles is how "rolecall profiles" generates, unless flags say otherwise.
type Profiles struct {
	Template string   `toml:"template"` // text/template of a profile's name
	Form     string   `toml:"form"`     // sso-session or credential-process
	Region   string   `toml:"region"`
	Output   string   `toml:"output"`
	Match    []string `toml:"match"` // only accounts that one of these patterns matches
	Roles    []string `toml:"roles"` // only roles that one of these patterns matches
}

// An Account describes the accounts that Match matches, an account id or a pattern of account names with * and ?, or
// those that have Tag. If several match, tags add up, and the last alias and region count.
type Account struct {
	Match   string   `toml:"match"`
	Tag     string   `toml:"tag"` // instead of Match, or in addition: a tag from another entry
	Alias   string   `toml:"alias"`
	Tags    []string `toml:"tags"`
	Region  string   `toml:"region"`
	Guarded bool     `toml:"guarded"`
}

// An Error says why the file cannot be used.
type Error struct {
	File    string
	Line    int // 0: the file as a whole
	Problem string
}

// Error names file, line and problem.
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem)
	}
	return fmt.Sprintf("%s: %s", e.File, e.Problem)
}

// maxFile bounds the file: it is written by hand.
const maxFile = 4 << 20

// Load reads the file. A missing one is empty; one that cannot be read, or has an unknown key, is an *Error.
func Load(file string) (Settings, error) {
	var s Settings
	data, err := filesystem.Read(file, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, &Error{File: file, Problem: "cannot be read: " + err.Error()}
	}
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&s); err != nil {
		return s, decodeError(file, err)
	}
	return s, s.check(file)
}

// decodeError names the line of what TOML does not allow, or no setting of ours is called.
func decodeError(file string, err error) error {
	var unknown *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case errors.As(err, &unknown) && len(unknown.Errors) > 0:
		first := unknown.Errors[0]
		line, _ := first.Position()
		return &Error{File: file, Line: line, Problem: fmt.Sprintf("unknown setting %q", strings.Join(first.Key(), "."))}
	case errors.As(err, &wrong):
		line, _ := wrong.Position()
		return &Error{File: file, Line: line, Problem: strings.TrimPrefix(wrong.Error(), "toml: ")}
	}
	return &Error{File: file, Problem: err.Error()}
}

func (s Settings) check(file string) error {
	if problem := s.Audit.check(); problem != "" {
		return &Error{File: file, Problem: problem}
	}
	aliases := map[string]bool{}
	for n, a := range s.Accounts {
		fail := func(problem string) error {
			return &Error{File: file, Problem: fmt.Sprintf("[[account]] number %d: %s", n+1, problem)}
		}
		switch {
		case a.Match == "" && a.Tag == "":
			return fail("match or tag is missing")
		case a.Tag != "" && len(a.Tags)+len(a.Alias) > 0:
			return fail("accounts chosen by tag can have a region and a guard, but neither tags nor an alias")
		case a.Alias != "" && strings.ContainsAny(a.Match, "*?"):
			return fail("an alias is for one account: match must be its id or its whole name")
		case a.Alias != "" && (strings.ContainsAny(a.Alias, "/: \t") || aliases[a.Alias]):
			return fail(fmt.Sprintf("alias: %q is used twice, or has a blank, slash or colon", a.Alias))
		}
		aliases[a.Alias] = true
	}
	return nil
}
