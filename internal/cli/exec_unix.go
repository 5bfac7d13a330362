//go:build unix

package cli

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
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
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// stopSignals are those with which a terminal stops its programs.
func stopSignals() []os.Signal { return notIgnored([]os.Signal{syscall.SIGTSTP}) }

// stopWith stops this process, too, after its commands.
func stopWith(s os.Signal) {
	if s == syscall.SIGTSTP {
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGSTOP)
	}
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

// openTerminal opens the terminal that this process belongs to, whatever its stdin is.
func openTerminal() (*os.File, error) { return os.OpenFile("/dev/tty", os.O_RDWR, 0) }
