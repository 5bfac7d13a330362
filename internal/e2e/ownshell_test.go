//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startFilesWithOthers writes start files that export another identity, and returns the shells that read them.
func startFilesWithOthers(t *testing.T, w *world) map[string]string {
	t.Helper()
	const posix = "export AWS_PROFILE=audit AWS_ACCESS_KEY_ID=OTHER ROLECALL_TARGET=other AWS_VAULT=other\n" +
		"mine() { echo \"mine:<$AWS_PROFILE><$ROLECALL_TARGET><$AWS_VAULT><${AWS_ACCESS_KEY_ID%%IA*}><$ROLECALL_SHELL>" +
		"<${ZDOTDIR-}${HISTFILE-}>\"; }\n"
	for path, text := range map[string]string{
		".bashrc": "PS1='% '; HISTFILE=~/history\n" + posix,
		".zshenv": "export FROM_ZSHENV=1 AWS_PROFILE=early\n",
		".zshrc":  "PS1='%% '; HISTFILE=~/history SAVEHIST=10\n" + posix,
		".config/fish/config.fish": "set -g fish_greeting; function fish_prompt; printf '%% '; end\n" +
			"for n in AWS_PROFILE AWS_ACCESS_KEY_ID ROLECALL_TARGET AWS_VAULT; set -gx $n OTHER; end\n" +
			"function mine; echo \"mine:<$AWS_PROFILE><$ROLECALL_TARGET><$AWS_VAULT><\"" +
			"(string replace -r 'IA.*' '' -- $AWS_ACCESS_KEY_ID)\"><$ROLECALL_SHELL><$ZDOTDIR>\"; end\n",
		".config/elvish/rc.elv": "set edit:prompt = { put '% ' }; set edit:rprompt = { }\n" +
			"for n [AWS_PROFILE AWS_ACCESS_KEY_ID ROLECALL_TARGET AWS_VAULT] { set-env $n OTHER }\n" +
			"fn mine { echo 'mine:<'$E:AWS_PROFILE'><'$E:ROLECALL_TARGET'><'$E:AWS_VAULT'><'$E:AWS_ACCESS_KEY_ID[..2]'><'" +
			"$E:ROLECALL_SHELL'><>' }\n",
		".config/nushell/config.nu": "$env.config.show_banner = false; $env.PROMPT_COMMAND = {|| '% '}\n" +
			"$env.PROMPT_COMMAND_RIGHT = {|| ''}; $env.PROMPT_INDICATOR = ''\n" +
			"for n in [AWS_PROFILE AWS_ACCESS_KEY_ID ROLECALL_TARGET AWS_VAULT] { load-env {$n: OTHER} }\n" +
			"def mine [] { print $'mine:<($env.AWS_PROFILE?)><($env.ROLECALL_TARGET?)><($env.AWS_VAULT?)><" +
			"($env.AWS_ACCESS_KEY_ID | str substring 0..1)><($env.ROLECALL_SHELL)><>' }\n",
		".config/nushell/env.nu":                         "",
		".local/share/fish/generated_completions/x.fish": "", // else fish makes them, for a minute
	} {
		path = filepath.Join(w.home, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]string{
		"bash": "bash", "zsh": "zsh", "fish": "fish", "elvish": "elvish", "nushell": theShells(t)["nushell"].argv[0],
	}
}

// lastLine waits until the last line on the screen begins with text.
func (s *screen) lastLine(text string) {
	s.t.Helper()
	s.await("a last line "+text, func(lines []string) bool { return strings.HasPrefix(lastOf(lines), text) })
}

// lastOf returns the last line that is not empty.
func lastOf(lines []string) string {
	filled := slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return line == "" })
	return append([]string{""}, filled...)[len(filled)]
}

// exec without a command opens the person's shell: with its start files, but as the target; with a mark in its prompt;
// its exit code is rolecall's, and after it a line says what the outer shell has.
func TestAShellOfItsOwn(t *testing.T) {
	w := aListedWorld(t, 0, nil)
	for name, program := range startFilesWithOthers(t, w) {
		t.Run(name, func(t *testing.T) {
			history := map[string]string{"bash": w.home + "/history", "zsh": w.home + "/history"}[name]
			s := onTerminal(t, append(w.environ(), "AWS_PROFILE=audit", "AWS_VAULT=theirs"), "rolecall", "exec", "dev",
				"--shell", program)
			s.shows("rolecall: a shell with Admin in payments-dev 111122223333; exit to leave")
			s.lastLine("(payments-dev/Admin) %")
			s.types("mine\r")
			s.shows("mine:<><dev><><AS><1><" + history + ">")
			s.lastLine("(payments-dev/Admin) %")
			s.types("rolecall exec audit\r")
			s.shows("this shell already has dev; the shell with audit would be inside it", "hint: rolecall exec --nested audit")
			s.lastLine("(payments-dev/Admin) %")
			s.types("rolecall exec --nested audit --shell " + program + "\r")
			s.lastLine("(payments-dev/ReadOnly) %")
			s.types("mine\r")
			s.shows("mine:<><audit><><AS><2><" + history + ">")
			s.lastLine("(payments-dev/ReadOnly) %")
			s.types("exit\r")
			s.shows("left audit; back in a shell with dev")
			s.lastLine("(payments-dev/Admin) %")
			s.types("exit 3\r")
			s.shows("left dev; back in a shell with audit")
			s.ends(3)
		})
	}
}

