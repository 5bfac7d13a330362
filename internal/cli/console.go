package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/browser"
	"rolecall/internal/console"
	"rolecall/internal/credentials"
	"rolecall/internal/identitycenter"
)

// consoleOptions say how to open the console; the zero value opens its home page.
type consoleOptions struct {
	options
	destination   string
	duration      time.Duration // of the console session; 0: as long as the credentials are valid
	print, portal bool
	copy          bool // the link onto the clipboard
	logoutFirst   bool
	multiSession  bool
	window        browser.Window // of the command line, then that of the account
}

func (a *App) consoleCommand() *cobra.Command {
	var f targetFlags
	var o consoleOptions
	var duration, service string
	cmd := &cobra.Command{
		Use:   "console [TARGET]",
		Short: "Open the AWS console with role credentials",
		Long: `Open the AWS console in your browser, signed in with the role credentials of TARGET.

  rolecall console dev
  rolecall console dev --service s3     ec2, ddb, logs, orgs …
  rolecall console dev --browser chrome --browser-profile Payments
  rolecall console dev --container Payments    a Firefox container
  rolecall console dev --print          print the link: it signs in anyone, for 15 minutes
  rolecall console dev --portal         use the access portal's link, which contains no keys

Without a TARGET, it uses the keys in the environment, if any: those set by "exec", "env" or the
picker's shell. [[console]] entries in config.toml choose the browser by account.

A browser has one console session, or up to five with AWS's multi-session support: --logout-first
ends the current one, --multi-session turns that support on.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := o.read(a, duration, service)
			if err != nil {
				return err
			}
			if keys, ok := a.shellKeys(f, args); ok {
				return a.consoleShell(cmd.Context(), keys, o)
			}
			t, err := a.argument(f, firstArg(args))
			if err != nil {
				return err
			}
			return a.console(cmd.Context(), t, o)
		},
	}
	cmd.Flags().StringVar(&duration, "duration", "",
		"`LENGTH` of the console session: 900 to 43200 seconds, or such as 8h (default: until the credentials expire)")
	cmd.Flags().StringVar(&service, "service", "", "open this `SERVICE`, like --destination")
	_ = cmd.RegisterFlagCompletionFunc("service", cobra.FixedCompletions(console.Services(), nothingElse))
	o.add(cmd)
	f.add(cmd)
	f.addRegion(cmd)
	a.addConfirm(cmd)
	return cmd
}

func (o *consoleOptions) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.destination, "destination", "",
		"console `PAGE` to open: a service such as s3, a path, or a URL")
	cmd.Flags().BoolVar(&o.print, "print", false, "print the link instead of opening a browser")
	cmd.Flags().BoolVar(&o.copy, "copy", false, "copy the link to the clipboard instead of opening a browser")
	cmd.Flags().BoolVar(&o.portal, "portal", false, "use the access portal's own link, which contains no keys")
	cmd.Flags().BoolVar(&o.logoutFirst, "logout-first", false, "end the browser's current console session first")
	cmd.Flags().BoolVar(&o.multiSession, "multi-session", false, "turn on AWS's multi-session support first")
	cmd.Flags().StringVar(&o.window.Browser, "browser", "",
		"open it in this `BROWSER`: "+strings.Join(browser.Names(), ", "))
	cmd.Flags().StringVar(&o.window.Profile, "browser-profile", "",
		"browser `PROFILE`, by its display name or directory")
	cmd.Flags().StringVar(&o.window.Container, "container", "", "open it in this Firefox `CONTAINER`")
	_ = cmd.RegisterFlagCompletionFunc("browser", cobra.FixedCompletions(browser.Names(), nothingElse))
}

// read completes o with flags that are texts, and rejects what cannot be.
func (o *consoleOptions) read(a *App, duration, service string) (err error) {
	switch {
	case service != "" && o.destination != "":
		return Usagef("--service and --destination cannot be used together")
	case o.copy && !isTerminal(a.Stderr):
		return Usagef("--copy needs a terminal, which copies the link; without one, use --print")
	}
	o.destination = cmp.Or(service, o.destination)
	if o.duration, err = consoleDuration(duration); err != nil {
		return err
	}
	return o.check()
}

// check rejects what excludes each other.
func (o consoleOptions) check() error {
	switch {
	case o.print && o.copy:
		return Usagef("--print and --copy cannot be used together")
	case o.logoutFirst && o.multiSession:
		return Usagef("--logout-first and --multi-session cannot be used together")
	case o.portal && (o.logoutFirst || o.multiSession):
		return Usagef("--portal cannot be used with --logout-first or --multi-session: the access portal signs in itself")
	}
	if err := o.window.Check(); err != nil {
		return &UsageError{err}
	}
	return nil
}

// consoleDuration reads a number of seconds, or a duration like 8h.
func consoleDuration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if seconds, secondsError := strconv.Atoi(text); secondsError == nil {
		d, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || d < console.LeastSession || d > console.MostSession {
		return 0, Usagef("--duration %q is not between 900 and 43200 seconds", text)
	}
	return d, nil
}

// consoleResult is what console prints with --json.
type consoleResult struct {
	Account     string     `json:"account"`
	Role        string     `json:"role"` // name, or the ARN of a chain's last role
	Destination string     `json:"destination,omitempty"`
	URL         string     `json:"url,omitempty"` // with --print
	Until       *time.Time `json:"until,omitempty"`
	Opened      bool       `json:"opened"`
}

// console opens the console as t, or prints the link.
func (a *App) console(ctx context.Context, t target, o consoleOptions) error {
	profile, s, err := a.resolve(ctx, t, o.options)
	if err != nil {
		return err
	}
	if err := profile.RequireRole(); err != nil && profile.SignsIn() {
		return err
	}
	root := *profile.Root()
	r := consoleResult{Account: root.AccountID, Role: root.RoleName}
	if profile.Chain != nil {
		r.Role = profile.Chain.RoleARN
		r.Account = strings.Split(r.Role, ":")[4]
	}
	region := credentials.Region(profile)
	if o.destination != "" || !o.portal {
		if r.Destination, err = a.destination(o.destination, region); err != nil {
			return err
		}
	}
	if o.window, err = a.window(profile, r.Role, o.window); err != nil {
		return err
	}
	if o.portal {
		switch {
		case !profile.SignsIn():
			return Usagef("the access portal has no link for profile %q: leave out --portal", profile.Name)
		case o.duration != 0:
			return Usagef("--portal cannot be used with --duration: the access portal sets the session's length")
		case profile.Chain != nil:
			return Usagef("the access portal has no links for assumed roles: leave out --portal")
		}
		return a.openPortal(ctx, s, r, o)
	}
	if o.duration != 0 && profile.Chain != nil {
		return Usagef("AWS sets the length of an assumed role's console session: leave out --duration")
	}
	if err := a.guard(ctx, profile, s); err != nil {
		return err
	}
	keys, signin, err := a.consoleKeys(ctx, s, profile, region)
	if err != nil {
		return err
	}
	if err := a.checkExpected(ctx, profile, keys, options{}); err != nil {
		return err
	}
	r.Account = cmp.Or(r.Account, keys.AccountID)
	a.checkPerson(ctx, s, profile, keys)
	if err := a.recordKeys(howConsole, a.command(), profile, a.accountFor(profile, keys), keys); err != nil {
		return err
	}
	return a.openConsole(ctx, root, console.Request{
		Credentials: keys, Signin: signin, Issuer: root.Session.StartURL, Destination: r.Destination,
		Duration: o.duration,
	}, r, o)
}

// consoleKeys returns keys that a link can be made of, and the address that makes it.
func (a *App) consoleKeys(
	ctx context.Context, s *session, profile awsconfig.Profile, region string,
) (keys identitycenter.RoleCredentials, signin string, err error) {
	if !profile.SignsIn() {
		if keys, err = s.source.Retrieve(ctx, profile); err != nil {
			return keys, "", err
		}
		if keys.SessionToken.IsZero() {
			return keys, "", Usagef("the console does not accept long-term keys, such as those of profile %q: pass --assume ARN",
				profile.Name)
		}
		signin, err = a.signin(s, *profile.Root(), region)
		return keys, signin, err
	}
	if signin, err = a.signin(s, *profile.Root(), region); err != nil {
		return keys, "", err
	}
	if keys, err = s.source.Retrieve(ctx, profile); err == nil {
		err = s.login.AtHome(ctx) // cached keys have not passed the check of a token
	}
	return keys, signin, err
}

// openConsole gets a link with the network settings of profile, and hands it over.
func (a *App) openConsole(
	ctx context.Context, profile awsconfig.Profile, request console.Request, r consoleResult, o consoleOptions,
) error {
	asker, err := a.network(profile, a.Logger(a.Stderr))
	if err != nil {
		return err
	}
	link, err := console.Link(ctx, asker, request)
	if err != nil {
		return err
	}
	if o.logoutFirst || o.multiSession {
		region := cmp.Or(profile.Region, profile.Session.Region)
		if !console.IsSignin(request.Signin, region) {
			return Usagef("%s is not AWS: leave out --logout-first and --multi-session", request.Signin)
		}
		through := console.LogoutFirst
		if o.multiSession {
			through = console.MultiSession
		}
		if link, err = through(link, region); err != nil {
			return err
		}
	}
	return a.handOver(ctx, link, r, o)
}

// destination returns the page of the console that text means.
func (a *App) destination(text, region string) (string, error) {
	page, err := console.Destination(text, region)
	if err != nil {
		return "", &UsageError{err}
	}
	if !console.Known(text) {
		a.tell("unknown service %q; trying it as it is", text)
	}
	return page, nil
}

// signin returns the address that turns a session's credentials into a link. They go only to
// their issuer: AWS, or the Identity Center that is the portal. AWS_ENDPOINT_URL_SIGNIN may
// name the same place, or for AWS's keys another sign-in host of AWS. Any other value is
// refused, or one stray variable would leak the keys.
func (a *App) signin(s *session, root awsconfig.Profile, region string) (string, error) {
	own, err := console.Signin(region)
	if err != nil {
		return "", &HintError{Err: err, Code: ExitConfiguration, Hint: "rolecall config show"}
	}
	aws := true
	portal, err := url.Parse(s.endpoints.Portal)
	if err == nil && root.SignsIn() && !isAWS(s.endpoints, root.Session.Region, portal.Hostname()) {
		own, aws = portal.Scheme+"://"+portal.Host, false
	}
	return a.signinAt(own, aws, root, region)
}

// signinAt returns own, the sign-in address of keys, or the override if it is the same place, or for AWS's keys of AWS.
func (a *App) signinAt(own string, aws bool, root awsconfig.Profile, region string) (string, error) {
	override := strings.TrimRight(a.Getenv("AWS_ENDPOINT_URL_SIGNIN"), "/")
	if override == "" || a.ignoresEndpoints(root) {
		return own, nil
	}
	u, err := url.Parse(override)
	if err != nil || u.Scheme != "https" && (u.Scheme != "http" || !identitycenter.IsLoopback(u.Hostname())) {
		return "", &HintError{
			Err:  fmt.Errorf("AWS_ENDPOINT_URL_SIGNIN: %q is neither https nor http on this machine", override),
			Code: ExitConfiguration, Hint: "unset AWS_ENDPOINT_URL_SIGNIN",
		}
	}
	if !strings.EqualFold(override, own) && !(aws && console.IsSignin(override, region)) {
		return "", &HintError{
			Err:  fmt.Errorf("AWS_ENDPOINT_URL_SIGNIN would send the role's keys to %s, but they are for %s", override, own),
			Code: ExitRefused, Hint: "unset AWS_ENDPOINT_URL_SIGNIN",
		}
	}
	return u.Scheme + "://" + u.Host, nil
}

// isAWS reports whether e are AWS's own endpoints, or private ones that lead to them.
func isAWS(e identitycenter.Endpoints, region, host string) bool {
	own := func(s identitycenter.Endpoints) bool { return s.Portal == e.Portal }
	return slices.ContainsFunc(standard(region), own) || identitycenter.AWS().HasEndpoint(host)
}
