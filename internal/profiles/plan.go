package profiles

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
)

// A planner makes one plan.
type planner struct {
	config, credentials *awsconfig.Document
	session             string
	sessionRegion       string
	options             Options
	rows                []inventory.Row
	names               []string        // of rows
	listed              map[Anchor]bool // all roles, including those that the filter excludes
	blocked             map[Anchor]string
	sections            []managed
	section             map[Anchor]int // the one of a role
	edit                *awsconfig.Edit
	plan                Plan
}

// Make plans how to bring the profiles of the inventory's session in the config file in step with the inventory. The
// credentials file is only read: its profiles have names, too.
func Make(config, credentials *awsconfig.Document, all *inventory.Inventory, o Options) (*Plan, error) {
	o.Form, o.Template = cmp.Or(o.Form, SSOSession), cmp.Or(o.Template, DefaultTemplate)
	p := &planner{config: config, credentials: credentials, session: all.Session.Name, options: o}
	plan, err := p.make(all)
	var odd *oddError
	if errors.As(err, &odd) { // all but those sections
		p = &planner{config: config, credentials: credentials, session: all.Session.Name, options: o, blocked: odd.sections}
		plan, err = p.make(all)
	}
	return plan, err
}

// An oddError lists sections that cannot be brought in step since a person has changed them, each with the reason.
type oddError struct{ sections map[Anchor]string }

func (e *oddError) Error() string {
	for a, reason := range e.sections {
		return fmt.Sprintf("the profile of role %s in account %s cannot be updated: %s", a.Role, a.AccountID, reason)
	}
	return ""
}

func (p *planner) make(all *inventory.Inventory) (*Plan, error) {
	o := p.options
	if err := o.check(all.Session); err != nil {
		return nil, err
	}
	p.sessionRegion = all.Session.Region
	if all.RoleCount() == 0 {
		return nil, ErrNoRoles
	}
	if p.rows = all.Select(o.Filter); len(p.rows) == 0 {
		return nil, ErrNoMatch
	}
	for i := range p.rows {
		if err := p.anchor(i).check(); err != nil {
			return nil, err
		}
		if err := checkRegion(accountRegion+p.rows[i].ID, p.rows[i].Region, all.Session); err != nil {
			return nil, err
		}
	}
	p.listed = make(map[Anchor]bool, all.RoleCount())
	for _, r := range all.Rows() {
		p.listed[Anchor{p.session, r.ID, r.Role}] = true
	}
	p.sections, p.edit = read(p.config, p.session), p.config.Edit()
	p.match()
	var err error
	if p.names, err = names(o.Template, p.session, p.rows, p.taken()); err != nil {
		return nil, err
	}
	p.apply()
	p.prune()
	return p.finish()
}

// accountRegion begins the Option of an OptionError about the region of an account.
const accountRegion = "region of account "

// region returns the region for a row.
func (p *planner) region(row int) pair {
	if firm := cmp.Or(p.options.Region, p.rows[row].Region, p.options.DefaultRegion); firm != "" {
		return pair{key: "region", value: firm}
	}
	return pair{key: "region", value: cmp.Or(p.options.FallbackRegion, p.sessionRegion), weak: true}
}

func (p *planner) anchor(row int) Anchor {
	return Anchor{p.session, p.rows[row].ID, p.rows[row].Role}
}

// check rejects an account or role with a name that AWS would not allow.
func (a Anchor) check() error {
	session := identitycenter.SSOSession{StartURL: a.Session}
	listed := awsconfig.Profile{Session: session, AccountID: a.AccountID, RoleName: a.Role}
	if listed.RequireRole() == nil {
		return nil
	}
	return &identitycenter.APIError{
		Operation: "ListAccountRoles", Kind: identitycenter.ErrBadAnswer,
		Description: fmt.Sprintf("role %q of account %q: such names do not exist", a.Role, a.AccountID),
	}
}

// A fate is what happens to a section.
type fate int

const (
	updated fate = iota // it is brought in step with its row
	stays
	goes
)

// match finds the row of each section, and decides its fate.
func (p *planner) match() {
	rows := make(map[Anchor]int, len(p.rows))
	for i := range p.rows {
		rows[p.anchor(i)] = i
	}
	p.section = make(map[Anchor]int, len(p.sections))
	for i := range p.sections {
		m := &p.sections[i]
		row, wanted := rows[m.Anchor]
		earlier, there := p.section[m.Anchor]
		m.row = row
		switch {
		case m.stranger:
			p.keep(m, "it does not match the marker comment above it; remove that comment")
			continue
		case p.blocked[m.Anchor] != "":
			p.keep(m, p.blocked[m.Anchor])
		case m.damaged && wanted:
			p.keep(m, "a line below one of rolecall's continues its value")
		case there && p.sections[earlier].fate == updated:
			p.keep(m, "another profile is for the same role")
		case wanted:
			m.fate = updated
		default:
			p.leave(m)
		}
		if !there && m.fate != goes || m.fate == updated {
			p.section[m.Anchor] = i
		}
	}
}

