package cli_test

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"rolecall/internal/cli"
	"rolecall/internal/cli/local"
)

// aWorld is the world of a person who has configured nothing.
func aWorld(t *testing.T, out, problems *bytes.Buffer) cli.World {
	t.Helper()
	return cli.World{
		Stdin: os.Stdin, Stdout: out, Stderr: problems, Home: t.TempDir(), Version: "1.2.3", Now: time.Now,
		Local: local.Commands,
	}
}

// all returns cmd and the commands below it that people run. help is the command library's.
func all(cmd *cobra.Command) []*cobra.Command {
	commands := []*cobra.Command{cmd}
	for _, sub := range cmd.Commands() {
		if !sub.Hidden && sub.Name() != "help" {
			commands = append(commands, all(sub)...)
		}
	}
	return commands
}

// Each command's help starts with a sentence that says what it does, and examples.
func TestEachHelpStartsWithASentenceAndExamples(t *testing.T) {
	var out bytes.Buffer
	commands := all(cli.Root(aWorld(t, &out, &out)))
	if len(commands) < 45 {
		t.Fatalf("only %d commands were found", len(commands))
	}
	for _, cmd := range commands {
		sentence, rest, _ := strings.Cut(cmd.Long, "\n\n")
		first := []rune(sentence + " ")[0]
		if !unicode.IsUpper(first) || !strings.HasSuffix(sentence, ".") || strings.Contains(sentence, ". ") {
			t.Errorf("%s: the help starts with %q, which is not one sentence", cmd.CommandPath(), sentence)
		}
		if word, _, _ := strings.Cut(sentence, " "); word == "A" || word == "The" {
			t.Errorf("%s: %q does not start with a verb", cmd.CommandPath(), sentence)
		}
		block, _, _ := strings.Cut(rest, "\n\n")
		examples := strings.Split(block, "\n")
		if len(examples) < 2 {
			t.Errorf("%s has fewer than two examples", cmd.CommandPath())
		}
		for _, line := range examples {
			if len(rolecalls(line)) == 0 {
				t.Errorf("%s: %q is no example", cmd.CommandPath(), line)
			}
		}
		for line := range strings.SplitSeq(cmd.Long, "\n") {
			if len(line) > 105 {
				t.Errorf("%s: a line of %d characters: %s", cmd.CommandPath(), len(line), line)
			}
		}
	}
}

// Each command line in a help can be run: its commands, flags and number of arguments exist.
func TestExamplesParse(t *testing.T) {
	var out bytes.Buffer
	parsed := 0
	for _, cmd := range all(cli.Root(aWorld(t, &out, &out))) {
		for line := range strings.SplitSeq(cmd.Long, "\n") {
			for _, args := range rolecalls(line) {
				parsed++
				if err := parse(cli.Root(aWorld(t, &out, &out)), args); err != nil {
					t.Errorf("%s: %q: %v", cmd.CommandPath(), line, err)
				}
			}
		}
	}
	if parsed < 100 {
		t.Errorf("only %d examples were found", parsed)
	}
}

// parse runs args with all commands replaced by one that does nothing.
func parse(root *cobra.Command, args []string) error {
	for _, cmd := range all(root) {
		cmd.RunE = func(*cobra.Command, []string) error { return nil }
	}
	root.SetArgs(args)
	return root.ExecuteContext(context.Background())
}

// rolecalls returns the arguments of each rolecall in an example: a line indented by two spaces that runs it, perhaps
// inside "$(…)" or source <(…), with a remark behind several spaces.
func rolecalls(line string) [][]string {
	text, indented := strings.CutPrefix(line, "  ")
	if sourced, ok := strings.CutPrefix(text, "source <("); ok {
		inner, _, _ := strings.Cut(sourced, ")")
		text = inner
	}
	if !indented || !strings.HasPrefix(text, "rolecall ") && !strings.HasPrefix(text, `eval "$(rolecall `) {
		return nil
	}
	text, _, _ = strings.Cut(text, "  ")
	var found [][]string
	if head, rest, ok := strings.Cut(text, `"$(`); ok {
		inner, tail, _ := strings.Cut(rest, `)"`)
		found = rolecalls("  " + inner)
		text = head + "TARGET" + tail
	}
	if args, ok := strings.CutPrefix(text, "rolecall "); ok {
		found = append(found, words(args))
	}
	return found
}

// words splits what a shell would, up to a pipe or redirection. Quotes are single ones, around a whole word.
func words(text string) []string {
	var all []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		var word string
		if quoted, ok := strings.CutPrefix(text, "'"); ok {
			word, text, _ = strings.Cut(quoted, "'")
		} else {
			word, text, _ = strings.Cut(text, " ")
		}
		if word == "|" || word == ">" || word == "<" {
			break
		}
		all = append(all, word)
	}
	return all
}

