package cli

import (
	"cmp"
	"errors"
	"strconv"

	"rolecall/internal/audit"
	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/policy"
)

// Events of the audit log with which no keys leave: what a rule or a guard has refused, and guards that were passed.
const (
	howRefused = "refused"
	howGuard   = "guard"
)

// How a guard was passed, or why it was not.
const (
	answerTyped      = "typed"      // the account's name
	answerConfirm    = "--confirm"  // named it
	answerYes        = "--yes"      // of exec --match
	answerRemembered = "remembered" // by this shell
	answerWrong      = "wrong"      // another text was typed
	answerNobody     = "nobody"     // there was no terminal
)

// A refused is an error with the role that was asked for, and what was in the way.
type refused struct {
	error
	account inventory.Account
	role    string
	rule    string // empty: that of the *policy.Refusal
	from    string
	answer  string
}

// Unwrap returns the error alone.
func (r *refused) Unwrap() error { return r.error }

// recordRefusal records an error of a rule or a guard, and nothing for others. The command has failed, whether or not
// there is room for the record.
func (a *App) recordRefusal(command string, err error) {
	var rule *policy.Refusal
	var of *refused
	byRule, ofRole := errors.As(err, &rule), errors.As(err, &of)
	if !byRule && !ofRole {
		return
	}
	r := audit.Record{
		How: howRefused, Command: command, Session: a.inForce.Session.Label(), Account: a.inForce.AccountID,
		Role: a.inForce.RoleName, Profile: a.inForce.Name,
	}
	if ofRole {
		r.Account, r.AccountName, r.Role = of.account.ID, of.account.Name, of.role
		r.Rule, r.RuleFrom, r.Answer = of.rule, of.from, of.answer
	}
	if byRule {
		r.Rule, r.RuleFrom = rule.Rule.Text(), fileAndLine(rule.Rule.File, rule.Rule.Line)
	}
	if !inventory.IsAccountID(r.Account) { // not looked up yet
		r.Account, r.AccountName = "", cmp.Or(r.AccountName, r.Account)
	}
	_ = a.record(a.inForce.Session, r)
}

func fileAndLine(file string, line int) string {
	if line > 0 {
		file += ":" + strconv.Itoa(line)
	}
	return file
}

// recordGuard records that a guard was passed. An error means that no keys may leave.
func (a *App) recordGuard(
	session identitycenter.SSOSession, profile string, account inventory.Account, role, answer string,
) error {
	rule, from := a.guardOf(account, role)
	return a.record(session, audit.Record{
		How: howGuard, Command: a.command(), Session: session.Label(), Account: account.ID, AccountName: account.Name,
		Role: role, Profile: profile, Rule: rule, RuleFrom: from, Answer: answer,
	})
}

// notConfirmed returns err as the refusal of a guard.
func (a *App) notConfirmed(err error, account inventory.Account, role, answer string) error {
	rule, from := a.guardOf(account, role)
	return &refused{err, account, role, rule, from, answer}
}

// guardOf returns the rule that guards a role: the first of the policy, else the person's own settings.
func (a *App) guardOf(account inventory.Account, role string) (rule, from string) {
	rules, err := a.policy()
	if err != nil {
		return "guarded", ""
	}
	for _, g := range rules.Guards() {
		known := []identitycenter.Account{{ID: account.ID, Name: account.Name}}
		said := settingsOf(g.Pattern)
		if inventory.Named(identitycenter.SSOSession{}, known).With(said).Accounts[0].Guards(role) {
			return policy.Rule{Key: "guarded", Value: strconv.Quote(g.Pattern)}.Text(), fileAndLine(g.File, g.Line)
		}
	}
	return "guarded", a.settingsFile()
}

// passed records the guards of a selection that were passed by one answer, or by --confirm for those that it names.
func (a *App) passed(found []listed, answer string) error {
	for _, l := range found {
		for _, row := range l.rows {
			if !row.Guarded() {
				continue
			}
			by := answer
			if a.isConfirmed(*row.Account) {
				by = answerConfirm
			}
			if err := a.recordGuard(l.login.Session, "", *row.Account, row.Role, by); err != nil {
				return err
			}
		}
	}
	return nil
}

// recordPassed is recordGuard for the role of a profile.
func (a *App) recordPassed(profile awsconfig.Profile, account inventory.Account, answer string) error {
	return a.recordGuard(profile.Root().Session, profile.Name, account, roleIn(profile), answer)
}
