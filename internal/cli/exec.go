package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"

	"github.com/spf13/cobra"

	"rolecall/internal/export"
)

func (a *App) execCommand() *cobra.Command {
	var f targetFlags
	var o options
	cmd := &cobra.Command{
		Use:   "exec [TARGET] -- COMMAND [ARGUMENT …]",
		Short: "Run a command with role credentials",
		Long: `Run a command with role credentials in its environment. Variables that would win
over them, or mix another identity in, are removed. Signals reach the command, and
its exit code becomes rolecall's.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			dash := cmd.ArgsLenAtDash()
			if dash < 0 || dash > 1 || dash == len(args) {
				return &usageError{errors.New("exec wants: rolecall exec [TARGET] -- COMMAND [ARGUMENT …]")}
			}
			t, err := a.argument(f, optional(args[:dash]))
			if err != nil {
				return err
			}
			return a.exec(cmd.Context(), t, o, args[dash:])
		},
	}
	f.add(cmd)
	return cmd
}

func (a *App) exec(ctx context.Context, t target, o options, argv []string) error {
	profile, c, err := a.retrieve(ctx, t, o)
	if err != nil {
		return err
	}
	environ, err := export.ChildEnvironment(a.Environ, environment(profile, c))
	if err != nil {
		return err
	}
	return a.run(argv, environ)
}

// Exit codes of a command that did not run, as shells give them.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

// run runs a command on our own streams until it ends. Signals that reach
// rolecall are passed on; the command's end is rolecall's.
func (a *App) run(argv, environ []string) error {
	path, err := exec.LookPath(argv[0])
	if errors.Is(err, exec.ErrDot) {
		err = nil // a person who has the current folder in PATH means it
	}
	if err != nil {
		code := exitNotFound
		if errors.Is(err, fs.ErrPermission) {
			code = exitNotExecutable
		}
		return &hintError{error: fmt.Errorf("command %q: %w", argv[0], errors.Unwrap(err)), code: code}
	}
	child := &exec.Cmd{Path: path, Args: argv, Env: environ, Stdin: a.Stdin, Stdout: a.Stdout, Stderr: a.Stderr}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, passedSignals()...)
	defer signal.Stop(signals)
	if err := child.Start(); err != nil {
		return &hintError{error: fmt.Errorf("command %q: %w", argv[0], err), code: exitNotExecutable}
	}
	ended := make(chan struct{})
	go pass(signals, child.Process, ended)
	err = child.Wait()
	close(ended)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &childExit{exitCode(exit.ProcessState)}
	}
	return err
}

// pass hands signals to the command. One that the terminal sent to the whole
// foreground group has reached it already: it is not sent twice.
func pass(signals <-chan os.Signal, child *os.Process, ended <-chan struct{}) {
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
