package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"rolecall/internal/awsconfig"
)

// A configKey is a line of a section; a value that begins with a line end is a block of
// its own.
type configKey struct{ name, value string }

// writeSection appends a section to the config file. Of one that is there already, only
// values of keys are changed that it has.
func (a *App) writeSection(file, header string, keys []configKey) error {
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, end := string(data), "\n"
	if strings.Contains(text, "\r\n") {
		end = "\r\n"
	}
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if strings.TrimSpace(line) != "["+header+"]" {
			continue
		}
		if err := setLines(lines[i+1:], keys, end); err != nil {
			return &hintError{error: fmt.Errorf("%s: [%s]: %w", a.tidy(file), header, err), code: exitConfiguration, hint: "rolecall configure --session ANOTHER_NAME"}
		}
		return a.writeConfig(file, strings.Join(lines, ""))
	}
	var b strings.Builder
	b.WriteString(text)
	switch {
	case text != "" && !strings.HasSuffix(text, "\n"):
		b.WriteString(end + end)
	case text != "":
		b.WriteString(end)
	}
	b.WriteString("[" + header + "]" + end)
	for _, k := range keys {
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(k.name+" = "+k.value, " \n", "\n"), "\n", end) + end)
	}
	if _, err := awsconfig.Parse(file, []byte(b.String())); err != nil {
		return err
	}
	return a.writeConfig(file, b.String())
}

// setLines changes the values of keys in the lines of a section.
func setLines(lines []string, keys []configKey, end string) error {
	for _, k := range keys {
		found := false
		for i, line := range lines {
			if strings.HasPrefix(line, "[") {
				break
			}
			name, _, ok := strings.Cut(line, "=")
			if found = ok && strings.TrimSpace(name) == k.name; found {
				lines[i] = k.name + " = " + k.value + end
				break
			}
		}
		if !found {
			return fmt.Errorf("there is no line %s = … to change", k.name)
		}
	}
	return nil
}
