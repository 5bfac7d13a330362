package local

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"rolecall/internal/cli"
	"rolecall/internal/filesystem"
	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/operator"
	"rolecall/internal/idc/refusals"
	"rolecall/internal/idc/store"
)

// operatorFlags say on which Identity Center a command acts.
type operatorFlags struct{ data, url string }

// sameServer returns the flags that name the same server or directory, for a hint.
func (a *app) sameServer(f operatorFlags) string {
	if f.data != "" {
		return " --data " + cli.Quoted(f.data)
	}
	return a.urlFlag(f.url)
}

func (a *app) addOperatorFlags(cmd *cobra.Command, f *operatorFlags) {
	cmd.Flags().StringVar(&f.data, "data", "", "act on this data `DIR`, whether or not a server is using it")
	a.addURLFlag(cmd, f)
}

// addServerFlags adds the flags of a command that needs a running server.
func (a *app) addServerFlags(cmd *cobra.Command, f *operatorFlags) {
	cmd.Flags().StringVar(&f.data, "data", "", "use the server of this data `DIR`")
	a.addURLFlag(cmd, f)
}

func (a *app) addURLFlag(cmd *cobra.Command, f *operatorFlags) {
	cmd.Flags().StringVar(&f.url, "url", a.standardURL(), "`URL` of the running server, or $ROLECALL_IDC_URL")
}

// standardURL is the URL of the server on which commands act without --url.
func (a *app) standardURL() string {
	return cmp.Or(a.Getenv("ROLECALL_IDC_URL"), defaultURL())
}

func defaultURL() string { return fmt.Sprintf("http://127.0.0.1:%d", defaultIDCPort) }

// operate calls do with a client of the operator's socket: that of a running server, or its own
// for a data directory that no server is using.
func (a *app) operate(ctx context.Context, f operatorFlags, do func(*operator.Client) error) error {
	if f.data == "" {
		server, err := a.find(ctx, f)
		switch {
		case err != nil:
			return err
		case server.operator == nil:
			return &cli.HintError{
				Err:  fmt.Errorf("operator commands for %s work only on its own machine", server.URL),
				Code: cli.ExitUnavailable, Hint: "run this command there",
			}
		}
		return do(server.operator)
	}
	client, err := a.dialServer(f, "")
	if errors.Is(err, operator.ErrNobody) {
		return a.operateAlone(ctx, f.data, do)
	}
	if err != nil {
		return err
	}
	return do(client)
}

// operateAlone opens the data directory for one command.
func (a *app) operateAlone(ctx context.Context, dir string, do func(*operator.Client) error) (err error) {
	if _, err := os.Stat(filepath.Join(dir, "idc.db")); err != nil {
		return &cli.HintError{
			Err:  fmt.Errorf("%s holds no Identity Center", a.Tidy(dir)),
			Code: cli.ExitConfiguration, Hint: "rolecall idc serve --data " + cli.Quoted(dir),
		}
	}
	data, err := openData(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	err = data.Store.Update(ctx, func(tx store.Tx) error {
		_, err := directory.Open(tx, idc.DefaultRegion, a.Now())
		return err
	})
	if err != nil {
		return err
	}
	listener, err := operator.Listen(dir)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	api := &operator.API{
		Store: data.Store, Now: a.Now, Cost: directory.DefaultCost(), Refusals: refusals.New(data.Store, a.Now),
	}
	go func() { stopped <- api.Serve(ctx, listener) }()
	defer func() {
		stop()
		err = errors.Join(err, <-stopped, api.Refusals.Write(context.WithoutCancel(ctx), true))
	}()
	client, err := operator.Dial(listener.Addr().String())
	if err != nil {
		return err
	}
	return do(client)
}

func (a *app) idcApplyCommand() *cobra.Command {
	var f operatorFlags
	var prune, dry bool
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: "Show and apply the changes of a seed file",
		Long: `Show and apply the changes that a seed file makes to the directory.

  rolecall idc apply directory.yaml --dry-run
  rolecall idc apply directory.yaml --prune
  rolecall idc sample | rolecall idc apply -       read it from stdin`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.seedFile(args[0])
			if err != nil {
				return err
			}
			q := url.Values{
				"name": {args[0]}, "prune": {strconv.FormatBool(prune)}, "dry_run": {strconv.FormatBool(dry)},
			}
			return a.operate(cmd.Context(), f, func(c *operator.Client) error {
				answer, err := c.Do(cmd.Context(), http.MethodPost, "/apply", q, text, nil)
				if err != nil {
					return &cli.HintError{Err: err, Code: cli.ExitConfiguration, Hint: seedHint}
				}
				return a.Result(answer.Plan, map[string]any{"plan": answer.Plan, "applied": !dry})
			})
		},
	}
	a.addOperatorFlags(cmd, &f)
	cmd.Flags().BoolVar(&prune, "prune", false, "remove what is not in the file")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only show the changes")
	return cmd
}

