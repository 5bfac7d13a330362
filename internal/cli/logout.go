package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"rolecall/internal/cache"
	"rolecall/internal/written"
)

func (a *App) logoutCommand() *cobra.Command {
	var o options
	var all bool
	cmd := &cobra.Command{
		Use:   "logout [SESSION|PROFILE]",
		Short: "Sign out: here, and on the server if reachable",
		Long: `Sign out of a session: here, and on the server if it is reachable.

  rolecall logout corp
  rolecall logout --all

The token, cached role credentials and the account listing are removed from this machine even if
the server cannot be reached. Role credentials already handed out stay valid until they expire.
--all also removes everything else that rolecall has saved: client registrations, and the tokens
and credentials of sessions that are no longer in a config file.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.logout(cmd.Context(), firstArg(args), all, o)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "sign out of all sessions in the shared config files")
	cmd.Flags().StringVar(&o.endpointURL, "endpoint-url", "",
		"sign out of the Identity Center at this `URL` instead of AWS")
	return cmd
}

func (a *App) logout(ctx context.Context, name string, all bool, o options) error {
	if all && name != "" {
		return Usagef("--all cannot be used with a SESSION")
	}
	o.leaving = true
	if !all {
		s, err := a.sessionNamed(ctx, name, o)
		if err != nil {
			return err
		}
		err = a.logoutOf(ctx, s)
		a.pruneKeys(ctx)
		return err
	}
	sessions, err := a.allSessions()
	if err != nil {
		return err
	}
	var failures []error
	for _, p := range sessions {
		s, err := a.session(ctx, &p, o)
		if err == nil {
			err = a.logoutOf(ctx, s)
		}
		failures = append(failures, err)
	}
	store, err := a.cache()
	if err == nil {
		err = store.ForgetAll()
	}
	a.pruneKeys(ctx)
	return errors.Join(append(failures, err)...)
}

// logoutOf removes the local files of a session whatever the server answers, and even if the
// token must not be sent because its issuer is not the endpoint in force.
func (a *App) logoutOf(ctx context.Context, s *session) error {
	l := s.login
	end, notThere := s.portal.SigningOut(ctx)
	live := a.liveRoles(s)
	err := errors.Join(a.listingStore().Remove(a.listingPlace(s)), l.Store.RemoveToken(l.Session),
		l.Store.ForgetSignIn(l.Session), a.forgetRoles(s))
	if _, writtenError := a.takeWritten(ctx, func(w written.Section) bool {
		return w.Session == l.Session.Label()
	}); writtenError != nil {
		err = errors.Join(err, writtenError)
	}
	if notThere != nil { // the token's issuer is not the endpoint in force
		a.warn(fmt.Errorf("not signed out on the server: %w", notThere))
	} else if err := end(ctx); err != nil {
		a.warn(fmt.Errorf("signed out only here; the session continues on the server: %w", err))
	}
	if err != nil {
		return fmt.Errorf("signing out of %q: %w", l.Session.Label(), err)
	}
	a.note("signed out of %s", quotedLabel(l.Session))
	for _, r := range live {
		a.detail("role credentials of %s/%s that are in use stay valid until %s",
			r.AccountID, r.Role, r.Credentials.Expiration.Local().Format("2006-01-02 15:04:05"))
	}
	return nil
}

// rolesOf returns the cached role credentials of a session.
func (a *App) rolesOf(s *session) []cache.CachedRole {
	roles, err := s.login.Store.CachedRoles()
	if err != nil {
		a.warn(err)
	}
	var own []cache.CachedRole
	for _, r := range a.nameRoles(roles) {
		if r.Session == s.login.Session.Name && (r.Session != "" || r.StartURL == s.login.Session.StartURL) {
			own = append(own, r)
		}
	}
	return own
}

func (a *App) liveRoles(s *session) []cache.CachedRole {
	var live []cache.CachedRole
	for _, r := range a.rolesOf(s) {
		if r.Credentials.Expiration.After(a.Now()) {
			live = append(live, r)
		}
	}
	return live
}

// forgetRoles removes the cached role credentials of a session, including chained ones.
func (a *App) forgetRoles(s *session) error {
	var failures []error
	for _, r := range a.rolesOf(s) {
		failures = append(failures, s.login.Store.RemoveRole(r.Path))
	}
	return errors.Join(append(failures, s.login.Store.RemoveChained(s.login.Session.Label()))...)
}
