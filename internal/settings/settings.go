// Package settings reads rolecall's own settings, config.toml: names, tags and regions of accounts, guards, how
// generated profiles look. It makes no decisions.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"rolecall/internal/filesystem"
	"rolecall/internal/policy"
)

// Settings is the content of config.toml. The zero value is that of an empty file. The manual shows the comments of its
// fields, and of the structs below it, to people who write the file.
type Settings struct {
	// DefaultSession is the sso-session to use if neither the command line nor the default profile names one.
	DefaultSession string `toml:"default_session"`
	// Region is the region to work in, unless the command line, a variable, the profile or an account below sets one.
	Region string `toml:"region"`
	// PromptVariables is true to also set AWS_SSO_PROFILE and AWS_VAULT, for prompts that know only these.
	PromptVariables bool `toml:"prompt_variables"`
	// Storage is where the secrets of sign-ins are kept: "shared" (the default), "split" or "private".
	Storage     string    `toml:"storage"`
	Profiles    Profiles  `toml:"profiles"`
	Accounts    []Account `toml:"account"`
	Sessions    []Session `toml:"session"`
	ProfilePins []Pin     `toml:"profile"`
	Consoles    []Console `toml:"console"` // of several that match, the last counts
	// RememberGuard is Remembered, parsed; 0: it is asked each time.
	RememberGuard time.Duration `toml:"-"`
	// Remembered is how long a shell remembers that you confirmed a guarded account, such as "15m". By default, you are
	// asked each time.
	Remembered string `toml:"remember_guard"`
	// Rules narrow what the machine's policy allows; Policy is the same with the places of the rules.
	Rules  policy.Document `toml:"policy"`
	Policy policy.Source   `toml:"-"`
	Audit  Audit           `toml:"audit"`
}

// Audit is how rolecall records the keys it hands out.
type Audit struct {
	Enabled *bool `toml:"enabled"` // false to keep no record; true is the default
	// Copy is "syslog" or "journald" to also send each record there; in the journal, it has fields of its own.
	Copy string `toml:"copy"`
	// CopyCommand is a program, with its arguments, that gets each record on stdin. It runs without a shell.
	CopyCommand []string `toml:"copy_command"`
}

// Off reports whether no records are kept.
func (a Audit) Off() bool { return a.Enabled != nil && !*a.Enabled }

func (a Audit) check() string {
	switch {
	case a.Copy != "" && a.Copy != "syslog" && a.Copy != "journald":
		return fmt.Sprintf("[audit] copy: %q is neither \"syslog\" nor \"journald\"", a.Copy)
	case a.Copy != "" && len(a.CopyCommand) > 0:
		return "[audit] copy and copy_command cannot be used together"
	case len(a.CopyCommand) > 0 && a.CopyCommand[0] == "":
		return "[audit] copy_command: the program is missing"
	case a.Off() && (a.Copy != "" || len(a.CopyCommand) > 0):
		return "[audit] copy needs enabled = true"
	}
	return ""
}

// A Session is how an sso-session is used. With a start URL it needs no section in ~/.aws/config.
type Session struct {
	Name string `toml:"name"` // the sso-session's name
	// Interactive is true to let "rolecall process" open the browser if you need to sign in.
	Interactive bool `toml:"interactive"`
	// StartURL is the address of your AWS access portal, in the machine's defaults.
	StartURL string   `toml:"sso_start_url"`
	Region   string   `toml:"sso_region"`              // the region of Identity Center; rolecall finds it if missing
	Scopes   []string `toml:"sso_registration_scopes"` // more scopes to request
}

// A Pin is whose keys a profile must get; rolecall hands out no others. Fields that you leave out are not checked.
type Pin struct {
	Name    string `toml:"name"`           // the profile's name
	Account string `toml:"expect_account"` // the account's id
	Role    string `toml:"expect_role"`    // the role's name
	User    string `toml:"expect_user"`    // the user's name in Identity Center
}

// A Console is the browser in which the console of some accounts opens. If several entries match, the last one wins.
type Console struct {
	Match     string `toml:"match"`     // an account's id, or a pattern of account names with * and ?; default: all
	Tag       string `toml:"tag"`       // only accounts with this tag
	Role      string `toml:"role"`      // only roles that match this pattern
	Browser   string `toml:"browser"`   // chrome, edge, brave, vivaldi, chromium, firefox or safari
	Profile   string `toml:"profile"`   // the browser's profile, a template such as "{{ .AccountName }}"
	Container string `toml:"container"` // the Firefox container, a template such as "{{ .AccountName }}"
	Color     string `toml:"color"`     // the container's colour, such as red
	Icon      string `toml:"icon"`      // the container's icon, such as briefcase
}

