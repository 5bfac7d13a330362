package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/export"
	"rolecall/internal/identitycenter"
	"rolecall/internal/picker"
	"rolecall/internal/terminal"
)

// switchFlags are those of switch. The functions of shell-init set the first three.
type switchFlags struct {
	targetFlags
	shell, name, mode string
	clear             bool
}

const (
	modeKeys    = "keys"
	modeProfile = "profile"
)

// goBack is the TARGET that a shell had before, as in cd.
const goBack = "-"

func switchHelp(name string) string {
	return strings.ReplaceAll(`Switch this shell to an account and role.

  rc                         pick at the terminal
  rc TARGET                  a profile, or [SESSION:]ACCOUNT/ROLE
  rc -                       go back to the previous target
  rc --clear                 unset everything that rc has set
  rc --mode profile TARGET   set AWS_PROFILE and no keys, so that SDKs renew them

If the switch fails, rc removes the previous credentials and returns rolecall's exit code, so that a
script cannot go on as somebody else. Esc and Ctrl-C change nothing.`, "rc", name)
}

// switchCommand is what the functions of shell-init run. It prints only what their shell evaluates.
func (a *App) switchCommand() *cobra.Command {
	var f switchFlags
	cmd := &cobra.Command{
		Use: "switch [TARGET | - | --clear]", Short: "Switch this shell", Hidden: true,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.dialect = a.functionsDialect(); f.shell != a.dialect {
				return Usagef("switch is for the function that rolecall shell-init prints")
			}
			return a.switchShell(cmd.Context(), f, args)
		},
	}
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) { // stdout is evaluated
		fmt.Fprintf(a.Stderr, "%s\n\nFlags:\n%s", switchHelp(a.functionsName()), cmd.LocalFlags().FlagUsages())
		_ = export.WriteSwitch(a.Stdout, a.functionsDialect(), export.Switch{})
	})
	cmd.Flags().StringVar(&f.shell, "shell", "", "`SHELL` that evaluates the output")
	cmd.Flags().StringVar(&f.name, "name", "rc", "`NAME` of the function")
	cmd.Flags().StringVar(&f.mode, "mode", modeKeys,
		"`MODE`: keys, or profile to set only AWS_PROFILE, so that SDKs renew them")
	cmd.Flags().BoolVar(&f.clear, "clear", false, "unset everything that rc has set")
	f.add(cmd)
	f.addRegion(cmd)
	a.addConfirm(cmd)
	for _, name := range []string{"shell", "name"} {
		_ = cmd.Flags().MarkHidden(name)
	}
	_ = cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions([]string{modeKeys, modeProfile}, nothingElse))
	return cmd
}

// functionsDialect returns the dialect of the function that runs switch: the first on the line, whatever a person has
// typed after it.
func (a *App) functionsDialect() string {
	for i, word := range a.line {
		if value, found := strings.CutPrefix(word, "--shell="); found && export.HasFunction(value) {
			return value
		}
		if word == "--shell" && i+1 < len(a.line) && export.HasFunction(a.line[i+1]) {
			return a.line[i+1]
		}
	}
	return export.Default()
}

func (a *App) switchShell(ctx context.Context, f switchFlags, args []string) error {
	a.keepTerminal()
	argument := firstArg(args)
	named := argument != "" || f.profile != "" || f.session != "" || f.account != "" || f.role != ""
	switch {
	case f.mode != modeKeys && f.mode != modeProfile:
		return Usagef("unknown --mode %q; use keys or profile", f.mode)
	case f.clear && named:
		return Usagef("--clear takes no TARGET")
	case f.clear:
		return a.clearShell(f.name)
	case !named && len(args) > 0:
		return Usagef("the TARGET is empty")
	case !named:
		_, t, err := a.choose(ctx, pickFlags{}, []picker.Action{
			{Name: "env", Key: "ctrl+e", Does: "switches this shell", Short: "switch"},
		})
		if err != nil {
			return err
		}
		t.region = f.region
		return a.switchTo(ctx, f, t)
	case argument == goBack:
		var err error
		if argument, err = a.before(f.name); err != nil {
			return err
		}
	}
	t, err := a.argument(f.targetFlags, argument)
	if err != nil {
		return err
	}
	return a.switchTo(ctx, f, t)
}

// before returns the target that this shell had before.
func (a *App) before(name string) (string, error) {
	text := a.Getenv(export.Previous)
	if text == "" {
		return "", &HintError{Err: errors.New("this shell has no previous target"), Code: ExitUsage, Hint: name + " TARGET"}
	}
	config, err := a.config()
	if err != nil {
		return "", err
	}
	return remembered(config, text)
}

// keepTerminal reads from the terminal if stdin is a pipe or a file: a loop that reads stdin must not lose lines, and
// the picker and a sign-in need a person.
func (a *App) keepTerminal() {
	if a.Stdin == nil || terminal.IsTerminal(a.Stdin) {
		return
	}
	tty, err := openTerminal()
	if err != nil {
		return
	}
	a.Stdin, a.Terminal = tty, isTerminal(a.Stderr)
}

func (a *App) switchTo(ctx context.Context, f switchFlags, t target) error {
	profile, c, err := a.retrieve(ctx, t, options{})
	if err != nil {
		return err
	}
	account, err := a.accountOf(profile, c)
	if err != nil {
		return err
	}
	e, name := a.environment(profile, c, account), ""
	if f.mode == modeProfile {
		if name, err = a.profileOf(profile); err != nil {
			return err
		}
		e.Identity.Profile, e.Identity.Target = name, name
	}
	others := append(a.handedOut(), export.Conflicts(a.Environ)...)
	s, err := export.SwitchTo(e, name, a.targetBefore(export.Harmless(e.Identity.Target)), others)
	if err != nil {
		return err
	}
	if f.mode == modeKeys {
		if err := a.recordKeys(howEnv, a.command(), profile, account, c); err != nil {
			return err
		}
	}
	if err := export.WriteSwitch(a.Stdout, a.dialect, s); err != nil {
		return err
	}
	if a.Terminal {
		a.tell("%s", nowHas(e, c, a.Now()))
	}
	return nil
}

