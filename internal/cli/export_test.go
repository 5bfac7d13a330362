package cli

import "github.com/spf13/cobra"

// Root returns the whole command tree of w.
func Root(w World) *cobra.Command { return (&App{World: w}).root(nil) }