// leave decides about a section that has no row.
func (p *planner) leave(m *managed) {
	reason := "you no longer have its role"
	if p.listed[m.Anchor] {
		reason = "the filter excludes it"
	}
	switch {
	case p.listed[m.Anchor] && !p.options.PruneOthers:
		m.fate = stays
		p.plan.Outside++
	case p.options.NoPrune:
		p.keep(m, reason)
	case m.foreign:
		p.keep(m, reason+", but it has lines that rolecall did not write")
	default:
		m.fate = goes
		p.plan.Changes = append(p.plan.Changes, Change{Kind: Removed, Name: m.name, Anchor: m.Anchor, Reason: reason})
	}
}

// keep leaves a section as it is, and says why.
func (p *planner) keep(m *managed, reason string) {
	m.fate = stays
	p.plan.Changes = append(p.plan.Changes, Change{Kind: Kept, Name: m.name, Anchor: m.Anchor, Reason: reason})
}

// taken are the names of all profiles that are not ours to rename, in lower case.
func (p *planner) taken() map[string]bool {
	ours := map[int]bool{} // by where the header is
	for _, m := range p.sections {
		if m.fate != stays {
			ours[m.Head] = true
		}
	}
	taken := map[string]bool{"default": true}
	for _, s := range p.config.Sections() {
		if kind, name := s.Named(); kind == "profile" && !ours[s.Head] {
			taken[strings.ToLower(name)] = true
		}
	}
	for _, s := range p.credentials.Sections() {
		taken[strings.ToLower(s.Header)] = true
	}
	return taken
}

// apply updates existing sections, and adds the others.
func (p *planner) apply() {
	at := p.end()
	for row, name := range p.names {
		a := p.anchor(row)
		i, exists := p.section[a]
		switch {
		case !exists:
			lines := []string{a.marker(), "[profile " + name + "]"}
			for _, k := range p.options.keys(a, p.region(row)) {
				lines = append(lines, k.key+" = "+k.value)
			}
			p.edit.AddSection(at, lines...)
			p.plan.Changes = append(p.plan.Changes, Change{Kind: Added, Name: name, Anchor: a})
		case p.sections[i].fate == updated:
			p.update(p.sections[i], name)
		}
	}
}

func (p *planner) update(m managed, name string) {
	c := Change{Kind: Changed, Name: name, Anchor: m.Anchor}
	c.Keys = m.update(p.edit, p.options.keys(m.Anchor, p.region(m.row)))
	if m.name != name {
		c.Kind, c.From = Renamed, m.name
		p.edit.Rename(m.Section, "profile "+name)
	} else if len(c.Keys) == 0 {
		p.plan.Unchanged++
		return
	}
	p.plan.Changes = append(p.plan.Changes, c)
}

// end returns where new sections go: after the last one of the session, to keep them together, else at the end of the
// file. They never go before an indented header, which could belong to our last line.
func (p *planner) end() int {
	data := p.config.Bytes()
	if len(p.sections) == 0 {
		return len(data)
	}
	last := p.sections[len(p.sections)-1]
	if last.damaged || last.indent != "" || last.End < len(data) && data[last.End] != '[' {
		return len(data)
	}
	return last.end
}

func (p *planner) prune() {
	for _, m := range p.sections {
		if m.fate == goes {
			m.remove(p.edit)
		}
	}
}

// finish makes the new bytes, and reads them as other tools will: every profile must be what was planned, and
// everything else must be unchanged.
func (p *planner) finish() (*Plan, error) {
	data, err := p.edit.Bytes()
	if err != nil {
		return nil, err
	}
	if bytes.Equal(data, p.config.Bytes()) {
		return &p.plan, nil
	}
	after, err := awsconfig.Parse("the new config file", data)
	if err != nil {
		return nil, err
	}
	ours := func(d *awsconfig.Document, s awsconfig.Section) bool {
		a, _, ok := anchorOf(d, s)
		return ok && a.Session == p.session
	}
	if !p.config.SameBut(after, ours) {
		return nil, errors.New("the profiles cannot be written without changing other sections: " +
			"correct the indented lines around them")
	}
	config := awsconfig.Of(after, p.credentials).Indexed()
	odd := map[Anchor]string{}
	for _, c := range p.plan.Changes {
		if c.Kind == Removed || c.Kind == Kept {
			continue
		}
		if err := p.resolves(config, c); err != nil && c.Kind == Added {
			return nil, fmt.Errorf("profile %s would not be role %s in account %s: %w", c.Name, c.Role, c.AccountID, err)
		} else if err != nil {
			odd[c.Anchor] = err.Error()
		}
	}
	if len(odd) > 0 {
		return nil, &oddError{odd}
	}
	p.affected(after, config)
	p.plan.Data = data
	return &p.plan, nil
}

// resolves returns an error unless a profile is read as planned.
func (p *planner) resolves(config *awsconfig.Config, c Change) error {
	got, err := config.Profile(c.Name)
	var wrong *awsconfig.Error
	if errors.As(err, &wrong) { // without the place, in a file that is not written yet
		wrong.Origin, wrong.Profile = awsconfig.Origin{}, ""
	}
	if err != nil {
		return err
	}
	process := ""
	if p.options.Form == CredentialProcess {
		process = p.options.keys(c.Anchor, pair{})[0].value
	}
	is := Anchor{got.Session.Name, got.AccountID, got.RoleName}
	if is != c.Anchor || got.CredentialProcess != process || got.Chain != nil {
		return errors.New("another line or section overrides it")
	}
	return nil
}
