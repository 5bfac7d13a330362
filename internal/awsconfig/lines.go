package awsconfig

import (
	"cmp"
	"strconv"
	"strings"
)

// bareLine is said of a line that is not KEY = VALUE.
const bareLine = "the line is not KEY = VALUE: botocore rejects the file, and so do the Java, Kotlin and Rust SDKs; " +
	"the Go and JavaScript SDKs skip the line"

// property reports what is wrong with the first line of a property.
func (l *linter) property(s Section, line Line, first bool) {
	p := l.unassigned(line)
	if p.Text == "" {
		p = l.key(s, line)
	}
	if p.Text != "" {
		l.add(s, line.Number, p)
	}
	if first && line.Indent != "" {
		l.add(s, line.Number, Problem{
			ID: "config.indented-key", Key: line.Key,
			Text:   "is indented directly below the header: " + otherSDKs + " reject the file",
			Remedy: "remove the indentation",
		})
	}
}

// unassigned reports a line that is not KEY = VALUE, or was not meant to be one.
func (l *linter) unassigned(line Line) (p Problem) {
	text := plain(line.Text)
	key, _, separator := splitLine(text)
	word := firstOf(key)
	switch known := knownKey(word); {
	case separator != 0 && text[0] == '[':
		p.ID, p.Text = "config.open-header", "a header without its ]: its keys belong to the section above"
		p.meant, _ = meantBy(text, l.credentials)
		p.Remedy = headerRemedy(p.meant, l.credentials)
	case line.Key == "":
		p.ID, p.about, p.Text, p.Remedy = "config.bare-line", known, bareLine, "write KEY = VALUE, or # before a comment"
		if p.meant = l.d.headless(text); p.meant.kind != "" {
			p.Remedy = headerRemedy(p.meant, l.credentials)
		} else if known != "" {
			p.Remedy = corrected(known, strings.TrimPrefix(text, word))
		}
	case known == word && word != key && knownKey(key) == "":
		p.ID, p.Key, p.about, p.Text = "config.no-equals-sign", known, known, "no = after "+known+": no tool reads it"
		p.Remedy = corrected(known, strings.TrimPrefix(text, word))
	}
	return p
}

// key reports what tools read differently in a key, or else in its value.
func (l *linter) key(s Section, line Line) Problem {
	key, value, separator := splitLine(line.Text)
	known := knownKey(plain(key))
	p := Problem{Key: line.Key, about: known, Remedy: corrected(cmp.Or(known, line.Key), value)}
	switch {
	case l.strange(line) != "":
		p.ID, p.Text = "config.strange-character", "the line has "+l.strange(line)
	case separator == ':':
		p.ID = "config.colon"
		p.Text = "is set with a colon: botocore and the Go SDK read it, the JavaScript SDK ignores it, " + otherSDKs
		if strings.Contains(line.Text, "=") {
			p.Text += " ignore it, too"
		} else {
			p.Text += " reject the file"
		}
	case l.kindOf(s) == kindServices:
		return l.service(line)
	case known != "" && line.Key != known:
		p.ID, p.Text = "config.unknown-key", "no tool knows this key"
	case key != strings.ToLower(key):
		p.ID = "config.capital-letters"
		p.Text = "botocore, the Go SDK and the Rust SDK read " + line.Key + "; other SDKs are case-sensitive"
	case !isIdentifier(key):
		p.ID, p.Text, p.Remedy = "config.key-characters", otherSDKs+" ignore a key with such characters", ""
	default:
		return l.value(line, key, value)
	}
	return p
}

// firstOf returns the first word of a text.
func firstOf(text string) string {
	first, rest := firstWord(text)
	return cmp.Or(first, rest)
}

// strange names the first strange character of a property's first line.
func (l *linter) strange(line Line) string {
	text := strings.TrimRight(l.d.Text(line.Start, line.End), "\r\n")
	i := strings.IndexAny(text, "=:")
	return strangeIn(strings.Trim(text[:max(0, i)], " \t"), strings.Trim(text[i+1:], " \t"))
}

// kindOf returns the kind of a section, as it is or as it was meant.
func (l *linter) kindOf(s Section) string {
	meant, _ := meantBy(s.Header, l.credentials)
	return meant.kind
}

