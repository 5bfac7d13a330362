package cli

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rolecall/internal/credentials"
	"rolecall/internal/export"
	"rolecall/internal/inventory"
	"rolecall/internal/picker"
	"rolecall/internal/terminal"
)

// pickFlags are those of pick.
type pickFlags struct {
	filterFlags
	session, query, action, shell string
}

// pickActions are what can be done with a chosen role.
func pickActions() []picker.Action {
	return []picker.Action{
		{Name: "target", Key: "ctrl+t", Does: "print"},
		{Name: "env", Key: "ctrl+e", Does: "print variables for"},
		{Name: "shell", Key: "ctrl+x", Does: "open a shell for"},
		{Name: "console", Key: "ctrl+o", Does: "open the console for"},
		{Name: "arn", Key: "ctrl+y", Does: "copy the role ARN of"},
	}
}

func (a *App) pickCommand() *cobra.Command {
	var f pickFlags
	cmd := &cobra.Command{
		Use:   "pick",
		Short: "Choose an account and role at the terminal",
		Long: `Choose an account and role at the terminal: type parts of what is in its name, alias,
id, role, e-mail or tags, in any order. With nothing typed, what you use most and last is
first. stdout gets the answer alone.

Enter does what --action says: print the target (ACCOUNT/ROLE), print its variables,
open a shell or the console with them, or copy the role's ARN. Ctrl with t, e, x, o and
y do the others. "rolecall" alone is the picker, too: Enter opens a shell then, or
prints variables where stdout is no terminal.`,
		Example: `  rolecall exec "$(rolecall pick)" -- aws s3 ls
  eval "$(rolecall pick --action env)"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.pick(cmd.Context(), f) },
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.session, "session", "", "`SESSION` to choose from; left out, the default one")
	cmd.Flags().StringVar(&f.query, "query", "", "`TEXT` that is typed already")
	cmd.Flags().StringVar(&f.action, "action", "target", "what Enter does: target, env, shell, console or arn")
	cmd.Flags().StringVar(&f.shell, "shell", export.Default(), "`FORMAT` of the variables, never guessed from $SHELL")
	_ = cmd.RegisterFlagCompletionFunc("action", cobra.FixedCompletions([]string{"target", "env", "shell", "console", "arn"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("shell", cobra.FixedCompletions(export.Formats(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("session", a.completeSessions)
	return cmd
}

// pickByDefault is what rolecall alone does for a person.
func (a *App) pickByDefault(ctx context.Context) error {
	f := pickFlags{action: "env", shell: export.Default()}
	if file, ok := a.Stdout.(*os.File); ok && terminal.IsTerminal(file) {
		f.action = "shell"
	}
	return a.pick(ctx, f)
}

func (a *App) pick(ctx context.Context, f pickFlags) error {
	actions := pickActions()
	enter := slices.IndexFunc(actions, func(x picker.Action) bool { return x.Name == f.action })
	switch {
	case enter < 0:
		return &usageError{fmt.Errorf("--action %s: it is target, env, shell, console or arn", f.action)}
	case !known(f.shell):
		return &usageError{fmt.Errorf("there is no format %q; formats: %s", f.shell, strings.Join(export.Formats(), ", "))}
	case !a.Terminal || a.getenv("TERM") == "dumb" || a.getenv("TERM") == "" && runtime.GOOS != "windows":
		return &hintError{error: errors.New("the picker needs a terminal that can move its cursor, at stdin and stderr"), code: exitUsage, hint: "rolecall ls"}
	}
	first := actions[enter]
	first.Key = "enter"
	actions = append([]picker.Action{first}, slices.Delete(actions, enter, enter+1)...)
	s, err := a.named(f.session, options{})
	if err != nil {
		return err
	}
	choice, err := a.choose(ctx, s, f, actions)
	if err != nil {
		return err
	}
	t := target{session: f.session, account: choice.Item.ID, role: choice.Item.Role}
	return a.actOn(ctx, t, choice.Action, f.shell)
}

// choose shows the picker. A listing that is missing or old is made meanwhile.
func (a *App) choose(ctx context.Context, s *session, f pickFlags, actions []picker.Action) (picker.Choice, error) {
	inv, err := a.stored(s)
	if err != nil && !errors.Is(err, inventory.ErrNone) {
		return picker.Choice{}, err
	}
	o := picker.Options{In: a.Stdin, Out: a.Stderr, Environ: a.Environ, Query: f.query, Actions: actions}
	rows := &pickRows{session: s.login.Session, filter: f.filter(), scores: a.listings().Frecency(s.login.Session), shown: inv}
	if inv == nil || a.place(s).Old(inv, a.Now(), freshForLooking) {
		if _, err := s.login.Token(ctx); err != nil && inv == nil { // a sign-in comes before the picker
			return picker.Choice{}, err
		}
		var updates chan picker.Update
		var stop func()
		updates, stop = a.listMeanwhile(ctx, s, rows)
		defer stop()
		o.Updates = updates
	}
	o.Update = picker.Update{Items: rows.items(), Status: rows.status(a)}
	choice, err := picker.Run(ctx, o)
	if errors.Is(err, picker.ErrNothing) {
		err = ErrInterrupted
	}
	return choice, err
}

// actOn does what was chosen.
func (a *App) actOn(ctx context.Context, t target, action, format string) error {
	name := t.account + "/" + t.role
	if t.session != "" {
		name = t.session + ":" + name
	}
	switch action {
	case "env":
		return a.env(ctx, t, options{}, format)
	case "shell":
		a.tell("a shell for %s; leave it with exit", name)
		return a.exec(ctx, t, options{}, []string{a.shell()})
	case "console":
		return a.console(ctx, t, consoleOptions{})
	case "arn":
		return a.copyARN(ctx, t)
	}
	_, err := fmt.Fprintln(a.Stdout, name)
	return err
}

// shell is the person's own.
func (a *App) shell() string {
	variable, fallback := "SHELL", "/bin/sh"
	if runtime.GOOS == "windows" {
		variable, fallback = "ComSpec", "cmd.exe"
	}
	if shell := a.getenv(variable); shell != "" {
		return shell
	}
	return fallback
}

// copyARN prints the ARN of a role as policies name it, and puts it into the clipboard
// by OSC 52, which most terminals know. Only AWS knows the end of the role's name.
func (a *App) copyARN(ctx context.Context, t target) error {
	profile, s, err := a.resolve(ctx, t, options{})
	if err != nil {
		return err
	}
	c, err := s.source.Retrieve(ctx, profile)
	if err != nil {
		return err
	}
	identity, err := s.source.STS.CallerIdentity(ctx, c, credentials.Region(profile))
	if err != nil {
		return err
	}
	arn := credentials.RoleARN(identity.ARN, s.login.Session.Region)
	fmt.Fprintf(a.Stderr, "\x1b]52;c;%s\a", base64.StdEncoding.EncodeToString([]byte(arn)))
	a.tell("copied, if the terminal allows it")
	_, err = fmt.Fprintln(a.Stdout, a.show(arn))
	return err
}
