// Package policy holds what people may do with rolecall on a machine: what its administrator has set, narrowed further
// by the person. It makes the decisions, and keeps to itself how several sources are combined. It enforces nothing: who
// does something asks first.
package policy

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// A Document is rules: the content of policy.toml, or of [policy] in a person's config.toml, which can only narrow what
// the machine's policy allows. A rule that is missing forbids nothing. The manual shows the comments of its fields to
// people who write the file.
type Document struct {
	// DeviceCode is false to forbid sign-ins with a device code.
	DeviceCode *bool `toml:"device_code"`
	// Paste is false to forbid pasting the address that the browser ends on.
	Paste *bool `toml:"paste"`
	// Browser is false to print addresses instead of opening a browser.
	Browser *bool `toml:"browser"`
	// Write is false to forbid writing keys to ~/.aws/credentials.
	Write *bool `toml:"write"`
	// BeyondLocal is false to let "rolecall serve" answer this machine only.
	BeyondLocal *bool `toml:"serve_beyond_loopback"`
	// StartURLs are the start URLs that people may sign in at, with * and ? in host names.
	StartURLs []string `toml:"allowed_start_urls"`
	// Endpoints are where sign-ins may be sent: "aws" for AWS's own, or https://HOST with * and ?.
	Endpoints []string `toml:"allowed_endpoints"`
	// Sessions are the names of sso-sessions that may be used, with * and ?.
	Sessions []string `toml:"allowed_sessions"`
	// Guarded are accounts, by id or a pattern of names, or ACCOUNT/ROLE. Their keys are handed out only after you
	// type the account's name, alias or id.
	Guarded []string `toml:"guarded"`
	// LongestCached is how long cached keys are used at most, such as "15m".
	LongestCached string `toml:"longest_cached_keys"`
	// Audit is "required" to hand out no keys without a record in the audit log.
	Audit string `toml:"audit"`
	// Storage is the weakest storage of sign-ins allowed: "split" or "private".
	Storage string `toml:"storage"`
}

// The permissions that a policy can take away.
const (
	DeviceCode  = "device_code"
	Paste       = "paste"
	Browser     = "browser"
	Write       = "write"
	BeyondLocal = "serve_beyond_loopback"
)

// permissions are in the order in which they are shown.
func (d Document) permissions() []permission {
	return []permission{
		{DeviceCode, d.DeviceCode, "sign-ins with a device code"},
		{Paste, d.Paste, "pasting the address where a browser ends up"},
		{Browser, d.Browser, "opening a browser"},
		{Write, d.Write, "keys in ~/.aws/credentials"},
		{BeyondLocal, d.BeyondLocal, "serve at addresses beyond loopback"},
	}
}

type permission struct {
	key     string
	allowed *bool
	refuses string
}

// lists are in the order in which they are shown.
func (d Document) lists() []list {
	return []list{
		{"allowed_start_urls", d.StartURLs, "every other start URL", matchesURL},
		{"allowed_endpoints", d.Endpoints, "every other endpoint of a sign-in", matchesEndpoint},
		{"allowed_sessions", d.Sessions, "sessions of every other name", matchesName},
	}
}

type list struct {
	key     string
	allowed []string // nil: everything
	refuses string
	matches func(pattern, text string) bool
}

// A Rule is one line in force.
type Rule struct {
	Key     string `json:"key"`
	Value   string `json:"value"`
	File    string `json:"file"`
	Line    int    `json:"line"` // 0: not known
	Refuses string `json:"refuses"`
}

// Text is the rule as it may be written.
func (r Rule) Text() string { return r.Key + " = " + r.Value }

// A Refusal is an error: what was wished for, and the rule that forbids it.
type Refusal struct {
	What string
	Rule Rule
}

// Error names what is refused, and the rule.
func (r *Refusal) Error() string {
	where := Error{r.Rule.File, r.Rule.Line, r.Rule.Text()}
	return fmt.Sprintf("%s: refused by policy (%s)", r.What, where.Error())
}

// An Error says why a policy cannot be used.
type Error struct {
	File    string
	Line    int // 0: the file as a whole
	Problem string
}

// Error names file, line and problem.
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem)
	}
	return fmt.Sprintf("%s: %s", e.File, e.Problem)
}

// A Source is one document, and where it stands.
type Source struct {
	File string
	Document
	lines  map[string]int
	cached time.Duration // 0: as long as they are good
}

