package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"rolecall/internal/export"
	"rolecall/internal/filesystem"
	"rolecall/internal/inventory"
)

// ownShellFlags are those of exec without a command.
type ownShellFlags struct {
	shell  string
	nested bool
}

func (f ownShellFlags) given() bool { return f != ownShellFlags{} }

func (f *ownShellFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.shell, "shell", "", "open this `SHELL` instead of $SHELL, without a command")
	cmd.Flags().BoolVar(&f.nested, "nested", false, "open a shell inside a rolecall shell")
}

// execShell is exec without a command.
func (a *App) execShell(ctx context.Context, target targetFlags, args []string, f ownShellFlags) error {
	t, err := a.argument(target, firstArg(args))
	if err != nil {
		return err
	}
	return a.openShell(ctx, t, a.Stdout, f)
}

// shellDepth counts the rolecall shells around this process.
const shellDepth = "ROLECALL_SHELL"

// openShell opens the person's shell with the keys of t. rolecall keeps running, to say afterwards what the outer shell
// has.
func (a *App) openShell(ctx context.Context, t target, stdout io.Writer, f ownShellFlags) error {
	depth, _ := strconv.Atoi(a.Getenv(shellDepth))
	if depth > 0 && !f.nested {
		return a.nestedShell(t)
	}
	path, err := lookPath(cmp.Or(f.shell, a.shell()))
	if err != nil {
		return err
	}
	profile, c, err := a.retrieve(ctx, t, options{})
	if err != nil {
		return err
	}
	account, err := a.accountOf(profile, c)
	if err != nil {
		return err
	}
	e := a.environment(profile, c, account)
	environ, err := export.ChildEnvironment(a.Environ, e)
	if err != nil {
		return err
	}
	environ = append(environ, shellDepth+"="+strconv.Itoa(max(depth, 0)+1))
	argv, more, err := a.startUp(path, e)
	if err != nil {
		return err
	}
	if err := a.recordKeys(howExec, programOf(argv), profile, account, c); err != nil {
		return err
	}
	a.tell("a shell with %s in %s; exit to leave", e.Identity.Role, labelOf(account))
	err = a.Run(stdout, argv, append(environ, more...))
	if left := (*ChildExit)(nil); err == nil || errors.As(err, &left) {
		a.sayBack(e.Identity.Target)
	}
	return err
}

func labelOf(account inventory.Account) string {
	return strings.TrimSpace(cmp.Or(account.Alias, account.Name) + " " + account.ID)
}

func (a *App) nestedShell(t target) error {
	text := t.profile
	if text == "" {
		text = t.account + "/" + t.role
	}
	return &HintError{
		Err: fmt.Errorf("this shell already has %s; the shell with %s would be inside it",
			cmp.Or(a.Getenv("ROLECALL_TARGET"), "no credentials"), text),
		Code:  ExitRefused,
		Facts: []string{"leave this shell first, or switch it: " + switchTo(text)},
		Hint:  "rolecall exec --nested " + Quoted(text),
	}
}

// sayBack tells a person who has left a shell what the outer one has.
func (a *App) sayBack(was string) {
	has := cmp.Or(a.Getenv("ROLECALL_TARGET"), a.Getenv("AWS_PROFILE"), a.Getenv("AWS_DEFAULT_PROFILE"), "no credentials")
	if a.Getenv("ROLECALL_TARGET") == "" && a.Getenv("AWS_ACCESS_KEY_ID") != "" {
		has = "keys from elsewhere"
	}
	if a.Terminal {
		a.tell("left %s; back in a shell with %s", was, has)
	}
}

// startUp returns a shell's command line and variables, so that a start file of ours runs after its own ones: it undoes
// what these export, and marks the prompt. Other shells start as usual.
func (a *App) startUp(path string, e export.Environment) (argv, more []string, err error) {
	set, _ := export.Variables(e)
	for _, v := range set {
		more = append(more, "ROLECALL_KEEP_"+v.Name+"="+v.Value)
	}
	switch shell := strings.TrimSuffix(strings.ToLower(filepath.Base(path)), ".exe"); shell {
	case "bash":
		file, err := a.startFile(filepath.Join("shells", "bash"), "own.bash", "")
		return []string{path, "--rcfile", file}, more, err
	case "zsh":
		return a.startZsh(path, more)
	case "fish":
		text, err := startText("own.fish")
		return []string{path, "-C", text}, more, err
	case "nu":
		text, err := startText("own.nu")
		return []string{path, "-e", text}, more, err
	case "elvish":
		file, err := a.startFile(filepath.Join("shells", "rc.elv"), "own.elv", a.elvishRC())
		return []string{path, "-rc", file}, more, err
	case "pwsh", "powershell":
		text, err := startText("own.ps1")
		return []string{path, "-NoExit", "-Command", text}, more, err
	case "cmd":
		if a.Getenv("ROLECALL_NO_PROMPT") == "" {
			mark := export.Harmless(cmp.Or(e.Identity.AccountName, e.Identity.AccountID) + "/" + e.Identity.Role)
			return []string{path}, []string{"PROMPT=(" + mark + ") " + cmp.Or(a.Getenv("PROMPT"), "$P$G")}, nil
		}
	}
	return []string{path}, nil, nil
}

// startZsh makes a ZDOTDIR whose files run those of the person's.
func (a *App) startZsh(path string, more []string) (argv, environ []string, err error) {
	env, err := a.startFile(filepath.Join("shells-zsh", ".zshenv"), "own.zshenv", "")
	if err == nil {
		_, err = a.startFile(filepath.Join("shells-zsh", ".zshrc"), "own.zshrc", "")
	}
	more = append(more, "ROLECALL_ZDOTDIR="+a.Getenv("ZDOTDIR"), "ZDOTDIR="+filepath.Dir(env))
	return []string{path}, more, err
}

// startText returns one of our start files, which is the same for every target.
func startText(name string) (string, error) {
	text, err := shellScripts.ReadFile("shells/" + name)
	if err != nil {
		return "", err
	}
	correct, err := shellScripts.ReadFile("shells/correct.sh")
	names := append(export.Abandoned(), "AWS_REGION", "AWS_DEFAULT_REGION", export.RegionMark)
	names = append(names, export.PromptNames()...)
	return strings.NewReplacer("@NAMES@", strings.Join(names, " ")).Replace(
		strings.ReplaceAll(string(text), "@CORRECT@", strings.TrimSpace(string(correct)))), err
}

// startFile writes one of our start files after the text before it, and returns its path in the state folder. It says
// nothing about a target, so it may stay.
func (a *App) startFile(path, name, before string) (string, error) {
	if a.Home == "" {
		return "", errHomeless()
	}
	text, err := startText(name)
	if err != nil {
		return "", err
	}
	path = filepath.Join(a.StateFolder(), path)
	return path, filesystem.Files{}.WriteSecret(path, []byte(before+text))
}

// elvishRC returns the person's rc.elv: its functions are visible only further down in the same file.
func (a *App) elvishRC() string {
	dir := cmp.Or(a.Getenv("XDG_CONFIG_HOME"), filepath.Join(a.Home, ".config"))
	text, err := os.ReadFile(filepath.Join(dir, "elvish", "rc.elv"))
	if err != nil {
		return "use str\n"
	}
	return string(text) + "\nuse str\n"
}

// shell returns the person's shell.
func (a *App) shell() string {
	if runtime.GOOS == "windows" {
		return cmp.Or(a.Getenv("ComSpec"), "cmd.exe")
	}
	return cmp.Or(a.Getenv("SHELL"), "/bin/sh")
}
