package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jmespath-community/go-jmespath"
	"github.com/spf13/cobra"

	"rolecall/internal/access"
	"rolecall/internal/awsconfig"
	"rolecall/internal/cache"
	"rolecall/internal/identitycenter"
)

// portalFlags are the AWS CLI's flags of the portal commands.
type portalFlags struct {
	accessToken, region, output, query, profile, endpointURL string
	accountID, roleName                                      string
	maxItems, pageSize                                       int
	noPaginate, noCLIPager                                   bool
}

func (a *App) ssoCommand() *cobra.Command {
	sso := &cobra.Command{
		Use:   "sso",
		Short: "Drop-in replacements for \"aws sso\" commands",
		Long: `Run drop-in replacements for "aws sso" commands, with the same flags and the same JSON output.

  rolecall sso list-accounts
  rolecall sso get-role-credentials --account-id 111122223333 --role-name ReadOnly

Without --access-token and --region, they use the cached sign-in. Exit codes are rolecall's.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	sso.AddCommand(a.getRoleCredentialsCommand(), a.listAccountsCommand(), a.listAccountRolesCommand(),
		a.ssoLoginCommand(), a.ssoLogoutCommand())
	return sso
}

func (f *portalFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.accessToken, "access-token", "", "access `TOKEN` (default: the cached one)")
	flags.StringVar(&f.region, "region", "", "`REGION` of the Identity Center (default: the session's)")
	flags.StringVar(&f.output, "output", "json", "`FORMAT`: only json is supported")
	flags.StringVar(&f.query, "query", "", "JMESPath `EXPRESSION` that selects what to print")
	flags.StringVar(&f.profile, "profile", "", "`PROFILE` or sso-session whose sign-in to use")
	flags.StringVar(&f.endpointURL, "endpoint-url", "",
		"send requests to this `URL`, even with --access-token")
	flags.BoolVar(&f.noCLIPager, "no-cli-pager", false, "accepted for compatibility with the AWS CLI: there is no pager")
}

func (f *portalFlags) addPaging(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.noPaginate, "no-paginate", false,
		"accepted for compatibility with the AWS CLI: listings are always complete")
	cmd.Flags().IntVar(&f.pageSize, "page-size", 0, "accepted for compatibility with the AWS CLI: `N` is not used")
	cmd.Flags().IntVar(&f.maxItems, "max-items", 0, "print at most `N` items")
}

func (a *App) getRoleCredentialsCommand() *cobra.Command {
	var f portalFlags
	cmd := &cobra.Command{
		Use:   "get-role-credentials",
		Short: "Get role credentials for an account and role (GetRoleCredentials)",
		Long: `Get role credentials for an account and role (GetRoleCredentials).

  rolecall sso get-role-credentials --account-id 111122223333 --role-name ReadOnly
  rolecall sso get-role-credentials --profile dev --account-id 111122223333 --role-name Admin`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.accountID == "" || f.roleName == "" {
				return Usagef("--account-id and --role-name are required")
			}
			return a.portalCall(cmd.Context(), f, func(ctx context.Context, s *session) (any, error) {
				profile := awsconfig.Profile{Session: s.login.Session, AccountID: f.accountID, RoleName: f.roleName}
				if err := a.allowTarget(ctx, profile, s); err != nil {
					return nil, err
				}
				c, err := s.portal.RoleCredentials(ctx, f.accountID, f.roleName, access.Directly)
				if errors.Is(err, identitycenter.ErrNoAccess) {
					err = s.source.ExplainNoAccess(ctx, f.accountID, f.roleName, err)
				}
				if err == nil {
					err = a.recordKeys(howEnv, a.command(), profile, a.accountFor(profile, c), c)
				}
				return roleCredentialsAnswer(c), err
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.accountID, "account-id", "", "`ID` of the account")
	cmd.Flags().StringVar(&f.roleName, "role-name", "", "`ROLE` (permission set) name")
	return cmd
}

// roleCredentialsAnswer is the AWS CLI's JSON of GetRoleCredentials, with the secrets.
func roleCredentialsAnswer(c identitycenter.RoleCredentials) any {
	type roleCredentials struct {
		AccessKeyID     string `json:"accessKeyId"`
		SecretAccessKey string `json:"secretAccessKey"`
		SessionToken    string `json:"sessionToken"`
		Expiration      int64  `json:"expiration"`
	}
	return map[string]roleCredentials{"roleCredentials": {
		c.AccessKeyID, c.SecretAccessKey.Reveal(), c.SessionToken.Reveal(), c.Expiration.UnixMilli(),
	}}
}

func (a *App) listAccountsCommand() *cobra.Command {
	var f portalFlags
	cmd := &cobra.Command{
		Use:   "list-accounts",
		Short: "List your accounts (ListAccounts)",
		Long: `List your accounts (ListAccounts).

  rolecall sso list-accounts
  rolecall sso list-accounts --query 'accountList[].accountName'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.portalCall(cmd.Context(), f, func(ctx context.Context, s *session) (any, error) {
				accounts, err := s.portal.Accounts(ctx)
				type account struct {
					ID    string `json:"accountId"`
					Name  string `json:"accountName,omitempty"`
					Email string `json:"emailAddress,omitempty"`
				}
				list := []account{}
				for _, x := range limited(accounts, f.maxItems) {
					list = append(list, account{x.ID, x.Name, x.Email})
				}
				return map[string]any{"accountList": list}, err
			})
		},
	}
	f.add(cmd)
	f.addPaging(cmd)
	return cmd
}

