// Package local is the command line of the local Identity Center: idc … and demo. It is
// the one place where the client's house and the server's meet.
package local

import (
	"github.com/spf13/cobra"

	"rolecall/internal/cli"
)

// app adds the commands of the local Identity Center to the command line.
type app struct{ *cli.App }

// Commands makes idc and demo.
func Commands(kernel *cli.App) []*cobra.Command {
	a := &app{kernel}
	return []*cobra.Command{a.idcCommand(), a.demoCommand()}
}
