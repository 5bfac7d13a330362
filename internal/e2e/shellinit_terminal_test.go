//go:build linux

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"
)

// functionsWithTab start interactive shells with the function, as people set them up in the files that they read at
// their start. The function is real; said prints the target.
func functionsWithTab(t *testing.T, w *world) map[string]shellWithTab {
	t.Helper()
	nu := theShells(t)["nushell"].argv[0]
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(w.home, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(".bashrc", "PS1='% '; bind 'set bell-style none'\neval \"$(rolecall shell-init bash)\"\n"+
		"said() { echo \"said:<$ROLECALL_PROFILE><$ROLECALL_ROLE>\"; }\n")
	write(".zshrc", "PS1='%% '; unsetopt beep; autoload -Uz compinit; compinit -D\neval \"$(rolecall shell-init zsh)\"\n"+
		"said() { echo \"said:<$ROLECALL_PROFILE><$ROLECALL_ROLE>\"; }\n")
	write(".config/fish/config.fish", "set -g fish_greeting; function fish_prompt; printf '%% '; end\n"+
		"rolecall shell-init fish | source\n"+
		"function said; echo \"said:<$ROLECALL_PROFILE><$ROLECALL_ROLE>\"; end\n")
	write(".config/elvish/rc.elv", "set edit:prompt = { put '% ' }; set edit:rprompt = { }\n"+
		"eval (rolecall shell-init elvish | slurp)\n"+
		"fn said { echo 'said:<'$E:ROLECALL_PROFILE'><'$E:ROLECALL_ROLE'>' }\n")
	write(".config/nushell/config.nu", "$env.config.show_banner = false; $env.PROMPT_COMMAND = {|| '% '}\n"+
		"$env.PROMPT_COMMAND_RIGHT = {|| ''}; $env.PROMPT_INDICATOR = ''; $env.config.completions.algorithm = 'prefix'\n"+
		"def said [] { print $'said:<($env.ROLECALL_PROFILE?)><($env.ROLECALL_ROLE?)>' }\n")
	write(".config/nushell/env.nu", "")
	write(".local/share/fish/generated_completions/x.fish", "") // else fish makes them, for a minute
	write(".config/nushell/autoload/rolecall.nu", w.must(t, "rolecall", "shell-init", "nushell"))
	return map[string]shellWithTab{
		"bash": {command: "bash -i"}, "zsh": {command: "zsh -i"}, "fish": {command: "fish -i"},
		"elvish": {command: "elvish -i"}, "nushell": {command: nu + " --no-history"},
	}
}

// inShell starts an interactive shell on a terminal.
func (w *world) inShell(t *testing.T, command string, environ ...string) *screen {
	t.Helper()
	s := onScreen(t, 120, 40, append(w.environ(), environ...), "exec", "dev", "--", "env", "-u", "ROLECALL_TARGET", "-u",
		"ROLECALL_ROLE", "-u", "ROLECALL_PROFILE", "-u", "AWS_ACCESS_KEY_ID", "-u", "AWS_SECRET_ACCESS_KEY", "sh", "-c",
		"cd "+w.home+"; exec "+command+" >&2")
	s.await("a prompt", func(lines []string) bool {
		return slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, "%") })
	})
	return s
}

// enters types a line at the shell's prompt; after a Tab, Enter follows when the word is longer.
func (s *screen) enters(line string) {
	s.t.Helper()
	s.await("a prompt", func(lines []string) bool { return lastOf(lines) == "%" })
	s.types(line)
	if typed, completed := strings.CutSuffix(line, "\t"); completed {
		s.await("a completion", func(lines []string) bool {
			return slices.ContainsFunc(lines, func(line string) bool {
				return strings.HasPrefix(line, "% rc ") && len(line) > len("% "+typed)
			})
		})
		s.types("\r") // in elvish, Enter may only choose
	}
	s.types("\r")
}

// leave leaves the shell on the screen.
func (s *screen) leave() {
	s.t.Helper()
	s.enters("exit")
	if err := s.cmd.Wait(); err != nil {
		s.t.Error(err)
	}
	<-s.drawn
}

