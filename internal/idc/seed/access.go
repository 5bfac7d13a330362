package seed

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"rolecall/internal/idc/directory"
)

// account returns a reader of accounts that reports duplicate ids.
func (w *walker) account() func(*yaml.Node, string) account {
	ids := map[string]int{}
	return func(n *yaml.Node, path string) account {
		var a account
		if w.mapping(n, path, map[string]field{
			"id":    w.text(&a.ID, isAccountID),
			"name":  w.text(&a.Name, between(1, maxText)),
			"email": w.text(&a.Email, isEmail),
			"ou":    w.text(&a.OU, isOU),
		}, "id", "name") {
			w.once(ids, a.ID, a.ID, n.Line, path+".id")
		}
		return a
	}
}

// permissionSet returns a reader of permission sets that reports duplicate names.
func (w *walker) permissionSet() func(*yaml.Node, string) permissionSet {
	names := map[string]int{}
	return func(n *yaml.Node, path string) permissionSet {
		p := permissionSet{directory.PermissionSet{Duration: leastRole}}
		if w.mapping(n, path, map[string]field{
			"name":              w.text(&p.Name, isSetName),
			"description":       w.text(&p.Description, between(0, maxText)),
			"session_duration":  w.duration(&p.Duration, leastRole, mostRole),
			"relay_state":       w.text(&p.RelayState, between(0, maxText)),
			"managed_policies":  w.texts(&p.ManagedPolicies, isPolicyARN),
			"customer_policies": w.customerPolicies(&p.CustomerPolicies),
			"inline_policy":     w.inlinePolicy(&p.InlinePolicy),
			"boundary":          w.boundary(&p.Boundary),
			"tags":              w.tags(&p.Tags),
		}, "name") {
			w.once(names, p.Name, p.Name, n.Line, path+".name")
		}
		slices.Sort(p.ManagedPolicies)
		slices.SortFunc(p.CustomerPolicies, comparePolicies)
		return p
	}
}

func isPolicyARN(text string) string {
	return matches(policyARNs, "the ARN of a managed policy")(text)
}

func comparePolicies(a, b directory.CustomerPolicy) int {
	return strings.Compare(a.Path+a.Name, b.Path+b.Name)
}

func (w *walker) customerPolicies(to *[]directory.CustomerPolicy) field {
	return func(n *yaml.Node, path string) {
		seen := map[string]int{}
		w.list(n, path, func(n *yaml.Node, path string) {
			p := w.customerPolicy(n, path)
			w.once(seen, p.Path+p.Name, p.Path+p.Name, n.Line, path)
			*to = append(*to, p)
		})
	}
}

func (w *walker) customerPolicy(n *yaml.Node, path string) directory.CustomerPolicy {
	p := directory.CustomerPolicy{Path: "/"}
	w.mapping(n, path, map[string]field{
		"name": w.text(&p.Name, matches(policyNames, "a policy's name: 1 to 128 letters, digits and _+=,.@-")),
		"path": w.text(&p.Path, matches(policyPaths, "a path like /team/")),
	}, "name")
	return p
}

func (w *walker) boundary(to **directory.Boundary) field {
	return func(n *yaml.Node, path string) {
		var b directory.Boundary
		known := w.mapping(n, path, map[string]field{
			"managed_policy": w.text(&b.ManagedPolicyARN, isPolicyARN),
			"customer_policy": func(n *yaml.Node, path string) {
				p := w.customerPolicy(n, path)
				b.CustomerPolicy = &p
			},
		})
		if known && (b.ManagedPolicyARN == "") == (b.CustomerPolicy == nil) {
			w.problem(n.Line, path, "needs one of managed_policy and customer_policy")
		}
		*to = &b
	}
}

// maxTags is AWS's quota.
const maxTags = 50

func (w *walker) tags(to *map[string]string) field {
	return func(n *yaml.Node, path string) {
		tags, fields := map[string]string{}, map[string]field{}
		for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
			key := w.resolve(n.Content[i])
			if wrong := isTag(1, 128)(key.Value); wrong != "" {
				w.problem(key.Line, path, "a tag's key: %s", wrong)
			}
			fields[key.Value] = func(n *yaml.Node, path string) {
				var value string
				w.text(&value, isTag(0, 256))(n, path)
				tags[key.Value] = value
			}
		}
		if len(n.Content)/2 > maxTags {
			w.problem(n.Line, path, "has more than %d tags", maxTags)
		}
		w.mapping(n, path, fields)
		*to = tags
	}
}

