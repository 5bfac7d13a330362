package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rolecall/internal/near"
)

// elsewhere are words of other tools for what a command of ours does.
func elsewhere() map[string]string {
	return map[string]string{
		"list": "ls", "accounts": "ls", "roles": "ls", "search": "ls", "use": "env", "export": "env", "eval": "env",
		"assume": "exec", "run": "exec", "shell": "exec", "signin": "login", "sign-in": "login", "signout": "logout",
		"sign-out": "logout", "refresh": "sync", "update": "sync", "open": "console", "id": "whoami",
		"setup": "configure", "init": "configure", "populate": "profiles", "serve": "idc", "server": "idc", "select": "pick",
	}
}

// unknownCommand says which command was most likely meant.
func unknownCommand(parent *cobra.Command, name string) error {
	var names []string
	for _, cmd := range parent.Commands() {
		if cmd.IsAvailableCommand() {
			names = append(names, cmd.Name())
		}
	}
	e := &HintError{
		Err: fmt.Errorf("unknown command %q", strings.TrimPrefix(parent.CommandPath()+" "+name, "rolecall ")), Code: ExitUsage,
		Hint: parent.CommandPath() + " --help",
	}
	meant := near.Best(name, names)
	if meant == "" && !parent.HasParent() {
		meant = elsewhere()[strings.ToLower(name)]
	}
	if meant != "" {
		path := parent.CommandPath() + " " + meant
		e.Facts, e.Hint = []string{"did you mean " + path + "?"}, path+" --help"
	}
	return e
}

// unknownFlag says which flag was most likely meant.
func (a *App) unknownFlag(cmd *cobra.Command, err error) error {
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
	if meant := near.Best(strings.ReplaceAll(unknown.GetSpecifiedName(), "_", "-"), names); meant != "" {
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

// firstArg is the only argument of a command that takes one at most; "" without it.
func firstArg(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
