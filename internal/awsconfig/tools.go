package awsconfig

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The tools that read a header by rules of their own. The AWS CLI and boto3 read with botocore.
const (
	botocore  = "botocore"
	goSDK     = "the Go SDK"
	jsSDK     = "the JavaScript SDK"
	otherSDKs = "the Java, Kotlin and Rust SDKs" // as in the AWS SDKs' table of cases
)

// A reading is what a tool reads a section as. The zero reading means that it ignores the section.
type reading struct{ kind, name string }

// refused is the reading of a tool that refuses the whole file.
const refused = "refused"

// A reader is a tool and how it reads a header.
type reader struct {
	tool string
	reading
}

// readers returns how each tool reads a section.
func (d *Document) readers(s Section, credentials bool) []reader {
	line := strings.TrimRight(d.text[s.Head:s.Body], "\r\n")
	ours := reading{kindProfile, s.Header}
	if !credentials {
		ours.kind, ours.name = s.Named()
	}
	return []reader{
		{botocore, ours},
		{goSDK, goReading(line, credentials)},
		{jsSDK, jsReading(line, credentials)},
		{otherSDKs, otherReading(line, credentials)},
	}
}

func inBrackets(line string) (string, bool) {
	ok := len(line) > 1 && line[0] == '[' && line[len(line)-1] == ']'
	if !ok {
		return "", false
	}
	return line[1 : len(line)-1], true
}

// inKind reads a header's two parts as tools other than botocore do.
func inKind(kind, name string) reading {
	switch {
	case isKind(kind) && name != "":
		return reading{kind, name}
	case kind == "" && name == "default":
		return reading{kindProfile, name}
	}
	return reading{}
}

func isKind(text string) bool {
	return text == kindProfile || text == kindSession || text == kindServices
}

// goReading follows internal/ini of the Go SDK: any comment sign ends the line, blanks around the parts are dropped,
// and quotes belong to the name.
func goReading(line string, credentials bool) reading {
	if i := strings.IndexAny(line, "#;"); i >= 0 {
		line = line[:i]
	}
	inner, ok := inBrackets(strings.TrimSpace(line))
	if !ok {
		return reading{}
	}
	kind, name := firstWord(strings.TrimSpace(inner))
	switch {
	case !credentials && kind == "" && strings.EqualFold(name, "default"):
		return reading{kindProfile, name}
	case !credentials:
		return inKind(kind, name)
	case kind == kindProfile:
		return reading{}
	case kind != "":
		name = kind + " " + name
	}
	return reading{kindProfile, name}
}

// firstWord splits at the first blanks. A text of one word has no first part.
func firstWord(text string) (first, rest string) {
	i := strings.IndexAny(text, " \t")
	if i < 0 {
		return "", text
	}
	return text[:i], strings.Trim(text[i:], " \t")
}

// jsReading follows parseIni of the JavaScript SDK: a comment sign counts after a blank, the parts have exactly one
// blank between them and none around them, and kind.name is as good as both.
func jsReading(line string, credentials bool) reading {
	for i, r := range line {
		if (r == '#' || r == ';') && (i == 0 || isBlank(rune(line[i-1]))) {
			line = line[:i]
			break
		}
	}
	header, ok := inBrackets(strings.TrimFunc(line, isBlank))
	if !ok {
		return reading{}
	}
	kind, name, found := jsParts(header)
	switch {
	case credentials && found && isKind(kind):
		return reading{kindProfile, kind + "." + name}
	case credentials && found:
		return reading{}
	case credentials || header == "default":
		return reading{kindProfile, header}
	case found:
		return inKind(kind, name)
	}
	kind, name, found = strings.Cut(header, ".")
	if !found || !isKind(kind) {
		return reading{}
	}
	return reading{kind, name}
}

// jsParts splits a header at its one blank into a kind and a name, which may be in quotes.
func jsParts(header string) (kind, name string, ok bool) {
	i := strings.IndexFunc(header, isBlank)
	if i < 1 {
		return "", "", false
	}
	_, n := utf8.DecodeRuneInString(header[i:])
	kind, name = header[:i], header[i+n:]
	if q := name; len(q) > 2 && (q[0] == '"' || q[0] == '\'') && q[len(q)-1] == q[0] {
		name = q[1 : len(q)-1]
	}
	return kind, name, strings.Trim(kind, keyCharacters) == "" && isIdentifier(name)
}

// otherReading follows the AWS SDKs' table of cases: a header begins its line, nothing but a comment follows it, and
// only names of certain characters count.
func otherReading(line string, credentials bool) reading {
	if i := strings.IndexAny(line, "#;"); i >= 0 {
		line = line[:i]
	}
	inner, ok := inBrackets(strings.TrimRight(line, " \t"))
	if !ok {
		return reading{refused, ""}
	}
	kind, name := firstWord(strings.Trim(inner, " \t"))
	switch {
	case !isIdentifier(name), credentials && kind != "":
		return reading{}
	case credentials:
		return reading{kindProfile, name}
	}
	return inKind(kind, name)
}

// isIdentifier reports whether all tools read text as a name.
func isIdentifier(text string) bool {
	return text != "" && strings.Trim(text, keyCharacters+"/.%@:+") == ""
}

// disagreement says what the tools make of a section, or "" if all read the same.
func disagreement(readers []reader) string {
	var groups [][]reader
	for _, r := range readers {
		i := slices.IndexFunc(groups, func(g []reader) bool { return g[0].reading == r.reading })
		if i < 0 {
			groups = append(groups, nil)
			i = len(groups) - 1
		}
		groups[i] = append(groups[i], r)
	}
	if len(groups) == 1 {
		return ""
	}
	var said []string
	for _, g := range groups {
		who, plural := names(g)
		said = append(said, who+" "+g[0].phrase(plural))
	}
	return strings.Join(said, ", ")
}

// names lists tools: botocore and the Go and JavaScript SDKs.
func names(tools []reader) (text string, plural bool) {
	var sdks, all []string
	for _, t := range tools {
		if t.tool == botocore {
			all = append(all, botocore)
			continue
		}
		name := strings.TrimPrefix(t.tool, "the ")
		name = strings.TrimSuffix(strings.TrimSuffix(name, " SDKs"), " SDK")
		sdks = append(sdks, strings.Split(strings.ReplaceAll(name, " and ", ", "), ", ")...)
	}
	switch len(sdks) {
	case 0:
	case 1:
		all = append(all, "the "+sdks[0]+" SDK")
	default:
		all = append(all, "the "+and(sdks)+" SDKs")
	}
	return and(all), len(sdks) > 1 || len(all) > 1
}

// phrase says what a tool does, or several.
func (r reading) phrase(plural bool) string {
	s := "s"
	if plural {
		s = ""
	}
	switch r.kind {
	case refused:
		return "reject" + s + " the file"
	case "":
		return "ignore" + s + " it"
	}
	return fmt.Sprintf("read%s %s %q", s, r.kind, r.name)
}

func and(words []string) string {
	if n := len(words) - 1; n > 0 {
		return strings.Join(words[:n], ", ") + " and " + words[n]
	}
	return strings.Join(words, "")
}
