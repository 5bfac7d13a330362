package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rolecall/internal/near"
)

// elsewhere returns the words that other tools have for our commands.
func elsewhere() map[string]string {
	return map[string]string{
		"list": "ls", "accounts": "ls", "roles": "ls", "search": "ls", "use": "env", "export": "env", "eval": "env",
		"assume": "exec", "run": "exec", "shell": "exec", "signin": "login", "sign-in": "login", "signout": "logout",
		"sign-out": "logout", "refresh": "sync", "update": "sync", "open": "console", "id": "whoami",
		"setup": "configure", "init": "configure", "populate": "profiles", "select": "pick",
		"start": "idc serve", "ecs": "serve", "imds": "serve", "forward": "serve",
		"creds": "env", "credentials": "env", "keys": "env", "get-role-credentials": "sso get-role-credentials",
		"list-accounts": "sso list-accounts", "list-account-roles": "sso list-account-roles",
	}
}

// unknownCommand returns the error for name below parent, with the command that was most likely meant.
func unknownCommand(parent *cobra.Command, name string) error {
	var names []string
	for _, cmd := range parent.Commands() {
		if cmd.IsAvailableCommand() {
			names = append(names, cmd.Name())
		}
	}
	e := &HintError{
		Err:  fmt.Errorf("unknown command %q", strings.TrimPrefix(parent.CommandPath()+" "+name, "rolecall ")),
		Code: ExitUsage, Hint: parent.CommandPath() + " --help",
	}
	if slices.Contains(names, name) { // rolecall -- version
		e.Err = fmt.Errorf(`"--" cannot come before the command %q`, name)
		return e
	}
	meant := near.Best(name, names)
	if meant == "" && !parent.HasParent() {
		meant = elsewhere()[strings.ToLower(name)]
	}
	if meant == "" {
		meant = onlyWithPrefix(name, names)
	}
	if meant != "" {
		path := parent.CommandPath() + " " + meant
		e.Facts, e.Hint = []string{"did you mean " + path + "?"}, path+" --help"
	}
	return e
}

// onlyWithPrefix returns the one name that starts with text, or "".
func onlyWithPrefix(text string, names []string) (found string) {
	for _, name := range names {
		switch {
		case !strings.HasPrefix(name, text):
		case found != "":
			return ""
		default:
			found = name
		}
	}
	return found
}

// unknownTopics makes help answer an unknown command as the command line does.
func unknownTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, err := root.Find([]string{"help"})
	if err != nil || help == root {
		return
	}
	show := help.Run
	help.Run, help.RunE = nil, func(cmd *cobra.Command, args []string) error {
		topic, rest, err := root.Find(args)
		switch {
		case err != nil:
			return err
		case len(rest) > 0:
			return unknownCommand(topic, rest[0])
		}
		show(cmd, args)
		return nil
	}
}

// unknownFlag adds to err the flag that was most likely meant. args are the whole command line: a flag of root that
// comes after a word belongs to a command that nobody knows.
func (a *App) unknownFlag(cmd *cobra.Command, args []string, err error) error {
	if word := firstWord(args); !cmd.HasParent() && word != "" {
		return unknownCommand(cmd, word)
	}
	// exec dev ls -l, exec ls -l: the flag is the command's.
	if n := slices.Index(args, "exec"); cmd.Name() == "exec" && !slices.Contains(args, "--") && len(args) > n+2 &&
		!strings.HasPrefix(args[n+1], "-") && (!strings.HasPrefix(args[n+2], "-") || a.isProgram(args[n+1])) {
		return a.missingDash(cmd)
	}
	e := &HintError{Err: err, Code: ExitUsage, Hint: cmd.CommandPath() + " --help"}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return e
	}
	var names []string
	add := func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	}
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	// -profile dev: after one dash pflag reads letters, and names the first that it does not know.
	typed := cmp.Or(unknown.GetSpecifiedShortnames(), unknown.GetSpecifiedName())
	if meant := near.Best(strings.ReplaceAll(typed, "_", "-"), names); meant != "" {
		e.Facts = []string{"did you mean --" + meant + "?"}
	}
	return e
}

// wrongArguments shows what a command takes.
func wrongArguments(cmd *cobra.Command, args []string) error {
	return &HintError{
		Err: fmt.Errorf("wrong number of arguments: %d", len(args)), Code: ExitUsage,
		Facts: []string{"usage: " + cmd.UseLine()}, Hint: cmd.CommandPath() + " --help",
	}
}

// firstArg returns the argument of a command that takes at most one; "" without it.
func firstArg(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
