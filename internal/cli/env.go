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
  eval "$(rolecall env --unset)"                              unset them again

Formats: ` + strings.Join(export.Formats(), ", ") + `.
AWS_PROFILE and AWS_DEFAULT_PROFILE are unset: they would take precedence over the keys.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.json && !cmd.Flags().Changed("shell") && !cmd.Flags().Changed("format") {
				shell = "json"
			}
			if unset {
				return export.WriteUnset(a.Stdout, shell)
			}
			t, err := a.argument(f, firstArg(args))
			if err != nil {
				return err
			}
			return a.env(cmd.Context(), t, o, shell)
		},
	}
	cmd.Flags().StringVar(&shell, "shell", export.Default(), "`FORMAT` of the output, never guessed from $SHELL")
	cmd.Flags().StringVar(&shell, "format", export.Default(), "`FORMAT` of the output, like --shell")
	cmd.Flags().BoolVar(&unset, "unset", false, "print commands that unset the variables")
	f.add(cmd)
	f.addRegion(cmd)
	for _, name := range []string{"shell", "format"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(export.Formats(), nothingElse))
	}
	return cmd
}

func (a *App) env(ctx context.Context, t target, o options, format string) error {
	if !isFormat(format) {
		return unknownFormat(format)
	}
	profile, c, err := a.retrieve(ctx, t, o)
	if err != nil {
		return err
	}
	return export.Write(a.Stdout, format, a.environment(profile, c))
}

func isFormat(format string) bool { return slices.Contains(export.Formats(), format) }

func unknownFormat(format string) error {
	return Usagef("unknown format %q; formats: %s", format, strings.Join(export.Formats(), ", "))
}

// environment returns what env and exec hand out: the keys, and the region of the work.
func (a *App) environment(profile awsconfig.Profile, c identitycenter.RoleCredentials) export.Environment {
	e := export.Environment{Credentials: c, Region: credentials.Region(profile)}
	if set, _ := a.setRegion(); set != e.Region {
		e.OwnRegion = e.Region
	}
	return e
}
