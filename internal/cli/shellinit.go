package cli

import (
	"embed"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rolecall/internal/export"
)

// The functions capture what "rolecall switch" prints, and evaluate it only if it is whole.

//go:embed shells
var shellScripts embed.FS

// aShell is a shell that shell-init knows.
type aShell struct{ name, file string }

func ownShells() []aShell {
	return []aShell{
		{"bash", "rc.bash"},
		{"zsh", "rc.zsh"},
		{"fish", "rc.fish"},
		{"powershell", "rc.ps1"},
		{"nushell", "rc.nu"},
		{"elvish", "rc.elv"},
	}
}

func (a *App) shellInitCommand() *cobra.Command {
	var name, mode string
	var names []string
	for _, shell := range ownShells() {
		names = append(names, shell.name)
	}
	cmd := &cobra.Command{
		Use: "shell-init SHELL", Short: "Print a shell function that switches to an account and role",
		Long: `Print a shell function that switches to an account and role.

  eval "$(rolecall shell-init bash)"                                     in ~/.bashrc
  eval "$(rolecall shell-init zsh)"                                      in ~/.zshrc, after compinit
  rolecall shell-init fish | source                                      in ~/.config/fish/config.fish
  rolecall shell-init powershell | Out-String | Invoke-Expression        in $PROFILE

In elvish's rc.elv: eval (rolecall shell-init elvish | slurp)
nushell reads functions only from files. Run this once, and after each update of rolecall:
mkdir $nu.user-autoload-dirs.0
rolecall shell-init nushell | save --force ($nu.user-autoload-dirs.0 | path join rolecall.nu)

The function is called rc, or what you pass as --name. It completes targets.

` + strings.Join(strings.Split(switchHelp("rc"), "\n")[2:], "\n"),
		Args: cobra.ExactArgs(1), ValidArgs: names,
		RunE: func(_ *cobra.Command, args []string) error { return a.shellInit(args[0], name, mode) },
	}
	cmd.Flags().StringVar(&name, "name", "rc", "`NAME` of the function")
	cmd.Flags().StringVar(&mode, "mode", modeKeys, "`MODE` of switching: keys, or profile to set only AWS_PROFILE")
	_ = cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions([]string{modeKeys, modeProfile}, nothingElse))
	return cmd
}

func (a *App) shellInit(shell, name, mode string) error {
	if shell = strings.TrimPrefix(path.Base(shell), "-"); shell == "pwsh" {
		shell = "powershell"
	} else if shell == "nu" {
		shell = "nushell"
	}
	n := slices.IndexFunc(ownShells(), func(s aShell) bool { return s.name == shell })
	switch {
	case n < 0:
		return Usagef("unknown shell %q; shells: bash, zsh, fish, powershell, nushell, elvish", shell)
	case mode != modeKeys && mode != modeProfile:
		return Usagef("unknown --mode %q; use keys or profile", mode)
	case !isFunctionName(name):
		return Usagef("--name %q is not a function name: use letters, digits and _, and no shell keyword", name)
	}
	of := ownShells()[n]
	text, err := shellScripts.ReadFile("shells/" + of.file)
	if err != nil {
		return err
	}
	abandoned := strings.Join(export.Abandoned(), " ")
	if of.name == "powershell" {
		abandoned = "'" + strings.Join(export.Abandoned(), "', '") + "'"
	}
	_, err = io.WriteString(a.Stdout, strings.NewReplacer(
		"@NAME@", name, "@MODE@", mode, "@UNSET@", abandoned,
		"@READONLY@", "this shell did not set the credentials: is one of the variables readonly?",
	).Replace(string(text)))
	return err
}

// isFunctionName reports whether name can be a function's in each shell, and is neither a word of its language nor
// rolecall, which the function itself runs.
func isFunctionName(name string) bool {
	const words = " alias and bash begin break builtin case cd command complete const continue coproc data declare def " +
		"do done edit elif else end esac eval exec exit export extern false fi fish fn for foreach from function if in let " +
		"local loop match module mut nop not or overlay param process read readonly return rolecall select set shift " +
		"sh source switch test then throw time trap true try typeset umask unalias unless unset until use var wait where " +
		"while zsh "
	return name != "" && len(name) <= 64 && onlyLettersAnd("_", name) && (name[0] < '0' || name[0] > '9') &&
		!strings.Contains(words, " "+strings.ToLower(name)+" ")
}
