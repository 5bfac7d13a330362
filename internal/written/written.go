// Package written puts keys into ~/.aws/credentials, for programs that read nothing else: it tells which sections are
// ours, and adds and removes them without changing any other byte (docs/decisions/018).
package written

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
)

// marker begins the comment line directly above a header that makes a section ours. The session comes last, since its
// name may have blanks.
const marker = "# rolecall-written: "

// A Section holds keys of a role, under a name.
type Section struct {
	Name                   string
	Account, Role, Session string // whose keys they are
	Keys                   identitycenter.RoleCredentials
	start, end             int // with the marker and the blank line above it
	section                awsconfig.Section
	expires                string
}

// Expires is when the keys end, as the file says; zero if it does not.
func (s Section) Expires() time.Time {
	t, _ := time.Parse(time.RFC3339, s.expires)
	return t
}

// A TakenError is a section of the person's own that has the name of one to write.
type TakenError struct {
	Name string
	Line int
}

// Error names the section and its line.
func (e *TakenError) Error() string {
	return fmt.Sprintf("line %d has your own section [%s]", e.Line, e.Name)
}

// CheckName returns an error for a name that SDKs would read differently.
func CheckName(name string) error {
	if !regexp.MustCompile(`^[A-Za-z0-9_.+=,@:/-]{1,128}$`).MatchString(name) || strings.EqualFold(name, "profile") {
		return fmt.Errorf("%q cannot be a section's name: all SDKs read letters, digits and _.+=,@:/- alike", name)
	}
	return nil
}

// DefaultName is the name of a section for a role, unless the person chooses one.
func DefaultName(account, role string) string { return "rolecall-" + account + "-" + role }

// Ours returns the sections of d that rolecall has written, in order. Of the keys, they have only the access key id.
func Ours(d *awsconfig.Document) []Section {
	var all []Section
	for _, s := range d.Sections() {
		start, end := d.Above(s.Head)
		text, ok := strings.CutPrefix(d.Text(start, end), marker)
		parts := strings.SplitN(strings.TrimRight(text, " \t\r\n"), " ", 3)
		if !ok || len(parts) != 3 {
			continue
		}
		if above, end := d.Above(start); above < end && strings.Trim(d.Text(above, end), "\r\n") == "" {
			start = above
		}
		own := Section{
			Name: s.Header, Account: parts[0], Role: parts[1], Session: parts[2], start: start, section: s,
		}
		own.end = endOfKeys(d, s)
		for _, l := range d.Lines(s) {
			switch l.Key {
			case "x_security_token_expires":
				own.expires = l.Value
			case "aws_access_key_id":
				own.Keys.AccessKeyID = l.Value
			}
		}
		all = append(all, own)
	}
	return all
}

// endOfKeys is where the last key of s ends: what follows belongs to the next section, as its marker does.
func endOfKeys(d *awsconfig.Document, s awsconfig.Section) int {
	end := s.Body
	for _, l := range d.Lines(s) {
		if !l.Blank() && !l.Comment {
			end = l.End
		}
	}
	return end
}

// Put returns the file with these sections: new ones at the end, those of the same name replaced. A section of the
// person's own is a *TakenError, unless force replaces that, too.
func Put(d *awsconfig.Document, sections []Section, force bool) ([]byte, error) {
	ours := Ours(d)
	e := d.Edit()
	gone := map[string]bool{}
	for _, s := range sections {
		if err := CheckName(s.Name); err != nil {
			return nil, err
		}
		if strings.ContainsAny(s.Session, "\r\n") {
			return nil, errors.New("the session's name has a line break")
		}
		for _, there := range d.Sections() {
			if there.Header != s.Name {
				continue
			}
			i := slices.IndexFunc(ours, func(o Section) bool { return o.section.Head == there.Head })
			switch {
			case i >= 0:
				e.Remove(ours[i].start, ours[i].end)
			case !force:
				return nil, &TakenError{s.Name, there.Line}
			default:
				e.Remove(there.Head, endOfKeys(d, there))
			}
			gone[there.Header] = true
		}
	}
	for _, s := range sections {
		e.AddSection(len(d.Bytes()), s.lines()...)
	}
	return checked(d, e, func(header string) bool {
		return gone[header] || slices.ContainsFunc(sections, func(s Section) bool { return s.Name == header })
	})
}

// lines returns a section's lines. Old tools want aws_security_token; prompts and saml2aws look for the ends.
func (s Section) lines() []string {
	lines := []string{
		marker + s.Account + " " + s.Role + " " + s.Session,
		"[" + s.Name + "]",
		"aws_access_key_id = " + s.Keys.AccessKeyID,
		"aws_secret_access_key = " + s.Keys.SecretAccessKey.Reveal(),
	}
	if token := s.Keys.SessionToken.Reveal(); token != "" {
		lines = append(lines, "aws_session_token = "+token, "aws_security_token = "+token)
	}
	if !s.Keys.Expiration.IsZero() {
		ends := s.Keys.Expiration.UTC().Format(time.RFC3339)
		lines = append(lines, "x_security_token_expires = "+ends, "expiration = "+ends)
	}
	return lines
}

// Remove returns the file without those of our sections that which selects, and their names.
func Remove(d *awsconfig.Document, which func(Section) bool) (data []byte, names []string, err error) {
	e := d.Edit()
	for _, s := range Ours(d) {
		if which(s) {
			e.Remove(s.start, s.end)
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return nil, nil, nil
	}
	data, err = checked(d, e, func(header string) bool { return slices.Contains(names, header) })
	return data, names, err
}

// Without returns a file without our sections: the part that a backup may keep.
func Without(path string, data []byte) []byte {
	d, err := awsconfig.Parse(path, data)
	if err != nil {
		return nil
	}
	left, names, err := Remove(d, func(Section) bool { return true })
	if err != nil {
		return nil
	}
	if len(names) == 0 {
		return data
	}
	return left
}

// checked returns the edited file, if sections other than those of except are as before.
func checked(d *awsconfig.Document, e *awsconfig.Edit, except func(header string) bool) ([]byte, error) {
	data, err := e.Bytes()
	if err != nil {
		return nil, err
	}
	after, err := awsconfig.Parse("", data)
	if err != nil {
		return nil, err
	}
	if !d.SameBut(after, func(_ *awsconfig.Document, s awsconfig.Section) bool { return except(s.Header) }) {
		return nil, errors.New("other sections would change: correct the indented lines around those of rolecall")
	}
	return data, nil
}
