package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/cache"
	"rolecall/internal/credentials"
	"rolecall/internal/filesystem"
	"rolecall/internal/login"
	"rolecall/internal/policy"
	"rolecall/internal/written"
)

// writeFlags are those of write.
type writeFlags struct {
	assumeFlags
	as                   string
	remove, force, watch bool
}

func (a *App) writeCommand() *cobra.Command {
	var f writeFlags
	cmd := &cobra.Command{
		Use:   "write [TARGET …]",
		Short: "Write role credentials to ~/.aws/credentials, for programs that read nothing else",
		Long: `Write role credentials to ~/.aws/credentials, for programs that read nothing else.

  rolecall write dev                     as [rolecall-111122223333-Admin]
  rolecall write dev --as jdbc           as [jdbc]
  rolecall write dev --as jdbc --watch   keep the keys fresh, and remove them on exit
  rolecall write --remove jdbc           remove what was written
  rolecall write --remove                remove everything that was written

rolecall writes a comment above its sections, and the time at which the keys expire in them. SDKs
ignore that time, and most programs read the file only once: use "rolecall serve" for long-running
ones. Your own sections stay as they are; --force replaces one, after a backup. "logout" removes the
keys of its session.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case f.remove && (f.as != "" || f.watch || f.force || f.given()):
				return Usagef("--remove cannot be used with --as, --watch, --force or roles to assume")
			case f.remove:
				return a.removeWritten(cmd.Context(), args)
			case f.as != "" && len(args) > 1:
				return Usagef("--as names one section, but there are %d targets", len(args))
			}
			if err := a.allow(policy.Write, "rolecall write"); err != nil {
				return err
			}
			return a.write(cmd.Context(), args, f)
		},
	}
	f.add(cmd)
	a.addConfirm(cmd)
	cmd.Flags().StringVar(&f.as, "as", "", "`NAME` of the section (default rolecall-ACCOUNT-ROLE)")
	cmd.Flags().BoolVar(&f.remove, "remove", false, "remove sections that rolecall has written")
	cmd.Flags().BoolVar(&f.watch, "watch", false,
		"keep running, renew the keys before they expire, and remove them on exit")
	cmd.Flags().BoolVar(&f.force, "force", false, "replace a section of your own, after a backup")
	cmd.ValidArgsFunction = func(
		cmd *cobra.Command, args []string, begun string,
	) (completion, cobra.ShellCompDirective) {
		if f.remove {
			return a.completeWritten(begun), nothingElse
		}
		return a.completeTarget(cmd, nil, begun)
	}
	return cmd
}

// write puts the keys of targets into the credentials file.
func (a *App) write(ctx context.Context, args []string, f writeFlags) error {
	if len(args) == 0 {
		args = []string{""}
	}
	var sections []written.Section
	var profiles []awsconfig.Profile
	for _, arg := range args {
		t, err := a.argument(targetFlags{assumeFlags: f.assumeFlags}, arg)
		if err != nil {
			return err
		}
		s, profile, err := a.sectionFor(ctx, t, f.as)
		if err != nil {
			return err
		}
		sections, profiles = append(sections, s), append(profiles, profile)
	}
	if err := a.mayWrite(ctx, sections); err != nil {
		return err
	}
	if f.watch {
		return a.watchWritten(ctx, sections, profiles, f.force)
	}
	store, err := a.cache()
	if err != nil {
		return err
	}
	held, err := a.hold(store, sections)
	if err != nil {
		return err
	}
	defer held.release()
	if err := a.recordWritten(sections, profiles); err != nil {
		return err
	}
	if err := a.putWritten(ctx, sections, f.force); err != nil {
		return err
	}
	a.sayWritten(sections)
	return nil
}

// recordWritten records that keys of profiles are about to be written.
func (a *App) recordWritten(sections []written.Section, profiles []awsconfig.Profile) error {
	for n, s := range sections {
		if err := a.recordKeys(howWrite, a.command(), profiles[n], a.accountFor(profiles[n], s.Keys), s.Keys); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) sayWritten(sections []written.Section) {
	for _, s := range sections {
		until := ""
		if !s.Keys.Expiration.IsZero() {
			until = ", until " + s.Keys.Expiration.Local().Format("15:04")
		}
		a.note("wrote the keys of %s/%s to [%s] in %s%s", s.Account, s.Role, s.Name, a.Tidy(a.credentialsFile()), until)
	}
}

// sectionFor returns the section with the keys of t, and the profile that they are of.
func (a *App) sectionFor(
	ctx context.Context, t target, name string,
) (written.Section, awsconfig.Profile, error) {
	profile, c, err := a.retrieve(ctx, t, options{})
	if err != nil {
		return written.Section{}, profile, err
	}
	root := *profile.Root()
	s := written.Section{
		Account: cmp.Or(c.AccountID, root.AccountID, "-"), Role: cmp.Or(profile.RoleName, "-"),
		Session: cmp.Or(root.Session.Label(), "-"), Keys: c,
	}
	if profile.Chain != nil {
		s.Account, s.Role = credentials.AccountOf(profile.Chain.RoleARN), lastPart(profile.Chain.RoleARN)
	}
	s.Name = cmp.Or(name, written.DefaultName(s.Account, s.Role))
	if name == "" && (s.Account == "-" || s.Role == "-") {
		s.Name = "rolecall-" + profile.Name
	}
	if err := written.CheckName(s.Name); err != nil {
		return s, profile, &UsageError{err}
	}
	return s, profile, nil
}

func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// mayWrite refuses names for which SDKs would disagree about which keys count, and asks before writing [default].
func (a *App) mayWrite(ctx context.Context, sections []written.Section) error {
	config, err := a.config()
	if err != nil {
		return err
	}
	for n, s := range sections {
		if slices.ContainsFunc(sections[:n], func(o written.Section) bool { return o.Name == s.Name }) {
			return Usagef("two targets would share section [%s]; name one with --as", s.Name)
		}
		p, err := config.Profile(s.Name)
		var broken *awsconfig.Error
		switch {
		case errors.Is(err, awsconfig.ErrUnknownProfile):
		case err != nil && !errors.As(err, &broken):
			return err
		case err == nil && (p.Session.StartURL != "" || p.Chain != nil):
			return &HintError{
				Err: fmt.Errorf("profile %q at %s gets its keys elsewhere: SDKs disagree about which to use",
					s.Name, a.Tidy(p.Origin.String())),
				Code: ExitConfiguration, Hint: "choose another name with --as NAME",
			}
		}
		if s.Name == "default" {
			if err := a.agreeToDefault(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// agreeToDefault asks: every program uses keys in [default], and prefers them to container credentials.
func (a *App) agreeToDefault(ctx context.Context) error {
	if !a.Terminal {
		return &HintError{
			Err:  errors.New("[default] applies to every program, even after the sign-in ends: confirm it at a terminal"),
			Code: ExitRefused, Hint: "choose another name with --as NAME",
		}
	}
	a.note("programs that name no profile will use [default], even after the sign-in ends")
	yes, err := (&atTerminal{app: a}).Confirm(ctx, "write [default]?")
	if err == nil && !yes {
		err = login.ErrDeclined
	}
	return err
}

func (a *App) credentialsFile() string { return awsconfig.Locate(a.Getenv, a.Home).Credentials }

// editCredentials changes the credentials file. Backups leave out sections of ours.
func (a *App) editCredentials(
	ctx context.Context, backup bool, change func(*awsconfig.Document) ([]byte, error),
) error {
	file := a.credentialsFile()
	if file == "" {
		return errHomeless()
	}
	e, err := a.editor()
	if err != nil {
		return err
	}
	e.Keep = func(old []byte) []byte {
		if !backup {
			return nil
		}
		return written.Without(file, old)
	}
	return a.explainEdit(file, editParsed(ctx, e, file, change))
}

func editParsed(
	ctx context.Context, e filesystem.Editor, file string, change func(*awsconfig.Document) ([]byte, error),
) error {
	_, err := e.Edit(ctx, file, func(before filesystem.Shared) ([]byte, error) {
		d, err := awsconfig.Parse(file, before.Data)
		if err != nil {
			return nil, err
		}
		return change(d)
	})
	return err
}

func (a *App) putWritten(ctx context.Context, sections []written.Section, force bool) error {
	err := a.editCredentials(ctx, force, func(d *awsconfig.Document) ([]byte, error) {
		return written.Put(d, sections, force)
	})
	var taken *written.TakenError
	if errors.As(err, &taken) {
		return &HintError{
			Err: fmt.Errorf("%s: %w", a.Tidy(a.credentialsFile()), taken), Code: ExitConfiguration,
			Hint: "choose another name with --as NAME, or replace it with --force, after a backup",
		}
	}
	return err
}

// sweepCredentials removes what a crash has left beside the credentials file: it may hold keys.
func (a *App) sweepCredentials(store *cache.Store) {
	e := filesystem.Editor{State: store.State, Now: a.Now}
	ctx, cancel := context.WithTimeoutCause(context.Background(), time.Second, filesystem.ErrLocked)
	defer cancel()
	if err := e.Sweep(ctx, a.credentialsFile()); err != nil && !errors.Is(err, filesystem.ErrLocked) {
		a.warn(fmt.Errorf("could not remove what a crash left next to the credentials file: %w", err))
	}
}

// takeWritten removes sections of ours, and returns their names. Nothing is touched if there are none.
func (a *App) takeWritten(ctx context.Context, which func(written.Section) bool) (names []string, err error) {
	if len(slices.DeleteFunc(a.ourSections(), func(s written.Section) bool { return !which(s) })) == 0 {
		return nil, nil
	}
	err = a.editCredentials(ctx, false, func(d *awsconfig.Document) (data []byte, err error) {
		data, names, err = written.Remove(d, which)
		return data, err
	})
	return names, err
}

// ourSections returns the sections that rolecall has written, as far as the file can be read.
func (a *App) ourSections() []written.Section {
	data, err := filesystem.Read(a.credentialsFile(), awsconfig.MaxFile)
	if err != nil {
		return nil
	}
	d, err := awsconfig.Parse(a.credentialsFile(), data)
	if err != nil {
		return nil
	}
	return written.Ours(d)
}

func (a *App) completeWritten(begun string) (all completion) {
	for _, s := range a.ourSections() {
		if strings.HasPrefix(s.Name, begun) {
			all = a.offer(all, s.Name, s.Account+" "+s.Role)
		}
	}
	return all
}

// removeWritten removes the sections with these names, or all that rolecall has written.
func (a *App) removeWritten(ctx context.Context, names []string) error {
	ours := a.ourSections()
	for _, name := range names {
		if !slices.ContainsFunc(ours, func(s written.Section) bool { return s.Name == name }) {
			var there []string
			for _, s := range ours {
				there = append(there, s.Name)
			}
			e := &HintError{
				Err: fmt.Errorf("rolecall did not write [%s] in %s", name, a.Tidy(a.credentialsFile())), Code: ExitUsage,
			}
			if len(there) > 0 {
				e.Facts = []string{"written: " + strings.Join(there, ", ")}
			}
			return e
		}
	}
	gone, err := a.takeWritten(ctx, func(s written.Section) bool {
		return len(names) == 0 || slices.Contains(names, s.Name)
	})
	if err != nil {
		return err
	}
	for _, name := range gone {
		a.note("removed [%s]", name)
	}
	if len(gone) == 0 {
		a.tell("nothing to remove")
	}
	return nil
}
