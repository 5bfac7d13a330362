package local

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"rolecall/internal/cli"
	"rolecall/internal/idc/faults"
	"rolecall/internal/idc/operator"
)

// playFaults returns the player of a server, which plays the faults of its flags.
func (a *app) playFaults(o serveOptions) (*faults.Player, error) {
	p := faults.New(a.Now)
	return p, faultUsage(p.Play(o.faults))
}

// faultUsage adds to the error of a spec the command that explains specs.
func faultUsage(err error) error {
	if err == nil {
		return nil
	}
	return &cli.HintError{Err: err, Code: cli.ExitUsage, Hint: "rolecall idc faults"}
}

func (a *app) idcFaultsCommand() *cobra.Command {
	routes := faults.Routes()
	half := len(routes) / 2
	cmd := &cobra.Command{
		Use:   "faults",
		Short: "List the faults that the server can play, to test clients",
		Long: `List the faults that the server can play, to test clients.

  rolecall idc faults
  rolecall idc serve --fault throttle~7              every 7th portal request
  rolecall idc faults play unauthorized#1            the next request
  rolecall idc faults play html@token status=503@accounts+roles

A SPEC selects a fault:

  NAME[=VALUE][@ROUTE[/ACCOUNT]][#COUNT][~EVERY]

Routes (join several with +):
  ` + strings.Join(routes[:half], ", ") + `,
  ` + strings.Join(routes[half:], ", ") + `

/ACCOUNT after roles or credentials limits the fault to requests for one account. A VALUE that starts
with a quotation mark is a JSON string. TLS and HTTP/2 faults affect only clients that use the proxy:
rolecall idc run --proxy.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.listFaults() },
	}
	cmd.AddCommand(a.faultsPlayCommand(), a.faultsStopCommand(), a.faultsPlayingCommand())
	return cmd
}

// listFaults prints the name and routes of each fault, what the server does, and what a client
// should do.
func (a *app) listFaults() error {
	if a.JSON() {
		type fault struct {
			Name   string `json:"name"`
			Value  string `json:"value,omitempty"`
			Routes string `json:"routes"`
			Does   string `json:"does"`
			Client string `json:"client"`
		}
		var list []fault
		for _, f := range faults.List() {
			list = append(list, fault{f.Name, f.Value, f.Routes, f.Does, f.Client})
		}
		return a.Result("", map[string][]fault{"faults": list})
	}
	var b strings.Builder
	for _, f := range faults.List() {
		name := f.Name
		if f.Value != "" {
			name += "=VALUE"
		}
		fmt.Fprintf(&b, "%s@%s\n", name, f.Routes)
		if f.Value != "" {
			fmt.Fprintf(&b, "  value:   %s\n", f.Value)
		}
		fmt.Fprintf(&b, "  server:  %s\n  client:  should %s\n", f.Does, f.Client)
	}
	_, err := io.WriteString(a.Stdout, b.String())
	return err
}

func (a *app) faultsPlayCommand() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "play SPEC…",
		Short: "Replace the faults being played",
		Long: `Replace the faults being played by the running server.

  rolecall idc faults play throttle~7
  rolecall idc faults play html@token status=503@accounts+roles

See rolecall idc faults for SPEC.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, specs []string) error {
			if err := faults.Check(specs); err != nil {
				return faultUsage(err)
			}
			return a.putFaults(cmd.Context(), f, specs)
		},
	}
	a.addOperatorFlags(cmd, &f)
	return cmd
}

func (a *app) faultsStopCommand() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "stop",
		Short: "Stop playing faults",
		Long: `Stop playing faults on the running server.

  rolecall idc faults stop
  rolecall idc faults stop --url http://127.0.0.1:9911`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.putFaults(cmd.Context(), f, []string{}) },
	}
	a.addOperatorFlags(cmd, &f)
	return cmd
}

func (a *app) putFaults(ctx context.Context, f operatorFlags, specs []string) error {
	body, err := json.Marshal(specs)
	if err != nil {
		return err
	}
	return a.doFaults(ctx, f, http.MethodPut, body)
}

func (a *app) faultsPlayingCommand() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "playing",
		Short: "Print the faults being played",
		Long: `Print the faults being played by the running server.

  rolecall idc faults playing
  rolecall idc faults playing --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.doFaults(cmd.Context(), f, http.MethodGet, nil) },
	}
	a.addOperatorFlags(cmd, &f)
	return cmd
}

// doFaults sends a request about faults, and prints those being played.
func (a *app) doFaults(ctx context.Context, f operatorFlags, method string, body []byte) error {
	return a.operate(ctx, f, func(c *operator.Client) error {
		answer, err := c.Do(ctx, method, "/faults", nil, body, nil)
		if err != nil {
			return err
		}
		specs := append([]string{}, answer.Faults...)
		text := "No faults are being played."
		if len(specs) > 0 {
			text = ""
			for _, spec := range specs {
				text += a.Show(spec) + "\n"
			}
		}
		return a.Result(text, map[string][]string{"faults": specs})
	})
}
