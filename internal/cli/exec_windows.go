package cli

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// forwardedSignals: Windows sends Ctrl-C to every process of the console; we only
// have to outlive it.
func forwardedSignals() []os.Signal { return []os.Signal{os.Interrupt} }

func fromTerminal(os.Signal) bool { return true }

func endsRun(os.Signal) bool { return true }

func signalCode(os.Signal) int { return ExitInterrupted }

// sameName: variables have no case on Windows.
func SameName(a, b string) bool { return strings.EqualFold(a, b) }

// detach makes child outlive our console: DETACHED_PROCESS.
func detach(child *exec.Cmd) { child.SysProcAttr = &syscall.SysProcAttr{CreationFlags: 0x8} }