// seedFile reads a seed file; - is stdin.
func (a *app) seedFile(path string) ([]byte, error) {
	if path != "-" {
		return filesystem.Read(path, maxSeed)
	}
	text, err := io.ReadAll(io.LimitReader(a.Stdin, maxSeed+1))
	if err == nil && len(text) > maxSeed {
		err = fmt.Errorf("stdin: %w", filesystem.ErrTooLarge)
	}
	return text, err
}

func (a *app) idcExportCommand() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print the directory as a seed file, with hashes for passwords",
		Long: `Print the directory as a seed file, with hashes for passwords.

  rolecall idc export
  rolecall idc export --data ./idc-data > exported.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.operate(cmd.Context(), f, func(c *operator.Client) error {
				_, err := c.Do(cmd.Context(), http.MethodGet, "/export", nil, nil, a.Stdout)
				return err
			})
		},
	}
	a.addOperatorFlags(cmd, &f)
	return cmd
}

func (a *app) idcPasswdCommand() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "passwd USER",
		Short: "Set a user's password and sign the user out everywhere",
		Long: `Set a user's password and sign the user out everywhere.

  rolecall idc user passwd alice
  rolecall idc user passwd alice --data ./idc-data < password.txt

It prompts for the password at a terminal; otherwise it reads the first line of stdin.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			password, err := a.newPassword(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			body, err := json.Marshal(map[string]string{"User": args[0], "Password": password})
			if err != nil {
				return err
			}
			return a.operate(cmd.Context(), f, func(c *operator.Client) error {
				if _, err := c.Do(cmd.Context(), http.MethodPost, "/password", nil, body, nil); err != nil {
					return fmt.Errorf("user %s: %w", args[0], err)
				}
				return a.Result("The password of "+args[0]+" is set.", map[string]string{"user": args[0]})
			})
		},
	}
	a.addOperatorFlags(cmd, &f)
	return cmd
}

func (a *app) idcUserCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Manage users of the directory",
		Long: `Manage users of the directory.

  rolecall idc user passwd alice
  rolecall idc user passwd alice --data ./idc-data`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.idcPasswdCommand())
	return cmd
}

func (a *app) newPassword(ctx context.Context, user string) (string, error) {
	password, err := a.AskSecret(ctx, "New password of "+user)
	if err == nil && password == "" {
		err = cli.Usagef("the password is empty: type it at the terminal, or pass it on stdin")
	}
	return password, err
}

func (a *app) idcResetCommand() *cobra.Command {
	var f operatorFlags
	var yes bool
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Remove all users, groups, accounts, permission sets, assignments and sessions",
		Long: `Remove all users, groups, accounts, permission sets, assignments and sessions.

  rolecall idc reset --yes
  rolecall idc reset --data ./idc-data --yes`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !yes {
				return cli.Usagef("reset empties the directory: pass --yes to proceed")
			}
			return a.operate(cmd.Context(), f, func(c *operator.Client) error {
				if _, err := c.Do(cmd.Context(), http.MethodPost, "/reset", nil, nil, nil); err != nil {
					return err
				}
				return a.Result("The directory is empty.", map[string]bool{"reset": true})
			})
		},
	}
	a.addOperatorFlags(cmd, &f)
	cmd.Flags().BoolVar(&yes, "yes", false, "confirm")
	return cmd
}

func (a *app) idcBackupCommand() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the database to a new file, even while it is in use",
		Long: `Copy the database to a new file, even while it is in use.

  rolecall idc backup monday.db
  rolecall idc backup tuesday.db --data ./idc-data

To restore it, copy it to a data directory as idc.db, together with the file "secret" of the old
directory, then run rolecall idc audit accept --data DIR --yes.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			return a.operate(cmd.Context(), f, func(c *operator.Client) error {
				if _, err := c.Do(cmd.Context(), http.MethodPost, "/backup", url.Values{"path": {path}}, nil, nil); err != nil {
					return err
				}
				return a.Result("Written: "+a.Tidy(path), map[string]string{"path": path})
			})
		},
	}
	a.addOperatorFlags(cmd, &f)
	return cmd
}

func (a *app) idcReloadCommand() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Apply the running server's seed file again",
		Long: `Apply the running server's seed file again.

  rolecall idc reload
  rolecall idc reload --url http://127.0.0.1:9911`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.operate(cmd.Context(), f, func(c *operator.Client) error {
				answer, err := c.Do(cmd.Context(), http.MethodPost, "/reload", nil, nil, nil)
				if err != nil {
					return err
				}
				return a.Result(answer.Plan, map[string]string{"plan": answer.Plan})
			})
		},
	}
	a.addOperatorFlags(cmd, &f)
	return cmd
}
