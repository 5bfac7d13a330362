package seed

import (
	"fmt"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// A walker visits the nodes of a file and collects problems.
type walker struct {
	name     string
	problems Problems
	// steps is the number of nodes that may still be visited. Aliases lead to nodes repeatedly, but not endlessly.
	steps int
}

// Bounds of a walk.
const (
	aliasedNodes = 1 << 20 // beyond the nodes there are
	maxProblems  = 1000
)

// A field reads the value of a field: a node from resolve.
type field func(n *yaml.Node, path string)

// problem reports a mistake. After too many, the walk ends.
func (w *walker) problem(line int, path, format string, args ...any) {
	if len(w.problems) == maxProblems {
		w.steps = -1
		return
	}
	w.problems = append(w.problems, Problem{w.name, line, path, fmt.Sprintf(format, args...)})
}

// nodes counts a node and everything below it.
func nodes(n *yaml.Node) int {
	count := 1
	for _, below := range n.Content {
		count += nodes(below)
	}
	return count
}

// resolve follows aliases. After too many steps it returns null.
func (w *walker) resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	if w.steps--; w.steps < 0 {
		if w.steps == -1 {
			w.problem(n.Line, "", "expands to too many values through aliases")
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: nullTag, Line: n.Line}
	}
	return n
}

const nullTag = "!!null"

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == nullTag }

// mapping reads the fields of a mapping, and reports unknown, duplicate and missing ones. It returns false for anything
// but a mapping.
func (w *walker) mapping(n *yaml.Node, path string, fields map[string]field, required ...string) bool {
	if n.Kind != yaml.MappingNode {
		w.problem(n.Line, path, "is not a mapping")
		return false
	}
	lines := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := w.resolve(n.Content[i]), w.resolve(n.Content[i+1])
		read, known := fields[key.Value]
		first, twice := lines[key.Value]
		switch {
		case w.steps < 0:
			return false
		case key.Kind != yaml.ScalarNode:
			w.problem(key.Line, path, "a field name is not a string")
		case !known:
			w.problem(key.Line, path, "unknown field %s%s", quote(key.Value), suggestion(key.Value, fields))
		case twice:
			w.problem(key.Line, join(path, key.Value), "is already on line %d", first)
		case !isNull(value):
			lines[key.Value] = key.Line
			read(value, join(path, key.Value))
		}
	}
	for _, name := range required {
		if lines[name] == 0 {
			w.problem(n.Line, path, "%s is missing", name)
		}
	}
	return true
}

// list reads the elements of a list.
func (w *walker) list(n *yaml.Node, path string, each field) {
	if n.Kind != yaml.SequenceNode {
		w.problem(n.Line, path, "is not a list")
		return
	}
	for i, element := range n.Content {
		if element = w.resolve(element); w.steps < 0 {
			return
		}
		each(element, path+"["+strconv.Itoa(i)+"]")
	}
}

// scalar returns a node's text as written: 012 is not 10.
func (w *walker) scalar(n *yaml.Node, path string) (string, bool) {
	if n.Kind != yaml.ScalarNode {
		w.problem(n.Line, path, "is not a string")
		return "", false
	}
	return n.Value, true
}

// text reads a text that must obey a rule.
func (w *walker) text(to *string, keeps rule) field {
	return func(n *yaml.Node, path string) {
		text, ok := w.scalar(n, path)
		if !ok {
			return
		}
		*to = text
		if wrong := keeps(text); wrong != "" {
			w.problem(n.Line, path, "%s", wrong)
		}
	}
}

// refs reads distinct names: a list, or a single one.
func (w *walker) refs(to *[]ref, keeps rule) field {
	return func(n *yaml.Node, path string) {
		seen := map[string]bool{}
		one := func(n *yaml.Node, path string) {
			r := ref{line: n.Line}
			w.text(&r.text, keeps)(n, path)
			if seen[r.text] {
				w.problem(n.Line, path, "%s appears twice", quote(r.text))
			}
			seen[r.text] = true
			*to = append(*to, r)
		}
		if n.Kind == yaml.ScalarNode {
			one(n, path)
			return
		}
		*to = []ref{}
		w.list(n, path, one)
	}
}

// texts reads distinct texts: a list, or a single one.
func (w *walker) texts(to *[]string, keeps rule) field {
	return func(n *yaml.Node, path string) {
		var list []ref
		w.refs(&list, keeps)(n, path)
		for _, r := range list {
			*to = append(*to, r.text)
		}
	}
}

func (w *walker) boolean(to *bool) field {
	return func(n *yaml.Node, path string) {
		text, ok := w.scalar(n, path)
		if !ok {
			return
		}
		*to = text == "true"
		if text != "true" && text != "false" {
			w.problem(n.Line, path, "%s is not true or false", quote(text))
		}
	}
}

// duration reads a duration of whole seconds within bounds.
func (w *walker) duration(to *time.Duration, least, most time.Duration) field {
	return func(n *yaml.Node, path string) {
		text, ok := w.scalar(n, path)
		if !ok {
			return
		}
		d, err := time.ParseDuration(text)
		switch {
		case err != nil || d%time.Second != 0:
			w.problem(n.Line, path, "%s is not a duration like 1h or 1h30m", quote(text))
		case d < least || d > most:
			w.problem(n.Line, path, "%s is not between %s and %s", text, durationText(least), durationText(most))
		}
		*to = d
	}
}

// once reports a name that an earlier entry has; lines are those of earlier entries.
func (w *walker) once(lines map[string]int, key, name string, line int, path string) {
	if name == "" {
		return // reported already
	}
	if first, twice := lines[key]; twice {
		w.problem(line, path, "%s is already on line %d", quote(name), first)
		return
	}
	lines[key] = line
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
