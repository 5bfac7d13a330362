package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// A literal is written into JSON verbatim, valid or not.
type literal string

// twice is an object that contains each key twice.
type twice map[string]any

// decode reads a JSON object, and returns false for anything else.
func decode(body []byte) (map[string]any, bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var m map[string]any
	err := d.Decode(&m)
	return m, err == nil && m != nil
}

// encode writes a JSON value, which may hold literals.
func encode(v any) []byte {
	var b bytes.Buffer
	write(&b, v)
	return b.Bytes()
}

func write(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case literal:
		b.WriteString(string(v))
	case map[string]any:
		b.WriteByte('{')
		writeMembers(b, v)
		b.WriteByte('}')
	case twice:
		b.WriteByte('{')
		writeMembers(b, v)
		b.WriteByte(',')
		writeMembers(b, v)
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, item)
		}
		b.WriteByte(']')
	default:
		text, _ := json.Marshal(v) // a string, a number, a truth value or null
		b.Write(text)
	}
}

func writeMembers(b *bytes.Buffer, m map[string]any) {
	for i, key := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b.WriteByte(',')
		}
		write(b, key)
		b.WriteByte(':')
		write(b, m[key])
	}
}

// objects calls f for each object in v, outer ones first.
func objects(v any, f func(m map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		f(v)
		for _, member := range v {
			objects(member, f)
		}
	case []any:
		for _, item := range v {
			objects(item, f)
		}
	}
}

// set replaces the values of all members with that key, at any depth.
func set(v any, key string, value any) {
	objects(v, func(m map[string]any) {
		if _, there := m[key]; there {
			m[key] = value
		}
	})
}

// each replaces all scalars in v for which f returns true.
func each(v any, f func(any) (any, bool)) {
	objects(v, func(m map[string]any) {
		for key, value := range m {
			if other, ok := f(value); ok {
				m[key] = other
			}
		}
	})
}

// keys are the names of all members in v except null ones.
func keys(v any) []string {
	found := map[string]bool{}
	objects(v, func(m map[string]any) {
		for key, value := range m {
			if value != nil {
				found[key] = true
			}
		}
	})
	return slices.Sorted(maps.Keys(found))
}

// edits changes the object in a normal answer. Anything but a JSON object with status 200 is left alone.
func edits(change func(c *call, m map[string]any) any) starter {
	return always(editing(change))
}

func editing(change func(c *call, m map[string]any) any) func(c *call) {
	return func(c *call) {
		a := c.well()
		if m, ok := decode(a.body); ok && a.status == 200 {
			a.body = encode(change(c, m))
		}
		c.send(a)
	}
}

// sets sets a member to the spec's value, or a default.
func sets(key, standard string) starter {
	return func(value string) (behaviour, error) {
		if value == "" {
			value = standard
		}
		return behaviour{answer: editing(func(_ *call, m map[string]any) any {
			set(m, key, value)
			return m
		})}, nil
	}
}

// A choice is a value with a name.
type choice struct {
	name  string
	value any
}

// setsOneOf sets a member to one of some values, by name; the first by default.
func setsOneOf(key string, choices ...choice) starter {
	return func(name string) (behaviour, error) {
		value, err := choose(name, choices)
		return behaviour{answer: editing(func(_ *call, m map[string]any) any {
			set(m, key, value)
			return m
		})}, err
	}
}

func choose(name string, choices []choice) (any, error) {
	for i, c := range choices {
		if c.name == name || i == 0 && name == "" {
			return c.value, nil
		}
	}
	return nil, fmt.Errorf("unknown value %q", name)
}
