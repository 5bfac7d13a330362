package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"rolecall/internal/cli"
	"rolecall/internal/export"
	"rolecall/internal/idc/visitor"
	"rolecall/internal/identitycenter"
	"rolecall/internal/login"
)

func (a *app) demoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo [-- COMMAND [ARGUMENT …]]",
		Short: "Try rolecall with a local Identity Center",
		Long: `Try rolecall with a local Identity Center: sign in, get role credentials, and check them.

  rolecall demo
  rolecall demo -- aws sts get-caller-identity
  rolecall demo --browser                 sign in yourself

It runs on a free port with a temporary home folder; your own ~/.aws is not touched. The sign-in is
the real PKCE flow. With a COMMAND, it only signs in and runs the command in the demo's environment.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && cmd.ArgsLenAtDash() != 0 {
				return cli.Usagef("usage: rolecall demo [-- COMMAND [ARGUMENT …]]")
			}
			return a.demo(cmd.Context(), o, args)
		},
	}
	cmd.Flags().BoolVar(&o.browser, "browser", false, "sign in yourself, in a real browser")
	cmd.Flags().BoolVar(&o.keep, "keep", false, "keep running until interrupted")
	return cmd
}

type demoOptions struct{ browser, keep bool }

// A demo is a world of its own: an Identity Center, a home folder, an environment.
type demo struct {
	outer   *app
	world   cli.World
	idc     *localIDC
	home    string
	options demoOptions
}

const demoSession = "demo"

func (a *app) demo(ctx context.Context, o demoOptions, argv []string) (err error) {
	d, err := a.startDemo(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if len(argv) > 0 {
		return d.run(ctx, argv)
	}
	if err := d.tour(ctx); err != nil {
		return err
	}
	if !o.keep {
		return nil
	}
	d.say("\nStill running; press Ctrl-C to stop. In another terminal:\n")
	for _, entry := range d.environ() {
		name, value, _ := strings.Cut(entry, "=")
		quotedValue, err := export.QuoteSh(value)
		if err != nil {
			return err
		}
		d.say("  export " + name + "=" + quotedValue)
	}
	d.say("\nready " + d.idc.URL)
	<-ctx.Done()
	return nil
}

func (a *app) startDemo(ctx context.Context, o demoOptions) (*demo, error) {
	l, err := a.startIDC(ctx, serveOptions{unannounced: true})
	if err != nil {
		return nil, err
	}
	home, err := os.MkdirTemp("", "rolecall-demo-")
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	d := &demo{outer: a, idc: l, home: home, options: o}
	d.world = a.World
	d.world.Home, d.world.Environ = home, d.innerEnviron()
	if !o.browser {
		d.world.Person = &playedPerson{visitor.Visitor{User: l.Sample.User, Password: l.Sample.Password}}
	}
	if err := writeFile(filepath.Join(home, ".aws", "config"), d.configText()); err != nil {
		return nil, errors.Join(err, d.close())
	}
	(&cli.App{World: d.world}).GiveEndpoints(l.Server.Instance.StartURL(), l.URL)
	return d, nil
}

// close waits for nobody: a server waits a second for each client that may ask again, and here that is rolecall itself.
func (d *demo) close() error { return errors.Join(d.idc.closeWithin(0), os.RemoveAll(d.home)) }

// configText returns a typical config file: a session and two profiles.
func (d *demo) configText() string {
	sample := d.idc.Sample
	return d.idc.configText(demoSession) + fmt.Sprintf(`
[profile dev]
sso_session = %[1]s
sso_account_id = %[2]s
sso_role_name = %[3]s
region = us-east-1

