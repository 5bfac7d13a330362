package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"rolecall/internal/identitycenter"
)

// A format is one dialect: of variables, or, with whole, of role credentials only. unset and fail are nil where nothing
// can be unset.
type format struct {
	name  string
	write func(b *bytes.Buffer, set []Variable, unset []string) error
	unset func(b *bytes.Buffer, names []string)
	fail  func(b *bytes.Buffer, names []string) // unsets, and ends with a failing status
	// marked ends with a mark, which shows that nothing was cut off; nil for dialects without a function of ours.
	marked func(b *bytes.Buffer, set []Variable, unset []string) error
	whole  func(b *bytes.Buffer, c identitycenter.RoleCredentials) error
}

func formats() []format {
	return []format{
		lines{
			quote: quoteSh, set: "export %s=%s\n", unset: "unset %s\n", failure: "false\n", whole: true, mark: ": " + wholeMark,
		}.format("sh"),
		lines{
			quote: quoteFish, set: "set -gx %s %s\n", unset: "set -eg %s\n",
			success: "true\n", // else the status is that of unsetting what was not set
			failure: "false\n", mark: ": " + wholeMark,
		}.format("fish"),
		lines{
			quote: quotePowerShell, set: "$Env:%s = %s\n", unset: "Remove-Item Env:%s -ErrorAction SilentlyContinue\n",
			failure: "throw 'rolecall: no credentials'\n", mark: "# " + wholeMark,
		}.format("powershell"),
		lines{
			quote: plainCmd, set: "set \"%s=%s\"\n", unset: "set \"%s=\"\n", failure: "cmd /c exit 1\n",
		}.format("cmd"),
		{name: "nushell", write: writeNushell, unset: unsetNushell, fail: failNushell, marked: writeNushell},
		lines{
			quote: quoteElvish, set: "set-env %s %s\n", unset: "unset-env %s\n", failure: "fail 'rolecall: no credentials'\n",
			mark: "nop " + wholeMark,
		}.format("elvish"),
		lines{ // eval "`…`" makes one line of all
			quote: quoteCsh, set: "setenv %s %s;\n", unset: "unsetenv %s;\n", failure: "false;\n",
		}.format("csh"),
		{name: "dotenv", write: lines{quote: plainDotenv, set: "%s=%s\n"}.write},
		{name: "json", write: writeJSON},
		{name: "credential-process", whole: func(b *bytes.Buffer, c identitycenter.RoleCredentials) error {
			return CredentialProcess(b, c)
		}},
		{name: "sts", whole: writeSTS},
	}
}

// Formats lists the formats by the names that a person types.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// ErrUnknownFormat is returned for a format that is not among Formats.
var ErrUnknownFormat = errors.New("unknown format")

func formatOf(name string) (format, error) {
	for _, f := range formats() {
		if f.name == name {
			return f, nil
		}
	}
	return format{}, fmt.Errorf("%w %q; formats: %s", ErrUnknownFormat, name, strings.Join(Formats(), ", "))
}

// Default returns the dialect of the system's usual shell.
func Default() string {
	if runtime.GOOS == "windows" {
		return "powershell"
	}
	return "sh"
}

// lines are the commands of a shell, one a line.
type lines struct {
	quote            func(string) (string, error)
	set, unset       string // formats of name and value, of a name; unset is empty for a dialect that cannot unset
	success, failure string // the last line
	mark             string // the last line of marked variables

	// whole: a variable can be readonly. Then a switch of keys fails as a whole, and leaves none: those before are unset
	// first, and the access key id is set last, each only if all before it could be.
	whole bool
}

func (l lines) format(name string) format {
	f := format{name: name, write: l.write, unset: l.ended(l.success), fail: l.ended(l.failure)}
	if l.mark != "" {
		f.marked = l.writeMarked
	}
	return f
}

func (l lines) write(b *bytes.Buffer, set []Variable, unset []string) error {
	and := "\n"
	if l.whole && slices.ContainsFunc(set, isKey) {
		and, unset = " &&\n", slices.Concat(keyNames(), unset)
	}
	commands, err := l.commands(set, unset, and != "\n")
	if err != nil {
		return err
	}
	if len(commands) > 0 {
		b.WriteString(strings.Join(commands, and) + "\n")
	}
	b.WriteString(l.success)
	return nil
}

