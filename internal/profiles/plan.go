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
	options             Options
	rows                []inventory.Row
	names               []string // of rows
	sections            []managed
	edit                *awsconfig.Edit
	plan                Plan
}

// Make plans what brings the profiles of the inventory's session in the config file in
// step with the inventory. The credentials file is only looked at: its profiles have
// names, too. An error leaves nothing to write.
func Make(config, credentials *awsconfig.Document, all *inventory.Inventory, o Options) (*Plan, error) {
	o.Form, o.Template = cmp.Or(o.Form, SSOSession), cmp.Or(o.Template, DefaultTemplate)
	p := &planner{config: config, credentials: credentials, session: all.Session.Name, options: o}
	if err := o.check(p.session); err != nil {
		return nil, err
	}
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
	}
	p.sections, p.edit = read(config, p.session), config.Edit()
	there := p.match()
	var err error
	if p.names, err = names(o.Template, p.session, p.rows, p.taken(there)); err != nil {
		return nil, err
	}
	p.apply(there)
	p.prune(there)
	return p.finish()
}

func (p *planner) anchor(row int) Anchor {
	return Anchor{p.session, p.rows[row].ID, p.rows[row].Role}
}

// check refuses an account or role whose name is not of AWS's making.
func (a Anchor) check() error {
	listed := awsconfig.Profile{Session: identitycenter.SSOSession{StartURL: a.Session}, AccountID: a.AccountID, RoleName: a.Role}
	if err := listed.RequireRole(); err != nil {
		return fmt.Errorf("the portal's listing: %w", err)
	}
	return nil
}

// match finds the row of each section; -1 is one that stays as it is, -2 one to be
// removed.
func (p *planner) match() []int {
	rows := make(map[Anchor]int, len(p.rows))
	for i := range p.rows {
		rows[p.anchor(i)] = i
	}
	found := map[Anchor]bool{}
	there := make([]int, len(p.sections))
	for i, m := range p.sections {
		row, wanted := rows[m.Anchor]
		there[i] = row
		switch {
		case m.damaged && wanted:
			p.keep(m, "a line below one of rolecall's continues its value")
		case found[m.Anchor]:
			p.keep(m, "there is another profile for the same role")
		case wanted:
			found[m.Anchor] = true
			continue
		case p.options.NoPrune:
			p.keep(m, "its role has vanished")
		case m.foreign:
			p.keep(m, "its role has vanished, but it has lines that rolecall did not write")
		default:
			there[i] = remove
			continue
		}
		there[i] = keep
	}
	return there
}

const keep, remove = -1, -2

func (p *planner) keep(m managed, reason string) {
	p.plan.Changes = append(p.plan.Changes, Change{Kind: Kept, Name: m.name, Anchor: m.Anchor, Reason: reason})
}

// taken are the names of all profiles that are not ours to rename, in lower case.
func (p *planner) taken(there []int) map[string]bool {
	ours := map[int]bool{} // by where the header is
	for i, m := range p.sections {
		if there[i] != keep {
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

// apply updates the sections that are there, and adds the others.
func (p *planner) apply(there []int) {
	section := map[Anchor]int{}
	for i, m := range p.sections {
		if there[i] != remove {
			if _, twice := section[m.Anchor]; !twice || there[i] != keep {
				section[m.Anchor] = i
			}
		}
	}
	at := p.end()
	for row, name := range p.names {
		a := p.anchor(row)
		i, exists := section[a]
		switch {
		case !exists:
			lines := []string{a.marker(), "[profile " + name + "]"}
			for _, k := range p.options.keys(a) {
				lines = append(lines, k.key+" = "+k.value)
			}
			p.edit.AddSection(at, lines...)
			p.plan.Changes = append(p.plan.Changes, Change{Kind: Added, Name: name, Anchor: a})
		case there[i] == row:
			p.update(p.sections[i], name)
		}
	}
}

func (p *planner) update(m managed, name string) {
	c := Change{Kind: Changed, Name: name, Anchor: m.Anchor}
	c.Keys = m.update(p.edit, p.options.keys(m.Anchor))
	if m.name != name {
		c.Kind, c.From = Renamed, m.name
		p.edit.Rename(m.Section, "profile "+name)
	} else if len(c.Keys) == 0 {
		p.plan.Unchanged++
		return
	}
	p.plan.Changes = append(p.plan.Changes, c)
}

// end is where new sections go: behind the last one of the session, so that they stand
// together, else at the end of the file. An indented header could belong to our last
// line, if we came before it.
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

func (p *planner) prune(there []int) {
	for i, m := range p.sections {
		if there[i] == remove {
			m.remove(p.edit)
			p.plan.Changes = append(p.plan.Changes, Change{Kind: Removed, Name: m.name, Anchor: m.Anchor})
		}
	}
}

// finish makes the new bytes, and reads them as other tools will: every profile must
// be what it is meant to be, and all else must say what it said.
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
		return nil, errors.New("the profiles cannot be written without changing what other sections say: put the indented lines around them in order")
	}
	config := awsconfig.Of(after, p.credentials).Indexed()
	for _, c := range p.plan.Changes {
		if c.Kind == Removed || c.Kind == Kept {
			continue
		}
		if err := p.resolves(config, c); err != nil {
			return nil, fmt.Errorf("profile %s would not be role %s in account %s: %w", c.Name, c.Role, c.AccountID, err)
		}
	}
	p.plan.Data = data
	return &p.plan, nil
}

// resolves reports whether the profile is read as it is meant.
func (p *planner) resolves(config *awsconfig.Config, c Change) error {
	got, err := config.Profile(c.Name)
	if err != nil {
		return err
	}
	process := ""
	if p.options.Form == CredentialProcess {
		process = p.options.keys(c.Anchor)[0].value
	}
	is := Anchor{got.Session.Name, got.AccountID, got.RoleName}
	if is != c.Anchor || got.CredentialProcess != process || got.Chain != nil {
		return errors.New("another section or line says otherwise")
	}
	return nil
}