// value reports what tools read differently in a value.
func (l *linter) value(line Line, key, value string) Problem {
	p := Problem{Key: line.Key, about: line.Key, Remedy: corrected(key, value)}
	switch quoted := strings.Trim(value, `"'`) != value; {
	case isSecretKey(line.Key) && !quoted:
		return Problem{}
	case commentAt(line.Text) >= 0:
		p.ID = "config.comment-in-value"
		p.Text = "text after # or ; is part of the value for botocore, and a comment for other SDKs"
		p.Remedy += ", with the comment on a line of its own"
	case quoted && !holdsCommand(line.Key) && value != `""`:
		p.ID = "config.quotes"
		p.Text = "quotes are part of the value; only the Go SDK removes a pair of them"
	default:
		return Problem{}
	}
	return p
}

// holdsCommand reports whether the value of a key is a command line, where quotes belong.
func holdsCommand(key string) bool {
	return key == "credential_process" || key == "cli_pager" || strings.HasSuffix(key, "_command")
}

// commentAt returns where a comment begins after the delimiter of a property, or -1.
func commentAt(text string) int {
	from := strings.IndexAny(text, "=:") + 1
	for i := from; i < len(text); i++ {
		if (text[i] == '#' || text[i] == ';') && (text[i-1] == ' ' || text[i-1] == '\t') {
			return i
		}
	}
	return -1
}

// continued reports what is wrong with an indented line below a property.
func (l *linter) continued(s Section, parent *Line, line Line) {
	text := plain(line.Text)
	key, value, separator := splitLine(text)
	known := knownKey(key)
	if key == "" || strings.Trim(key[:1], keyCharacters[:52]) != "" {
		known = ""
	}
	inBlock := parent.Value == ""
	p := Problem{Key: parent.Key, about: known, parent: parent.Key}
	_, header := inBrackets(strings.TrimSpace(text))
	switch {
	case header && !isSecretKey(parent.Key):
		p.ID = "config.indented-header"
		p.Text = "the indented header is part of this value for botocore; the Go and JavaScript SDKs begin a section"
		if inBlock && !strings.Contains(text, "=") {
			p.ID, p.Text = "config.bare-line", bareLine
		}
		p.meant, _ = meantBy(text, l.credentials)
		p.Remedy = headerRemedy(p.meant, l.credentials) + " at the beginning of the line"
	case inBlock && blockLine(parent, line).Text != "":
		found := blockLine(parent, line)
		p.ID, p.Text, p.Remedy = found.ID, found.Text, "write KEY = VALUE"
		if knownKey(parent.Key) == parent.Key {
			p.Remedy = corrected(parent.Key, text)
		}
	case inBlock && known == "endpoint_url" && key != known && l.kindOf(s) == kindServices:
		p.ID, p.Text, p.Remedy = "config.unknown-key", "no tool knows the key "+key, assign(known, value)
	case known != "" && separator != 0 && (!inBlock || knownKey(parent.Key) == parent.Key):
		p.ID = "config.continued-key"
		p.Text = "the indented line is part of this value; only the Go and JavaScript SDKs read it as " + known
		p.Remedy = corrected(known, value) + " at the beginning of the line"
	case strange(line.Indent) != "":
		p.ID, p.Text = "config.strange-character", "the line below it begins with "+strange(line.Indent)
		p.Remedy = "remove the indentation of that line"
	}
	if p.Text != "" {
		l.add(s, line.Number, p)
	}
}

// service reports a service of a services section under a name that it does not have there.
func (l *linter) service(line Line) (p Problem) {
	named := map[string]string{"sso": "sso", "ssooidc": "sso_oidc", "sts": "sts", "ssoadmin": "sso_admin"}[fold(line.Key)]
	if named != "" && named != line.Key {
		p = Problem{ID: "config.unknown-service", Key: line.Key, Text: "no tool knows this service"}
		p.Remedy = assign(named, line.Value)
	}
	return p
}

// blockLine says what is wrong with a line of a block, if anything is.
func blockLine(parent *Line, line Line) Problem {
	switch nested := parseNested([]byte(line.Text), line.Number); {
	case nested.bare:
		return Problem{ID: "config.bare-line", Text: bareLine}
	case nested.key == "":
		return Problem{ID: "config.block-line", Text: "a line of the block has no key: " + otherSDKs + " reject the file"}
	case !isIdentifier(nested.key) && !isSecretKey(parent.Key):
		return Problem{
			ID:   "config.key-characters",
			Text: "the Java and Kotlin SDKs ignore the key " + strconv.Quote(nested.key) + " of the block",
		}
	}
	return Problem{}
}
