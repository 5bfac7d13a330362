package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/filesystem"
	"rolecall/internal/inventory"
	"rolecall/internal/profiles"
)

// profileFlags say how generated profiles look; the settings have the defaults.
type profileFlags struct {
	filterFlags
	template, form, region, output, processPath string
	fallbackRegion                              string // for profiles that nothing else names a region for
	noPrune, pruneOthers, yes                   bool
}

func (f *profileFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.template, "template", "", "`TEMPLATE` for profile names (default \""+profiles.DefaultTemplate+"\")")
	flags.StringVar(&f.form, "form", "",
		"`FORM` of the profiles: sso-session or credential-process (default sso-session)")
	flags.StringVar(&f.region, "region", "", "`REGION` for the profiles (default: config.toml's, else sso_region)")
	flags.StringVar(&f.output, "output", "", "output `FORMAT` to set in the profiles, for the AWS CLI")
	flags.StringVar(&f.processPath, "process-path", "",
		"`PATH` of rolecall-process, for --form credential-process (default: next to rolecall)")
	f.filterFlags.add(cmd)
	flags.BoolVar(&f.noPrune, "no-prune", false, "keep profiles for roles you no longer have")
	flags.BoolVar(&f.pruneOthers, "prune-others", false,
		"also remove generated profiles for roles that --match, --role and --tag do not select")
	forms := []string{string(profiles.SSOSession), string(profiles.CredentialProcess)}
	_ = cmd.RegisterFlagCompletionFunc("form", cobra.FixedCompletions(forms, nothingElse))
}

func (a *App) profilesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "profiles",
		Short: "Generate a profile for each account and role in the config file",
		Long: `Generate a profile for each account and role of a session in ~/.aws/config.

  rolecall profiles plan corp
  rolecall profiles apply corp --template '{{ .AccountName | lower }}-{{ .RoleName }}'
  rolecall profiles undo

Profiles follow your accounts: renaming an account renames its profiles, and losing a role removes
its profile. Each has a marker comment above it; nothing else in the file changes.

Names come from a Go text/template:

  {{ .AccountName }}-{{ .RoleName }}
  {{ .AccountName | lower | replace " " "-" | trimPrefix "acme-" }}.{{ .RoleName | first 5 }}

Fields: .AccountName .AccountID .Alias .RoleName .Session .Email .Tags
Functions: lower upper trim trimPrefix trimSuffix replace first join, and Go's own.
Profiles that would have the same name all get the last digits of their account id. --match, --role
and --tag select roles; profiles of other roles stay as they are. Set defaults for the flags under
[profiles] in rolecall's config.toml.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	type runner func(ctx context.Context, session string, f profileFlags) error
	sub := func(use, short, examples string, run runner) {
		var f profileFlags
		c := &cobra.Command{
			Use: use + " [SESSION]", Short: short, Long: short + ".\n\n" + examples, Args: cobra.MaximumNArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return run(cmd.Context(), firstArg(args), f) },
		}
		f.add(c)
		cmd.AddCommand(c)
		if use == "apply" {
			c.Flags().BoolVar(&f.yes, "yes", false, "apply even if your own profiles will lead to another role, or none")
		}
	}
	sub("plan", "List what apply would add (+), rename and change (~), remove (-) and leave (!)",
		"  rolecall profiles plan corp\n  rolecall profiles plan corp --match 'payments-*' --role ReadOnly", a.profilesPlan)
	sub("diff", "Print what apply would change, as a unified diff",
		"  rolecall profiles diff corp\n  rolecall profiles diff corp --region eu-west-1", a.profilesDiff)
	sub("apply", "Write the profiles into the config file",
		"  rolecall profiles apply corp\n  rolecall profiles apply corp --match 'payments-*' --no-prune", a.profilesApply)
	cmd.AddCommand(a.modernizeCommand())
	cmd.AddCommand(&cobra.Command{
		Use:   "undo",
		Short: "Restore the config file as it was before rolecall last changed it",
		Long: `Restore the config file as it was before rolecall last changed it.

  rolecall profiles undo
  rolecall profiles undo --json

