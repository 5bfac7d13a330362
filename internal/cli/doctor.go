package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/browser"
	"rolecall/internal/doctor"
	"rolecall/internal/filesystem"
	"rolecall/internal/policy"
	"rolecall/internal/settings"
)

// doctorFlags are what doctor may do beyond looking.
type doctorFlags struct{ fix, yes, online bool }

func (a *App) doctorCommand() *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find what keeps credentials from working or from being safe, and how to fix it",
		Long: `Find what keeps credentials from working or from being safe, and how to fix it.

  rolecall doctor
  rolecall doctor --online          also check each session's endpoint: clock, region, certificates
  rolecall doctor --fix             fix what is safe to fix, after showing a diff and asking
  rolecall doctor --json

It checks the shared config files, the caches, their modes and owners, the environment and the
programs in PATH. It runs none of these programs, uses the network only with --online, and changes
things only with --fix. --fix corrects modes of rolecall's and the AWS CLI's files, and removes
temporary files left by crashes, byte order marks and repeated lines; it backs up the config files
first.

docs/doctor.md explains each finding by its id.

Exit codes:
  0 nothing, or notes only · 1 warnings · 6 errors`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context(), f) },
	}
	cmd.Flags().BoolVar(&f.fix, "fix", false, "fix what can be fixed without losing anything")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "with --fix: do not prompt")
	cmd.Flags().BoolVar(&f.online, "online", false, "also use the network, for at most 10 seconds")
	return cmd
}

func (a *App) doctor(ctx context.Context, f doctorFlags) error {
	findings := a.examine(ctx, f)
	if f.fix {
		fixed, err := a.fix(ctx, findings, f.yes)
		if err != nil {
			return err
		}
		if fixed {
			findings = a.examine(ctx, f)
		}
	}
	if err := a.printFindings(findings); err != nil {
		return err
	}
	switch count := doctor.Count(findings); {
	case count.Errors > 0:
		return &ChildExit{ExitConfiguration}
	case count.Warnings > 0:
		return &ChildExit{ExitError}
	}
	return nil
}

// examine looks once.
func (a *App) examine(ctx context.Context, f doctorFlags) []doctor.Finding {
	m := a.machine()
	if a.Home != "" {
		a.examineStorage(ctx, &m)
	}
	if f.online {
		ctx, cancel := context.WithTimeoutCause(ctx, doctorDeadline, errDoctorDeadline())
		defer cancel()
		m.Online = a.onlineMachine(ctx)
	}
	return doctor.Examine(m)
}

// machine is what doctor looks at. It is put together without the commands' own ways to these files, which end with an
// error where one cannot be used, and tidy up.
func (a *App) machine() doctor.Machine {
	m := doctor.Machine{
		Environ: a.Environ, Getenv: a.Getenv, Home: a.Home, State: a.StateFolder(), System: runtime.GOOS, Now: a.Now(),
		Openers: browser.Programs(), Desktop: browser.Available(a.Getenv), OtherOwner: filesystem.OtherOwner, Quote: Quoted,
	}
	// Without one of these there is less to find.
	m.WorkingDir, _ = os.Getwd()
	m.Self, _ = os.Executable()
	_, m.Policy = a.administrators()
	defaults, err := a.machineDefaults()
	if m.Policy == nil {
		m.Policy = err
	}
	if file := a.settingsFile(); file != "" {
		var own settings.Settings
		if own, m.Settings = settings.Load(file, defaults); m.Settings == nil && m.Policy == nil {
			_, m.Settings = a.narrowed(own)
		}
	}
	for _, file := range a.projectFiles() {
		p := doctor.Project{File: file.Path, State: string(a.trusted().State(file)), Problem: file.Problem}
		if _, err := policy.ParseNarrowing(file.Path, file.Text); err != nil && file.Problem == "" {
			p.Problem = err.Error()
		}
		m.Projects = append(m.Projects, p)
	}
	return m
}

// The JSON of doctor.
type (
	shownFinding struct {
		ID       string          `json:"id"`
		Severity doctor.Severity `json:"severity"`
		What     string          `json:"what"`
		Where    []string        `json:"where"`
		Why      string          `json:"why"`
		Remedy   []string        `json:"remedy"`
		Fixable  bool            `json:"fixable"`
	}
	shownFindings struct {
		Findings []shownFinding `json:"findings"`
		Counts   doctor.Counts  `json:"counts"`
	}
)

func (a *App) printFindings(findings []doctor.Finding) error {
	if !a.json {
		_, err := io.WriteString(a.Stdout, a.findingsText(findings))
		return err
	}
	shown := shownFindings{[]shownFinding{}, doctor.Count(findings)}
	for _, f := range findings {
		s := shownFinding{
			ID: f.ID, Severity: f.Severity, What: f.What, Where: f.Where, Why: f.Why, Remedy: f.Remedy, Fixable: f.Fix != nil,
		}
		if s.Where == nil {
			s.Where = []string{}
		}
		if s.Remedy == nil {
			s.Remedy = []string{}
		}
		shown.Findings = append(shown.Findings, s)
	}
	return a.printJSON(shown)
}

// mostShown bounds the findings of one id, and the places of one finding, that a person is shown.
const mostShown = 5

