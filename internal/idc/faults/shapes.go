package faults

import (
	"encoding/json"
	"strings"
	"sync/atomic"
)

// shapes are JSON answers of the wrong shape, on any route.
func shapes() []Fault {
	whole := "refuse the whole answer"
	return []Fault{
		{
			Name: "missing", Value: "a member (each in turn)", Routes: "portal", able: jsonRoutes,
			start: inTurn(func(m map[string]any, key string) {
				delete(m, key)
			}),
			Does: "omits a member", Client: "refuse the answer if the member is required, and name it",
		},
		{
			Name: "wrong-type", Value: "a member (each in turn)", Routes: "portal", able: jsonRoutes,
			start: inTurn(func(m map[string]any, key string) {
				m[key] = otherType(m[key])
			}),
			Does: "sends a member as another type: a number for a text, otherwise a text", Client: whole,
		},
		{
			Name: "string-for-object", Routes: "portal", able: jsonRoutes, start: edits(stringForObject),
			Does: "sends a text in place of objects and lists", Client: whole,
		},
		{
			Name: "number-for-string", Routes: "portal", able: jsonRoutes,
			start: edits(func(_ *call, m map[string]any) any {
				each(m, func(v any) (any, bool) { _, is := v.(string); return 7, is })
				return m
			}),
			Does: "sends a number in place of all texts", Client: whole,
		},
		{
			Name: "deep", Value: "levels (100000)", Routes: "portal", able: jsonRoutes, start: deep,
			Does: "adds a member of 100,000 nested arrays", Client: "bound the depth, so that no stack overflows",
		},
		{
			Name: "key-case", Routes: "portal", able: jsonRoutes, start: edits(func(_ *call, m map[string]any) any {
				objects(m, capitalize)
				return m
			}),
			Does: "capitalizes the names of members", Client: "not accept one for the other by accident",
		},
		{
			Name: "nan", Value: "NaN, Infinity or -Infinity (NaN)", Routes: "portal", able: jsonRoutes, start: nan,
			Does: "sends NaN or Infinity in place of numbers, which is not JSON", Client: whole,
		},
		{Name: "huge-number", Routes: "portal", able: jsonRoutes, start: edits(func(_ *call, m map[string]any) any {
			return numbers(m, "1e400")
		}), Does: "sends 1e400 in place of numbers", Client: whole},
		{
			Name: "long-string", Value: "bytes (1000000)", Routes: "portal", able: jsonRoutes, start: longString,
			Does: "makes one text 1 MB long", Client: "bound answers, tokens and output",
		},
		{
			Name: "long-array", Value: "elements (1000000)", Routes: "portal", able: jsonRoutes, start: longArray,
			Does: "puts a million zeros into a list, or adds such a list", Client: "bound answers",
		},
	}
}

// inTurn changes the member that the spec names, or each member in turn, one a request.
func inTurn(change func(m map[string]any, key string)) starter {
	return func(value string) (behaviour, error) {
		var turn atomic.Int64
		return behaviour{answer: editing(func(_ *call, m map[string]any) any {
			key := value
			if all := keys(m); key == "" && len(all) > 0 {
				key = all[int(turn.Add(1)-1)%len(all)]
			}
			objects(m, func(m map[string]any) {
				if _, there := m[key]; there {
					change(m, key)
				}
			})
			return m
		})}, nil
	}
}

func otherType(v any) any {
	if _, text := v.(string); text {
		return 7
	}
	return "played"
}

// stringForObject replaces inner objects and lists, or else the whole answer.
func stringForObject(_ *call, m map[string]any) any {
	replaced := false
	for key, value := range m {
		switch value.(type) {
		case map[string]any, []any:
			m[key], replaced = "played", true
		}
	}
	if !replaced {
		return "played"
	}
	return m
}

func deep(value string) (behaviour, error) {
	n, err := number(value, 100_000, 10_000_000)
	return behaviour{answer: editing(func(_ *call, m map[string]any) any {
		m["played"] = literal(strings.Repeat("[", n) + strings.Repeat("]", n))
		return m
	})}, err
}

func capitalize(m map[string]any) {
	for _, key := range keysOf(m) {
		if key != "" {
			m[strings.ToUpper(key[:1])+key[1:]] = m[key]
			delete(m, key)
		}
	}
}

func keysOf(m map[string]any) []string {
	var all []string
	for key := range m {
		all = append(all, key)
	}
	return all
}

func nan(value string) (behaviour, error) {
	text, err := choose(value, []choice{{"NaN", "NaN"}, {"Infinity", "Infinity"}, {"-Infinity", "-Infinity"}})
	return behaviour{answer: editing(func(_ *call, m map[string]any) any { return numbers(m, text.(string)) })}, err
}

// numbers replaces all numbers, and adds one if there are none.
func numbers(m map[string]any, text string) any {
	found := false
	each(m, func(v any) (any, bool) {
		_, is := v.(json.Number)
		found = found || is
		return literal(text), is
	})
	if !found {
		m["played"] = literal(text)
	}
	return m
}

func longString(value string) (behaviour, error) {
	n, err := number(value, megabyte, 100*megabyte)
	return behaviour{answer: editing(func(_ *call, m map[string]any) any {
		for _, key := range keys(m) {
			long := false
			objects(m, func(m map[string]any) {
				if _, text := m[key].(string); text && !long {
					m[key], long = filled(n), true
				}
			})
			if long {
				break
			}
		}
		return m
	})}, err
}

func longArray(value string) (behaviour, error) {
	n, err := number(value, 1_000_000, 100_000_000)
	return behaviour{answer: editing(func(_ *call, m map[string]any) any {
		zeros := literal("[" + strings.Repeat("0,", n) + "0]")
		found := false
		each(m, func(v any) (any, bool) {
			_, is := v.([]any)
			found = found || is
			return zeros, is
		})
		if !found {
			m["played"] = zeros
		}
		return m
	})}, err
}
