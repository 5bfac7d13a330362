//go:build unix

package batch

import (
	"fmt"
	"os"
	"syscall"
)

// Ending gives a command's exit code; or 128 and the signal that ended it, as shells
// count, and an error that says so.
func Ending(state *os.ProcessState) (code int, err error) {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), fmt.Errorf("signal %d: %s", status.Signal(), status.Signal())
	}
	return state.ExitCode(), nil
}
