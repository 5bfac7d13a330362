package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/doctor"
	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
	"rolecall/internal/imports"
	"rolecall/internal/near"
	"rolecall/internal/profiles"
	"rolecall/internal/settings"
)

// importFlags say how far import goes.
type importFlags struct {
	file        string
	dryRun, yes bool
}

// everyTool is the argument for all tools that are in use here.
const everyTool = "auto"

func (a *App) importCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import [TOOL]",
		Short: "Import sessions, profiles, aliases and browsers from another tool",
		Long: `Import sessions, profiles, the template of their names, aliases, tags, regions, role chains and
browsers from another tool.

  rolecall import --dry-run
  rolecall import aws-sso-cli
  rolecall import leapp --file workspace.json

TOOL is aws-sso-cli, granted, leapp, aws-vault, aws-sso-util, yawsso, or auto for all that are in use
here. import shows what it would write to ~/.aws/config and config.toml, and what has no equivalent,
then asks. Profile names stay the same. The other tool's files are not changed, programs that they
name are not run, and secrets are not copied: you sign in again. A second import changes nothing.

docs/import.md says what each tool's settings become.`,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: append(imports.Names(), everyTool),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.importTools(cmd.Context(), firstArg(args), f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.file, "file", "",
		"read this `FILE` instead of the tool's own; for Leapp, decrypted JSON works, too")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show what would be written, and write nothing")
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	return cmd
}

// An importing is what an import is about to write.
type importing struct {
	plans    []*imports.Plan
	modern   *profiles.Modernized // nil: no tool has profiles with their own start URL
	settings settings.Merged
	kept     []settings.Kept

	config, own   filesystem.Shared // the two files as they are
	newConfig     []byte            // nil: it stays
	old           []doctor.Finding  // programs that are too old for sso-sessions
	configBackup  filesystem.Backup
	settingsSaved filesystem.Backup
}

func (a *App) importTools(ctx context.Context, name string, f importFlags) error {
	names := []string{name}
	switch {
	case name == "" || name == everyTool:
		names = imports.Names()
	case !slices.Contains(imports.Names(), name):
		return unknownTool(name)
	}
	if f.file != "" && (len(names) > 1 || len(imports.Places(names[0], a.importHome())) == 0) {
		return Usagef("--file needs the tool whose file it is: aws-sso-cli, granted or leapp")
	}
	files := awsconfig.Locate(a.Getenv, a.Home)
	if files.Config == "" || a.settingsFile() == "" {
		return errHomeless()
	}
	i, err := a.planImport(files, names, f.file)
	if err != nil {
		return err
	}
	switch {
	case len(i.plans) == 0:
		return a.nothingToImport(names)
	case f.dryRun:
		return a.Result(a.importText(i), a.shownImport(i))
	case i.newConfig == nil && i.settings.Data == nil:
		a.noteLeft(i)
		a.tell("nothing to import: everything that has an equivalent is already here")
	default:
		if err := a.agreeToImport(ctx, i, name, f); err != nil {
			return err
		}
		if err := a.writeImport(ctx, i); err != nil {
			return err
		}
		a.afterImport(i)
	}
	if !a.json {
		return nil
	}
	return a.printJSON(a.shownImport(i))
}

func unknownTool(name string) error {
	all := append(imports.Names(), everyTool)
	facts := []string{"tools: " + strings.Join(all, ", ")}
	hint := "rolecall import --help"
	if meant := near.Best(strings.ToLower(name), all); meant != "" {
		hint = "rolecall import " + meant
	}
	return &HintError{Err: fmt.Errorf("unknown tool %q", name), Code: ExitUsage, Facts: facts, Hint: hint}
}

func (a *App) importHome() imports.Home {
	h := imports.Home{Getenv: a.Getenv, Folder: a.Home}
	if runtime.GOOS == "linux" {
		h.MachineIDs = []string{"/var/lib/dbus/machine-id", "/etc/machine-id"}
	}
	return h
}

