package awsconfig

import (
	"os"
	"path/filepath"
	"strings"
)

// Files says where the two shared files are.
type Files struct{ Config, Credentials string }

// Locate finds the shared files as botocore does: AWS_CONFIG_FILE and
// AWS_SHARED_CREDENTIALS_FILE, with ~ and variables in them expanded, else
// ~/.aws/config and ~/.aws/credentials. Without a home folder, files that would be in it are "".
func Locate(getenv func(string) string, home string) Files {
	place := func(variable, name string) string {
		path := getenv(variable)
		switch {
		case path == "" && home == "":
			return ""
		case path == "":
			return filepath.Join(home, ".aws", name)
		}
		path = withVariables(path, getenv)
		if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
			if home == "" {
				return ""
			}
			path = home + rest
		}
		return path
	}
	return Files{place("AWS_CONFIG_FILE", "config"), place("AWS_SHARED_CREDENTIALS_FILE", "credentials")}
}

// withVariables replaces $NAME and ${NAME} as Python's os.path.expandvars does; one without a value stays. To link
// package regexp would add three percent to the lean program's start.
func withVariables(path string, getenv func(string) string) string {
	const word = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(path, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		length := len(rest) - len(strings.TrimLeft(rest, word))
		name := rest[:length]
		if braced, ok := strings.CutPrefix(rest, "{"); ok {
			if end := strings.IndexByte(braced, '}'); end >= 0 {
				name, length = braced[:end], end+len("{}")
			}
		}
		if value := getenv(name); name != "" && value != "" {
			b.WriteString(value)
		} else {
			b.WriteString("$" + rest[:length])
		}
		path = rest[length:]
	}
}
