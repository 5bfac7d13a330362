package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
)

// configFacts says what is known about an error in the shared files: the line that was meant otherwise, and what to
// write there. The files are read once more for it, so only for an error that is shown.
func (a *App) configFacts(e *awsconfig.Error) []string {
	var facts []string
	if a.shared != nil {
		facts = a.problemFacts(a.shared.Related(e))
	} else { // the file itself is refused
		facts = a.remedyLines(e.Remedy, e.Origin.File)
	}
	if near := e.Nearest(); near != "" {
		facts = append(facts, "did you mean "+Quoted(near)+"?")
	}
	return facts
}

// meantBy says which sections were meant by a name that does not exist.
func (a *App) meantBy(config *awsconfig.Config, err error) []string {
	var unknown *awsconfig.Error
	if !errors.As(err, &unknown) {
		return nil
	}
	return a.problemFacts(config.Related(unknown))
}

// problemFacts says each problem in a line: place, what is wrong, and what to write.
func (a *App) problemFacts(problems []awsconfig.Problem) []string {
	var facts []string
	for _, p := range problems {
		what := append([]string{p.Text}, a.remedyLines(p.Remedy, p.Origin.File)...)
		if p.Text == "" {
			what = what[1:]
		}
		facts = append(facts, p.Origin.String()+": "+placed(p.Section, p.Key, strings.Join(what, "; ")))
	}
	return facts
}

// remedyLines are the lines of a remedy for a file. Commands in it name the file by $HOME, which shells and PowerShell
// know, since a ~ in quotes means nothing to them.
func (a *App) remedyLines(remedy, file string) []string {
	if remedy == "" {
		return nil
	}
	rest, ok := strings.CutPrefix(file, a.Home+string(filepath.Separator))
	if ok && a.Home != "" && !strings.ContainsAny(rest, "$`\"'") {
		remedy = strings.ReplaceAll(remedy, "'"+file+"'", `"$HOME`+string(filepath.Separator)+rest+`"`)
	}
	return strings.Split(remedy, "\n")
}

// nothingConfigured leads people who have not begun yet to configure, and others to the sections that are not read.
func (a *App) nothingConfigured(config *awsconfig.Config, err error) error {
	e := &HintError{Err: err, Code: ExitConfiguration, Hint: "rolecall config show"}
	var unknown *awsconfig.Error
	if errors.As(err, &unknown) {
		e.Facts = a.configFacts(unknown)
		if len(e.Facts) == 0 {
			e.Facts = a.problemFacts(config.Meant(""))
		}
	} else {
		e.Facts = a.problemFacts(config.Meant("sso-session"))
	}
	if len(e.Facts) > 0 {
		return e
	}
	if e.Hint = beginHint; unknown != nil {
		e.Facts = []string{"no Identity Center settings there"}
	}
	return e
}

// unlisted adds to the error for an unknown profile that accounts are not known yet.
func (a *App) unlisted(unknown error, session identitycenter.SSOSession) error {
	var e *awsconfig.Error
	if !errors.As(unknown, &e) {
		return unknown
	}
	facts := a.configFacts(e)
	if len(facts) == 0 {
		facts = []string{"your accounts are not listed yet; to list them: rolecall sync" + sessionArgument(session)}
	}
	return &HintError{Err: unknown, Code: ExitConfiguration, Facts: facts, Hint: "rolecall config show"}
}

// needsTarget asks for a target where none is named and there is no default profile, although there are others.
func (a *App) needsTarget(config *awsconfig.Config, name string) error {
	_, err := config.Profile(name)
	names := config.ProfileNames()
	isNamed := a.Getenv("AWS_PROFILE")+a.Getenv("AWS_DEFAULT_PROFILE") != ""
	if !errors.Is(err, awsconfig.ErrUnknownProfile) || isNamed || len(names) == 0 || a.running == nil {
		return nil
	}
	const most = 8
	fact := "profiles: " + strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		fact += fmt.Sprintf(", and %d more", len(names)-most)
	}
	return &HintError{
		Err:  errors.New("no profile named, and there is no default profile"),
		Code: ExitConfiguration, Facts: append(a.meantBy(config, err), fact),
		Hint: a.withProfile() + "; for every command in this shell: " + exportProfile(),
	}
}
