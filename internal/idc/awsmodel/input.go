package awsmodel

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// examples are texts that match the patterns of identifiers.
var examples = []string{
	"example", "arn:aws:sso:::instance/ssoins-0123456789abcdef",
	"arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef",
	"arn:aws:iam::aws:policy/ReadOnlyAccess", "d-0123456789", "00000000-0000-4000-8000-000000000000", "000000000000",
	"r-0000", "ou-0000-00000000", "/", "PT1H",
}

// MinimalInput makes an input with only the required members. values sets members by the name of their shape; others
// are examples.
func (m *Model) MinimalInput(operation string, values map[string]any) (map[string]any, error) {
	o := m.Operations[operation]
	switch {
	case o == nil:
		return nil, fmt.Errorf("%s: %w", operation, errNoOperation)
	case o.Input == nil:
		return map[string]any{}, nil
	}
	v, err := m.minimal(o.Input.Shape, values)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	return v.(map[string]any), nil
}

func (m *Model) minimal(name string, values map[string]any) (any, error) {
	if v, ok := values[name]; ok {
		return v, nil
	}
	s := m.shapes[name]
	switch {
	case s.Document:
		return "example", nil
	case s.Type == "structure":
		members := map[string]any{}
		for _, required := range s.Required {
			r := s.Members[required]
			v, err := m.minimal(r.Shape, values)
			if err != nil {
				return nil, err
			}
			members[onWire(required, r)] = v
		}
		return members, nil
	case s.Type == "list":
		v, err := m.minimal(s.Member.Shape, values)
		return []any{v}, err
	case s.Type == "map":
		return map[string]any{}, nil
	case s.Type == "boolean":
		return true, nil
	case s.Type == "string":
		return s.example(name)
	}
	if s.Min != nil {
		return *s.Min, nil
	}
	return 1, nil
}

func (s *shape) example(name string) (string, error) {
	if len(s.Enum) > 0 {
		return s.Enum[0], nil
	}
	for _, e := range examples {
		matches, err := s.matches(e)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if matches && (s.Min == nil || len(e) >= *s.Min) && (s.Max == nil || len(e) <= *s.Max) {
			return e, nil
		}
	}
	return "", fmt.Errorf("no example of %s: %s", name, s.Pattern)
}

// A Case is an input that the model forbids.
type Case struct {
	Name  string
	Input map[string]any
}

// Invalid makes minimal inputs with one mistake each: a required member missing, or one too short, too long, too small,
// too large, or against its pattern or enum.
func (m *Model) Invalid(operation string, values map[string]any) ([]Case, error) {
	o := m.Operations[operation]
	base, err := m.MinimalInput(operation, values)
	if err != nil || o.Input == nil {
		return nil, err
	}
	b := breaker{m, values, nil}
	err = b.structure(o.Input.Shape, base, "", func(v any) map[string]any { return v.(map[string]any) })
	return b.cases, err
}

// A breaker makes cases. put places a value in a whole input.
type breaker struct {
	model  *Model
	values map[string]any
	cases  []Case
}

func (b *breaker) structure(name string, base map[string]any, path string, put func(any) map[string]any) error {
	s := b.model.shapes[name]
	for _, member := range slices.Sorted(maps.Keys(s.Members)) {
		r := s.Members[member]
		wire := onWire(member, r)
		if slices.Contains(s.Required, member) {
			without := maps.Clone(base)
			delete(without, wire)
			b.cases = append(b.cases, Case{path + wire + " is missing", put(without)})
		}
		err := b.value(r.Shape, path+wire, func(v any) map[string]any {
			with := maps.Clone(base)
			with[wire] = v
			return put(with)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *breaker) value(name, path string, put func(any) map[string]any) error {
	s := b.model.shapes[name]
	switch {
	case s.Document:
	case s.Type == "structure":
		base, err := b.model.minimal(name, b.values)
		if err != nil {
			return err
		}
		return b.structure(name, base.(map[string]any), path+".", put)
	case s.Type == "list":
		return b.value(s.Member.Shape, path+"[0]", func(v any) map[string]any { return put([]any{v}) })
	case s.Type == "string":
		b.text(s, path, put)
	case s.Type == "integer":
		b.number(s, path, put)
	}
	return nil
}

func (b *breaker) text(s *shape, path string, put func(any) map[string]any) {
	if s.Min != nil && *s.Min > 0 {
		b.cases = append(b.cases, Case{path + " is empty", put("")})
	}
	if s.Max != nil {
		b.cases = append(b.cases, Case{path + " is too long", put(strings.Repeat("a", *s.Max+1))})
	}
	if len(s.Enum) > 0 {
		b.cases = append(b.cases, Case{path + " is not in its enum", put("NO_SUCH_VALUE")})
	}
	if matches, err := s.matches("\x01"); err == nil && !matches {
		b.cases = append(b.cases, Case{path + " is against its pattern", put("\x01")})
	}
}

func (b *breaker) number(s *shape, path string, put func(any) map[string]any) {
	if s.Min != nil {
		b.cases = append(b.cases, Case{path + " is too small", put(*s.Min - 1)})
	}
	if s.Max != nil {
		b.cases = append(b.cases, Case{path + " is too large", put(*s.Max + 1)})
	}
}
