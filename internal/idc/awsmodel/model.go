// Package awsmodel reads botocore's models of AWS's services as Debian's awscli package installs them, makes requests
// from them, and reports answers that violate them. It is for tests. It knows the JSON protocols, not the query
// protocol.
package awsmodel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// roots are where Debian's packages put the models.
var roots = []string{
	"/usr/lib/python3/dist-packages/awscli/botocore/data",
	"/usr/lib/python3/dist-packages/botocore/data",
}

// A Model describes the inputs and outputs of one service's operations.
type Model struct {
	Metadata   struct{ TargetPrefix, Protocol string }
	Operations map[string]*Operation
	shapes     map[string]*shape
}

// An Operation names the shapes of its input, output and errors.
type Operation struct {
	Input, Output *reference
	Errors        []reference
}

type reference struct {
	Shape        string
	Location     string // uri, querystring, header: not in the body
	LocationName string
}

type shape struct {
	Type     string
	Required []string
	Members  map[string]*reference
	Member   *reference
	Value    *reference
	Enum     []string
	Pattern  string
	Min, Max *int
	Payload  string
	Document bool
}

type file struct {
	Metadata   struct{ TargetPrefix, Protocol string }
	Operations map[string]*Operation
	Shapes     map[string]*shape
}

// Load reads the newest model of a service: sso, sso-oidc, sso-admin, identitystore, organizations. newer are texts in
// the same form with later additions: new operations and shapes, and new members and constraints of known shapes.
func Load(service string, newer ...[]byte) (*Model, error) {
	text, err := find(service)
	if err != nil {
		return nil, err
	}
	m := &Model{Operations: map[string]*Operation{}, shapes: map[string]*shape{}}
	for _, text := range append([][]byte{text}, newer...) {
		var f file
		if err := json.Unmarshal(text, &f); err != nil {
			return nil, fmt.Errorf("model of %s: %w", service, err)
		}
		if f.Metadata.Protocol != "" {
			m.Metadata = f.Metadata
		}
		maps.Copy(m.Operations, f.Operations)
		for name, s := range f.Shapes {
			m.add(name, s)
		}
	}
	if p := m.Metadata.Protocol; p != "json" && p != "rest-json" {
		return nil, fmt.Errorf("model of %s: protocol %q is not JSON", service, p)
	}
	return m, nil
}

func find(service string) ([]byte, error) {
	for _, root := range roots {
		versions, _ := filepath.Glob(filepath.Join(root, service, "*", "service-2.json"))
		if len(versions) > 0 {
			return os.ReadFile(slices.Max(versions))
		}
	}
	return nil, fmt.Errorf("no model of %s in %v (apt-get install awscli): %w", service, roots, fs.ErrNotExist)
}

// add adds a shape, or additions to a known one.
func (m *Model) add(name string, s *shape) {
	old := m.shapes[name]
	if old == nil {
		m.shapes[name] = s
		return
	}
	maps.Copy(old.Members, s.Members)
	if s.Required != nil {
		old.Required = s.Required
	}
	if s.Pattern != "" {
		old.Pattern = s.Pattern
	}
	if s.Min != nil {
		old.Min = s.Min
	}
	if s.Max != nil {
		old.Max = s.Max
	}
	if s.Enum != nil {
		old.Enum = s.Enum
	}
}

// Errors names the exceptions that an operation may answer.
func (m *Model) Errors(operation string) []string {
	o := m.Operations[operation]
	if o == nil {
		return nil
	}
	names := make([]string, len(o.Errors))
	for i, e := range o.Errors {
		names[i] = e.Shape
	}
	return names
}

var errNoOperation = errors.New("no such operation in the model")
