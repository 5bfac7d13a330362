package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/cache"
	"rolecall/internal/credentials"
	"rolecall/internal/identitycenter"
	"rolecall/internal/login"
)

func (o *options) addSignIn(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.deviceCode, "device-code", false, "type a code on any device instead of the browser flow with PKCE")
	cmd.Flags().IntVar(&o.callbackPort, "callback-port", 0, "fixed port for the browser's answer on 127.0.0.1, to forward with ssh -L")
	cmd.Flags().BoolVar(&o.browser.none, "no-browser", false, "print the address, open nothing")
	cmd.Flags().BoolVar(&o.browser.qr, "qr", false, "print a QR code of the address, too")
	cmd.Flags().StringVar(&o.endpointURL, "endpoint-url", "", "sign in at this Identity Center instead of AWS's, and remember that it is meant")
}

func (a *App) loginCommand() *cobra.Command {
	var o options
	var fresh bool
	cmd := &cobra.Command{
		Use:   "login [SESSION|PROFILE]",
		Short: "Sign in to IAM Identity Center",
		Long: `Sign in to an sso-session, the one of a profile, or a legacy profile's start URL.
Without a name it is the default profile's session, else the only one.

A session that is good already is left alone. --fresh signs out on the server
first: the new session has its full length and the newest assignments.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.login(cmd.Context(), optional(args), o, fresh)
		},
	}
	o.addSignIn(cmd)
	cmd.Flags().BoolVar(&fresh, "fresh", false, "end the present session on the server, then sign in anew")
	return cmd
}

func optional(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// named builds the session that a command line names, or the default one.
func (a *App) named(name string, o options) (*session, error) {
	config, err := a.config()
	if err != nil {
		return nil, err
	}
	profile, err := a.sessionProfile(config, name)
	if err != nil {
		return nil, err
	}
	if name != "" {
		if p, err := config.Profile(name); err == nil && credentials.Root(p).Session.Label() == profile.Session.Label() {
			profile = credentials.Root(p) // its services section and network settings count
		}
	}
	return a.session(profile, o)
}

func (a *App) login(ctx context.Context, name string, o options, fresh bool) error {
	s, err := a.named(name, o)
	if err != nil {
		return err
	}
	token, already, err := s.signIn(ctx, fresh)
	if err != nil {
		return err
	}
	if fresh {
		if err := a.forgetRoles(s); err != nil {
			a.warn(err)
		}
	}
	return a.sayLogin(s, token, already)
}

// signIn signs in to s; a fresh sign-in ends the present session on the server first.
func (s *session) signIn(ctx context.Context, fresh bool) (token identitycenter.Token, already bool, err error) {
	if fresh {
		return s.login.SignIn(ctx, s.portal.SignOut)
	}
	return s.login.SignIn(ctx, nil)
}

// loginResult is what login says with --json.
type loginResult struct {
	Session     string    `json:"session,omitempty"`
	StartURL    string    `json:"startUrl"`
	Region      string    `json:"region"`
	ExpiresAt   time.Time `json:"expiresAt"`
	Refreshable bool      `json:"refreshable"`
	Already     bool      `json:"alreadySignedIn"`
	File        string    `json:"file"`
}

func (a *App) sayLogin(s *session, token identitycenter.Token, already bool) error {
	l := s.login
	refreshable := token.Refreshable(a.Now())
	if a.json {
		return a.printJSON(loginResult{
			l.Session.Name, l.Session.StartURL, l.Session.Region, token.ExpiresAt, refreshable, already, l.Store.TokenPath(l.Session),
		})
	}
	verb := "signed in to"
	if already {
		verb = "already signed in to"
	}
	until := "the token is good until " + token.ExpiresAt.Local().Format("15:04:05")
	if refreshable {
		until += " and renews itself until the session ends"
	}
	fmt.Fprintf(a.Stderr, "rolecall: %s %s; %s\n", verb, a.Show(quotedLabel(l.Session)), until)
	return nil
}

func (a *App) logoutCommand() *cobra.Command {
	var o options
	var all bool
	cmd := &cobra.Command{
		Use:   "logout [SESSION|PROFILE]",
		Short: "Sign out: on the server when it can be reached, here always",
		Long: `Sign out of a session, or of all with --all. Token, cached role credentials, the
listing of accounts and notes are removed here even when the server cannot be reached. Role credentials
that were handed out live on until they expire.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.logout(cmd.Context(), optional(args), all, o)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all sessions of the shared config files")
	cmd.Flags().StringVar(&o.endpointURL, "endpoint-url", "", "the Identity Center to sign out at, when it is not AWS's")
	return cmd
}

func (a *App) logout(ctx context.Context, name string, all bool, o options) error {
	if all && name != "" {
		return Usagef("--all and a session exclude each other")
	}
	if !all {
		s, err := a.named(name, o)
		if err != nil {
			return err
		}
		return a.logoutOf(ctx, s)
	}
	sessions, err := a.allSessions()
	if err != nil {
		return err
	}
	var failures []error
	for _, p := range sessions {
		s, err := a.session(p, o)
		if err == nil {
			err = a.logoutOf(ctx, s)
		}
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

// logoutOf removes what is here whatever the server says. A refusal to send the
// token elsewhere than to its issuer does not keep it here either.
func (a *App) logoutOf(ctx context.Context, s *session) error {
	l := s.login
	var endpoint *login.EndpointError
	switch err := s.portal.SignOut(ctx); {
	case errors.As(err, &endpoint):
		a.warn(fmt.Errorf("not signed out on the server: %w", err))
	case err != nil:
		a.warn(fmt.Errorf("signed out here only; on the server the session lasts until it ends: %w", err))
	}
	live := a.liveRoles(s)
	if err := errors.Join(a.inventories().Remove(a.place(s)), l.Store.RemoveToken(l.Session), l.Store.RemoveSessionNote(l.Session), a.forgetRoles(s)); err != nil {
		return fmt.Errorf("signing out of %q: %w", l.Session.Label(), err)
	}
	fmt.Fprintf(a.Stderr, "rolecall: signed out of %s\n", a.Show(quotedLabel(l.Session)))
	for _, r := range live {
		fmt.Fprintf(a.Stderr, "  role credentials of %s/%s that were handed out live on until %s\n",
			r.AccountID, a.Show(r.Role), r.Credentials.Expiration.Local().Format("2006-01-02 15:04:05"))
	}
	return nil
}

// rolesOf lists the cached role credentials of a session.
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

// forgetRoles removes the cached role credentials of a session, chained ones
// included.
func (a *App) forgetRoles(s *session) error {
	var failures []error
	for _, r := range a.rolesOf(s) {
		failures = append(failures, s.login.Store.RemoveRole(r.Path))
	}
	return errors.Join(append(failures, s.login.Store.RemoveChained(s.login.Session.Label()))...)
}
