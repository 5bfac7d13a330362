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

// fromTerminal reports whether s is one that a key press sends to every process
// of the terminal's foreground group, and we stand in that group.
func fromTerminal(s os.Signal) bool {
	if s != syscall.SIGINT && s != syscall.SIGQUIT && s != syscall.SIGWINCH {
		return false
	}
	return term.IsTerminal(0)
}

// endsRun reports whether s is one that ends a run of many commands.
func endsRun(s os.Signal) bool {
	return s == syscall.SIGINT || s == syscall.SIGTERM || s == syscall.SIGHUP || s == syscall.SIGQUIT
}

// signalCode is what shells make of the end by a signal.
func signalCode(s os.Signal) int {
	if number, ok := s.(syscall.Signal); ok {
		return 128 + int(number)
	}
	return ExitInterrupted
}

func SameName(a, b string) bool { return a == b }

// detach makes child outlive our terminal.
func detach(child *exec.Cmd) { child.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