// planImport reads all files. Nothing is written if one of them cannot be read.
func (a *App) planImport(files awsconfig.Files, names []string, file string) (*importing, error) {
	own, err := a.settings()
	if err != nil {
		return nil, err
	}
	i := &importing{}
	if i.config, err = (filesystem.Files{}).ReadShared(files.Config); err != nil {
		return nil, err
	}
	if i.own, err = (filesystem.Files{}).ReadShared(a.settingsFile()); err != nil {
		return nil, err
	}
	h := a.importHome()
	if h.Config, err = awsconfig.Parse(i.config.Path, i.config.Data); err != nil {
		return nil, err
	}
	if h.Credentials, err = awsconfig.Read(files.Credentials); err != nil {
		return nil, err
	}
	var more settings.Additions
	for _, name := range names {
		plan, err := imports.Read(name, file, h)
		if err != nil {
			return nil, a.explainImport(name, err)
		}
		if plan == nil {
			continue
		}
		i.plans = append(i.plans, plan)
		i.combine(&more, plan)
		if plan.Data != nil {
			if h.Config, err = awsconfig.Parse(i.config.Path, plan.Data); err != nil {
				return nil, err
			}
		}
	}
	if h.Config, err = a.modernizeImport(i, h); err != nil {
		return nil, err
	}
	if data := h.Config.Bytes(); !bytes.Equal(data, i.config.Data) {
		i.newConfig, i.old = data, doctor.OldTools(a.machine())
	}
	if err := (profiles.Options{Template: more.Template}).Check(identitycenter.SSOSession{Name: "any"}); err != nil {
		i.kept = append(i.kept, settings.Kept{What: "template " + more.Template, Reason: err.Error()})
		more.Template = ""
	}
	i.settings, err = settings.Add(i.own.Path, i.own.Data, own, more)
	i.kept = append(i.kept, i.settings.Kept...)
	if err != nil {
		return nil, &HintError{Err: err, Code: ExitConfiguration, Hint: "correct " + a.Tidy(i.own.Path)}
	}
	return i, nil
}

// combine adds a tool's settings to those of the tools before it, which count more.
func (i *importing) combine(more *settings.Additions, plan *imports.Plan) {
	first := func(key string, to *string, value string) {
		if *to != "" && value != "" && *to != value {
			i.kept = append(i.kept, settings.Kept{What: key + " of " + plan.Tool, Reason: "another tool has " + *to})
		} else if *to == "" {
			*to = value
		}
	}
	first("default_session", &more.DefaultSession, plan.Settings.DefaultSession)
	first("region", &more.Region, plan.Settings.Region)
	first("template", &more.Template, plan.Settings.Template)
	more.Accounts = append(more.Accounts, plan.Settings.Accounts...)
	if len(more.Consoles) == 0 {
		more.Consoles = plan.Settings.Consoles
	} else if len(plan.Settings.Consoles) > 0 {
		i.kept = append(i.kept, settings.Kept{What: "browsers of " + plan.Tool, Reason: "another tool has some, too"})
	}
}

// modernizeImport moves the tools' profiles with their own start URL to sso-sessions.
func (a *App) modernizeImport(i *importing, h imports.Home) (*awsconfig.Document, error) {
	if !slices.ContainsFunc(i.plans, func(p *imports.Plan) bool { return p.Legacy }) {
		return h.Config, nil
	}
	var err error
	if i.modern, err = a.modernizedOf(h.Config, h.Credentials); err != nil || i.modern.Data == nil {
		return h.Config, err
	}
	return awsconfig.Parse(i.config.Path, i.modern.Data)
}

// explainImport adds the way out to an error about a tool's files.
func (a *App) explainImport(name string, err error) error {
	var file *imports.FileError
	var sealed *imports.SealedError
	switch {
	case errors.As(err, &sealed):
		return &HintError{
			Err: fmt.Errorf("nothing was written: %w", err), Code: ExitConfiguration,
			Facts: []string{"Leapp encrypts its file with the machine's id", "any program that opens it can export JSON"},
			Hint:  "rolecall import leapp --file DECRYPTED.json",
		}
	case errors.As(err, &file):
		return &HintError{
			Err: fmt.Errorf("nothing was written: %w", err), Code: ExitConfiguration,
			Hint: "correct " + a.Tidy(file.File) + ", then: rolecall import " + name,
		}
	}
	return err
}

