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
		Changes   []shownChange `json:"changes"`
		Unchanged int           `json:"unchanged"`
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
	shown := shownPlan{[]shownChange{}, p.Unchanged}
	for _, c := range p.Changes {
		shown.Changes = append(shown.Changes, shownChange{c.Kind, c.Name, c.From, c.Keys, c.Reason, c.Session, c.AccountID, c.Role})
	}
	return shown
}

// planText is a plan for a person.
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
			sign = "-"
		case profiles.Kept:
			sign, text = "!", "stays: "+c.Reason
		}
		fmt.Fprintf(&b, "%s %-*s  %s\n", sign, width, a.show(c.Name), a.show(text))
	}
	return b.String() + counts(p) + "\n"
}

// counts sums a plan up.
func counts(p *profiles.Plan) string {
	var all []string
	for _, k := range []profiles.Kind{profiles.Added, profiles.Renamed, profiles.Changed, profiles.Removed, profiles.Kept} {
		if n := p.Count(k); n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, k))
		}
	}
	return strings.Join(append(all, fmt.Sprintf("%d unchanged", p.Unchanged)), ", ")
}

// diffText is a unified diff of the config file. Lines around a change may be a
// person's own, so that secrets are left out of them, and what a terminal would obey.
func (a *App) diffText(before filesystem.Shared, after []byte) string {
	name := a.tidy(before.Path)
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimSuffix(string(diff.Diff(name, before.Data, name+" (planned)", after)), "\n"), "\n") {
		if i := strings.IndexAny(line, "=:"); i > 0 && isSecretKey(strings.Trim(strings.ToLower(line[:i]), "+- \t")) {
			line = line[:i+1] + " [secret]"
		}
		end := ""
		if strings.HasSuffix(line, "\r") {
			end = "\r"
		}
		parts := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
		for i := range parts {
			parts[i] = a.show(parts[i])
		}
		b.WriteString(strings.Join(parts, "\t") + end + "\n")
	}
	return b.String()
}

func isSecretKey(key string) bool {
	return key == "aws_secret_access_key" || key == "aws_session_token" || key == "aws_security_token"
}
