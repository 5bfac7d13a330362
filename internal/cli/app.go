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
	"slices"
	"sync"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter/client"
	"rolecall/internal/login"
	"rolecall/internal/nodump"
	"rolecall/internal/policy"
	"rolecall/internal/settings"
	"rolecall/internal/vault"

	"github.com/spf13/cobra"
)

// A World is what surrounds a command: its streams, environment, clock and person.
type World struct {
	Stdin   *os.File
	Stdout  io.Writer
	Stderr  io.Writer
	Environ []string // as os.Environ returns it
	Home    string   // the person's home folder; empty without one
	Machine string   // the folder of the machine's policy; empty: none
	Version string
	Now     func() time.Time
	// Terminal reports whether a person is at stdin and stderr.
	Terminal bool
	// Person signs in; nil means the person at the terminal, if there is one.
	Person login.Person
	// Limits are those of children, nil unless this process has forbidden itself to dump.
	Limits *nodump.Limits
	// Local lists the commands of the local Identity Center.
	Local func(*App) []Command
}

// An App runs one command in a World.
type App struct {
	World
	json      bool           // --json
	debug     bool           // --debug
	help      string         // the command line for help on the running command
	running   *cobra.Command // the command that has begun: errors are no longer about usage; nil before
	arguments []string
	line      []string // the whole command line, after rolecall
	function  bool     // completions are for a function of shell-init
	quotes    bool     // completions are quoted before a shell inserts them
	dialect   string   // the format of the variables that stdout is expected to hold, for a shell; "" if none

	shared *awsconfig.Config  // the config files, once read
	own    *settings.Settings // rolecall's settings, once read
	rules  *policy.Policy     // the machine's, once read
	given  *settings.Settings // the machine's defaults, once read

	narrowing       sync.Once // what the working folder's .rolecall.toml files say, once read
	narrowings      []policy.Narrowing
	narrowingsError error

	confirmed []string // --confirm: guarded accounts that are meant

	silence client.Silence    // how long the command has waited in vain
	sweep   sync.Once         // of the caches, by the first who needs them
	inForce awsconfig.Profile // whose network settings are used, for errors

	opened *vault.Opened // keys of encrypted sign-ins that this process has asked for; nil until then

	people      map[string]string // who signed in, by session, as far as this command has learned it
	audited     sync.Once
	auditing    settings.Audit // once read
	auditWarned sync.Once      // a full disk is worth one warning, whatever the number of targets
}

// Main runs the command named by args, and returns the exit code.
func Main(ctx context.Context, w World, args []string) int {
	a := &App{World: w, line: args, opened: &vault.Opened{}}
	if isShortStatus(args) {
		a.printShort()
		return ExitOK
	}
	root := a.root(args)
	root.SetArgs(args)
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if a.inForce.SignsIn() { // the AWS CLI and SDKs use the token, too
		a.renewSession(ctx, a.inForce.Session)
	}
	if err == nil {
		return ExitOK
	}
	if passed := (*ChildExit)(nil); errors.As(err, &passed) {
		return passed.Code
	}
	if a.running == nil {
		err = &UsageError{err}
		a.json = a.json || slices.Contains(args, "--json")
	}
	r := a.explain(ctx, err)
	a.recordRefusal(a.command(), err)
	if cmd.CommandPath() == "rolecall switch" {
		return a.fail(a.failedSwitch(r))
	}
	a.failSwitch(cmd, args)
	return a.fail(r)
}

// JSON reports whether results are printed as JSON objects.
func (a *App) JSON() bool { return a.json }

// Getenv is os.Getenv in the app's world; the last of several entries counts.
func (a *App) Getenv(name string) string {
	for i := len(a.Environ) - 1; i >= 0; i-- {
		entry := a.Environ[i]
		if len(entry) > len(name) && entry[len(name)] == '=' && SameName(entry[:len(name)], name) {
			return entry[len(name)+1:]
		}
	}
	return ""
}

// Logger returns a logger to stderr with --debug, else one that discards everything.
func (a *App) Logger(stderr io.Writer) *slog.Logger {
	if !a.debug {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