// interrupt presses Ctrl-C until the job in the foreground has ended: it may not have the terminal yet.
func (s *screen) interrupt() {
	s.t.Helper()
	prompt := make(chan struct{})
	go func() {
		for {
			select {
			case <-prompt:
				return
			case <-time.After(100 * time.Millisecond):
				_, _ = s.keyboard.WriteString("\x03")
			}
		}
	}()
	s.lastLine("%")
	close(prompt)
	s.types("\r")
	s.lastLine("%")
}

// Job control, Ctrl-C and a terminal that goes away are as in any shell; nothing of rolecall's stays behind.
func TestJobsInAShellOfItsOwn(t *testing.T) {
	w := aListedWorld(t, 0, nil)
	shells := startFilesWithOthers(t, w)
	for _, name := range []string{"bash", "zsh", "fish"} {
		t.Run(name, func(t *testing.T) {
			pid := filepath.Join(t.TempDir(), "pid")
			s := onTerminal(t, append(w.environ(), "ROLECALL_NO_PROMPT=1", "PIDFILE="+pid, "SHELL="+shells[name]),
				"rolecall", "exec", "dev")
			s.lastLine("%")
			s.types("sh -c 'echo started; exec sleep 1000'\r")
			s.lastLine("started")
			s.types("\x03")
			s.lastLine("%")
			s.types("sh -c 'echo again; exec sleep 1000'\r")
			s.lastLine("again")
			s.types("\x1a")
			s.lastLine("%")
			s.types("fg\r")
			s.await("a job in the foreground", func(lines []string) bool {
				return !strings.HasPrefix(lastOf(lines), "%")
			})
			s.interrupt()
			s.types("env | grep -c '^ROLECALL_KEEP' ; sh -c 'ps -o ppid= -p $PPID >$PIDFILE; echo written'\r")
			s.shows("0\nwritten")
			s.lastLine("%")
			text, err := os.ReadFile(pid)
			if err != nil {
				t.Fatal(err)
			}
			parent, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			// The leader of the session ends, as when a terminal's window is closed: the system hangs up.
			if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			_ = s.cmd.Wait()
			deadline := time.Now().Add(storyTimeout)
			for syscall.Kill(parent, 0) == nil && time.Now().Before(deadline) {
				time.Sleep(10 * time.Millisecond)
			}
			if err := syscall.Kill(parent, 0); err == nil {
				out, _ := exec.Command("ps", "-s", strconv.Itoa(s.cmd.Process.Pid), "-o", "pid,ppid,pgid,tpgid,stat,args").Output()
				t.Errorf("rolecall lives on without a terminal: %s", out)
			}
			<-s.drawn
		})
	}
}

// The files for a shell's start are private, and hold no keys; zsh's own folder is respected.
func TestTheStartFilesOfAShellOfItsOwn(t *testing.T) {
	w := aListedWorld(t, 0, nil)
	shells := startFilesWithOthers(t, w)
	zdot := filepath.Join(w.home, "zdot")
	if err := os.MkdirAll(zdot, 0o700); err != nil {
		t.Fatal(err)
	}
	err := os.WriteFile(filepath.Join(zdot, ".zshrc"), []byte("PS1='zdot%% '; setopt prompt_subst\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bash", "elvish", "zsh"} {
		s := onTerminal(t, append(w.environ(), "ZDOTDIR="+zdot), "rolecall", "exec", "dev", "--shell", shells[name])
		if name == "zsh" {
			s.lastLine("(payments-dev/Admin) zdot%")
			s.types("echo $ZDOTDIR-$FROM_ZSHENV\r")
			s.shows(zdot + "-\n")
		}
		s.lastLine("(payments-dev/Admin)")
		s.types("exit\r")
		s.ends(0)
	}
	keys := w.must(t, "rolecall", "process", "--profile", "dev")
	_, secret, _ := strings.Cut(keys, `"SecretAccessKey": "`)
	secret, _, _ = strings.Cut(secret, `"`)
	for _, pattern := range []string{"shells/*", "shells-zsh/.z*"} {
		files, err := filepath.Glob(filepath.Join(w.home, ".local", "state", "rolecall", pattern))
		if err != nil || len(files) != 2 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			info, err := os.Stat(file)
			if err != nil || info.Mode() != 0o600 {
				t.Errorf("%s: %v, %v", file, info.Mode(), err)
			}
			if text, err := os.ReadFile(file); err != nil || strings.Contains(string(text), secret) {
				t.Errorf("%s holds keys, or %v", file, err)
			}
		}
	}
}