// nothingToImport says what was looked for, and where.
func (a *App) nothingToImport(names []string) error {
	var facts, shared []string
	for _, name := range names {
		var places []string
		for _, place := range imports.Places(name, a.importHome()) {
			places = append(places, a.Tidy(place))
		}
		if len(places) == 0 {
			shared = append(shared, name)
			continue
		}
		facts = append(facts, name+": there is no "+strings.Join(places, " nor "))
	}
	if len(shared) > 0 {
		facts = append(facts, strings.Join(shared, ", ")+": none of their keys are in the AWS config and credentials files")
	}
	err := errors.New("found no other tool")
	if len(names) == 1 {
		err = fmt.Errorf("found no %s", names[0])
	}
	return &HintError{Err: err, Code: ExitConfiguration, Facts: facts, Hint: "rolecall configure"}
}

// agreeToImport shows a plan, and asks.
func (a *App) agreeToImport(ctx context.Context, i *importing, name string, f importFlags) error {
	if !a.json || !f.yes {
		fmt.Fprint(a.Stderr, a.importText(i))
	}
	command := []string{"rolecall import", name, "", "", "--yes"}
	if f.file != "" {
		command[2], command[3] = "--file", Quoted(f.file)
	}
	person := a.person(options{})
	switch {
	case f.yes:
		return nil
	case person == nil:
		return &HintError{
			Err: errors.New("there is no terminal to confirm the import"), Code: ExitUsage,
			Hint: strings.Join(slices.DeleteFunc(command, func(word string) bool { return word == "" }), " "),
		}
	}
	agreed, err := person.Confirm(ctx, "write this?")
	if err == nil && !agreed {
		err = &HintError{Err: errors.New("not confirmed; nothing was written"), Code: ExitRefused}
	}
	return err
}

// writeImport writes both files as they were shown, first the one that the other refers to.
func (a *App) writeImport(ctx context.Context, i *importing) (err error) {
	write := func(planned filesystem.Shared, data []byte) (filesystem.Backup, error) {
		if data == nil {
			return filesystem.Backup{}, nil
		}
		return a.EditConfig(ctx, planned.Path, func(now filesystem.Shared) ([]byte, error) {
			if now.Missing != planned.Missing || !bytes.Equal(now.Data, planned.Data) {
				return nil, &HintError{
					Err:  fmt.Errorf("%s changed in the meantime, and was not written", a.Tidy(planned.Path)),
					Code: ExitError, Hint: "rolecall import",
				}
			}
			return data, nil
		})
	}
	if i.configBackup, err = write(i.config, i.newConfig); err != nil {
		return err
	}
	if i.settingsSaved, err = write(i.own, i.settings.Data); err != nil && i.newConfig != nil {
		a.note("%s was written; to undo: rolecall profiles undo", a.Tidy(i.config.Path))
	}
	a.own = nil // to be read again
	return err
}

// afterImport says what was written, how to go back, and what comes next.
func (a *App) afterImport(i *importing) {
	if i.newConfig != nil {
		a.note("wrote %s; to undo: rolecall profiles undo", a.Tidy(i.config.Path))
	}
	if i.settings.Data != nil {
		back := "rm " + a.quotedPath(i.own.Path)
		if i.settingsSaved.Path != "" {
			back = "cp " + a.quotedPath(i.settingsSaved.Path) + " " + a.quotedPath(i.own.Path)
		}
		a.note("wrote %s; to undo: %s", a.Tidy(i.own.Path), back)
	}
	for _, s := range i.sessions() {
		a.note("next: %s", loginHint(s.SSOSession))
	}
}

// sessions returns the sso-sessions that are new.
func (i *importing) sessions() []imports.Session {
	var all []imports.Session
	for _, p := range i.plans {
		for _, s := range p.Sessions {
			if s.New {
				all = append(all, s)
			}
		}
	}
	if i.modern != nil {
		for _, s := range i.modern.Sessions {
			if s.New {
				all = append(all, imports.Session{SSOSession: identitycenter.SSOSession{
					Name: s.Name, StartURL: s.StartURL, Region: s.Region,
				}, New: true})
			}
		}
	}
	return all
}
