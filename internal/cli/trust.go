package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/policy"
	"rolecall/internal/project"
)

// trustFlags are those of trust.
type trustFlags struct{ yes, list, revoke bool }

func (a *App) trustCommand() *cobra.Command {
	var f trustFlags
	cmd := &cobra.Command{
		Use:   "trust [FOLDER]",
		Short: "Trust the .rolecall.toml of a project folder",
		Long: `Trust the .rolecall.toml of a project folder, after showing what it says.

  rolecall trust                    the nearest one, here or in a folder above
  rolecall trust ~/src/payments
  rolecall trust --list
  rolecall trust --revoke ~/src/payments

In that folder and below, the file sets which targets may be used, and the default one:

  default = "payments-dev/ReadOnly"
  targets = ["payments-dev", "sandbox-*/ReadOnly"]

It can only narrow what you and this machine's policy allow. You trust this content at this path: if
the file is moved, copied or changed, it is ignored until you trust it again. Commands refuse other
targets with exit code 7. It does not apply to credential_process calls.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch folder := firstArg(args); {
			case f.list && (f.revoke || f.yes || folder != ""):
				return Usagef("--list takes no FOLDER and no other flags")
			case f.revoke && f.yes:
				return Usagef("--revoke does not prompt: leave out --yes")
			case len(args) > 0 && folder == "":
				return Usagef("the FOLDER is empty")
			case a.Home == "":
				return errHomeless()
			case f.list:
				return a.listTrusted()
			case f.revoke:
				return a.revokeTrust(cmd.Context(), folder)
			default:
				return a.trust(cmd.Context(), folder, f.yes)
			}
		},
	}
	cmd.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&f.list, "list", false, "list the files you have trusted, and whether they still apply")
	cmd.Flags().BoolVar(&f.revoke, "revoke", false, "stop trusting it")
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) (completion, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return cmd
}

// trust shows a file, and trusts it if the person agrees.
func (a *App) trust(ctx context.Context, folder string, yes bool) error {
	file, err := a.fileToTrust(folder)
	if err != nil {
		return err
	}
	if file.Problem != "" {
		return &HintError{
			Err: fmt.Errorf("%s cannot be trusted: %s", file.Path, file.Problem), Code: ExitConfiguration,
			Hint: "replace it with a regular file of your own",
		}
	}
	said, err := policy.ParseNarrowing(file.Path, file.Text)
	if err != nil {
		return &HintError{
			Err: err, Code: ExitConfiguration, Facts: []string{"it is still not trusted"},
			Hint: "correct it, then run: rolecall trust " + a.quotedPath(filepath.Dir(file.Path)),
		}
	}
	if a.trusted().State(file) == project.Trusted {
		return a.sayTrusted(file, "was trusted already")
	}
	a.showProject(file, said)
	if !yes {
		if err := a.agreeToTrust(ctx); err != nil {
			return err
		}
	}
	if err := a.trusted().Trust(ctx, file); err != nil {
		return fmt.Errorf("%s was not trusted: %w", file.Path, err)
	}
	return a.sayTrusted(file, "is trusted")
}

// fileToTrust returns the file of a folder, or without one the nearest that is not trusted, else the nearest.
func (a *App) fileToTrust(folder string) (project.File, error) {
	none := func(where string) error {
		return &HintError{
			Err: fmt.Errorf("there is no %s %s", project.Name, where), Code: ExitConfiguration, Hint: "rolecall trust --help",
		}
	}
	if folder != "" {
		file, err := project.In(folder)
		if errors.Is(err, fs.ErrNotExist) {
			return file, none("in " + folder)
		}
		return file, err
	}
	files := a.projectFiles()
	if len(files) == 0 {
		return project.File{}, none("here or in a folder above")
	}
	for _, file := range files {
		if state := a.trusted().State(file); state == project.Untrusted || state == project.Changed {
			return file, nil
		}
	}
	return files[0], nil
}

// showProject shows what a file says, and what that means. Its text is anybody's.
func (a *App) showProject(file project.File, said policy.Narrowing) {
	a.note("%s:", a.Tidy(file.Path))
	for line := range strings.Lines(string(file.Text)) {
		a.detail("| %s", strings.TrimRight(line, "\r\n"))
	}
	here := a.Tidy(filepath.Dir(file.Path))
	if said.Targets != nil {
		a.note("in %s and below, all targets except these will be refused: %s", here, strings.Join(said.Targets, ", "))
	}
	if said.Default != "" {
		a.note("in %s and below, %s will be the default TARGET", here, said.Default)
	}
	if said.Targets == nil && said.Default == "" {
		a.note("it changes nothing")
	}
}

// agreeToTrust asks; Enter alone means no.
func (a *App) agreeToTrust(ctx context.Context) error {
	person := a.person(options{})
	if person == nil {
		return &HintError{
			Err: errors.New("there is no terminal to confirm it; nothing was trusted"), Code: ExitUsage,
			Hint: a.again(a.end(), "--yes"),
		}
	}
	yes, err := person.Confirm(ctx, "trust it?")
	if err == nil && !yes {
		err = &HintError{Err: errors.New("not trusted"), Code: ExitRefused}
	}
	return err
}

func (a *App) sayTrusted(file project.File, what string) error {
	return a.Result(a.Show(a.Tidy(file.Path))+" "+what, shownTrust{file.Path, file.Hash, project.Trusted, nil})
}

// shownTrust is the JSON of a trusted file.
type shownTrust struct {
	Path  string        `json:"path"`
	Hash  string        `json:"sha256,omitempty"`
	State project.State `json:"state"`
	At    *time.Time    `json:"trustedAt,omitempty"`
}

func (a *App) listTrusted() error {
	all := []shownTrust{}
	t := &table{header: []string{"FILE", "STATE", "SINCE"}}
	for _, e := range a.trusted().List() {
		state := a.trusted().Look(e)
		all = append(all, shownTrust{e.Path, e.Hash, state, &e.At})
		t.rows = append(t.rows, []string{a.Tidy(e.Path), string(state), e.At.Local().Format(time.DateTime)})
	}
	switch {
	case a.json:
		return a.printJSON(map[string]any{"trusted": all})
	case len(all) == 0:
		a.tell("no file is trusted")
		return nil
	}
	return t.print(a.Stdout)
}

// revokeTrust forgets the file of a folder, or without one the nearest that was trusted.
func (a *App) revokeTrust(ctx context.Context, folder string) error {
	if folder == "" {
		for _, file := range a.projectFiles() {
			if state := a.trusted().State(file); state == project.Trusted || state == project.Changed {
				folder = filepath.Dir(file.Path)
				break
			}
		}
	}
	if folder == "" {
		dir, err := os.Getwd()
		folder = cmp.Or(dir, ".")
		if err != nil {
			return err
		}
	}
	path, found, err := a.trusted().Revoke(ctx, folder)
	switch {
	case err != nil:
		return fmt.Errorf("%s is still trusted: %w", path, err)
	case !found:
		return &HintError{Err: fmt.Errorf("%s is not trusted", path), Code: ExitError, Hint: "rolecall trust --list"}
	}
	return a.Result(a.Show(a.Tidy(path))+" is no longer trusted", shownTrust{path, "", project.Untrusted, nil})
}
