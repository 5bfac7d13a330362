// Package export writes role credentials as variables for a shell or JSON for a program. It checks every value before
// it writes a byte, and quotes for the stated dialect, which it never guesses.
package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rolecall/internal/identitycenter"
)

// An Environment is the content of the variables.
type Environment struct {
	Credentials identitycenter.RoleCredentials
	Region      string // of AWS_REGION; may be empty
	// DefaultRegion is that of AWS_DEFAULT_REGION, the same unless the person has set both.
	DefaultRegion string
	RegionMark    string // see MarkRegion; empty if both are the person's
	Identity      Identity
	Prompt        bool // also the variables of other tools that prompts know
}

// An Identity says in words whose the credentials are, for prompts and scripts. Any text may be empty, or hostile.
type Identity struct {
	Target, Session, AccountID, AccountName, Role, Profile string
	Guarded                                                bool
}

// A Variable is one environment variable.
type Variable struct{ Name, Value string }

// sets are the variables that are set, and unset again.
var sets = [...]string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_REGION",
	"AWS_DEFAULT_REGION", RegionMark, "AWS_ACCOUNT_ID", "ROLECALL_TARGET", "ROLECALL_SESSION", "ROLECALL_ACCOUNT_ID",
	"ROLECALL_ACCOUNT_NAME", "ROLECALL_ROLE", "ROLECALL_PROFILE", "ROLECALL_GUARDED",
}

// RegionMark is the variable that says which region we have set, and where.
const RegionMark = "ROLECALL_REGION"

// MarkRegion returns the value of RegionMark for a region that we set in both variables, or only in the one of names.
func MarkRegion(region string, names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return region + ":" + names[0]
	}
	return region
}

// IsMarked reports whether mark says that we have set a variable to that region.
func IsMarked(mark, variable, region string) bool {
	marked, only, _ := strings.Cut(mark, ":")
	return marked == region && (only == "" || only == variable)
}

// unsets would win over the keys in some SDKs.
var unsets = [...]string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}

// Variables returns what an environment sets and unsets: also what is left of another identity. An empty region leaves
// the shell's own. The time of expiry is RFC 3339 in UTC.
func Variables(e Environment) (set []Variable, unset []string) {
	unset = slices.Clone(unsets[:])
	for i, value := range values(e) {
		switch name := sets[i]; {
		case value != "":
			set = append(set, Variable{name, value})
		case !strings.HasSuffix(name, "REGION"), name == RegionMark && e.Region != "":
			unset = append(unset, name)
		}
	}
	if target := harmless(e.Identity.Target); e.Prompt && target != "" {
		for _, name := range PromptNames() {
			set = append(set, Variable{name, target})
		}
	}
	return set, unset
}

// values are the values of sets.
func values(e Environment) []string {
	c, who := e.Credentials, e.Identity
	account, guarded := "", ""
	if isAccountID(who.AccountID) {
		account = who.AccountID // botocore builds endpoints from it
	}
	if who.Guarded {
		guarded = "1"
	}
	return []string{
		c.AccessKeyID, c.SecretAccessKey.Reveal(), c.SessionToken.Reveal(), moment(c.Expiration), e.Region,
		e.DefaultRegion, e.RegionMark, account, harmless(who.Target), harmless(who.Session), harmless(who.AccountID),
		harmless(who.AccountName), harmless(who.Role), harmless(who.Profile), guarded,
	}
}

// longest bounds the texts of an identity, in characters.
const longest = 256

// harmless makes a text fit for prompts, which expand $, `, %, \ and more, and for every shell: all but letters, digits
// and a few signs of ASCII becomes _.
func harmless(text string) string {
	runes := []rune(text)
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(identitycenter.Plain, r) {
			return r
		}
		return '_'
	}, string(runes[:min(len(runes), longest)]))
}

// moment is RFC 3339; empty for keys without an end.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// removed are the variables that would change a child's identity, or let a prompt show another one.
var removed = [...]string{
	"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SESSION_TOKEN",
	"AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN",
	"AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"AWS_ACCOUNT_ID", "ROLECALL_TARGET", "ROLECALL_SESSION", "ROLECALL_ACCOUNT_ID", "ROLECALL_ACCOUNT_NAME",
	"ROLECALL_ROLE", "ROLECALL_PROFILE", "ROLECALL_GUARDED", Previous,
	"AWS_VAULT", "AWS_SSO_PROFILE", "AWS_SESSION_EXPIRATION", "AWSU_PROFILE", "AWSUME_PROFILE", "AWSUME_EXPIRATION",
}

// PromptNames are variables of other tools that prompts show as the target.
func PromptNames() []string { return []string{"AWS_SSO_PROFILE", "AWS_VAULT"} }

// ChildEnvironment returns environ without conflicting variables, all duplicates and spellings included, and with
// those of e. It checks the values as Write does.
func ChildEnvironment(environ []string, e Environment) ([]string, error) {
	if err := check(e); err != nil {
		return nil, err
	}
	set, _ := Variables(e)
	return replaced(environ, set), nil
}

// EndpointEnvironment is ChildEnvironment for a child that asks a container-credentials endpoint for its keys: it has
// the variables of the endpoint instead.
func EndpointEnvironment(environ []string, e Environment, endpoint []Variable) ([]string, error) {
	if err := check(e); err != nil {
		return nil, err
	}
	return replaced(environ, append(withoutKeys(e), endpoint...)), nil
}

