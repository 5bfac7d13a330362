package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/audit"
	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/settings"
)

func (a *App) auditCommand() *cobra.Command {
	var since string
	var accounts []string
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "List the keys that rolecall handed out, when, and to which program",
		Long: `List the keys that rolecall handed out, when, and to which program, newest last.

  rolecall audit --since 2d
  rolecall audit --since 2026-11-01 --account 'payments-*'
  rolecall audit --json
  rolecall audit verify

rolecall records each set of keys that env, exec, process, serve, console, write and
"sso get-role-credentials" hand out, and each login. It writes the record before it hands out the
keys; records hold no secrets. HOW is "refused" if a rule or a guard refused the keys, and "guard" if
a guard was confirmed; RULE names the rule, and how it was confirmed. COMMAND is the program that got
the keys, else the rolecall command that printed them; PARENT is the program that started rolecall.
Users whose names are not known are shown as ? and the start of a hash that identifies them.

With --json each record is a line; "lost" counts records that could not be written before it.
[audit] in config.toml turns the log off (enabled = false), or copies each record to the system log
(copy = "syslog" or "journald") or to a program's stdin (copy_command = ["PROGRAM", "ARGUMENT"]).`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.listAudit(since, accounts) },
	}
	cmd.Flags().StringVar(&since, "since", "",
		"only records since this `TIME`: 2d, 12h, or a date such as 2026-11-01, with or without a time")
	cmd.Flags().StringArrayVar(&accounts, "account", nil,
		"only accounts with this `ID`, name or alias, or a pattern with * and ?; can be repeated")
	cmd.AddCommand(a.auditVerifyCommand())
	return cmd
}

func (a *App) auditVerifyCommand() *cobra.Command {
	var against string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that no record in the audit log was changed, moved or removed",
		Long: `Check that no record in the audit log was changed, moved or removed.

  rolecall audit verify
  rolecall audit verify --json

Each record has the hash of the record before it. verify prints file and line of each record that
does not match, and exits with 1. It also mentions records that a crash cut off; these are no failure.

The chain alone cannot show that its end was cut off or that all of it was rewritten: anyone who can
write to the log can do that. A copy kept elsewhere can: --against reads one, and lists the records
that are missing from the log. With copy = "journald":
journalctl -t rolecall -o cat | rolecall audit verify --against -`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.verifyAudit(against) },
	}
	cmd.Flags().StringVar(&against, "against", "", "compare with a copy of the records in this `FILE` (- for stdin)")
	return cmd
}

// readAudit reads the log.
func (a *App) readAudit(visit func(audit.Record)) (audit.Report, error) {
	if a.Home == "" {
		return audit.Report{}, errHomeless()
	}
	report, err := a.auditLog().Read(visit)
	if err != nil {
		err = fmt.Errorf("the audit log: %w", err)
	}
	return report, err
}

func (a *App) listAudit(since string, accounts []string) error {
	from, err := a.since(since)
	if err != nil {
		return err
	}
	own, err := a.settings()
	if err != nil {
		return err
	}
	var records []audit.Record
	report, err := a.readAudit(func(r audit.Record) { records = append(records, r) })
	if err != nil {
		return err
	}
	people, names := map[string]string{}, a.accountNames()
	for _, r := range records {
		if r.Person != "" && r.PersonKey != "" {
			people[r.PersonKey] = r.Person
		}
		if r.AccountName != "" {
			names[r.Account] = r.AccountName
		}
	}
	filter := inventory.Filter{Accounts: accounts}
	shown := slices.DeleteFunc(records, func(r audit.Record) bool {
		return r.Time.Before(from) || len(accounts) > 0 && !filter.MatchAccount(auditedAccount(r.Account, names, own))
	})
	for n, r := range shown {
		shown[n].Person = cmp.Or(r.Person, people[r.PersonKey])
		shown[n].AccountName = cmp.Or(r.AccountName, names[r.Account])
	}
	if err := a.printAudit(shown); err != nil {
		return err
	}
	a.sayAudit(report, own.Audit)
	return nil
}

// auditedAccount returns an account with what is known about it.
func auditedAccount(id string, names map[string]string, own settings.Settings) *inventory.Account {
	known := []identitycenter.Account{{ID: id, Name: names[id]}}
	return &inventory.Named(identitycenter.SSOSession{}, known).With(own.Accounts).Accounts[0]
}

// accountNames returns the names of accounts that the stored listings know, by id.
func (a *App) accountNames() map[string]string {
	names := map[string]string{}
	sessions, err := a.allSessions()
	if err != nil {
		return names
	}
	for _, p := range sessions {
		if listed := a.listingOf(p); listed != nil {
			for _, account := range listed.Accounts {
				names[account.ID] = account.Name
			}
		}
	}
	return names
}