// Tab after the function completes any target, and Enter switches to it.
func TestTabAfterTheFunction(t *testing.T) {
	w := aWorldWithOddNames(t)
	for name, shell := range functionsWithTab(t, w) {
		t.Run(name, func(t *testing.T) {
			s := w.inShell(t, shell.command)
			for word, keys := range oddNames() {
				if strings.HasPrefix(keys, "--profile=") && name != "bash" {
					continue
				}
				if name == "nushell" || name == "elvish" {
					keys, _, _ = strings.Cut(strings.TrimSuffix(strings.TrimLeft(keys, `'"`), "\t"), " ")
					keys += "\t"
				}
				s.enters("rc " + keys)
				s.shows("in us-east-1, for")
				s.enters("said")
				profile := strings.NewReplacer(" ", "_", "'", "_", `"`, "_", "$", "_", "(", "_", ")", "_", "&", "_", ";", "_",
					"|", "_", "<", "_", ">", "_", "`", "_", "*", "_", "?", "_", "[", "_", "]", "_", "#", "_", "~", "_", `\`, "_",
				).Replace(word)
				s.shows("said:<" + profile + "><Admin>")
				s.enters("clear")
				s.await("an empty screen", func(lines []string) bool { return lines[0] == "%" })
			}
			s.enters("rc Oth\t")
			s.shows("Lake/Role00 in us-east-1, for")
			s.enters("said")
			s.shows("said:<><Role00>")
			s.leave()
			if _, err := os.Stat(filepath.Join(w.home, "x")); err == nil {
				t.Error("a name was run")
			}
		})
	}
}

// rc opens the picker with the terminal's keys; Esc changes nothing, Enter switches the shell, also behind a pipe.
func TestThePickerOfTheFunction(t *testing.T) {
	w := aListedWorld(t, 3, team)
	for name, shell := range functionsWithTab(t, w) {
		t.Run(name, func(t *testing.T) {
			s := w.inShell(t, shell.command)
			s.enters("rc dev")
			s.shows("payments-dev/Admin in us-east-1, for")
			s.enters("rc")
			s.shows("9/9", "Enter switches this shell")
			s.types("\x1b")
			s.shows("nothing was picked", "this shell still has dev")
			s.enters("said")
			s.shows("said:<dev><Admin>")
			s.enters("rc")
			s.shows("9/9")
			s.types("\x1ateam-01") // Ctrl-Z would stop the shell, too
			s.shows("1/9", ">  team-01")
			s.types("\r")
			s.shows("team-01/Role00 in us-east-1, for")
			s.enters("said")
			s.shows("said:<><Role00>")
			s.enters("rc -")
			s.shows("payments-dev/Admin in us-east-1, for")
			if name != "elvish" && name != "nushell" { // a pipe's last command changes nothing there
				s.enters("echo no | rc")
				s.shows("9/9")
				s.types("team-02\r")
				s.shows("team-02/Role00 in us-east-1, for")
			}
			s.enters("rc --clear")
			s.shows("from this shell; to go back: rc -")
			s.leave()
		})
	}
}

// Fish shows a universal variable through; the function says so.
func TestAUniversalVariableOfFish(t *testing.T) {
	w := aListedWorld(t, 0, nil)
	shell := functionsWithTab(t, w)["fish"]
	s := w.inShell(t, shell.command)
	s.enters("set -Ux AWS_PROFILE audit")
	s.enters("set -U")
	s.shows("AWS_PROFILE audit")
	s.enters("rc dev")
	s.shows("a universal AWS_PROFILE of fish is still set", "set -eU AWS_PROFILE")
	s.leave()
}

// docsBlock returns the block of docs/shells.md in a language.
func docsBlock(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/shells.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```"+language+"\n")
	block, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatalf("docs/shells.md has no block of %s", language)
	}
	return block
}

// The prompts in docs/shells.md show whose keys a shell has, and nothing without any.
func TestPromptsOfTheDocs(t *testing.T) {
	w := aListedWorld(t, 0, nil)
	shells := functionsWithTab(t, w)
	for name, rc := range map[string]string{"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"} {
		t.Run(name, func(t *testing.T) {
			err := editFile(filepath.Join(w.home, rc), func(text string) string { return text + docsBlock(t, name) })
			if err != nil {
				t.Fatal(err)
			}
			s := w.inShell(t, shells[name].command, "ROLECALL_PROFILE=")
			s.enters("rc dev")
			s.shows("for", "[payments-dev/Admin] %")
			s.types("rc 111122223333/ReadOnly\r")
			s.shows("[payments-dev/ReadOnly] %")
			s.types("rc --clear; clear\r")
			s.await("a plain prompt", func(lines []string) bool { return lines[0] == "%" })
			s.leave()
		})
	}
}

// starship's prompt shows the target with the lines in docs/shells.md, and with its own segment for AWS if the
// variables of other tools are wished for.
func TestStarship(t *testing.T) {
	root := lane(t, "starship")
	lib := filepath.Join(root, "usr", "lib", "x86_64-linux-gnu")
	w := aListedWorld(t, 0, nil)
	starship := func(own string, before ...string) string {
		t.Helper()
		path := filepath.Join(w.home, ".config", "starship.toml")
		if err := os.WriteFile(path, []byte("add_newline = false\nformat = '$env_var$aws'\n"+own), 0o600); err != nil {
			t.Fatal(err)
		}
		out := w.must(t, append(before, "env", "TERM=xterm", "STARSHIP_SHELL=", filepath.Join(lib, "ld-linux-x86-64.so.2"),
			"--library-path", lib, filepath.Join(root, "usr", "bin", "starship"), "prompt")...)
		return regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(out, "")
	}
	own := docsBlock(t, "toml") + "[aws]\ndisabled = true\n"
	w.settings(t, "")
	if got := starship(own, "rolecall", "exec", "dev", "--"); got != "as dev " {
		t.Errorf("the prompt is %q", got)
	}
	if got := starship(own); got != "" {
		t.Errorf("the prompt without a role is %q", got)
	}
	w.settings(t, "prompt_variables = true\n")
	got := starship("", "rolecall", "exec", "dev", "--")
	if !regexp.MustCompile(`^on ☁️  dev \(us-east-1\) \[[0-9hms]+\] $`).MatchString(got) {
		t.Errorf("the prompt with starship's own segment is %q", got)
	}
}

// The segment for oh-my-posh is JSON with a template, which gets the environment as .Env.
func TestTheTemplateForOhMyPosh(t *testing.T) {
	var segment struct{ Type, Style, Template string }
	if err := json.Unmarshal([]byte(docsBlock(t, "json")), &segment); err != nil || segment.Type != "text" {
		t.Fatal(segment, err)
	}
	prompt, err := template.New("").Parse(segment.Template)
	if err != nil {
		t.Fatal(err)
	}
	for want, environment := range map[string]map[string]string{
		"": {}, " corp:111122223333/Admin ": {"ROLECALL_ROLE": "Admin", "ROLECALL_TARGET": "corp:111122223333/Admin"},
	} {
		var out strings.Builder
		if err := prompt.Execute(&out, map[string]any{"Env": environment}); err != nil || out.String() != want {
			t.Errorf("the prompt is %q, %v; want %q", out.String(), err, want)
		}
	}
}

// The picker leaves to the shell what was typed ahead, takes what was typed before it was there, and comes back after
// Ctrl-Z.
func TestThePickerBetweenShellCommands(t *testing.T) {
	w := aListedWorld(t, 3, team)
	shells := functionsWithTab(t, w)
	for _, name := range []string{"bash", "zsh", "fish"} {
		t.Run(name, func(t *testing.T) {
			s := w.inShell(t, shells[name].command)
			s.enters("rolecall pick")
			s.shows("9/9", "  us-east-1")
			s.types("team-01\recho next-one\r")
			s.shows("700000000001/Role00", "\nnext-one")
			s.enters("clear")
			s.enters("rolecall pick")
			s.shows("9/9")
			s.types("team-02")
			s.shows("1/9")
			s.types("\x1a")
			s.await("a prompt", func(lines []string) bool { return lastOf(lines) == "%" })
			s.enters("fg")
			s.shows("1/9", ">  team-02")
			s.types("\r")
			s.shows("700000000002/Role00")
			s.enters("clear")
			s.types("rolecall pick\rteam-00\r")
			s.shows("700000000000/Role00")
			s.leave()
		})
	}
}

// The picker says where one would work, and how long cached keys are good for.
func TestFactsInThePicker(t *testing.T) {
	w := aListedWorld(t, 1, team)
	w.settings(t, "[[account]]\nmatch = \"team-00\"\nregion = \"eu-north-1\"\n")
	w.must(t, "rolecall", "process", "--profile", "dev")
	s := onScreen(t, 100, 24, w.environ(), "pick", "--query", "payments-dev admin")
	s.shows("payments-dev  111122223333  us-east-1, keys for 59m")
	s.types("\x15team")
	s.shows("team-00  700000000000  eu-north-1\n")
	s.types("\x1b")
	s.ends(130)
}
