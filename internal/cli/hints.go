package cli

import (
	"cmp"
	"errors"
	"net/url"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
)

// Hints that are the command line once more, corrected.

// again returns the command line with words put in before position n, and without a token.
func (a *App) again(n int, words ...string) string {
	const flag = "--access-token"
	line, before := "rolecall", ""
	for _, word := range slices.Insert(slices.Clone(a.line), n, words...) {
		switch {
		case before == flag:
			word = "TOKEN"
		case strings.HasPrefix(word, flag+"="):
			word = flag + "=TOKEN"
		}
		line += " " + lineWord(word)
		before = word
	}
	return line
}

// lineWord quotes a word of a command line; flags that need no quotes stay as they are.
func lineWord(word string) string {
	if strings.HasPrefix(word, "-") && onlyLettersAnd("_./:=+@,-", word) {
		return word
	}
	return Quoted(word)
}

// end returns the position behind rolecall's own words on the line: of "--", or of the line's end.
func (a *App) end() int {
	if n := slices.Index(a.line, "--"); n >= 0 {
		return n
	}
	return len(a.line)
}

// positions returns where the arguments of cmd are on the line, without commands, flags and their values.
func (a *App) positions(cmd *cobra.Command) []int {
	var found []int
	for n := 0; n < a.end(); n++ {
		word := a.line[n]
		switch {
		case !strings.HasPrefix(word, "-") || word == "-":
			found = append(found, n)
		case takesNext(cmd, word):
			n++
		}
	}
	commands := len(strings.Fields(cmd.CommandPath())) - 1
	return found[min(commands, len(found)):]
}

// takesNext reports whether a flag has its value in the next word.
func takesNext(cmd *cobra.Command, word string) bool {
	if strings.Contains(word, "=") {
		return false
	}
	flag := cmd.Flags().Lookup(strings.TrimLeft(word, "-"))
	return flag != nil && flag.NoOptDefVal == ""
}

// withProfile returns the command that runs, with a profile to be named.
func (a *App) withProfile() string { return a.again(a.end(), "--profile", "PROFILE") }

// withSession returns the command that runs, with a session named.
func (a *App) withSession(name string) string {
	if a.running == nil {
		return "rolecall login " + Quoted(name)
	}
	if !a.running.HasParent() {
		return "rolecall pick --session " + Quoted(name)
	}
	match := a.running.Flags().Lookup("match")
	switch takesSession := a.running.Flags().Lookup("session") != nil; {
	case takesSession && (len(a.arguments) == 0 || match != nil && match.Changed):
		return a.again(a.end(), "--session", name)
	case takesSession:
		n := a.positions(a.running)[0]
		return (&App{line: slices.Delete(slices.Clone(a.line), n, n+1)}).again(n, name+":"+a.arguments[0])
	case a.running.Parent().Name() == "sso":
		return a.again(a.end(), "--profile", name)
	}
	return a.again(a.end(), name)
}

// missingDash returns the error for an exec without "--" before its command: the words are the target and the command,
// or, if the first one names a program and nothing else, the command.
func (a *App) missingDash(exec *cobra.Command) error {
	at := a.positions(exec)
	e := &HintError{Err: errors.New(`"--" is missing before the command`), Code: ExitUsage}
	switch named := exec.Flags().Changed; {
	case !a.isProgram(a.line[at[0]]):
		e.Hint = a.again(at[1], "--")
	case named("profile"), named("account"):
		e.Hint = a.again(at[0], "--")
	default:
		e.Hint = a.again(at[0], append(a.defaultTarget(), "--")...)
	}
	return e
}

// localHint returns the command line with which the AWS CLI and SDKs find the local Identity Center that issued a
// profile's keys; exec itself sets no endpoints. It is empty for AWS, or if the environment already names an STS.
func (a *App) localHint(profile awsconfig.Profile) string {
	if a.Getenv("AWS_ENDPOINT_URL_STS") != "" {
		return ""
	}
	at, err := url.Parse(cmp.Or(a.endpoints(profile).portal, profile.Session.StartURL))
	if err != nil || !identitycenter.IsLoopback(at.Hostname()) {
		return ""
	}
	return a.again(0, "idc", "run", "--url", at.Scheme+"://"+at.Host, "--", "rolecall")
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

// defaultTarget returns the word TARGET where no profile is the default.
func (a *App) defaultTarget() []string {
	config, err := a.config()
	if err == nil {
		_, err = config.Profile(awsconfig.DefaultProfile(a.Getenv))
	}
	if err != nil {
		return []string{"TARGET"}
	}
	return nil
}
