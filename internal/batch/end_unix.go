//go:build unix

package batch

import (
	"fmt"
	"os"
	"syscall"
)

// Ending returns a command's exit code; for one that a signal ended, 128 plus the signal, as in shells, and an error
// that says so.
func Ending(state *os.ProcessState) (code int, err error) {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), fmt.Errorf("signal %d: %s", status.Signal(), status.Signal())
	}
	return state.ExitCode(), nil
}
