package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// A Command can be typed after rolecall. It is made only when needed, so that a
// credential_process call does not pay for fifty commands and their flags.
type Command struct {
	Name  string
	Group string // its heading in the help: one of groups
	Make  func() *cobra.Command
}

// The headings of the help, in order.
const (
	GroupSignIn = "sign-in"
	GroupUse    = "use"
	GroupFind   = "find"
	GroupSetUp  = "set-up"
	GroupLocal  = "local"
)

func groups() []*cobra.Group {
	return []*cobra.Group{
		{ID: GroupSignIn, Title: "Sign in:"},
		{ID: GroupUse, Title: "Use role credentials:"},
		{ID: GroupFind, Title: "Find accounts and roles:"},
		{ID: GroupSetUp, Title: "Set up:"},
		{ID: GroupLocal, Title: "Local Identity Center:"},
	}
}

func (a *App) commands() []Command {
	commands := []Command{
		{"login", GroupSignIn, a.loginCommand},
		{"logout", GroupSignIn, a.logoutCommand},
		{"status", GroupSignIn, a.statusCommand},
		{"token", GroupSignIn, a.tokenCommand},
		{"refresh", GroupSignIn, a.refreshCommand},
		{"storage", GroupSignIn, a.storageCommand},
		{"env", GroupUse, a.envCommand},
		{"exec", GroupUse, a.execCommand},
		{"serve", GroupUse, a.serveCommand},
		{"console", GroupUse, a.consoleCommand},
		{"process", GroupUse, a.processCommand},
		{"write", GroupUse, a.writeCommand},
		{"whoami", GroupUse, a.whoamiCommand},
		{"sso", GroupUse, a.ssoCommand},
		{"audit", GroupUse, a.auditCommand},
		{"ls", GroupFind, a.lsCommand},
		{"pick", GroupFind, a.pickCommand},
		{"sync", GroupFind, a.syncCommand},
		{"configure", GroupSetUp, a.configureCommand},
		{"profiles", GroupSetUp, a.profilesCommand},
		{"import", GroupSetUp, a.importCommand},
		{"config", GroupSetUp, a.configCommand},
		{"doctor", GroupSetUp, a.doctorCommand},
		{"trust", GroupSetUp, a.trustCommand},
		{"version", "", a.versionCommand},
		{"completion", "", a.completionCommand},
		{"shell-init", GroupSetUp, a.shellInitCommand},
		{"__completions", "", a.completionsCommand},
		{"switch", "", a.switchCommand},
	}
	if a.Local != nil {
		commands = append(commands, a.Local(a)...)
	}
	return commands
}

const rootHelp = `Get temporary role credentials through AWS IAM Identity Center, with one sign-in for
rolecall, the AWS CLI and the SDKs.

  rolecall configure https://d-1234567890.awsapps.com/start
  rolecall exec dev -- aws s3 ls

A TARGET is a profile of ~/.aws/config, or [SESSION:]ACCOUNT/ROLE with an account's id,
name, alias or unique prefix. The default is $AWS_PROFILE, else the default profile.

Without a command, at a terminal, rolecall lets you pick a TARGET and opens a shell with its
credentials.

Exit codes:
  0 ok · 1 error · 2 usage · 3 login required · 4 no access
  5 throttled or unavailable · 6 configuration · 7 refused by policy · 130 interrupted
  exec, demo and idc run exit with the exit code of their command.`

// Root returns the whole command tree of w, for the manual and for tests.
func Root(w World) *cobra.Command { return (&App{World: w}).root(nil) }

// root makes the command tree that args need: the command that they name, or all commands
// for help, completion and unknown names.
func (a *App) root(args []string) *cobra.Command {
	root := &cobra.Command{
		Use:               "rolecall",
		Short:             "Role credentials for people who sign in through AWS IAM Identity Center",
		Long:              rootHelp,
		Version:           a.Version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		PersistentPreRunE: a.begin,
		RunE:              func(cmd *cobra.Command, _ []string) error { return a.pickWithoutCommand(cmd) },
	}
	root.SetVersionTemplate(a.versionLine() + "\n")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print results and errors as JSON objects")
	root.PersistentFlags().BoolVar(&a.debug, "debug", false, "log requests and decisions to stderr, without secrets")
	root.AddGroup(groups()...)
	commands := a.commands()
	if i := slices.IndexFunc(commands, func(c Command) bool { return c.Name == firstWord(args) }); i >= 0 {
		commands = commands[i : i+1]
	}
	root.CompletionOptions.DisableDefaultCmd = true // completionCommand is in its place
	for _, c := range commands {
		cmd := c.Make()
		cmd.GroupID = c.Group
		root.AddCommand(cmd)
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return a.unknownFlag(cmd, args, err) })
	a.prepare(root)
	if firstWord(args) == "help" {
		unknownTopics(root)
	}
	return root
}

// firstWord returns the first of args that is not a flag; flags before it take no values.
func firstWord(args []string) string {
	for _, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			return arg
		}
	}
	return ""
}

// prepare gives cmd and all commands below it their completions, and the errors for wrong
// arguments.
func (a *App) prepare(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		a.prepare(sub)
	}
	a.complete(cmd)
	if !cmd.Runnable() { // without this cobra shows its help whatever follows
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	accepts := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		a.help = cmd.CommandPath() + " --help"
		if cmd.HasSubCommands() && len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		if accepts == nil || accepts(cmd, args) == nil {
			return nil
		}
		return wrongArguments(cmd, args)
	}
}
