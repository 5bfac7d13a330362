package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/inventory"
)

func (a *App) syncCommand() *cobra.Command {
	var background bool
	cmd := &cobra.Command{
		Use:   "sync [SESSION]",
		Short: "Refresh the listing of your accounts and roles",
		Long: `Refresh the listing of your accounts and roles that other commands use.

  rolecall sync
  rolecall sync corp --json

With many accounts this takes a while, because the access portal allows 20 requests a second, and
each account takes one. If you interrupt it, the next sync resumes where it stopped.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.sync(cmd.Context(), firstArg(args), background)
		},
	}
	cmd.Flags().BoolVar(&background, "background", false,
		"print nothing, never prompt, and skip if another process is listing")
	_ = cmd.Flags().MarkHidden("background")
	return cmd
}

func (a *App) sync(ctx context.Context, name string, background bool) error {
	s, err := a.sessionNamed(ctx, name, options{unattended: background})
	if err != nil {
		return err
	}
	begun := a.Now()
	inv, err := a.newListing(ctx, s, background)
	if err != nil || background {
		return err
	}
	if a.json {
		return a.printJSON(map[string]any{
			"session": inv.Session.Label(), "accounts": len(inv.Accounts), "roles": inv.RoleCount(), "listedAt": inv.TakenAt,
		})
	}
	a.tell("%s and %s in %s, listed in %s", Counted(len(inv.Accounts), "account"), Counted(inv.RoleCount(), "role"),
		quotedLabel(inv.Session), a.Now().Sub(begun).Round(time.Second/10))
	return nil
}

func (a *App) newListing(ctx context.Context, s *session, background bool) (*inventory.Inventory, error) {
	line := a.progressLine()
	if background {
		line = progressLine{}
	}
	defer line.clear()
	return a.runListing(ctx, s, listingOptions{progress: line.show, alone: background})
}

// errOtherLists ends a listing in the background if another process is listing.
var errOtherLists = errors.New("another process is already listing")

// listInBackground starts a listing in another process, unless it would need a person; then
// the old listing stays.
func (a *App) listInBackground(ctx context.Context, s *session) {
	if !a.canList(ctx, s) {
		return
	}
	self, err := os.Executable()
	if err != nil {
		return
	}
	child := exec.Command(self, "sync", "--background", "--", s.login.Session.Label())
	child.Env = a.Environ
	detach(child)
	if err := a.Limits.Lift(child.Start); err == nil {
		_ = child.Process.Release()
	}
}

// canList reports whether a listing needs no person, as far as the cache knows.
func (a *App) canList(ctx context.Context, s *session) bool {
	token, err := s.login.Store.Token(ctx, s.login.Session)
	return err == nil && (token.ExpiresAt.After(a.Now()) || token.Refreshable(a.Now()))
}
