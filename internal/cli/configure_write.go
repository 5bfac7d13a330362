package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"rolecall/internal/awsconfig"
)

// A configSection is a section to append to the config file, or one whose values change.
type configSection struct {
	header  string
	keys    []configKey
	present bool // it is there: its lines of these keys change
}

// A configKey is a line of a section; a value that begins with a line end is a block of
// its own.
type configKey struct{ name, value string }

// writeSections writes all of sections, or nothing. No other line changes.
func (a *App) writeSections(file string, sections []configSection) error {
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text := string(data)
	for _, s := range sections {
		if !s.present {
			text = appended(text, s)
		} else if text, err = changed(text, s); err != nil {
			return &hintError{error: fmt.Errorf("%s: %w", a.tidy(file), err), code: exitConfiguration, hint: "rolecall config show"}
		}
	}
	if _, err := awsconfig.Parse(file, []byte(text)); err != nil {
		return err
	}
	return a.writeConfig(file, text)
}

func lineEnd(text string) string {
	if strings.Contains(text, "\r\n") {
		return "\r\n"
	}
	return "\n"
}

func appended(text string, s configSection) string {
	var b strings.Builder
	if text != "" && !strings.HasSuffix(text, "\n") {
		b.WriteString("\n")
	}
	if text != "" {
		b.WriteString("\n")
	}
	b.WriteString("[" + s.header + "]\n")
	for _, k := range s.keys {
		b.WriteString(strings.ReplaceAll(k.name+" = "+k.value, " \n", "\n") + "\n")
	}
	return text + strings.ReplaceAll(b.String(), "\n", lineEnd(text))
}

// changed gives text with other values in the lines of a section.
func changed(text string, s configSection) (string, error) {
	lines := strings.SplitAfter(text, "\n")
	inside := false
	left := map[string]string{}
	for _, k := range s.keys {
		left[k.name] = k.value
	}
	for i, line := range lines {
		if strings.HasPrefix(line, "[") {
			inside = strings.TrimSpace(line) == "["+s.header+"]"
			continue
		}
		name, _, _ := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if value, ok := left[name]; ok && inside {
			lines[i] = name + " = " + value + lineEnd(line+"\n")
			delete(left, name)
		}
	}
	for name := range left {
		return "", fmt.Errorf("[%s] has no line %s that could be changed", s.header, name)
	}
	return strings.Join(lines, ""), nil
}
