package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"

	"github.com/spf13/cobra"

	"rolecall/internal/batch"
	"rolecall/internal/export"
)

// execFlags are those of exec.
type execFlags struct {
	targetFlags
	many              manyFlags
	own               ownShellFlags
	serve, inVariable bool // inVariable: the token of serve's endpoint
}

func (a *App) execCommand() *cobra.Command {
	var f execFlags
	cmd := &cobra.Command{
		Use:   "exec [--serve] [TARGET | --match PATTERN [--role PATTERN]] [-- COMMAND [ARGUMENT …]]",
		Short: "Run a command with role credentials, in one account or in many",
		Long: `Run a command with role credentials in its environment, in one account or in many.

  rolecall exec dev -- aws s3 ls
  rolecall exec 111122223333/ReadOnly -- aws s3 ls
  rolecall exec --serve dev -- aws s3 sync . s3://backup      fresh keys, however long it takes
  rolecall exec dev                                           your shell; type exit to leave it
  rolecall exec --match 'payments-*' --role ReadOnly -- aws s3 ls
  rolecall exec --match '*' --role ReadOnly --dry-run         list the accounts and roles

Variables that would take precedence over the credentials, or add another identity, are
removed. ROLECALL_TARGET, _SESSION, _ACCOUNT_ID, _ACCOUNT_NAME, _ROLE, _PROFILE and _GUARDED
describe the credentials. The command receives signals, and its exit code becomes rolecall's.

With --serve there are no keys in the command's environment. The AWS CLI and SDKs get them from a
container credentials endpoint on 127.0.0.1 that serves this command alone and renews them until the
command exits; background processes that outlive it get none (see "rolecall serve"). If the [default]
profile has credentials, which would take precedence, the command gets copies of the config files
without them; changes to these copies, such as by "aws configure", are lost.

Without a command, exec opens a shell: --shell, else $SHELL. It runs the shell's startup files, then
removes AWS_PROFILE and any keys that they set, and marks the prompt unless ROLECALL_NO_PROMPT is
set. To open another shell inside it, pass --nested.

` + manyHelp,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.execArguments(cmd, args, f) },
	}
	cmd.Flags().BoolVar(&f.serve, "serve", false, "serve keys from an endpoint that renews them, instead of in variables")
	cmd.Flags().BoolVar(&f.inVariable, "token-variable", false,
		"with --serve: pass the endpoint's token in a variable, for AWS CLIs before 2.15 and SDKs from before 2024")
	f.add(cmd)
	f.addRegion(cmd)
	a.addConfirm(cmd)
	f.many.add(cmd)
	f.own.add(cmd)
	return cmd
}

// checkExec rejects what --serve excludes.
func (a *App) checkExec(f execFlags, many, shell bool, args []string) error {
	switch {
	case many && f.serve:
		return Usagef("--serve takes one TARGET, and no --match or --tag")
	case f.inVariable && !f.serve:
		return Usagef("--token-variable needs --serve")
	case f.serve && shell:
		return Usagef("exec --serve needs a command; for a shell: rolecall exec --serve %s -- %s",
			Quoted(cmp.Or(firstArg(args), "TARGET")), Quoted(a.shell()))
	}
	return nil
}

// execArguments does what the command line asks for: many accounts, a shell, or one command.
func (a *App) execArguments(cmd *cobra.Command, args []string, f execFlags) error {
	dash := cmd.ArgsLenAtDash()
	if dash < 0 && len(args) > 1 {
		return a.missingDash(cmd)
	}
	many, err := f.many.given(cmd, f.targetFlags, args)
	if err == nil {
		err = a.checkExec(f, many, dash < 0, args)
	}
	command := dash >= 0 && dash < len(args)
	switch {
	case err != nil:
		return err
	case many && f.many.dryRun && !command:
		return a.execMany(cmd.Context(), f.targetFlags, f.many, nil) // the list needs no command
	case dash < 0 && !many && a.Terminal:
		return a.execShell(cmd.Context(), f.targetFlags, args, f.own)
	case f.own.given():
		return Usagef("--shell and --nested work only at a terminal, without a command")
	case !command || dash > 1:
		return Usagef("usage: rolecall exec [TARGET] -- COMMAND [ARGUMENT …]")
	case many:
		return a.execMany(cmd.Context(), f.targetFlags, f.many, args[dash:])
	}
	t, err := a.argument(f.targetFlags, firstArg(args[:dash]))
	if err != nil {
		return err
	}
	if f.serve {
		return a.execServed(cmd.Context(), t, a.Stdout, args[dash:], f.inVariable)
	}
	return a.exec(cmd.Context(), t, a.Stdout, args[dash:])
}

