package cli

import (
	"bytes"
	"context"
	_ "embed" // the scripts
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"rolecall/internal/terminal"
)

// The scripts hand the command line to a hidden command, as it was typed: what is quoted and how, and what quotes an
// offer needs, is decided here, since names may hold blanks and any other character.

var (
	//go:embed completions/rolecall.bash
	bashScript string
	//go:embed completions/rolecall.zsh
	zshScript string
	//go:embed completions/rolecall.fish
	fishScript string
)

func (a *App) completionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "completion",
		Short: "Print the completion script for a shell",
		Long: `Print the completion script for a shell.

  source <(rolecall completion bash)
  source <(rolecall completion zsh)                                   after compinit
  rolecall completion fish | source
  rolecall completion powershell | Out-String | Invoke-Expression

Put the line in your shell's startup file.`,
		Args: cobra.NoArgs,
	}
	add := func(shell, name, use string, write func(root *cobra.Command) error) {
		short := "Print the completion script for " + name
		cmd.AddCommand(&cobra.Command{
			Use: shell, Short: short, Args: cobra.NoArgs,
			Long: short + ".\n\n  rolecall completion " + shell + "\n  " + use,
			RunE: func(cmd *cobra.Command, _ []string) error { return write(cmd.Root()) },
		})
	}
	script := func(text string) func(*cobra.Command) error {
		return func(*cobra.Command) error {
			_, err := io.WriteString(a.Stdout, text)
			return err
		}
	}
	add("bash", "bash", "source <(rolecall completion bash)", script(bashScript))
	add("zsh", "zsh", "source <(rolecall completion zsh)", script(zshScript))
	add("fish", "fish", "rolecall completion fish | source", script(fishScript))
	add("powershell", "PowerShell", "rolecall completion powershell | Out-String | Invoke-Expression",
		func(root *cobra.Command) error { return root.GenPowerShellCompletionWithDesc(a.Stdout) })
	return cmd
}

// completionsCommand answers the scripts: a line with "nospace" or "files" where that holds, and a line with each offer
// after a =.
func (a *App) completionsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "__completions", Hidden: true, DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && args[0] == "switch" { // the line is that of a function of shell-init
				a.function, args = true, args[1:]
			}
			switch {
			case len(args) == 2 && args[0] == "nushell":
				return a.completeNushell(cmd.Context(), args[1])
			case len(args) == 5 && args[0] == "bash":
				return a.completeBash(cmd.Context(), args[1], args[2], args[3], args[4])
			case len(args) == 2 && args[0] == "fish":
				return a.completeFish(cmd.Context(), args[1])
			case len(args) > 1 && args[0] == "zsh":
				last := len(args) - 1
				return a.completeZsh(cmd.Context(), args[1:last], args[last])
			}
			return Usagef("__completions is for the scripts that rolecall completion prints")
		},
	}
}

func (a *App) completeBash(ctx context.Context, kind, columns, breaks, line string) error {
	t := typed(line, breaks, bashQuoting())
	all, err := a.offers(ctx, t.words, t.word)
	if err != nil {
		return err
	}
	var texts, descriptions []string
	for _, o := range all.list {
		if text, ok := t.quoted(o.what); ok {
			texts, descriptions = append(texts, text), append(descriptions, o.description)
		}
	}
	width, err := strconv.Atoi(columns)
	if err != nil {
		width = 80
	}
	if listing := strings.Contains("63 33 64", kind); listing && len(texts) > 1 {
		texts = described(texts, descriptions, width)
	}
	return a.printOffers(all, texts)
}

func (a *App) completeFish(ctx context.Context, line string) error {
	t := typed(line, "", fishQuoting())
	all, err := a.offers(ctx, t.words, t.word)
	if err != nil {
		return err
	}
	var lines []string
	for _, o := range all.list {
		lines = append(lines, o.what+"\t"+o.description)
	}
	return a.printOffers(all, lines)
}

