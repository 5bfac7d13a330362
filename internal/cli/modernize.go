package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/doctor"
	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
	"rolecall/internal/profiles"
)

// modernizeFlags say how far profiles modernize goes.
type modernizeFlags struct{ dryRun, yes bool }

func (a *App) modernizeCommand() *cobra.Command {
	var f modernizeFlags
	cmd := &cobra.Command{
		Use:   "modernize",
		Short: "Replace start URLs in profiles with sso-sessions, whose sign-in can be renewed",
		Long: `Replace start URLs in profiles with sso-sessions, whose sign-in can be renewed.

  rolecall profiles modernize --dry-run
  rolecall profiles modernize

Profiles with their own sso_start_url and sso_region get an sso_session instead: a new one for each
start URL, or an existing one. Every other line stays, except a credential_process that runs
aws-sso-util or granted for the profile itself, because some tools would prefer that. modernize shows
the changes, asks, and names programs in PATH that are too old for sso-sessions. "rolecall profiles
undo" restores the file.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.modernize(cmd.Context(), f) },
	}
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "show what would change, and change nothing")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	return cmd
}

func (a *App) modernize(ctx context.Context, f modernizeFlags) error {
	files := awsconfig.Locate(a.Getenv, a.Home)
	if files.Config == "" {
		return errHomeless()
	}
	before, err := filesystem.Files{}.ReadShared(files.Config)
	if err != nil {
		return err
	}
	plan, err := a.modernized(before, files)
	if err != nil {
		return err
	}
	old := doctor.OldTools(a.machine())
	switch {
	case plan.Data == nil && a.json:
		return a.printJSON(shownModernizedOf(plan, nil))
	case plan.Data == nil:
		a.noteKept(plan)
		a.note("nothing to do: no profile in %s can name an sso-session in place of its start URL", a.Tidy(files.Config))
		return nil
	case f.dryRun && a.json:
		shown := shownModernizedOf(plan, old)
		shown.Diff = a.maskedDiff(before, plan.Data)
		return a.printJSON(shown)
	case f.dryRun:
		return a.Result(a.modernizedText(plan)+"\n"+a.maskedDiff(before, plan.Data)+a.oldToolsText(old), nil)
	}
	plan, backup, err := a.writeModernized(ctx, files, f.yes, old)
	if err != nil {
		return err
	}
	a.afterModernizing(ctx, plan, files)
	if !a.json {
		return nil
	}
	shown := shownModernizedOf(plan, old)
	shown.File, shown.Backup = files.Config, backup.Path
	return a.printJSON(shown)
}

// modernized plans for a config file as it stands.
func (a *App) modernized(before filesystem.Shared, files awsconfig.Files) (*profiles.Modernized, error) {
	config, err := awsconfig.Parse(before.Path, before.Data)
	if err != nil {
		return nil, err
	}
	credentials, err := awsconfig.Read(files.Credentials)
	if err != nil {
		return nil, err
	}
	return a.modernizedOf(config, credentials)
}

func (a *App) modernizedOf(config, credentials *awsconfig.Document) (*profiles.Modernized, error) {
	plan, err := profiles.Modernize(config, credentials)
	var regions *profiles.RegionsError
	switch {
	case errors.As(err, &regions):
		e := &HintError{
			Err: err, Code: ExitConfiguration, Hint: "write the right one everywhere, then run: rolecall profiles modernize",
		}
		for _, u := range regions.Uses {
			region := "without sso_region"
			if u.Region != "" {
				region = u.Region
			}
			e.Facts = append(e.Facts, region+": "+fewOf(u.Sections))
		}
		return nil, e
	case err != nil:
		return nil, &HintError{
			Err: fmt.Errorf("nothing was written: %w", err), Code: ExitConfiguration, Hint: "rolecall config show",
		}
	}
	return plan, nil
}

// writeModernized writes the plan that the person has seen and agreed to.
func (a *App) writeModernized(
	ctx context.Context, files awsconfig.Files, yes bool, old []doctor.Finding,
) (plan *profiles.Modernized, b filesystem.Backup, err error) {
	var was filesystem.Shared
	var agreed []byte
	for {
		b, err = a.EditConfig(ctx, files.Config, func(before filesystem.Shared) ([]byte, error) {
			var err error
			if plan, err = a.modernized(before, files); err != nil {
				return nil, err
			}
			if was = before; plan.Data != nil && !bytes.Equal(plan.Data, agreed) {
				return nil, errDisagreed
			}
			return plan.Data, nil
		})
		if !errors.Is(err, errDisagreed) {
			return plan, b, err
		}
		if err := a.agreeToModernized(ctx, plan, was, yes, old); err != nil {
			return nil, b, err
		}
		agreed = plan.Data
	}
}

// agreeToModernized shows a plan, and asks.
func (a *App) agreeToModernized(
	ctx context.Context, plan *profiles.Modernized, before filesystem.Shared, yes bool, old []doctor.Finding,
) error {
	if !a.json || !yes {
		fmt.Fprint(a.Stderr, a.modernizedText(plan)+"\n"+a.maskedDiff(before, plan.Data)+a.oldToolsText(old))
	}
	person := a.person(options{})
	switch {
	case yes:
		return nil
	case person == nil:
		return &HintError{
			Err:  errors.New("there is no terminal to confirm the changes"),
			Code: ExitUsage, Hint: "rolecall profiles modernize --yes",
		}
	}
	agreed, err := person.Confirm(ctx, "write these sso-sessions and profiles?")
	if err == nil && !agreed {
		err = &HintError{Err: errors.New("not confirmed; nothing was written"), Code: ExitRefused}
	}
	return err
}

// afterModernizing says what is different from now on.
func (a *App) afterModernizing(ctx context.Context, plan *profiles.Modernized, files awsconfig.Files) {
	a.note("%s: %s", a.Tidy(files.Config), modernizedCounts(plan))
	a.note("to undo: rolecall profiles undo")
	for _, s := range plan.Sessions {
		a.note("to sign in, once for all of its profiles: rolecall login %s", Quoted(s.Name))
	}
	if old := a.legacyTokens(ctx, plan); len(old) > 0 {
		a.note("these profiles no longer use the sign-ins to the start URLs themselves: %s", fewOf(old))
	}
}

// legacyTokens returns the start URLs that have a sign-in of their own.
func (a *App) legacyTokens(ctx context.Context, plan *profiles.Modernized) []string {
	store, err := a.cache()
	if err != nil {
		return nil
	}
	var all []string
	seen := map[string]bool{}
	for _, p := range plan.Profiles {
		was := identitycenter.SSOSession{StartURL: p.Was.StartURL, Region: p.Was.Region}
		if seen[was.StartURL] {
			continue
		}
		seen[was.StartURL] = true
		if token, err := store.Token(ctx, was); err == nil && token.ExpiresAt.After(a.Now()) {
			all = append(all, was.StartURL)
		}
	}
	return all
}