// Parse reads a policy.toml. An unknown key is an *Error: people would rely on a rule that nobody
// enforces.
func Parse(file string, text []byte) (Source, error) {
	var d Document
	if err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&d); err != nil {
		return Source{}, decodeError(file, err)
	}
	return Of(file, d, text, "")
}

// Of makes a source of a document that was read as a part of file: the table with that name, or "" for the whole file.
func Of(file string, d Document, text []byte, table string) (Source, error) {
	s := Source{File: file, Document: d, lines: lines(text, table)}
	for _, l := range append(d.lists(), list{key: "guarded", allowed: d.Guarded}) {
		if l.allowed != nil && len(l.allowed) == 0 {
			return s, s.wrong(l.key, "the list is empty; leave it out to allow everything")
		}
		for _, pattern := range l.allowed {
			if err := checkPattern(l.key, pattern); err != nil {
				return s, s.wrong(l.key, err.Error())
			}
		}
	}
	if d.Audit != "" && d.Audit != required {
		return s, s.wrong("audit", fmt.Sprintf("%q is not %q", d.Audit, required))
	}
	if d.Storage != "" && !IsStorage(d.Storage) {
		return s, s.wrong("storage", fmt.Sprintf("%q is not one of %s", d.Storage, quoted(Storages())))
	}
	if d.LongestCached == "" {
		return s, nil
	}
	life, err := time.ParseDuration(d.LongestCached)
	if err != nil || life < time.Minute {
		problem := fmt.Sprintf("%q is not a time of at least 1m, such as 15m or 1h", d.LongestCached)
		return s, s.wrong("longest_cached_keys", problem)
	}
	s.cached = life
	return s, nil
}

func (s Source) wrong(key, problem string) error {
	return &Error{File: s.File, Line: s.lines[key], Problem: key + ": " + problem}
}

// A Policy is what all sources say together. The zero value allows everything.
type Policy struct{ sources []Source }

// Combine makes a policy of sources, the administrator's first. Each narrows the others: what one forbids is forbidden,
// what lists allow is what is in all of them, guards add up, and the shortest time counts. Lists without a common entry
// are an *Error.
func Combine(sources ...Source) (Policy, error) {
	p := Policy{sources}
	for i, s := range sources {
		for _, other := range sources[:i] {
			for n, l := range s.lists() {
				o := other.lists()[n]
				if l.allowed != nil && o.allowed != nil && !l.meets(o) {
					return p, s.wrong(l.key, fmt.Sprintf("has no entry in common with %s:%d", other.File, other.lines[l.key]))
				}
			}
		}
	}
	return p, nil
}

// IsEmpty reports whether there are no rules.
func (p Policy) IsEmpty() bool { return len(p.Rules()) == 0 }

// With returns the policy narrowed by one more source; the zero source says nothing.
func (p Policy) With(s Source) (Policy, error) {
	if s.File == "" {
		return p, nil
	}
	return Combine(append(slices.Clip(p.sources), s)...)
}