// Profiles is how "rolecall profiles" generates profiles, unless flags say otherwise.
type Profiles struct {
	Template string   `toml:"template"` // the template of a profile's name, as in Go's text/template
	Form     string   `toml:"form"`     // "sso-session" (the default) or "credential-process"
	Region   string   `toml:"region"`   // the region that generated profiles get
	Output   string   `toml:"output"`   // the output format that generated profiles get
	Match    []string `toml:"match"`    // only accounts that one of these ids or patterns of names matches
	Roles    []string `toml:"roles"`    // only roles that one of these patterns matches
}

// An Account is a group of settings for the accounts that match or tag selects. If several entries select an account,
// tags add up, and the last alias and region win.
type Account struct {
	Match  string   `toml:"match"`  // an account's id, or a pattern of account names with * and ?
	Tag    string   `toml:"tag"`    // instead of match, or in addition: a tag from another entry
	Alias  string   `toml:"alias"`  // a short name for one account, used like its id
	Tags   []string `toml:"tags"`   // words to select the accounts by, as in "rolecall ls --tag prod"
	Region string   `toml:"region"` // the region to work in there
	// Guarded is true to hand out keys only after you have typed the account's name, alias or id.
	Guarded bool `toml:"guarded"`
	// GuardedRoles are patterns of the roles to guard, if not all.
	GuardedRoles []string `toml:"guarded_roles"`
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

// Defaults reads the defaults of a machine, which people's own settings change. A key that this version does not know
// is no reason to refuse the rest: the second result names it.
func Defaults(file string, data []byte) (s Settings, unknown string, err error) {
	err = toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&s)
	if missing := (*toml.StrictMissingError)(nil); errors.As(err, &missing) {
		unknown, s = decodeError(file, err).Error(), Settings{}
		err = toml.Unmarshal(data, &s)
	}
	if err != nil {
		return Settings{}, "", decodeError(file, err)
	}
	s.Rules = policy.Document{} // they are in a file of their own
	return s, unknown, s.check(file)
}

// Load reads the file, over the defaults of the machine: what the file says counts, and its entries about accounts,
// sessions and consoles come after those. A missing one is empty; one that cannot be read, or has an unknown key, is an
// *Error.
func Load(file string, defaults Settings) (Settings, error) {
	s := defaults
	s.Accounts, s.Sessions, s.Consoles, s.ProfilePins = nil, nil, nil, nil
	err := s.read(file)
	s.Accounts = slices.Concat(defaults.Accounts, s.Accounts)
	s.Sessions = slices.Concat(defaults.Sessions, s.Sessions)
	s.Consoles = slices.Concat(defaults.Consoles, s.Consoles)
	s.ProfilePins = slices.Concat(defaults.ProfilePins, s.ProfilePins)
	return s, err
}

func (s *Settings) read(file string) error {
	data, err := filesystem.Read(file, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &Error{File: file, Problem: "cannot be read: " + err.Error()}
	}
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(s); err != nil {
		return decodeError(file, err)
	}
	if err := s.check(file); err != nil {
		return err
	}
	return s.narrow(file, data)
}

// narrow reads [policy].
func (s *Settings) narrow(file string, data []byte) (err error) {
	if reflect.ValueOf(s.Rules).IsZero() {
		return nil
	}
	s.Policy, err = policy.Of(file, s.Rules, data, "policy")
	var wrong *policy.Error
	if errors.As(err, &wrong) {
		return &Error{File: file, Line: wrong.Line, Problem: "policy." + wrong.Problem}
	}
	return err
}

// decodeError names the line of what TOML does not allow, or no setting of ours is called.
func decodeError(file string, err error) error {
	line, key, problem := policy.Decoded(err)
	if key != "" {
		problem = fmt.Sprintf("unknown setting %q", key)
	}
	return &Error{File: file, Line: line, Problem: problem}
}

// check returns an error for what cannot be meant, and reads times.
func (s *Settings) check(file string) (err error) {
	if s.Remembered != "" {
		s.RememberGuard, err = time.ParseDuration(s.Remembered)
		if err != nil || s.RememberGuard < 0 {
			return &Error{File: file, Problem: fmt.Sprintf("remember_guard: %q is not a time such as 15m", s.Remembered)}
		}
	}
	if s.Storage != "" && !policy.IsStorage(s.Storage) {
		return &Error{File: file, Problem: fmt.Sprintf("storage: %q is not shared, split or private", s.Storage)}
	}
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
			return fail("accounts chosen by tag can have a region and guards, but neither tags nor an alias")
		case a.Alias != "" && strings.ContainsAny(a.Match, "*?"):
			return fail("an alias is for one account: match must be its id or its whole name")
		case a.Alias != "" && (strings.ContainsAny(a.Alias, "/: \t") || aliases[a.Alias]):
			return fail(fmt.Sprintf("alias: %q is used twice, or has a blank, slash or colon", a.Alias))
		}
		aliases[a.Alias] = true
	}
	return nil
}
