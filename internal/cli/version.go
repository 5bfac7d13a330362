package cli

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
)

func (a *App) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long: `Print the version of rolecall, the commit it was built from and its date, the Go version, and the
platform.

  rolecall version
  rolecall version --json

rolecall never checks for updates, and sends no telemetry.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.json {
				return a.printJSON(map[string]any{
					"version": a.Version, "commit": a.Build.Commit, "date": a.Build.Date, "modified": a.Build.Modified,
					"go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH,
				})
			}
			_, err := fmt.Fprint(a.Stdout, a.versionText())
			return err
		},
	}
}

// versionLine is the answer to --version.
func (a *App) versionLine() string {
	return fmt.Sprintf("rolecall %s (%s %s/%s)", a.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// versionText has a line for all that is known.
func (a *App) versionText() string {
	commit := a.Build.Commit
	if commit != "" && a.Build.Modified {
		commit += ", with changes"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "rolecall %s\n", a.Version)
	for _, line := range [][2]string{
		{"commit", commit},
		{"date", a.Build.Date},
		{"go", runtime.Version()},
		{"platform", runtime.GOOS + "/" + runtime.GOARCH},
	} {
		if line[1] != "" {
			fmt.Fprintf(&text, "%-8s %s\n", line[0], line[1])
		}
	}
	return text.String()
}
