// Package local is the command line of the local Identity Center: idc … and demo. Client and
// server meet only here.
package local

import "rolecall/internal/cli"

// app adds the commands of the local Identity Center to the command line.
type app struct{ *cli.App }

// Commands lists idc and demo.
func Commands(kernel *cli.App) []cli.Command {
	a := &app{kernel}
	return []cli.Command{
		{Name: "idc", Group: cli.GroupLocal, Make: a.idcCommand},
		{Name: "demo", Group: cli.GroupLocal, Make: a.demoCommand},
	}
}
