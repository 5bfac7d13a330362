// Package words splits command lines.
package words

import (
	"runtime"
	"strings"
)

// Split splits a line at blanks outside quotes, which it removes. A backslash is itself, as in paths of Windows. It
// returns nothing if a quote is not closed.
func Split(line string) []string {
	var all []string
	var word strings.Builder
	var quote rune
	inside := false
	for _, r := range line + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, inside = r, true
		case quote == 0 && (r == ' ' || r == '\t'):
			if inside {
				all = append(all, word.String())
			}
			word.Reset()
			inside = false
		default:
			word.WriteRune(r)
			inside = true
		}
	}
	if quote != 0 {
		return nil
	}
	return all
}

// Shell splits a line as botocore splits a credential_process, by the quoting rules of a POSIX shell and none of its
// expansions: outside quotes a backslash quotes any character, in double quotes only \ or ".
// On Windows a backslash is itself. It returns nothing if a quote or backslash is not closed.
func Shell(line string) []string { return shell(line, runtime.GOOS == "windows") }

func shell(line string, plainBackslash bool) []string {
	var all []string
	var word strings.Builder
	var quote rune
	inside, escaped := false, false
	for _, r := range line + " " {
		switch {
		case escaped:
			if quote == '"' && r != '"' && r != '\\' {
				word.WriteByte('\\')
			}
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'' && !plainBackslash:
			escaped, inside = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, inside = r, true
		case quote == 0 && strings.ContainsRune(" \t\r\n", r):
			if inside {
				all = append(all, word.String())
			}
			word.Reset()
			inside = false
		default:
			word.WriteRune(r)
			inside = true
		}
	}
	if quote != 0 || inside { // the last blank was escaped
		return nil
	}
	return all
}
