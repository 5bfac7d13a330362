package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rolecall/internal/filesystem"
	"rolecall/internal/profiles"
)

// errDisagreed stops a change that the person has to agree to.
var errDisagreed = errors.New("your own profiles change")

// write writes the plan. Profiles of the person's own change only when the person agrees, or has with --yes; asked is
// false if nobody has seen which.
func (j *profileJob) write(ctx context.Context) (plan *profiles.Plan, asked bool, b filesystem.Backup, err error) {
	var agreed []string
	for {
		var facts []string
		b, err = j.app.EditConfig(ctx, j.files.Config, func(before filesystem.Shared) (data []byte, err error) {
			if plan, err = j.plan(before); err != nil {
				return nil, err
			}
			facts = affectedFacts(plan, false)
			if !j.flags.yes && len(facts) > 0 && !slices.Equal(facts, agreed) {
				return nil, errDisagreed
			}
			return plan.Data, nil
		})
		if !errors.Is(err, errDisagreed) {
			return plan, agreed != nil, b, err
		}
		if err := j.agreeTo(ctx, plan, facts); err != nil {
			return nil, true, b, err
		}
		agreed = facts
	}
}

// agreeTo asks the person about profiles of their own that will mean another role, or none.
func (j *profileJob) agreeTo(ctx context.Context, plan *profiles.Plan, facts []string) error {
	see := j.command("plan")
	person := j.app.person(options{})
	if person == nil {
		return &HintError{
			Err: errors.New(affectedText(plan)), Code: ExitRefused, Facts: cutList(facts, maxFacts, see),
			Hint: "change them, or write the profiles anyway: " + j.command("apply") + " --yes",
		}
	}
	for _, line := range cutList(facts, maxTold, see) {
		person.Tell(line)
	}
	yes, err := person.Confirm(ctx, "write the profiles anyway?")
	if err == nil && !yes {
		err = &HintError{Err: errors.New("not confirmed; nothing was written"), Code: ExitRefused}
	}
	return err
}

// command returns the command that makes the same plan.
func (j *profileJob) command(name string) string {
	f, words := j.flags, []string{"rolecall profiles", name, Quoted(j.all.Session.Name)}
	add := func(flag string, values ...string) {
		for _, value := range values {
			if value != "" {
				words = append(words, "--"+flag+valueWord(value))
			}
		}
	}
	add("template", f.template)
	add("form", f.form)
	add("region", f.region)
	add("output", f.output)
	add("process-path", f.processPath)
	add("match", f.match...)
	add("role", f.roles...)
	add("tag", f.tags...)
	if f.noPrune {
		words = append(words, "--no-prune")
	}
	if f.pruneOthers {
		words = append(words, "--prune-others")
	}
	return strings.Join(words, " ")
}

// valueWord returns what follows the name of a flag to set it: one that begins with a dash could be another flag.
func valueWord(value string) string {
	if strings.HasPrefix(value, "-") {
		return "=" + Quoted(value)
	}
	return " " + Quoted(value)
}

// affectedText says what becomes of profiles of the person's own.
func affectedText(p *profiles.Plan) string {
	switch {
	case len(p.Dangling) == 0:
		return "your own profiles would lead to another role"
	case len(p.Turned) == 0:
		return "your own profiles would no longer work"
	}
	return "your own profiles would lead to another role, or no longer work"
}

// affectedFacts says of each profile of the person's own what becomes of it, or became when the plan is done.
func affectedFacts(p *profiles.Plan, done bool) []string {
	var facts []string
	for _, r := range p.Dangling {
		facts = append(facts, "profile "+r.Profile+": "+danglingText(r, done))
	}
	for _, t := range p.Turned {
		facts = append(facts, "profile "+t.Profile+": "+turnText(t, done))
	}
	return facts
}

// danglingText says what happens to a profile whose generated profile goes.
func danglingText(r profiles.Reference, done bool) string {
	if done {
		return referenceText(r) + " is gone"
	}
	return referenceText(r) + " is removed"
}

// turnText says what happens to a profile that the person has built on a generated one.
func turnText(t profiles.Turn, done bool) string {
	format := "%s is now %s %s and will be %s %s"
	if done {
		format = "%s was %s %s and is now %s %s"
	}
	return fmt.Sprintf(format, referenceText(t.Reference), t.Was.AccountID, t.Was.Role, t.Is.AccountID, t.Is.Role)
}

// referenceText names the generated profile that one of the person's own leads to, and how.
func referenceText(r profiles.Reference) string {
	switch {
	case r.Through != "":
		return fmt.Sprintf("its %s leads through %s to %s, which", r.Key, r.Through, r.Source)
	case r.Key == "source_profile":
		return "its source_profile " + r.Source
	}
	return "its " + r.Key + " names " + r.Source + ", which"
}
