package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"rolecall/internal/credentials"
)

func (a *App) whoamiCommand() *cobra.Command {
	var f targetFlags
	cmd := &cobra.Command{
		Use:   "whoami [TARGET]",
		Short: "Ask AWS whose credentials these are (GetCallerIdentity)",
		Long: `Ask AWS whose the role credentials of TARGET are (GetCallerIdentity).

  rolecall whoami dev
  rolecall whoami 111122223333/ReadOnly

Without a TARGET, it uses the keys in the environment, if any: those set by "exec", "env" or the
picker's shell. If the keys are for another account or role than TARGET's, that is an error.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if keys, ok := a.shellKeys(f, args); ok {
				return a.whoamiShell(cmd.Context(), keys)
			}
			t, err := a.argument(f, firstArg(args))
			if err != nil {
				return err
			}
			return a.whoami(cmd.Context(), t)
		},
	}
	f.add(cmd)
	f.addRegion(cmd)
	return cmd
}

// identity asks STS whose a target's role credentials are.
func (a *App) identity(ctx context.Context, t target) (credentials.Identity, *session, error) {
	profile, s, err := a.resolve(ctx, t, options{})
	if err != nil {
		return credentials.Identity{}, nil, err
	}
	if err := requireRegion(profile); err != nil {
		return credentials.Identity{}, nil, err
	}
	c, err := s.source.Retrieve(ctx, profile)
	if err != nil {
		return credentials.Identity{}, nil, err
	}
	identity, err := s.source.STS.Identify(ctx, c, profile)
	return identity, s, err
}

func (a *App) whoami(ctx context.Context, t target) error {
	identity, _, err := a.identity(ctx, t)
	if err != nil {
		return err
	}
	return a.printIdentity(identity)
}

func (a *App) printIdentity(identity credentials.Identity) error {
	if a.json {
		return a.printJSON(identity)
	}
	_, err := fmt.Fprintf(a.Stdout, "Account  %s\nArn      %s\nUserId   %s\n",
		a.Show(identity.Account), a.Show(identity.ARN), a.Show(identity.UserID))
	return err
}