[profile audit]
sso_session = %[1]s
sso_account_id = %[2]s
sso_role_name = %[4]s
region = us-east-1
`, demoSession, sample.Account, sample.Role, sample.OtherRole)
}

// environ returns the variables that put any client into the demo's world.
func (d *demo) environ() []string {
	return append(append(d.idc.environ(), "AWS_PROFILE=dev"), homeVariables(d.home)...)
}

// homeVariables returns the variables that make a folder the home folder.
func homeVariables(home string) []string {
	if runtime.GOOS != "windows" {
		return []string{"HOME=" + home}
	}
	return []string{
		"USERPROFILE=" + home, "LOCALAPPDATA=" + filepath.Join(home, "AppData", "Local"),
		"APPDATA=" + filepath.Join(home, "AppData", "Roaming"),
	}
}

// innerEnviron returns the person's environment without the variables that AWS clients read,
// and with those of the demo's world.
func (d *demo) innerEnviron() []string {
	var environ []string
	for _, entry := range d.outer.Environ {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(strings.ToUpper(name), "AWS_") && !cli.SameName(name, "HOME") &&
			!strings.HasPrefix(name, "XDG_") {
			environ = append(environ, entry)
		}
	}
	return append(environ, d.environ()...)
}

// run signs in, and runs the person's command in the demo's world.
func (d *demo) run(ctx context.Context, argv []string) error {
	if code := d.quietly(ctx, "login", demoSession); code != cli.ExitOK {
		return &cli.ChildExit{Code: code}
	}
	return d.outer.Run(d.world.Stdout, argv, d.world.Environ)
}

func (d *demo) quietly(ctx context.Context, args ...string) int {
	inner := d.world
	if !d.options.browser {
		inner.Stderr = io.Discard
	}
	return cli.Main(ctx, inner, args)
}

// tour shows the job from the sign-in to the two classic errors.
func (d *demo) tour(ctx context.Context) error {
	sample := d.idc.Sample
	d.say("A local IAM Identity Center is running at " + d.idc.URL + ", with a home folder of its own.")
	d.say("Your own ~/.aws is not touched.")
	steps := []struct {
		text string
		code int
		args []string
		prep func() error
	}{
		{"Sign in: authorization code with PKCE" + d.whoSignsIn(), cli.ExitOK, []string{"login", demoSession}, nil},
		{"Which accounts?", cli.ExitOK, []string{"sso", "list-accounts", "--query", "accountList[].accountName"}, nil},
		{
			"Which roles in one of them?", cli.ExitOK,
			[]string{"sso", "list-account-roles", "--account-id", sample.Account, "--query", "roleList[].roleName"},
			nil,
		},
		{"Role credentials for a profile, ready for eval", cli.ExitOK, []string{"env", "dev"}, nil},
		{"Proof: a signed GetCallerIdentity", cli.ExitOK, []string{"whoami", "dev"}, nil},
		{
			"A mistyped role. AWS says only \"ForbiddenException: No access\"", cli.ExitNoAccess,
			[]string{"whoami", sample.Account + "/" + mistyped(sample.Role)},
			nil,
		},
		{
			"Signed out elsewhere. AWS says only \"UnauthorizedException: Session token not found or invalid\"",
			cli.ExitLogin,
			[]string{"process", "--profile", "audit"},
			func() error { return d.idc.Server.SignOut(ctx, sample.User) },
		},
	}
	for i, step := range steps {
		if step.prep != nil {
			if err := step.prep(); err != nil {
				return err
			}
		}
		d.say(fmt.Sprintf("\n%d. %s\n\n  $ rolecall %s", i+1, step.text, typed(step.args)))
		if code := d.step(ctx, step.args); code != step.code {
			return fmt.Errorf("step %d of the demo exited with %d instead of %d", i+1, code, step.code)
		}
		if step.code != cli.ExitOK {
			d.say(fmt.Sprintf("  (exit code %d)", step.code))
		}
	}
	d.say("\nThat is all. Next: rolecall configure, with the start URL of your own Identity Center.")
	return nil
}

func (d *demo) whoSignsIn() string {
	if d.options.browser {
		return "; sign in as " + d.idc.Sample.User + " with the password " + d.idc.Sample.Password
	}
	return "; the demo plays the browser, as " + d.idc.Sample.User
}

// step runs one command of rolecall, with its output indented and long lines cut.
func (d *demo) step(ctx context.Context, args []string) int {
	inner := d.world
	out := &indented{to: d.outer.Stdout, width: 160}
	inner.Stdout, inner.Stderr = out, out
	defer out.flush()
	return cli.Main(ctx, inner, args)
}

func (d *demo) say(line string) { fmt.Fprintln(d.outer.Stdout, line) }

// mistyped returns name without the last letter but one.
func mistyped(name string) string { return name[:len(name)-2] + name[len(name)-1:] }

// typed returns a command line as a person types it.
func typed(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		if words[i] = arg; !strings.HasPrefix(arg, "--") { // rolecall's flags need no quotes
			words[i] = cli.Quoted(arg)
		}
	}
	return strings.Join(words, " ")
}

// indented writes lines indented, and cuts long ones.
type indented struct {
	to    io.Writer
	width int
	line  []byte
}

func (w *indented) Write(p []byte) (int, error) {
	for _, c := range p {
		if c == '\n' {
			w.flush()
			continue
		}
		w.line = append(w.line, c)
	}
	return len(p), nil
}

func (w *indented) flush() {
	if w.line == nil {
		return
	}
	text := []rune(string(w.line))
	if len(text) > w.width {
		text = append(text[:w.width-1], '…')
	}
	fmt.Fprintf(w.to, "  %s\n", string(text))
	w.line = nil
}

// A playedPerson signs in on the demo's pages as a browser would.
type playedPerson struct{ visitor visitor.Visitor }

func (p *playedPerson) Authorize(a login.Authorization) {
	go func() {
		ctx, cancel := context.WithDeadline(context.Background(), a.Until)
		defer cancel()
		_, _ = p.visitor.Visit(ctx, a.URL) // if it fails, the login times out
	}()
}

func (p *playedPerson) Device(identitycenter.SSOSession, identitycenter.DeviceAuthorization) {}

func (p *playedPerson) Paste(ctx context.Context) (string, error) {
	<-ctx.Done()
	return "", context.Cause(ctx)
}

func (p *playedPerson) Waiting(identitycenter.SSOSession, string) {}

func (p *playedPerson) Confirm(context.Context, string) (bool, error) { return true, nil }

func (p *playedPerson) Tell(string) {}
