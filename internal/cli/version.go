package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func (a *App) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long: `Print the version of rolecall, of Go, and the platform.

  rolecall version
  rolecall version --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.json {
				return a.printJSON(map[string]string{
					"version": a.Version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH,
				})
			}
			_, err := fmt.Fprintln(a.Stdout, a.versionLine())
			return err
		},
	}
}

func (a *App) versionLine() string {
	return fmt.Sprintf("rolecall %s (%s %s/%s)", a.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
