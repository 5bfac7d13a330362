package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"rolecall/internal/identitycenter"
)

// A format is one dialect: of variables, or, with whole, of role credentials only. unset is nil where nothing can be
// unset.
type format struct {
	name  string
	write func(b *bytes.Buffer, set []Variable, unset []string) error
	unset func(b *bytes.Buffer, names []string)
	whole func(b *bytes.Buffer, c identitycenter.RoleCredentials) error
}

func formats() []format {
	return []format{
		{"sh", shell(quoteSh, "export %s=%s\n", "unset %s\n"), unsetEach("unset %s\n"), nil},
		{"fish", shell(quoteFish, "set -gx %s %s\n", "set -e %s\n"), unsetEach("set -e %s\n"), nil},
		{
			"powershell", shell(quotePowerShell, "$Env:%s = %s\n", "Remove-Item Env:%s -ErrorAction SilentlyContinue\n"),
			unsetEach("Remove-Item Env:%s -ErrorAction SilentlyContinue\n"), nil,
		},
		{"cmd", shell(plainCmd, "set \"%s=%s\"\n", "set \"%s=\"\n"), unsetEach("set \"%s=\"\n"), nil},
		{"nushell", writeNushell, unsetNushell, nil},
		{"dotenv", shell(plainDotenv, "%s=%s\n", ""), nil, nil},
		{"json", writeJSON, nil, nil},
		{
			"credential-process", nil, nil,
			func(b *bytes.Buffer, c identitycenter.RoleCredentials) error { return CredentialProcess(b, c) },
		},
		{"sts", nil, nil, writeSTS},
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

// shell writes assignments, one a line; unsetLine is empty for a dialect that cannot unset.
func shell(
	quote func(string) (string, error), setLine, unsetLine string,
) func(*bytes.Buffer, []Variable, []string) error {
	return func(b *bytes.Buffer, set []Variable, unset []string) error {
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

// writeNushell writes an object for "from json | load-env": nushell evaluates no text. load-env cannot unset a
// variable; to the SDKs, an empty AWS_PROFILE counts as unset.
func writeNushell(b *bytes.Buffer, set []Variable, unset []string) error {
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

func writeJSON(b *bytes.Buffer, set []Variable, _ []string) error {
	return writeObject(b, set)
}

// writeObject writes a flat JSON object.
func writeObject(b *bytes.Buffer, variables []Variable) error {
	b.WriteString("{\n")
	for i, v := range variables {
		comma := ","
		if i == len(variables)-1 {
			comma = ""
		}
		value, err := json.Marshal(v.Value)
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "    \"%s\": %s%s\n", v.Name, value, comma)
	}
	b.WriteString("}\n")
	return nil
}

// writeSTS writes credentials in the form of AssumeRole's answer.
func writeSTS(b *bytes.Buffer, c identitycenter.RoleCredentials) error {
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
