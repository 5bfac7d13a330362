//go:build unix

package cli

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/term"
)

func passedSignals() []os.Signal {
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

// exitCode is the command's own, or 128 and the signal that ended it, as shells
// count.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

func sameName(a, b string) bool { return a == b }

// detach makes child outlive our terminal.
func detach(child *exec.Cmd) { child.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
