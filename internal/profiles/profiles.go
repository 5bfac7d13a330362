// Package profiles generates a profile for each account and role of a session in the shared config file, and keeps
// them in step: added, renamed, changed, removed. Each is marked by a comment line above it; every other byte of the
// file is left alone. It returns a plan with the new bytes, and writes nothing.
package profiles

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"unicode"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
)

// A Form is how a profile gets its credentials.
type Form string

// The forms. A profile has only one: SDKs disagree about which of two wins.
const (
	SSOSession        Form = "sso-session"
	CredentialProcess Form = "credential-process"
)

// Options say how profiles look, and which ones to make. The zero value is the form sso-session for all roles, named
// by DefaultTemplate.
type Options struct {
	Template string // text/template over Fields
	Form     Form
	Region   string // of all profiles
	// DefaultRegion is for accounts that have none of their own. FallbackRegion, or else the session's region, is
	// for profiles that none of these names a region for: the AWS CLI fails without one. A region that is there stays.
	DefaultRegion, FallbackRegion string

	Output      string // empty: one in the section is the person's own
	Services    string // services section that the profiles name
	ProcessPath string // rolecall-process, for the form credential-process
	Filter      inventory.Filter
	NoPrune     bool // keep profiles whose role has vanished
	PruneOthers bool // remove profiles of roles that the filter excludes
}

// An Anchor identifies a profile, whatever its name is.
type Anchor struct{ Session, AccountID, Role string }

// A Kind says what happens to a profile.
type Kind string

// Kinds of changes. Kept is a profile that should be removed or changed, but is not.
const (
	Added   Kind = "added"
	Renamed Kind = "renamed" // and perhaps changed
	Changed Kind = "changed"
	Removed Kind = "removed"
	Kept    Kind = "kept"
)

// A Change is what happens to one profile.
type Change struct {
	Kind   Kind
	Name   string
	From   string   // the name before; of Renamed
	Keys   []string // keys that change; of Renamed and Changed
	Reason string   // of Kept and Removed
	Anchor
}

// A Plan holds all changes, and the file after them. Data is nil when nothing changes.
type Plan struct {
	Changes   []Change
	Unchanged int
	Outside   int // profiles that the filter leaves alone
	Dangling  []Reference
	Turned    []Turn
	Data      []byte
}

// Count counts the changes of a kind.
func (p *Plan) Count(k Kind) int {
	n := 0
	for _, c := range p.Changes {
		if c.Kind == k {
			n++
		}
	}
	return n
}

// ErrNoRoles is returned for a listing without any role: more likely a mistake than the end of all access, so no
// profile is removed.
var ErrNoRoles = errors.New("the listing has no roles: nothing was changed or removed")

// ErrNoMatch is returned when no role matches the filter.
var ErrNoMatch = errors.New("no role matches the filter")

// An OptionError is an option that cannot be used.
type OptionError struct {
	Option  string // template, form, region, output, process-path or session
	Problem string
}

func (e *OptionError) Error() string { return e.Option + ": " + e.Problem }

// Check returns an *OptionError for options that no profile of a session could have, before its accounts and roles
// are known.
func (o Options) Check(session identitycenter.SSOSession) error {
	o.Form, o.Template = cmp.Or(o.Form, SSOSession), cmp.Or(o.Template, DefaultTemplate)
	if err := o.check(session); err != nil {
		return err
	}
	sample := inventory.Row{Account: &inventory.Account{ID: "111122223333", Name: "sample"}, Role: "Sample"}
	_, err := names(o.Template, session.Name, []inventory.Row{sample}, nil)
	return err
}

// check rejects options whose text cannot be in the file, or that tools would read differently.
func (o Options) check(of identitycenter.SSOSession) error {
	session := of.Name
	fail := func(option, format string, args ...any) error {
		return &OptionError{option, fmt.Sprintf(format, args...)}
	}
	switch {
	case o.Form != SSOSession && o.Form != CredentialProcess:
		return fail("form", "%q is neither %s nor %s", o.Form, SSOSession, CredentialProcess)
	case strings.Trim(o.Output, "abcdefghijklmnopqrstuvwxyz-") != "":
		return fail("output", "%q is not an output format", o.Output)
	}
	for _, region := range []string{o.Region, o.DefaultRegion, o.FallbackRegion} {
		if err := checkRegion("region", region, of); err != nil {
			return err
		}
	}
	if strings.ContainsAny(session, `#;"'\`) || strings.TrimSpace(session) != session ||
		strings.ContainsFunc(session, unicode.IsControl) {
		return fail("session", "%q is read differently by different SDKs: "+
			"give the sso-session a name of letters, digits and dashes", session)
	}
	if o.Form == SSOSession {
		return nil
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_.+=,@:/-]+$`).MatchString(session) || session[0] == '-' {
		return fail("session", "%q cannot be in a credential_process line: "+
			"give the sso-session a name of letters, digits and dashes", session)
	}
	path := `^[A-Za-z0-9_./-]*rolecall-process$`
	if runtime.GOOS == "windows" {
		path = `^[A-Za-z0-9_./:~\\-]*rolecall-process(\.exe)?$`
	}
	if !regexp.MustCompile(path).MatchString(o.ProcessPath) {
		return fail("process-path", "%q: some SDKs split a credential_process line, others pass it to a shell, so it "+
			"must be rolecall-process in a folder of letters, digits, _ . / - only", o.ProcessPath)
	}
	return nil
}

// checkRegion rejects what is not a region, or one of another partition than the session, whose keys are not valid
// there. Nothing is known of the regions of a partition that is not in the table.
func checkRegion(option, region string, session identitycenter.SSOSession) error {
	own, known := identitycenter.AWS().OfRegion(session.Region)
	its, _ := identitycenter.AWS().OfRegion(region)
	switch {
	case region == "":
		return nil
	case !awsconfig.IsRegion(region):
		return &OptionError{option, fmt.Sprintf("%q is not a region", region)}
	case known && its.Name != own.Name:
		return &OptionError{option, fmt.Sprintf("%s is not in the partition %s of session %q",
			region, own.Name, session.Label())}
	}
	return nil
}

// A pair is a key and its value. A weak one never replaces a value that is there.
type pair struct {
	key, value string
	weak       bool
}

// isOwnKey reports whether key is one that we write; its lines in a marked section are ours.
func isOwnKey(key string) bool {
	switch key {
	case "sso_session", "sso_account_id", "sso_role_name", "credential_process", "region", "output", "services":
		return true
	}
	return false
}

// keys returns the content of a profile's section, with that region.
func (o Options) keys(a Anchor, region pair) []pair {
	var keys []pair
	if o.Form == SSOSession {
		keys = append(keys, pair{key: "sso_session", value: a.Session}, pair{key: "sso_account_id", value: a.AccountID},
			pair{key: "sso_role_name", value: a.Role})
	} else {
		line := o.ProcessPath + " --session " + a.Session + " --account " + a.AccountID + " --role " + a.Role
		keys = append(keys, pair{key: "credential_process", value: line})
	}
	for _, p := range []pair{region, {key: "output", value: o.Output}, {key: "services", value: o.Services}} {
		if p.value != "" {
			keys = append(keys, p)
		}
	}
	return keys
}