Run it again to go further back.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.profilesUndo(cmd.Context()) },
	})
	return cmd
}

// A profileJob makes plans for one session.
type profileJob struct {
	app     *App
	files   awsconfig.Files
	all     *inventory.Inventory
	options profiles.Options
	flags   profileFlags
}

// profileJob finds a session's accounts and roles, and how its profiles look. maxAge is that
// of the listing.
func (a *App) profileJob(ctx context.Context, s *session, f profileFlags, maxAge time.Duration) (*profileJob, error) {
	if s.login.Session.Name == "" {
		return nil, &HintError{
			Err:  fmt.Errorf("%s is not a named sso-session, which profiles need", s.login.Session.Label()),
			Code: ExitConfiguration, Hint: "add an [sso-session NAME] section, then run: rolecall profiles plan NAME",
		}
	}
	config, err := a.config()
	if err != nil {
		return nil, err
	}
	o, err := a.profileOptions(f)
	if err != nil {
		return nil, err
	}
	if config.SessionEndpoints(s.login.Session.Name) != (awsconfig.Endpoints{}) {
		o.Services = s.login.Session.Name
	}
	all, err := a.currentListing(ctx, s, maxAge)
	if err != nil {
		return nil, err
	}
	return &profileJob{a, awsconfig.Locate(a.Getenv, a.Home), all, o, f}, nil
}

// profileOptions takes from the settings what the flags leave out.
func (a *App) profileOptions(f profileFlags) (profiles.Options, error) {
	own, err := a.settings()
	if err != nil {
		return profiles.Options{}, err
	}
	said := own.Profiles
	o := profiles.Options{
		Template: cmp.Or(f.template, said.Template), Form: profiles.Form(cmp.Or(f.form, said.Form)),
		Region: f.region, DefaultRegion: cmp.Or(said.Region, own.Region), FallbackRegion: f.fallbackRegion,
		Output:      cmp.Or(f.output, said.Output),
		ProcessPath: f.processPath, NoPrune: f.noPrune, PruneOthers: f.pruneOthers,
		Filter: f.filter(),
	}
	if len(f.match) == 0 {
		o.Filter.Accounts = said.Match
	}
	if len(f.roles) == 0 {
		o.Filter.Roles = said.Roles
	}
	if o.ProcessPath == "" {
		o.ProcessPath, err = siblingProgram("rolecall-process")
	}
	o.ProcessPath = withoutBlanks(o.ProcessPath)
	return o, err
}

// plan plans for a config file as it stands.
func (j *profileJob) plan(before filesystem.Shared) (*profiles.Plan, error) {
	config, err := awsconfig.Parse(before.Path, before.Data)
	if err != nil {
		return nil, err
	}
	credentials, err := awsconfig.Read(j.files.Credentials)
	if err != nil {
		return nil, err
	}
	plan, err := profiles.Make(config, credentials, j.all, j.options)
	return plan, j.explain(err)
}

// explain adds to an error where its cause is, and the way out.
func (j *profileJob) explain(err error) error {
	var option *profiles.OptionError
	session := Quoted(j.all.Session.Name)
	switch {
	case errors.As(err, &option):
		e := &HintError{Err: err, Code: ExitConfiguration, Hint: "rolecall profiles --help"}
		given := map[string]string{
			"template": j.flags.template, "form": j.flags.form, "region": j.flags.region, "output": j.flags.output,
		}
		table := "profiles."
		if own, err := j.app.settings(); err == nil && option.Option == "region" && own.Profiles.Region == "" {
			table = ""
		}
		switch value, settable := given[option.Option]; {
		case option.Option == "process-path":
			e.Err = fmt.Errorf("--%w", err)
			e.Hint = "install rolecall-process there, or: rolecall profiles plan --form sso-session"
		case value != "":
			e.Err = fmt.Errorf("--%w", err)
		case settable:
			e.Err = fmt.Errorf("%s: %s%w", j.app.Tidy(j.app.settingsFile()), table, err)
		case strings.HasPrefix(option.Option, "region"):
			e.Err = fmt.Errorf("%s: %w", j.app.Tidy(j.app.settingsFile()), err)
		}
		return e
	case errors.Is(err, profiles.ErrNoMatch):
		facts := []string{"patterns match whole names: use *"}
		return &HintError{Err: err, Code: ExitNoAccess, Facts: facts, Hint: "rolecall ls " + session}
	case errors.Is(err, profiles.ErrNoRoles):
		return &HintError{Err: err, Code: ExitNoAccess, Hint: freshHint(j.all.Session)}
	}
	return err
}

