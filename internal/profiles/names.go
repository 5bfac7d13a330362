package profiles

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"text/template"

	"rolecall/internal/inventory"
)

// DefaultTemplate names profiles unless another template is given.
const DefaultTemplate = "{{ .AccountName }}-{{ .RoleName }}"

// Fields are what a template can use.
type Fields struct {
	AccountName string // else the alias, else the id: when AWS has none, or none that fits into a profile name
	AccountID   string
	Alias       string // from rolecall's settings; may be empty
	RoleName    string
	Session     string
	Email       string // may be empty
	Tags        []string
}

// functions returns the functions of a template. The text they work on comes last, for pipelines: {{ .AccountName |
// lower | replace " " "-" }}.
func functions() template.FuncMap {
	return template.FuncMap{
		"lower":      strings.ToLower,
		"upper":      strings.ToUpper,
		"trim":       strings.TrimSpace,
		"trimPrefix": func(prefix, text string) string { return strings.TrimPrefix(text, prefix) },
		"trimSuffix": func(suffix, text string) string { return strings.TrimSuffix(text, suffix) },
		"replace":    func(old, with, text string) string { return strings.ReplaceAll(text, old, with) },
		"first":      func(n int, text string) string { r := []rune(text); return string(r[:max(0, min(n, len(r)))]) },
		"join":       func(with string, list []string) string { return strings.Join(list, with) },
	}
}

// names returns a unique profile name for each row, made with the template, in characters that all tools read alike.
// Rows that would share a name, or have one that is taken (in lower case), all get a suffix, so that the order does
// not matter.
func names(text, session string, rows []inventory.Row, taken map[string]bool) ([]string, error) {
	t, err := template.New("name").Option("missingkey=error").Funcs(functions()).Parse(text)
	if err != nil {
		return nil, templateError(err)
	}
	bases := make([]string, len(rows))
	var out bytes.Buffer
	for i, r := range rows {
		out.Reset()
		name := r.Name
		if portable(name) == "" {
			name = cmp.Or(r.Alias, r.ID)
		}
		if err := t.Execute(&out, Fields{name, r.ID, r.Alias, r.Role, session, r.Email, r.Tags}); err != nil {
			return nil, templateError(err)
		}
		bases[i] = cmp.Or(portable(out.String()), portable(r.ID+"-"+r.Role))
		if id, rest, target := strings.Cut(bases[i], "/"); target && id != r.ID && inventory.IsAccountID(id) {
			bases[i] = id + "-" + rest // it would be taken for another account's role
		}
	}
	return distinct(bases, session, rows, taken)
}

func templateError(err error) error {
	return &OptionError{"template", strings.TrimPrefix(err.Error(), "template: ")}
}

// distinct lengthens names until each is unique.
func distinct(bases []string, session string, rows []inventory.Row, taken map[string]bool) ([]string, error) {
	found, levels := make([]string, len(bases)), make([]int, len(bases))
	lower := make([]string, len(bases))
	for i := range bases {
		found[i], lower[i] = bases[i], strings.ToLower(bases[i])
	}
	for {
		count := make(map[string]int, len(bases))
		for _, name := range lower {
			count[name]++
		}
		done := true
		for i, r := range rows {
			if count[lower[i]] == 1 && !taken[lower[i]] {
				continue
			}
			done = false
			if levels[i]++; levels[i] > lastLevel {
				return nil, fmt.Errorf("no profile name is free for role %s in account %s: %s is taken", r.Role, r.ID,
					found[i])
			}
			found[i] = withSuffix(bases[i], suffix(levels[i], session, r))
			lower[i] = strings.ToLower(found[i])
		}
		if done {
			return found, nil
		}
	}
}

const lastLevel = 5

// suffix tells rows apart, better with each level: the account's last four digits, its id, the role, a hash.
func suffix(level int, session string, r inventory.Row) string {
	hash := sha256.Sum256([]byte(session + "\x00" + r.ID + "\x00" + r.Role))
	switch level {
	case 1:
		return r.ID[max(0, len(r.ID)-4):]
	case 2:
		return r.ID
	case 3:
		return r.ID + "-" + r.Role
	case 4:
		return r.ID + "-" + hex.EncodeToString(hash[:4])
	}
	return r.ID + "-" + hex.EncodeToString(hash[:16])
}

// longest is the maximum length of a profile name in characters.
const longest = 128

func withSuffix(base, suffix string) string {
	suffix = portable(suffix)
	return portable(base[:max(1, min(len(base), longest-1-len(suffix)))] + "-" + suffix)
}

// portable rewrites text in characters that botocore, the Go SDK and the JavaScript SDK read alike in a header (the
// last does not know = and , there). Runs of others become one dash. The result begins and ends with a letter or
// digit, or is empty.
func portable(text string) string {
	name := make([]byte, 0, min(len(text), 2*longest))
	for i := 0; i < len(text) && len(name) < longest; i++ {
		switch c := text[i]; {
		case isLetter(c) || strings.IndexByte("_.+@:/", c) >= 0:
			name = append(name, c)
		case len(name) > 0 && name[len(name)-1] != '-':
			name = append(name, '-')
		}
	}
	trimmed := string(bytes.TrimFunc(name, func(r rune) bool { return !isLetter(byte(r)) }))
	// The JavaScript SDK stores sections of these kinds under such names.
	for _, kind := range []string{"sso-session", "services"} {
		if rest, ok := strings.CutPrefix(trimmed, kind+"."); ok {
			return kind + "-" + rest
		}
	}
	return trimmed
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
