package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/export"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/login"
)

func (a *App) processCommand() *cobra.Command {
	var f targetFlags
	var interactive bool
	cmd := &cobra.Command{
		Use:   "process [TARGET]",
		Short: "Print role credentials for credential_process",
		Long: `Print role credentials in the form that the AWS CLI and SDKs expect of a credential_process.

  rolecall process --profile dev
  rolecall process --session corp --account 111122223333 --role Admin

It never prompts, and exits within 20 seconds. With --interactive, or interactive = true in a
[[session]] of config.toml, it opens your browser once for all callers when you need to sign in, and
waits up to 50 seconds; if nobody signs in, it opens no browser for the next ten minutes. That needs a
desktop, not SSH or CI. rolecall-process does the same, faster; in a config file:

  credential_process = /usr/local/bin/rolecall-process --session corp --account 111122223333 --role Admin`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.argument(f, firstArg(args))
			if err != nil {
				return err
			}
			return a.process(cmd.Context(), t, interactive)
		},
	}
	cmd.Flags().BoolVar(&interactive, "interactive", false, "open the browser if you need to sign in")
	f.add(cmd)
	return cmd
}

// processDeadline bounds a credential_process call: an SDK waits for it without showing
// anything.
const processDeadline = 20 * time.Second

var errProcessDeadline = errors.New("no answer within 20 seconds")

func (a *App) process(ctx context.Context, t target, interactive bool) error {
	began := a.Now()
	profile, c, err := a.processKeys(ctx, t)
	var required *login.RequiredError
	if errors.As(err, &required) && a.mayAsk(required.Session, interactive) {
		if err = a.signInForProcess(ctx, required, began); err == nil {
			profile, c, err = a.processKeys(ctx, t)
		}
	}
	if err != nil {
		return err
	}
	if err := a.recordKeys(howProcess, a.command(), profile, inventory.Account{ID: c.AccountID}, c); err != nil {
		return err
	}
	return export.CredentialProcess(a.Stdout, c)
}

// processKeys gets the keys without a person.
func (a *App) processKeys(
	ctx context.Context, t target,
) (awsconfig.Profile, identitycenter.RoleCredentials, error) {
	late := fmt.Errorf("%w: %w", errProcessDeadline, identitycenter.ErrUnavailable)
	ctx, cancel := context.WithTimeoutCause(ctx, processDeadline, late)
	defer cancel()
	return a.retrieve(ctx, t, options{unattended: true})
}