// completeNushell prints each offer as a word of nushell, and its description after a tab.
func (a *App) completeNushell(ctx context.Context, line string) error {
	t := typed(line, "", nushellQuoting())
	all, err := a.offers(ctx, t.words, t.word)
	if err != nil {
		return err
	}
	var lines []string
	for _, o := range all.list {
		if text, ok := nushellWord(o.what); ok {
			lines = append(lines, text+"\t"+o.description)
		}
	}
	return a.printOffers(all, lines)
}

// completeZsh prints each offer and, after a tab, what is shown of it.
func (a *App) completeZsh(ctx context.Context, words []string, word string) error {
	all, err := a.offers(ctx, words, word)
	if err != nil {
		return err
	}
	var texts, descriptions []string
	for _, o := range all.list {
		texts, descriptions = append(texts, o.what), append(descriptions, o.description)
	}
	shown := described(texts, descriptions, 1<<10)
	for i := range texts {
		texts[i] += "\t" + shown[i]
	}
	return a.printOffers(all, texts)
}

func (a *App) printOffers(all offers, lines []string) error {
	var b strings.Builder
	if all.noSpace {
		b.WriteString("nospace\n")
	}
	if all.files {
		b.WriteString("files\n")
	}
	for _, line := range lines {
		b.WriteString("=" + line + "\n")
	}
	_, err := io.WriteString(a.Stdout, b.String())
	return err
}

// described returns texts with their descriptions beside them, in lines of at most width characters.
func described(texts, descriptions []string, width int) []string {
	longest := 0
	for _, text := range texts {
		longest = max(longest, utf8.RuneCountInString(text))
	}
	var lines []string
	for i, text := range texts {
		if room := width - longest - 5; descriptions[i] != "" && room > 8 {
			description := []rune(descriptions[i])
			text = fmt.Sprintf("%-*s  (%s)", longest, text, string(description[:min(len(description), room)]))
		}
		lines = append(lines, text)
	}
	return lines
}

// offers are the completions of the last word.
type offers struct {
	list    []suggestion
	noSpace bool // the word goes on
	files   bool // or it is a file
}

// offers asks the command that words name, as the shell would run it.
func (a *App) offers(ctx context.Context, words []string, word string) (offers, error) {
	if a.function {
		words = append([]string{"switch"}, words...)
	}
	var out bytes.Buffer
	inner := &App{World: a.World, quotes: true}
	inner.Stdout, inner.Stderr = &out, io.Discard
	root := inner.root(words)
	root.SetArgs(append(append([]string{cobra.ShellCompRequestCmd}, words...), word))
	root.SetOut(&out)
	root.SetErr(io.Discard)
	if err := root.ExecuteContext(ctx); err != nil {
		return offers{}, err
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	code, err := strconv.Atoi(strings.TrimPrefix(lines[len(lines)-1], ":"))
	directive := cobra.ShellCompDirective(code)
	if err != nil || directive&cobra.ShellCompDirectiveError != 0 {
		return offers{}, err
	}
	all := offers{
		noSpace: directive&cobra.ShellCompDirectiveNoSpace != 0, files: directive&cobra.ShellCompDirectiveNoFileComp == 0,
	}
	flag := "" // cobra takes it off the values of --flag=value
	if name, _, found := strings.Cut(word, "="); found && strings.HasPrefix(name, "-") {
		flag = name + "="
	}
	for _, line := range lines[:len(lines)-1] {
		text, description, _ := strings.Cut(line, "\t")
		if text != "" && !strings.HasPrefix(text, flag) {
			text = flag + text
		}
		if begins(text, word) { // lists that never change are not cut to what was typed
			all.list = append(all.list, suggestion{text, description})
		}
	}
	return all, nil
}

// offerable reports whether a shell can be offered text: with quotes, what a terminal shows as it is, else only what
// means itself to every shell.
func (a *App) offerable(text string) bool {
	if !a.quotes {
		return inert(text)
	}
	return text != "" && text[0] != '-' && terminal.ShowLine(text) == text
}