// writeMarked writes variables and the mark; in a whole dialect the mark is reached only if all before it worked.
func (l lines) writeMarked(b *bytes.Buffer, set []Variable, unset []string) error {
	and := "\n"
	if l.whole {
		and = " &&\n"
	}
	if l.whole && slices.ContainsFunc(set, isKey) {
		unset = slices.Concat(keyNames(), unset)
	}
	commands, err := l.commands(set, unset, l.whole)
	if err == nil {
		b.WriteString(strings.Join(append(commands, l.mark), and) + "\n")
	}
	return err
}

// commands returns the commands that unset and set variables. Joined, one command unsets all, and the keys come last.
func (l lines) commands(set []Variable, unset []string, joined bool) (commands []string, err error) {
	if joined && len(unset) > 0 {
		unset = []string{strings.Join(unset, " ")}
	}
	if joined {
		set = slices.SortedStableFunc(slices.Values(set), func(a, b Variable) int {
			return slices.Index(keyNames(), a.Name) - slices.Index(keyNames(), b.Name)
		})
	}
	for _, name := range unset {
		if l.unset != "" {
			commands = append(commands, strings.TrimSuffix(fmt.Sprintf(l.unset, name), "\n"))
		}
	}
	for _, v := range set {
		value, err := l.quote(v.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.Name, err)
		}
		commands = append(commands, strings.TrimSuffix(fmt.Sprintf(l.set, v.Name, value), "\n"))
	}
	return commands, nil
}

func isKey(v Variable) bool { return slices.Contains(keyNames(), v.Name) }

// keyNames are the variables with role credentials, in the order in which they are set.
func keyNames() []string {
	return []string{"AWS_SESSION_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"}
}

// ended returns a function that writes what unsets names, and a last line.
func (l lines) ended(last string) func(b *bytes.Buffer, names []string) {
	return func(b *bytes.Buffer, names []string) {
		for _, name := range names {
			fmt.Fprintf(b, l.unset, name)
		}
		b.WriteString(last)
	}
}

// writeNushell writes an object for "from json | load-env": nushell evaluates no text. null unsets a variable; an empty
// AWS_PROFILE would be an error to botocore.
func writeNushell(b *bytes.Buffer, set []Variable, unset []string) error {
	return writeObject(b, set, unset)
}

// unsetNushell writes a list for "hide-env --ignore-errors ...(… | from json)".
func unsetNushell(b *bytes.Buffer, names []string) {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strconv.Quote(name)
	}
	fmt.Fprintf(b, "[%s]\n", strings.Join(quoted, ", "))
}

// failNushell writes an object, as writeNushell does. The failure is rolecall's exit code.
func failNushell(b *bytes.Buffer, names []string) { _ = writeObject(b, nil, names) }

func writeJSON(b *bytes.Buffer, set []Variable, _ []string) error {
	return writeObject(b, set, nil)
}

// writeObject writes a flat JSON object, with null for the names in null.
func writeObject(b *bytes.Buffer, variables []Variable, null []string) error {
	members := make([]string, 0, len(variables)+len(null))
	for _, v := range variables {
		value, err := json.Marshal(v.Value)
		if err != nil {
			return err
		}
		members = append(members, fmt.Sprintf("    \"%s\": %s", v.Name, value))
	}
	for _, name := range null {
		members = append(members, fmt.Sprintf("    \"%s\": null", name))
	}
	fmt.Fprintf(b, "{\n%s\n}\n", strings.Join(members, ",\n"))
	return nil
}

// writeSTS writes credentials in the form of AssumeRole's answer.
func writeSTS(b *bytes.Buffer, c identitycenter.RoleCredentials) error {
	b.WriteString("{\n    \"Credentials\": ")
	var inner bytes.Buffer
	members := []Variable{
		{"AccessKeyId", c.AccessKeyID},
		{"SecretAccessKey", c.SecretAccessKey.Reveal()},
		{"SessionToken", c.SessionToken.Reveal()},
		{"Expiration", moment(c.Expiration)},
	}
	members = slices.DeleteFunc(members, func(v Variable) bool { return v.Value == "" })
	if err := writeObject(&inner, members, nil); err != nil {
		return err
	}
	b.WriteString(strings.ReplaceAll(strings.TrimSuffix(inner.String(), "\n"), "\n", "\n    "))
	b.WriteString("\n}\n")
	return nil
}
