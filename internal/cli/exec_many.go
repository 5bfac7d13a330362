package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/access"
	"rolecall/internal/awsconfig"
	"rolecall/internal/batch"
	"rolecall/internal/export"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
)

// manyHelp is the part of exec's help about many accounts.
const manyHelp = `With --match or --tag the command runs in many accounts, several at a time. PATTERN is an account
id, or matches names and aliases with * and ?, in all sessions unless --session or default_session
names one. --role is then a pattern, too; without it, you must have exactly one role in each account.
Commands have an empty stdin. Their output lines are printed as LABEL/ROLE | LINE; on a terminal,
control characters are escaped. A table of all results follows on stderr. With --json each line is an
object with accountId, account, role, stream and line; each result is an object with exitCode, error
and duration (seconds); the last line of stdout is the summary.

A failure does not stop the others; with --stop-on-error no more commands start, and running ones
finish. All running commands receive signals; a second Ctrl-C kills them. The exit code is 0 if all
succeeded, 130 or 143 after a signal, that of the failures if they share one, else 1; an account
without credentials has the exit code that "exec" would have. Guarded accounts need confirmation.`

// manyFlags are those of a run in many accounts.
type manyFlags struct {
	match, tags  []string
	parallel     int
	output       string
	patience     time.Duration
	stopOnError  bool
	dryRun, sure bool
	allSessions  bool
}

func (m *manyFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&m.match, "match", nil,
		"only accounts with this id or name, or matching this `PATTERN`; can be repeated")
	f.StringArrayVar(&m.tags, "tag", nil, "only accounts with this `TAG` in config.toml; can be repeated")
	f.IntVar(&m.parallel, "parallel", 8, "run `N` commands at a time")
	f.StringVar(&m.output, "output", "prefix", "`FORM` of the output lines: prefix or json")
	f.DurationVar(&m.patience, "patience", time.Minute,
		"`DURATION` to keep retrying while AWS throttles requests")
	f.BoolVar(&m.stopOnError, "stop-on-error", false, "start no more commands after a failure")
	f.BoolVar(&m.dryRun, "dry-run", false, "list accounts and roles, and run nothing")
	addAllSessions(cmd, &m.allSessions)
	f.BoolVar(&m.sure, "yes", false, "skip the confirmation for guarded accounts")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"prefix", "json"}, nothingElse))
}

// given reports whether the command line is about many accounts, and rejects flags that
// exclude each other.
func (m *manyFlags) given(cmd *cobra.Command, f targetFlags, args []string) (bool, error) {
	if len(m.match)+len(m.tags) == 0 {
		for _, name := range []string{"parallel", "output", "patience", "stop-on-error", "dry-run", "yes"} {
			if cmd.Flags().Changed(name) {
				return false, Usagef("--%s needs --match or --tag", name)
			}
		}
		return false, nil
	}
	target := cmd.ArgsLenAtDash() > 0 || cmd.ArgsLenAtDash() < 0 && len(args) > 0
	switch {
	case target && cmd.ArgsLenAtDash() < 0 && len(args) > 0 && f.profile+f.account == "":
		return true, &UsageError{errors.New(`"--" is missing before the command: rolecall exec --match PATTERN -- COMMAND`)}
	case target, f.profile != "", f.account != "", f.given():
		return true, Usagef("--match and --tag cannot be used with a TARGET, --profile, --account or roles to assume")
	case m.output != "prefix" && m.output != "json":
		return true, Usagef("unknown --output %q; use prefix or json", m.output)
	case m.parallel < 1:
		return true, Usagef("--parallel %d is less than 1", m.parallel)
	}
	return true, nil
}

// execMany runs argv in all accounts and roles that the flags select.
func (a *App) execMany(ctx context.Context, f targetFlags, m manyFlags, argv []string) error {
	a.json = a.json || m.output == "json"
	found, several, failed := a.eachListed(ctx, f.session, m.allSessions, options{region: f.region},
		func(l *listed) (err error) {
			if l.all, err = a.currentListing(ctx, l.session, freshForWriting); err == nil {
				l.rows, err = selectTargets(l.all, f.role, m)
			}
			return err
		})
	if len(found) > 0 { // other sessions may have no match
		failed = slices.DeleteFunc(failed, isNoMatch)
	}
	if len(failed) > 0 {
		return a.firstOf(failed) // not all that was asked for
	}
	found, err := a.allowedListed(found)
	if err != nil {
		return err
	}
	if m.dryRun {
		return a.listTargets(found, several)
	}
	path, err := lookPath(argv[0])
	if err != nil {
		return err
	}
	for n := range found {
		l := &found[n]
		if l.regions, err = a.rowRegions(l.profile, f.region, l.rows); err != nil {
			return err
		}
	}
	if err := a.confirmGuarded(ctx, found, m.sure); err != nil {
		return err
	}
	for n := range found {
		if err := a.readyForMany(ctx, &found[n], m); err != nil {
			return err
		}
	}
	var targets []batch.Target
	of := map[batch.Target]listed{}
	guarded := map[batch.Target]bool{}
	for _, l := range found {
		for _, row := range l.rows {
			t := batch.Target{AccountID: row.ID, Account: row.Label(), Name: row.Name, Role: row.Role}
			if several {
				t.Session = l.label()
			}
			targets, of[t], guarded[t] = append(targets, t), l, row.Guarded()
		}
	}
	environment := func(ctx context.Context, t batch.Target) ([]string, error) {
		l := of[t]
		l.profile.Region = l.regions[t.AccountID]
		return a.targetEnvironment(ctx, l.session, l.profile, t, guarded[t], programOf(argv))
	}
	return a.runMany(ctx, m.batch(ctx, a, path, argv, environment), targets)
}