// meets reports whether an entry of l may allow something that o allows, too: a pattern may.
func (l list) meets(o list) bool {
	for _, a := range l.allowed {
		for _, b := range o.allowed {
			if strings.ContainsAny(a, `*?[\`) && strings.ContainsAny(b, `*?[\`) || l.matches(a, b) || l.matches(b, a) {
				return true
			}
		}
	}
	return false
}

// Allow returns a *Refusal if a permission was taken away. what is what was wished for, for the message.
func (p Policy) Allow(key, what string) error {
	for _, s := range p.sources {
		for _, permission := range s.permissions() {
			if permission.key == key && permission.allowed != nil && !*permission.allowed {
				return &Refusal{what, Rule{key, "false", s.File, s.lines[key], permission.refuses}}
			}
		}
	}
	return nil
}

// AllowStartURL returns a *Refusal for a start URL that is not in all lists.
func (p Policy) AllowStartURL(startURL string) error {
	return p.allowListed(0, startURL, fmt.Sprintf("the start URL %s", startURL))
}

// AllowEndpoint returns a *Refusal for an endpoint that is not in all lists. own says that it is AWS's own.
func (p Policy) AllowEndpoint(endpoint string, own bool) error {
	what := fmt.Sprintf("the endpoint %s", endpoint)
	if own {
		endpoint = awsOwn
	}
	return p.allowListed(1, endpoint, what)
}

// AllowSession returns a *Refusal for the name of an sso-session that is not in all lists; a session without a name is
// in none.
func (p Policy) AllowSession(name string) error {
	what := fmt.Sprintf("the session %q", name)
	if name == "" {
		what = "a profile without an sso-session"
	}
	return p.allowListed(2, name, what)
}

func (p Policy) allowListed(n int, text, what string) error {
	for _, s := range p.sources {
		l := s.lists()[n]
		if l.allowed == nil || slices.ContainsFunc(l.allowed, func(pattern string) bool { return l.matches(pattern, text) }) {
			continue
		}
		return &Refusal{what, Rule{l.key, quoted(l.allowed), s.File, s.lines[l.key], l.refuses}}
	}
	return nil
}

// Guards returns what is guarded whatever the person's own settings say, with the rule of each.
func (p Policy) Guards() []Guard {
	var all []Guard
	for _, s := range p.sources {
		for _, pattern := range s.Document.Guarded {
			all = append(all, Guard{pattern, s.File, s.lines["guarded"]})
		}
	}
	return all
}

// A Guard is an entry of guarded, with its place.
type Guard struct {
	// Pattern is an account's id or a pattern of names, or ACCOUNT/ROLE with a pattern of roles.
	Pattern string
	File    string
	Line    int // 0: not known
}

// LongestCached returns how long cached keys may be used after they were retrieved; 0 without a limit.
func (p Policy) LongestCached() time.Duration {
	var least time.Duration
	for _, s := range p.sources {
		if s.cached > 0 && (least == 0 || s.cached < least) {
			least = s.cached
		}
	}
	return least
}

// required is the one thing that a policy says of the audit.
const required = "required"

// AuditRequired reports whether keys may leave only with a record in the audit log.
func (p Policy) AuditRequired() bool {
	return slices.ContainsFunc(p.sources, func(s Source) bool { return s.Audit == required })
}

// Rules returns each rule in force.
func (p Policy) Rules() []Rule {
	rules := []Rule{}
	for _, s := range p.sources {
		add := func(key, value, refuses string) {
			rules = append(rules, Rule{key, value, s.File, s.lines[key], refuses})
		}
		for _, permission := range s.permissions() {
			if permission.allowed != nil && !*permission.allowed {
				add(permission.key, "false", permission.refuses)
			}
		}
		for _, l := range s.lists() {
			if l.allowed != nil {
				add(l.key, quoted(l.allowed), l.refuses)
			}
		}
		if s.Document.Guarded != nil {
			add("guarded", quoted(s.Document.Guarded), "keys of these accounts without the account's name")
		}
		if s.cached > 0 {
			add("longest_cached_keys", fmt.Sprintf("%q", s.LongestCached), "cached keys that are older")
		}
		if s.Audit != "" {
			add("audit", fmt.Sprintf("%q", s.Audit), "keys without a record in the audit log")
		}
		if s.Document.Storage != "" {
			add("storage", fmt.Sprintf("%q", s.Document.Storage), weakerStorage)
		}
	}
	return rules
}

func quoted(texts []string) string {
	quotes := make([]string, len(texts))
	for i, text := range texts {
		quotes[i] = fmt.Sprintf("%q", text)
	}
	return "[" + strings.Join(quotes, ", ") + "]"
}

// decodeError names the line of what TOML does not allow, or no rule is called.
func decodeError(file string, err error) error {
	line, key, problem := Decoded(err)
	if key != "" {
		problem = fmt.Sprintf("%q is not a rule of this version", key)
	}
	return &Error{file, line, problem}
}

// Decoded reads an error of the TOML decoder: the line, 0 if it is not known, and the key that is unknown, else the
// problem.
func Decoded(err error) (line int, key, problem string) {
	var unknown *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case errors.As(err, &unknown) && len(unknown.Errors) > 0:
		line, _ = unknown.Errors[0].Position()
		return line, strings.Join(unknown.Errors[0].Key(), "."), ""
	case errors.As(err, &wrong):
		line, _ = wrong.Position()
		return line, "", strings.TrimPrefix(wrong.Error(), "toml: ")
	}
	return 0, "", err.Error()
}

// lines finds the line of each key of a table in a document that has been decoded; one that is written in a way that
// few people use has none.
func lines(text []byte, table string) map[string]int {
	found, inside := map[string]int{}, table == ""
	for n, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if name, isTable := strings.CutPrefix(line, "["); isTable {
			name, _, _ = strings.Cut(name, "]")
			inside = strings.TrimSpace(name) == table
			continue
		}
		key, _, isKey := strings.Cut(line, "=")
		if key = strings.ToLower(strings.Trim(strings.TrimSpace(key), `"'`)); inside && isKey && found[key] == 0 {
			found[key] = n + 1
		}
	}
	return found
}