// nowHas says in a line what a shell has now.
func nowHas(e export.Environment, c identitycenter.RoleCredentials, now time.Time) string {
	who := cmp.Or(e.Identity.AccountName, e.Identity.AccountID) + "/" + e.Identity.Role
	if e.Region != "" {
		who += " in " + e.Region
	}
	return fmt.Sprintf("%s, for %s", who, left(c.Expiration.Sub(now)))
}

// targetBefore returns the target that a shell had before it switched to now.
func (a *App) targetBefore(now string) string {
	before := cmp.Or(a.Getenv("ROLECALL_TARGET"), a.Getenv("AWS_PROFILE"), a.Getenv("AWS_DEFAULT_PROFILE"))
	if before = export.Harmless(before); before == "" || before == now {
		before = export.Harmless(a.Getenv(export.Previous))
	}
	if before == now {
		return ""
	}
	return before
}

// without returns the switch that leaves a shell without those variables, and remembers its target.
func (a *App) without(names []string) export.Switch {
	s := export.Switch{Unset: slices.DeleteFunc(names, func(name string) bool { return name == export.Previous })}
	if before := a.targetBefore(""); before != "" {
		s.Set = []export.Variable{{Name: export.Previous, Value: before}}
	}
	return s
}

// clearShell removes what rolecall has set; AWS_PROFILE, too, if it names the target.
func (a *App) clearShell(name string) error {
	had, names := a.Getenv("ROLECALL_TARGET"), a.handedOut()
	if of := a.Getenv("AWS_PROFILE"); of != "" && export.Harmless(of) == a.Getenv("ROLECALL_PROFILE") {
		names = append(names, "AWS_PROFILE")
	}
	if err := export.WriteSwitch(a.Stdout, a.dialect, a.without(names)); err != nil {
		return err
	}
	if a.Terminal && had != "" {
		a.tell("removed %s from this shell; to go back: %s -", had, name)
	}
	return nil
}

// failedSwitch prints what removes this shell's credentials after an error, and says so in the report. Cancelling a
// picker or a sign-in keeps them.
func (a *App) failedSwitch(r report) report {
	had, name, s := a.Getenv("ROLECALL_TARGET"), a.functionsName(), export.Switch{}
	left := r.Code == ExitInterrupted
	if !left {
		s = a.without(slices.Concat(a.handedOut(), export.Conflicts(a.Environ)))
	}
	_ = export.WriteSwitch(a.Stdout, a.functionsDialect(), s) // the error to report is the one that led here
	switch {
	case had == "":
	case left:
		r.Facts = append([]string{"this shell still has " + had}, r.Facts...)
	default:
		fact := fmt.Sprintf("removed %s from this shell; to go back: %s -", had, name)
		r.Facts = append([]string{fact}, r.Facts...)
	}
	r.Hint = functionsOwn.ReplaceAllLiteralString(r.Hint, name)
	for i, fact := range r.Facts {
		r.Facts[i] = strings.Replace(fact, "usage: rolecall switch", "usage: "+name, 1)
	}
	return r
}

// functionsOwn matches what the function puts before a person's words.
var functionsOwn = regexp.MustCompile(`^rolecall switch(?: --(?:shell|name|mode) \S+)*`)

// functionsName returns the name of the function that runs switch.
func (a *App) functionsName() string {
	if i := slices.Index(a.line, "--name"); i >= 0 && i+1 < len(a.line) {
		return a.line[i+1]
	}
	return "rc"
}

// profileOf returns the name of the profile that leads to the account and role of p, if there is exactly one.
func (a *App) profileOf(p awsconfig.Profile) (string, error) {
	if p.Name != "" {
		return p.Name, nil
	}
	config, err := a.config()
	if err != nil {
		return "", err
	}
	var found []string
	for _, name := range config.ProfileNames() {
		other, err := config.Profile(name)
		if err == nil && other.Chain == nil && other.AccountID == p.AccountID && other.RoleName == p.RoleName &&
			other.Session.Name == p.Session.Name && other.Session.StartURL == p.Session.StartURL {
			found = append(found, name)
		}
	}
	who := fmt.Sprintf("%s in account %s", p.RoleName, p.AccountID)
	switch len(found) {
	case 0:
		return "", &HintError{
			Err: fmt.Errorf("no profile leads to %s, and --mode profile needs one", who), Code: ExitConfiguration,
			Hint: "rolecall profiles apply",
		}
	case 1:
		return found[0], nil
	}
	return "", &HintError{
		Err: fmt.Errorf("several profiles lead to %s", who), Code: ExitUsage,
		Facts: []string{"profiles: " + strings.Join(found, ", ")}, Hint: "name one of them",
	}
}

// remembered returns the target behind a variable of ours, which holds its harmless form: a profile only if no other
// one has the same form.
func remembered(config *awsconfig.Config, text string) (string, error) {
	var found []string
	for _, name := range config.ProfileNames() {
		if export.Harmless(name) == text {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return text, nil
	case 1:
		return found[0], nil
	}
	return "", &HintError{
		Err: fmt.Errorf("%q could be any of several profiles", text), Code: ExitUsage,
		Facts: []string{"profiles: " + strings.Join(found, ", ")}, Hint: "name one of them",
	}
}
