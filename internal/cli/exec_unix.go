//go:build unix

package cli

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/term"
)

func forwardedSignals() []os.Signal {
	return []os.Signal{
		syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGCONT,
	}
}

// fromTerminal reports whether a key press sent s to every process of the terminal's
// foreground group, and rolecall is in that group.
func fromTerminal(s os.Signal) bool {
	if s != syscall.SIGINT && s != syscall.SIGQUIT && s != syscall.SIGWINCH {
		return false
	}
	return term.IsTerminal(0)
}

// endsRun reports whether s ends a run of many commands.
func endsRun(s os.Signal) bool {
	return s == syscall.SIGINT || s == syscall.SIGTERM || s == syscall.SIGHUP || s == syscall.SIGQUIT
}

// signalCode returns the exit code that shells report for a command that s ended.
func signalCode(s os.Signal) int {
	if number, ok := s.(syscall.Signal); ok {
		return 128 + int(number)
	}
	return ExitInterrupted
}

// SameName reports whether a and b name the same variable.
func SameName(a, b string) bool { return a == b }

// become replaces this process. It returns only with an error. A signal that was ignored at our start stays ignored.
func become(path string, argv, environ []string) error { return syscall.Exec(path, argv, environ) }

// detach lets child outlive the terminal.
func detach(child *exec.Cmd) { child.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
