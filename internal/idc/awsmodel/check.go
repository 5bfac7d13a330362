package awsmodel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// CheckOutput says where the body of a success differs from the model: unknown or
// missing members, wrong types, values outside their constraints. A null member is
// an absent one. Paths are like $.Users[0].UserId.
func (m *Model) CheckOutput(operation string, body []byte) []string {
	o := m.Operations[operation]
	switch {
	case o == nil:
		return []string{operation + ": " + errNoOperation.Error()}
	case o.Output == nil && len(bytes.TrimSpace(body)) == 0:
		return nil
	}
	v, err := read(body)
	if err != nil {
		return []string{err.Error()}
	}
	c := checker{model: m}
	if o.Output == nil {
		c.structure(&shape{}, v, "$")
		return c.problems
	}
	s := m.shapes[o.Output.Shape]
	if s.Payload != "" {
		s = m.shapes[s.Members[s.Payload].Shape]
	}
	c.value(s, v, "$")
	return c.problems
}

// CheckError says where the body of an error differs from the exception's shape. An
// operation may answer its own exceptions only.
func (m *Model) CheckError(operation, exception string, body []byte) []string {
	if !slices.Contains(m.Errors(operation), exception) {
		return []string{exception + " is not an error of " + operation}
	}
	v, err := read(body)
	if err != nil {
		return []string{err.Error()}
	}
	members, ok := v.(map[string]any)
	if !ok {
		return []string{"$: not an object"}
	}
	delete(members, "__type")
	c := checker{model: m}
	c.value(m.shapes[exception], members, "$")
	return c.problems
}

func read(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("more than one JSON value")
	}
	return v, nil
}

type checker struct {
	model    *Model
	problems []string
}

func (c *checker) problem(path, format string, args ...any) {
	c.problems = append(c.problems, path+": "+fmt.Sprintf(format, args...))
}

func (c *checker) value(s *shape, v any, path string) {
	if s.Document {
		return
	}
	switch s.Type {
	case "structure":
		c.structure(s, v, path)
	case "list":
		c.list(s, v, path)
	case "map":
		c.table(s, v, path)
	case "string", "blob":
		c.text(s, v, path)
	case "boolean":
		if _, ok := v.(bool); !ok {
			c.problem(path, "%v is not a boolean", v)
		}
	case "integer", "long":
		c.number(s, v, path)
	case "timestamp", "float", "double":
		if _, ok := v.(json.Number); !ok {
			c.problem(path, "%v is not a number", v)
		}
	default:
		c.problem(path, "unknown type %q in the model", s.Type)
	}
}

func (c *checker) structure(s *shape, v any, path string) {
	members, ok := v.(map[string]any)
	if !ok {
		c.problem(path, "not an object: %v", v)
		return
	}
	known := map[string]*reference{}
	for name, r := range s.Members {
		if r.Location != "" {
			continue
		}
		wire := onWire(name, r)
		known[wire] = r
		if slices.Contains(s.Required, name) && members[wire] == nil {
			c.problem(path, "no %s", wire)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		switch r := known[name]; {
		case r == nil:
			c.problem(path, "unknown member %s", name)
		case members[name] != nil:
			c.value(c.model.shapes[r.Shape], members[name], path+"."+name)
		}
	}
}

// onWire is a member's name in the body.
func onWire(name string, r *reference) string {
	if r.LocationName != "" {
		return r.LocationName
	}
	return name
}

func (c *checker) list(s *shape, v any, path string) {
	items, ok := v.([]any)
	if !ok {
		c.problem(path, "not a list: %v", v)
		return
	}
	c.size(s, len(items), path)
	for i, item := range items {
		c.value(c.model.shapes[s.Member.Shape], item, fmt.Sprintf("%s[%d]", path, i))
	}
}

func (c *checker) table(s *shape, v any, path string) {
	entries, ok := v.(map[string]any)
	if !ok {
		c.problem(path, "not an object: %v", v)
		return
	}
	c.size(s, len(entries), path)
	for key, item := range entries {
		c.value(c.model.shapes[s.Value.Shape], item, path+"."+key)
	}
}

func (c *checker) text(s *shape, v any, path string) {
	text, ok := v.(string)
	if !ok {
		c.problem(path, "%v is not a string", v)
		return
	}
	c.size(s, utf8.RuneCountInString(text), path)
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
		c.problem(path, "%q is not one of %v", text, s.Enum)
	}
	if matches, err := s.matches(text); err != nil {
		c.problem(path, "%v", err)
	} else if !matches {
		c.problem(path, "%q does not match %s", text, s.Pattern)
	}
}

func (c *checker) number(s *shape, v any, path string) {
	n, ok := v.(json.Number)
	if !ok {
		c.problem(path, "%v is not a number", v)
		return
	}
	i, err := n.Int64()
	if err != nil {
		c.problem(path, "%s is not an integer", n)
		return
	}
	c.size(s, int(i), path)
}

func (c *checker) size(s *shape, n int, path string) {
	if s.Min != nil && n < *s.Min {
		c.problem(path, "%d is less than %d", n, *s.Min)
	}
	if s.Max != nil && n > *s.Max {
		c.problem(path, "%d is more than %d", n, *s.Max)
	}
}

// matches reports whether the whole text matches the pattern, as in Java. Lookaround is ignored: Go has none.
func (s *shape) matches(text string) (bool, error) {
	if s.Pattern == "" {
		return true, nil
	}
	pattern := regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`).ReplaceAllString(withoutLookaround(s.Pattern), `\x{$1}`)
	r, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return false, err
	}
	return r.MatchString(text), nil
}

// withoutLookaround removes (?=…), (?!…), (?<=…) and (?<!…).
func withoutLookaround(pattern string) string {
	at := regexp.MustCompile(`\(\?<?[=!]`).FindStringIndex(pattern)
	if at == nil {
		return pattern
	}
	depth, end := 0, at[0]
	for ; end < len(pattern); end++ {
		switch pattern[end] {
		case '\\':
			end++
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			break
		}
	}
	return withoutLookaround(pattern[:at[0]] + strings.TrimPrefix(pattern[min(end, len(pattern)):], ")"))
}
