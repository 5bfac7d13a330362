// Package cli is the command line: the kernel (app, wire, say, ask, errors) and the
// client's commands, one file each. Nothing here decides about sign-ins, caches or
// credentials.
package cli

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/login"
	"rolecall/internal/settings"
)

// A World is what surrounds a command: its streams, environment, clock and person.
type World struct {
	Stdin   *os.File
	Stdout  io.Writer
	Stderr  io.Writer
	Environ []string // as os.Environ returns it
	Home    string   // the person's home folder; empty when there is none
	Version string
	Now     func() time.Time
	// Terminal reports whether a person is at stdin and stderr.
	Terminal bool
	// Person signs in; nil stands for the person at the terminal, if there is one.
	Person login.Person
	// Local makes the commands of the local Identity Center.
	Local func(*App) []*cobra.Command
}

// An App runs one command in a World.
type App struct {
	World
	json  bool // --json
	debug bool // --debug
	ran   bool // a command has begun: errors are no longer of usage

	shared *awsconfig.Config  // the config files, once they are read
	own    *settings.Settings // our settings, once they are read
}

// Main runs the command that args name, and returns the exit code.
func Main(ctx context.Context, w World, args []string) int {
	a := &App{World: w}
	root := a.command()
	root.SetArgs(args)
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitOK
	}
	if passed := (*ChildExit)(nil); errors.As(err, &passed) {
		return passed.Code
	}
	if !a.ran {
		err = &UsageError{err}
	}
	return a.fail(explain(ctx, err))
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
		a.profilesCommand(), a.ssoCommand(), a.configCommand(), a.versionCommand(),
	)
	if a.Local != nil {
		root.AddCommand(a.Local(a)...)
	}
	a.complete(root)
	return root
}

// JSON reports whether results are wanted as JSON objects.
func (a *App) JSON() bool { return a.json }

// Getenv is os.Getenv in the app's world; the last of several values counts.
func (a *App) Getenv(name string) string {
	for i := len(a.Environ) - 1; i >= 0; i-- {
		entry := a.Environ[i]
		if len(entry) > len(name) && entry[len(name)] == '=' && SameName(entry[:len(name)], name) {
			return entry[len(name)+1:]
		}
	}
	return ""
}

// Logger logs to stderr with --debug, else nowhere.
func (a *App) Logger(stderr io.Writer) *slog.Logger {
	if !a.debug {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
