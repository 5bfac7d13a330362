package export

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
)

// A format is one dialect. unset is nil where nothing can be taken away.
type format struct {
	name  string
	write func(b *bytes.Buffer, e Environment) error
	unset func(b *bytes.Buffer, names []string)
}

func formats() []format {
	return []format{
		{"sh", shell(quoteSh, "export %s=%s\n", "unset %s\n"), unsetEach("unset %s\n")},
		{"fish", shell(quoteFish, "set -gx %s %s\n", "set -e %s\n"), unsetEach("set -e %s\n")},
		{"powershell", shell(quotePowerShell, "$Env:%s = %s\n", "Remove-Item Env:%s -ErrorAction SilentlyContinue\n"), unsetEach("Remove-Item Env:%s -ErrorAction SilentlyContinue\n")},
		{"cmd", shell(plainCmd, "set \"%s=%s\"\n", "set \"%s=\"\n"), unsetEach("set \"%s=\"\n")},
		{"nushell", writeNushell, unsetNushell},
		{"dotenv", shell(plainDotenv, "%s=%s\n", ""), nil},
		{"json", writeJSON, nil},
		{"credential-process", func(b *bytes.Buffer, e Environment) error { return CredentialProcess(b, e.Credentials) }, nil},
		{"sts", writeSTS, nil},
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

// ErrUnknownFormat is a format that is not among Formats.
var ErrUnknownFormat = errors.New("unknown format")

func formatOf(name string) (format, error) {
	for _, f := range formats() {
		if f.name == name {
			return f, nil
		}
	}
	return format{}, fmt.Errorf("%w %q; formats: %s", ErrUnknownFormat, name, strings.Join(Formats(), ", "))
}

// Default is the dialect of the system's usual shell.
func Default() string {
	if runtime.GOOS == "windows" {
		return "powershell"
	}
	return "sh"
}

// shell writes assignments, a line each; an empty unsetLine is a dialect without
// such a thing.
func shell(quote func(string) (string, error), setLine, unsetLine string) func(*bytes.Buffer, Environment) error {
	return func(b *bytes.Buffer, e Environment) error {
		set, unset := Variables(e)
		for _, name := range unset {
			if unsetLine != "" {
				fmt.Fprintf(b, unsetLine, name)
			}
		}
		for _, v := range set {
			value, err := quote(v.Value)
			if err != nil {
				return fmt.Errorf("%s: %w", v.Name, err)
			}
			fmt.Fprintf(b, setLine, v.Name, value)
		}
		return nil
	}
}

func unsetEach(line string) func(*bytes.Buffer, []string) {
	return func(b *bytes.Buffer, names []string) {
		for _, name := range names {
			fmt.Fprintf(b, line, name)
		}
	}
}

// writeNushell writes an object for "from json | load-env": nushell evaluates no
// text. A variable cannot be taken away by load-env; an empty AWS_PROFILE counts
// as none for the SDKs.
func writeNushell(b *bytes.Buffer, e Environment) error {
	set, unset := Variables(e)
	for _, name := range unset {
		set = append(set, Variable{Name: name})
	}
	return writeObject(b, set)
}

// unsetNushell writes a list for "from json | each { |name| hide-env $name }".
func unsetNushell(b *bytes.Buffer, names []string) {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strconv.Quote(name)
	}
	fmt.Fprintf(b, "[%s]\n", strings.Join(quoted, ", "))
}

func writeJSON(b *bytes.Buffer, e Environment) error {
	set, _ := Variables(e)
	return writeObject(b, set)
}

// writeObject writes a flat JSON object; the values are checked to need no
// escapes.
func writeObject(b *bytes.Buffer, variables []Variable) error {
	b.WriteString("{\n")
	for i, v := range variables {
		comma := ","
		if i == len(variables)-1 {
			comma = ""
		}
		fmt.Fprintf(b, "    \"%s\": \"%s\"%s\n", v.Name, v.Value, comma)
	}
	b.WriteString("}\n")
	return nil
}

// writeSTS writes the shape of an STS answer, as AssumeRole gives it.
func writeSTS(b *bytes.Buffer, e Environment) error {
	c := e.Credentials
	b.WriteString("{\n    \"Credentials\": ")
	var inner bytes.Buffer
	if err := writeObject(&inner, []Variable{
		{"AccessKeyId", c.AccessKeyID},
		{"SecretAccessKey", c.SecretAccessKey.Reveal()},
		{"SessionToken", c.SessionToken.Reveal()},
		{"Expiration", moment(c.Expiration)},
	}); err != nil {
		return err
	}
	b.WriteString(strings.ReplaceAll(strings.TrimSuffix(inner.String(), "\n"), "\n", "\n    "))
	b.WriteString("\n}\n")
	return nil
}
