package cli

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// forwardedSignals: Windows sends Ctrl-C to every process of the console; rolecall only has
// to outlive it.
func forwardedSignals() []os.Signal { return []os.Signal{os.Interrupt} }

func fromTerminal(os.Signal) bool { return true }

func stopSignals() []os.Signal { return nil }

func stopWith(os.Signal) {}

func endsRun(os.Signal) bool { return true }

func signalCode(os.Signal) int { return ExitInterrupted }

// SameName reports whether a and b name the same variable. Windows ignores case.
func SameName(a, b string) bool { return strings.EqualFold(a, b) }

// become is not possible: a process cannot be replaced.
func become(string, []string, []string) error { return errors.ErrUnsupported }

// detach lets child outlive the console: DETACHED_PROCESS.
func detach(child *exec.Cmd) { child.SysProcAttr = &syscall.SysProcAttr{CreationFlags: 0x8} }

// openTerminal opens the console's input, whatever stdin is.
func openTerminal() (*os.File, error) { return os.OpenFile("CONIN$", os.O_RDWR, 0) }
