package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/access"
	"rolecall/internal/audit"
	"rolecall/internal/identitycenter"
)

func (o *options) addSignIn(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.deviceCode, "device-code", false,
		"sign in with a code on any device, instead of PKCE in a browser")
	cmd.Flags().IntVar(&o.callbackPort, "callback-port", 0,
		"receive the browser's redirect on this `PORT` of 127.0.0.1, to forward with ssh -L")
	cmd.Flags().IntVar(&o.callbackPort, "redirect-port", 0, "the same `PORT` as --callback-port")
	cmd.Flags().BoolVar(&o.browser.none, "no-browser", false, "print the address instead of opening a browser")
	cmd.Flags().BoolVar(&o.browser.qr, "qr", false, "also print a QR code of the address")
	cmd.Flags().StringVar(&o.endpointURL, "endpoint-url", "",
		"sign in to the Identity Center at this `URL` instead of AWS, and remember it")
}

func (a *App) loginCommand() *cobra.Command {
	var o options
	var fresh, background, all bool
	cmd := &cobra.Command{
		Use:   "login [SESSION|PROFILE]",
		Short: "Sign in to IAM Identity Center",
		Long: `Sign in to IAM Identity Center: to an sso-session, or to the session of a profile.

  rolecall login corp
  rolecall login corp --device-code       type a code on any device
  rolecall login corp --fresh             start a new session of full length
  rolecall login --all                    every session in the config files, one after the other

Without a name, login uses the default profile's session, else the only one. It leaves a session
that is still valid alone. --fresh signs out on the server first, so that the new session has its
full length and picks up new assignments. If sso_region is missing, or your own start URL host
redirects to another region, login writes the right region to the config file.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if background {
				return a.loginInBackground(cmd.Context(), firstArg(args), o)
			}
			if all {
				if len(args) > 0 || o.endpointURL != "" {
					return Usagef("--all cannot be used with a SESSION or --endpoint-url")
				}
				return a.loginAll(cmd.Context(), o, fresh)
			}
			return a.login(cmd.Context(), firstArg(args), o, fresh)
		},
	}
	o.addSignIn(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "sign in to every session in the config files")
	cmd.Flags().BoolVar(&background, "background", false, "sign in through the browser alone, without a terminal")
	_ = cmd.Flags().MarkHidden("background")
	cmd.Flags().BoolVar(&fresh, "fresh", false, "end the current session on the server, then sign in again")
	return cmd
}

// loginAll signs in to each session, whether or not another one failed.
func (a *App) loginAll(ctx context.Context, o options, fresh bool) error {
	sessions, err := a.sessionProfiles("", true)
	if err != nil {
		return err
	}
	var first error
	for _, p := range sessions {
		err := a.login(ctx, p.Session.Label(), o, fresh)
		switch {
		case errors.Is(err, context.Canceled) || ctx.Err() != nil:
			return err
		case err != nil && first == nil:
			first = err
		case err != nil:
			a.recordRefusal(a.command(), err)
			a.warn(err)
		}
	}
	return first
}

func (a *App) login(ctx context.Context, name string, o options, fresh bool) error {
	s, token, already, err := a.signInWhereItIs(ctx, name, o, fresh)
	if err != nil {
		return err
	}
	if err := s.login.Store.ForgetNo(s.login.Session); err != nil {
		a.warn(err)
	}
	if err := a.keepSession(ctx, s.login.Session); err != nil {
		a.warn(fmt.Errorf("signed in, but could not write the session to the config file: %w", err))
	}
	if err := a.keepRegion(ctx, name, s.login.Session); err != nil {
		a.warn(fmt.Errorf("signed in, but could not write sso_region: %w", err))
	}
	if fresh {
		if err := a.forgetRoles(s); err != nil {
			a.warn(err)
		}
	}
	as := ""
	if !already {
		as = a.signedInAs(ctx, s, name)
		r := audit.Record{How: howLogin, Command: a.command(), Session: s.login.Session.Label()}
		if err := a.record(s.login.Session, r); err != nil { // no keys leave
			a.warn(err)
		}
	}
	return a.sayLogin(s, token, already, as)
}

// signIn signs in to s; a fresh sign-in ends the current session on the server first. A token that is there already may
// have been signed out elsewhere: only the portal knows.
func (s *session) signIn(ctx context.Context, fresh bool) (token identitycenter.Token, already bool, err error) {
	if fresh {
		return s.login.SignIn(ctx, s.portal.SigningOut)
	}
	token, already, err = s.login.SignIn(ctx, nil)
	if already && err == nil && s.isRejected(ctx) {
		token, err = s.login.Renew(ctx, token)
		already = false
	}
	return token, already, err
}

// answerLimit is how long login waits to hear whether a token is still accepted.
const answerLimit = 5 * time.Second

// isRejected reports whether the portal refuses the token of s, and that cannot be renewed either. Without an answer it
// is taken as good.
func (s *session) isRejected(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	alone, asked := *s.login, s.portal.Options
	alone.Person, asked.Tokens = nil, &alone
	_, _, err := access.New(asked).AccountsPage(ctx, "")
	return errors.Is(err, identitycenter.ErrLoginRequired)
}

// loginResult is what login prints with --json.
type loginResult struct {
	Session     string    `json:"session,omitempty"`
	StartURL    string    `json:"startUrl"`
	Region      string    `json:"region"`
	ExpiresAt   time.Time `json:"expiresAt"`
	Refreshable bool      `json:"refreshable"`
	Already     bool      `json:"alreadySignedIn"`
	File        string    `json:"file"`
	User        string    `json:"user,omitempty"` // who signed in, where STS tells
}

// sayLogin says how a sign-in ended, and who signed in, if known.
func (a *App) sayLogin(s *session, token identitycenter.Token, already bool, as string) error {
	l := s.login
	refreshable := token.Refreshable(a.Now())
	if a.json {
		return a.printJSON(loginResult{
			l.Session.Name, l.Session.StartURL, l.Session.Region, token.ExpiresAt, refreshable, already,
			l.Store.AccessTokenPath(l.Session), as,
		})
	}
	verb := "signed in to"
	if already {
		verb = "already signed in to"
	}
	until := "the token is valid until " + token.ExpiresAt.Local().Format("15:04:05")
	if refreshable {
		until += ", and renewed until the session ends"
	}
	if as != "" {
		as = " as " + a.Show(as)
	}
	if mode, _ := a.storageMode(); mode != "shared" {
		until += "; storage is " + mode
	}
	a.note("%s %s%s; %s", verb, quotedLabel(l.Session), as, until)
	return nil
}
