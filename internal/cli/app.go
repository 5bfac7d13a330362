// Package cli is the command line: one file a command, wire.go builds the rooms,
// errors.go says every error and picks its exit code. Nothing here decides about
// sign-ins, caches or credentials.
package cli

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/login"
)

// An App is rolecall in one world: its streams, environment, clock and person.
type App struct {
	Stdin   *os.File
	Stdout  io.Writer
	Stderr  io.Writer
	Environ []string // as os.Environ gives it
	Home    string   // the person's home folder; empty when there is none
	Version string
	Now     func() time.Time
	// Terminal reports whether a person is at stdin and stderr.
	Terminal bool
	// Person signs in; nil stands for the person at the terminal, if there is one.
	Person login.Person

	json  bool // --json
	debug bool // --debug
	ran   bool // a command has begun: errors are no longer of usage
}

// Main runs the command that args name and gives the exit code.
func (a *App) Main(ctx context.Context, args []string) int {
	root := a.command()
	root.SetArgs(args)
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if !a.ran {
		err = &usageError{err}
	}
	return a.fail(ctx, err)
}

const exitCodesHelp = `Exit codes:
  0 ok · 1 error · 2 usage · 3 login required · 4 no access
  5 throttled or unavailable · 6 configuration · 7 refused by policy · 130 interrupted
  exec, demo and idc run pass on the exit code of their command.`

func (a *App) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "rolecall",
		Short: "Role credentials for people who sign in through AWS IAM Identity Center",
		Long: `rolecall gets temporary role credentials for people who sign in through AWS IAM
Identity Center, and shares its sign-in with the AWS CLI and SDKs.

A TARGET is a profile of ~/.aws/config, or [SESSION:]ACCOUNT/ROLE with an account's
id, name, alias or unique beginning. Left out, it is $AWS_PROFILE, else the default
profile.

At a terminal, rolecall without a command lets you pick a TARGET, and opens a shell
with its credentials.

` + exitCodesHelp,
		Args:              cobra.NoArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
		PersistentPreRun:  func(*cobra.Command, []string) { a.ran = true },
		RunE:              func(cmd *cobra.Command, _ []string) error { return a.pickWithoutCommand(cmd) },
	}
	root.PersistentFlags().BoolVar(&a.json, "json", false, "results and errors as JSON objects")
	root.PersistentFlags().BoolVar(&a.debug, "debug", false, "log to stderr what is asked and decided, without secrets")
	root.AddCommand(
		a.configureCommand(), a.loginCommand(), a.logoutCommand(), a.statusCommand(), a.whoamiCommand(),
		a.envCommand(), a.execCommand(), a.consoleCommand(), a.processCommand(), a.tokenCommand(),
		a.lsCommand(), a.pickCommand(), a.syncCommand(),
		a.profilesCommand(), a.ssoCommand(), a.configCommand(), a.idcCommand(), a.demoCommand(), a.versionCommand(),
	)
	a.complete(root)
	return root
}

// getenv is os.Getenv in the app's world; the last of several values counts.
func (a *App) getenv(name string) string {
	for i := len(a.Environ) - 1; i >= 0; i-- {
		if entry := a.Environ[i]; len(entry) > len(name) && entry[len(name)] == '=' && sameName(entry[:len(name)], name) {
			return entry[len(name)+1:]
		}
	}
	return ""
}

// logger logs to stderr with --debug, else nowhere.
func (a *App) logger() *slog.Logger {
	if !a.debug {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(a.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
