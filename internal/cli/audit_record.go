package cli

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rolecall/internal/audit"
	"rolecall/internal/audit/copies"
	"rolecall/internal/awsconfig"
	"rolecall/internal/cache"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/settings"
)

// The ways in which keys leave rolecall, as records name them.
const (
	howEnv     = "env"
	howExec    = "exec"
	howProcess = "process"
	howServe   = "serve"
	howConsole = "console"
	howWrite   = "write"
	howLogin   = "login" // a sign-in, with which none leave
)

// recordKeys records that the keys c of profile are about to leave, to a command or a command of ours. It comes before
// they do; an error means that they may not.
func (a *App) recordKeys(
	how, command string, profile awsconfig.Profile, account inventory.Account, c identitycenter.RoleCredentials,
) error {
	id := identityOf(profile, account)
	return a.record(profile.Root().Session, audit.Record{
		How: how, Command: command, Session: id.Session, Account: id.AccountID, AccountName: id.AccountName,
		Role: id.Role, Profile: id.Profile, KeyID: c.AccessKeyID, Expires: c.Expiration,
	})
}

// accountFor is accountOf for records, which do without a name if config.toml is broken.
func (a *App) accountFor(profile awsconfig.Profile, c identitycenter.RoleCredentials) inventory.Account {
	account, err := a.accountOf(profile, c)
	if err != nil {
		account = inventory.Account{ID: cmp.Or(c.AccountID, profile.Root().AccountID)}
	}
	return account
}

// record writes a record about a person who signed in to session. Without one nothing leaves if the machine's policy
// says so; else a full disk stops nobody.
func (a *App) record(session identitycenter.SSOSession, r audit.Record) error {
	own := a.auditSettings()
	if own.Off() && !a.auditRequired() {
		return nil
	}
	if a.Home == "" {
		return a.notRecorded(errHomeless())
	}
	store := cache.Store{Home: a.Home, State: a.StateFolder(), Now: a.Now}
	r.PersonKey = store.SessionNote(session).PersonKey()
	r.Person, r.Parent = a.people[session.Label()], audit.Parent()
	line, err := a.auditLog().Append(r)
	if err != nil {
		return a.notRecorded(err)
	}
	switch {
	case own.Copy == "journald":
		err = copies.Journal(copies.JournalSocket, line, journalFields(r))
	case own.Copy != "":
		err = copies.Syslog(copies.Sockets(), line, a.Now(), os.Getpid())
	case len(own.CopyCommand) > 0:
		err = copies.Command(own.CopyCommand, line, a.Limits.Lift)
	}
	if err != nil {
		a.auditWarned.Do(func() { a.warn(fmt.Errorf("the audit record was written, but not copied: %w", err)) })
	}
	return nil
}

// journalFields are those by which records are found in the journal.
func journalFields(r audit.Record) []copies.Field {
	return []copies.Field{
		{Name: "ROLECALL_HOW", Value: r.How},
		{Name: "ROLECALL_COMMAND", Value: r.Command},
		{Name: "ROLECALL_PERSON", Value: r.Person},
		{Name: "ROLECALL_PERSON_KEY", Value: r.PersonKey},
		{Name: "ROLECALL_SESSION", Value: r.Session},
		{Name: "ROLECALL_ACCOUNT", Value: r.Account},
		{Name: "ROLECALL_ACCOUNT_NAME", Value: r.AccountName},
		{Name: "ROLECALL_ROLE", Value: r.Role},
		{Name: "ROLECALL_PROFILE", Value: r.Profile},
		{Name: "ROLECALL_KEY_ID", Value: r.KeyID},
		{Name: "ROLECALL_RULE", Value: r.Rule},
		{Name: "ROLECALL_ANSWER", Value: r.Answer},
		{Name: "ROLECALL_PARENT", Value: r.Parent},
	}
}

// notRecorded is what happens without a record.
func (a *App) notRecorded(err error) error {
	if !a.auditRequired() {
		a.auditWarned.Do(func() { a.warn(fmt.Errorf("could not write an audit record: %w", err)) })
		return nil
	}
	return &HintError{
		Err:  fmt.Errorf("the policy requires an audit record, which could not be written: %w", err),
		Code: ExitRefused, Facts: []string{"to see the rule: rolecall config policy"},
		Hint: "make room for " + a.quotedPath(a.auditLog().Dir),
	}
}

func (a *App) auditLog() audit.Log {
	return audit.Log{Dir: audit.Folder(a.StateFolder()), Now: a.Now}
}

// auditRequired reports whether the policy lets no keys leave without a record. The machine's rules count even if the
// person's cannot be read.
func (a *App) auditRequired() bool {
	rules, err := a.policy()
	if err != nil {
		rules, err = a.administrators()
	}
	return err != nil || rules.AuditRequired()
}

// auditSettings returns those of config.toml, or the usual ones if it is broken: that is for other commands to report.
func (a *App) auditSettings() settings.Audit {
	a.audited.Do(func() {
		if own, err := a.settings(); err == nil {
			a.auditing = own.Audit
		}
	})
	return a.auditing
}

// command returns what a person has run, as rolecall's help calls it.
func (a *App) command() string {
	if a.running == nil {
		return "rolecall"
	}
	return a.running.CommandPath()
}

// programOf returns the name of a program, without its folder and arguments, which may hold secrets.
func programOf(argv []string) string {
	name := argv[0][strings.LastIndexAny(argv[0], `/`+string(filepath.Separator))+1:]
	return cmp.Or(name, argv[0])
}
