package admin

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// attributeOperation sets an attribute. No value removes it.
type attributeOperation struct {
	AttributePath  string `aws:"AttributePath,required"`
	AttributeValue any
}

// updated applies operations to attributes. Paths, and members of values, are in camel case (userName,
// name.familyName). Changed attributes must satisfy the same constraints as on creation.
func updated[T any](c *call, attributes T, operations []attributeOperation) (T, error) {
	var changed T
	text, err := json.Marshal(attributes)
	if err != nil {
		return changed, err
	}
	members := map[string]any{}
	if err := json.Unmarshal(text, &members); err != nil {
		return changed, err
	}
	for _, o := range operations {
		path := each(strings.Split(o.AttributePath, "."), upperFirst)
		if !has(reflect.TypeFor[T](), path) {
			return changed, errValidation.say("The attribute %s is not supported", o.AttributePath)
		}
		set(members, path, pascal(o.AttributeValue))
	}
	found, err := decode(members, &changed)
	if err != nil {
		return changed, errValidation.say("%s", err.(*awsError).message)
	}
	return changed, c.service.refuse(slices.DeleteFunc(found, func(v violation) bool {
		return !touches(operations, v.path)
	}))
}

// touches reports whether an operation changes a member.
func touches(operations []attributeOperation, member string) bool {
	return slices.ContainsFunc(operations, func(o attributeOperation) bool {
		path := strings.Join(each(strings.Split(o.AttributePath, "."), lowerFirst), ".")
		return member == path || strings.HasPrefix(member, path+".")
	})
}

// has reports whether a struct has an attribute.
func has(t reflect.Type, path []string) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || path[0] == "ExternalIds" {
		return false
	}
	for i := range t.NumField() {
		if f := t.Field(i); memberName(f) == path[0] {
			return len(path) == 1 || has(f.Type, path[1:])
		}
	}
	return false
}

func set(members map[string]any, path []string, value any) {
	for ; len(path) > 1; path = path[1:] {
		inner, ok := members[path[0]].(map[string]any)
		if !ok {
			inner = map[string]any{}
			members[path[0]] = inner
		}
		members = inner
	}
	members[path[0]] = value
}

// pascal renames the members of a document to the API's spelling.
func pascal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			out[upperFirst(name)] = pascal(inner)
		}
		return out
	case []any:
		return each(v, pascal)
	}
	return v
}

func upperFirst(name string) string {
	r, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(r)) + name[n:]
}

// paths lists what operations change, for the audit.
func paths(operations []attributeOperation) string {
	return strings.Join(each(operations, func(o attributeOperation) string { return o.AttributePath }), " ")
}

// required refuses missing attributes, except those that were missing before. The messages are AWS's, as recorded by
// getmoto/moto.
func required(before, now []string) error {
	var missing []string
	for _, name := range now {
		if !slices.Contains(before, name) {
			missing = append(missing, name+": The attribute "+name+" is required")
		}
	}
	if missing == nil {
		return nil
	}
	return errValidation.say("%s", strings.Join(missing, ", "))
}

// duplicate turns a directory's TakenError into a ConflictException.
func duplicate(err error) error {
	var taken *directory.TakenError
	if !errors.As(err, &taken) {
		return err
	}
	text := "Duplicate " + taken.Attribute
	if taken.Attribute == "Membership" {
		text = "Member and Group relationship already exists"
	}
	return errConflict.say("%s", text).with("Reason", "UNIQUENESS_CONSTRAINT_VIOLATION")
}

// missing turns store.ErrNotFound into identitystore's ResourceNotFoundException.
func missing(err error, kind, id string) error {
	e := errNotFound.say("%s not found.", kind).with("ResourceType", kind)
	if id != "" {
		e = e.with("ResourceId", id)
	}
	return orNotFound(err, e)
}

// An alternateIdentifier has one of its two members.
type alternateIdentifier struct {
	ExternalId      *externalID
	UniqueAttribute *struct {
		AttributePath  string `aws:"AttributePath,required"`
		AttributeValue any    `aws:",required"`
	}
}

type externalID struct {
	Issuer string `aws:"ExternalIdIssuer,required"`
	Id     string `aws:"ExternalIdIdentifier,required"`
}

// key returns the key to look up. keys maps the unique attributes to their keys.
func (a alternateIdentifier) key(keys map[string]func(string) string) (string, error) {
	switch {
	case (a.ExternalId == nil) == (a.UniqueAttribute == nil):
		return "", errValidation.say("Exactly one of ExternalId and UniqueAttribute must be given in AlternateIdentifier")
	case a.ExternalId != nil:
		return directory.ExternalKey(directory.ExternalID(*a.ExternalId)), nil
	}
	key, unique := keys[strings.ToLower(a.UniqueAttribute.AttributePath)]
	if !unique {
		return "", errValidation.say("The attribute %s is not a unique attribute", a.UniqueAttribute.AttributePath)
	}
	value, ok := a.UniqueAttribute.AttributeValue.(string)
	if !ok || value == "" {
		return "", errValidation.say("The value of attribute %s must be a string", a.UniqueAttribute.AttributePath)
	}
	return key(value), nil
}

// A filter narrows a listing: at most one, on one attribute.
type filter struct {
	AttributePath  string `aws:"AttributePath,required"`
	AttributeValue string `aws:"SensitiveStringType,required"`
}

// value returns the value to filter by, or an empty text.
func value(filters []filter, attribute string) (string, error) {
	if len(filters) == 0 {
		return "", nil
	}
	if !strings.EqualFold(filters[0].AttributePath, attribute) {
		return "", errValidation.say("The attribute %s cannot be filtered by", filters[0].AttributePath)
	}
	return filters[0].AttributeValue, nil
}

// found is a lister for the result of a lookup: one item or none.
func found[T any](v T, err error) lister[T] {
	return func(string, int) ([]T, error) {
		switch {
		case errors.Is(err, store.ErrNotFound):
			return []T{}, nil
		case err != nil:
			return nil, err
		}
		return []T{v}, nil
	}
}
