package imports

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"rolecall/internal/awsconfig"
	"rolecall/internal/profiles"
	"rolecall/internal/words"
)

// A builder makes one Plan.
type builder struct {
	home     Home
	file     string // of the tool
	plan     *Plan
	sections map[string]*section // profiles of the config file
	order    []string            // their names
	changes  []awsconfig.Change
	said     map[Left]bool
}

// A section is a profile as the config file has it.
type section struct {
	keys  map[string]awsconfig.Line
	line  int
	twice bool
}

func newBuilder(tool string, h Home) *builder {
	b := &builder{home: h, plan: &Plan{Tool: tool}, sections: map[string]*section{}, said: map[Left]bool{}}
	for _, s := range h.Config.Sections() {
		kind, name := s.Named()
		if kind != "profile" {
			continue
		}
		if b.sections[name] != nil {
			b.sections[name].twice = true
			continue
		}
		found := &section{keys: map[string]awsconfig.Line{}, line: s.Line}
		last := ""
		for _, l := range h.Config.Lines(s) {
			if l.Continues && !l.Blank() && !l.Comment {
				whole := found.keys[last]
				whole.Value += "\n" + l.Text
				found.keys[last] = whole
			} else if l.Key != "" {
				last = l.Key
			}
			if _, there := found.keys[l.Key]; l.Key != "" && !there {
				found.keys[l.Key] = l
			}
		}
		b.sections[name] = found
		b.order = append(b.order, name)
	}
	return b
}

func (s *section) value(key string) string {
	if s == nil {
		return ""
	}
	return s.keys[key].Value
}

// left says that something stays where it is.
func (b *builder) left(what string, line int, format string, args ...any) {
	b.leftIn(b.file, what, line, format, args...)
}

func (b *builder) leftIn(file, what string, line int, format string, args ...any) {
	l := Left{what, fmt.Sprintf(format, args...), file, line}
	if !b.said[l] {
		b.said[l] = true
		b.plan.Left = append(b.plan.Left, l)
	}
}

// leftProfile says that a section of the config file stays as it is.
func (b *builder) leftProfile(name, format string, args ...any) {
	line := 0
	if s := b.sections[name]; s != nil {
		line = s.line
	}
	b.leftIn(b.home.Config.Path(), "profile "+name, line, format, args...)
}

// profile plans a new profile. One of that name that is there keeps its own meaning.
func (b *builder) profile(name string, keys []awsconfig.Key) bool {
	switch s := b.sections[name]; {
	case !isName(name):
		b.left("profile "+name, 0, "tools read this name differently")
		return false
	case s == nil:
		b.change(Profile{Name: name, New: true, Keys: keys})
		b.sections[name] = &section{keys: linesOf(keys)}
		return true
	default:
		for _, k := range keys {
			if weak := k.Name == "region" || k.Name == "output"; s.value(k.Name) != k.Value && !weak {
				b.leftProfile(name, "it already exists with other values: %s is %q", k.Name, s.value(k.Name))
				return false
			}
		}
	}
	return true
}

func linesOf(keys []awsconfig.Key) map[string]awsconfig.Line {
	lines := map[string]awsconfig.Line{}
	for _, k := range keys {
		lines[k.Name] = awsconfig.Line{Key: k.Name, Value: k.Value}
	}
	return lines
}

// rewrite plans a change of a profile that is there; keys without a value go.
func (b *builder) rewrite(name, removed string, keys []awsconfig.Key) bool {
	s := b.sections[name]
	if s.twice {
		b.leftProfile(name, "its section appears twice")
		return false
	}
	keys = slices.DeleteFunc(keys, func(k awsconfig.Key) bool {
		_, there := s.keys[k.Name]
		return k.Value == "" && !there
	})
	b.change(Profile{Name: name, Keys: keys, Removed: removed})
	for _, k := range keys {
		s.keys[k.Name] = awsconfig.Line{Key: k.Name, Value: k.Value}
	}
	return true
}

func (b *builder) change(p Profile) {
	b.plan.Profiles = append(b.plan.Profiles, p)
	b.changes = append(b.changes, awsconfig.Change{Kind: "profile", Name: p.Name, Keys: p.Keys})
}

// finish makes the new config file. A profile that could not be used in it stays as it is, and is named.
func (b *builder) finish() (*Plan, error) {
	for len(b.changes) > 0 {
		data, err := b.home.Config.SetSections(b.changes)
		if err != nil {
			return nil, err
		}
		after, err := awsconfig.Parse(b.home.Config.Path(), data)
		if err != nil {
			return nil, err
		}
		now, dropped := awsconfig.Of(after, b.home.Credentials).Indexed(), false
		for _, p := range slices.Clone(b.plan.Profiles) {
			if _, err := now.Profile(p.Name); err != nil {
				b.drop(p.Name, err)
				dropped = true
			}
		}
		if !dropped {
			b.plan.Data = data
			break
		}
	}
	return b.plan, nil
}

