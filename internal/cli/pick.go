package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"rolecall/internal/export"
	"rolecall/internal/picker"
	"rolecall/internal/terminal"
)

// pickFlags are those of pick.
type pickFlags struct {
	filterFlags
	session, query, action, shell string
	allSessions                   bool

	evaluated bool // stdout is for eval: only variables may be printed there
}

func (a *App) pickCommand() *cobra.Command {
	f := pickFlags{}
	cmd := &cobra.Command{
		Use:   "pick",
		Short: "Choose an account and role at the terminal",
		Long: `Choose an account and role at the terminal by typing parts of its name, id, e-mail or tags.

  rolecall exec "$(rolecall pick)" -- aws s3 ls
  eval "$(rolecall pick --action env)"

Without --session, pick shows the accounts of all sessions, each row with its session, unless
default_session in config.toml names one.

Only your choice is printed to stdout. rolecall without a command opens the same picker; there,
Enter opens a shell.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.shell = a.formatOf(cmd)
			return a.pick(cmd.Context(), f)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.session, "session", "", "only accounts of this `SESSION`")
	addAllSessions(cmd, &f.allSessions)
	cmd.Flags().StringVar(&f.query, "query", "", "start with this `TEXT` in the search field")
	cmd.Flags().StringVar(&f.action, "action", "target",
		"`ACTION` of the Enter key: "+strings.Join(actionNames(), ", "))
	cmd.Flags().StringVar(&f.shell, "shell", export.Default(), "`FORMAT` of the action env")
	_ = cmd.RegisterFlagCompletionFunc("session", a.completeSessionFlag)
	_ = cmd.RegisterFlagCompletionFunc("action", cobra.FixedCompletions(actionNames(), nothingElse))
	_ = cmd.RegisterFlagCompletionFunc("shell", cobra.FixedCompletions(export.Formats(), nothingElse))
	return cmd
}

// pickActions returns what can be done with a choice, with keys that every terminal delivers. Those that hand out keys
// ask for the name of a guarded account themselves.
func pickActions() []picker.Action {
	return []picker.Action{
		{Name: "target", Key: "ctrl+t", Does: "prints the target", Short: "target", Guarded: true},
		{Name: "env", Key: "ctrl+e", Does: "prints variables", Short: "env"},
		{Name: "shell", Key: "ctrl+x", Does: "opens a shell", Short: "shell"},
		{Name: "console", Key: "ctrl+o", Does: "opens the console", Short: "console"},
		{Name: "arn", Key: "ctrl+y", Does: "copies its ARN", Short: "copy ARN"},
	}
}

func actionNames() []string {
	var names []string
	for _, action := range pickActions() {
		names = append(names, action.Name)
	}
	return names
}

// pickWithoutCommand is rolecall without arguments: the picker, if there is a terminal and
// something is configured. In eval "$(rolecall)" Enter prints variables.
func (a *App) pickWithoutCommand(cmd *cobra.Command) error {
	config, err := a.config()
	nothing := err == nil && len(config.SessionNames())+len(config.ProfileNames()) == 0
	switch onScreen := a.onScreen(); {
	case onScreen && (!a.Terminal || a.json || nothing):
		return cmd.Help()
	case onScreen:
		return a.pick(cmd.Context(), pickFlags{action: "shell", shell: export.Default()})
	case !a.Terminal || a.json: // eval would run a help on stdout
		return Usagef("a command is missing")
	}
	a.dialect = export.Default()
	return a.pick(cmd.Context(), pickFlags{action: "env", shell: a.dialect, evaluated: true})
}

// onScreen reports whether stdout is a terminal.
func (a *App) onScreen() bool { return isTerminal(a.Stdout) }

func (a *App) pick(ctx context.Context, f pickFlags) error {
	actions := pickActions()
	first := slices.IndexFunc(actions, func(action picker.Action) bool { return action.Name == f.action })
	if first < 0 {
		return Usagef("unknown --action %q; use one of %s", f.action, strings.Join(actionNames(), ", "))
	}
	if !isFormat(f.shell) {
		return unknownFormat(f.shell)
	}
	actions = slices.Concat(actions[first:first+1], actions[:first], actions[first+1:])
	if f.evaluated {
		actions = slices.DeleteFunc(actions, func(x picker.Action) bool { return x.Name == "target" || x.Name == "arn" })
	}
	choice, t, err := a.choose(ctx, f, actions)
	if err != nil {
		return err
	}
	return a.act(ctx, choice, t, f.shell)
}

// choose lets the person choose at the terminal, and returns the choice with its target.
func (a *App) choose(ctx context.Context, f pickFlags, actions []picker.Action) (picker.Choice, target, error) {
	screen, ok := a.Stderr.(*os.File)
	if !ok || !a.Terminal {
		err := &HintError{Err: errors.New("the picker needs a terminal"), Code: ExitError, Hint: "rolecall ls"}
		return picker.Choice{}, target{}, err
	}
	l, err := a.newPickerListings(ctx, f)
	if err != nil {
		return picker.Choice{}, target{}, err
	}
	// SIGQUIT would kill rolecall, and leave the terminal as the picker set it.
	open, closed := signal.NotifyContext(ctx, syscall.SIGQUIT)
	defer closed()
	choice, err := l.open(open, picker.Options{
		In: a.Stdin, Out: screen, Environ: a.Environ, Query: f.query, Actions: actions, Stays: !a.onScreen(),
	})
	switch {
	case errors.Is(err, picker.ErrNothing):
		return choice, target{}, &HintError{Err: err, Code: ExitInterrupted}
	case errors.Is(err, picker.ErrNoTerminal):
		return choice, target{}, &HintError{Err: err, Code: ExitError, Hint: "rolecall ls"}
	case err != nil:
		return choice, target{}, err
	}
	t := target{account: choice.ID, role: choice.Role, session: choice.Session}
	if f.session != "" && t.session == "" {
		t.session = cmp.Or(l.parts[0].session.login.Session.Name, f.session)
	}
	return choice, t, nil
}

// act does what the person wants with a choice.
func (a *App) act(ctx context.Context, choice picker.Choice, t target, format string) error {
	switch choice.Action {
	case "env":
		return a.env(ctx, t, options{}, format)
	case "shell":
		stdout := a.Stdout
		if !a.onScreen() {
			stdout = a.Stderr // eval must not run what the shell prints
		}
		return a.openShell(ctx, t, stdout, ownShellFlags{})
	case "console":
		return a.console(ctx, t, consoleOptions{})
	case "arn":
		return a.copyARN(ctx, t)
	}
	return a.printTarget(t)
}

func (a *App) printTarget(t target) error {
	if a.json {
		answer := map[string]string{"accountId": t.account, "roleName": t.role}
		if t.session != "" {
			answer["session"] = t.session
		}
		return a.printJSON(answer)
	}
	text := t.account + "/" + t.role
	if strings.Contains(t.session, ":") {
		return &HintError{
			Err:  fmt.Errorf("the session of %s is %s, which a target cannot name", text, t.session),
			Code: ExitUsage, Hint: "rolecall pick --session PROFILE, with a profile of that session",
		}
	}
	if t.session != "" {
		text = t.session + ":" + text
	}
	_, err := fmt.Fprintln(a.Stdout, a.Show(text))
	return err
}

// copyARN copies the ARN of the target's IAM role to the terminal's clipboard, and prints it.
func (a *App) copyARN(ctx context.Context, t target) error {
	identity, s, err := a.identity(ctx, t)
	if err != nil {
		return err
	}
	arn, err := roleARN(identity.ARN, s.login.Session.Region)
	if err != nil {
		return err
	}
	a.copy(arn)
	a.tell("copied, if your terminal supports it")
	if a.json {
		return a.printJSON(map[string]string{"roleArn": arn})
	}
	_, err = fmt.Fprintln(a.Stdout, arn)
	return err
}

// roleARN returns the ARN of an IAM role from that of its session,
// arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/USER. Roles made by Identity Center have a
// path, which contains its region unless that is us-east-1.
func roleARN(session, region string) (string, error) {
	parts := strings.Split(session, ":")
	if len(parts) != 6 || parts[2] != "sts" || session != terminal.ShowLine(session) {
		return "", fmt.Errorf("%q is not the ARN of a role's session", session)
	}
	kind, rest, _ := strings.Cut(parts[5], "/")
	role, _, ok := strings.Cut(rest, "/")
	if kind != "assumed-role" || role == "" || !ok {
		return "", fmt.Errorf("%q is not the ARN of a role's session", session)
	}
	path := ""
	if strings.HasPrefix(role, "AWSReservedSSO_") {
		path = "aws-reserved/sso.amazonaws.com/"
		if region != "us-east-1" {
			path += region + "/"
		}
	}
	return fmt.Sprintf("arn:%s:iam::%s:role/%s%s", parts[1], parts[4], path, role), nil
}
