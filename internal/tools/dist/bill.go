package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A graph is what a program links: its modules, and which module uses which.
type graph struct {
	modules map[string]*module
	uses    map[string]map[string]bool
}

// listed is a package, as go list tells it.
type listed struct {
	ImportPath, Dir string
	Standard        bool
	Imports         []string
	Module          *struct{ Path, Version, Dir, Sum string }
}

// linked asks Go for the packages that a program consists of on a system.
func linked(s system, program string) (*graph, error) {
	out, err := output(goFor(s, "list", "-deps", "-json=ImportPath,Dir,Standard,Imports,Module", "./cmd/"+program))
	if err != nil {
		return nil, err
	}
	var packages []listed
	owner := map[string]string{} // the module of a package
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if !p.Standard {
			packages = append(packages, p)
			owner[p.ImportPath] = p.Module.Path
		}
	}
	g := &graph{map[string]*module{}, map[string]map[string]bool{}}
	for _, p := range packages {
		m := g.modules[p.Module.Path]
		if m == nil {
			m = &module{p.Module.Path, p.Module.Version, p.Module.Sum, p.Module.Dir, map[string]bool{}}
			g.modules[m.path], g.uses[m.path] = m, map[string]bool{}
		}
		m.packages[p.Dir] = true
		for _, path := range p.Imports {
			if other := owner[path]; other != "" && other != m.path {
				g.uses[m.path][other] = true
			}
		}
	}
	return g, nil
}

// A bill is what each program links on each system.
type bill []billRow

type billRow struct {
	program string
	system  system
	graph   *graph
}

// The types below are those parts of CycloneDX 1.6 that are used.

type cyclone struct {
	Format       string           `json:"bomFormat"`
	Spec         string           `json:"specVersion"`
	Version      int              `json:"version"`
	Metadata     cycloneMetadata  `json:"metadata"`
	Components   []component      `json:"components"`
	Dependencies []cycloneDepends `json:"dependencies"`
}

type cycloneMetadata struct {
	Timestamp string    `json:"timestamp"`
	Component component `json:"component"`
}

type component struct {
	Type       string            `json:"type"`
	Ref        string            `json:"bom-ref"`
	Name       string            `json:"name"`
	Version    string            `json:"version"`
	Hashes     []cycloneHash     `json:"hashes,omitempty"`
	Licences   []cycloneLicence  `json:"licenses"`
	Package    string            `json:"purl"`
	Properties []cycloneProperty `json:"properties,omitempty"`
}

type cycloneHash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type cycloneLicence struct {
	Licence    *cycloneID `json:"license,omitempty"`
	Expression string     `json:"expression,omitempty"`
}

type cycloneID struct {
	ID string `json:"id"`
}

type cycloneProperty struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type cycloneDepends struct {
	Ref string   `json:"ref"`
	On  []string `json:"dependsOn"`
}

// writeBills writes a bill of materials for each program.
func (r *release) writeBills(b bill) error {
	for _, program := range programs {
		c, err := r.cyclone(program, b)
		if err != nil {
			return err
		}
		data, err := json.MarshalIndent(c, "", "  ")
		if err != nil {
			return err
		}
		path := filepath.Join(r.out, fmt.Sprintf("%s_%s.cdx.json", program, r.version))
		if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (r *release) cyclone(program string, b bill) (*cyclone, error) {
	all := map[string]*module{}
	where := map[string][]string{} // the systems that a module is linked on
	uses := map[string]map[string]bool{}
	for _, row := range b {
		if row.program != program {
			continue
		}
		for path, m := range row.graph.modules {
			m.merge(all)
			where[path] = append(where[path], row.system.String())
			if uses[path] == nil {
				uses[path] = map[string]bool{}
			}
			for other := range row.graph.uses[path] {
				uses[path][other] = true
			}
		}
	}
	own := component{
		Type: "application", Name: program, Version: r.version, Licences: licences("Apache-2.0"),
		Package: "pkg:generic/" + program + "@" + r.version,
	}
	own.Ref = own.Package
	c := &cyclone{
		Format: "CycloneDX", Spec: "1.6", Version: 1, Components: []component{},
		Metadata: cycloneMetadata{r.at.Format(time.RFC3339), own},
	}
	refs := map[string]string{ownModule: own.Ref}
	std, err := goItself()
	if err != nil {
		return nil, err
	}
	all[std.name()] = std
	for _, m := range all {
		if m.path == ownModule {
			continue
		}
		one, err := r.component(m, where[m.path])
		if err != nil {
			return nil, err
		}
		refs[m.path] = one.Ref
		c.Components = append(c.Components, one)
	}
	slices.SortFunc(c.Components, func(a, b component) int { return strings.Compare(a.Ref, b.Ref) })
	for path, ref := range refs {
		on := []string{}
		for other := range uses[path] {
			on = append(on, refs[other])
		}
		if path != std.path {
			on = append(on, refs[std.path])
		}
		slices.Sort(on)
		c.Dependencies = append(c.Dependencies, cycloneDepends{ref, on})
	}
	slices.SortFunc(c.Dependencies, func(a, b cycloneDepends) int { return strings.Compare(a.Ref, b.Ref) })
	return c, nil
}

func (r *release) component(m *module, where []string) (component, error) {
	kind, err := m.licence()
	if err != nil {
		return component{}, err
	}
	c := component{
		Type: "library", Name: m.path, Version: m.version, Licences: licences(kind),
		Package: "pkg:golang/" + m.path + "@" + m.version,
	}
	c.Ref = c.Package
	if sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.sum, "h1:")); err == nil && len(sum) == 32 {
		c.Hashes = []cycloneHash{{"SHA-256", hex.EncodeToString(sum)}}
	}
	if len(where) > 0 && len(where) < len(r.systems) {
		c.Properties = []cycloneProperty{{"rolecall:systems", strings.Join(where, " ")}}
	}
	return c, nil
}

func licences(kind string) []cycloneLicence {
	if strings.Contains(kind, " ") {
		return []cycloneLicence{{Expression: kind}}
	}
	return []cycloneLicence{{Licence: &cycloneID{kind}}}
}