func (b *builder) drop(name string, err error) {
	b.plan.Profiles = slices.DeleteFunc(b.plan.Profiles, func(p Profile) bool { return p.Name == name })
	b.changes = slices.DeleteFunc(b.changes, func(c awsconfig.Change) bool {
		return c.Kind == "profile" && c.Name == name
	})
	b.leftIn(b.home.Config.Path(), "profile "+name, 0, "it could not be used: %s", problemOf(err))
}

// nameCharacters are those that all tools read alike in a header.
const nameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@%/+:-"

func isName(name string) bool {
	return name != "" && len(name) <= 128 && strings.Trim(name, nameCharacters) == "" && name[0] != '-'
}

// portable makes a name of text; empty if nothing is left of it.
func portable(text string) string {
	name := strings.FieldsFunc(text, func(r rune) bool { return !strings.ContainsRune(nameCharacters, r) || r == '-' })
	return strings.Join(name, "-")
}

// isText reports whether text can be shown and stored as it is.
func isText(text string) bool {
	return text != "" && len(text) <= 256 && utf8.ValidString(text) &&
		!strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// accountID returns the 12 digits of an account id as people and tools write it: YAML readers take the leading zero.
func accountID(text string) string {
	digits := strings.TrimLeft(text, "0")
	if digits == "" || len(digits) > 12 || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	return strings.Repeat("0", 12-len(digits)) + digits
}

var patterns = sync.OnceValue(func() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"arn":        regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{1,12})(?::role)?/((?:[\w+=,.@-]+/)*[\w+=,.@-]{1,64})$`),
		"role":       regexp.MustCompile(`^[\w+=,.@-]{1,64}$`),
		"rolePath":   regexp.MustCompile(`^(?:[\w+=,.@-]+/)*[\w+=,.@-]{1,64}$`),
		"externalID": regexp.MustCompile(`^[\w+=,.@:/-]{2,1000}$`),
		"plain":      regexp.MustCompile(`^[A-Za-z0-9_.:/-]{1,256}$`),
	}
})

// roleARN reads the ARN of a role, whose path belongs to its name. The account's leading zeros may be missing, and
// Leapp leaves out ":role".
func roleARN(arn string) (account, role string, ok bool) {
	parts := patterns()["arn"].FindStringSubmatch(arn)
	if parts == nil {
		return "", "", false
	}
	account = accountID(parts[1])
	return account, parts[2], account != ""
}

// fullARN returns an ARN with all digits of its account.
func fullARN(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) == 6 {
		parts[4] = cmp.Or(accountID(parts[4]), parts[4])
	}
	return strings.Join(parts, ":")
}

// isRole reports whether name is that of a permission set, isRolePath whether it is that of any role.
func isRole(name string) bool     { return patterns()["role"].MatchString(name) }
func isRolePath(name string) bool { return patterns()["rolePath"].MatchString(name) }

// command returns the name of the program of a credential_process, and its arguments. It is not run.
func command(line string) (program string, args []string) {
	all := words.Split(line)
	if len(all) == 0 {
		return "", nil
	}
	return strings.TrimSuffix(all[0][strings.LastIndexAny(all[0], `/\`)+1:], ".exe"), all[1:]
}

// ownProcess reports whether a profile's credential_process is a program for that very profile.
func (b *builder) ownProcess(name, program string) bool {
	return profiles.OwnProgram(b.sections[name].value("credential_process"), name) == program
}

// withoutProcess removes a program for the profile itself from one that signs in anyway: some tools would prefer it.
// It reports whether there is one.
func (b *builder) withoutProcess(name, program string) bool {
	s := b.sections[name]
	switch {
	case !b.ownProcess(name, program):
		return false
	case s.value("sso_session") != "" && s.value("sso_account_id") != "":
		b.rewrite(name, program, []awsconfig.Key{{Name: "credential_process"}})
	case s.value("sso_start_url") != "":
		b.plan.Legacy = true
	default:
		b.leftProfile(name, "its credential_process of %s has no account and role in the file", program)
	}
	return true
}

// flag returns the value of one of the names among arguments.
func flag(args []string, names ...string) string {
	for i, arg := range args {
		for _, name := range names {
			if value, ok := strings.CutPrefix(arg, name+"="); ok {
				return value
			}
			if arg == name && i+1 < len(args) {
				return args[i+1]
			}
		}
	}
	return ""
}
