package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/credentials"
	"rolecall/internal/export"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
)

func (a *App) envCommand() *cobra.Command {
	var f targetFlags
	var o options
	var shell string
	var unset bool
	cmd := &cobra.Command{
		Use:   "env [TARGET]",
		Short: "Print role credentials as environment variables",
		Long: `Print role credentials as environment variables for a shell.

  eval "$(rolecall env dev)"                                  sh, bash, zsh
  rolecall env dev --shell fish | source                      fish
  rolecall env dev --shell powershell | Out-String | iex      PowerShell
  rolecall env dev --shell nushell | from json | load-env     nushell
  eval "$(rolecall env --unset)"                              unset them again

In elvish: eval (rolecall env dev --shell elvish | slurp)
In csh and tcsh: eval "` + "`rolecall env dev --shell csh`" + `"
nushell unsets names: hide-env --ignore-errors ...(rolecall env --unset --shell nushell | from json)

ROLECALL_TARGET, _SESSION, _ACCOUNT_ID, _ACCOUNT_NAME, _ROLE, _PROFILE and _GUARDED describe the
credentials, for prompts: characters that a prompt or shell might interpret are replaced by _.

Formats: ` + strings.Join(export.Formats(), ", ") + `;
or a shell by its name or path, such as zsh or /usr/bin/tcsh.
AWS_REGION or AWS_DEFAULT_REGION is kept if you have set it, unless you pass --region.
AWS_PROFILE and AWS_DEFAULT_PROFILE are unset, because they would take precedence over the keys.
If env cannot get credentials, its output unsets the previous ones and makes the shell's eval fail.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			shell = a.formatOf(cmd)
			if unset {
				return export.WriteUnset(a.Stdout, shell, a.handedOut())
			}
			t, err := a.argument(f, firstArg(args))
			if err != nil {
				return err
			}
			return a.env(cmd.Context(), t, o, shell)
		},
	}
	cmd.Flags().StringVar(&shell, "shell", export.Default(), "`FORMAT` of the output, never guessed from your login shell")
	cmd.Flags().StringVar(&shell, "format", export.Default(), "`FORMAT` of the output, like --shell")
	cmd.Flags().BoolVar(&unset, "unset", false, "print commands that unset the variables")
	f.add(cmd)
	f.addRegion(cmd)
	a.addConfirm(cmd)
	for _, name := range []string{"shell", "format"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(export.Formats(), nothingElse))
	}
	return cmd
}

func (a *App) env(ctx context.Context, t target, o options, format string) error {
	if !isFormat(format) {
		return unknownFormat(format)
	}
	a.dialect = format
	profile, c, err := a.retrieve(ctx, t, o)
	if err != nil {
		return err
	}
	account, err := a.accountOf(profile, c)
	if err != nil {
		return err
	}
	if err := a.recordKeys(howEnv, a.command(), profile, account, c); err != nil {
		return err
	}
	return export.Write(a.Stdout, format, a.environment(profile, c, account))
}

// formatOf returns the format that a command line asks for: the last of --shell and --format, else JSON with --json.
func (a *App) formatOf(cmd *cobra.Command) string {
	flags := cmd.Flags()
	if a.json && !flags.Changed("shell") && !flags.Changed("format") {
		return "json"
	}
	return dialectOf(flags.Lookup("shell").Value.String())
}

// dialectOf returns the format of a shell that is named or given by its path; other text stays as it is.
func dialectOf(text string) string {
	if isFormat(text) {
		return text
	}
	name := strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(text[strings.LastIndexAny(text, `/\`)+1:]), ".exe"), "-")
	switch name {
	case "bash", "zsh", "dash", "ksh", "ksh93", "mksh", "yash", "ash", "busybox", "posix", "sh":
		return "sh"
	case "fish", "elvish", "powershell", "cmd", "csh":
		return name
	case "pwsh":
		return "powershell"
	case "nu":
		return "nushell"
	case "tcsh":
		return "csh"
	}
	return text
}

// failSwitch removes the keys of a shell that evaluates our output, since it got no new ones: it must not go on with
// those of another account. cmd is the command that failed, perhaps before it began.
func (a *App) failSwitch(cmd *cobra.Command, args []string) {
	path := cmd.CommandPath()
	evaluated := path == "rolecall env" ||
		path == "rolecall pick" && cmd.Flags().Lookup("action").Value.String() == "env"
	if a.dialect == "" && evaluated {
		if a.running == nil {
			cmd.FParseErrWhitelist.UnknownFlags = true
			_ = cmd.ParseFlags(args)
		}
		if a.dialect = a.formatOf(cmd); !isFormat(a.dialect) {
			a.dialect = "sh" // most shells read it, whatever was meant
		}
	}
	if a.dialect != "" {
		_ = export.WriteFailure(a.Stdout, a.dialect, a.handedOut()) // the error to report is the one that led here
	}
}

// handedOut returns the names of the variables that rolecall may have set in this shell, without the person's own
// regions and other tools' prompt variables.
func (a *App) handedOut() []string {
	names := export.Unset(a.ownRegions()...)
	for _, name := range export.PromptNames() {
		if value := a.Getenv(name); value != "" && value == a.Getenv("ROLECALL_TARGET") {
			names = append(names, name)
		}
	}
	return names
}

func isFormat(format string) bool { return slices.Contains(export.Formats(), format) }

func unknownFormat(format string) error {
	return Usagef("unknown format %q; formats: %s", format, strings.Join(export.Formats(), ", "))
}

// environment returns what env and exec hand out: the keys, the region of the work, and whose keys they are.
func (a *App) environment(
	profile awsconfig.Profile, c identitycenter.RoleCredentials, account inventory.Account,
) export.Environment {
	region := credentials.Region(profile)
	e := export.Environment{
		Credentials: c, Identity: identityOf(profile, account), Region: region, DefaultRegion: region,
		Prompt: a.own != nil && a.own.PromptVariables, // accountOf has read them
	}
	ours := regionVariables()
	if set, _ := a.setRegion(); set == region { // what the person has set stays: in one of the two, or in both
		own := a.ownRegions()
		ours = slices.DeleteFunc(ours, func(name string) bool { return slices.Contains(own, name) })
		if len(own) == len(regionVariables()) {
			e.DefaultRegion = a.Getenv(own[1])
		}
	}
	e.RegionMark = export.MarkRegion(region, ours)
	return e
}
