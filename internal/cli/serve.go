package cli

import (
	"context"
	"net/netip"
	"path/filepath"

	"github.com/spf13/cobra"

	"rolecall/internal/export"
)

// serveFlags are those of serve.
type serveFlags struct {
	port, imdsPort          int
	socket, envFile, region string
	listen                  []string
	imds                    bool

	status, stop, forward bool
	add, print, to, shell string
}

func (a *App) serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve [TARGET … | --add TARGET | --status | --print FORM | --stop | --forward --to ADDRESS]",
		Short: "Serve fresh role credentials to editors, containers and other programs",
		Long: `Serve fresh role credentials to programs that rolecall does not start: editors, containers, and
anything else that reads a container credentials endpoint, as the AWS CLI and SDKs do.

  rolecall serve dev audit                            until Ctrl-C, each TARGET with its own token
  rolecall serve --add deploy                         add one, from another terminal
  rolecall serve --status
  eval "$(rolecall serve --print env dev)"            variables for programs in this shell
  rolecall serve dev --socket ~/.rolecall/serve.sock  for containers, by a bind mount
  rolecall serve --print compose dev                  the lines; also docker, podman, devcontainer
  rolecall serve --forward --to HOST:8899             in the container's network
  rolecall serve dev --imds                           also as EC2's metadata service, version 2

It listens on 127.0.0.1, answers only you and root, never prompts, and renews keys before they
expire. If you need to sign in, the answer and a line on stderr say so; once you have, requests get
keys again. Anyone who reads a target's token can get that target's keys, but no others. --listen
opens an unencrypted port beyond loopback: prefer --socket. See docs/containers.md.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd, args); err != nil {
				return err
			}
			return a.serveOrControl(cmd.Context(), f, args)
		},
	}
	a.addConfirm(cmd)
	flags := cmd.Flags()
	flags.IntVar(&f.port, "port", 0, "`PORT` on 127.0.0.1 (default a free one)")
	flags.StringVar(&f.socket, "socket", "", "also listen on a unix socket at `PATH`, for bind mounts")
	flags.StringArrayVar(&f.listen, "listen", nil,
		"also listen on this `ADDRESS` (IP:PORT), unencrypted; with --forward, where to listen; can be repeated")
	flags.BoolVar(&f.imds, "imds", false, "also answer as EC2's metadata service (version 2), for the first TARGET")
	flags.IntVar(&f.imdsPort, "imds-port", 0, "`PORT` of --imds on 127.0.0.1 (default a free one)")
	flags.StringVar(&f.envFile, "env-file", "", "write a container's variables to `FILE` while serve runs")
	flags.StringVar(&f.region, "region", "", "`REGION` to work in, as in exec")
	flags.StringVar(&f.add, "add", "", "add `TARGET` to the running serve")
	flags.BoolVar(&f.status, "status", false, "show what the running serve hands out")
	flags.BoolVar(&f.stop, "stop", false, "stop the running serve")
	flags.StringVar(&f.print, "print", "",
		"print how to use the running serve, as `FORM`: docker, compose, podman, devcontainer or env")
	flags.StringVar(&f.shell, "shell", export.Default(), "`SHELL` that --print env is for, as in env")
	flags.BoolVar(&f.forward, "forward", false, "inside a container's network: forward connections to a serve outside it")
	flags.StringVar(&f.to, "to", "", "`ADDRESS` of the serve outside: unix:PATH or HOST:PORT")
	_ = cmd.RegisterFlagCompletionFunc("shell", cobra.FixedCompletions(export.Formats(), nothingElse))
	_ = cmd.RegisterFlagCompletionFunc("print", cobra.FixedCompletions(printForms(), nothingElse))
	return cmd
}

// check refuses flags that do not go together.
func (f *serveFlags) check(cmd *cobra.Command, args []string) error {
	doing := 0
	for _, on := range []bool{f.add != "", f.status, f.stop, f.forward, f.print != ""} {
		if on {
			doing++
		}
	}
	runs := doing == 0
	switch {
	case doing > 1:
		return Usagef("--add, --status, --stop, --forward and --print cannot be used together")
	case runs && len(args) == 0:
		return Usagef("serve needs a TARGET (to start a local Identity Center: rolecall idc serve)")
	case f.print != "" && len(args) > 1, !runs && f.print == "" && len(args) > 0:
		return Usagef("too many arguments: %q", args)
	case f.forward != (f.to != ""):
		return Usagef("--forward and --to ADDRESS need each other")
	}
	for name, allowed := range map[string]bool{
		"port": runs, "socket": runs, "imds": runs, "imds-port": f.imds, "env-file": runs, "listen": runs || f.forward,
		"region": runs || f.add != "", "shell": f.print == "env",
	} {
		if cmd.Flags().Changed(name) && !allowed {
			return Usagef("--%s cannot be used with these flags", name)
		}
	}
	if f.envFile != "" && len(args) > 1 {
		return Usagef("--env-file takes one TARGET")
	}
	if runs {
		return f.checkPlaces()
	}
	return nil
}

// checkPlaces refuses invalid places to listen at, before anybody signs in.
func (f *serveFlags) checkPlaces() error {
	for name, port := range map[string]int{"port": f.port, "imds-port": f.imdsPort} {
		if port < 0 || port > 65535 {
			return Usagef("--%s %d is not a port", name, port)
		}
	}
	for _, text := range f.listen {
		if _, err := netip.ParseAddrPort(text); err != nil {
			return Usagef("--listen %q is not IP:PORT", text)
		}
	}
	if f.socket == "" {
		return nil
	}
	path, err := filepath.Abs(f.socket)
	if err != nil {
		return err
	}
	return checkSocketPath(path)
}

// serveOrControl runs a server, or talks to the running one.
func (a *App) serveOrControl(ctx context.Context, f serveFlags, args []string) error {
	if err := a.allowPlaces(f.listen); err != nil {
		return err
	}
	switch {
	case f.add != "":
		return a.serveAdd(ctx, f)
	case f.status:
		return a.serveStatus(ctx)
	case f.stop:
		return a.serveStop(ctx)
	case f.forward:
		return a.forward(ctx, f)
	case f.print != "":
		return a.servePrint(ctx, f.print, firstArg(args), f.shell)
	}
	return a.serve(ctx, f, args)
}