func (a *App) exec(ctx context.Context, t target, stdout io.Writer, argv []string) error {
	profile, c, err := a.retrieve(ctx, t, options{})
	if err != nil {
		return err
	}
	account, err := a.accountOf(profile, c)
	if err != nil {
		return err
	}
	environ, err := export.ChildEnvironment(a.Environ, a.environment(profile, c, account))
	if err != nil {
		return err
	}
	if _, err := lookPath(argv[0]); err != nil {
		return err
	}
	if err := a.recordKeys(howExec, programOf(argv), profile, account, c); err != nil {
		return err
	}
	if command := a.localHint(*profile.Root()); command != "" && isTerminal(a.Stderr) {
		a.tell("hint: AWS does not know the keys of a local Identity Center; to use its STS: %s", command)
	}
	return a.Become(stdout, argv, environ)
}

// Become runs a command in rolecall's place: no process of ours stays between the terminal and the command, so signals,
// job control and the exit code are the system's own (docs/decisions/009). Where that is not possible, it is as Run.
func (a *App) Become(stdout io.Writer, argv, environ []string) error {
	path, err := lookPath(argv[0])
	if err != nil {
		return err
	}
	if stdout != io.Writer(os.Stdout) || a.Stderr != io.Writer(os.Stderr) || a.Stdin != os.Stdin {
		return a.Run(stdout, argv, environ)
	}
	err = a.Limits.Lift(func() error { return become(path, argv, environ) })
	if !errors.Is(err, errors.ErrUnsupported) {
		return &HintError{Err: fmt.Errorf("command %q: %w", argv[0], err), Code: batch.NotExecutable}
	}
	return a.Run(stdout, argv, environ)
}

// Run runs a command on rolecall's stdin and stderr, and on stdout, until it exits. Signals
// are passed on; the command's exit code, in a ChildExit, becomes rolecall's.
func (a *App) Run(stdout io.Writer, argv, environ []string) error {
	path, err := lookPath(argv[0])
	if err != nil {
		return err
	}
	child := &exec.Cmd{Path: path, Args: argv, Env: environ, Stdin: a.Stdin, Stdout: stdout, Stderr: a.Stderr}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, notIgnored(forwardedSignals())...)
	defer signal.Stop(signals)
	if err := a.Limits.Lift(child.Start); err != nil {
		return &HintError{Err: fmt.Errorf("command %q: %w", argv[0], err), Code: batch.NotExecutable}
	}
	ended := make(chan struct{})
	go forward(signals, child.Process, ended)
	err = child.Wait()
	close(ended)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code, _ := batch.Ending(exit.ProcessState) // the code of a signal says enough
		return &ChildExit{code}
	}
	return err
}

// lookPath finds a command in PATH.
func lookPath(name string) (string, error) {
	path, code, err := batch.Look(name)
	if err != nil {
		return "", &HintError{Err: fmt.Errorf("command %q: %w", name, err), Code: code}
	}
	return path, nil
}

// forward passes signals on to the command, but not those that the terminal has sent to the
// whole foreground group, and so to the command.
func forward(signals <-chan os.Signal, child *os.Process, ended <-chan struct{}) {
	for {
		select {
		case s := <-signals:
			if !fromTerminal(s) {
				_ = child.Signal(s)
			}
		case <-ended:
			return
		}
	}
}