func (a *App) printAudit(records []audit.Record) error {
	if a.json {
		for _, r := range records {
			if err := a.jsonLine(r); err != nil {
				return err
			}
		}
		return nil
	}
	if len(records) == 0 {
		a.tell("no records")
		return nil
	}
	t := &table{header: []string{"TIME", "PERSON", "ACCOUNT", "ROLE", "HOW", "COMMAND", "PARENT", "KEY ID"}}
	ruled := slices.ContainsFunc(records, func(r audit.Record) bool { return r.Rule != "" })
	if ruled {
		t.header = append(t.header, "RULE")
	}
	for _, r := range records {
		person := r.Person
		if person == "" && r.PersonKey != "" {
			person = "?" + r.PersonKey[:min(8, len(r.PersonKey))]
		}
		t.rows = append(t.rows, []string{
			r.Time.Local().Format(time.DateTime), person, strings.TrimSpace(r.AccountName + " " + r.Account), r.Role, r.How,
			r.Command, r.Parent, r.KeyID,
		})
		if last := &t.rows[len(t.rows)-1]; ruled {
			*last = append(*last, a.ruleOf(r))
		}
	}
	return t.print(a.Stdout)
}

// ruleOf returns what has refused, or what guards, and how it was answered.
func (a *App) ruleOf(r audit.Record) string {
	text := r.Rule
	if r.RuleFrom != "" {
		text += " (" + a.Tidy(r.RuleFrom) + ")"
	}
	if r.Answer != "" {
		text += ": " + r.Answer
	}
	return text
}

// sayAudit says what the list cannot show.
func (a *App) sayAudit(report audit.Report, own settings.Audit) {
	if n := report.Last.Lost; n > 0 {
		a.tell("%s could not be written", Counted(int(n), "record"))
	}
	if len(report.Findings) > 0 {
		a.warn(errors.New("the audit log was changed; to see where: rolecall audit verify"))
	}
	if own.Off() {
		a.tell("audit is off: [audit] enabled is false in %s", a.Tidy(a.settingsFile()))
	}
}

// since reads --since: a time, or how long ago it was.
func (a *App) since(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if days, err := strconv.Atoi(strings.TrimSuffix(text, "d")); err == nil && days >= 0 && strings.HasSuffix(text, "d") {
		return a.Now().AddDate(0, 0, -days), nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return a.Now().Add(-d), nil
	}
	for _, form := range []string{time.DateOnly, "2006-01-02 15:04", time.DateTime, time.RFC3339} {
		if at, err := time.ParseInLocation(form, text, time.Local); err == nil {
			return at, nil
		}
	}
	return time.Time{}, Usagef("--since %q is not a time such as 2d, 12h or 2026-11-01", text)
}

// auditVerdict is what verify prints with --json.
type auditVerdict struct {
	Records  int             `json:"records"`
	Head     string          `json:"head,omitempty"` // the hash of the last record
	Lost     int64           `json:"lost,omitempty"`
	Torn     []audit.Finding `json:"interruptedWrites,omitempty"`
	Findings []audit.Finding `json:"findings"`
	Copied   int             `json:"copied,omitempty"` // records of --against
}

func (a *App) verifyAudit(against string) error {
	hashes := map[string]bool{}
	report, err := a.readAudit(func(r audit.Record) { hashes[r.Hash] = true })
	if err != nil {
		return err
	}
	v := auditVerdict{
		Records: report.Records, Head: report.Last.Hash, Lost: report.Last.Lost, Torn: report.Torn,
		Findings: append([]audit.Finding{}, report.Findings...),
	}
	if against != "" {
		if err := a.compareAudit(against, hashes, &v); err != nil {
			return err
		}
	}
	verb := "chain intact"
	if len(v.Findings) > 0 {
		verb = "checked"
	}
	text := fmt.Sprintf("%s, %s.", Counted(v.Records, "record"), verb)
	if v.Copied > 0 {
		text = fmt.Sprintf("%s, %s; the copy has %d.", Counted(v.Records, "record"), verb, v.Copied)
	}
	if v.Records > 0 {
		text += fmt.Sprintf(" Last record: number %d, hash %s.", report.Last.Seq, v.Head)
	}
	if err := a.Result(text, v); err != nil {
		return err
	}
	for _, torn := range v.Torn {
		a.tell("%s; no harm", torn)
	}
	if v.Lost > 0 {
		a.tell("%s could not be written", Counted(int(v.Lost), "record"))
	}
	return a.auditFailure(v.Findings)
}

func (a *App) auditFailure(findings []audit.Finding) error {
	if len(findings) == 0 {
		return nil
	}
	e := &HintError{Err: fmt.Errorf("the audit log was changed: %s", findings[0]), Code: ExitError}
	for _, f := range findings[1:] {
		e.Facts = append(e.Facts, f.String())
	}
	if len(findings) > 1+maxFacts {
		e.Hint = "rolecall audit verify --json"
	}
	return e
}

// compareAudit adds the records of a copy that are not in the log.
func (a *App) compareAudit(path string, hashes map[string]bool, v *auditVerdict) error {
	var copied io.Reader = a.Stdin
	if path != "-" {
		file, err := filesystem.Open(path)
		if err != nil {
			return fmt.Errorf("--against: %w", err)
		}
		defer file.Close()
		copied = file
	}
	n, missing, err := audit.Missing(copied, hashes)
	if err != nil {
		return fmt.Errorf("--against: %w", err)
	}
	if n == 0 {
		return &HintError{Err: errors.New("--against: the copy has no records"), Code: ExitError}
	}
	v.Copied = n
	for _, r := range missing {
		v.Findings = append(v.Findings, audit.Finding{
			File: "the copy",
			Problem: fmt.Sprintf("record %d of %s (%s as %s) is not in the log", r.Seq, r.Time.Local().Format(time.DateTime),
				r.Account, r.Role),
		})
	}
	return nil
}
