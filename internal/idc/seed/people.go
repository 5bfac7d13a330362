package seed

import (
	"go.yaml.in/yaml/v3"

	"rolecall/internal/idc/directory"
)

// maxText bounds texts without a stricter rule, in characters.
const maxText = directory.MaxStored

// maxPassword bounds passwords in clear, in characters.
const maxPassword = 1024

// emailType is the type that AWS's console sets on an address without one.
const emailType = "work"

// user returns a reader of users that reports duplicate names.
func (w *walker) user() func(*yaml.Node, string) user {
	names, emails, ids := map[string]int{}, map[string]int{}, map[string]int{}
	return func(n *yaml.Node, path string) user {
		u := user{line: n.Line}
		fields := w.attributes(&u)
		passwords := 0
		fields["password"] = func(n *yaml.Node, path string) {
			passwords++
			w.text(&u.password, between(1, maxPassword))(n, path)
		}
		fields["password_hash"] = func(n *yaml.Node, path string) {
			passwords++
			w.passwordHash(&u.Password)(n, path)
		}
		fields["disabled"] = w.boolean(&u.Disabled)
		if !w.mapping(n, path, fields, "name") {
			return u
		}
		if passwords > 1 {
			w.problem(n.Line, path, "has both password and password_hash")
		}
		w.once(names, directory.NameKey(u.UserName), u.UserName, n.Line, path+".name")
		if u.Email() != "" {
			w.once(emails, directory.EmailKey(u.Email()), u.Email(), u.emailLine, path+".email")
		}
		w.externalOnce(ids, u.ExternalIDs, u.externalLine, path)
		return u
	}
}

// attributes are the fields for a user's attributes in identitystore.
func (w *walker) attributes(u *user) map[string]field {
	name := &directory.PersonName{}
	inName := func(to *string) field {
		return func(n *yaml.Node, path string) {
			u.Name = name
			w.text(to, between(0, maxText))(n, path)
		}
	}
	fields := map[string]field{
		"name":             w.text(&u.UserName, isUserName),
		"formatted_name":   inName(&name.Formatted),
		"given_name":       inName(&name.GivenName),
		"middle_name":      inName(&name.MiddleName),
		"family_name":      inName(&name.FamilyName),
		"honorific_prefix": inName(&name.HonorificPrefix),
		"honorific_suffix": inName(&name.HonorificSuffix),
		"email":            w.email(u),
		"emails":           w.emails(u),
		"addresses":        w.addresses(u),
		"phone_numbers":    w.phoneNumbers(u),
		"external_ids":     w.externalIDs(&u.ExternalIDs, &u.externalLine),
	}
	for key, to := range map[string]*string{
		"display_name": &u.DisplayName, "nick_name": &u.NickName, "profile_url": &u.ProfileURL, "user_type": &u.UserType,
		"title":              &u.Title,
		"preferred_language": &u.PreferredLanguage, "locale": &u.Locale, "timezone": &u.Timezone,
	} {
		fields[key] = w.text(to, between(0, maxText))
	}
	return fields
}

func (w *walker) passwordHash(to *directory.PasswordHash) field {
	return func(n *yaml.Node, path string) {
		text, ok := w.scalar(n, path)
		if !ok {
			return
		}
		err := to.UnmarshalText([]byte(text))
		switch {
		case err != nil:
			w.problem(n.Line, path, "%v", err)
		case to.IsZero():
			w.problem(n.Line, path, "is empty")
		}
	}
}

// email is a shorthand for emails with one address.
func (w *walker) email(u *user) field {
	return func(n *yaml.Node, path string) {
		e := directory.Email{Type: emailType, Primary: true}
		w.text(&e.Value, isEmail)(n, path)
		w.emailsOnce(u, n.Line, path)
		u.Emails = []directory.Email{e}
	}
}

func (w *walker) emails(u *user) field {
	return func(n *yaml.Node, path string) {
		w.emailsOnce(u, n.Line, path)
		w.list(n, path, func(n *yaml.Node, path string) {
			var e directory.Email
			w.mapping(n, path, map[string]field{
				"value": w.text(&e.Value, isEmail), "type": w.text(&e.Type, between(0, maxText)), "primary": w.boolean(&e.Primary),
			}, "value")
			u.Emails = append(u.Emails, e)
		})
	}
}

func (w *walker) emailsOnce(u *user, line int, path string) {
	if u.emailLine != 0 {
		w.problem(line, path, "the user has both email and emails")
	}
	u.emailLine = line
}

func (w *walker) addresses(u *user) field {
	return func(n *yaml.Node, path string) {
		w.list(n, path, func(n *yaml.Node, path string) {
			var a directory.Address
			fields := map[string]field{"primary": w.boolean(&a.Primary)}
			for key, to := range map[string]*string{
				"street_address": &a.StreetAddress, "locality": &a.Locality, "region": &a.Region, "postal_code": &a.PostalCode,
				"country": &a.Country, "formatted": &a.Formatted, "type": &a.Type,
			} {
				fields[key] = w.text(to, between(0, maxText))
			}
			w.mapping(n, path, fields)
			u.Addresses = append(u.Addresses, a)
		})
	}
}

func (w *walker) phoneNumbers(u *user) field {
	return func(n *yaml.Node, path string) {
		w.list(n, path, func(n *yaml.Node, path string) {
			var p directory.PhoneNumber
			w.mapping(n, path, map[string]field{
				"value": w.text(&p.Value, between(1, maxText)), "type": w.text(&p.Type, between(0, maxText)),
				"primary": w.boolean(&p.Primary),
			}, "value")
			u.PhoneNumbers = append(u.PhoneNumbers, p)
		})
	}
}

func (w *walker) externalIDs(to *[]directory.ExternalID, line *int) field {
	return func(n *yaml.Node, path string) {
		*line = n.Line
		w.list(n, path, func(n *yaml.Node, path string) {
			var id directory.ExternalID
			w.mapping(n, path, map[string]field{
				"issuer": w.text(&id.Issuer, between(1, maxText)), "id": w.text(&id.Id, between(1, maxText)),
			}, "issuer", "id")
			*to = append(*to, id)
		})
	}
}

func (w *walker) externalOnce(lines map[string]int, ids []directory.ExternalID, line int, path string) {
	for _, id := range ids {
		w.once(lines, directory.ExternalKey(id), id.Id, line, path+".external_ids")
	}
}

// group returns a reader of groups that reports duplicate names.
func (w *walker) group() func(*yaml.Node, string) group {
	names, ids := map[string]int{}, map[string]int{}
	return func(n *yaml.Node, path string) group {
		g := group{line: n.Line}
		members := w.refs(&g.members, isUserName)
		if !w.mapping(n, path, map[string]field{
			"name":         w.text(&g.Name, between(directory.GroupName().Min, directory.GroupName().Max)),
			"description":  w.text(&g.Description, between(0, maxText)),
			"external_ids": w.externalIDs(&g.ExternalIDs, &g.externalLine),
			"members":      func(n *yaml.Node, path string) { g.membersGiven = true; members(n, path) },
		}, "name") {
			return g
		}
		w.once(names, directory.NameKey(g.Name), g.Name, n.Line, path+".name")
		w.externalOnce(ids, g.ExternalIDs, g.externalLine, path)
		return g
	}
}
