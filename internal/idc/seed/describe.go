package seed

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rolecall/internal/idc/directory"
)

// A value is a value in a file: a string, bool, time.Duration, []value, fields, or tagValue. Empty ones are omitted:
// "", false, nil, no fields.
type value any

type fields []pair

type pair struct {
	key   string
	value value
}

func isEmpty(v value) bool {
	switch v := v.(type) {
	case string:
		return v == ""
	case bool:
		return !v
	case []value:
		return v == nil
	case fields:
		return !slices.ContainsFunc(v, func(p pair) bool { return !isEmpty(p.value) })
	}
	return false
}

// flow writes a value on one line.
func flow(v value) string {
	switch v := v.(type) {
	case string:
		return bare(v)
	case tagValue:
		return bare(string(v))
	case time.Duration:
		return durationText(v)
	case []value:
		parts := make([]string, len(v))
		for i, element := range v {
			parts[i] = flow(element)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case fields:
		var parts []string
		for _, p := range v {
			if !isEmpty(p.value) {
				parts = append(parts, bare(p.key)+": "+flow(p.value))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}

// values describes a list, as nil if it is empty.
func values[T any](list []T, of func(T) value) []value {
	if len(list) == 0 {
		return nil
	}
	all := make([]value, len(list))
	for i, element := range list {
		all[i] = of(element)
	}
	return all
}

// texts describes a list of texts.
func texts(list []string) []value {
	return values(list, func(text string) value { return text })
}

// differences compares two descriptions of the same kind: "title none → Boss".
func differences(before, after fields) []string {
	var found []string
	for i, p := range after {
		was, is := flow(before[i].value), flow(p.value)
		if was == is {
			continue
		}
		if _, boolean := p.value.(bool); !boolean {
			was, is = orNone(before[i].value, was), orNone(p.value, is)
		}
		found = append(found, p.key+" "+short(was)+" → "+short(is))
	}
	return found
}

func orNone(v value, text string) string {
	if isEmpty(v) {
		return "none"
	}
	return text
}

// Descriptions hold everything that a file can say about a thing except passwords and members, always in the same
// order.

func describeInstance(i directory.Instance) fields {
	return fields{
		{"name", i.Name},
		{"region", i.Region},
		{"owner_account", i.OwnerAccount},
		{"session_duration", i.SessionLife},
	}
}

func describeUser(u directory.User) fields {
	name := directory.PersonName{}
	if u.Name != nil {
		name = *u.Name
	}
	email, emails := "", u.Emails
	if len(emails) == 1 && emails[0] == (directory.Email{Value: emails[0].Value, Type: emailType, Primary: true}) {
		email, emails = emails[0].Value, nil
	}
	return fields{
		{"name", u.UserName},
		{"display_name", u.DisplayName},
		{"formatted_name", name.Formatted},
		{"honorific_prefix", name.HonorificPrefix},
		{"given_name", name.GivenName},
		{"middle_name", name.MiddleName},
		{"family_name", name.FamilyName},
		{"honorific_suffix", name.HonorificSuffix},
		{"nick_name", u.NickName},
		{"email", email},
		{"emails", values(emails, describeEmail)},
		{"title", u.Title},
		{"user_type", u.UserType},
		{"profile_url", u.ProfileURL},
		{"preferred_language", u.PreferredLanguage},
		{"locale", u.Locale},
		{"timezone", u.Timezone},
		{"addresses", values(u.Addresses, describeAddress)},
		{"phone_numbers", values(u.PhoneNumbers, describePhoneNumber)},
		{"external_ids", values(u.ExternalIDs, describeExternalID)},
		{"disabled", u.Disabled},
	}
}

func describeEmail(e directory.Email) value {
	return fields{{"value", e.Value}, {"type", e.Type}, {"primary", e.Primary}}
}

func describeAddress(a directory.Address) value {
	return fields{
		{"street_address", a.StreetAddress},
		{"locality", a.Locality},
		{"region", a.Region},
		{"postal_code", a.PostalCode},
		{"country", a.Country},
		{"formatted", a.Formatted},
		{"type", a.Type},
		{"primary", a.Primary},
	}
}

func describePhoneNumber(p directory.PhoneNumber) value {
	return fields{{"value", p.Value}, {"type", p.Type}, {"primary", p.Primary}}
}

func describeExternalID(id directory.ExternalID) value {
	return fields{{"issuer", id.Issuer}, {"id", id.Id}}
}

func describeGroup(g directory.Group) fields {
	return fields{
		{"name", g.Name},
		{"description", g.Description},
		{"external_ids", values(g.ExternalIDs, describeExternalID)},
	}
}

func describeAccount(a directory.Account) fields {
	return fields{
		{"id", a.ID},
		{"name", a.Name},
		{"email", a.Email},
		{"ou", a.OU},
	}
}

func describePermissionSet(p directory.PermissionSet) fields {
	boundary := fields{}
	if p.Boundary != nil {
		boundary = append(boundary, pair{"managed_policy", p.Boundary.ManagedPolicyARN})
		if p.Boundary.CustomerPolicy != nil {
			boundary = append(boundary, pair{"customer_policy", describeCustomerPolicy(*p.Boundary.CustomerPolicy)})
		}
	}
	tags := fields{}
	for _, key := range slices.Sorted(maps.Keys(p.Tags)) {
		tags = append(tags, pair{key, tagValue(p.Tags[key])})
	}
	managed := slices.Sorted(slices.Values(p.ManagedPolicies))
	return fields{
		{"name", p.Name},
		{"description", p.Description},
		{"session_duration", p.Duration},
		{"relay_state", p.RelayState},
		{"managed_policies", texts(managed)},
		{
			"customer_policies",
			values(slices.SortedFunc(slices.Values(p.CustomerPolicies), comparePolicies), describeCustomerPolicy),
		},
		{"inline_policy", p.InlinePolicy},
		{"boundary", boundary},
		{"tags", tags},
	}
}

// A tagValue is a text that may be empty.
type tagValue string

func describeCustomerPolicy(p directory.CustomerPolicy) value {
	if p.Path == "" {
		p.Path = "/"
	}
	return fields{{"name", p.Name}, {"path", p.Path}}
}

func describeRole(r directory.Role) fields {
	return fields{
		{"arn", r.ARN},
		{"trust", append([]value{}, texts(r.Trusted)...)}, // there even if empty
		{"external_id", r.ExternalID},
		{"max_session_duration", r.MaxDuration},
	}
}
