package faults

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"rolecall/internal/idc/pattern"
	"rolecall/internal/near"
)

// A play is a fault with the value, routes and counts of a spec.
type play struct {
	behaviour
	player       *Player
	spec         string
	routes       []string
	account      string // empty: any
	count, every int64
	seen, played atomic.Int64
}

// suffixes are what may follow a name and value: @ROUTE/ACCOUNT#COUNT~EVERY.
var suffixes = pattern.New(`^(.*?)(?:@([a-z+]+)(?:/(\d{12}))?)?(?:#(\d+))?(?:~(\d+))?$`)

// Check reports what is wrong with specs, without playing them.
func Check(specs []string) error {
	for _, spec := range specs {
		if _, err := parse(spec); err != nil {
			return err
		}
	}
	return nil
}

// parse reads NAME[=VALUE][@ROUTE[/ACCOUNT]][#COUNT][~EVERY].
func parse(spec string) (*play, error) {
	m := suffixes().FindStringSubmatch(spec)
	if m == nil { // a line break: values that hold one are written as JSON
		return nil, fmt.Errorf("fault %q: expected NAME[=VALUE][@ROUTE[/ACCOUNT]][#COUNT][~EVERY]", spec)
	}
	name, value, valued := strings.Cut(m[1], "=")
	f, known := find(name)
	if !known {
		return nil, fmt.Errorf("unknown fault %q%s", name, meant(name, names()))
	}
	p := &play{spec: spec, account: m[3]}
	var err error
	if p.routes, err = f.routes(m[2]); err != nil {
		return nil, err
	}
	if p.account != "" && slices.ContainsFunc(p.routes, func(route string) bool {
		return !slices.Contains(accountRoutes(), route)
	}) {
		return nil, fmt.Errorf("fault %q: only requests to %s name an account", spec, strings.Join(accountRoutes(), "+"))
	}
	if p.count, err = requests(m[4]); err == nil {
		p.every, err = requests(m[5])
	}
	if err != nil {
		return nil, fmt.Errorf("fault %q: %w", spec, err)
	}
	if value, err = f.value(value, valued); err != nil {
		return nil, err
	}
	p.behaviour, err = f.start(value)
	if err != nil {
		err = fmt.Errorf("fault %s: %w; it takes %s", name, err, f.Value)
	}
	return p, err
}

// requests reads a number of requests; 0 means that none is given.
func requests(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%s is not a number of requests", text)
	}
	return n, nil
}

// value reads the text after "=": verbatim, or as a JSON string.
func (f Fault) value(text string, given bool) (string, error) {
	switch {
	case !given:
		return "", nil
	case f.Value == "":
		return "", fmt.Errorf("fault %s takes no value", f.Name)
	case text == "":
		return "", fmt.Errorf("fault %s: the value after = is missing; it takes %s", f.Name, f.Value)
	case !strings.HasPrefix(text, `"`) || len(text) == 1:
		return text, nil
	}
	var value string
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return "", fmt.Errorf("fault %s: a value that begins with a quotation mark is a JSON string: %w", f.Name, err)
	}
	return value, nil
}

// routes returns the single routes in text, or the fault's own. Of a group it keeps those that the fault can be played
// on.
func (f Fault) routes(text string) ([]string, error) {
	if text == "" {
		text = f.Routes
	}
	routes, err := expand(text)
	if err != nil || f.able == "" {
		return routes, err
	}
	able, err := expand(f.able)
	routes = slices.DeleteFunc(routes, func(route string) bool { return !slices.Contains(able, route) })
	if err == nil && len(routes) == 0 {
		err = fmt.Errorf("fault %s cannot be played on %s: it is for %s", f.Name, text, f.able)
	}
	return routes, err
}

func names() []string {
	var names []string
	for _, f := range List() {
		names = append(names, f.Name)
	}
	return names
}

// meant suggests names that look like name.
func meant(name string, all []string) string {
	if close := near.All(name, all); len(close) > 0 {
		return "; did you mean " + strings.Join(close, ", ") + "?"
	}
	return ""
}

// due counts a request, and reports whether the fault is played on it.
func (p *play) due() bool {
	if n := p.seen.Add(1); p.every > 0 && n%p.every != 0 {
		return false
	}
	return p.count == 0 || p.played.Add(1) <= p.count
}
