//go:build unix

package batch

import (
	"os"
	"os/exec"
	"syscall"
)

// apart gives child a process group of its own: what the terminal sends to its foreground group reaches rolecall only,
// which passes it on, once.
func apart(child *exec.Cmd) { child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// send sends a signal as the system would: those of a terminal to all processes of the command, others to the command.
func send(p *os.Process, s os.Signal) {
	switch s {
	case syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGTSTP, syscall.SIGCONT, syscall.SIGWINCH,
		syscall.SIGKILL:
		_ = syscall.Kill(-p.Pid, s.(syscall.Signal))
	default:
		_ = p.Signal(s)
	}
}
