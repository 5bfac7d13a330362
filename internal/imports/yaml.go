package imports

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// A tree reads a YAML file by its scalars' text: as numbers, account ids with a leading zero would be others.
type tree struct {
	file  string
	steps int
}

// A pair is a key of a mapping, and its value.
type pair struct {
	key   string
	line  int
	value *yaml.Node
}

// maxSteps bounds how much of a file is walked: aliases can make a small one large.
const maxSteps = 500_000

func (t *tree) parse(data []byte) (*yaml.Node, error) {
	var root yaml.Node
	err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&root)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, yamlError(t.file, err)
	}
	return root.Content[0], nil
}

// yamlError finds the line in an error of the YAML library.
func yamlError(file string, err error) error {
	parts := regexp.MustCompile(`^yaml: (?:line ([0-9]+): )?(.*)`).FindStringSubmatch(err.Error())
	if parts == nil {
		return &FileError{File: file, Problem: err.Error()}
	}
	line, _ := strconv.Atoi(parts[1])
	return &FileError{file, line, parts[2]}
}

// pairs lists a mapping, in the order of the file; nothing else is an error.
func (t *tree) pairs(n *yaml.Node, what string) ([]pair, error) {
	if n = follow(n); n == nil || n.Kind == yaml.ScalarNode && (n.Tag == "!!null" || n.Value == "") {
		return nil, nil
	}
	if n.Kind != yaml.MappingNode {
		return nil, &FileError{t.file, n.Line, what + " is not a mapping"}
	}
	if t.steps += len(n.Content); t.steps > maxSteps {
		return nil, &FileError{t.file, n.Line, "has too many values"}
	}
	var all []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		all = append(all, pair{n.Content[i].Value, n.Content[i].Line, n.Content[i+1]})
	}
	return all, nil
}

// labels lists tags: a mapping, or a list of them.
func (t *tree) labels(n *yaml.Node, what string) ([]pair, error) {
	if n = follow(n); n == nil || n.Kind != yaml.SequenceNode {
		return t.pairs(n, what)
	}
	var all []pair
	for _, item := range n.Content {
		more, err := t.pairs(item, what)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

// scalar returns a text as the file has it, without quotes; empty for anything else.
func scalar(n *yaml.Node) string {
	if n = follow(n); n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

func isTrue(n *yaml.Node) bool { is, err := strconv.ParseBool(scalar(n)); return err == nil && is }

// follow returns what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	for range 100 {
		if n == nil || n.Kind != yaml.AliasNode {
			return n
		}
		n = n.Alias
	}
	return nil
}
