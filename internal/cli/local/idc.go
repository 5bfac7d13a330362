package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rolecall/internal/cli"
	"rolecall/internal/export"
	"rolecall/internal/idc"
	"rolecall/internal/idc/seed"
)

func (a *app) idcCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "idc",
		Short: "Run a local IAM Identity Center for development, tests and CI",
		Long: `Run a local IAM Identity Center that the AWS CLI, the SDKs and other AWS clients can sign in to.

  rolecall idc serve                      in memory, with sample users
  rolecall idc configure --user alice     write profiles for it
  rolecall idc run -- aws sts get-caller-identity --profile local-payments-dev-Admin

It rejects what AWS rejects. The other commands act on the server at --url, or with --data on a data
directory, whether or not a server is using it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		a.idcServeCommand(), a.idcEnvCommand(), a.idcRunCommand(), a.idcConfigureCommand(),
		a.idcApplyCommand(), a.idcExportCommand(), a.idcSampleCommand(), a.idcUserCommand(), a.idcResetCommand(),
		a.idcAuditCommand(), a.idcBackupCommand(), a.idcReloadCommand(), a.idcFaultsCommand(),
	)
	return cmd
}

// defaultIDCPort is the port of idc serve without --port: a fixed one, so that configuration
// that was written once stays valid.
const defaultIDCPort = 9911

func (a *app) idcServeCommand() *cobra.Command {
	o := serveOptions{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve a local Identity Center until interrupted",
		Long: `Serve a local Identity Center until interrupted.

  rolecall idc serve
  rolecall idc serve --data ./idc-data --seed directory.yaml
  rolecall idc serve --port 0 --fault throttle~7

Without flags it runs in memory, with sample users, on port 9911 of 127.0.0.1. With --data it keeps
everything in a directory, and sign-ins survive a restart. The administrator's keys, for aws sso-admin,
identitystore and organizations, are printed only when the directory is created.

With --listen, other machines can reach it, and device codes are off unless you pass --device.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.onFreePort = again(cmd, "port", "0")
			return a.idcServe(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.port, "port", defaultIDCPort, "`PORT` on 127.0.0.1; 0 for a free one")
	f.StringVar(&o.data, "data", "", "keep everything in this `DIR`")
	f.StringVar(&o.seed, "seed", "", "apply this seed `FILE` at startup (see docs/seed.md)")
	f.StringVar(&o.region, "region", "",
		"`REGION` of the Identity Center, set when the directory is created (default us-east-1)")
	f.DurationVar(&o.session, "session-duration", 0,
		"`DURATION` of a sign-in session, 15m to 2160h; remembered (default 8h)")
	f.BoolVar(&o.portalLimit, "portal-limit", false,
		"answer 429 above 20 portal requests a second per token, as AWS does")
	f.StringArrayVar(&o.faults, "fault", nil,
		"play the fault of this `SPEC` (see rolecall idc faults); can be repeated")
	f.StringVar(&o.listen, "listen", "",
		"listen on `ADDRESS:PORT` for other machines; needs --tls-cert, --tls-key and --public-url")
	f.StringVar(&o.certificate, "tls-cert", "", "certificate `FILE`, PEM")
	f.StringVar(&o.key, "tls-key", "", "key `FILE` of the certificate, PEM")
	f.StringVar(&o.publicURL, "public-url", "", "https `URL` where clients reach the server")
	f.BoolVar(&o.device, "device", false, "accept device codes from other machines, too, which --listen turns off")
	f.BoolVar(&o.deviceSameAddress, "device-same-address", false,
		"accept a device code only from the address that requested it")
	f.BoolVar(&o.noLimits, "no-limits", false, "do not limit password and code guesses, for load tests")
	return cmd
}

func (a *app) idcServe(ctx context.Context, o serveOptions) error {
	l, err := a.startIDC(ctx, o)
	if err != nil {
		return err
	}
	if a.Home != "" {
		a.GiveEndpoints(l.Server.Instance.StartURL(), l.URL)
	}
	if err := a.printIDC(a.Stdout, l); err != nil {
		return errors.Join(err, l.close())
	}
	<-ctx.Done()
	return l.close()
}

// printIDC prints everything needed to use it. Scripts wait for the last line.
func (a *app) printIDC(w io.Writer, l *localIDC) error {
	var b strings.Builder
	where := "in memory"
	if l.data.Dir != "" {
		where = "kept in " + a.Tidy(l.data.Dir)
	}
	fmt.Fprintf(&b, "A local IAM Identity Center, %s, %s: %s/start\n", where, l.reach, l.URL)
	if l.plan != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimRight(l.plan, "\n"))
	}
	if len(l.Sample.Users) > 0 {
		fmt.Fprintf(&b, "\nUsers:\n")
		for _, u := range l.Sample.Users {
			fmt.Fprintf(&b, "  %-8s password %-22s %s\n", u.Name, u.Password, u.Note)
		}
	}
	if l.showKeys {
		id, secret := l.Server.STS.Administrator()
		b.WriteString("\nThe administrator's keys, for aws sso-admin, identitystore and organizations; " +
			"they are not shown again:\n")
		fmt.Fprintf(&b, "  AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s\n", id, secret)
	}
	at := a.urlFlag(l.URL)
	fmt.Fprintf(&b, "\nAdd this to ~/.aws/config, or run rolecall idc configure%s:\n\n%s\n",
		at, indent(l.configText("local")))
	fmt.Fprintf(&b, "In each shell, set these variables, or run eval \"$(rolecall idc env%s)\":\n\n", at)
	var variables strings.Builder
	if err := export.WriteVariables(&variables, "sh", l.variables()); err != nil {
		return err
	}
	fmt.Fprintf(&b, "%s", indent(variables.String()))
	b.WriteString("\nThen sign in, with one of these:\n\n  rolecall login local\n  aws sso login --sso-session local\n")
	fmt.Fprintf(&b, "\nready %s\n", l.URL)
	_, err := io.WriteString(w, b.String())
	return err
}

// urlFlag returns " --url URL" for commands that are to act on the server at address, or nothing
// if they do so without it.
func (a *app) urlFlag(address string) string {
	address = strings.TrimRight(address, "/")
	if address == strings.TrimRight(a.standardURL(), "/") {
		return ""
	}
	return " --url " + cli.Quoted(address)
}

// again returns the command with the flags that it was given, but name with another value.
func again(cmd *cobra.Command, name, value string) string {
	var b strings.Builder
	b.WriteString(cmd.CommandPath() + " --" + name + " " + cli.Quoted(value))
	cmd.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, v := range values {
			switch {
			case f.Name == name:
			case f.NoOptDefVal == "":
				b.WriteString(" --" + f.Name + " " + cli.Quoted(v))
			case f.NoOptDefVal == v:
				b.WriteString(" --" + f.Name)
			default:
				b.WriteString(" --" + f.Name + "=" + cli.Quoted(v))
			}
		}
	})
	return b.String()
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}

func (a *app) idcSampleCommand() *cobra.Command {
	var region string
	cmd := &cobra.Command{
		Use:   "sample",
		Short: "Print the sample directory as a seed file, to start from",
		Long: `Print the sample directory as a seed file, to start from.

  rolecall idc sample > directory.yaml
  rolecall idc sample --region eu-central-1`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text, _ := seed.Sample(region)
			_, err := a.Stdout.Write(text)
			return err
		},
	}
	cmd.Flags().StringVar(&region, "region", idc.DefaultRegion, "`REGION` of the directory")
	return cmd
}

const (
	minSession = 15 * time.Minute
	maxSession = 90 * 24 * time.Hour
)
