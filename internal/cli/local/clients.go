package local

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/cli"
	"rolecall/internal/export"
	"rolecall/internal/filesystem"
	"rolecall/internal/idc"
	"rolecall/internal/idc/operator"
	"rolecall/internal/idc/pattern"
)

// clientFlags are those of idc env and idc run.
type clientFlags struct {
	operatorFlags
	proxy bool
}

func (a *app) addClientFlags(cmd *cobra.Command, f *clientFlags) {
	a.addServerFlags(cmd, &f.operatorFlags)
	cmd.Flags().BoolVar(&f.proxy, "proxy", false,
		"for clients without endpoint settings: reach AWS's own host names through the server's proxy")
}

// clientEnvironment returns the variables that make clients use a running server.
func (a *app) clientEnvironment(ctx context.Context, f clientFlags) ([]string, error) {
	server, err := a.find(ctx, f.operatorFlags)
	switch {
	case err != nil:
		return nil, err
	case f.proxy && server.Files == "":
		return nil, cli.Usagef("--proxy works only on the machine of %s, which has its CA; leave out --proxy", server.URL)
	case f.proxy:
		return idc.ProxyEnvironment(server.URL, filepath.Join(server.Files, "ca.pem")), nil
	}
	a.GiveEndpoints(server.AWSStartURL, server.URL)
	models := ""
	if server.Files != "" {
		models = filepath.Join(server.Files, modelsFolder)
	}
	return idc.Environment(server.URL, models), nil
}

func (a *app) idcEnvCommand() *cobra.Command {
	var f clientFlags
	var shell string
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Print the variables that make AWS clients use the running server",
		Long: `Print the variables that make AWS clients use the running server.

  eval "$(rolecall idc env)"                                  sh, bash, zsh
  rolecall idc env --shell fish | source                      fish
  rolecall idc env --shell powershell | Out-String | iex      PowerShell`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			environ, err := a.clientEnvironment(cmd.Context(), f)
			if err != nil {
				return err
			}
			if err := export.WriteVariables(a.Stdout, shell, variablesOf(environ)); err != nil {
				return cli.Usagef("%w", err)
			}
			return nil
		},
	}
	a.addClientFlags(cmd, &f)
	cmd.Flags().StringVar(&shell, "shell", export.Default(), "`FORMAT` of the output, never guessed from your login shell")
	return cmd
}

func (a *app) idcRunCommand() *cobra.Command {
	var f clientFlags
	cmd := &cobra.Command{
		Use:   "run -- COMMAND [ARGUMENT …]",
		Short: "Run a command that uses the running server",
		Long: `Run a command with the variables that make AWS clients use the running server.

  rolecall idc run -- aws sso login --profile local-payments-dev-Admin
  rolecall idc run --proxy -- aws sts get-caller-identity

Its exit code becomes rolecall's.

With --proxy, requests to AWS's own host names reach the server, and the command can reach no other
host. The AWS SDK for JavaScript ignores proxies: run it without --proxy. "aws sso login" opens AWS's
own host name in the browser, which does not use the proxy or trust its CA: sign in with
"rolecall idc run --proxy -- rolecall login local", or set up both in the browser.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.ArgsLenAtDash() != 0 {
				return cli.Usagef("usage: rolecall idc run -- COMMAND [ARGUMENT …]")
			}
			environ, err := a.clientEnvironment(cmd.Context(), f)
			if err != nil {
				return err
			}
			return a.Become(a.Stdout, args, withVariables(a.Environ, environ))
		},
	}
	a.addClientFlags(cmd, &f)
	return cmd
}

// withVariables returns environ with entries in place of those with the same names.
func withVariables(environ, entries []string) []string {
	var kept []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		replaced := false
		for _, other := range entries {
			otherName, _, _ := strings.Cut(other, "=")
			replaced = replaced || cli.SameName(name, otherName)
		}
		if !replaced {
			kept = append(kept, entry)
		}
	}
	return append(kept, entries...)
}

func (a *app) idcConfigureCommand() *cobra.Command {
	var f operatorFlags
	var o configureOptions
	cmd := &cobra.Command{
		Use:   "configure",
		Short: "Write an sso-session and a profile for each role into the config file",
		Long: `Write an sso-session and a profile for each account and role into the shared config file.

  rolecall idc configure --user alice
  rolecall idc configure --session local2 --proxy

It also writes a services section with the server's endpoints. Everything is between two marker lines,
and is replaced the next time; nothing else in the file changes.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.elsewhere = again(cmd, "session", "local2")
			return a.idcConfigure(cmd.Context(), f, o)
		},
	}
	a.addServerFlags(cmd, &f)
	cmd.Flags().StringVar(&o.user, "user", "", "only this `USER`'s roles (default: all roles)")
	cmd.Flags().StringVar(&o.session, "session", "local", "`NAME` of the sso-session and the services section")
	cmd.Flags().StringVar(&o.file, "file", "", "config `FILE` (default: the shared one)")
	cmd.Flags().BoolVar(&o.proxy, "proxy", false, "write AWS's own addresses, for idc env --proxy and idc run --proxy")
	return cmd
}

// configureOptions are the flags of idc configure.
type configureOptions struct {
	user, session, file string
	proxy               bool
	elsewhere           string // the same command, for another sso-session
}