// inlinePolicy reads a JSON text, or a mapping that is converted to JSON.
func (w *walker) inlinePolicy(to *string) field {
	return func(n *yaml.Node, path string) {
		if n.Kind == yaml.MappingNode {
			var b bytes.Buffer
			if err := w.json(&b, n, 0); err != nil {
				w.problem(n.Line, path, "%v", err)
				return
			}
			*to = b.String()
			if wrong := isPolicy(*to); wrong != "" {
				w.problem(n.Line, path, "%s", wrong)
			}
			return
		}
		w.text(to, isPolicy)(n, path)
	}
}

// maxDepth bounds the nesting of an inline policy.
const maxDepth = 32

// json writes a node as JSON, with its fields in order.
func (w *walker) json(b *bytes.Buffer, n *yaml.Node, depth int) error {
	switch {
	case depth > maxDepth:
		return errors.New("is nested too deep")
	case b.Len() > 4*maxInlinePolicy:
		return errors.New("is longer than " + strconv.Itoa(maxInlinePolicy) + " characters")
	case n.Kind == yaml.ScalarNode:
		return scalarJSON(b, n)
	}
	mapping := n.Kind == yaml.MappingNode
	b.WriteByte("[{"[index(mapping)])
	seen := map[string]bool{}
	for i, element := range n.Content {
		isKey := mapping && i%2 == 0
		switch {
		case isKey && (element.Kind != yaml.ScalarNode || seen[element.Value]):
			return errors.New("has a field name that is not a string, or appears twice")
		case isKey:
			seen[element.Value] = true
			writeComma(b, i)
			writeJSON(b, element.Value)
			b.WriteByte(':')
			continue
		case !mapping:
			writeComma(b, i)
		}
		if err := w.json(b, w.resolve(element), depth+1); err != nil {
			return err
		}
	}
	b.WriteByte("]}"[index(mapping)])
	return nil
}

func index(mapping bool) int {
	if mapping {
		return 1
	}
	return 0
}

func writeComma(b *bytes.Buffer, i int) {
	if i > 0 {
		b.WriteByte(',')
	}
}

// writeJSON writes a text as JSON, without escaping < and &.
func writeJSON(b *bytes.Buffer, text string) {
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a text, into memory
	b.Truncate(b.Len() - 1)  // its newline
}

// scalarJSON writes true, false, null and plain numbers as such, and anything else as a text: 2012-10-17 is not a date,
// and an account id keeps its zeros.
func scalarJSON(b *bytes.Buffer, n *yaml.Node) error {
	switch {
	case n.Tag == nullTag:
		b.WriteString("null")
	case n.Tag == "!!bool" || ((n.Tag == "!!int" || n.Tag == "!!float") && json.Valid([]byte(n.Value))):
		b.WriteString(strings.ToLower(n.Value))
	default:
		writeJSON(b, n.Value)
	}
	return nil
}

// role returns a reader of roles that reports duplicate ARNs.
func (w *walker) role() func(*yaml.Node, string) role {
	arns := map[string]int{}
	return func(n *yaml.Node, path string) role {
		r := role{directory.Role{MaxDuration: leastRole}}
		if w.mapping(n, path, map[string]field{
			"arn":                  w.text(&r.ARN, matches(roleARNs, "the ARN of a role")),
			"trust":                w.texts(&r.Trusted, matches(trustedARNs, "the ARN of a role, a user or an account's root")),
			"external_id":          w.text(&r.ExternalID, isExternalID),
			"max_session_duration": w.duration(&r.MaxDuration, leastRole, mostRole),
		}, "arn", "trust") {
			w.once(arns, r.ARN, r.ARN, n.Line, path+".arn")
		}
		return r
	}
}

// maxAssignments bounds the assignments that an entry, and a file, expands to.
const maxAssignments = 1_000_000

func (w *walker) assignment(n *yaml.Node, path string) assignment {
	a := assignment{line: n.Line}
	known := w.mapping(n, path, map[string]field{
		"users":           w.refs(&a.users, isUserName),
		"groups":          w.refs(&a.groups, between(1, 1024)),
		"permission_sets": w.refs(&a.sets, isSetName),
		"accounts":        w.refs(&a.accounts, isAccountRef),
	}, "permission_sets", "accounts")
	if known && a.users == nil && a.groups == nil {
		w.problem(n.Line, path, "users or groups are missing")
	}
	return a
}