// A mistyped command or flag is answered with the nearest one, and with where to read on.
func TestTheNearestCommandOrFlag(t *testing.T) {
	failure := map[bool]string{true: "throw 'rolecall: no credentials'\n", false: "false\n"}[runtime.GOOS == "windows"]
	for _, c := range []struct{ typed, message, fact, hint string }{
		{"logn", `unknown command "logn"`, "did you mean rolecall login?", "rolecall login --help"},
		{"lgoin", `unknown command "lgoin"`, "did you mean rolecall login?", "rolecall login --help"},
		{"list", `unknown command "list"`, "did you mean rolecall ls?", "rolecall ls --help"},
		{"accounts", `unknown command "accounts"`, "did you mean rolecall ls?", "rolecall ls --help"},
		{"signin", `unknown command "signin"`, "did you mean rolecall login?", "rolecall login --help"},
		{"start", `unknown command "start"`, "did you mean rolecall idc serve?", "rolecall idc serve --help"},
		{"frobnicate", `unknown command "frobnicate"`, "", "rolecall --help"},
		{"idc serv", `unknown command "idc serv"`, "did you mean rolecall idc serve?", "rolecall idc serve --help"},
		{
			"idc user password", `unknown command "idc user password"`, "did you mean rolecall idc user passwd?",
			"rolecall idc user passwd --help",
		},
		{"help logn", `unknown command "logn"`, "did you mean rolecall login?", "rolecall login --help"},
		{"help idc serv", `unknown command "idc serv"`, "did you mean rolecall idc serve?", "rolecall idc serve --help"},
		{"list --match x", `unknown command "list"`, "did you mean rolecall ls?", "rolecall ls --help"},
		{"logn --no-browser", `unknown command "logn"`, "did you mean rolecall login?", "rolecall login --help"},
		{"-- version", `"--" cannot come before the command "version"`, "", "rolecall --help"},
		{"completion foo", `unknown command "completion foo"`, "", "rolecall completion --help"},
		{
			"sso get-role", `unknown command "sso get-role"`, "did you mean rolecall sso get-role-credentials?",
			"rolecall sso get-role-credentials --help",
		},
		{"exec dev aws s3 ls", `"--" is missing before the command`, "", "rolecall exec dev -- aws s3 ls"},
		{"exec dev ls -l --all", `"--" is missing before the command`, "", "rolecall exec dev -- ls -l --all"},
		{"idc frobnicate", `unknown command "idc frobnicate"`, "", "rolecall idc --help"},
		{
			"sso list-account", `unknown command "sso list-account"`, "did you mean rolecall sso list-accounts?",
			"rolecall sso list-accounts --help",
		},
		{
			"profiles aply", `unknown command "profiles aply"`, "did you mean rolecall profiles apply?",
			"rolecall profiles apply --help",
		},
		{"login --devicecode", "unknown flag: --devicecode", "did you mean --device-code?", "rolecall login --help"},
		{
			"login --callback_port 1", "unknown flag: --callback_port", "did you mean --callback-port?",
			"rolecall login --help",
		},
		{"env --shel fish", "unknown flag: --shel", "did you mean --shell?", "rolecall env --help"},
		{"login --jsno", "unknown flag: --jsno", "did you mean --json?", "rolecall login --help"},
		{"env -frobnicate", "unknown shorthand flag: 'f' in -frobnicate", "", "rolecall env --help"},
		{"env -profile dev", "unknown shorthand flag: 'p' in -profile", "did you mean --profile?", "rolecall env --help"},
		{"idc serve --frobnicate", "unknown flag: --frobnicate", "", "rolecall idc serve --help"},
		{"idc serve --port", "flag needs an argument: --port", "", "rolecall idc serve --help"},
		{"--devicecode", "unknown flag: --devicecode", "", "rolecall --help"},
		{"--versio", "unknown flag: --versio", "did you mean --version?", "rolecall --help"},
		{
			"login corp audit", "wrong number of arguments: 2", "usage: rolecall login [SESSION|PROFILE] [flags]",
			"rolecall login --help",
		},
	} {
		var out, problems bytes.Buffer
		code := cli.Main(t.Context(), aWorld(t, &out, &problems), strings.Fields(c.typed))
		want := "rolecall: " + c.message + "\n"
		if c.fact != "" {
			want += "  " + c.fact + "\n"
		}
		want += "rolecall: hint: " + c.hint + "\n"
		failed := strings.HasPrefix(c.typed, "env ") // stdout is for eval, which must not go on with old keys
		if code != cli.ExitUsage || problems.String() != want || strings.HasSuffix(out.String(), failure) != failed {
			t.Errorf("%s: exit code %d\n%s%swant\n%s", c.typed, code, out.String(), problems.String(), want)
		}
	}
}
