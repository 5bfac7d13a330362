package directory

import (
	"errors"
	"strings"
	"unicode/utf8"

	"rolecall/internal/idc/pattern"
	"rolecall/internal/idc/store"
)

// Rules about users and groups, for everything that writes them: the admin APIs, the seed file. The bounds are those of
// AWS's model of identitystore.

// A TextRule is what a text must satisfy: a length in characters, and a pattern of the whole text.
type TextRule struct {
	Min, Max int
	Pattern  string // as AWS writes it, for Java
	compiled pattern.Pattern
}

func textRule(most int, java string) TextRule {
	return TextRule{1, most, java, pattern.Java(java)}
}

// Fits reports whether a text has an allowed length.
func (r TextRule) Fits(text string) bool {
	n := utf8.RuneCountInString(text)
	return n >= r.Min && n <= r.Max
}

// Matches reports whether a text matches the pattern.
func (r TextRule) Matches(text string) bool { return r.compiled().MatchString(text) }

// MaxStored bounds texts of users and groups in a seed file, in characters. A seed file may hold what identity
// providers accept and identitystore does not: longer texts, and control characters.
const MaxStored = 8192

const letters = `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`

var (
	userName   = textRule(128, letters)
	groupName  = textRule(1024, `[\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r \u00A0]+`)
	anyText    = textRule(1024, `[\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r \u00A0\u3000]+`)
	externalID = textRule(256, letters)
	emails     = pattern.New(`^[^@\pZ\pC]+@[^@\pZ\pC]+$`)
)

// UserName is the rule for user names.
func UserName() TextRule { return userName }

// GroupName is the rule for group names.
func GroupName() TextRule { return groupName }

// Text is the rule for all other texts of users and groups, unless they are empty.
func Text() TextRule { return anyText }

// ExternalIDPart is the rule for external ids and for their issuers.
func ExternalIDPart() TextRule { return externalID }

// IsEmail accepts anything that may be an e-mail address: some text on both sides of one @.
func IsEmail(text string) bool { return anyText.Fits(text) && emails().MatchString(text) }

// Lacks lists the required attributes that a user does not have. Identitystore requires more than a user name; the seed
// file does not, as it also describes users that an identity provider created.
func (a Attributes) Lacks() []string {
	name := a.Name
	if name == nil {
		name = &PersonName{}
	}
	return lacks([][2]string{
		{"username", a.UserName},
		{"displayname", a.DisplayName},
		{"givenname", name.GivenName},
		{"familyname", name.FamilyName},
	})
}

// Lacks lists the required attributes that a group does not have.
func (g Group) Lacks() []string { return lacks([][2]string{{"displayname", g.Name}}) }

func lacks(attributes [][2]string) (names []string) {
	for _, a := range attributes {
		if a[1] == "" {
			names = append(names, a[0])
		}
	}
	return names
}

// A TakenError means that another user or group has the same value of a unique attribute.
type TakenError struct{ Attribute string } // UserName, Email, ExternalId, GroupDisplayName or Membership

func (e *TakenError) Error() string { return e.Attribute + " is taken" }

// taken turns a store's Conflict into a TakenError.
func taken(err error, attributes map[string]string) error {
	var conflict *store.Conflict
	if !errors.As(err, &conflict) {
		return err
	}
	kind, _, _ := strings.Cut(conflict.Key, ":")
	return &TakenError{attributes[kind]}
}

// PutUser adds a user, or returns a TakenError.
func PutUser(tx store.Tx, u User) error {
	return taken(Users().Put(tx, u), map[string]string{"name": "UserName", "email": "Email", "external": "ExternalId"})
}

// ReplaceUser changes a user, or returns a TakenError. A user who becomes disabled is signed out everywhere.
func ReplaceUser(tx store.Tx, have, want User) error {
	err := PutUser(tx, want)
	if want.Disabled && !have.Disabled {
		err = errors.Join(err, EndSessions(tx, want.ID))
	}
	return err
}

// PutGroup adds or changes a group, or returns a TakenError.
func PutGroup(tx store.Tx, g Group) error {
	return taken(Groups().Put(tx, g), map[string]string{"name": "GroupDisplayName", "external": "ExternalId"})
}

// PutMembership adds a membership, or returns a TakenError for a user who is in the group already.
func PutMembership(tx store.Tx, m Membership) error {
	err := Memberships().Put(tx, m)
	if conflict := (*store.Conflict)(nil); errors.As(err, &conflict) {
		return &TakenError{"Membership"}
	}
	return err
}
