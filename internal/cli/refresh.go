package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
)

func (a *App) refreshCommand() *cobra.Command {
	quiet := false
	cmd := &cobra.Command{
		Use:   "refresh [SESSION|PROFILE]",
		Short: "Renew access tokens that are about to expire, without prompting",
		Long: `Renew access tokens that are about to expire, without prompting.

  rolecall refresh
  rolecall refresh corp --quiet    print errors only

Run it from a timer: with storage split, only rolecall can renew the token that the AWS CLI and SDKs
use. Commands that get keys renew it, too, and so does serve while it runs. Without a SESSION, refresh
renews every session you have signed in to. It exits with 3 if you need to sign in again.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.refresh(cmd.Context(), firstArg(args), quiet)
		},
	}
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print errors only")
	return cmd
}

// refresh makes sure that tokens have a while left.
func (a *App) refresh(ctx context.Context, name string, quiet bool) error {
	o := options{unattended: true}
	if name != "" {
		s, err := a.sessionNamed(ctx, name, o)
		if err != nil {
			return err
		}
		return a.refreshSession(ctx, s, quiet)
	}
	profiles, err := a.allSessions()
	if err != nil {
		return err
	}
	store, err := a.cache()
	if err != nil {
		return err
	}
	var failures []error
	for _, p := range profiles {
		session := p.Session
		session.Region = knownRegion(ctx, store, session)
		if _, err := store.Token(ctx, session); err != nil {
			continue // never signed in, or signed out
		}
		s, err := a.session(ctx, &p, o)
		if err == nil {
			err = a.refreshSession(ctx, s, quiet)
		}
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

func (a *App) refreshSession(ctx context.Context, s *session, quiet bool) error {
	token, err := s.login.Token(ctx)
	if err != nil {
		return err
	}
	if !quiet {
		a.note("%s: the token is valid until %s", quotedLabel(s.login.Session), token.ExpiresAt.Local().Format("15:04:05"))
	}
	return nil
}

// renewInTime renews the access token of profile's session in another process, if it is about to end and only rolecall
// can renew it: the AWS CLI and SDKs use it, too.
func (a *App) renewInTime(ctx context.Context, profile awsconfig.Profile) {
	if profile.SignsIn() {
		a.renewSession(ctx, profile.Root().Session)
	}
}

func (a *App) renewSession(ctx context.Context, session identitycenter.SSOSession) {
	store, err := a.cache()
	if err != nil || !store.IsDue(ctx, session) || store.NoteRenewal(session) != nil {
		return
	}
	self, err := os.Executable()
	if err != nil {
		return
	}
	child := exec.Command(self, "refresh", "--quiet", "--", session.Label())
	child.Env = a.Environ
	detach(child)
	if err := a.Limits.Lift(child.Start); err != nil {
		a.Logger(a.Stderr).Debug("renewing the token", "error", fmt.Sprint(err))
		return
	}
	_ = child.Process.Release()
}
