//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A shellWithTab starts an interactive shell on its stderr, with rolecall's completion. There, rolecall prints its
// arguments instead of running with them.
type shellWithTab struct {
	command string
	setUp   []string
}

func shellsWithTab() map[string]shellWithTab {
	const say = `rolecall() { case $1 in __completions) command rolecall "$@" ;; *) printf 'said:'; printf '<%s>' "$@"; ` +
		`echo ;; esac; }`
	return map[string]shellWithTab{
		"bash": {"bash --norc -i", []string{
			"PS1='% '; bind 'set bell-style none'; source <(rolecall completion bash); " + say,
		}},
		"zsh": {"zsh -f -i", []string{
			"PS1='%% '; unsetopt beep; autoload -Uz compinit; compinit -D; source <(rolecall completion zsh); " + say,
		}},
		"fish": {"fish --no-config -i", []string{
			"function fish_prompt; printf '%% '; end; rolecall completion fish | source",
			"function rolecall; if test $argv[1] = __completions; command rolecall $argv; " +
				"else; printf said:; printf '<%s>' $argv; echo; end; end",
		}},
	}
}

// oddNames are names that a shell must not take apart, with the keys that complete them.
func oddNames() map[string]string {
	return map[string]string{
		"team:dev":         "team:d\t",
		"colon:two words":  "colon:tw\t",
		"two words":        "two\t",
		"blank in a quote": "'blank i\t",
		"double in quotes": "\"double i\t",
		"eq=ual":           "eq=u\t",
		"com,ma":           "com,\t",
		"it's":             "it\t",
		`qu"ote`:           "qu\t",
		"dol$HOME":         "dol\t",
		"par(en)&;|<>":     "par\t",
		"sub$(touch x)":    "sub\t",
		"tick`touch x`":    "tick\t",
		"star*?[a]":        "star\t",
		"hash#~tilde":      "hash\t",
		"back\\slash":      "back\t",
		"flagged name":     "--profile=flag\t",
	}
}

// A profile's name is completed to the very word that it is, whatever is in it, and nothing in it is run.
func TestCompletionOfAnyName(t *testing.T) {
	t.Parallel()
	w := aWorldWithOddNames(t)
	for name, shell := range shellsWithTab() {
		t.Run(name, func(t *testing.T) {
			s := onScreen(t, 120, 40, w.environ(), "exec", "dev", "--", "sh", "-c",
				"cd "+w.home+"; exec "+shell.command+" >&2")
			s.await("a prompt", func(lines []string) bool { return len(lines) > 1 && lines[1] != "" })
			for _, line := range shell.setUp {
				s.types(line + "\n")
			}
			s.types("rolecall hello\n")
			s.shows("said:<hello>")
			for word, keys := range oddNames() {
				s.types("clear\n")
				s.types("rolecall env " + keys + "\n")
				if strings.HasPrefix(keys, "--profile=") {
					word = "--profile=" + word
				}
				s.shows("said:<env><" + word + ">\n")
			}
			s.types("clear\n")
			for _, line := range otherWords() {
				s.types("rolecall " + line.keys + "\n")
				s.shows("said:" + line.said + "\n")
			}
			s.types("exit\n")
			if err := s.cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(w.home, "x")); err == nil {
		t.Error("a name was run")
	}
}

// otherWords are the keys for words other than profiles, and what they are completed to.
func otherWords() []struct{ keys, said string } {
	return []struct{ keys, said string }{
		{"whoami Oth\t", "<whoami><Other $(touch x) Lake/Role00>"}, // an account's only role follows its name
		{"env payments-d\tR\t", "<env><payments-dev/ReadOnly>"},
		{"en\t--she\tfi\t", "<env><--shell><fish>"},
		{"exec dev -- cat odd\t", "<exec><dev><--><cat><odd file>"},
		{"exec dev -- prin\ten\t AWS", "<exec><dev><--><printenv><AWS>"},
		{"exec --match payments-d\tx", "<exec><--match><payments-dev><x>"},
	}
}

// aWorldWithOddNames has profiles and an account with odd names, and a file.
func aWorldWithOddNames(t *testing.T) *world {
	t.Helper()
	w := aListedWorld(t, 1, func(int) string { return "Other $(touch x) Lake" })
	err := editFile(filepath.Join(w.home, ".aws", "config"), func(text string) string {
		for name := range oddNames() {
			header := "profile '" + name + "'"
			if strings.Contains(name, "'") {
				header = `profile "` + name + `"`
			}
			text += fmt.Sprintf("[%s]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Admin\n", header)
		}
		return text
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.home, "odd file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}