func (a *app) idcConfigure(ctx context.Context, f operatorFlags, o configureOptions) error {
	if o.file == "" {
		o.file = awsconfig.Locate(a.Getenv, a.Home).Config
	}
	server, err := a.find(ctx, f)
	if err != nil {
		return err
	}
	info := server.Info
	f.url = info.URL
	var roles []operator.Role
	err = a.operate(ctx, f, func(c *operator.Client) error {
		var list bytes.Buffer
		if _, err := c.Do(ctx, http.MethodGet, "/roles", url.Values{"user": {o.user}}, nil, &list); err != nil {
			return fmt.Errorf("user %s: %w", o.user, err)
		}
		return json.Unmarshal(list.Bytes(), &roles)
	})
	if err != nil {
		return err
	}
	for _, r := range roles {
		if !roleLine().MatchString(r.AccountID + "/" + r.Name) {
			return fmt.Errorf("role %s/%s: the name does not fit into a config file", r.AccountID, r.Name)
		}
	}
	names := profileNames(o.session, roles)
	if !o.proxy {
		a.GiveEndpoints(info.AWSStartURL, info.URL)
	}
	if err := a.replaceBlock(ctx, o, configureText(info, o, roles, names)); err != nil {
		return err
	}
	text := fmt.Sprintf("Written to %s: sso-session %s and %s",
		a.Tidy(o.file), o.session, cli.Counted(len(roles), "profile"))
	if len(names) > 0 {
		text += ". Try:\n\n" + tryText(o, a.urlFlag(f.url), names[0])
	}
	return a.Result(text, map[string]any{"file": o.file, "session": o.session, "profiles": names})
}

// tryText is commands that use a profile; at is their --url.
func tryText(o configureOptions, at, profile string) string {
	run := "rolecall idc run" + at + " -- "
	own := "" // rolecall reads the services section
	if o.proxy {
		run = "rolecall idc run" + at + " --proxy -- "
		own = run
	}
	return fmt.Sprintf(`  %[1]srolecall login %[2]s
  %[1]srolecall whoami %[3]s
  %[4]saws sts get-caller-identity --profile %[3]s
`, own, cli.Quoted(o.session), cli.Quoted(profile), run)
}

// roleLine matches an account and a permission set as AWS names them.
var roleLine = pattern.New(`^[0-9]{12}/[\w+=,.@-]{1,32}$`)

var notPlain = pattern.New(`[^A-Za-z0-9._]+`)

// profileNames returns session-account-role for each role, unique and without characters that
// need quotes.
func profileNames(session string, roles []operator.Role) []string {
	names, seen := make([]string, len(roles)), map[string]bool{}
	for i, r := range roles {
		account := cmp.Or(strings.Trim(notPlain().ReplaceAllString(r.AccountName, "-"), "-"), r.AccountID)
		if seen[session+"-"+account+"-"+r.Name] {
			account = r.AccountID
		}
		names[i] = session + "-" + account + "-" + notPlain().ReplaceAllString(r.Name, "-")
		seen[names[i]] = true
	}
	return names
}

func configureText(info idc.Info, o configureOptions, roles []operator.Role, names []string) string {
	services := "services = " + o.session + "\n"
	if o.proxy {
		services = ""
	}
	var b strings.Builder
	b.WriteString(sessionText(o.session, info.AWSStartURL, info.Region))
	for i, r := range roles {
		fmt.Fprintf(&b, "\n[profile %s]\nsso_session = %s\nsso_account_id = %s\nsso_role_name = %s\nregion = %s\n%s",
			names[i], o.session, r.AccountID, r.Name, info.Region, services)
	}
	if o.proxy {
		return b.String()
	}
	fmt.Fprintf(&b, "\n[services %s]\n", o.session)
	for _, service := range []string{"sso", "sso_oidc", "sts", "sso_admin", "identitystore", "organizations"} {
		fmt.Fprintf(&b, "%s =\n  endpoint_url = %s\n", service, info.URL)
	}
	return b.String()
}

// replaceBlock puts text between the marking lines of the session, or at the end of the file
// without them. If the file has a session of that name elsewhere, nothing is written.
func (a *app) replaceBlock(ctx context.Context, o configureOptions, text string) error {
	_, err := a.EditConfig(ctx, o.file, func(before filesystem.Shared) ([]byte, error) {
		return a.withBlock(o, string(before.Data), text)
	})
	return err
}

func (a *app) withBlock(o configureOptions, old, text string) ([]byte, error) {
	begin, end := "# rolecall idc configure: "+o.session+" {", "# } rolecall idc configure: "+o.session
	head, rest, marked := strings.Cut(old, begin+"\n")
	_, tail, ended := strings.Cut(rest, end+"\n")
	switch {
	case marked && !ended:
		return nil, &cli.HintError{
			Err:  fmt.Errorf("%s: the line %q has no end marker", a.Tidy(o.file), begin),
			Code: cli.ExitConfiguration, Hint: "remove that line from the file",
		}
	case !marked && old != "" && !strings.HasSuffix(old, "\n"):
		head = old + "\n"
	}
	if strings.Contains(head+tail, "[sso-session "+o.session+"]") {
		return nil, &cli.HintError{
			Err:  fmt.Errorf("%s already has another sso-session %s", a.Tidy(o.file), o.session),
			Code: cli.ExitConfiguration, Hint: o.elsewhere,
		}
	}
	return []byte(head + begin + "\n" + text + end + "\n" + tail), nil
}
