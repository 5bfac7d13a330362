package cli

import (
	"errors"
	"os/exec"
	"runtime"
	"strings"

	"rolecall/internal/awsconfig"
)

// Hints that are the command line once more, corrected.

// withProfile returns the command that runs, with a profile to be named.
func (a *App) withProfile() string {
	return a.running.CommandPath() + " --profile PROFILE" + execCommand(a.arguments)
}

// execCommand returns the end of a command line of exec: the command after its "--", or nothing without one.
func execCommand(words []string) string {
	if len(words) == 0 {
		return ""
	}
	line := " --"
	for _, word := range words {
		line += " " + Quoted(word)
	}
	return line
}

// withSession returns the command that runs, with a session named.
func (a *App) withSession(name string) string {
	if a.running == nil {
		return "rolecall login " + Quoted(name)
	}
	path := a.running.CommandPath()
	match := a.running.Flags().Lookup("match")
	switch takesSession := a.running.Flags().Lookup("session") != nil; {
	case path == "rolecall", path == "rolecall pick":
		return "rolecall pick --session " + Quoted(name)
	case takesSession && (len(a.arguments) == 0 || match != nil && match.Changed):
		return "add --session " + Quoted(name)
	case takesSession:
		return path + " " + Quoted(name+":"+a.arguments[0]) + execCommand(a.arguments[1:])
	}
	if parent := a.running.Parent(); parent != nil && parent.Name() == "sso" {
		return path + " --profile " + Quoted(name)
	}
	return path + " " + Quoted(name)
}

// missingDash returns the error for a command without "--" before it. Its first word is a target, unless it names a
// program and nothing else.
func (a *App) missingDash(args []string) error {
	line := "rolecall exec"
	if a.isProgram(args[0]) {
		line += a.defaultTarget()
	} else {
		line += " " + Quoted(args[0])
		args = args[1:]
	}
	return &HintError{
		Err: errors.New(`"--" is missing before the command`), Code: ExitUsage, Hint: line + execCommand(args),
	}
}

// exportProfile returns the line with which a shell names a profile for all that it runs.
func exportProfile() string {
	if runtime.GOOS == "windows" {
		return "$Env:AWS_PROFILE = 'PROFILE'"
	}
	return "export AWS_PROFILE=PROFILE"
}

// switchTo returns the line with which a shell gets the keys of target.
func switchTo(target string) string {
	if runtime.GOOS == "windows" {
		return "rolecall env " + Quoted(target) + " | Out-String | Invoke-Expression"
	}
	return `eval "$(rolecall env ` + Quoted(target) + `)"`
}

// isProgram reports whether a word is a program's name, and no profile's.
func (a *App) isProgram(word string) bool {
	config, err := a.config()
	if err != nil || strings.ContainsAny(word, "/:") {
		return false
	}
	_, unknown := config.Profile(word)
	_, err = exec.LookPath(word)
	return err == nil && errors.Is(unknown, awsconfig.ErrUnknownProfile)
}

// defaultTarget returns " TARGET" where no profile is the default.
func (a *App) defaultTarget() string {
	config, err := a.config()
	if err == nil {
		_, err = config.Profile(awsconfig.DefaultProfile(a.Getenv))
	}
	if err != nil {
		return " TARGET"
	}
	return ""
}