func (a *App) listAccountRolesCommand() *cobra.Command {
	var f portalFlags
	cmd := &cobra.Command{
		Use:   "list-account-roles",
		Short: "List your roles in an account (ListAccountRoles)",
		Long: `List your roles in an account (ListAccountRoles).

  rolecall sso list-account-roles --account-id 111122223333
  rolecall sso list-account-roles --account-id 111122223333 --query 'roleList[].roleName'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.accountID == "" {
				return Usagef("--account-id is required")
			}
			return a.portalCall(cmd.Context(), f, func(ctx context.Context, s *session) (any, error) {
				roles, err := s.portal.Roles(ctx, f.accountID)
				type role struct {
					Name    string `json:"roleName"`
					Account string `json:"accountId"`
				}
				list := []role{}
				for _, x := range limited(roles, f.maxItems) {
					list = append(list, role{x.Name, x.AccountID})
				}
				return map[string]any{"roleList": list}, err
			})
		},
	}
	f.add(cmd)
	f.addPaging(cmd)
	cmd.Flags().StringVar(&f.accountID, "account-id", "", "`ID` of the account")
	return cmd
}

func limited[T any](all []T, most int) []T {
	if most > 0 && most < len(all) {
		return all[:most]
	}
	return all
}

// A portalRequest asks the portal of a session, and returns the answer in the AWS CLI's form.
type portalRequest func(context.Context, *session) (any, error)

// portalCall asks the portal with the given token, or the cached one, and prints
// the answer as the AWS CLI does.
func (a *App) portalCall(ctx context.Context, f portalFlags, call portalRequest) error {
	if f.output != "json" {
		return Usagef("--output %s: only json is supported", f.output)
	}
	var expression jmespath.JMESPath
	if f.query != "" {
		var err error
		if expression, err = compileQuery(f.query); err != nil {
			return err
		}
	}
	var answer any
	var err error
	if f.accessToken != "" {
		answer, err = a.callWithGiven(ctx, f, call)
	} else {
		answer, err = a.callWithCached(ctx, f, call)
	}
	if err != nil {
		return err
	}
	return a.printAnswer(answer, expression)
}

func (a *App) callWithCached(ctx context.Context, f portalFlags, call portalRequest) (any, error) {
	s, err := a.sessionNamed(ctx, f.profile, options{endpointURL: f.endpointURL})
	if err != nil {
		return nil, err
	}
	if own := s.login.Session; f.region != "" && f.region != own.Region {
		return nil, &HintError{
			Err: fmt.Errorf("--region %s is not the region of session %q, whose token is valid in %s",
				f.region, own.Label(), own.Region),
			Code: ExitConfiguration, Hint: "leave --region out",
		}
	}
	return call(ctx, s)
}

// callWithGiven sends a token from the command line. It goes to an override only if
// --endpoint-url on the same line is that, or if it is a cached token that the override issued.
func (a *App) callWithGiven(ctx context.Context, f portalFlags, call portalRequest) (any, error) {
	if strings.ContainsFunc(f.accessToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, Usagef("--access-token is not a token: it has spaces, or characters other than visible ASCII")
	}
	given := identitycenter.NewSecret(f.accessToken)
	owner, ownerToken := a.ownerOf(ctx, given)
	profile, err := a.givenProfile(f, owner, cmp.Or(ownerToken.Region, owner.Session.Region))
	if err != nil {
		return nil, err
	}
	s, err := a.session(ctx, &profile, options{endpointURL: f.endpointURL, unattended: true, accessToken: given})
	if err != nil {
		return nil, err
	}
	if owner.Session.Region != "" && f.endpointURL == "" {
		if _, err := s.login.Cached(ctx); err != nil {
			return nil, err
		}
	}
	answer, err := call(ctx, s)
	if errors.Is(err, identitycenter.ErrUnauthorized) {
		err = a.explainGiven(profile.Session.Region, owner.Session, ownerToken)
	}
	return answer, err
}

// givenProfile returns the profile to use with a token from the command line: owner, if it is
// owner's cached token, else one with the region of the command line or configuration. known
// is the token's own region, or empty.
func (a *App) givenProfile(f portalFlags, owner awsconfig.Profile, known string) (awsconfig.Profile, error) {
	if known != "" && f.region != "" && f.region != known {
		return owner, &HintError{
			Err:  fmt.Errorf("the given token is from region %s, not %s", known, f.region),
			Code: ExitConfiguration,
			Facts: []string{fmt.Sprintf("it is the cached token of session %q; a token is valid only in its own region",
				owner.Session.Label())},
			Hint: "use --region " + known + ", or leave --access-token and --region out",
		}
	}
	if known != "" {
		return owner, nil
	}
	config, err := a.config()
	if err != nil {
		return owner, err
	}
	p, err := config.Profile(cmp.Or(f.profile, awsconfig.DefaultProfile(a.Getenv)))
	region := cmp.Or(f.region, p.Root().Session.Region, p.Region,
		a.Getenv("AWS_REGION"), a.Getenv("AWS_DEFAULT_REGION"))
	if region == "" {
		missing := errors.New("--access-token needs --region, the region of its Identity Center")
		return p, &UsageError{errors.Join(missing, err)}
	}
	if e := a.endpoints(p); f.endpointURL == "" && e.override != "" {
		return p, &HintError{
			Err: fmt.Errorf("the token on the command line would go to an endpoint other than AWS's, set by %s",
				e.override),
			Code: ExitRefused, Hint: "confirm the endpoint with --endpoint-url, or unset " + e.override,
		}
	}
	return awsconfig.Profile{
		Session:  identitycenter.SSOSession{Region: region},
		CABundle: p.CABundle, UseFIPS: p.UseFIPS, UseDualStack: p.UseDualStack,
	}, nil
}

// ownerOf finds the configured session whose cached token was given on the
// command line.
func (a *App) ownerOf(ctx context.Context, given identitycenter.Secret) (awsconfig.Profile, identitycenter.Token) {
	store, err := a.cache()
	if err != nil {
		return awsconfig.Profile{}, identitycenter.Token{}
	}
	sessions, err := a.allSessions()
	if err != nil {
		return awsconfig.Profile{}, identitycenter.Token{}
	}
	for _, p := range sessions {
		token, err := store.Token(ctx, p.Session)
		var foreign *cache.ForeignTokenError
		if (err == nil || errors.As(err, &foreign)) && token.AccessToken.Equal(given) {
			return p, token
		}
	}
	return awsconfig.Profile{}, identitycenter.Token{}
}

// explainGiven returns an error that says why the portal does not know a token from the
// command line. AWS says only that it is not found or invalid.
func (a *App) explainGiven(region string, owner identitycenter.SSOSession, token identitycenter.Token) error {
	e := &HintError{Code: ExitLogin, Hint: loginHint(owner)}
	switch {
	case owner.Region == "":
		e.Err = fmt.Errorf("the given token is not known in region %s", region)
		e.Facts = []string{
			"it has expired, was signed out, is mistyped, or belongs to an Identity Center in another region",
			"it is not the cached token of a configured session",
		}
		e.Hint = "rolecall login"
	case !token.ExpiresAt.After(a.Now()):
		e.Err = fmt.Errorf("the given token of session %q expired at %s",
			owner.Label(), token.ExpiresAt.Local().Format("2006-01-02 15:04:05"))
	default:
		e.Err = fmt.Errorf("the given token of session %q was signed out elsewhere: it would have been valid until %s",
			owner.Label(), a.moment(token.ExpiresAt))
	}
	return e
}

func (a *App) ssoLoginCommand() *cobra.Command {
	var o options
	var profile, name string
	var fresh bool
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Sign in, like rolecall login",
		Long: `Sign in as rolecall login does, with the flags of aws sso login.

  rolecall sso login --sso-session corp
  rolecall sso login --profile dev --use-device-code`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if profile != "" && name != "" {
				return Usagef("--profile and --sso-session cannot be used together")
			}
			return a.login(cmd.Context(), cmp.Or(name, profile), o, fresh)
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "", "sign in to the session of this `PROFILE`")
	cmd.Flags().StringVar(&name, "sso-session", "", "sign in to this `SESSION`")
	cmd.Flags().BoolVar(&o.deviceCode, "use-device-code", false, "the same as --device-code")
	cmd.Flags().BoolVar(&fresh, "fresh", false, "end the current session on the server, then sign in again")
	o.addSignIn(cmd)
	return cmd
}

func (a *App) ssoLogoutCommand() *cobra.Command {
	var profile string
	cmd := &cobra.Command{
		Use:   "logout",
		Short: "Sign out of all sessions, or of that of --profile",
		Long: `Sign out of all sessions, or of that of --profile.

  rolecall sso logout
  rolecall sso logout --profile dev`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.logout(cmd.Context(), profile, profile == "", options{})
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "", "sign out only of the session of this `PROFILE`")
	return cmd
}
