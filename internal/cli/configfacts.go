package cli

import (
	"errors"
	"strings"

	"rolecall/internal/awsconfig"
)

// configFacts says what is known about an error in the shared files: the line that was meant otherwise, and what to
// write there. The files are read once more for it, so only for an error that is shown.
func (a *App) configFacts(e *awsconfig.Error) []string {
	var facts []string
	if a.shared != nil {
		facts = a.problemFacts(a.shared.Related(e))
	} else { // the file itself is refused
		for line := range strings.Lines(e.Remedy) {
			facts = append(facts, strings.TrimSuffix(line, "\n"))
		}
	}
	if near := e.Nearest(); near != "" {
		facts = append(facts, "did you mean "+Quoted(near)+"?")
	}
	return facts
}

// problemFacts says each problem in a line: place, what is wrong, and what to write.
func (a *App) problemFacts(problems []awsconfig.Problem) []string {
	var facts []string
	for _, p := range problems {
		what := strings.TrimPrefix(p.Text+"; "+strings.ReplaceAll(p.Remedy, "\n", "; "), "; ")
		facts = append(facts, a.Tidy(p.Origin.String())+": "+placed(p.Section, p.Key, strings.TrimSuffix(what, "; ")))
	}
	return facts
}

// tidied shortens the path of the error's file in a text.
func (a *App) tidied(text string, e *awsconfig.Error) string {
	if e.Origin.File == "" {
		return text
	}
	return strings.ReplaceAll(text, e.Origin.File, a.Tidy(e.Origin.File))
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
