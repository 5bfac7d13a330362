package seed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"rolecall/internal/idc/pattern"
)

// Bounds of a file: its size, and the number of characters that may separate values, as the YAML library needs hundreds
// of bytes for each value.
const (
	maxFile  = 32 << 20
	maxMarks = 4_000_000
)

// Parse reads a file; name is for messages. Its error is Problems, with all mistakes in the file. Plan checks
// references to what the file does not define.
func Parse(name string, data []byte) (*File, error) {
	w := &walker{name: name}
	if len(data) > maxFile {
		w.problem(1, "", "is larger than %d MiB", maxFile>>20)
		return nil, w.problems.err()
	}
	if marks(data) > maxMarks {
		w.problem(1, "", "has too many values")
		return nil, w.problems.err()
	}
	f := &File{name: name}
	root, err := decode(data)
	if err != nil {
		w.syntax(err)
	} else if root != nil {
		w.steps = nodes(root) + aliasedNodes
		w.file(f, w.resolve(root))
	}
	if err := w.problems.err(); err != nil {
		return nil, err
	}
	return f, nil
}

// marks counts the characters that can separate values in YAML. Each comes with at most two values.
func marks(data []byte) int {
	count := 0
	for _, mark := range []string{",", ":", "[", "{", "\n", "\r", "- ", "? "} {
		count += bytes.Count(data, []byte(mark))
	}
	return count
}

// decode returns the only document of a file, or nil for an empty file.
func decode(data []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, err
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, fmt.Errorf("yaml: line %d: only one document is allowed", second.Line)
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	if len(document.Content) != 1 || isNull(document.Content[0]) {
		return nil, nil
	}
	return document.Content[0], nil
}

// syntaxLine matches the start of the YAML library's errors.
var syntaxLine = pattern.New(`^yaml: (?:line ([0-9]+): )?`)

func (w *walker) syntax(err error) {
	text := err.Error()
	found := syntaxLine().FindStringSubmatch(text)
	line := 1
	if found != nil {
		text = text[len(found[0]):]
		if n, err := strconv.Atoi(found[1]); err == nil {
			line = n
		}
	}
	if strings.Contains(text, "alphabetic or numeric character") {
		text += `; "*" needs its quotes`
	}
	w.problem(line, "", "%s", text)
}

func (w *walker) file(f *File, root *yaml.Node) {
	w.mapping(root, "", map[string]field{
		"instance":        w.instance(&f.instance),
		"users":           entries(w, &f.users, w.user()),
		"groups":          entries(w, &f.groups, w.group()),
		"accounts":        entries(w, &f.accounts, w.account()),
		"permission_sets": entries(w, &f.sets, w.permissionSet()),
		"assignments":     entries(w, &f.assignments, w.assignment),
		"roles":           entries(w, &f.roles, w.role()),
	})
}

// entries reads a section.
func entries[T any](w *walker, to *section[T], read func(n *yaml.Node, path string) T) field {
	return func(n *yaml.Node, path string) {
		to.given = true
		w.list(n, path, func(n *yaml.Node, path string) { to.entries = append(to.entries, read(n, path)) })
	}
}

func (w *walker) instance(i *instance) field {
	return func(n *yaml.Node, path string) {
		w.mapping(n, path, map[string]field{
			"name": func(n *yaml.Node, path string) {
				i.nameGiven = true
				w.text(&i.Name, matches(instanceNames, "an instance's name: up to 255 letters, digits and _+=,.@-"))(n, path)
			},
			"region": func(n *yaml.Node, path string) {
				i.regionLine = n.Line
				w.text(&i.Region, matches(regions, "a region like us-east-1"))(n, path)
			},
			"owner_account":    w.text(&i.OwnerAccount, isAccountID),
			"session_duration": w.duration(&i.SessionLife, leastSession, mostSession),
		})
	}
}