// findingsText is for a person: what, where, why, and what fixes it.
func (a *App) findingsText(findings []doctor.Finding) string {
	if len(findings) == 0 {
		return "No problems found.\n"
	}
	var b strings.Builder
	shown := map[string]int{}
	for i, f := range findings {
		if shown[f.ID]++; shown[f.ID] > mostShown {
			continue
		}
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s: %s\n", f.Severity, f.ID)
		for _, where := range f.Where[:min(len(f.Where), mostShown)] {
			fmt.Fprintf(&b, "  %s\n", a.Show(a.Tidy(where)))
		}
		if more := len(f.Where) - mostShown; more > 0 {
			fmt.Fprintf(&b, "  and %d more\n", more)
		}
		fmt.Fprintf(&b, "  what: %s\n  why:  %s\n", a.Show(a.tidied(oneLine(f.What))), f.Why)
		for _, line := range f.Remedy {
			fmt.Fprintf(&b, "  fix:  %s\n", a.Show(a.commandLine(line, f)))
		}
		all := counted(findings, f.ID)
		if last := shown[f.ID] == mostShown && all > mostShown; last {
			fmt.Fprintf(&b, "\n%s: %s\n  %d more; --json lists all\n", f.Severity, f.ID, all-mostShown)
		}
	}
	n, fixable := doctor.Count(findings), 0
	for _, f := range findings {
		if f.Fix != nil {
			fixable++
		}
	}
	fmt.Fprintf(&b, "\n%s, %s, %s", Counted(n.Errors, "error"), Counted(n.Warnings, "warning"), Counted(n.Notes, "note"))
	if fixable > 0 {
		fmt.Fprintf(&b, "; to fix %d of them: rolecall doctor --fix", fixable)
	}
	return b.String() + "\n"
}

// commandLine shortens the home folder in a remedy where a shell can read the result.
func (a *App) commandLine(line string, f doctor.Finding) string {
	for _, where := range f.Where {
		line = strings.ReplaceAll(line, Quoted(where), a.quotedPath(where))
		file := where
		if i := strings.LastIndexByte(where, ':'); i > 1 {
			file = where[:i]
		}
		line = strings.Join(a.remedyLines(line, file), "\n")
	}
	return line
}

func counted(findings []doctor.Finding, id string) int {
	n := 0
	for _, f := range findings {
		if f.ID == id {
			n++
		}
	}
	return n
}

// errNotConfirmed is for a program that says neither yes nor no.
func errNotConfirmed() error {
	return &HintError{
		Err:  errors.New("there is no terminal to confirm the changes"),
		Code: ExitUsage, Hint: "rolecall doctor --fix --yes",
	}
}

// fix makes the changes that findings hold, after it has shown them. It reports whether there were any.
func (a *App) fix(ctx context.Context, findings []doctor.Finding, yes bool) (bool, error) {
	findings = slices.DeleteFunc(slices.Clone(findings), func(f doctor.Finding) bool { return f.Fix == nil })
	if len(findings) == 0 {
		return false, nil
	}
	files := map[string][]*doctor.Fix{}
	var order []string
	for _, f := range findings {
		if len(files[f.Fix.File]) == 0 {
			order = append(order, f.Fix.File)
		}
		if !slices.Contains(files[f.Fix.File], f.Fix) {
			files[f.Fix.File] = append(files[f.Fix.File], f.Fix)
		}
	}
	for _, file := range order {
		a.showFix(file, files[file])
	}
	if !yes {
		if !a.Terminal {
			return false, errNotConfirmed()
		}
		if agreed, err := a.agree(ctx, "make these changes?"); err != nil || !agreed {
			return false, err
		}
	}
	for _, file := range order {
		if err := a.fixFile(ctx, file, files[file]); err != nil {
			a.warn(fmt.Errorf("%s: %w", file, err)) // it is among the findings still
		}
	}
	return true, nil
}

// showFix prints what would change in a file. One that has changed meanwhile is refused later, if it has to be.
func (a *App) showFix(file string, fixes []*doctor.Fix) {
	name := a.Show(a.Tidy(file))
	for _, f := range fixes {
		switch info, err := os.Lstat(file); {
		case err != nil:
			return
		case f.Remove:
			fmt.Fprintf(a.Stderr, "--- %s\n-(a temporary file of %d bytes)\n", name, info.Size())
		case f.Mode != 0:
			fmt.Fprintf(a.Stderr, "--- %s\n-mode %04o\n+mode %04o\n", name, info.Mode().Perm(), f.Mode)
		}
	}
	before, err := filesystem.Files{}.ReadShared(file)
	if err != nil || !hasChange(fixes) {
		return
	}
	if after, err := changed(before.Data, fixes); err == nil {
		before.Data = masked(before.Data)
		fmt.Fprint(a.Stderr, a.diffText(before, masked(after)))
	}
}

func (a *App) fixFile(ctx context.Context, file string, fixes []*doctor.Fix) error {
	for _, f := range fixes {
		switch {
		case f.Remove:
			filesystem.Sweep(filepath.Dir(file))
		case f.Mode != 0:
			if err := (filesystem.Files{}).SetMode(file, f.Mode); err != nil {
				return err
			}
		}
	}
	if !hasChange(fixes) {
		return nil
	}
	backup, err := a.EditConfig(ctx, file, func(s filesystem.Shared) ([]byte, error) { return changed(s.Data, fixes) })
	if err == nil && backup.Path != "" {
		a.tell("backup of %s: %s", a.Tidy(file), a.Tidy(backup.Path))
	}
	return err
}

func hasChange(fixes []*doctor.Fix) bool {
	return slices.ContainsFunc(fixes, func(f *doctor.Fix) bool { return f.Change != nil })
}

// changed applies the changes of fixes, one after the other.
func changed(data []byte, fixes []*doctor.Fix) ([]byte, error) {
	for _, f := range fixes {
		if f.Change == nil {
			continue
		}
		var err error
		if data, err = f.Change(data); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// masked returns the lines of a config file without the secrets in them.
func masked(data []byte) []byte {
	var b strings.Builder
	for line := range strings.Lines(string(data)) {
		text := strings.TrimRight(line, "\r\n")
		b.WriteString(awsconfig.Masked(text) + line[len(text):])
	}
	return []byte(b.String())
}