// readyForMany signs in before anything runs: later, the prompt would appear among the commands' output. Nothing
// prompts after that.
func (a *App) readyForMany(ctx context.Context, l *listed, m manyFlags) error {
	if err := l.portal.SignIn(ctx); err != nil {
		return err
	}
	s, err := a.session(ctx, &l.profile, options{
		unattended: true, patience: access.SinceFirstRefusal(m.patience), accounts: portalAccounts(l.all),
	})
	if err != nil {
		return err
	}
	l.session = s
	if first := l.profile; s.login.Store.SessionNote(s.login.Session).Unnamed(a.Now()) {
		first.AccountID, first.RoleName, first.Region = l.rows[0].ID, l.rows[0].Role, l.regions[l.rows[0].ID]
		if c, err := s.source.Retrieve(ctx, first); err == nil {
			a.checkPerson(ctx, s, first, c)
		}
	}
	return nil
}

// batch returns the batch that runs the program at path.
func (m manyFlags) batch(
	ctx context.Context, a *App, path string, argv []string,
	environment func(context.Context, batch.Target) ([]string, error),
) *batch.Batch {
	return &batch.Batch{
		Path: path, Argv: argv, Parallel: m.parallel, StopOnError: m.stopOnError, Output: a.output(),
		Environment: environment, Around: a.Limits.Lift,
		Code: func(err error) int { return a.explain(ctx, err).Code },
	}
}

// portalAccounts returns the accounts as the portal listed them.
func portalAccounts(all *inventory.Inventory) []identitycenter.Account {
	accounts := make([]identitycenter.Account, len(all.Accounts))
	for n, account := range all.Accounts {
		accounts[n] = identitycenter.Account{ID: account.ID, Name: account.Name, Email: account.Email}
	}
	return accounts
}

// targetEnvironment returns the environment of the command for one target.
func (a *App) targetEnvironment(
	ctx context.Context, s *session, profile awsconfig.Profile, t batch.Target, guarded bool, command string,
) ([]string, error) {
	profile.AccountID, profile.RoleName = t.AccountID, t.Role
	c, err := s.source.Retrieve(ctx, profile)
	if err != nil {
		return nil, err
	}
	account := inventory.Account{ID: t.AccountID, Name: t.Name, Guarded: guarded}
	if err := a.recordKeys(howExec, command, profile, account, c); err != nil {
		return nil, err
	}
	return export.ChildEnvironment(a.Environ, a.environment(profile, c, account))
}

// runMany runs the commands, passes signals on, and reports the results.
func (a *App) runMany(ctx context.Context, b *batch.Batch, targets []batch.Target) error {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, append(notIgnored(forwardedSignals()), stopSignals()...)...)
	ended, passed := make(chan struct{}), make(chan os.Signal, 1)
	go func() {
		passed <- forwardToAll(signals, b, ended)
	}()
	began := time.Now()
	ends, err := b.Run(ctx, targets)
	signal.Stop(signals)
	close(ended)
	code := endCode(ends)
	if s := <-passed; s != nil {
		code = signalCode(s)
	} else if ctx.Err() != nil {
		code = a.explain(ctx, context.Cause(ctx)).Code
	}
	if err != nil {
		return fmt.Errorf("output of the commands: %w", err)
	}
	a.summary(ends, code, time.Since(began))
	if code == ExitOK {
		return nil
	}
	return &ChildExit{code}
}

// forwardToAll passes each signal on to all commands, which are in process groups of their own. After one that ends
// the run, a second one kills them. It returns the first.
func forwardToAll(signals <-chan os.Signal, b *batch.Batch, ended <-chan struct{}) (first os.Signal) {
	for {
		select {
		case s := <-signals:
			switch {
			case endsRun(s) && first != nil:
				b.Signal(os.Kill, true)
			case endsRun(s):
				first = s
				b.Signal(s, true)
			default:
				b.Signal(s, false)
				stopWith(s)
			}
		case <-ended:
			return first
		}
	}
}

// notIgnored returns the signals that were not ignored when rolecall started.
func notIgnored(signals []os.Signal) []os.Signal { return slices.DeleteFunc(signals, signal.Ignored) }

// endCode returns the exit code of a run: 0, the code that all failures share, or 1.
func endCode(ends []batch.End) int {
	code := ExitOK
	for _, e := range ends {
		switch {
		case !e.Failed() || e.Code == code:
		case code == ExitOK:
			code = e.Code
		default:
			return ExitError
		}
	}
	return code
}