func (a *App) profilesPlan(ctx context.Context, session string, f profileFlags) error {
	plan, _, err := a.planNow(ctx, session, f)
	if err != nil {
		return err
	}
	return a.Result(a.planText(plan), shownPlanOf(plan))
}

func (a *App) profilesDiff(ctx context.Context, session string, f profileFlags) error {
	plan, before, err := a.planNow(ctx, session, f)
	if err != nil || plan.Data == nil {
		return err
	}
	text := a.diffText(before, plan.Data)
	return a.Result(text, map[string]string{"diff": text})
}

// planNow plans for the config file as it is, without writing it.
func (a *App) planNow(ctx context.Context, session string, f profileFlags) (*profiles.Plan, filesystem.Shared, error) {
	s, err := a.sessionNamed(ctx, session, options{})
	if err != nil {
		return nil, filesystem.Shared{}, err
	}
	j, err := a.profileJob(ctx, s, f, freshForLooking)
	if err != nil {
		return nil, filesystem.Shared{}, err
	}
	before, err := filesystem.Files{}.ReadShared(j.files.Config)
	if err != nil {
		return nil, before, err
	}
	plan, err := j.plan(before)
	return plan, before, err
}

func (a *App) profilesApply(ctx context.Context, session string, f profileFlags) error {
	s, err := a.sessionNamed(ctx, session, options{})
	if err != nil {
		return err
	}
	done, err := a.applyProfiles(ctx, s, f)
	if err != nil || !a.json {
		return err
	}
	return a.printJSON(done)
}

// An applied plan is what profiles apply prints with --json.
type applied struct {
	shownPlan
	File   string `json:"file"`
	Backup string `json:"backup,omitempty"`
}

// applyProfiles writes the profiles of a session, and reports on stderr.
func (a *App) applyProfiles(ctx context.Context, s *session, f profileFlags) (applied, error) {
	j, err := a.profileJob(ctx, s, f, freshForWriting)
	if err != nil {
		return applied{}, err
	}
	plan, asked, backup, err := j.write(ctx)
	if err != nil {
		return applied{}, err
	}
	for _, c := range plan.Changes {
		if c.Kind == profiles.Kept {
			a.warn(fmt.Errorf("profile %s stays: %s", c.Name, c.Reason))
		}
	}
	if !asked {
		for _, fact := range affectedFacts(plan, true) {
			a.warn(errors.New(fact))
		}
	}
	if plan.Data == nil {
		a.note("nothing to do: %s; listed %s", counts(plan), ago(a.Now().Sub(j.all.TakenAt)))
	} else {
		a.note("%s: %s", a.Tidy(j.files.Config), counts(plan))
		a.note("to undo: rolecall profiles undo")
	}
	return applied{shownPlanOf(plan), j.files.Config, backup.Path}, nil
}

func (a *App) profilesUndo(ctx context.Context) error {
	e, err := a.editor()
	if err != nil {
		return err
	}
	file := awsconfig.Locate(a.Getenv, a.Home).Config
	err = e.Undo(ctx, file)
	switch {
	case errors.Is(err, filesystem.ErrNoBackup):
		return &HintError{
			Err: fmt.Errorf("%s: nothing to undo", a.Tidy(file)), Code: ExitConfiguration, Hint: "rolecall profiles plan",
		}
	case err != nil:
		return a.explainEdit(file, err)
	}
	a.note("restored %s to before the last change; run again to go further back", a.Tidy(file))
	if a.json {
		return a.printJSON(map[string]string{"file": file})
	}
	return nil
}
