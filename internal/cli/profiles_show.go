package cli

import (
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"rolecall/internal/filesystem"
	"rolecall/internal/profiles"
)

// The JSON of profiles plan.
type (
	shownPlan struct {
		Changes   []shownChange    `json:"changes"`
		Unchanged int              `json:"unchanged"`
		Outside   int              `json:"outsideTheFilter,omitempty"`
		Dangling  []shownReference `json:"dangling,omitempty"`
		Turned    []shownTurn      `json:"turned,omitempty"`
	}
	shownTurn struct {
		shownReference
		Was shownAnchor `json:"was"`
		Is  shownAnchor `json:"willBe"`
	}
	shownAnchor struct {
		Session   string `json:"session"`
		AccountID string `json:"accountId"`
		Role      string `json:"roleName"`
	}
	shownReference struct {
		Profile string `json:"profile"`
		Source  string `json:"sourceProfile"` // whatever names it
		Key     string `json:"key"`
		Through string `json:"through,omitempty"`
	}
	shownChange struct {
		Kind      profiles.Kind `json:"kind"`
		Name      string        `json:"name"`
		From      string        `json:"from,omitempty"`
		Keys      []string      `json:"keys,omitempty"`
		Reason    string        `json:"reason,omitempty"`
		Session   string        `json:"session"`
		AccountID string        `json:"accountId"`
		Role      string        `json:"roleName"`
	}
)

func shownPlanOf(p *profiles.Plan) shownPlan {
	shown := shownPlan{Changes: []shownChange{}, Unchanged: p.Unchanged, Outside: p.Outside}
	for _, r := range p.Dangling {
		shown.Dangling = append(shown.Dangling, shownReference(r))
	}
	for _, t := range p.Turned {
		shown.Turned = append(shown.Turned, shownTurn{shownReference(t.Reference), shownAnchor(t.Was), shownAnchor(t.Is)})
	}
	for _, c := range p.Changes {
		shown.Changes = append(shown.Changes, shownChange{
			c.Kind, c.Name, c.From, c.Keys, c.Reason, c.Session, c.AccountID, c.Role,
		})
	}
	return shown
}

// planText formats a plan for a person.
func (a *App) planText(p *profiles.Plan) string {
	width := 0
	for _, c := range p.Changes {
		width = max(width, min(len(c.Name), 60))
	}
	var b strings.Builder
	for _, c := range p.Changes {
		sign, text := "+", c.AccountID+" "+c.Role
		switch c.Kind {
		case profiles.Renamed:
			sign, text = "~", "renamed from "+c.From
			if len(c.Keys) > 0 {
				text += ", changed: " + strings.Join(c.Keys, ", ")
			}
		case profiles.Changed:
			sign, text = "~", "changed: "+strings.Join(c.Keys, ", ")
		case profiles.Removed:
			sign, text = "-", text+": "+c.Reason
		case profiles.Kept:
			sign, text = "!", "stays: "+c.Reason
		}
		fmt.Fprintf(&b, "%s %-*s  %s\n", sign, width, a.Show(c.Name), a.Show(text))
	}
	for _, r := range p.Dangling {
		fmt.Fprintf(&b, "! %-*s  %s\n", width, a.Show(r.Profile), a.Show(danglingText(r, false)))
	}
	for _, t := range p.Turned {
		fmt.Fprintf(&b, "! %-*s  %s\n", width, a.Show(t.Profile), a.Show(turnText(t, false)))
	}
	return b.String() + counts(p) + "\n"
}

// counts summarizes a plan.
func counts(p *profiles.Plan) string {
	var all []string
	for _, k := range []profiles.Kind{
		profiles.Added, profiles.Renamed, profiles.Changed, profiles.Removed, profiles.Kept,
	} {
		if n := p.Count(k); n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, k))
		}
	}
	all = append(all, fmt.Sprintf("%d unchanged", p.Unchanged))
	if p.Outside > 0 {
		all = append(all, fmt.Sprintf("%d outside the filter", p.Outside))
	}
	return strings.Join(all, ", ")
}

// diffText returns a unified diff of the config file. Changed lines are rolecall's own; the
// lines around them may be the person's, with secrets, and are left out.
func (a *App) diffText(before filesystem.Shared, after []byte) string {
	name := a.Tidy(before.Path)
	var b strings.Builder
	text := string(diff.Diff(name, before.Data, name+" (planned)", after))
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if text, context := strings.CutPrefix(line, " "); context && !profiles.Generated(text) {
			line = " …"
		}
		end := ""
		if strings.HasSuffix(line, "\r") {
			end = "\r"
		}
		parts := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
		for i := range parts {
			parts[i] = a.Show(parts[i])
		}
		b.WriteString(strings.Join(parts, "\t") + end + "\n")
	}
	return b.String()
}
