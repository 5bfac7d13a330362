package admin

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"rolecall/internal/idc/directory"
)

// A constraint is what a member of an input must satisfy.
type constraint int

const (
	notNull constraint = iota
	minLength
	maxLength
	minValue
	maxValue
	hasPattern
	inEnum
)

// A violation is a member that breaks a constraint.
type violation struct {
	constraint
	path  string // tags.1.member.key
	value string // how it is shown; empty for sensitive ones
	bound any    // of the constraint
}

func (v violation) String() string {
	must := map[constraint]string{
		notNull:    "not be null",
		minLength:  "have length greater than or equal to %v",
		maxLength:  "have length less than or equal to %v",
		minValue:   "have value greater than or equal to %v",
		maxValue:   "have value less than or equal to %v",
		hasPattern: "satisfy regular expression pattern: %v",
		inEnum:     "satisfy enum value set: [%v]",
	}[v.constraint]
	if v.bound != nil {
		must = fmt.Sprintf(must, v.bound)
	}
	value := v.value
	if value != "" {
		value += " "
	}
	return "Value " + value + "at '" + v.path + "' failed to satisfy constraint: Member must " + must
}

// A decoder fills structs from JSON, and collects violations of the shapes named in the members' tags:
// aws:"PermissionSetName,required". Unlike encoding/json it matches names by case. Unknown members are ignored, as by
// AWS.
type decoder struct{ violations []violation }

// decode fills in, a pointer to a struct. A value of the wrong type is a SerializationException.
func decode(input any, in any) ([]violation, error) {
	var d decoder
	err := d.value(input, reflect.ValueOf(in).Elem(), shape{}, "")
	return d.violations, err
}

func (d *decoder) value(v any, into reflect.Value, s shape, path string) error {
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		return d.value(v, into.Elem(), s, path)
	case reflect.Interface:
		into.Set(reflect.ValueOf(v))
		return nil
	case reflect.Struct:
		members, ok := v.(map[string]any)
		if !ok {
			return errSerialization.say("Expected structure or null")
		}
		return d.structure(members, into, path)
	case reflect.Slice:
		return d.list(v, into, s, path)
	}
	return d.scalar(v, into, s, path)
}

func (d *decoder) structure(members map[string]any, into reflect.Value, path string) error {
	for i := range into.NumField() {
		f := into.Type().Field(i)
		if f.Anonymous {
			if err := d.structure(members, into.Field(i), path); err != nil {
				return err
			}
			continue
		}
		name := memberName(f)
		at := strings.TrimPrefix(path+"."+lowerFirst(name), ".")
		s, required := constraints(into.Type(), f)
		switch v := members[name]; {
		case v != nil:
			if err := d.value(v, into.Field(i), s, at); err != nil {
				return err
			}
		case required:
			d.violations = append(d.violations, violation{constraint: notNull, path: at, value: "null"})
		}
	}
	return nil
}

func (d *decoder) list(v any, into reflect.Value, s shape, path string) error {
	items, ok := v.([]any)
	if !ok {
		return errSerialization.say("Expected list or null")
	}
	d.length(len(items), s, path, fmt.Sprintf("'[%d items]'", len(items)))
	into.Set(reflect.MakeSlice(into.Type(), 0, len(items)))
	for i, item := range items {
		if item == nil {
			continue
		}
		element := reflect.New(into.Type().Elem()).Elem()
		if err := d.value(item, element, shapes()[s.of], fmt.Sprintf("%s.%d.member", path, i+1)); err != nil {
			return err
		}
		into.Set(reflect.Append(into, element))
	}
	return nil
}

func (d *decoder) scalar(v any, into reflect.Value, s shape, path string) error {
	switch x := v.(type) {
	case string:
		if into.Kind() == reflect.String {
			into.SetString(x)
			d.text(x, s, path)
			return nil
		}
	case bool:
		if into.Kind() == reflect.Bool {
			into.SetBool(x)
			return nil
		}
	case json.Number:
		if n, err := x.Int64(); err == nil && into.Kind() == reflect.Int {
			into.SetInt(n)
			d.number(n, s, path)
			return nil
		}
	}
	return errSerialization.say("%s can not be converted to %s", jsonKind(v), map[reflect.Kind]string{
		reflect.String: "a String", reflect.Bool: "a Boolean", reflect.Int: "an Integer",
	}[into.Kind()])
}

func jsonKind(v any) string {
	switch v.(type) {
	case string:
		return "STRING_VALUE"
	case bool:
		return "BOOLEAN_VALUE"
	case json.Number:
		return "NUMBER_VALUE"
	case []any:
		return "START_LIST"
	}
	return "START_STRUCTURE"
}

func (d *decoder) text(text string, s shape, path string) {
	shown := "'" + text + "'"
	if s.sensitive {
		shown = ""
	}
	d.length(utf8.RuneCountInString(text), s, path, shown)
	if s.pattern != nil && !s.pattern().MatchString(text) {
		d.violations = append(d.violations, violation{hasPattern, path, shown, s.patternText})
	}
	if s.enum != nil && !strings.Contains(", "+strings.Join(s.enum, ", ")+", ", ", "+text+", ") {
		d.violations = append(d.violations, violation{inEnum, path, shown, strings.Join(s.enum, ", ")})
	}
}

func (d *decoder) length(n int, s shape, path, shown string) {
	switch {
	case n < s.min:
		d.violations = append(d.violations, violation{minLength, path, shown, s.min})
	case s.max > 0 && n > s.max:
		d.violations = append(d.violations, violation{maxLength, path, shown, s.max})
	}
}

func (d *decoder) number(n int64, s shape, path string) {
	shown := fmt.Sprintf("'%d'", n)
	switch {
	case n < int64(s.min):
		d.violations = append(d.violations, violation{minValue, path, shown, s.min})
	case s.max > 0 && n > int64(s.max):
		d.violations = append(d.violations, violation{maxValue, path, shown, s.max})
	}
}

// memberName is the field's name on the wire.
func memberName(f reflect.StructField) string {
	if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
		return name
	}
	return f.Name
}

// constraints returns the shape of a struct's field. The directory's own types have no tags: all texts of a user share
// one shape.
func constraints(t reflect.Type, f reflect.StructField) (s shape, required bool) {
	name, option, _ := strings.Cut(f.Tag.Get("aws"), ",")
	if t == reflect.TypeFor[directory.Attributes]() {
		name = map[string]string{"UserName": "UserName", "Emails": "One", "Addresses": "One", "PhoneNumbers": "One"}[f.Name]
	}
	if name == "" && f.Type.Kind() == reflect.String {
		name = "SensitiveStringType"
	}
	return shapes()[name], option == "required"
}

func lowerFirst(name string) string {
	r, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(r)) + name[n:]
}