// EndpointVariables are the variables of e without keys, and those of an endpoint.
func EndpointVariables(e Environment, endpoint []Variable) []Variable {
	return append(endpoint, withoutKeys(e)...)
}

// withoutKeys returns the variables of e but its keys and their end.
func withoutKeys(e Environment) []Variable {
	set, _ := Variables(e)
	return slices.DeleteFunc(set, func(v Variable) bool {
		return v.Name == "AWS_CREDENTIAL_EXPIRATION" || slices.Contains(keyNames(), v.Name)
	})
}

// replaced returns environ without what would change a child's identity, and with set.
func replaced(environ []string, set []Variable) []string {
	drop := map[string]bool{}
	for _, name := range removed {
		drop[name] = true
	}
	for _, v := range set {
		drop[v.Name] = true
	}
	var child []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !drop[strings.ToUpper(name)] {
			child = append(child, entry)
		}
	}
	for _, v := range set {
		child = append(child, v.Name+"="+v.Value)
	}
	return child
}

// Write writes e in one of Formats.
func Write(w io.Writer, format string, e Environment) error {
	f, err := formatOf(format)
	if err != nil {
		return err
	}
	if err := check(e); err != nil {
		return err
	}
	var b bytes.Buffer
	if f.whole != nil {
		err = f.whole(&b, e.Credentials)
	} else {
		set, unset := Variables(e)
		err = f.write(&b, set, unset)
	}
	if err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// WriteVariables writes variables in one of Formats, except those for role credentials only.
func WriteVariables(w io.Writer, format string, variables []Variable) error {
	f, err := formatOf(format)
	if err != nil {
		return err
	}
	if f.whole != nil {
		return fmt.Errorf("the format %s is only for role credentials", format)
	}
	var b bytes.Buffer
	if err := f.write(&b, variables, nil); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// WriteEndpoint writes variables that lead to a container-credentials endpoint, in one of Formats, and unsets those
// that SDKs prefer to it.
func WriteEndpoint(w io.Writer, format string, variables []Variable) error {
	f, err := formatOf(format)
	if err != nil {
		return err
	}
	if f.whole != nil {
		return fmt.Errorf("the format %s is only for role credentials", format)
	}
	conflicts := slices.DeleteFunc(slices.Clone(removed[:]), func(name string) bool {
		return slices.ContainsFunc(variables, func(v Variable) bool { return v.Name == name })
	})
	var b bytes.Buffer
	if err := f.write(&b, variables, conflicts); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// Unset returns the names of the variables that Write sets, except those to keep.
func Unset(keep ...string) []string {
	return slices.DeleteFunc(slices.Clone(sets[:]), func(name string) bool { return slices.Contains(keep, name) })
}

// WriteUnset writes what unsets names, those of Unset and perhaps more, in a shell's format.
func WriteUnset(w io.Writer, format string, names []string) error {
	f, err := formatOf(format)
	if err != nil {
		return err
	}
	if f.unset == nil {
		return fmt.Errorf("the format %s has nothing to unset", format)
	}
	var b bytes.Buffer
	f.unset(&b, names)
	_, err = w.Write(b.Bytes())
	return err
}

// WriteFailure writes what unsets names, and ends with a failing status, for an eval that expects variables: it must
// not go on with the keys from before. It writes nothing in formats that no shell evaluates.
func WriteFailure(w io.Writer, format string, names []string) error {
	f, err := formatOf(format)
	if err != nil || f.fail == nil {
		return err
	}
	var b bytes.Buffer
	f.fail(&b, names)
	_, err = w.Write(b.Bytes())
	return err
}

// check rejects what not every shell can carry, so that nothing depends on quoting alone. No message holds a value.
func check(e Environment) error {
	if err := e.Credentials.CheckAny(); err != nil {
		return fmt.Errorf("%w: nothing was written", err)
	}
	marked, _, _ := strings.Cut(e.RegionMark, ":")
	for _, region := range []string{e.Region, e.DefaultRegion, marked} {
		if !isMadeOf(region, upper+lower+digits+"-") || len(region) > 128 {
			return errors.New("the region does not have the form that AWS uses: nothing was written")
		}
	}
	return nil
}

const (
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	digits = "0123456789"
)

func isMadeOf(text, alphabet string) bool { return strings.Trim(text, alphabet) == "" }

// CredentialProcess writes what the AWS CLI and SDKs expect of a
// credential_process: one line of JSON.
func CredentialProcess(w io.Writer, c identitycenter.RoleCredentials) error {
	if err := check(Environment{Credentials: c}); err != nil {
		return err
	}
	// The values are checked to need no escapes.
	text := `{"Version": 1, "AccessKeyId": "` + c.AccessKeyID + `", "SecretAccessKey": "` + c.SecretAccessKey.Reveal() +
		`"`
	if token := c.SessionToken.Reveal(); token != "" {
		text += `, "SessionToken": "` + token + `"`
	}
	if !c.Expiration.IsZero() {
		text += `, "Expiration": "` + moment(c.Expiration) + `"`
	}
	if isAccountID(c.AccountID) {
		text += `, "AccountId": "` + c.AccountID + `"`
	}
	_, err := io.WriteString(w, text+"}\n")
	return err
}

func isAccountID(id string) bool { return len(id) == 12 && isMadeOf(id, digits) }
